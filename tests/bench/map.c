// SPDX-License-Identifier: MIT
/*
 * Map, mapping_error, unmap; sync; coherent alloc and free: with all checks and with none, at 0 to 1 M live mappings.
 *
 * "Same address": the same buffer is mapped and unmapped while the others stay. "Random replacement": a live mapping
 * chosen at random ends and its buffer is mapped again, so every touch is a cache miss at the largest counts. What the
 * driver itself pays for that, a random access to its array of bus addresses, is the reference of those rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	dma_addr_t *bus; /* count, and one more for the spare buffer */
	uint64_t random;
	void *spare;  /* one buffer more, for the same-address order */
	void **block; /* coherent ones that stay */
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

static inline size_t any(struct live *l)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)((unsigned __int128)l->random * l->count >> 64);
}

static void random_replacement(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++)
		replace(l, any(l));
}

/* The driver's part of it: the next address depends on what was read, as the unmap does. */
static void random_access(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++)
		l->random ^= l->bus[any(l)] >> 63;
}

/* Of the mapping that was made last. */
static void sync_pair(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++) {
		dma_sync_single_for_cpu(l->dev, l->bus[l->count], BUFFER, l->dir);
		dma_sync_single_for_device(l->dev, l->bus[l->count], BUFFER, l->dir);
	}
}

static void random_sync_pair(void *arg, uint64_t n)
{
	struct live *l = arg;

	for (uint64_t i = 0; i < n; i++) {
		size_t k = any(l);

		dma_sync_single_for_cpu(l->dev, l->bus[k], BUFFER, l->dir);
		dma_sync_single_for_device(l->dev, l->bus[k], BUFFER, l->dir);
	}
}

static void clear_page(void *arg, uint64_t n)
{
	static char page[4096];

	for (uint64_t i = 0; i < n; i++) {
		memset(page, 0, sizeof(page));
		bench_keep(arg);
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
static const char hand_over[] = "sync pair", random_hand_over[] = "sync pair random";
static const char coherent[] = "coherent alloc+free 4 KiB";

static void series_name(char name[64], const char *what, enum dma_data_direction dir, const char *checks)
{
	snprintf(name, 64, "%s, %s, %s", what,
		 dir == DMA_BIDIRECTIONAL ? "both ways"
		 : dir == DMA_TO_DEVICE	  ? "to device"
					  : "from device",
		 checks);
}

static void row_name(char name[96], const char *what, enum dma_data_direction dir, const char *checks, size_t count)
{
	char series[64];

	series_name(series, what, dir, checks);
	snprintf(name, 96, "%s, %zu live", series, count);
}

/* Is any row of this set-up wanted? Mapping a million buffers takes longer than measuring. */
static bool wanted(enum dma_data_direction dir, const char *checks, size_t count)
{
	const char *const what[] = {same, random_order, hand_over, random_hand_over};
	char name[96];

	for (size_t i = 0; i < sizeof(what) / sizeof(*what); i++) {
		row_name(name, what[i], dir, checks, count);
		if (bench_wants(name))
			return true;
	}
	return false;
}

static inline __attribute__((__always_inline__)) void row(struct live *l, const char *what, const char *checks,
							  bench_fn *fn, uint64_t n, double budget,
							  const char *reference_name, bench_fn *reference)
{
	char name[96], series[64];

	row_name(name, what, l->dir, checks, l->count);
	series_name(series, what, l->dir, checks);
	bench_run(&(struct bench_row){
		.name = name,
		.series = series,
		.x = (double)l->count,
		.fn = fn,
		.arg = l,
		.n = n,
		.budget = budget,
		.reference_name = reference_name,
		.reference = reference,
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

static struct dmasim_machine *machine_of(const char *spec)
{
	struct dmasim_machine *machine = dmasim_machine_create(spec);

	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	return machine;
}

static void done(struct dmasim_machine *machine)
{
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		exit(1);
	}
	dmasim_machine_destroy(machine);
}

static noinline void at_count(const char *spec, const char *checks, size_t count, enum dma_data_direction dir,
			      bool checked)
{
	struct live l = {.count = count, .dir = dir, .random = 1};
	struct dmasim_machine *machine;

	if (!wanted(dir, checks, count))
		return;
	machine = machine_of(spec);
	l.dev = dmasim_device_create("bench");
	take(&l, count + 1);
	l.spare = buffer(&l, count);
	l.bus = calloc(count + 1, sizeof(*l.bus));
	if (!l.bus || !l.dev || dma_set_mask_and_coherent(l.dev, DMA_BIT_MASK(64)))
		exit(1);
	for (size_t i = 0; i < count; i++) {
		l.bus[i] = dma_map_single(l.dev, buffer(&l, i), BUFFER, dir);
		if (dma_mapping_error(l.dev, l.bus[i]))
			exit(1);
	}
	row(&l, same, checks, same_address, 20000, checked ? 80 : 20, "empty loop", plain_loop);
	if (count)
		row(&l, random_order, checks, random_replacement, 20000,
		    !checked	     ? 20
		    : count > 500000 ? 200
				     : 80,
		    "random access to the driver's array", random_access);
	l.bus[count] = dma_map_single(l.dev, l.spare, BUFFER, dir);
	if (dma_mapping_error(l.dev, l.bus[count]))
		exit(1);
	row(&l, hand_over, checks, sync_pair, 20000, checked ? 30 : 0, "empty loop", plain_loop);
	if (count)
		row(&l, random_hand_over, checks, random_sync_pair, 20000, 0, "random access to the driver's array",
		    random_access);
	for (size_t i = 0; i <= count; i++)
		dma_unmap_single(l.dev, l.bus[i], BUFFER, dir);
	give(&l, count + 1);
	done(machine);
	free(l.bus);
}

/* Coherent blocks, while `count` others stay. */
static noinline void coherent_at_count(const char *spec, const char *checks, size_t count, bool checked)
{
	struct live l = {.count = count};
	struct dmasim_machine *machine;
	char name[96];

	row_name(name, coherent, l.dir, checks, count);
	if (!bench_wants(name))
		return;
	machine = machine_of(spec);
	l.dev = dmasim_device_create("bench");
	l.bus = calloc(count + 1, sizeof(*l.bus));
	l.block = calloc(count + 1, sizeof(*l.block));
	if (!l.bus || !l.block || !l.dev || dma_set_mask_and_coherent(l.dev, DMA_BIT_MASK(64)))
		exit(1);
	for (size_t i = 0; i < count; i++) {
		l.block[i] = dma_alloc_coherent(l.dev, 4096, &l.bus[i], GFP_KERNEL);
		if (!l.block[i])
			exit(1);
	}
	row(&l, coherent, checks, coherent_pair, 5000, checked ? 300 : 0, "clearing 4 KiB", clear_page);
	for (size_t i = 0; i < count; i++)
		dma_free_coherent(l.dev, 4096, l.block[i], l.bus[i]);
	done(machine);
	free(l.bus);
	free(l.block);
}

int main(int argc, char **argv)
{
	static const char checked[] = "pc,ram=1G,poison=off,guard=api,summary=off";
	static const char unchecked[] = "pc,ram=1G,poison=off,checks=off,summary=off";
	static const char snapshot[] = "pc,ram=1G,poison=off,guard=snapshot,summary=off";
	static const size_t counts[] = {0, 1000, 10000, 60000, 100000, 1000000};
	size_t nr;

	bench_init(argc, argv, "map");
	nr = bench_smoke() ? 2 : sizeof(counts) / sizeof(counts[0]);
	for (size_t i = 0; i < nr; i++) {
		at_count(checked, "checked", counts[i], DMA_FROM_DEVICE, true);
		at_count(checked, "checked", counts[i], DMA_TO_DEVICE, true);
		at_count(unchecked, "unchecked", counts[i], DMA_FROM_DEVICE, false);
	}
	/* It keeps a copy of each buffer: for drivers, not for a million of them. */
	at_count(snapshot, "snapshot", 0, DMA_FROM_DEVICE, true);
	at_count(snapshot, "snapshot", 0, DMA_TO_DEVICE, true);
	for (size_t i = 0; i < nr && counts[i] <= 60000; i++) {
		coherent_at_count(checked, "checked", counts[i], true);
		coherent_at_count(unchecked, "unchecked", counts[i], false);
	}
	return bench_finish();
}
