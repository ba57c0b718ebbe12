/* SPDX-License-Identifier: MIT */
/*
 * Where coherent memory comes from: what the allocators share.
 *
 * buffers.c     which allocator served what, for those that are more than a block of pages
 * contiguous.c  areas of contiguous memory (CMA)
 * atomic.c      pools for those who cannot sleep
 * declared.c    memory that platform code declared for one device, or for all
 * arm.c         the choice between them as arm and arm64 make it
 * dmabounce.c   arm's safe buffers for devices with a defect
 * maintain.c    cache maintenance: one place for a model of caches to bind to
 */
#ifndef LIB_DMA_MEMORY_H
#define LIB_DMA_MEMORY_H

#include <dmasim/dma.h>
#include "lib/dma/dma.h"

struct cma;
struct declared;

/* ---- buffers.c ---- */

/* One live allocation; host memory. */
struct dma_buffer {
	struct dma_buffer *next;
	const void *cpu; /* as handed out: its key */
	phys_addr_t phys;
	size_t size; /* whole pages */
	enum dmasim_allocator allocator;
	bool view;  /* cpu is a mapping made for it: mm_vunmap() */
	void *from; /* struct cma, struct declared; else NULL */
};

struct dma_buffers {
	struct dma_buffer **bucket;
	u32 nr, nr_buckets;
};

/* Remember it; false, and all of it given back, for want of host memory. */
bool dma_buffer_add(struct dmasim_machine *m, const struct dma_buffer *b);
struct dma_buffer *dma_buffer_find(const struct dmasim_machine *m, const void *cpu);
/* The buffer that was handed out at cpu goes back where it came from; false if there is none. */
bool dma_buffer_release(struct dmasim_machine *m, const void *cpu);
void dma_buffers_exit(struct dmasim_machine *m);
/* The CPU's address of memory without a kernel mapping, which nothing backs. NULL: no address space. direct.c */
void *dma_direct_cookie(struct dmasim_machine *m, phys_addr_t phys);
/* And back; DMA_BAD_PHYS if it is none. */
phys_addr_t dma_direct_cookie_phys(const struct dmasim_machine *m, const void *cpu);

static inline size_t dma_whole_pages(size_t size)
{
	return (size + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
}

/* Order of the smallest block of 2^order pages that holds size bytes, size > 0. */
static inline unsigned int dma_order_of(size_t size)
{
	size_t pages = ((size - 1) >> SIM_PAGE_SHIFT) + 1;

	return pages <= 1 ? 0 : 64 - (unsigned int)__builtin_clzll(pages - 1);
}

/* Does the device see [phys, phys + size) in one piece, below its coherent limit? */
bool dma_direct_reachable(struct device *dev, phys_addr_t phys, size_t size);

/* ---- contiguous.c ---- */

int dma_contiguous_init(struct dmasim_machine *m);
void dma_contiguous_exit(struct dmasim_machine *m);
/* The area that serves the device, its own or the default one; NULL: none. */
struct cma *dma_contiguous_area(struct dmasim_machine *m, const struct device *dev);
/* A run for size bytes, aligned to its order (1 MiB at most); DMA_BAD_PHYS if the area is full. Not cleared. */
phys_addr_t dma_contiguous_take(struct dmasim_machine *m, struct cma *area, size_t size, const char *kind);
void dma_contiguous_give(struct dmasim_machine *m, struct cma *area, phys_addr_t phys, size_t size);
/* The area for an allocation as dma_alloc_contiguous() decides: NULL where pages serve as well. */
struct cma *dma_contiguous_for(struct dmasim_machine *m, const struct device *dev, size_t size, gfp_t gfp);

/* ---- atomic.c ---- */

struct atomic_pools;
/* Cleared memory for a device, from a pool that it reaches. DMA_BAD_PHYS: exhausted, which the log says. */
phys_addr_t dma_atomic_take(struct dmasim_device_private *p, size_t size, gfp_t gfp, unsigned long attrs, void **cpu);
void dma_atomic_give(struct dmasim_machine *m, phys_addr_t phys, size_t size);
void dma_atomic_exit(struct dmasim_machine *m);
void dma_atomic_check(const struct dmasim_machine *m); /* asserts inside; for tests */

/* ---- declared.c ---- */

/* Exclusive: a device that has such memory gets nothing else. The CPU's address or NULL. */
void *dma_declared_alloc(struct dmasim_machine *m, struct declared *d, size_t size, dma_addr_t *handle,
			 phys_addr_t *phys);
void dma_declared_give(struct declared *d, phys_addr_t phys, size_t size);
/* Is cpu in the memory declared for the device? */
bool dma_declared_owns(const struct dmasim_device_private *p, const void *cpu);
void dma_declared_exit(struct dmasim_machine *m);

/* ---- maintain.c ---- */

void dma_maintain_for_device(struct dmasim_machine *m, phys_addr_t phys, size_t size, enum dma_data_direction dir);
void dma_maintain_for_cpu(struct dmasim_machine *m, phys_addr_t phys, size_t size, enum dma_data_direction dir);
void dma_maintain_prepare(struct dmasim_machine *m, phys_addr_t phys, size_t size);

void dma_atomic_stats(const struct dmasim_machine *m, struct dmasim_dma_stats *stats);
void dma_declared_device_gone(struct dmasim_device_private *p);

/* ---- dmabounce.c ---- */

void dmabounce_device_gone(struct dmasim_device_private *p);

/* All of it, in struct dma. */
struct dma_memory {
	struct dma_buffers buffers;
	struct cma *areas, *default_area;
	struct atomic_pools *atomic;
	struct declared *declared; /* of all devices, and the global one */
	struct declared *global;
	u64 for_device, for_cpu, prepared; /* maintain.c */
};

#endif
