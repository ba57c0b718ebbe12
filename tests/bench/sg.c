// SPDX-License-Identifier: MIT
/*
 * Scatterlists, per entry: walking one, mapping and unmapping it with all checks and with none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include "tests/bench/bench.h"

struct lists {
	struct device *dev;
	struct sg_table table;
	unsigned char **blocks;
	unsigned int entries;
};

/* The oldest loop over pieces there is, for comparison: an array of them. */
static void plain_array(void *arg, uint64_t n)
{
	struct lists *l = arg;
	struct scatterlist *first = l->table.sgl;

	for (uint64_t i = 0; i < n; i++)
		bench_keep(first[i & 63].length);
}

static void iterate(void *arg, uint64_t n)
{
	struct lists *l = arg;

	for (uint64_t done = 0; done < n; done += l->entries) {
		struct scatterlist *sg;
		unsigned int i;

		for_each_sg (l->table.sgl, sg, l->entries, i)
			bench_keep(sg->length);
	}
}

static void map_unmap(void *arg, uint64_t n)
{
	struct lists *l = arg;

	for (uint64_t done = 0; done < n; done += l->entries) {
		if (!dma_map_sg(l->dev, l->table.sgl, (int)l->entries, DMA_FROM_DEVICE))
			abort();
		dma_unmap_sg(l->dev, l->table.sgl, (int)l->entries, DMA_FROM_DEVICE);
	}
}

static void sync_pair(void *arg, uint64_t n)
{
	struct lists *l = arg;

	for (uint64_t done = 0; done < n; done += l->entries) {
		dma_sync_sg_for_cpu(l->dev, l->table.sgl, (int)l->entries, DMA_FROM_DEVICE);
		dma_sync_sg_for_device(l->dev, l->table.sgl, (int)l->entries, DMA_FROM_DEVICE);
	}
}

static void row(struct lists *l, const char *what, const char *checks, bench_fn *fn, double budget)
{
	char name[96], series[64];

	snprintf(series, sizeof(series), "sg %s per entry, %s", what, checks);
	snprintf(name, sizeof(name), "%s, %u entries", series, l->entries);
	bench_run(&(struct bench_row){
		.name = name,
		.series = series,
		.x = l->entries,
		.fn = fn,
		.arg = l,
		.n = l->entries > 20000 ? l->entries : 20000 / l->entries * l->entries,
		.budget = budget,
		.reference_name = "array",
		.reference = plain_array,
		.reference_arg = l,
	});
}

static void at_entries(const char *spec, const char *checks, unsigned int entries, bool checked)
{
	struct dmasim_machine *machine = dmasim_machine_create(spec);
	struct lists l = {.entries = entries};
	struct scatterlist *sg;
	unsigned int i;

	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	l.dev = dmasim_device_create("bench");
	l.blocks = calloc(entries, sizeof(*l.blocks));
	if (!l.dev || !l.blocks || dma_set_mask_and_coherent(l.dev, DMA_BIT_MASK(64)) ||
	    sg_alloc_table(&l.table, entries, GFP_KERNEL))
		exit(1);
	for_each_sg (l.table.sgl, sg, entries, i) {
		l.blocks[i] = (unsigned char *)__get_free_page(GFP_KERNEL);
		if (!l.blocks[i])
			exit(1);
		sg_set_buf(sg, l.blocks[i], 4096);
	}
	row(&l, "iterate", checks, iterate, 1.5);
	row(&l, "map+unmap", checks, map_unmap, checked ? 30 : 0);
	if (!dma_map_sg(l.dev, l.table.sgl, (int)entries, DMA_FROM_DEVICE))
		exit(1);
	row(&l, "sync pair", checks, sync_pair, 0);
	dma_unmap_sg(l.dev, l.table.sgl, (int)entries, DMA_FROM_DEVICE);
	for (i = 0; i < entries; i++)
		free_page((unsigned long)l.blocks[i]);
	free(l.blocks);
	sg_free_table(&l.table);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		exit(1);
	}
	dmasim_machine_destroy(machine);
}

int main(int argc, char **argv)
{
	static const unsigned int entries[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

	bench_init(argc, argv, "sg");
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		at_entries("pc,poison=off,guard=api,summary=off", "checked", entries[i], true);
		at_entries("pc,poison=off,checks=off,summary=off", "unchecked", entries[i], false);
	}
	return bench_finish();
}
