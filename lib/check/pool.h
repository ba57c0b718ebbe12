/* SPDX-License-Identifier: MIT */
/*
 * Records of dma_pools and their blocks, as the allocator (lib/dma/pool.c) and the rules of access (pool.c) share them.
 *
 * Host memory only. A pool's page is one extent of kind EXTENT_POOL in the tracker, so that both a bus address and a
 * CPU address lead to the page in the usual way; the block is then found by arithmetic. Blocks are no extents of their
 * own: allocating one would cost as much as a mapping.
 */
#ifndef LIB_CHECK_POOL_H
#define LIB_CHECK_POOL_H

#include "lib/check/tracker.h"

#define POOL_FREED_BYTE 0xa7 /* free blocks, when cfg.poison */
#define POOL_FRESH_BYTE 0xa9 /* allocated ones that were not to be zeroed, when cfg.poison */
#define POOL_ZONE_BYTE	0xbb /* red zones: what alignment leaves behind a block, and the end of a boundary window */
#define POOL_SLOTS	1024 /* at most, on a page: numbers of slots are page * POOL_SLOTS + index */

enum pool_state {
	POOL_NONE,
	POOL_ALIVE,
	POOL_DESTROYED, /* perhaps with pages that hold blocks still allocated: reported */
	POOL_ORPHAN,	/* its device is gone: reported */
};

enum block_state {
	BLOCK_NEW, /* never handed out */
	BLOCK_LIVE,
	BLOCK_RESTING, /* freed, in quarantine */
	BLOCK_FREE,    /* freed, next to be handed out */
};

/* Mistakes with a block that have been told since it was allocated or freed. */
enum {
	BLOCK_TOLD_DEVICE = 1,
	BLOCK_TOLD_CPU = 2,
	BLOCK_TOLD_FREE = 4, /* freed wrongly, so that it is still allocated: no news at destroy */
	BLOCK_DAMAGED = 8,   /* by a write that has been told: poison and red zone say nothing new */
};

/* One slot of a page: half a cache line. */
struct pool_block {
	u64 allocated_time, freed_time;
	stack_id allocated, freed;
	u32 next; /* in the free list or in quarantine: slot + 1, 0 ends it */
	u8 state, told;
};

struct pool_page { /* one cache line; those of a pool lie side by side */
	struct dma_pool *pool;
	struct pool_block *blocks;
	u8 *ram; /* the library's own view of it */
	char *cpu;
	dma_addr_t bus;
	phys_addr_t phys;
	u32 index, live;
} __attribute__((aligned(64)));

#define POOL_CHUNK 63

/* Where pages' records come from. They stay until the machine ends. */
struct pool_chunk {
	struct pool_chunk *next;
	u32 used;
	struct pool_page page[POOL_CHUNK];
};

struct pool_hash {
	u64 key; /* bus address >> SIM_PAGE_SHIFT, of the first page; +1, 0 = empty */
	struct pool_page *page;
};

struct dma_pool { /* what drivers hold, but never look into: never reused, so that a dead one is known as such */
	struct dmasim_machine *machine;
	struct dmasim_device_private *dev; /* NULL: gone */
	u32 state;
	u32 asked;  /* bytes that are the driver's */
	u32 stride; /* from block to block */
	u32 recip;  /* 2^32 / stride, rounded up; 0: one block a page */
	u32 window, window_shift;
	u32 per_window, per_page;
	u32 free; /* slot + 1, last freed first */
	u32 rest_first, rest_last, resting;
	bool poison;
	struct pool_hash *hash;
	u32 hash_mask;
	u32 nr_pages; /* slots of pages[], released ones NULL */
	struct pool_page **pages;
	struct pool_chunk *chunks;
	u64 live, peak, made;

	u32 allocation; /* bytes of a page */
	u32 rounded;	/* size of a block as the kernel counts it */
	u32 align;
	int node;
	bool managed, told; /* told: its leak, or its blocks at destroy */
	stack_id created, destroyed;
	u64 created_time, destroyed_time;
	struct dma_pool *next; /* all of the machine's, oldest first */
	char name[32];
} __attribute__((aligned(256)));

/* The block that off bytes into the page belong to, or are the red zone of. */
static inline u32 pool_block_at(const struct dma_pool *pool, u64 off)
{
	u32 w = (u32)(off >> pool->window_shift), rest = (u32)off & (pool->window - 1);
	u32 i = (u32)(((u64)rest * pool->recip) >> 32);

	if (k_unlikely(!pool->recip))
		return 0;
	return w * pool->per_window + (i < pool->per_window ? i : pool->per_window - 1);
}

/* Where a block begins in its page. */
static inline u64 pool_block_start(const struct dma_pool *pool, u32 i)
{
	if (k_likely(pool->per_window == pool->per_page))
		return (u64)i * pool->stride;
	return (u64)(i / pool->per_window) * pool->window + (u64)(i % pool->per_window) * pool->stride;
}

static inline struct pool_page *pool_page_of(const struct dma_pool *pool, u32 slot)
{
	return pool->pages[slot / POOL_SLOTS];
}

/* Are [off, off + n) of the page bytes of one allocated block? */
static inline bool pool_range_ok(const struct pool_page *page, u64 off, u64 n)
{
	u32 i = pool_block_at(page->pool, off);

	return page->blocks[i].state == BLOCK_LIVE && off - pool_block_start(page->pool, i) + n <= page->pool->asked;
}

/* The page is in the tracker now: tell it what is on it. */
void track_pool_page(struct dmasim_machine *m, struct pool_page *page);
/* Register a pool with the leak checks: once. */
void track_pool(struct dmasim_machine *m, struct dma_pool *pool);
/* The tracker's record of the device goes, or all are looked at (dev NULL): pools still alive. How many. */
size_t track_pool_leaks(struct dmasim_machine *m, const struct device *dev, bool gone);

/* A device access to [off, off + n) of the page, which is not pool_range_ok(). f: the act, with bus and size of the
 * burst's part. Reports unless told, or `quiet`; how many bytes may move. */
size_t pool_device_wrong(struct dmasim_machine *m, struct pool_page *page, struct finding *f, u64 off, size_t n,
			 bool write, bool quiet);
/* A CPU access that is not pool_range_ok(): reports unless told. */
void pool_cpu_wrong(struct dmasim_machine *m, struct pool_page *page, u64 off, size_t n, bool write, stack_id act);

/* Fill in what is known of bytes of a block: everything but the rule and the act. off: in the block. */
void pool_finding(struct finding *f, const struct pool_page *page, u32 i, u64 off, size_t n);
/* Poison or a red zone is not as it was left: bytes [from, ...) of the page, found while looking after block i. */
void pool_found_damage(struct dmasim_machine *m, struct pool_page *page, u32 i, u64 from, u64 to);
/* "+8 in block 3" for the neighbour line of a report; what lies at off bytes of the page. */
void pool_describe(const struct pool_page *page, u64 off, char *buf, size_t size);
/* "driver.c:12" of the innermost line of a stack. */
void pool_site(struct dmasim_machine *m, stack_id stack, char *buf, size_t size);

#endif
