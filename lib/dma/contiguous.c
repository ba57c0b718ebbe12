// SPDX-License-Identifier: MIT
/*
 * Areas of contiguous memory: for buffers bigger than the page allocator has blocks.
 *
 * An area is reserved RAM with a bitmap, one bit a page, in host memory. A run is the first free one at a multiple of
 * its order, up to 1 MiB, as kernels are configured. The default area is the machine's (cma=); a device may have one of
 * its own, which then serves it instead. Areas live as long as their machine.
 *
 * Weakness: pages that no run uses serve nobody. Kernels lend them to movable pages, and take them back by moving those
 * away, which may fail; here an area fails only when it is full.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

#define MAX_ALIGN_ORDER 8U
#define AREA_ALIGN	(4ULL << 20)

struct cma {
	struct cma *next;
	phys_addr_t base;
	u32 pages, used, peak;
	u64 allocated, failed;
	unsigned long *map;
};

static int make_area(struct dmasim_machine *m, phys_addr_t base, u64 size, phys_addr_t limit, struct cma **area)
{
	struct cma *a;

	/* A reservation cannot be undone, so what may fail otherwise comes first. */
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->pages = (u32)(size >> SIM_PAGE_SHIFT);
	a->map = calloc(BITS_TO_LONGS(a->pages), sizeof(long));
	if (a->map)
		a->base = mm_reserve(m, base, size, AREA_ALIGN, limit);
	if (!a->map || a->base == DMA_BAD_PHYS) {
		free(a->map);
		free(a);
		return -ENOMEM;
	}
	a->next = m->dma->memory->areas;
	m->dma->memory->areas = a;
	*area = a;
	return 0;
}

int dma_contiguous_init(struct dmasim_machine *m)
{
	const struct sim_config *cfg = &m->hw->cfg;

	if (!cfg->cma_size)
		return 0;
	if (make_area(m, cfg->cma_base, cfg->cma_size, ~(phys_addr_t)0, &m->dma->memory->default_area))
		return sim_error(ENOMEM, "no memory for cma=%llu@0x%llx", (unsigned long long)cfg->cma_size,
				 cfg->cma_base);
	return 0;
}

void dma_contiguous_exit(struct dmasim_machine *m)
{
	struct cma *a;

	while ((a = m->dma->memory->areas)) {
		m->dma->memory->areas = a->next;
		free(a->map);
		free(a);
	}
}

/* A struct device that the user embeds may carry an area of a machine that is gone. */
static bool is_area(const struct dmasim_machine *m, const struct cma *area)
{
	const struct cma *a = m->dma->memory->areas;

	while (a && a != area)
		a = a->next;
	return a != NULL;
}

struct cma *dma_contiguous_area(struct dmasim_machine *m, const struct device *dev)
{
	if (dev && dev->cma_area && is_area(m, dev->cma_area))
		return dev->cma_area;
	return m->dma->memory->default_area;
}

struct cma *dma_contiguous_for(struct dmasim_machine *m, const struct device *dev, size_t size, gfp_t gfp)
{
	struct cma *area = dma_contiguous_area(m, dev);

	if (!area || !(gfp & __GFP_DIRECT_RECLAIM))
		return NULL;
	return area != m->dma->memory->default_area || size > SIM_PAGE_SIZE ? area : NULL;
}

static phys_addr_t take(struct dmasim_machine *m, struct cma *a, size_t pages, unsigned int align, const char *kind)
{
	unsigned long step = 1UL << (align < MAX_ALIGN_ORDER ? align : MAX_ALIGN_ORDER), at;
	phys_addr_t phys;

	if (pages && pages <= a->pages - a->used) {
		at = bitmap_find_next_zero_area(a->map, a->pages, 0, (unsigned int)pages, step - 1);
		phys = a->base + ((phys_addr_t)at << SIM_PAGE_SHIFT);
		if (at < a->pages && mm_run_take(m, phys, pages, kind, m->checks ? stack_entry(m) : 0)) {
			bitmap_set(a->map, (unsigned int)at, (unsigned int)pages);
			a->used += (u32)pages;
			a->peak = a->used > a->peak ? a->used : a->peak;
			a->allocated++;
			return phys;
		}
	}
	a->failed++;
	return DMA_BAD_PHYS;
}

phys_addr_t dma_contiguous_take(struct dmasim_machine *m, struct cma *area, size_t size, const char *kind)
{
	return take(m, area, dma_whole_pages(size) >> SIM_PAGE_SHIFT, dma_order_of(size), kind);
}

void dma_contiguous_give(struct dmasim_machine *m, struct cma *a, phys_addr_t phys, size_t size)
{
	unsigned int at = (unsigned int)((phys - a->base) >> SIM_PAGE_SHIFT);
	unsigned int pages = (unsigned int)(size >> SIM_PAGE_SHIFT);

	mm_run_give(m, phys, m->checks ? stack_entry(m) : 0);
	bitmap_clear(a->map, at, pages);
	a->used -= pages;
}

/* ---- as platform code and backends of one's own call it ---- */

struct cma *dev_get_cma_area(struct device *dev)
{
	struct dmasim_machine *m = k_machine("dev_get_cma_area");

	return m ? dma_contiguous_area(m, dev) : NULL;
}

int dma_contiguous_reserve_area(phys_addr_t size, phys_addr_t base, phys_addr_t limit, struct cma **area, bool fixed)
{
	struct dmasim_machine *m = k_machine("dma_contiguous_reserve_area");
	struct cma *a;
	int err;

	if (!m)
		return -ENODEV;
	if (!size || !area || size > m->hw->ram.end - m->hw->ram.base || (fixed && base & (AREA_ALIGN - 1)))
		return -EINVAL;
	if (k_fails(m, "dma_contiguous_reserve_area", NULL))
		return -ENOMEM;
	size = (size + AREA_ALIGN - 1) & ~(AREA_ALIGN - 1);
	err = -ENOMEM;
	if (base)
		err = make_area(m, (base + AREA_ALIGN - 1) & ~(AREA_ALIGN - 1), size, ~(phys_addr_t)0, &a);
	if (err && (!base || !fixed))
		err = make_area(m, DMA_BAD_PHYS, size, limit ? limit - 1 : ~(phys_addr_t)0, &a);
	if (!err)
		*area = a;
	return err;
}

struct page *dma_alloc_from_contiguous(struct device *dev, size_t count, unsigned int order, bool no_warn)
{
	struct dmasim_machine *m = k_machine("dma_alloc_from_contiguous");
	phys_addr_t phys;
	struct cma *area;

	if (!m)
		return NULL;
	STACK_ENTER();
	k_might_sleep(m, "dma_alloc_from_contiguous");
	area = dma_contiguous_area(m, dev);
	if (!area || k_fails(m, "dma_alloc_from_contiguous", NULL))
		return NULL;
	phys = take(m, area, count, order, "contiguous pages");
	if (phys == DMA_BAD_PHYS && !no_warn && count)
		k_log(m, 3, "cma: no run of %zu pages is free: %u of %u are used", count, area->used, area->pages);
	return phys == DMA_BAD_PHYS ? NULL : phys_to_page(phys);
}

static void release_report(struct dmasim_machine *m, struct device *dev, const char *rule, phys_addr_t phys,
			   const struct mm_object *o, size_t count, const char *function)
{
	struct finding f = {.rule = rule, .dev = dev, .act_verb = "free", .phys = phys, .has_phys = true};

	f.cpu = sim_phys_to_virt(m->hw, phys);
	f.offset = phys - o->start;
	f.buffer_size = o->size;
	f.buffer_kind = o->kind;
	f.mapped = o->state == MM_ALLOCATED ? o->allocated : o->freed;
	f.mapped_time = o->state == MM_ALLOCATED ? o->allocated_time : o->freed_time;
	f.mapped_verb = o->state == MM_ALLOCATED ? "allocated" : "freed";
	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() of %zu pages from %s of %zu", function, count,
		 o->state == MM_ALLOCATED ? "a run" : "a place that is free, beside a run", o->size >> SIM_PAGE_SHIFT);
	if (o->state != MM_ALLOCATED)
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() of %zu pages that are free", function, count);
	k_report(m, &f);
}

/* True if the page is of an area. What is freed there is the run that was allocated, or nothing. */
static bool release(struct dmasim_machine *m, struct device *dev, phys_addr_t phys, size_t count, const char *function)
{
	struct cma *a = m->dma->memory->areas;
	struct mm_object o;

	while (a && phys - a->base >= (u64)a->pages << SIM_PAGE_SHIFT)
		a = a->next;
	if (!a)
		return false;
	mm_object_at(m, phys, &o);
	if (o.state != MM_ALLOCATED) {
		release_report(m, dev, o.freed ? "double-free" : "invalid-free", phys, &o, count, function);
		return true;
	}
	if (!strcmp(o.kind, DMA_COHERENT_KIND) || o.start != phys) {
		release_report(m, dev, "invalid-free", phys, &o, count, function);
		return true;
	}
	if (o.size >> SIM_PAGE_SHIFT != count)
		release_report(m, dev, "free-wrong-order", phys, &o, count, function);
	m->hooks.memory_freeing(m, o.start, o.size);
	dma_contiguous_give(m, a, o.start, o.size);
	return true;
}

bool dma_release_from_contiguous(struct device *dev, struct page *pages, int count)
{
	struct dmasim_machine *m = k_machine("dma_release_from_contiguous");
	phys_addr_t phys;

	if (!m || !pages)
		return false;
	STACK_ENTER();
	phys = page_to_phys(pages);
	return phys != DMA_BAD_PHYS && count > 0 && release(m, dev, phys, (size_t)count, "dma_release_from_contiguous");
}

struct page *dma_alloc_contiguous(struct device *dev, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("dma_alloc_contiguous");
	phys_addr_t phys = DMA_BAD_PHYS;
	struct cma *area;

	if (!m || !size || size > m->hw->ram.end - m->hw->ram.base)
		return NULL;
	STACK_ENTER();
	if (gfp & __GFP_DIRECT_RECLAIM)
		k_might_sleep(m, "dma_alloc_contiguous");
	if (k_fails(m, "dma_alloc_contiguous", "dma_alloc_from_contiguous"))
		return NULL;
	area = dma_contiguous_for(m, dev, size, gfp);
	if (area)
		phys = dma_contiguous_take(m, area, size, "contiguous pages");
	return phys == DMA_BAD_PHYS ? NULL : phys_to_page(phys);
}

void dma_free_contiguous(struct device *dev, struct page *page, size_t size)
{
	struct dmasim_machine *m = k_machine("dma_free_contiguous");
	phys_addr_t phys;

	if (!m || !page || !size)
		return;
	STACK_ENTER();
	phys = page_to_phys(page);
	if (phys == DMA_BAD_PHYS ||
	    !release(m, dev, phys, dma_whole_pages(size) >> SIM_PAGE_SHIFT, "dma_free_contiguous"))
		mm_put_pages(m, page, dma_order_of(size), "dma_free_contiguous");
}

void dmasim_dma_stats(struct dmasim_dma_stats *stats)
{
	const struct dmasim_machine *m = k_machine("dmasim_dma_stats");
	const struct dma_memory *mem = m ? m->dma->memory : NULL;

	if (!stats)
		return;
	*stats = (struct dmasim_dma_stats){0};
	if (!mem)
		return;
	for (const struct cma *a = mem->areas; a; a = a->next) {
		stats->cma_size += (u64)a->pages << SIM_PAGE_SHIFT;
		stats->cma_used += (u64)a->used << SIM_PAGE_SHIFT;
		stats->cma_peak += (u64)a->peak << SIM_PAGE_SHIFT;
		stats->cma_allocated += a->allocated;
		stats->cma_failed += a->failed;
	}
	dma_atomic_stats(m, stats);
	stats->caches_for_device = mem->for_device;
	stats->caches_for_cpu = mem->for_cpu;
	stats->caches_prepared = mem->prepared;
}

int dmasim_reserve_ram(size_t size, phys_addr_t *phys)
{
	struct dmasim_machine *m = k_thread.current;
	phys_addr_t at;

	if (!m)
		return sim_error(ENODEV, "no current machine");
	if (!size || size & (SIM_PAGE_SIZE - 1) || !phys)
		return sim_error(EINVAL, "%zu bytes to reserve: not a number of whole pages%s", size,
				 phys ? "" : ", or nowhere to put the address");
	at = mm_reserve(m, DMA_BAD_PHYS, size, 1 << 20, 0xffffffffULL);
	if (at == DMA_BAD_PHYS)
		return sim_error(ENOMEM, "no place for %zu bytes below 4 GiB that the page allocator has not used",
				 size);
	*phys = at;
	return 0;
}
