// SPDX-License-Identifier: MIT
/* The device moves bytes: big copies against memcpy of the same sizes, and small accesses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include "tests/bench/bench.h"

struct job {
	struct device *dev;
	dma_addr_t bus;
	char *host, *peer;
	size_t size;
};

static void device_write(void *arg, uint64_t n)
{
	struct job *j = arg;

	for (uint64_t i = 0; i < n; i++)
		if (dmasim_device_write(j->dev, j->bus, j->host, j->size))
			abort();
}

static void device_read(void *arg, uint64_t n)
{
	struct job *j = arg;

	for (uint64_t i = 0; i < n; i++)
		if (dmasim_device_read(j->dev, j->bus, j->host, j->size))
			abort();
}

static void copy(void *arg, uint64_t n)
{
	struct job *j = arg;

	for (uint64_t i = 0; i < n; i++) {
		memcpy(j->peer, j->host, j->size);
		bench_keep(j->peer);
	}
}

static void row(struct job *j, const char *spec, bool write, uint64_t n, double budget, double min_speed)
{
	char name[96];

	snprintf(name, sizeof(name), "device %s %zu bytes, %s", write ? "writes" : "reads", j->size, spec);
	bench_run(&(struct bench_row){
		.name = name,
		.fn = write ? device_write : device_read,
		.arg = j,
		.n = n,
		.budget = budget,
		.reference_name = "memcpy",
		.reference = copy,
		.reference_arg = j,
		.min_speed = min_speed,
	});
}

static void on(const char *spec)
{
	struct job j = {.host = calloc(2, 1 << 20)};
	struct dmasim_machine *machine = dmasim_machine_create(spec);
	void *buffer;

	if (!machine || !j.host) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		exit(1);
	}
	j.peer = j.host + (1 << 20);
	j.dev = dmasim_device_create("bench");
	buffer = kmalloc(1 << 20, GFP_KERNEL);
	if (!j.dev || !buffer)
		exit(1);
	memset(buffer, 1, 1 << 20);
	j.bus = dma_map_single(j.dev, buffer, 1 << 20, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(j.dev, j.bus))
		exit(1);
	j.size = 64;
	row(&j, spec, true, 20000, 30, 0);
	row(&j, spec, false, 20000, 30, 0);
	j.size = 64 << 10;
	row(&j, spec, true, 200, 0, 0.9);
	row(&j, spec, false, 200, 0, 0.9);
	j.size = 1 << 20;
	row(&j, spec, true, 20, 0, 0.9);
	row(&j, spec, false, 20, 0, 0.9);
	dma_unmap_single(j.dev, j.bus, 1 << 20, DMA_BIDIRECTIONAL);
	kfree(buffer);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		exit(1);
	}
	dmasim_machine_destroy(machine);
	free(j.host);
}

int main(int argc, char **argv)
{
	bench_init(argc, argv, "device");
	on("pc,guard=api,summary=off");
	on("worst,guard=api,summary=off");
	return bench_finish();
}
