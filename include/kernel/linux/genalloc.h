/* SPDX-License-Identifier: MIT */
/*
 * Pools over memory that somebody else owns: on-chip SRAM, a reserved region. Mirrors include/linux/genalloc.h.
 *
 * A pool never touches what it manages (gen_pool_dma_zalloc() excepted); addresses are numbers to it. Sizes are rounded
 * up to 1 << min_alloc_order bytes. All but create and destroy may be called from any context.
 *
 * What would stop a kernel is reported: freeing what is not owned (invalid-free), or free (double-free), and destroying a
 * pool in use (pool-busy-at-destroy).
 */
#ifndef DMASIM_LINUX_GENALLOC_H
#define DMASIM_LINUX_GENALLOC_H

#include <linux/types.h>

struct device;
struct gen_pool;

/* One range; read only for drivers. */
struct gen_pool_chunk {
	struct gen_pool_chunk *next_chunk;
	phys_addr_t phys_addr;
	void *owner;
	unsigned long start_addr;
	unsigned long end_addr; /* of its last byte */
	size_t free_bytes;
	unsigned long *bits;
};

/**
 * typedef genpool_algo_t - where in a chunk the next allocation goes
 * @map:   bits in use
 * @size:  number of bits
 * @start: where to begin
 * @nr:    bits wanted
 * @data:  given to gen_pool_set_algo()
 *
 * Return: the first bit; @size or more when there is no place. A place that is in use counts as none.
 */
typedef unsigned long (*genpool_algo_t)(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
					void *data, struct gen_pool *pool, unsigned long start_addr);

struct genpool_data_align {
	int align; /* bytes, a power of two */
};

struct genpool_data_fixed {
	unsigned long offset; /* bytes from the chunk's start */
};

/**
 * gen_pool_create() - an empty pool
 * @min_alloc_order: log2 of the bytes of one unit
 * @nid:             ignored: every machine has one node
 *
 * Context: may sleep. Return: the pool, to be given to gen_pool_destroy(); NULL.
 */
DMASIM_API struct gen_pool *gen_pool_create(int min_alloc_order, int nid) DMASIM_SYM(gen_pool_create);
/* The same, destroyed when the driver is unbound; ERR_PTR() on failure. */
DMASIM_API struct gen_pool *devm_gen_pool_create(struct device *dev, int min_alloc_order, int nid, const char *name)
	DMASIM_SYM(devm_gen_pool_create);
DMASIM_API struct gen_pool *gen_pool_get(struct device *dev, const char *name) DMASIM_SYM(gen_pool_get);
/* NULL does nothing. */
DMASIM_API void gen_pool_destroy(struct gen_pool *pool) DMASIM_SYM(gen_pool_destroy);

/** gen_pool_add_owner() - the pool manages [virt, virt + size) too. 0, -EINVAL for no or a wrapping range, -ENOMEM */
DMASIM_API int gen_pool_add_owner(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size, int nid,
				  void *owner) DMASIM_SYM(gen_pool_add_owner);

static inline int gen_pool_add_virt(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size, int nid)
{
	return gen_pool_add_owner(pool, virt, phys, size, nid, (void *)0);
}

static inline int gen_pool_add(struct gen_pool *pool, unsigned long virt, size_t size, int nid)
{
	return gen_pool_add_virt(pool, virt, (phys_addr_t)-1, size, nid);
}

/** gen_pool_alloc() - an address; 0 when there is no place, and for size 0 */
DMASIM_API unsigned long gen_pool_alloc(struct gen_pool *pool, size_t size) DMASIM_SYM(gen_pool_alloc);
DMASIM_API unsigned long gen_pool_alloc_algo(struct gen_pool *pool, size_t size, genpool_algo_t algo, void *data)
	DMASIM_SYM(gen_pool_alloc_algo);
DMASIM_API unsigned long gen_pool_alloc_owner(struct gen_pool *pool, size_t size, void **owner)
	DMASIM_SYM(gen_pool_alloc_owner);
/* The same as pointer, *dma (may be NULL) set to the physical address. NULL when there is no place. */
DMASIM_API void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma) DMASIM_SYM(gen_pool_dma_alloc);
DMASIM_API void *gen_pool_dma_alloc_algo(struct gen_pool *pool, size_t size, dma_addr_t *dma, genpool_algo_t algo,
					 void *data) DMASIM_SYM(gen_pool_dma_alloc_algo);
DMASIM_API void *gen_pool_dma_alloc_align(struct gen_pool *pool, size_t size, dma_addr_t *dma, int align)
	DMASIM_SYM(gen_pool_dma_alloc_align);
/* Cleared, too. */
DMASIM_API void *gen_pool_dma_zalloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
	DMASIM_SYM(gen_pool_dma_zalloc);
/* All values as at the allocation. */
DMASIM_API void gen_pool_free_owner(struct gen_pool *pool, unsigned long addr, size_t size, void **owner)
	DMASIM_SYM(gen_pool_free_owner);
DMASIM_API void gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size) DMASIM_SYM(gen_pool_free);

/* -1 for an address that is no pool's. */
DMASIM_API phys_addr_t gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr)
	DMASIM_SYM(gen_pool_virt_to_phys);
DMASIM_API size_t gen_pool_avail(struct gen_pool *pool) DMASIM_SYM(gen_pool_avail);
DMASIM_API size_t gen_pool_size(struct gen_pool *pool) DMASIM_SYM(gen_pool_size);
/* Is all of [start, start + size) in one chunk? */
DMASIM_API bool gen_pool_has_addr(struct gen_pool *pool, unsigned long start, size_t size)
	DMASIM_SYM(gen_pool_has_addr);
DMASIM_API void gen_pool_for_each_chunk(struct gen_pool *pool,
					void (*fn)(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data),
					void *data) DMASIM_SYM(gen_pool_for_each_chunk);

/* Where allocations go from now on; NULL: first fit. */
DMASIM_API void gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data) DMASIM_SYM(gen_pool_set_algo);
DMASIM_API unsigned long gen_pool_first_fit(unsigned long *map, unsigned long size, unsigned long start,
					    unsigned int nr, void *data, struct gen_pool *pool,
					    unsigned long start_addr) DMASIM_SYM(gen_pool_first_fit);
/* data: struct genpool_data_align */
DMASIM_API unsigned long gen_pool_first_fit_align(unsigned long *map, unsigned long size, unsigned long start,
						  unsigned int nr, void *data, struct gen_pool *pool,
						  unsigned long start_addr) DMASIM_SYM(gen_pool_first_fit_align);
/* aligned to the size, rounded up to a power of two */
DMASIM_API unsigned long gen_pool_first_fit_order_align(unsigned long *map, unsigned long size, unsigned long start,
							unsigned int nr, void *data, struct gen_pool *pool,
							unsigned long start_addr)
	DMASIM_SYM(gen_pool_first_fit_order_align);
/* data: struct genpool_data_fixed */
DMASIM_API unsigned long gen_pool_fixed_alloc(unsigned long *map, unsigned long size, unsigned long start,
					      unsigned int nr, void *data, struct gen_pool *pool,
					      unsigned long start_addr) DMASIM_SYM(gen_pool_fixed_alloc);
/* the smallest hole that is large enough */
DMASIM_API unsigned long gen_pool_best_fit(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
					   void *data, struct gen_pool *pool, unsigned long start_addr)
	DMASIM_SYM(gen_pool_best_fit);

#endif
