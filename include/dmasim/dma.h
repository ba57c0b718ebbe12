/* SPDX-License-Identifier: MIT */
/*
 * What the DMA layer did, for tests and labs: which allocator served, how full its areas are, and RAM kept for a device.
 */
#ifndef DMASIM_DMA_H
#define DMASIM_DMA_H

#include <dmasim/types.h>

/* Where coherent memory came from. */
enum dmasim_allocator {
	DMASIM_ALLOCATOR_NONE,	   /* it is no live coherent memory */
	DMASIM_ALLOCATOR_PAGES,	   /* a block of the page allocator, as it is */
	DMASIM_ALLOCATOR_CMA,	   /* a run of an area of contiguous memory */
	DMASIM_ALLOCATOR_SIMPLE,   /* arm: a block of the page allocator, for a coherent device */
	DMASIM_ALLOCATOR_REMAP,	   /* a block, seen through a mapping of its own without caches */
	DMASIM_ALLOCATOR_POOL,	   /* a piece of an atomic pool: the caller could not sleep */
	DMASIM_ALLOCATOR_DECLARED, /* a piece of the memory declared for the device */
	DMASIM_ALLOCATOR_GLOBAL,   /* a piece of the memory declared for all */
};

/**
 * dmasim_allocator_of() - which allocator served an allocation of coherent memory
 * @cpu_addr: what dma_alloc_coherent() or its kin returned
 *
 * Return: the allocator; DMASIM_ALLOCATOR_NONE for anything else, also for memory of a device's own operations.
 */
DMASIM_API enum dmasim_allocator dmasim_allocator_of(const void *cpu_addr);

/** dmasim_allocator_name() - "pages", "cma", "simple", "remap", "pool", "declared", "global"; "none" else */
DMASIM_API const char *dmasim_allocator_name(enum dmasim_allocator allocator);

/**
 * dmasim_reserve_ram() - keep RAM out of the page allocator's hands, as firmware and "mem=" do
 * @size: bytes, whole pages
 * @phys: gets its physical address, aligned to 1 MiB, below 4 GiB
 *
 * For dma_declare_coherent_memory() and memory pools of one's own; it stays reserved until the machine is destroyed.
 * The page allocator must not have used the place yet: reserve early.
 *
 * Return: 0; -EINVAL for a bad size, -ENOMEM where no such place is left, -ENODEV without a current machine.
 */
DMASIM_API int dmasim_reserve_ram(size_t size, phys_addr_t *phys);

/* Bytes, and calls since the machine was created. */
struct dmasim_dma_stats {
	uint64_t cma_size, cma_used, cma_peak; /* of all areas of contiguous memory */
	uint64_t cma_allocated, cma_failed;
	uint64_t pool_size, pool_used; /* of the atomic pools */
	uint64_t pool_grown, pool_exhausted;
	uint64_t caches_for_device, caches_for_cpu, caches_prepared; /* arch_sync_dma_*, arch_dma_prep_coherent() */
};

/** dmasim_dma_stats() - fill @stats for the current machine; all zero without one */
DMASIM_API void dmasim_dma_stats(struct dmasim_dma_stats *stats);

/* Calls since dmabounce_register_dev(). */
struct dmasim_dmabounce_stats {
	uint64_t maps, bounced, live; /* mappings; those in safe buffers; those that still are */
	uint64_t small, large, own;   /* where their buffers came from */
};

/** dmasim_dmabounce_stats() - false if the device has no safe buffers */
DMASIM_API bool dmasim_dmabounce_stats(struct device *dev, struct dmasim_dmabounce_stats *stats);

#endif
