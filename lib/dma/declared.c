// SPDX-License-Identifier: MIT
/*
 * Declared memory: RAM that platform code gives one device for all its coherent allocations, and nobody else.
 *
 * The region is reserved RAM (dmasim_reserve_ram()), seen by the CPU through a mapping of its own, by the device where
 * the declaration says. Pieces are regions of 2^order pages, first fit, one bit a page, as in the kernel. A device with
 * such memory gets nothing else: when it is full, allocations fail.
 *
 * Where the kernel takes anything for such a region, this asks the hardware: the CPU must be able to address it, and the
 * device must reach it at the given address. Register windows cannot be touched by plain loads and stores here.
 *
 * Weakness: the kernel frees such memory by its CPU address alone and checks nothing. Here the tracker compares all that
 * a free says, as for other coherent memory; only the check for interrupts is left out, as there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

struct declared {
	struct declared *next;
	struct dmasim_device_private *dev; /* NULL: the global one */
	phys_addr_t phys;
	dma_addr_t bus;
	char *cpu;
	u32 pages;
	unsigned long *map;
	struct dmasim_machine *m;
};

static int make(struct dmasim_machine *m, struct dmasim_device_private *p, phys_addr_t phys, dma_addr_t bus,
		size_t size, struct declared **out)
{
	phys_addr_t behind;
	struct declared *d;
	uint64_t len;

	if (!size || size & (SIM_PAGE_SIZE - 1) || phys & (SIM_PAGE_SIZE - 1))
		return sim_error(EINVAL, "declared memory of %zu bytes at 0x%llx: not whole pages", size, phys);
	if (!mm_is_reserved(m, phys, size))
		return sim_error(EINVAL,
				 "declared memory at 0x%llx: only RAM that dmasim_reserve_ram() gave can be "
				 "declared",
				 phys);
	if (p && (!sim_bus_to_phys(m->hw, bus, &behind, &len) || behind != phys || len < size))
		return sim_error(EINVAL, "declared memory: bus address 0x%llx does not reach physical 0x%llx", bus,
				 phys);
	for (d = m->dma->memory->declared; d; d = d->next)
		if (phys < d->phys + ((u64)d->pages << SIM_PAGE_SHIFT) && d->phys < phys + size)
			return sim_error(EBUSY, "declared memory at 0x%llx is another declaration's", phys);
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	*d = (struct declared){
		.dev = p,
		.phys = phys,
		.bus = bus,
		.pages = (u32)(size >> SIM_PAGE_SHIFT),
		.m = m,
		.next = m->dma->memory->declared,
	};
	d->map = calloc(BITS_TO_LONGS(d->pages), sizeof(long));
	d->cpu = d->map ? mm_vmap_range(m, phys, size, true) : NULL;
	if (!d->cpu || !sim_ram_charge(m->hw, phys, size)) {
		if (d->cpu)
			mm_vunmap(m, d->cpu, true);
		free(d->map);
		free(d);
		return -ENOMEM;
	}
	m->dma->memory->declared = d;
	*out = d;
	return 0;
}

static void drop(struct declared *d)
{
	struct declared **link = &d->m->dma->memory->declared;

	while (*link && *link != d)
		link = &(*link)->next;
	if (*link)
		*link = d->next;
	if (d->m->dma->memory->global == d)
		d->m->dma->memory->global = NULL;
	mm_vunmap(d->m, d->cpu, true);
	free(d->map);
	free(d);
}

void *dma_declared_alloc(struct dmasim_machine *m, struct declared *d, size_t size, dma_addr_t *handle,
			 phys_addr_t *phys)
{
	unsigned int order = dma_order_of(size), n;
	struct dma_buffer b = {.from = d, .allocator = d->dev ? DMASIM_ALLOCATOR_DECLARED : DMASIM_ALLOCATOR_GLOBAL};
	unsigned long at;

	if (order > 31 || 1U << order > d->pages)
		return NULL;
	n = 1U << order;
	at = bitmap_find_next_zero_area(d->map, d->pages, 0, n, n - 1);
	if (at >= d->pages)
		return NULL;
	b.size = (size_t)n << SIM_PAGE_SHIFT;
	b.phys = d->phys + ((phys_addr_t)at << SIM_PAGE_SHIFT);
	b.cpu = d->cpu + (at << SIM_PAGE_SHIFT);
	/* Its pages are allocated for checks that ask the page allocator. */
	if (!mm_run_take(m, b.phys, n, DMA_COHERENT_KIND, m->checks ? stack_entry(m) : 0))
		return NULL;
	bitmap_set(d->map, (unsigned int)at, n);
	if (!dma_buffer_add(m, &b))
		return NULL;
	memset(sim_ram_ptr(m->hw, b.phys), 0, b.size);
	*handle = d->bus + (at << SIM_PAGE_SHIFT);
	*phys = b.phys;
	return (void *)b.cpu;
}

void dma_declared_give(struct declared *d, phys_addr_t phys, size_t size)
{
	bitmap_clear(d->map, (unsigned int)((phys - d->phys) >> SIM_PAGE_SHIFT),
		     (unsigned int)(size >> SIM_PAGE_SHIFT));
	mm_run_give(d->m, phys, d->m->checks ? stack_entry(d->m) : 0);
}

bool dma_declared_owns(const struct dmasim_device_private *p, const void *cpu)
{
	const struct declared *d = p->declared;

	return d && (uintptr_t)cpu - (uintptr_t)d->cpu < (u64)d->pages << SIM_PAGE_SHIFT;
}

/* Everything in it goes, whatever still lives: reported as freed memory that is in use. */
static void release(struct declared *d)
{
	struct dmasim_machine *m = d->m;

	m->hooks.memory_freeing(m, d->phys, (size_t)d->pages << SIM_PAGE_SHIFT);
	for (u32 i = 0; i < d->pages; i++)
		if (test_bit((int)i, d->map))
			dma_buffer_release(m, d->cpu + ((size_t)i << SIM_PAGE_SHIFT));
	drop(d);
}

void dma_declared_device_gone(struct dmasim_device_private *p)
{
	struct declared *d = p->declared;

	p->declared = NULL;
	if (d)
		release(d);
}

void dma_declared_exit(struct dmasim_machine *m)
{
	while (m->dma->memory->declared)
		drop(m->dma->memory->declared);
}

/* ---- as platform code calls it ---- */

int dma_declare_coherent_memory(struct device *dev, phys_addr_t phys_addr, dma_addr_t device_addr, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_declare_coherent_memory");
	int err;

	if (!p)
		return -EINVAL;
	STACK_ENTER();
	if (p->declared)
		return sim_error(EBUSY, "%s has declared memory already", p->name);
	if (k_fails(p->machine, "dma_declare_coherent_memory", NULL))
		return -ENOMEM;
	err = make(p->machine, p, phys_addr, device_addr, size, &p->declared);
	return err;
}

void dma_release_coherent_memory(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_release_coherent_memory");

	if (!p)
		return;
	STACK_ENTER();
	dma_declared_device_gone(p);
}

int dma_alloc_from_dev_coherent(struct device *dev, ssize_t size, dma_addr_t *handle, void **ret)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_from_dev_coherent");
	phys_addr_t phys;

	if (!p || !p->declared || !handle || !ret)
		return 0;
	STACK_ENTER();
	*ret = size > 0 ? dma_declared_alloc(p->machine, p->declared, (size_t)size, handle, &phys) : NULL;
	return 1;
}

int dma_release_from_dev_coherent(struct device *dev, int order, void *vaddr)
{
	struct dmasim_device_private *p = k_device(dev, "dma_release_from_dev_coherent");

	(void)order; /* the piece's own is what goes back */
	if (!p || !dma_declared_owns(p, vaddr))
		return 0;
	STACK_ENTER();
	dma_buffer_release(p->machine, vaddr);
	return 1;
}

int dma_init_global_coherent(phys_addr_t phys_addr, size_t size)
{
	struct dmasim_machine *m = k_machine("dma_init_global_coherent");

	if (!m)
		return -ENODEV;
	if (m->dma->memory->global)
		return sim_error(EBUSY, "the machine has global coherent memory already");
	if (k_fails(m, "dma_init_global_coherent", NULL))
		return -ENOMEM;
	return make(m, NULL, phys_addr, 0, size, &m->dma->memory->global);
}

void *dma_alloc_from_global_coherent(struct device *dev, ssize_t size, dma_addr_t *handle)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_from_global_coherent");
	struct declared *d = p ? p->machine->dma->memory->global : NULL;
	dma_addr_t offset;
	phys_addr_t phys;
	void *cpu;

	if (!d || size <= 0 || !handle)
		return NULL;
	STACK_ENTER();
	cpu = dma_declared_alloc(p->machine, d, (size_t)size, &offset, &phys);
	if (cpu)
		*handle = phys_to_dma(dev, phys);
	return cpu;
}

int dma_release_from_global_coherent(int order, void *vaddr)
{
	struct dmasim_machine *m = k_machine("dma_release_from_global_coherent");
	const struct dma_buffer *b;

	(void)order;
	if (!m)
		return 0;
	STACK_ENTER();
	b = dma_buffer_find(m, vaddr);
	return b && b->allocator == DMASIM_ALLOCATOR_GLOBAL && dma_buffer_release(m, vaddr);
}
