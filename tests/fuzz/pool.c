// SPDX-License-Identifier: MIT
/*
 * dma_pools under drivers that do anything: right calls, wrong pools, wrong pairs, dead pools, bytes from nowhere, devices and
 * the CPU in every block. Whatever is reported, the pools' own records stay consistent, and no block is handed out twice.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include "lib/dma/pool.h"
#include "tests/fuzz/fuzz.h"

#define POOLS  6
#define BLOCKS 64

unsigned long fuzz_operations;

struct world {
	struct fuzz_input in;
	struct dmasim_machine *machine;
	struct device *devices[2];
	struct dma_pool *pools[POOLS]; /* dead ones too */
	struct {
		uint8_t *cpu;
		dma_addr_t bus;
		unsigned int pool;
	} blocks[BLOCKS]; /* freed ones too */
};

static size_t any_size(struct fuzz_input *in)
{
	static const size_t sizes[] = {0,   1,	  4,	16,   48,   60,	   64,	     100,
				       512, 2048, 4095, 4096, 4097, 20000, 1u << 31, SIZE_MAX};

	return sizes[fuzz_below(in, sizeof(sizes) / sizeof(*sizes))];
}

static size_t any_power(struct fuzz_input *in)
{
	return fuzz_below(in, 8) ? (size_t)1 << fuzz_below(in, 14) : any_size(in);
}

static struct dma_pool *any_pool(struct world *w, unsigned int k)
{
	static char nonsense[1024];

	switch (fuzz_below(&w->in, 64)) {
	case 0:
		return (struct dma_pool *)(void *)nonsense;
	case 1:
		return (struct dma_pool *)((uintptr_t)w->pools[k] + 64);
	default:
		return w->pools[k];
	}
}

static void create(struct world *w)
{
	unsigned int k = fuzz_below(&w->in, POOLS);
	struct device *dev = w->devices[fuzz_below(&w->in, 2)];
	size_t size = any_size(&w->in), align = fuzz_below(&w->in, 2) ? any_power(&w->in) : 0;
	size_t boundary = fuzz_below(&w->in, 2) ? any_power(&w->in) : 0;
	const char *name = fuzz_below(&w->in, 4) ? "a pool with a name that is longer than it should be" : NULL;

	if (w->pools[k])
		return;
	w->pools[k] = fuzz_below(&w->in, 4) ? dma_pool_create(name, dev, size, align, boundary)
					    : dmam_pool_create(name, dev, size, align, boundary);
}

static void destroy(struct world *w)
{
	unsigned int k = fuzz_below(&w->in, POOLS);

	if (fuzz_below(&w->in, 4))
		return;
	if (fuzz_below(&w->in, 2))
		dma_pool_destroy(any_pool(w, k));
	else
		dmam_pool_destroy(any_pool(w, k));
	if (fuzz_below(&w->in, 2))
		w->pools[k] = NULL;
}

static void alloc(struct world *w)
{
	unsigned int k = fuzz_below(&w->in, POOLS), i = fuzz_below(&w->in, BLOCKS);
	gfp_t gfp = fuzz_below(&w->in, 2) ? GFP_KERNEL : GFP_ATOMIC | __GFP_ZERO;
	dma_addr_t *bus = fuzz_below(&w->in, 32) ? &w->blocks[i].bus : NULL;
	uint8_t *p = fuzz_below(&w->in, 2) ? dma_pool_alloc(any_pool(w, k), gfp, bus)
					   : dma_pool_zalloc(any_pool(w, k), gfp, bus);

	w->blocks[i].cpu = p;
	w->blocks[i].pool = k;
}

static void release(struct world *w)
{
	unsigned int i = fuzz_below(&w->in, BLOCKS), other = fuzz_below(&w->in, BLOCKS);
	unsigned int wrong = fuzz_below(&w->in, 16), k = w->blocks[i].pool;
	uint8_t *cpu = w->blocks[i].cpu;
	dma_addr_t bus = w->blocks[i].bus;

	if (wrong == 0)
		bus = w->blocks[other].bus;
	else if (wrong == 1)
		bus += fuzz_below(&w->in, 5000);
	else if (wrong == 2)
		cpu = (uint8_t *)((uintptr_t)cpu + fuzz_below(&w->in, 5000));
	else if (wrong == 3)
		k = fuzz_below(&w->in, POOLS);
	else if (wrong == 4)
		cpu = NULL;
	else if (wrong == 5)
		bus = fuzz_u64(&w->in);
	dma_pool_free(any_pool(w, k), cpu, bus);
}

static void device(struct world *w)
{
	static uint8_t data[6000];
	struct device *dev = w->devices[fuzz_below(&w->in, 2)];
	dma_addr_t bus = w->blocks[fuzz_below(&w->in, BLOCKS)].bus;
	size_t n = 1 + fuzz_below(&w->in, fuzz_below(&w->in, 4) ? 64 : 6000);

	bus += fuzz_below(&w->in, 4) ? 0 : fuzz_below(&w->in, 200) - 100ULL;
	switch (fuzz_below(&w->in, 4)) {
	case 0:
		dmasim_device_start_write(dev, bus, data, n, fuzz_below(&w->in, 100), NULL, NULL);
		break;
	case 1:
		dmasim_device_write(dev, bus, data, n);
		break;
	default:
		dmasim_device_read(dev, bus, data, n);
	}
	if (fuzz_below(&w->in, 4) == 0)
		dmasim_run_for(1000);
}

static void cpu(struct world *w)
{
	uint8_t *p = w->blocks[fuzz_below(&w->in, BLOCKS)].cpu;

	if (!p)
		return;
	p += fuzz_below(&w->in, 4) ? 0 : fuzz_below(&w->in, 80);
	if (!sim_region_of(p))
		return;
	if (fuzz_below(&w->in, 2))
		dmasim_store8(p, (uint8_t)fuzz_below(&w->in, 256));
	else
		(void)dmasim_load8(p);
}

static void look(struct world *w)
{
	char text[300];

	if (dmasim_dump_pools(w->devices[fuzz_below(&w->in, 2)], text, fuzz_below(&w->in, sizeof(text))) < 15)
		abort();
	for (unsigned int k = 0; k < POOLS; k++)
		if (pool_is_one(w->machine, w->pools[k]) && w->pools[k]->state == POOL_ALIVE)
			pool_check(w->pools[k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const specs[] = {
		"pc,ram=64M,summary=off,report=none",
		"worst,ram=64M,summary=off,report=none",
		"pc,ram=64M,summary=off,report=none,poison=on,pool_quirk=on,lint=on",
		"worst,ram=64M,report=text,log=/dev/null,pool_redzone=on,quarantine=3",
		"worst,ram=64M,summary=off,report=none,checks=off",
	};
	static void (*const calls[])(struct world *) = {
		create, destroy, alloc, alloc, alloc, release, release, device, cpu, look,
	};
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return 0;
	w->in.data = data;
	w->in.size = size;
	w->machine = dmasim_machine_create(specs[fuzz_below(&w->in, 5)]);
	if (!w->machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		abort();
	}
	w->devices[0] = dmasim_device_create("fuzz0");
	w->devices[1] = dmasim_device_create("fuzz1");
	while (w->in.size) {
		fuzz_operations++;
		calls[fuzz_below(&w->in, sizeof(calls) / sizeof(*calls))](w);
	}
	look(w);
	if (fuzz_below(&w->in, 2))
		dmasim_device_destroy(w->devices[1]);
	if (dmasim_machine_destroy(w->machine))
		abort();
	free(w);
	return 0;
}
