/* SPDX-License-Identifier: MIT */
/*
 * Ownership tracker: who may touch which byte. Called by lib/dma for every mapping operation and by the bus
 * observer for every device access; reports what is wrong itself.
 */
#ifndef LIB_CHECK_TRACKER_H
#define LIB_CHECK_TRACKER_H

#include <linux/dma-direction.h>
#include <linux/scatterlist.h>
#include "lib/core/device.h"
#include "lib/core/kernel.h"

enum extent_kind {
	/* whose bytes change hands */
	EXTENT_SINGLE,
	EXTENT_PAGE,
	EXTENT_SG,
	EXTENT_DAC,	      /* an address of old drivers that nothing unmaps */
	EXTENT_NONCONTIGUOUS, /* the same as the next, and a list */
	EXTENT_NONCOHERENT,   /* allocated and mapped at once: freed like coherent memory, handed over like a mapping */
	/* and whose do not */
	EXTENT_COHERENT,
	EXTENT_RESOURCE,
	EXTENT_POOL,
	NR_EXTENT_KINDS
};

/* One mapping operation as the driver made it. */
struct track_op {
	struct dmasim_device_private *dev;
	enum extent_kind kind;
	enum dma_data_direction dir;
	dma_addr_t bus;
	phys_addr_t phys; /* map: of the first byte */
	size_t size;
	unsigned long attrs;
	const void *cpu;      /* allocated kinds: address handed out or passed to free; streaming: NULL */
	const char *function; /* as the driver spelled it: static string */
	void *frame;	      /* frame address of the public function */
	bool bounced;	      /* map: bus names a copy of the memory */
	bool allocated;	      /* map: the memory is known to be allocated, and not looked up again */
	bool joined;	      /* map of a list: goes on in the segment of the piece before it */
	int nents;	      /* call on a list: entries given; else 0 */
};

/* The mapping has succeeded: remember it. Checks overlap, freed memory, coherent/streaming mix. */
void track_map(struct dmasim_machine *m, const struct track_op *op);
/* The mapping failed and the error cookie was handed out: its use is then an error of this very call. */
void track_map_failed(struct dmasim_machine *m, const struct track_op *op);
/* dma_mapping_error() was called. */
void track_mapping_error(struct dmasim_machine *m, struct dmasim_device_private *dev, dma_addr_t bus);

/* The same, of whatever device has a mapping there: kernels before 2.6.27 did not say which. */
void track_mapping_error_any(struct dmasim_machine *m, dma_addr_t bus);

/*
 * op->bus was handed out for the bytes from there on to the end of its place, physical [first, end): one page, or the one
 * allocation of it. One record a place and device: it lives until the memory is freed or the driver goes.
 */
void track_dac(struct dmasim_machine *m, const struct track_op *op, phys_addr_t first, phys_addr_t end);

/* What the caller of unmap/free should really do, after all checks and reports. */
struct track_unmapped {
	bool found; /* false: nothing was mapped there: do nothing at all */
	bool freed; /* its copy comes back to memory that was freed meanwhile: reported */
	enum extent_kind kind;
	dma_addr_t bus;
	phys_addr_t phys; /* of the mapping that ended, with the size and direction it was made with */
	size_t size;
	enum dma_data_direction dir;
	unsigned long attrs;
	const void *cpu; /* allocated kinds */
};
/* On a mismatch that ends the mapping, *real says what was mapped. Which mismatch does: docs/architecture.md. */
void track_unmap(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real);

enum track_sync_side { SYNC_FOR_CPU, SYNC_FOR_DEVICE };
/* True if [bus, bus + size) lies in one live mapping of the device, and the sync should be carried out. */
bool track_sync(struct dmasim_machine *m, const struct track_op *op, enum track_sync_side side, phys_addr_t *phys);

/*
 * dma_cache_sync() of [phys, phys + size): memory allocated with DMA_ATTR_NON_CONSISTENT has no owner; writing back and
 * invalidating are all there is. False: not such memory of the device, and reported.
 */
bool track_cache_sync(struct dmasim_machine *m, const struct track_op *op);

/*
 * The allocation of the device that a call names by handle (ERROR: none given), CPU address, size and attributes, to pass
 * it on: what differs is reported, and *real says what was allocated. False: there is none, and reported.
 */
bool track_allocation(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real);

/*
 * Lists. One call maps, syncs or ends all entries; what is said of it is said once. Each entry is a mapping of its own to
 * everybody else.
 */
struct track_sg {
	struct dmasim_device_private *dev;
	struct scatterlist *sgl; /* the driver's address: a list is known by it */
	int nents;
	enum dma_data_direction dir;
	unsigned long attrs;
	const char *function;
	void *frame;
};
/* The list has been mapped into `count` segments: its entries follow. A handle for them, 0: not tracked. */
u32 track_sg_begin(struct dmasim_machine *m, const struct track_sg *sg, int count);
void track_sg_entry(struct dmasim_machine *m, u32 list, const struct track_op *op);
/* The map call failed: using the list is an error of this very call. */
void track_sg_failed(struct dmasim_machine *m, const struct track_sg *sg);
/* What of the list ends now, after all checks and reports: take its entries by track_sg_end() until that is false.
 * Not each: those that end as usual need not be taken, the caller has nothing to do for RAM that was mapped. */
u32 track_sg_unmap(struct dmasim_machine *m, const struct track_sg *sg);
bool track_sg_end(struct dmasim_machine *m, u32 list, bool each, struct track_unmapped *real, dma_addr_t *bus);
/* True if the list is mapped, and the sync should be carried out. */
bool track_sg_sync(struct dmasim_machine *m, const struct track_sg *sg, enum track_sync_side side);

/* dma_need_sync() was called. */
void track_need_sync_asked(struct dmasim_machine *m);
/* The DMA layer itself has changed memory, as hardware would: a copy that came back from a bounce buffer. */
void track_memory_changed(struct dmasim_machine *m, phys_addr_t phys, size_t n);

/* dma_set_mask and friends: mask-changed-while-mapped. */
void track_mask_changed(struct dmasim_machine *m, struct dmasim_device_private *dev, const char *function, void *frame);

/* The bus observer (struct sim_observer in sim/sim.h). */
size_t track_dma_access(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);
void track_dma_done(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);
void track_dma_disabled(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);

/* Hooks for the rooms below. */
/* virt_to_phys() or virt_to_page() of memory that works here: coherent memory is remapped elsewhere. */
void track_linear_asked(struct dmasim_machine *m, const void *p, phys_addr_t phys, const char *function);
/* phys_to_virt() of an address where no memory is: is it a bus address? */
void track_nowhere_asked(struct dmasim_machine *m, phys_addr_t phys, const char *function);
void track_memory_freeing(struct dmasim_machine *m, phys_addr_t phys, size_t size);
size_t track_device_released(struct dmasim_machine *m, struct device *dev, bool gone);

/* Every live mapping and coherent block is a leak now: report each once; returns how many. */
size_t track_leaks(struct dmasim_machine *m);

int tracker_init(struct dmasim_machine *m);
void tracker_exit(struct dmasim_machine *m);
/* Invariants: asserts inside; called by tests. */
void tracker_check(struct dmasim_machine *m);
u64 tracker_live(const struct dmasim_machine *m);

#endif
