// SPDX-License-Identifier: MIT
/*
 * dma_pool_alloc and dma_pool_free as a pair, at 0 to 100 k live blocks, in three orders: last in, first out; a ring, where
 * the oldest goes first; random. No order and no number may make it slower than the caches of the host do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include "tests/bench/bench.h"

#define BLOCK 64

struct live {
	struct dma_pool *pool;
	size_t count, oldest;
	void **block;
	dma_addr_t *bus;
	uint64_t random;
};

static noinline void pair(struct dma_pool *pool)
{
	dma_addr_t bus;
	void *p = dma_pool_alloc(pool, GFP_KERNEL, &bus);

	if (!p)
		abort();
	dma_pool_free(pool, p, bus);
}

static void lifo(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++)
		pair(l->pool);
}

static noinline void replace(struct live *l, size_t i)
{
	dma_pool_free(l->pool, l->block[i], l->bus[i]);
	l->block[i] = dma_pool_alloc(l->pool, GFP_KERNEL, &l->bus[i]);
}

/* One comes before one goes, so that the ring moves through the pool. */
static noinline void advance(struct live *l)
{
	dma_addr_t bus;
	void *p = dma_pool_alloc(l->pool, GFP_KERNEL, &bus);

	dma_pool_free(l->pool, l->block[l->oldest], l->bus[l->oldest]);
	l->block[l->oldest] = p;
	l->bus[l->oldest] = bus;
	l->oldest = l->oldest + 1 < l->count ? l->oldest + 1 : 0;
}

static void ring(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		advance(arg);
}

static void random_order(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++) {
		l->random = l->random * 6364136223846793005u + 1442695040888963407u;
		replace(l, (size_t)((unsigned __int128)l->random * l->count >> 64));
	}
}

static void malloc_pair(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++) {
		void *p = malloc(BLOCK);

		bench_keep(p);
		free(p);
	}
}

static void row(struct live *l, const char *order, const char *checks, bench_fn *fn, double budget)
{
	char name[96], series[64];

	snprintf(series, sizeof(series), "pool alloc+free, %s, %s", order, checks);
	snprintf(name, sizeof(name), "%s, %zu live", series, l->count);
	bench_run(&(struct bench_row){
		.name = name,
		.series = series,
		.x = (double)l->count,
		.fn = fn,
		.arg = l,
		.n = 50000,
		.budget = budget,
		.reference_name = "malloc+free",
		.reference = malloc_pair,
	});
}

static void at_count(const char *spec, const char *checks, size_t count, double budget)
{
	struct live l = {.count = count, .random = 1};
	struct dmasim_machine *machine = dmasim_machine_create(spec);
	struct device *dev;

	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	dev = dmasim_device_create("bench");
	if (!dev || dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)))
		exit(1);
	l.pool = dma_pool_create("bench", dev, BLOCK, BLOCK, 0);
	l.block = calloc(count + 1, sizeof(*l.block));
	l.bus = calloc(count + 1, sizeof(*l.bus));
	if (!l.pool || !l.block || !l.bus)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		l.block[i] = dma_pool_alloc(l.pool, GFP_KERNEL, &l.bus[i]);
		if (!l.block[i])
			exit(1);
	}
	row(&l, "LIFO", checks, lifo, budget);
	if (count) {
		row(&l, "ring", checks, ring, budget);
		row(&l, "random", checks, random_order, budget);
	}
	for (size_t i = 0; i < count; i++)
		dma_pool_free(l.pool, l.block[i], l.bus[i]);
	dma_pool_destroy(l.pool);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		exit(1);
	}
	dmasim_machine_destroy(machine);
	free(l.block);
	free(l.bus);
}

int main(int argc, char **argv)
{
	static const size_t counts[] = {0, 1000, 10000, 100000};

	bench_init(argc, argv, "pool");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (bench_smoke() && counts[i] > 1000)
			break;
		at_count("pc,guard=api,summary=off", "checked", counts[i], 25);
		at_count("pc,guard=api,poison=on,summary=off", "checked and poisoned", counts[i], 0);
		at_count("pc,checks=off,summary=off", "unchecked", counts[i], 0);
	}
	return bench_finish();
}
