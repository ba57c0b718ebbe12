// SPDX-License-Identifier: MIT
/* What a driver does between mappings: allocate, lock, let time pass, touch memory through the accessors. */
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/dmasim.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "tests/bench/bench.h"

struct place {
	spinlock_t lock;
	void *buffer;
	void __iomem *regs;
};

static void kmalloc_kfree(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++) {
		void *p = kmalloc(200, GFP_KERNEL);

		if (!p)
			abort();
		kfree(p);
	}
}

static void malloc_free(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++) {
		void *p = malloc(200);

		bench_keep(p);
		free(p);
	}
}

static void page_pair(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++) {
		unsigned long p = __get_free_page(GFP_KERNEL);

		if (!p)
			abort();
		free_page(p);
	}
}

static void lock_pair(void *arg, uint64_t n)
{
	struct place *place = arg;

	for (uint64_t i = 0; i < n; i++) {
		spin_lock(&place->lock);
		spin_unlock(&place->lock);
	}
}

static void lock_irqsave_pair(void *arg, uint64_t n)
{
	struct place *place = arg;
	unsigned long flags;

	for (uint64_t i = 0; i < n; i++) {
		spin_lock_irqsave(&place->lock, flags);
		spin_unlock_irqrestore(&place->lock, flags);
	}
}

static void run_for(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++)
		dmasim_run_for(1);
}

static void write_barrier(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++)
		wmb();
}

static void poll_register(void *arg, uint64_t n)
{
	struct place *place = arg;

	for (uint64_t i = 0; i < n; i++)
		readl(place->regs);
}

static void load(void *arg, uint64_t n)
{
	struct place *place = arg;

	for (uint64_t i = 0; i < n; i++)
		dmasim_load32(place->buffer);
}

static uint64_t register_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)size;
	return offset;
}

static const struct dmasim_mmio_ops registers = {.read = register_read};

int main(int argc, char **argv)
{
	struct dmasim_machine *machine;
	struct device *dev;
	struct place place;

	bench_init(argc, argv, "calls");
	machine = dmasim_machine_create("pc,poison=off,guard=api,summary=off");
	dev = machine ? dmasim_device_create("bench") : NULL;
	if (!dev) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		return 1;
	}
	spin_lock_init(&place.lock);
	place.buffer = kmalloc(4096, GFP_KERNEL | __GFP_ZERO);
	place.regs = dmasim_device_add_mmio(dev, 4096, &registers, NULL);
	if (!place.buffer || !place.regs)
		return 1;
	bench_run(&(struct bench_row){.name = "kmalloc+kfree 200 bytes",
				      .fn = kmalloc_kfree,
				      .n = 20000,
				      .budget = 100,
				      .reference_name = "malloc+free",
				      .reference = malloc_free});
	bench_run(&(struct bench_row){.name = "page alloc+free", .fn = page_pair, .n = 20000});
	bench_run(&(struct bench_row){
		.name = "spin_lock+unlock", .fn = lock_pair, .arg = &place, .n = 20000, .budget = 60});
	bench_run(&(struct bench_row){.name = "spin_lock_irqsave+unlock_irqrestore",
				      .fn = lock_irqsave_pair,
				      .arg = &place,
				      .n = 20000,
				      .budget = 60});
	bench_run(
		&(struct bench_row){.name = "barrier, a safe point with nothing due", .fn = write_barrier, .n = 20000});
	bench_run(&(struct bench_row){.name = "dmasim_run_for(1), nothing due", .fn = run_for, .n = 20000});
	bench_run(&(struct bench_row){
		.name = "readl of a device's register", .fn = poll_register, .arg = &place, .n = 20000});
	bench_run(&(struct bench_row){
		.name = "checked load, memory not mapped for DMA", .fn = load, .arg = &place, .n = 20000});
	kfree(place.buffer);
	if (dmasim_violation_count()) {
		fprintf(stderr, "%zu violations in a benchmark\n", dmasim_violation_count());
		return 1;
	}
	dmasim_machine_destroy(machine);
	return bench_finish();
}
