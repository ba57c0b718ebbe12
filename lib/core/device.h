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

struct declared;
struct dmabounce;

struct dmasim_device_private {
	struct dmasim_machine *machine;
	struct device *dev;
	struct sim_master master; /* its bus-master hardware; master.owner == dev */
	char name[64];
	u32 id;	   /* small, unique in the machine, never reused: the tracker's key */
	bool ours; /* library-made: freed by us. Else embedded by the user: never freed */
	bool plugged, bound, dead;
	bool unbinding; /* while it is told to the rooms above that its driver has gone, which had been bound */
	bool atomic_freeing;
	/* mask bookkeeping for the mask rules */
	bool mask_set, mask_failed, mask_failure_reported;
	bool coherent_mask_failed, mask_unset_reported;
	unsigned int small_blocks;		   /* coherent ones alive, with lint=on */
	bool asked_max_mapping, small_blocks_told; /* dma_max_mapping_size() was called; lints */
	bool mask_holes, mask_holes_reported;	   /* a mask with zeroes below its highest bit was set */
	stack_id mask_failed_at;		   /* the call that failed */
	u64 mask_failed_time, mask_refused;
	u64 streaming_mask; /* storage for dev->dma_mask of library-made devices */
	struct device_dma_parameters parms;
	int irq;		  /* line, or -1 */
	struct sim_mmio *mmio[6]; /* BARs */
	unsigned int nr_mmio;
	struct dmasim_device_private *next;
	bool deferred;				    /* probe said -EPROBE_DEFER */
	bool pluggable;				    /* made by the library, to be plugged by dmasim_device_plug() */
	unsigned int busy;			    /* probe and remove calls running */
	void (*free_container)(struct device *dev); /* of library-made devices: frees the struct around dev */
	struct k_timer *timers;			    /* dmasim_device_after() (author.c) */
	struct k_pci *pci;			    /* struct pci_dev bookkeeping (pci.c) */
	struct dmabounce *dmabounce;		    /* safe buffers (lib/dma/dmabounce.c) */
	struct declared *declared;		    /* its own coherent memory (lib/dma/declared.c) */
	void *devres;				    /* managed resources (devres.c) */
	struct bounce_mem *bounce;		    /* a pool of its own (lib/dma/swiotlb.h); NULL: the machine's */
	u32 bounce_slots, bounce_failed; /* slots it has; maps that failed for want of some since the last change */
	bool bounce_told;
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

#define K_GONE_DEVICES 64

/* Every device and driver of a machine. */
struct k_devices {
	struct dmasim_device_private *all, **tail; /* in the order added */
	struct k_driver *drivers;
	u32 next_id;
	struct dmasim_device_private *binding; /* whose probe or remove runs; innermost */
	/* The last structs of ours that went away: late callers read in them that the device is gone. */
	struct k_gone_device {
		struct device *dev;
		void (*free_container)(struct device *dev);
	} gone[K_GONE_DEVICES];
	u32 nr_gone;
};

/* A fresh record for dev, which becomes known to the machine; NULL and sim_error(). free_container: see above, may be NULL. */
struct dmasim_device_private *k_device_add(struct dmasim_machine *m, struct device *dev, const char *name,
					   void (*free_container)(struct device *dev));
/* The device goes away: driver unbound, leaks reported, hardware detached, record and (if ours) struct freed. */
void k_device_remove(struct dmasim_machine *m, struct dmasim_device_private *p);
/* The device is complete: probe drivers. 1 bound, 0 no driver for it, or what the only probe that refused returned. */
int k_device_attach(struct dmasim_machine *m, struct dmasim_device_private *p);
void k_device_unbind(struct dmasim_machine *m, struct dmasim_device_private *p);
/* Probe the devices that drv is for, now and later. 0, -EBUSY, -EINVAL, -ENOMEM. */
int k_driver_add(struct dmasim_machine *m, struct device_driver *drv);
void k_driver_remove(struct dmasim_machine *m, struct device_driver *drv);
/* The device whose probe or remove runs, NULL if none does: who requests. */
struct device *k_binding_device(const struct dmasim_machine *m);
/* Asserts the invariants of device.c; called by tests. */
void k_devices_check(const struct dmasim_machine *m);
/* A library-made device goes away: pci.c gives lines and claims back. */
void k_pci_detach(struct dmasim_machine *m, struct dmasim_device_private *p);
/* Does the function decode its register windows now? True for all other devices. */
bool k_pci_decodes(const struct dmasim_device_private *p);
/* The line on which the device would interrupt now, -1 if it could not. */
int k_pci_interrupt(struct dmasim_machine *m, struct dmasim_device_private *p, unsigned int vector);
/* BAR n exists now. */
void k_pci_bar_added(struct dmasim_device_private *p, unsigned int n);

/* author.c: drop what dmasim_device_after() holds; how many there were. */
unsigned int k_timers_cancel(struct dmasim_device_private *p);

/* io.c. dev: for whom, may be NULL. */
void *k_ioremap(struct dmasim_machine *m, phys_addr_t phys, size_t size, struct device *dev, const char *function);
bool k_iounmap(struct dmasim_machine *m, const volatile void *addr, const char *function);
bool k_region_claim(struct dmasim_machine *m, phys_addr_t start, u64 n, const char *name, struct device *dev);
bool k_region_release(struct dmasim_machine *m, phys_addr_t start, u64 n);
size_t k_io_driver_gone(struct dmasim_machine *m, struct device *dev);

/* chardev.c: nodes for dmasim_open(). */
int k_chardevs_init(struct dmasim_machine *m);
void k_chardevs_exit(struct dmasim_machine *m);
void k_chardevs_close_all(struct dmasim_machine *m);
/* What the driver knows of an open file of the current machine, with one more reference; NULL: errno and sim_error().
 * *name: of the device, as long as the reference. */
struct dmasim_file;
struct file *k_file_get(struct dmasim_file *f, const char *function, const char **name);
void k_file_dup(struct file *file); /* one more */
/* The last one calls the driver's release; its result, else 0. */
int k_file_put(struct dmasim_machine *m, struct file *file);

/* printk.c: one message. level -1: from the text's own prefix, or the default. */
void k_log(struct dmasim_machine *m, int level, const char *fmt, ...) DMASIM_PRINTF(3, 4);
int k_vsnprintf(char *buf, size_t size, const char *fmt, va_list args) DMASIM_PRINTF(3, 0);
int k_log_init(struct dmasim_machine *m);
void k_log_exit(struct dmasim_machine *m);

const char *k_device_name(const struct device *dev); /* "(null)" for NULL; safe for dead ones */

/* Managed resources: run in reverse order when the driver is unbound. 0 or -ENOMEM. */
int k_devres_add(struct device *dev, void (*release)(struct device *dev, void *data), void *data);
/* Remove one without running it; true if it was there. */
bool k_devres_remove(struct device *dev, void (*release)(struct device *dev, void *data), void *data);
/* Take the newest with that release function and data for which match(data, key); its data, or NULL. */
void *k_devres_take(struct device *dev, void (*release)(struct device *dev, void *data),
		    bool (*match)(void *data, void *key), void *key);
void k_devres_release_all(struct device *dev);
void k_devres_forget(struct device *dev); /* the list goes, nothing runs: the driver's data are gone */

#endif
