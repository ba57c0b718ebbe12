/* SPDX-License-Identifier: MIT */
/* dma_pool: shared by pool.c (making, allocating) and pool_free.c (giving back). */
#ifndef LIB_DMA_POOL_H
#define LIB_DMA_POOL_H

#include "lib/check/pool.h"
#include "lib/dma/dma.h"

#define MAX_POOLS 65536

/* Every pool that a machine ever had, by handle. */
struct pools {
	struct dma_pool *all; /* reserved, used from the front */
	u32 used;
};

/* Is it a pool that this machine made? It may be dead. */
static inline bool pool_is_one(const struct dmasim_machine *m, const struct dma_pool *pool)
{
	const struct pools *s = m->dma->pools;
	uintptr_t at;

	if (k_unlikely(!s))
		return false;
	at = (uintptr_t)pool - (uintptr_t)s->all;
	return at < s->used * sizeof(*pool) && at % sizeof(*pool) == 0;
}

/* The pool can be used; otherwise reports why not, for `function`. */
bool pool_is_usable(struct dmasim_machine *m, const struct dma_pool *pool, const char *function, const char *verb);

/* The page of the pool that begins on this bus page, or NULL. */
static inline struct pool_page *pool_find_page(const struct dma_pool *pool, dma_addr_t bus)
{
	u64 key = (bus >> SIM_PAGE_SHIFT) + 1;
	const struct pool_hash *h;

	if (k_unlikely(!pool->hash))
		return NULL;
	for (u32 at = (u32)((key * 0x9e3779b97f4a7c15ULL) >> 32);; at++) {
		h = &pool->hash[at & pool->hash_mask];
		if (k_likely(h->key == key))
			return h->page;
		if (!h->key)
			return NULL;
	}
}

/* Red zone and poison of block i as they were left? Reports what is not. False: it was free, and was written. */
bool pool_check_block(struct pool_page *page, u32 i);
/* What was done to the end of the window behind block i has been told, and block i forgets it now: put it right. */
void pool_mend_tail(struct pool_page *page, u32 i);
/* The block goes back to its pool: all checks are done. */
void pool_put_block(struct dma_pool *pool, struct pool_page *page, u32 i, void *frame);
/* Asserts what must always hold; for tests. */
void pool_check(const struct dma_pool *pool);
/* Give a page back to the backend. */
void pool_drop_page(struct dma_pool *pool, u32 index, const char *function, void *frame);

#endif
