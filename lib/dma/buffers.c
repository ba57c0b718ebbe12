// SPDX-License-Identifier: MIT
/*
 * Which allocator served which coherent memory.
 *
 * A plain block of pages needs no record: the page allocator knows it. All else (a run of contiguous memory, a view of
 * its own, a piece of a pool) is remembered here by the CPU's address, so that it goes back where it came from whatever
 * the driver says at the free, and whichever operations the device has by then.
 *
 * A chained hash, doubled when it has as many records as chains.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/mm.h>
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

static u32 slot(const struct dma_buffers *t, const void *cpu)
{
	return (u32)(((uintptr_t)cpu >> SIM_PAGE_SHIFT) * 0x9e3779b97f4a7c15ULL >> 40) & (t->nr_buckets - 1);
}

static bool room(struct dma_buffers *t)
{
	u32 n = t->nr_buckets ? 2 * t->nr_buckets : 64;
	struct dma_buffers bigger = {.nr = t->nr, .nr_buckets = n};

	if (t->nr < t->nr_buckets)
		return true;
	bigger.bucket = calloc(n, sizeof(*bigger.bucket));
	if (!bigger.bucket)
		return false;
	for (u32 i = 0; i < t->nr_buckets; i++) {
		struct dma_buffer *b, *next;

		for (b = t->bucket[i]; b; b = next) {
			struct dma_buffer **head = &bigger.bucket[slot(&bigger, b->cpu)];

			next = b->next;
			b->next = *head;
			*head = b;
		}
	}
	free(t->bucket);
	*t = bigger;
	return true;
}

static void undo(struct dmasim_machine *m, const struct dma_buffer *b)
{
	if (b->view)
		mm_vunmap(m, b->cpu, true);
	switch (b->allocator) {
	case DMASIM_ALLOCATOR_CMA:
		dma_contiguous_give(m, b->from, b->phys, b->size);
		break;
	case DMASIM_ALLOCATOR_SIMPLE:
	case DMASIM_ALLOCATOR_REMAP:
		mm_free_block(m, b->phys, dma_order_of(b->size), m->checks ? stack_entry(m) : 0);
		break;
	case DMASIM_ALLOCATOR_POOL:
		dma_atomic_give(m, b->phys, b->size);
		break;
	case DMASIM_ALLOCATOR_DECLARED:
	case DMASIM_ALLOCATOR_GLOBAL:
		dma_declared_give(b->from, b->phys, b->size);
		break;
	default:
		break;
	}
}

bool dma_buffer_add(struct dmasim_machine *m, const struct dma_buffer *b)
{
	struct dma_buffers *t = &m->dma->memory->buffers;
	struct dma_buffer *copy = malloc(sizeof(*copy)), **head;

	if (!copy || !room(t)) {
		free(copy);
		undo(m, b);
		return false;
	}
	head = &t->bucket[slot(t, b->cpu)];
	*copy = *b;
	copy->next = *head;
	*head = copy;
	t->nr++;
	return true;
}

static struct dma_buffer **find(const struct dmasim_machine *m, const void *cpu)
{
	const struct dma_buffers *t = &m->dma->memory->buffers;
	struct dma_buffer **link;

	if (!t->nr)
		return NULL;
	for (link = &t->bucket[slot(t, cpu)]; *link; link = &(*link)->next)
		if ((*link)->cpu == cpu)
			return link;
	return NULL;
}

struct dma_buffer *dma_buffer_find(const struct dmasim_machine *m, const void *cpu)
{
	struct dma_buffer **link = find(m, cpu);

	return link ? *link : NULL;
}

bool dma_buffer_release(struct dmasim_machine *m, const void *cpu)
{
	struct dma_buffer **link = find(m, cpu), *b;

	if (!link)
		return false;
	b = *link;
	*link = b->next;
	m->dma->memory->buffers.nr--;
	undo(m, b);
	free(b);
	return true;
}

void dma_buffers_exit(struct dmasim_machine *m)
{
	struct dma_buffers *t = &m->dma->memory->buffers;

	for (u32 i = 0; i < t->nr_buckets; i++) {
		struct dma_buffer *b, *next;

		for (b = t->bucket[i]; b; b = next) {
			next = b->next;
			free(b); /* the memory itself goes with the machine */
		}
	}
	free(t->bucket);
	*t = (struct dma_buffers){0};
}

/* ---- native calls ---- */

enum dmasim_allocator dmasim_allocator_of(const void *cpu_addr)
{
	struct dmasim_machine *m = k_machine("dmasim_allocator_of");
	const struct dma_buffer *b;
	struct mm_object o;
	enum mm_address_kind kind;
	phys_addr_t phys;

	if (!m || !cpu_addr)
		return DMASIM_ALLOCATOR_NONE;
	b = dma_buffer_find(m, cpu_addr);
	if (b)
		return b->allocator;
	phys = dma_direct_cookie_phys(m, cpu_addr);
	if (phys == DMA_BAD_PHYS)
		phys = mm_classify(m, cpu_addr, &kind);
	if (phys == DMA_BAD_PHYS)
		return DMASIM_ALLOCATOR_NONE;
	mm_object_at(m, phys, &o);
	return o.state == MM_ALLOCATED && o.start == phys && !strcmp(o.kind, DMA_COHERENT_KIND) ? DMASIM_ALLOCATOR_PAGES
												: DMASIM_ALLOCATOR_NONE;
}

const char *dmasim_allocator_name(enum dmasim_allocator allocator)
{
	static const char *const names[] = {
		[DMASIM_ALLOCATOR_NONE] = "none",	  [DMASIM_ALLOCATOR_PAGES] = "pages",
		[DMASIM_ALLOCATOR_CMA] = "cma",		  [DMASIM_ALLOCATOR_SIMPLE] = "simple",
		[DMASIM_ALLOCATOR_REMAP] = "remap",	  [DMASIM_ALLOCATOR_POOL] = "pool",
		[DMASIM_ALLOCATOR_DECLARED] = "declared", [DMASIM_ALLOCATOR_GLOBAL] = "global",
	};

	return (unsigned int)allocator < sizeof(names) / sizeof(*names) ? names[allocator] : "none";
}
