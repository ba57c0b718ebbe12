// SPDX-License-Identifier: MIT
/*
 * Memory in a list: dma_alloc_noncontiguous(), its views for the kernel and for the user program.
 *
 * One segment for the device. Without an IOMMU that is one run of pages, as the kernel's own fallback has it: a list of
 * one entry in the driver's memory. To the tracker it is a mapped list whose memory was allocated by the same call, so
 * that syncs find it like any list. What was allocated stands in a record of ours, found by the table's address: a
 * driver that damages its table hurts nobody.
 *
 * dma_vmap_noncontiguous() gives the address that the memory has anyway; on machines that hand out coherent memory
 * through a second window (uncached_alias=) a second view among vmalloc's, as an IOMMU's mapping would get. Views are
 * counted on all machines alike.
 *
 * Weakness: no machine has caches yet, so that flush_kernel_vmap_range() has nothing to do, and its lack no effect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/dma-direct.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"
#include "lib/sg/sg.h"

#define GONE 64

struct view {
	struct view *next;
	const void *cpu;
	bool alias;
};

struct block {
	struct block *next;
	struct dmasim_device_private *p;
	struct sg_table *sgt;	 /* the driver's address */
	struct scatterlist *sgl; /* and that of its entry */
	dma_addr_t bus;
	phys_addr_t phys;
	size_t size; /* whole pages */
	enum dma_data_direction dir;
	struct view *views;
};

/* m->dma->blocks */
struct dma_blocks {
	struct block *live;
	struct { /* freed: what the table of a second free named */
		const struct sg_table *sgt;
		dma_addr_t bus;
	} gone[GONE];
	unsigned int next_gone;
};

static struct block **find(struct dmasim_machine *m, const struct dmasim_device_private *p, const struct sg_table *sgt)
{
	struct block **at;

	if (!m->dma->blocks)
		return NULL;
	for (at = &m->dma->blocks->live; *at; at = &(*at)->next)
		if ((*at)->sgt == sgt && (*at)->p == p)
			return at;
	return NULL;
}

static struct track_op op_of(const struct dma_call *call, const struct block *b, size_t size,
			     enum dma_data_direction dir)
{
	return (struct track_op){
		.dev = call->dev,
		.kind = EXTENT_NONCONTIGUOUS,
		.dir = dir,
		.bus = b ? b->bus : DMA_MAPPING_ERROR,
		.phys = b ? b->phys : DMA_BAD_PHYS,
		.size = dma_whole_pages(size),
		.function = call->function,
		.frame = call->frame,
		.allocated = true,
		.nents = 1,
	};
}

/* What the kernel warns of, or would not survive. */
static void warn(const struct dma_call *call, const struct block *b, const char *verb, const char *label,
		 const char *text)
{
	struct finding f = {.rule = "kernel-warning", .dev = call->dev->dev, .act_verb = verb};

	if (!strcmp(verb, "allocate"))
		f.dma.call = DMA_CALL_MAP;
	if (b) {
		f.size = b->size;
		f.bus = b->bus;
		f.phys = b->phys;
		f.has_bus = f.has_phys = true;
	}
	f.more[0].label = label;
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s", text);
	dma_report(call->dev->machine, &f);
}

/* ---- allocate ---- */

/* The list, in the driver's memory. */
static struct sg_table *make_table(struct dmasim_machine *m, struct block *b, gfp_t gfp, const char *function)
{
	struct sg_table *sgt = mm_kmalloc(m, sizeof(*sgt), gfp & ~(gfp_t)__GFP_COMP, function), *t;
	struct scatterlist *e;
	uintptr_t good;

	t = sgt ? sg_memory(m, sgt, sizeof(*t), &good) : NULL;
	if (!t)
		return NULL;
	if (sg_table_make(m, t, 1, function)) {
		mm_kfree(m, sgt, function);
		return NULL;
	}
	e = sg_memory(m, t->sgl, sizeof(*e), &good);
	sg_set_page(e, phys_to_page(b->phys), (unsigned int)b->size, 0);
	e->dma_address = b->bus;
	e->dma_length = (unsigned int)b->size;
	b->sgl = t->sgl;
	return b->sgt = sgt;
}

static void give_pages(struct dmasim_device_private *p, const struct block *b)
{
	const struct dma_map_ops *ops = dma_ops_of(p);

	if (ops->free_pages)
		ops->free_pages(p->dev, b->size, phys_to_page(b->phys), b->bus, b->dir);
}

static struct sg_table *allocate(const struct dma_call *call, size_t size, enum dma_data_direction dir, gfp_t gfp,
				 unsigned long attrs)
{
	struct dmasim_device_private *p = call->dev;
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = op_of(call, NULL, size, dir);
	struct dma_blocks *blocks = m->dma->blocks;
	struct page *page;
	struct block *b;

	if (attrs & ~(unsigned long)DMA_ATTR_ALLOC_SINGLE_PAGES) {
		char text[128];

		snprintf(text, sizeof(text), "%s() with 0x%lx: it returns NULL for all but DMA_ATTR_ALLOC_SINGLE_PAGES",
			 call->function, attrs);
		warn(call, NULL, "allocate", "attributes", text);
		return NULL;
	}
	op.size = size && !op.size ? size : op.size; /* too many to be rounded */
	if (!dma_alloc_arguments_ok(p, &op, gfp) || op.size > UINT32_MAX - SIM_PAGE_SIZE)
		return NULL;
	if (!blocks)
		blocks = m->dma->blocks = calloc(1, sizeof(*blocks));
	b = blocks ? calloc(1, sizeof(*b)) : NULL;
	if (!b)
		return NULL;
	*b = (struct block){.p = p, .size = op.size, .dir = dir};
	page = ops->alloc_pages_op ? ops->alloc_pages_op(p->dev, b->size, &b->bus, dir, gfp & ~(gfp_t)__GFP_COMP)
				   : NULL;
	b->phys = page ? page_to_phys(page) : DMA_BAD_PHYS;
	if (!page || !make_table(m, b, gfp, call->function)) {
		if (page)
			give_pages(p, b);
		free(b);
		return NULL;
	}
	b->next = blocks->live;
	blocks->live = b;
	if (m->checks) {
		struct track_sg sg = {p, b->sgl, 1, dir, attrs, call->function, call->frame};
		u32 list = track_sg_begin(m, &sg, 1);

		op.bus = b->bus;
		op.phys = b->phys;
		op.attrs = attrs;
		op.cpu = page_address(page);
		if (list)
			track_sg_entry(m, list, &op);
	}
	return b->sgt;
}

/* ---- free ---- */

static void drop_views(struct dmasim_machine *m, struct block *b)
{
	struct view *v;

	while ((v = b->views)) {
		b->views = v->next;
		if (v->alias)
			mm_vunmap(m, v->cpu, false);
		free(v);
	}
}

/* The tracker has ended it. The table is freed by what it was made with. */
static void end(const struct dma_call *call, struct block **at)
{
	struct dmasim_machine *m = call->dev->machine;
	struct dma_blocks *blocks = m->dma->blocks;
	struct block *b = *at;
	struct sg_table good = {.sgl = b->sgl, .nents = 1, .orig_nents = 1};

	if (b->views)
		warn(call, b, "free", "view", "dma_vmap_noncontiguous() was not undone by dma_vunmap_noncontiguous()");
	*at = b->next;
	drop_views(m, b);
	blocks->gone[blocks->next_gone].sgt = b->sgt;
	blocks->gone[blocks->next_gone].bus = b->bus;
	blocks->next_gone = (blocks->next_gone + 1) % GONE;
	sg_table_end(m, &good, call->function);
	mm_kfree(m, b->sgt, call->function);
	give_pages(b->p, b);
	free(b);
}

void dma_noncontiguous_release(struct dmasim_device_private *p, const struct track_unmapped *real)
{
	const struct dma_call call = {.dev = p, .function = "dma_free_noncontiguous"};
	struct block **at = p->machine->dma->blocks ? &p->machine->dma->blocks->live : NULL;

	for (; at && *at; at = &(*at)->next)
		if ((*at)->p == p && (*at)->phys == real->phys) {
			end(&call, at);
			return;
		}
}

static void free_block(const struct dma_call *call, size_t size, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct dmasim_machine *m = call->dev->machine;
	struct block **at = find(m, call->dev, sgt);
	struct track_op op = op_of(call, at ? *at : NULL, size, dir);
	struct track_unmapped real;

	if (k_model_call(m, call->function) || !dma_direction_ok(call->dev, &op, "free"))
		return;
	if (!m->checks) {
		if (at)
			end(call, at);
		return;
	}
	for (unsigned int i = 0; !at && m->dma->blocks && sgt && i < GONE; i++)
		if (m->dma->blocks->gone[i].sgt == sgt)
			op.bus = m->dma->blocks->gone[i].bus;
	track_unmap(m, &op, &real);
	if (real.found)
		dma_release(call->dev, &real, op.bus);
}

void dma_noncontiguous_exit(struct dmasim_machine *m)
{
	struct dma_blocks *blocks = m->dma->blocks;
	struct block *b;

	while (blocks && (b = blocks->live)) {
		blocks->live = b->next;
		drop_views(m, b);
		free(b);
	}
	free(blocks);
	m->dma->blocks = NULL;
}

/* ---- views ---- */

/* The block that a call names by its table and size; NULL: none, and reported. */
static struct block *named(const struct dma_call *call, size_t size, struct sg_table *sgt)
{
	struct dmasim_machine *m = call->dev->machine;
	struct block **at = find(m, call->dev, sgt);
	struct track_op op = op_of(call, at ? *at : NULL, size, at ? (*at)->dir : DMA_BIDIRECTIONAL);
	struct track_unmapped real;

	if (m->checks && !track_allocation(m, &op, &real))
		return NULL;
	return at ? *at : NULL;
}

static void *add_view(const struct dma_call *call, struct block *b)
{
	struct dmasim_machine *m = call->dev->machine;
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->alias = m->hw->cfg.uncached_alias;
	v->cpu = v->alias ? mm_vmap_range(m, b->phys, b->size, false) : page_address(phys_to_page(b->phys));
	if (!v->cpu) {
		free(v);
		return NULL;
	}
	v->next = b->views;
	b->views = v;
	return (void *)v->cpu;
}

static void end_view(const struct dma_call *call, const void *cpu)
{
	struct dmasim_machine *m = call->dev->machine;
	struct block *b = m->dma->blocks ? m->dma->blocks->live : NULL;
	char text[128];

	for (; b; b = b->next) {
		struct view **at = &b->views, *v;

		for (; b->p == call->dev && (v = *at); at = &v->next) {
			if (v->cpu != cpu)
				continue;
			*at = v->next;
			if (v->alias)
				mm_vunmap(m, cpu, false);
			free(v);
			return;
		}
	}
	snprintf(text, sizeof(text), "%p is none that dma_vmap_noncontiguous() gave, or was undone before", cpu);
	warn(call, NULL, "undo", "view", text);
}

/* ---- public names ---- */

struct sg_table *dma_alloc_noncontiguous(struct device *dev, size_t size, enum dma_data_direction dir, gfp_t gfp,
					 unsigned long attrs)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_alloc_noncontiguous"), "dma_alloc_noncontiguous", NULL);

	if (!call.dev || k_fails(call.dev->machine, call.function, NULL))
		return NULL;
	STACK_ENTER();
	return allocate(&call, size, dir, gfp, attrs);
}

void dma_free_noncontiguous(struct device *dev, size_t size, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_free_noncontiguous"), "dma_free_noncontiguous", NULL);

	if (!call.dev)
		return;
	STACK_ENTER();
	free_block(&call, size, sgt, dir);
}

void *dma_vmap_noncontiguous(struct device *dev, size_t size, struct sg_table *sgt)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_vmap_noncontiguous"), "dma_vmap_noncontiguous", NULL);
	struct block *b;

	if (!call.dev || k_fails(call.dev->machine, call.function, NULL))
		return NULL;
	STACK_ENTER();
	if (k_model_call(call.dev->machine, call.function))
		return NULL;
	k_might_sleep(call.dev->machine, call.function);
	b = named(&call, size, sgt);
	return b ? add_view(&call, b) : NULL;
}

void dma_vunmap_noncontiguous(struct device *dev, void *vaddr)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_vunmap_noncontiguous"), "dma_vunmap_noncontiguous", NULL);

	if (!call.dev)
		return;
	STACK_ENTER();
	if (!k_model_call(call.dev->machine, call.function))
		end_view(&call, vaddr);
}

int dma_mmap_noncontiguous(struct device *dev, struct vm_area_struct *vma, size_t size, struct sg_table *sgt)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_mmap_noncontiguous"), "dma_mmap_noncontiguous", NULL);
	struct block **at;
	struct track_op op;

	if (!call.dev)
		return -ENXIO;
	STACK_ENTER();
	at = find(call.dev->machine, call.dev, sgt);
	op = op_of(&call, at ? *at : NULL, size, at ? (*at)->dir : DMA_BIDIRECTIONAL);
	return dma_show_list(&op, vma);
}

void flush_kernel_vmap_range(void *vaddr, int size)
{
	(void)vaddr;
	(void)size;
	k_machine("flush_kernel_vmap_range");
}

void invalidate_kernel_vmap_range(void *vaddr, int size)
{
	(void)vaddr;
	(void)size;
	k_machine("invalidate_kernel_vmap_range");
}
