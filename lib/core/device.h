/* SPDX-License-Identifier: MIT */
/*
 * The library's side of a struct device. Host memory, found through the handle dev->dmasim: machine serial in the
 * upper half, slot in the lower. A handle, not a pointer, because a struct device that the user embeds may outlive
 * the machine, or be freed and reused: a stale handle is recognised, a stale pointer would not be.
 */
#ifndef LIB_CORE_DEVICE_H
#define LIB_CORE_DEVICE_H

#include <linux/device.h>
#include "lib/core/kernel.h"

struct dmasim_device_private {
	struct dmasim_machine *machine;
	struct device *dev;
	struct sim_master master; /* its bus-master hardware; master.owner == dev */
	char name[64];
	u32 id;	   /* small, unique in the machine, never reused: the tracker's key */
	bool ours; /* library-made: freed by us. Else embedded by the user: never freed */
	bool plugged, bound, dead;
	bool atomic_freeing;
	/* mask bookkeeping for the mask rules */
	bool mask_set, mask_failed, mask_failure_reported;
	bool coherent_mask_failed, mask_unset_reported;
	stack_id mask_failed_at; /* the call that failed */
	u64 mask_failed_time, mask_refused;
	u64 streaming_mask; /* storage for dev->dma_mask of library-made devices */
	struct device_dma_parameters parms;
	int irq;		  /* line, or -1 */
	struct sim_mmio *mmio[6]; /* BARs */
	unsigned int nr_mmio;
	struct dmasim_device_private *next;
	void *pci;			    /* struct pci_dev bookkeeping (pci.c) */
	void *devres;			    /* managed resources (devres.c) */
	struct bus_dma_region range_map[9]; /* what the machine's bus windows say; dev->dma_range_map points here */
};

/*
 * The private record of any struct device, made on the spot for one that was never registered (embedded by the user).
 * NULL when dev is NULL, or dead, or the thread has no machine, or dev belongs to another live machine: then
 * dmasim_last_error() and one line on stderr say so, and the caller returns its failure value.
 */
struct dmasim_device_private *k_device_slow(struct device *dev, const char *function);
static inline struct dmasim_device_private *k_device(struct device *dev, const char *function)
{
	struct dmasim_machine *m = k_thread.current;

	if (k_likely(dev && m)) {
		u32 slot = (u32)dev->dmasim;

		if (k_likely(dev->dmasim >> 32 == m->serial && slot < m->nr_device_slots)) {
			struct dmasim_device_private *p = m->device_slots[slot];

			if (k_likely(p && p->dev == dev && !p->dead))
				return p;
		}
	}
	return k_device_slow(dev, function);
}
const char *k_device_name(const struct device *dev); /* "(null)" for NULL; safe for dead ones */

/* Managed resources: run in reverse order when the driver is unbound. 0 or -ENOMEM. */
int k_devres_add(struct device *dev, void (*release)(struct device *dev, void *data), void *data);
/* Remove one without running it; true if it was there. */
bool k_devres_remove(struct device *dev, void (*release)(struct device *dev, void *data), void *data);
void k_devres_release_all(struct device *dev);

#endif
