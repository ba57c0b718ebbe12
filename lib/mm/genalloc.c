// SPDX-License-Identifier: MIT
/*
 * Pools over memory that somebody else owns.
 *
 * A pool is a list of chunks, a chunk a range of addresses with one bit a unit. Where the next allocation goes is an
 * algorithm's choice, ours or the driver's; what it answers is looked at before it counts. The machine keeps a list of
 * its pools, so that a pointer to none is refused, not followed; all of it is host memory.
 *
 * Weakness: allocations are not remembered one by one: a free of a part, or across two of them, is taken as it is given,
 * as in the kernel.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include "lib/core/device.h"
#include "lib/mm/internal.h"

struct gen_pool {
	struct gen_pool *next;
	struct gen_pool_chunk *chunks; /* newest first */
	genpool_algo_t algo;
	void *data;
	unsigned int order;
	struct device *dev; /* devm_gen_pool_create() */
	char name[48];
};

static struct dmasim_machine *machine_of(const struct gen_pool *pool, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	const struct gen_pool *p = m ? m->mm->gen_pools : NULL;

	while (p && p != pool)
		p = p->next;
	if (p)
		return m;
	if (m)
		k_no_object(function, "gen_pool");
	return NULL;
}

static unsigned long bits_of(const struct gen_pool *pool, const struct gen_pool_chunk *c)
{
	return (c->end_addr - c->start_addr + 1) >> pool->order;
}

/* ---- where ---- */

unsigned long gen_pool_first_fit(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
				 void *data, struct gen_pool *pool, unsigned long start_addr)
{
	(void)data;
	(void)pool;
	(void)start_addr;
	return map && nr ? bitmap_find_next_zero_area(map, size, start, nr, 0) : size;
}

unsigned long gen_pool_first_fit_align(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
				       void *data, struct gen_pool *pool, unsigned long start_addr)
{
	const struct genpool_data_align *align = data;
	unsigned long step, skip;

	if (!map || !nr || !pool || !align || align->align <= 0 || align->align & (align->align - 1))
		return size;
	step = (unsigned long)align->align >> pool->order;
	if (step <= 1)
		return bitmap_find_next_zero_area(map, size, start, nr, 0);
	/* The address is to be aligned, not the bit. */
	skip = (start_addr >> pool->order) & (step - 1);
	for (;;) {
		unsigned long at = bitmap_find_next_zero_area(map, size, start, nr, 0);

		if (at >= size || !((at + skip) & (step - 1)))
			return at;
		start = ((at + skip + step - 1) & ~(step - 1)) - skip;
		if (start >= size)
			return size;
	}
}

unsigned long gen_pool_first_fit_order_align(unsigned long *map, unsigned long size, unsigned long start,
					     unsigned int nr, void *data, struct gen_pool *pool,
					     unsigned long start_addr)
{
	unsigned long step = 1;

	(void)data;
	(void)pool;
	(void)start_addr;
	while (step < nr)
		step *= 2;
	return map && nr ? bitmap_find_next_zero_area(map, size, start, nr, step - 1) : size;
}

unsigned long gen_pool_fixed_alloc(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
				   void *data, struct gen_pool *pool, unsigned long start_addr)
{
	const struct genpool_data_fixed *fixed = data;
	unsigned long bit;

	(void)start_addr;
	if (!map || !nr || !fixed || !pool || fixed->offset & ((1UL << pool->order) - 1))
		return size;
	bit = start + (fixed->offset >> pool->order);
	return bit < size && bitmap_find_next_zero_area(map, size, bit, nr, 0) == bit ? bit : size;
}

unsigned long gen_pool_best_fit(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr,
				void *data, struct gen_pool *pool, unsigned long start_addr)
{
	unsigned long at, end, best = size, smallest = ~0UL;

	(void)data;
	(void)pool;
	(void)start_addr;
	if (!map || !nr)
		return size;
	for (at = bitmap_find_next_zero_area(map, size, start, nr, 0); at < size;
	     at = bitmap_find_next_zero_area(map, size, end, nr, 0)) {
		end = find_next_bit(map, size, at + nr);
		if (end - at < smallest) {
			smallest = end - at;
			best = at;
		}
	}
	return best;
}

/* ---- life cycle ---- */

static struct gen_pool *create(struct dmasim_machine *m, int order, struct device *dev, const char *name)
{
	struct gen_pool *pool;

	if (order < 0 || order > 62) {
		sim_error(EINVAL, "a gen_pool of units of 2^%d bytes", order);
		return NULL;
	}
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return NULL;
	pool->order = (unsigned int)order;
	pool->algo = gen_pool_first_fit;
	pool->dev = dev;
	snprintf(pool->name, sizeof(pool->name), "%s", name ? name : "");
	pool->next = m->mm->gen_pools;
	m->mm->gen_pools = pool;
	return pool;
}

static void drop(struct gen_pool *pool)
{
	struct gen_pool_chunk *c;

	while ((c = pool->chunks)) {
		pool->chunks = c->next_chunk;
		free(c->bits);
		free(c);
	}
	free(pool);
}

static void destroy(struct dmasim_machine *m, struct gen_pool *pool, const char *function)
{
	struct gen_pool **link = &m->mm->gen_pools;
	struct finding f = {.rule = "pool-busy-at-destroy", .dev = pool->dev, .act_verb = "destroy"};
	size_t used = 0;

	for (const struct gen_pool_chunk *c = pool->chunks; c; c = c->next_chunk)
		used += (bits_of(pool, c) << pool->order) - c->free_bytes;
	if (used) {
		f.more[0].label = "pool";
		snprintf(f.more[0].text, sizeof(f.more[0].text),
			 "%s() of a gen_pool%s%s: %zu bytes are still allocated", function, pool->name[0] ? " " : "",
			 pool->name, used);
		k_report(m, &f);
	}
	while (*link && *link != pool)
		link = &(*link)->next;
	if (*link)
		*link = pool->next;
	drop(pool);
}

struct gen_pool *gen_pool_create(int min_alloc_order, int nid)
{
	struct dmasim_machine *m = k_machine("gen_pool_create");

	(void)nid;
	if (!m || k_fails(m, "gen_pool_create", NULL))
		return NULL;
	STACK_ENTER();
	k_might_sleep(m, "gen_pool_create");
	return create(m, min_alloc_order, NULL, NULL);
}

static void release_managed(struct device *dev, void *data)
{
	struct dmasim_machine *m = k_thread.current;
	const struct gen_pool *p = m ? m->mm->gen_pools : NULL;

	(void)dev;
	while (p && p != data)
		p = p->next;
	if (p)
		destroy(m, data, "release of devm_gen_pool_create");
}

struct gen_pool *devm_gen_pool_create(struct device *dev, int min_alloc_order, int nid, const char *name)
{
	struct dmasim_device_private *p = k_device(dev, "devm_gen_pool_create");
	struct gen_pool *pool;

	(void)nid;
	if (!p)
		return ERR_PTR(-EINVAL);
	if (k_fails(p->machine, "devm_gen_pool_create", "gen_pool_create"))
		return ERR_PTR(-ENOMEM);
	STACK_ENTER();
	k_might_sleep(p->machine, "devm_gen_pool_create");
	if (gen_pool_get(dev, name))
		return ERR_PTR(-EINVAL);
	pool = create(p->machine, min_alloc_order, dev, name);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	if (k_devres_add(dev, release_managed, pool)) {
		destroy(p->machine, pool, "devm_gen_pool_create");
		return ERR_PTR(-ENOMEM);
	}
	return pool;
}

struct gen_pool *gen_pool_get(struct device *dev, const char *name)
{
	struct dmasim_machine *m = k_machine("gen_pool_get");
	struct gen_pool *p = m ? m->mm->gen_pools : NULL;

	while (p && (!dev || p->dev != dev || strncmp(p->name, name ? name : "", sizeof(p->name) - 1) != 0))
		p = p->next;
	return p;
}

void gen_pool_destroy(struct gen_pool *pool)
{
	struct dmasim_machine *m;

	if (!pool)
		return;
	STACK_ENTER();
	m = machine_of(pool, "gen_pool_destroy");
	if (!m)
		return;
	if (pool->dev)
		k_devres_remove(pool->dev, release_managed, pool);
	destroy(m, pool, "gen_pool_destroy");
}

int gen_pool_add_owner(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size, int nid, void *owner)
{
	struct dmasim_machine *m;
	struct gen_pool_chunk *c;

	(void)nid;
	STACK_ENTER();
	m = machine_of(pool, "gen_pool_add");
	if (!m || size >> pool->order == 0 || size >> pool->order > UINT32_MAX || virt + size - 1 < virt)
		return -EINVAL;
	if (k_fails(m, "gen_pool_add", "gen_pool_add_virt"))
		return -ENOMEM;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->bits = calloc(BITS_TO_LONGS(size >> pool->order), sizeof(long));
	if (!c->bits) {
		free(c);
		return -ENOMEM;
	}
	c->phys_addr = phys;
	c->owner = owner;
	c->start_addr = virt;
	c->end_addr = virt + size - 1;
	c->free_bytes = size >> pool->order << pool->order;
	c->next_chunk = pool->chunks;
	pool->chunks = c;
	return 0;
}

/* ---- allocation ---- */

static unsigned long alloc(struct gen_pool *pool, size_t size, genpool_algo_t algo, void *data, void **owner)
{
	unsigned long unit = 1UL << pool->order, nr = (size >> pool->order) + !!(size & (unit - 1));

	if (owner)
		*owner = NULL;
	for (struct gen_pool_chunk *c = pool->chunks; size && c; c = c->next_chunk) {
		unsigned long bits = bits_of(pool, c), at;

		if (nr > c->free_bytes >> pool->order)
			continue;
		at = algo(c->bits, bits, 0, (unsigned int)nr, data, pool, c->start_addr);
		/* A driver's own algorithm may say anything. */
		if (at >= bits || nr > bits - at || find_next_bit(c->bits, at + nr, at) < at + nr)
			continue;
		bitmap_set(c->bits, (unsigned int)at, (unsigned int)nr);
		c->free_bytes -= nr << pool->order;
		if (owner)
			*owner = c->owner;
		return c->start_addr + (at << pool->order);
	}
	return 0;
}

unsigned long gen_pool_alloc_owner(struct gen_pool *pool, size_t size, void **owner)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	m = machine_of(pool, "gen_pool_alloc");
	return m && !k_fails(m, "gen_pool_alloc", NULL) ? alloc(pool, size, pool->algo, pool->data, owner) : 0;
}

unsigned long gen_pool_alloc(struct gen_pool *pool, size_t size)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	m = machine_of(pool, "gen_pool_alloc");
	return m && !k_fails(m, "gen_pool_alloc", NULL) ? alloc(pool, size, pool->algo, pool->data, NULL) : 0;
}

unsigned long gen_pool_alloc_algo(struct gen_pool *pool, size_t size, genpool_algo_t algo, void *data)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	m = machine_of(pool, "gen_pool_alloc_algo");
	if (!m || k_fails(m, "gen_pool_alloc", NULL))
		return 0;
	return alloc(pool, size, algo ? algo : pool->algo, data, NULL);
}

static struct gen_pool_chunk *chunk_of(struct gen_pool *pool, unsigned long addr)
{
	struct gen_pool_chunk *c = pool->chunks;

	while (c && (addr < c->start_addr || addr > c->end_addr))
		c = c->next_chunk;
	return c;
}

static phys_addr_t to_phys(struct gen_pool *pool, unsigned long addr)
{
	const struct gen_pool_chunk *c = chunk_of(pool, addr);

	return c ? c->phys_addr + (addr - c->start_addr) : (phys_addr_t)-1;
}

static void *dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma, genpool_algo_t algo, void *data,
		       const char *function)
{
	struct dmasim_machine *m = machine_of(pool, function);
	unsigned long addr;

	if (!m ||
	    k_fails(m, function, strcmp(function, "gen_pool_dma_alloc") ? "gen_pool_dma_alloc" : "gen_pool_alloc"))
		return NULL;
	addr = alloc(pool, size, algo ? algo : pool->algo, algo ? data : pool->data, NULL);
	if (addr && dma)
		*dma = to_phys(pool, addr);
	return (void *)addr;
}

void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	STACK_ENTER();
	return dma_alloc(pool, size, dma, NULL, NULL, "gen_pool_dma_alloc");
}

void *gen_pool_dma_alloc_algo(struct gen_pool *pool, size_t size, dma_addr_t *dma, genpool_algo_t algo, void *data)
{
	STACK_ENTER();
	return dma_alloc(pool, size, dma, algo, data, "gen_pool_dma_alloc");
}

void *gen_pool_dma_alloc_align(struct gen_pool *pool, size_t size, dma_addr_t *dma, int align)
{
	struct genpool_data_align data = {align};

	STACK_ENTER();
	return dma_alloc(pool, size, dma, gen_pool_first_fit_align, &data, "gen_pool_dma_alloc");
}

void *gen_pool_dma_zalloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	static const char zeros[4096];
	char *p;

	STACK_ENTER();
	p = dma_alloc(pool, size, dma, NULL, NULL, "gen_pool_dma_zalloc");
	if (!p)
		return NULL;
	k_thread.current->hooks.cpu_access(k_thread.current, p, size, true);
	/* It need not be memory at all. */
	for (size_t i = 0; i < size; i += sizeof(zeros))
		if (!sim_host_write(p + i, zeros, size - i < sizeof(zeros) ? size - i : sizeof(zeros)))
			break;
	return p;
}

void gen_pool_free_owner(struct gen_pool *pool, unsigned long addr, size_t size, void **owner)
{
	struct dmasim_machine *m;
	struct gen_pool_chunk *c;
	unsigned long unit, at, nr;
	char why[120];

	STACK_ENTER();
	if (owner)
		*owner = NULL;
	m = machine_of(pool, "gen_pool_free");
	if (!m)
		return;
	unit = 1UL << pool->order;
	nr = (size >> pool->order) + !!(size & (unit - 1));
	c = chunk_of(pool, addr);
	at = c ? (addr - c->start_addr) >> pool->order : 0;
	if (!c || !size || (addr - c->start_addr) & (unit - 1) || nr > bits_of(pool, c) - at) {
		snprintf(why, sizeof(why), "%zu bytes at 0x%lx, which are not the pool's", size, addr);
		mm_bad_free(m, "invalid-free", "gen_pool_free", (void *)addr, ~(phys_addr_t)0, why);
		return;
	}
	if (find_next_zero_bit(c->bits, at + nr, at) < at + nr) {
		snprintf(why, sizeof(why), "%zu bytes at 0x%lx, which are free, or in part", size, addr);
		mm_bad_free(m, "double-free", "gen_pool_free", (void *)addr, ~(phys_addr_t)0, why);
		return;
	}
	bitmap_clear(c->bits, (unsigned int)at, (unsigned int)nr);
	c->free_bytes += nr << pool->order;
	if (owner)
		*owner = c->owner;
}

void gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size)
{
	gen_pool_free_owner(pool, addr, size, NULL);
}

/* ---- questions ---- */

phys_addr_t gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr)
{
	return machine_of(pool, "gen_pool_virt_to_phys") ? to_phys(pool, addr) : (phys_addr_t)-1;
}

size_t gen_pool_avail(struct gen_pool *pool)
{
	size_t n = 0;

	if (machine_of(pool, "gen_pool_avail"))
		for (const struct gen_pool_chunk *c = pool->chunks; c; c = c->next_chunk)
			n += c->free_bytes;
	return n;
}

size_t gen_pool_size(struct gen_pool *pool)
{
	size_t n = 0;

	if (machine_of(pool, "gen_pool_size"))
		for (const struct gen_pool_chunk *c = pool->chunks; c; c = c->next_chunk)
			n += c->end_addr - c->start_addr + 1;
	return n;
}

bool gen_pool_has_addr(struct gen_pool *pool, unsigned long start, size_t size)
{
	const struct gen_pool_chunk *c = machine_of(pool, "gen_pool_has_addr") ? chunk_of(pool, start) : NULL;

	return c && size && size - 1 <= c->end_addr - start;
}

void gen_pool_for_each_chunk(struct gen_pool *pool,
			     void (*fn)(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data), void *data)
{
	if (!machine_of(pool, "gen_pool_for_each_chunk") || !fn)
		return;
	for (struct gen_pool_chunk *c = pool->chunks; c; c = c->next_chunk)
		fn(pool, c, data);
}

void gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data)
{
	if (!machine_of(pool, "gen_pool_set_algo"))
		return;
	pool->algo = algo ? algo : gen_pool_first_fit;
	pool->data = data;
}

/* ---- for the machine ---- */

void genalloc_exit(struct mm *mm)
{
	struct gen_pool *pool;

	while ((pool = mm->gen_pools)) {
		mm->gen_pools = pool->next;
		drop(pool);
	}
}

void genalloc_check(const struct mm *mm)
{
	for (const struct gen_pool *p = mm->gen_pools; p; p = p->next)
		for (const struct gen_pool_chunk *c = p->chunks; c; c = c->next_chunk)
			assert(((bits_of(p, c) - bitmap_weight(c->bits, (unsigned int)bits_of(p, c))) << p->order) ==
			       c->free_bytes);
}
