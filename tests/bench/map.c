// SPDX-License-Identifier: MIT
/*
 * Map, mapping_error, unmap; sync; coherent alloc and free: with all checks and with none, at 1 to 1 M live mappings.
 *
 * "Same address": the same buffer is mapped and unmapped while the others stay. "Random replacement": a live mapping
 * chosen at random ends and its buffer is mapped again, so every touch is a cache miss at the largest counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include "tests/bench/bench.h"

#define BUFFER	    256
#define BLOCK_ORDER 10
#define PER_BLOCK   ((4096UL << BLOCK_ORDER) / BUFFER)

struct live {
	struct device *dev;
	enum dma_data_direction dir;
	unsigned char **blocks;
	size_t count;
	dma_addr_t *bus;
	uint64_t random;
	void *spare; /* one buffer more, for the same-address order */
};

static inline void *buffer(struct live *l, size_t i)
{
	return l->blocks[i / PER_BLOCK] + i % PER_BLOCK * BUFFER;
}

static noinline void map_unmap(struct live *l)
{
	dma_addr_t bus = dma_map_single(l->dev, l->spare, BUFFER, l->dir);

	if (dma_mapping_error(l->dev, bus))
		abort();
	dma_unmap_single(l->dev, bus, BUFFER, l->dir);
}

static void same_address(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		map_unmap(arg);
}

static noinline void replace(struct live *l, size_t i)
{
	dma_unmap_single(l->dev, l->bus[i], BUFFER, l->dir);
	l->bus[i] = dma_map_single(l->dev, buffer(l, i), BUFFER, l->dir);
	if (dma_mapping_error(l->dev, l->bus[i]))
		abort();
}

static void random_replacement(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++) {
		l->random = l->random * 6364136223846793005u + 1442695040888963407u;
		replace(l, (size_t)((unsigned __int128)l->random * l->count >> 64));
	}
}

static void sync_pair(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++) {
		dma_sync_single_for_cpu(l->dev, l->bus[0], BUFFER, l->dir);
		dma_sync_single_for_device(l->dev, l->bus[0], BUFFER, l->dir);
	}
}

static void coherent_pair(void *arg, uint64_t n)
{
	struct live *l = arg;
	dma_addr_t bus;

	for (uint64_t i = 0; i < n; i++) {
		void *p = dma_alloc_coherent(l->dev, 4096, &bus, GFP_KERNEL);

		if (!p)
			abort();
		dma_free_coherent(l->dev, 4096, p, bus);
	}
}

/* The smallest loop there is, so that figures of different machines can be compared. */
static void plain_loop(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		bench_keep(arg);
}

static const char same[] = "map+unmap same address", random_order[] = "map+unmap random replacement";
static const char hand_over[] = "sync pair", coherent[] = "coherent alloc+free 4 KiB";

static void row_name(char name[96], const char *what, enum dma_data_direction dir, const char *checks, size_t count)
{
	snprintf(name, 96, "%s, %s, %s, %zu live", what, dir == DMA_TO_DEVICE ? "to device" : "from device", checks,
		 count);
}

/* Is any row of this set-up wanted? Mapping a million buffers takes longer than measuring. */
static bool wanted(enum dma_data_direction dir, const char *checks, size_t count)
{
	const char *const what[] = {same, random_order, hand_over, coherent};
	char name[96];

	for (size_t i = 0; i < (count == 1 ? 4 : 2); i++) {
		row_name(name, what[i], dir, checks, count);
		if (bench_wants(name))
			return true;
	}
	return false;
}

static inline __attribute__((__always_inline__)) void row(struct live *l, const char *what, const char *checks,
							  bench_fn *fn, uint64_t n, double budget)
{
	char name[96];

	row_name(name, what, l->dir, checks, l->count);
	bench_run(&(struct bench_row){
		.name = name,
		.fn = fn,
		.arg = l,
		.n = n,
		.budget = budget,
		.reference_name = "empty loop",
		.reference = plain_loop,
		.reference_arg = l,
	});
}

/* Buffers are cut from blocks of the largest order: the page allocator is not what is measured. */
static void take(struct live *l, size_t buffers)
{
	l->blocks = calloc(buffers / PER_BLOCK + 1, sizeof(*l->blocks));
	if (!l->blocks)
		exit(1);
	for (size_t i = 0; i <= buffers / PER_BLOCK; i++) {
		l->blocks[i] = (unsigned char *)__get_free_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!l->blocks[i]) {
			fprintf(stderr, "no memory for %zu buffers\n", buffers);
			exit(1);
		}
	}
}

static void give(struct live *l, size_t buffers)
{
	for (size_t i = 0; i <= buffers / PER_BLOCK; i++)
		free_pages((unsigned long)l->blocks[i], BLOCK_ORDER);
	free(l->blocks);
}

static noinline void at_count(const char *spec, const char *checks, size_t count, enum dma_data_direction dir,
			      bool checked)
{
	struct live l = {.count = count, .dir = dir, .random = 1};
	struct dmasim_machine *machine;

	if (!wanted(dir, checks, count))
		return;
	machine = dmasim_machine_create(spec);
	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	l.dev = dmasim_device_create("bench");
	take(&l, count + 1);
	l.spare = buffer(&l, count);
	l.bus = calloc(count, sizeof(*l.bus));
	if (!l.bus || !l.dev || dma_set_mask_and_coherent(l.dev, DMA_BIT_MASK(64)))
		exit(1);
	for (size_t i = 0; i < count; i++) {
		l.bus[i] = dma_map_single(l.dev, buffer(&l, i), BUFFER, dir);
		if (dma_mapping_error(l.dev, l.bus[i]))
			exit(1);
	}
	row(&l, same, checks, same_address, 20000, checked ? 80 : 20);
	row(&l, random_order, checks, random_replacement, 20000, !checked ? 20 : count > 500000 ? 200 : 80);
	if (count == 1) {
		row(&l, hand_over, checks, sync_pair, 20000, checked ? 30 : 0);
		row(&l, coherent, checks, coherent_pair, 5000, checked ? 300 : 0);
	}
	for (size_t i = 0; i < count; i++)
		dma_unmap_single(l.dev, l.bus[i], BUFFER, dir);
	give(&l, count + 1);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		exit(1);
	}
	dmasim_machine_destroy(machine);
	free(l.bus);
}

int main(int argc, char **argv)
{
	static const size_t counts[] = {1, 1000, 60000, 1000000};

	bench_init(argc, argv, "map");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (bench_smoke() && counts[i] > 1000)
			break;
		at_count("pc,ram=1G,poison=off,guard=api,summary=off", "checked", counts[i], DMA_FROM_DEVICE, true);
		at_count("pc,ram=1G,poison=off,guard=api,summary=off", "checked", counts[i], DMA_TO_DEVICE, true);
		at_count("pc,ram=1G,poison=off,checks=off,summary=off", "unchecked", counts[i], DMA_FROM_DEVICE, false);
		if (counts[i] > 1000) /* it keeps a copy of each buffer: for drivers, not for a million of them */
			continue;
		at_count("pc,ram=1G,poison=off,guard=snapshot,summary=off", "snapshot", counts[i], DMA_FROM_DEVICE,
			 true);
		at_count("pc,ram=1G,poison=off,guard=snapshot,summary=off", "snapshot", counts[i], DMA_TO_DEVICE, true);
	}
	return bench_finish();
}
