// SPDX-License-Identifier: MIT
/*
 * Atomic pools: coherent memory for callers that cannot sleep, on operations that remap what they hand out.
 *
 * A mapping without caches takes time and may sleep, so that a stock of such memory is kept: one pool a zone, each of
 * chunks of pages that are mapped once, with a bitmap a chunk. A request tries the pool that its flags suggest, then the
 * others, each for memory that the device reaches. When less than its first size is free, a pool grows by as much as it
 * has, in the background. Pools never shrink.
 *
 * They are made when the first such request comes, so that a machine which has none pays nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include "lib/check/dma_debug.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

#define SMALLEST (128UL << 10)
#define LARGEST	 (4UL << 20)

enum { POOL_KERNEL, POOL_DMA32, POOL_DMA, NR_POOLS }; /* in the order they are tried */

struct chunk {
	phys_addr_t phys;
	char *cpu;
	u32 pages, used;
	unsigned long *map;
};

struct pool {
	struct chunk *chunks;
	unsigned int nr;
	u64 size, used;
	gfp_t zone;
	bool exists;
};

struct atomic_pools {
	struct pool pool[NR_POOLS];
	u64 nominal;
	bool growing; /* the background has been told */
	u64 grown, exhausted;
};

/* One chunk of at most size bytes more; false if there is no memory. */
static bool expand(struct dmasim_machine *m, struct pool *pool, u64 size, stack_id stack)
{
	unsigned int order = dma_order_of(size < LARGEST ? size : LARGEST);
	struct chunk c = {.phys = DMA_BAD_PHYS}, *t;

	t = realloc(pool->chunks, (pool->nr + 1) * sizeof(*t));
	if (!t)
		return false;
	pool->chunks = t;
	for (;; order--) {
		c.phys = mm_alloc_block(m, order, pool->zone | GFP_NOWAIT, ~(phys_addr_t)0, "atomic pool", stack);
		if (c.phys != DMA_BAD_PHYS)
			break;
		if (!order)
			return false;
	}
	c.pages = 1U << order;
	c.map = calloc(BITS_TO_LONGS(c.pages), sizeof(long));
	c.cpu = c.map ? mm_vmap_range(m, c.phys, SIM_PAGE_SIZE << order, true) : NULL;
	if (!c.cpu) {
		free(c.map);
		mm_free_block(m, c.phys, order, stack);
		return false;
	}
	dma_maintain_prepare(m, c.phys, SIM_PAGE_SIZE << order);
	pool->chunks[pool->nr++] = c;
	pool->size += SIM_PAGE_SIZE << order;
	return true;
}

static struct atomic_pools *pools_of(struct dmasim_machine *m, stack_id stack)
{
	const struct sim_config *cfg = &m->hw->cfg;
	struct atomic_pools *a = m->dma->memory->atomic;
	u64 ram = 0;

	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	m->dma->memory->atomic = a;
	for (unsigned int i = 0; i < cfg->nr_banks; i++)
		ram += cfg->banks[i].size;
	/* 128 KiB for each GiB. */
	a->nominal = cfg->coherent_pool ? cfg->coherent_pool : dma_whole_pages(ram >> 13);
	if (!cfg->coherent_pool && a->nominal < SMALLEST)
		a->nominal = SMALLEST;
	if (a->nominal > LARGEST)
		a->nominal = LARGEST;
	a->pool[POOL_KERNEL].exists = true;
	a->pool[POOL_DMA].zone = __GFP_DMA;
	a->pool[POOL_DMA].exists = cfg->dma_zone_end > cfg->banks[0].base;
	a->pool[POOL_DMA32].zone = __GFP_DMA32;
	a->pool[POOL_DMA32].exists = cfg->dma32_zone_end > cfg->banks[0].base;
	for (int i = 0; i < NR_POOLS; i++)
		if (a->pool[i].exists)
			expand(m, &a->pool[i], a->nominal, stack);
	return a;
}

/* The background: pools that run low get as much again. */
static void grow(struct dmasim_machine *m, void *arg)
{
	struct atomic_pools *a = arg;

	a->growing = false;
	for (int i = 0; i < NR_POOLS; i++) {
		struct pool *pool = &a->pool[i];

		if (pool->exists && pool->size - pool->used < a->nominal)
			a->grown += expand(m, pool, pool->size ? pool->size : a->nominal, 0);
	}
}

static phys_addr_t take_from(struct dmasim_device_private *p, struct pool *pool, size_t size, void **cpu)
{
	unsigned int pages = (unsigned int)(dma_whole_pages(size) >> SIM_PAGE_SHIFT);
	unsigned long step = 1UL << dma_order_of(size);

	for (unsigned int i = 0; i < pool->nr; i++) {
		struct chunk *c = &pool->chunks[i];
		phys_addr_t phys;
		unsigned long at;

		if (pages > c->pages - c->used)
			continue;
		at = bitmap_find_next_zero_area(c->map, c->pages, 0, pages, step - 1);
		phys = c->phys + ((phys_addr_t)at << SIM_PAGE_SHIFT);
		if (at >= c->pages || !dma_direct_reachable(p->dev, phys, dma_whole_pages(size)))
			continue;
		bitmap_set(c->map, (unsigned int)at, pages);
		c->used += pages;
		pool->used += (u64)pages << SIM_PAGE_SHIFT;
		*cpu = c->cpu + (at << SIM_PAGE_SHIFT);
		memset(sim_ram_ptr(p->machine->hw, phys), 0, (size_t)pages << SIM_PAGE_SHIFT);
		return phys;
	}
	return DMA_BAD_PHYS;
}

/* A pool that got no memory when it was made does not exist for the kernel. */
static void say_exhausted(struct dmasim_device_private *p, const struct atomic_pools *a, bool quiet)
{
	struct dma_debug_at at = {.m = p->machine, .dev = p->dev, .act = stack_entry(p->machine)};
	bool any = false;

	for (int i = 0; i < NR_POOLS; i++)
		any |= a->pool[i].nr > 0;
	if (!any)
		dma_debug_warn(&at, ONCE_EVERY, "Failed to get suitable pool for %s", k_device_name(p->dev));
	else if (!quiet)
		dma_debug_warn(&at, ONCE_EVERY, "DMA pool exhausted for %s", k_device_name(p->dev));
}

phys_addr_t dma_atomic_take(struct dmasim_device_private *p, size_t size, gfp_t gfp, unsigned long attrs, void **cpu)
{
	struct dmasim_machine *m = p->machine;
	struct atomic_pools *a = pools_of(m, m->checks ? stack_entry(m) : 0);
	int first = gfp & __GFP_DMA ? POOL_DMA : gfp & __GFP_DMA32 ? POOL_DMA32 : POOL_KERNEL;
	phys_addr_t phys = DMA_BAD_PHYS;

	if (!a)
		return DMA_BAD_PHYS;
	for (int i = -1; i < NR_POOLS && phys == DMA_BAD_PHYS; i++) {
		struct pool *pool = &a->pool[i < 0 ? first : i];

		if (i == first || !pool->exists)
			continue;
		phys = take_from(p, pool, size, cpu);
		if (phys != DMA_BAD_PHYS && pool->size - pool->used < a->nominal && !a->growing)
			a->growing = !k_softirq_raise(m, grow, a, "growth of the atomic pools");
	}
	if (phys == DMA_BAD_PHYS) {
		a->exhausted++;
		m->hooks.fact(m, "atomic pools exhausted", a->exhausted);
		say_exhausted(p, a, attrs & DMA_ATTR_NO_WARN || gfp & __GFP_NOWARN);
	}
	return phys;
}

void dma_atomic_give(struct dmasim_machine *m, phys_addr_t phys, size_t size)
{
	struct atomic_pools *a = m->dma->memory->atomic;

	for (int i = 0; a && i < NR_POOLS; i++) {
		struct pool *pool = &a->pool[i];

		for (unsigned int k = 0; k < pool->nr; k++) {
			struct chunk *c = &pool->chunks[k];

			if (phys - c->phys >= (u64)c->pages << SIM_PAGE_SHIFT)
				continue;
			bitmap_clear(c->map, (unsigned int)((phys - c->phys) >> SIM_PAGE_SHIFT),
				     (unsigned int)(size >> SIM_PAGE_SHIFT));
			c->used -= (u32)(size >> SIM_PAGE_SHIFT);
			pool->used -= size;
			return;
		}
	}
}

void dma_atomic_exit(struct dmasim_machine *m)
{
	struct atomic_pools *a = m->dma->memory->atomic;

	for (int i = 0; a && i < NR_POOLS; i++) {
		for (unsigned int k = 0; k < a->pool[i].nr; k++)
			free(a->pool[i].chunks[k].map);
		free(a->pool[i].chunks);
	}
	free(a);
	m->dma->memory->atomic = NULL;
}

void dma_atomic_stats(const struct dmasim_machine *m, struct dmasim_dma_stats *stats)
{
	const struct atomic_pools *a = m->dma->memory->atomic;

	for (int i = 0; a && i < NR_POOLS; i++) {
		stats->pool_size += a->pool[i].size;
		stats->pool_used += a->pool[i].used;
	}
	stats->pool_grown = a ? a->grown : 0;
	stats->pool_exhausted = a ? a->exhausted : 0;
}

void dma_atomic_check(const struct dmasim_machine *m)
{
	const struct atomic_pools *a = m->dma->memory->atomic;

	for (int i = 0; a && i < NR_POOLS; i++) {
		const struct pool *pool = &a->pool[i];
		u64 size = 0, used = 0;

		for (unsigned int k = 0; k < pool->nr; k++) {
			assert(bitmap_weight(pool->chunks[k].map, pool->chunks[k].pages) == pool->chunks[k].used);
			size += (u64)pool->chunks[k].pages << SIM_PAGE_SHIFT;
			used += (u64)pool->chunks[k].used << SIM_PAGE_SHIFT;
		}
		assert(size == pool->size && used == pool->used);
		assert(pool->exists || !pool->nr);
	}
}

/* ---- as backends of one's own call it ---- */

struct page *dma_alloc_from_pool(struct device *dev, size_t size, void **cpu_addr, gfp_t gfp,
				 bool (*phys_addr_ok)(struct device *dev, phys_addr_t phys, size_t size))
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_from_pool");
	struct dma_buffer b = {.allocator = DMASIM_ALLOCATOR_POOL};
	void *cpu;

	if (!p || !cpu_addr || !size || size > LARGEST || k_fails(p->machine, "dma_alloc_from_pool", NULL))
		return NULL;
	STACK_ENTER();
	b.phys = dma_atomic_take(p, size, gfp, 0, &cpu);
	if (b.phys == DMA_BAD_PHYS)
		return NULL;
	b.cpu = cpu;
	b.size = dma_whole_pages(size);
	if (phys_addr_ok && !phys_addr_ok(dev, b.phys, size)) {
		dma_atomic_give(p->machine, b.phys, b.size);
		return NULL;
	}
	if (!dma_buffer_add(p->machine, &b))
		return NULL;
	*cpu_addr = cpu;
	return phys_to_page(b.phys);
}

bool dma_free_from_pool(struct device *dev, void *cpu_addr, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_free_from_pool");
	const struct dma_buffer *b = p ? dma_buffer_find(p->machine, cpu_addr) : NULL;

	(void)size; /* the buffer's own is what goes back */
	return b && b->allocator == DMASIM_ALLOCATOR_POOL && dma_buffer_release(p->machine, cpu_addr);
}
