/* SPDX-License-Identifier: MIT */
/*
 * Pools of small coherent blocks of one size. Mirrors include/linux/dmapool.h of recent kernels (6.x), with the names
 * that old ones had.
 *
 * All blocks of a page are usable; the option pool_quirk=on wastes the last one of each boundary window, as kernels
 * before 6.3 do. Who touches what beside or after its block is reported: the bytes asked for are the block's, what
 * alignment leaves behind them is a red zone.
 */
#ifndef DMASIM_LINUX_DMAPOOL_H
#define DMASIM_LINUX_DMAPOOL_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/types.h>

struct dma_pool;

/**
 * dma_pool_create() - make a pool; it has no memory yet
 * @name:     for reports and statistics; copied
 * @dev:      the device that will use the blocks
 * @size:     bytes of a block, from 1 to INT_MAX
 * @align:    of each block, a power of two; 0 is 1
 * @boundary: no block crosses an address that is a multiple of this; a power of two, at least the rounded size. 0: none
 *
 * Context: may sleep.
 * Return: the pool; NULL for arguments that break these rules (no message; with lint=on, pool-bad-arguments says which)
 *         and when memory is short.
 */
DMASIM_API struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
					    size_t boundary) DMASIM_SYM(dma_pool_create);
/** dma_pool_create_node() - the same, with memory of a node where there is one (6.16) */
DMASIM_API struct dma_pool *dma_pool_create_node(const char *name, struct device *dev, size_t size, size_t align,
						 size_t boundary, int node) DMASIM_SYM(dma_pool_create_node);
/** dma_pool_destroy() - give the pool's pages back. All blocks must be free. NULL is ignored. May sleep */
DMASIM_API void dma_pool_destroy(struct dma_pool *pool) DMASIM_SYM(dma_pool_destroy);

/**
 * dma_pool_alloc() - a block
 * @gfp:    GFP_KERNEL may sleep, GFP_ATOMIC does not; __GFP_ZERO clears the block
 * @handle: gets the bus address
 *
 * Context: as @gfp says.
 * Return: the CPU's address, contents undefined; NULL when memory is short.
 */
DMASIM_API void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle) DMASIM_SYM(dma_pool_alloc);
/** dma_pool_zalloc() - the same, zeroed */
DMASIM_API void *dma_pool_zalloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle) DMASIM_SYM(dma_pool_zalloc);
/** dma_pool_free() - give a block back: both addresses as dma_pool_alloc() gave them, to the same pool. Any context */
DMASIM_API void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t addr) DMASIM_SYM(dma_pool_free);

/** dmam_pool_create() - a pool that is destroyed when the driver is unbound. May sleep */
DMASIM_API struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align,
					     size_t allocation) DMASIM_SYM(dmam_pool_create);
/** dmam_pool_destroy() - destroy such a pool early */
DMASIM_API void dmam_pool_destroy(struct dma_pool *pool) DMASIM_SYM(dmam_pool_destroy);

#endif
