/* SPDX-License-Identifier: MIT */
/* Bounce buffers: what the files of lib/dma share. See swiotlb.c. */
#ifndef LIB_DMA_SWIOTLB_H
#define LIB_DMA_SWIOTLB_H

#include <linux/swiotlb.h>
#include "lib/dma/dma.h"
#include "lib/dma/slots.h"

#define BOUNCE_SLOT_BYTE     0xb5 /* free slots, and what lies beside a mapping in its slots */
#define BOUNCE_ORIGINAL_BYTE 0xd5 /* the original, while the device owns the copy */

/* One entry of a list that bounced as a whole. */
struct bounce_piece {
	phys_addr_t orig;
	u32 offset, size; /* in the buffer */
	bool live;
};

/* One mapping; by its first slot. */
struct bounce_map {
	phys_addr_t orig;
	u32 size;
	u16 offset; /* of its first byte in the first slot */
	u16 n;	    /* slots; 0: no mapping starts here */
	u32 dev;    /* id */
	u8 dir;
	bool poisoned; /* the original is, or parts of it */
	bool memory;   /* swiotlb_alloc(): no original */
	u32 nr_pieces, live_pieces;
	struct bounce_piece *piece; /* NULL: one original */
};

/* Slots in one run of memory. */
struct bounce_pool {
	struct bounce_mem *mem;
	struct bounce_pool *next;
	phys_addr_t start;
	u64 size;
	struct slots slots;
	u8 *back; /* by slot in use: how many slots before it the mapping starts */
	struct bounce_map *map;
	bool transient;	    /* for one mapping */
	unsigned int order; /* of the block it lies in; of the first pool of a mem: unused */
};

struct bounce_mem {
	struct io_tlb_mem pub;
	struct bounce_pool *pools; /* the first one is what it began with */
	struct bounce_mem *next;
	unsigned long hiwater, transient;
	bool grow; /* it was full: more before the next mapping */
};

/* m->dma->tlb: NULL where nothing can bounce. */
struct bounce {
	struct bounce_mem *machine; /* of devices that have none of their own; NULL */
	struct bounce_mem *all;
	u64 made, full, too_large, bytes;
	unsigned int said_full;
};

int bounce_init(struct dmasim_machine *m); /* 0 or sim_error() */
void bounce_exit(struct dmasim_machine *m);
/* The machine's bounce structure, made if need be; NULL: no memory. */
struct bounce *bounce_of(struct dmasim_machine *m);
/* A pool of its own, at most so high; NULL and sim_error(). */
struct bounce_mem *bounce_mem_new(struct dmasim_machine *m, u64 size, phys_addr_t limit);

/* The pool that holds this physical byte, NULL. */
struct bounce_pool *bounce_pool_at(const struct dmasim_machine *m, phys_addr_t phys);
struct bounce_mem *bounce_mem_of(const struct dmasim_device_private *p);

/* The limits of a mapping of this device that has to bounce. */
size_t bounce_max_size(struct device *dev);

struct bounce_request {
	phys_addr_t orig;
	size_t size, alloc_size; /* alloc_size 0: size */
	u64 align_mask;
	enum dma_data_direction dir;
	unsigned long attrs;
	struct bounce_piece *piece; /* of a list: becomes the mapping's; with its size in all */
	unsigned int nr_pieces;
	bool memory;
};
/* Physical address of the copy, DMA_BAD_PHYS. Copies in. */
phys_addr_t bounce_map_in(struct dmasim_device_private *p, const struct bounce_request *r);
/* [slot, slot + size) of a mapping ends: copied out as dir and attrs say. False if there is no mapping. */
bool bounce_unmap(struct dmasim_machine *m, phys_addr_t slot, size_t size, enum dma_data_direction dir,
		  unsigned long attrs);
/* Memory that r->memory took. False if it is none. */
bool bounce_give(struct dmasim_machine *m, phys_addr_t slot, size_t size);
void bounce_sync(struct dmasim_machine *m, phys_addr_t slot, size_t size, enum dma_data_direction dir,
		 enum track_sync_side side);
void bounce_check(struct dmasim_machine *m); /* asserts the invariants */

/* ---- swiotlb_text.c: what a kernel says; none of it changes anything ---- */

#define BOUNCE_SAY 10 /* times, of what is limited */
void bounce_say_full(struct dmasim_device_private *p, const struct bounce_mem *mem, const struct bounce_request *r);
/* True, and said, if the device has no bounce buffers. */
bool bounce_say_none(struct dmasim_device_private *p);
void bounce_say_overflow(struct dmasim_device_private *p, dma_addr_t bus, size_t size);
void bounce_say_sizes(struct dmasim_device_private *p, size_t mapping, size_t alloc);

#endif
