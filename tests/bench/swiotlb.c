// SPDX-License-Identifier: MIT
/*
 * Mappings that bounce: map and unmap, both directions, so that every byte is copied twice, beside two memcpy of as many
 * bytes. The pool is filled with mappings of the same size first, of which randomly chosen ones go again until 0, 50 or
 * 90 % remain: free slots lie scattered. What is over the two copies may be 40 ns, however full the pool is.
 *
 * Slots rest as long as possible before they are used again, so copies go round the free part of the pool; those of the
 * reference go round as much memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/swiotlb.h>
#include "tests/bench/bench.h"

#define POOL  (64u << 20)
#define ORDER 4 /* of the buffer that is mapped again and again */

#define BLOCK_ORDER 8 /* of what the others are cut from */
#define BLOCK	    (PAGE_SIZE << BLOCK_ORDER)

struct pool {
	struct device *dev;
	unsigned char *buffer;
	size_t size, step, room; /* of a mapping; of its slots; free, of the pool */
	unsigned char *plain;	 /* as large as the pool */
	size_t at;
};

static noinline void once(struct pool *p)
{
	dma_addr_t bus = dma_map_single(p->dev, p->buffer, p->size, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(p->dev, bus))
		abort();
	dma_unmap_single(p->dev, bus, p->size, DMA_BIDIRECTIONAL);
}

static void bounced(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		once(arg);
}

static void copied(void *arg, uint64_t n)
{
	struct pool *p = arg;

	for (uint64_t i = 0; i < n; i++) {
		memcpy(p->plain + p->at, p->buffer, p->size);
		bench_keep(p->plain);
		memcpy(p->buffer, p->plain + p->at, p->size);
		bench_keep(p->buffer);
		p->at = p->at + 2 * p->step <= p->room ? p->at + p->step : 0;
	}
}

static void row(struct pool *p, const char *checks, unsigned int fill)
{
	char name[96], series[64];

	snprintf(series, sizeof(series), "swiotlb map+unmap %zu bytes, %s", p->size, checks);
	snprintf(name, sizeof(name), "%s, %u %% full", series, fill);
	bench_run(&(struct bench_row){
		.name = name,
		.series = series,
		.x = fill,
		.fn = bounced,
		.arg = p,
		.n = p->size > 4096 ? 4000 : 40000,
		.reference_name = "memcpy twice",
		.reference = copied,
		.reference_arg = p,
	});
}

static void at_fill(const char *spec, const char *checks, size_t size, unsigned int fill)
{
	struct dmasim_machine *machine = dmasim_machine_create(spec);
	struct pool p = {.size = size, .step = (size + IO_TLB_SIZE - 1) & ~(size_t)(IO_TLB_SIZE - 1)};
	size_t live = 0, all = POOL / p.step, left = all * fill / 100;
	dma_addr_t *bus = calloc(all, sizeof(*bus));
	struct dmasim_swiotlb_stats stats;
	unsigned char *block[POOL / BLOCK];
	uint64_t random = 1;

	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	p.dev = dmasim_device_create("bench");
	if (!p.dev || dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(64)))
		exit(1);
	p.buffer = (unsigned char *)__get_free_pages(GFP_KERNEL, ORDER);
	p.plain = malloc(POOL);
	for (size_t i = 0; i < POOL / BLOCK; i++) {
		block[i] = (unsigned char *)__get_free_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!block[i])
			exit(1);
	}
	if (!bus || !p.buffer || !p.plain)
		exit(1);
	memset(p.buffer, 1, PAGE_SIZE << ORDER);
	memset(p.plain, 1, POOL);
	for (; fill && live < all; live++) {
		unsigned char *mine = block[live * p.step / BLOCK] + live * p.step % BLOCK;

		bus[live] = dma_map_single(p.dev, mine, size, DMA_TO_DEVICE);
		if (dma_mapping_error(p.dev, bus[live]))
			exit(1);
	}
	while (live > left) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t i = (size_t)((unsigned __int128)random * live >> 64);

		dma_unmap_single(p.dev, bus[i], size, DMA_TO_DEVICE);
		bus[i] = bus[--live];
	}
	if (dmasim_swiotlb_stats(p.dev, &stats) || stats.used * IO_TLB_SIZE != live * p.step)
		exit(1);
	p.room = POOL - live * p.step;
	row(&p, checks, fill);
	while (live)
		dma_unmap_single(p.dev, bus[--live], size, DMA_TO_DEVICE);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark: %s\n", dmasim_violation_count(),
			dmasim_violation(0)->text);
		exit(1);
	}
	dmasim_machine_destroy(machine);
	free(p.plain);
	free(bus);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {64, 4096, 65536};
	static const unsigned int fills[] = {0, 50, 90};

	bench_init(argc, argv, "swiotlb");
	for (size_t s = 0; s < 3; s++)
		for (size_t f = 0; f < 3; f++) {
			at_fill("pc,ram=512M,swiotlb=force,guard=api,summary=off", "checked", sizes[s], fills[f]);
			at_fill("pc,ram=512M,swiotlb=force,checks=off,summary=off", "unchecked", sizes[s], fills[f]);
			if (bench_smoke() && f)
				break;
		}
	return bench_finish();
}
