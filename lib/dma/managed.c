// SPDX-License-Identifier: MIT
/*
 * Coherent memory that is freed with the driver's binding.
 *
 * Each block has a record in host memory, on the device's list of managed resources and on one list of the machine, so
 * that a free by address finds it. The list is short by nature: a driver has a handful of such blocks.
 *
 * Weakness: finding a record is linear in the number of managed blocks of the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/check/dma_debug.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"

struct managed_block {
	struct managed_block *next;
	struct device *dev;
	void *cpu;
	dma_addr_t handle;
	size_t size;
	unsigned long attrs;
};

/* The link that points at the block of this address, or at the list's end. */
static struct managed_block **find(struct dmasim_machine *m, const struct device *dev, const void *cpu)
{
	struct managed_block **link = &m->dma->managed;

	while (*link && ((*link)->dev != dev || (*link)->cpu != cpu))
		link = &(*link)->next;
	return link;
}

static void unlink_block(struct dmasim_machine *m, struct managed_block *b)
{
	struct managed_block **link = &m->dma->managed;

	while (*link && *link != b)
		link = &(*link)->next;
	if (*link)
		*link = b->next;
}

/* The driver is unbound. */
static void release(struct device *dev, void *data)
{
	struct managed_block *b = data;
	struct dmasim_device_private *p = k_device(dev, "dmam_alloc_coherent");

	if (p) {
		unlink_block(p->machine, b);
		dma_coherent_free(p, b->size, b->cpu, b->handle, b->attrs, "release of dmam_alloc_coherent",
				  __builtin_frame_address(0));
	}
	free(b);
}

bool dma_managed_forget(struct dmasim_device_private *p, const void *cpu)
{
	struct managed_block **link = find(p->machine, p->dev, cpu), *b = *link;

	if (!b)
		return false;
	*link = b->next;
	k_devres_remove(p->dev, release, b);
	free(b);
	return true;
}

void dma_managed_exit(struct dmasim_machine *m)
{
	struct managed_block *b;

	while ((b = m->dma->managed)) {
		m->dma->managed = b->next;
		free(b);
	}
}

static void *alloc_managed(struct dmasim_device_private *p, size_t size, dma_addr_t *handle, gfp_t gfp,
			   unsigned long attrs, const char *function, void *frame)
{
	struct managed_block *b = malloc(sizeof(*b));

	if (!b)
		return NULL;
	b->dev = p->dev;
	b->size = size;
	b->attrs = attrs;
	b->cpu = dma_coherent_alloc(p, size, handle, gfp, attrs, function, frame);
	if (!b->cpu) {
		free(b);
		return NULL;
	}
	b->handle = *handle;
	if (k_devres_add(p->dev, release, b)) {
		dma_coherent_free(p, size, b->cpu, b->handle, attrs, function, frame);
		free(b);
		return NULL;
	}
	b->next = p->machine->dma->managed;
	p->machine->dma->managed = b;
	return b->cpu;
}

void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
{
	struct dmasim_device_private *p = k_device(dev, "dmam_alloc_coherent");

	if (!p || k_fails(p->machine, "dmam_alloc_coherent", "dma_alloc_coherent"))
		return NULL;
	return alloc_managed(p, size, handle, gfp, 0, "dmam_alloc_coherent", __builtin_frame_address(0));
}

void *dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dmam_alloc_attrs");

	if (!p || k_fails(p->machine, "dmam_alloc_coherent", "dma_alloc_attrs"))
		return NULL;
	return alloc_managed(p, size, handle, gfp, attrs, "dmam_alloc_attrs", __builtin_frame_address(0));
}

void dmam_free_coherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle)
{
	struct dmasim_device_private *p = k_device(dev, "dmam_free_coherent");
	struct finding f = {.rule = "coherent-free-mismatch", .dev = dev, .bus = handle, .has_bus = true};
	const struct managed_block *b;

	if (!p)
		return;
	/* by address, as the kernel: what the block was made with is the tracker's to compare */
	STACK_ENTER();
	b = *find(p->machine, p->dev, cpu_addr);
	if (!b || b->size != size || b->handle != handle) {
		struct dma_debug_at at = {.m = p->machine, .dev = dev};

		at.act = stack_entry(p->machine);
		dma_debug_warn(&at, ONCE_EVERY, NULL);
	}
	if (!dma_coherent_free(p, size, cpu_addr, handle, 0, "dmam_free_coherent", __builtin_frame_address(0)) ||
	    dma_managed_forget(p, cpu_addr))
		return;
	f.cpu = cpu_addr;
	f.size = f.buffer_size = size;
	f.buffer_kind = "coherent block";
	f.act_verb = "free";
	f.more[0].label = "managed";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "dmam_free_coherent() takes only what dmam_alloc_coherent() gave");
	dma_report(p->machine, &f);
}
