// SPDX-License-Identifier: MIT
/*
 * The direct backend: the bus shows RAM as it is, perhaps shifted by the bridge's windows.
 *
 * Mapping is arithmetic: translate, then ask whether the device can drive the last address. Nothing is remembered, so
 * unmapping has nothing to undo, and a driver's wrong unmap cannot hurt. Coherent memory is a page block, taken from
 * the zone that the coherent mask suggests; if that turns out to lie too high, from the next lower zone, as the
 * kernel does it.
 *
 * Weakness: memory that the device cannot drive is refused. Machines with bounce buffers have the operations of
 * swiotlb_ops.c instead, which copy.
 */
#include <errno.h>
#include <string.h>
#include <linux/dma-direct.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "lib/check/check.h"
#include "lib/check/dma_debug.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"
#include "lib/mm/mm.h"

#define OVERFLOW "DMA addr 0x%016llx+%zu overflow (mask %llx, bus limit %llx)."

dma_addr_t dma_direct_refused(struct device *dev, dma_addr_t addr, size_t size, unsigned long attrs)
{
	struct dmasim_machine *m = k_thread.current;

	m->dma->overflows++;
	m->hooks.fact(m, "mappings refused: beyond what the device can address", m->dma->overflows);
	if (!(attrs & DMA_ATTR_NO_WARN))
		sim_error(EIO, "%s: DMA address 0x%llx+%zu exceeds mask %llx, bus limit %llx", k_device_name(dev), addr,
			  size, dev->dma_mask ? *dev->dma_mask : 0, dev->bus_dma_limit);
	return DMA_MAPPING_ERROR;
}

/* What the device could not drive, said once a boot; not a driver's mistake by itself. */
dma_addr_t dma_direct_overflow(struct device *dev, dma_addr_t addr, size_t size, unsigned long attrs)
{
	struct dmasim_machine *m = k_thread.current;
	struct dma_debug_at at = {.m = m, .dev = dev};
	u64 mask = dev->dma_mask ? *dev->dma_mask : 0;

	at.act = stack_entry(m);
	if (attrs & DMA_ATTR_MMIO) {
		if (!(m->dma_debug->once & 1U << ONCE_OVERFLOW_RESOURCE))
			dma_debug_dev_err(m, dev, OVERFLOW, addr, size, mask, dev->bus_dma_limit);
		dma_debug_warn(&at, ONCE_OVERFLOW_RESOURCE, NULL);
	} else {
		dma_debug_dev_warn(&at, ONCE_OVERFLOW, OVERFLOW, addr, size, mask, dev->bus_dma_limit);
	}
	return dma_direct_refused(dev, addr, size, attrs);
}

static void direct_unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			      unsigned long attrs)
{
	(void)dev;
	(void)addr;
	(void)size;
	(void)dir;
	(void)attrs;
}

/* ---- masks ---- */

/*
 * Any mask of 32 bits or more is accepted, even when RAM lies above: the kernel promises to find memory below. A
 * smaller one only if it covers what the lowest zone can guarantee.
 */
static int direct_supported(struct device *dev, u64 mask)
{
	const struct sim_config *cfg;
	struct dmasim_machine *m;
	phys_addr_t need;

	if (mask >= DMA_BIT_MASK(32))
		return 1;
	if (!k_device(dev, "dma_map_ops.dma_supported"))
		return 0;
	m = k_thread.current;
	cfg = &m->hw->cfg;
	need = m->dma->last_page;
	if (cfg->dma_zone_end && cfg->dma_zone_end - 1 < need)
		need = cfg->dma_zone_end - 1;
	return mask >= phys_to_dma(dev, need);
}

static u64 direct_required_mask(struct device *dev)
{
	u64 top = 0;

	if (k_device(dev, "dma_map_ops.get_required_mask"))
		top = phys_to_dma(dev, k_thread.current->dma->last_page);
	return top ? ~0ULL >> __builtin_clzll(top) : 0;
}

/* ---- coherent memory ---- */

/* The zone a coherent limit suggests, and the highest physical address that satisfies it (~0 if unknown). */
static gfp_t suggested_zone(const struct dmasim_machine *m, struct device *dev, u64 limit, phys_addr_t *highest)
{
	const struct sim_config *cfg = &m->hw->cfg;
	const struct bus_dma_region *map = dev->dma_range_map;
	phys_addr_t phys = dma_to_phys(dev, limit);

	*highest = ~(phys_addr_t)0;
	if (!map)
		*highest = limit;
	else if (!map[1].size && limit >= map->dma_start && limit - map->dma_start < map->size)
		*highest = limit + map->offset;
	if (cfg->dma_zone_end && phys <= cfg->dma_zone_end - 1)
		return __GFP_DMA;
	if (cfg->dma32_zone_end && phys <= cfg->dma32_zone_end - 1)
		return __GFP_DMA32;
	return 0;
}

bool dma_direct_reachable(struct device *dev, phys_addr_t phys, size_t size)
{
	u64 limit = dma_direct_limit(dev->coherent_dma_mask, dev->bus_dma_limit);
	dma_addr_t first = phys_to_dma(dev, phys), last = phys_to_dma(dev, phys + size - 1);

	return first != DMA_MAPPING_ERROR && last == first + size - 1 && last <= limit;
}

void *dma_direct_cookie(struct dmasim_machine *m, phys_addr_t phys)
{
	struct dma *dma = m->dma;

	if (!dma->has_cookies) {
		if (sim_region_take(&dma->cookies, REGION_COOKIE, m->hw, m->hw->ram.linear.size))
			return NULL;
		dma->cookies.phys = m->hw->ram.base;
		dma->has_cookies = true;
	}
	return (void *)(dma->cookies.start + (phys - dma->cookies.phys));
}

phys_addr_t dma_direct_cookie_phys(const struct dmasim_machine *m, const void *cpu)
{
	const struct dma *dma = m->dma;

	if (!dma->has_cookies || (uintptr_t)cpu - dma->cookies.start >= dma->cookies.size)
		return DMA_BAD_PHYS;
	return dma->cookies.phys + ((uintptr_t)cpu - dma->cookies.start);
}

/* Physical address behind what direct_alloc() returned; DMA_BAD_PHYS if it cannot have. */
static phys_addr_t direct_cpu_to_phys(struct dmasim_machine *m, const void *cpu)
{
	phys_addr_t phys = dma_direct_cookie_phys(m, cpu);

	return phys != DMA_BAD_PHYS || sim_virt_to_phys(m->hw, cpu, &phys, NULL) ? phys : DMA_BAD_PHYS;
}

phys_addr_t dma_direct_alloc_block(struct device *dev, size_t size, gfp_t gfp, const char *kind)
{
	struct dmasim_machine *m = k_thread.current;
	u64 limit = dma_direct_limit(dev->coherent_dma_mask, dev->bus_dma_limit);
	unsigned int order = dma_order_of(size);
	phys_addr_t highest, phys;
	stack_id stack = m->checks ? stack_entry(m) : 0;
	gfp_t zone = suggested_zone(m, dev, limit, &highest);

	if (order > 10)
		return DMA_BAD_PHYS;
	for (;;) {
		phys = mm_alloc_block(m, order, gfp | zone, highest, kind, stack);
		if (phys != DMA_BAD_PHYS && dma_direct_reachable(dev, phys, SIM_PAGE_SIZE << order))
			break;
		if (phys != DMA_BAD_PHYS)
			mm_free_block(m, phys, order, stack);
		/* Too high, or none there: the next lower zone, if it could make a difference. */
		if (!zone && m->hw->cfg.dma32_zone_end && limit < ~0ULL)
			zone = __GFP_DMA32;
		else if (zone != __GFP_DMA && m->hw->cfg.dma_zone_end)
			zone = __GFP_DMA;
		else
			return DMA_BAD_PHYS;
	}
	memset(sim_ram_ptr(m->hw, phys), 0, SIM_PAGE_SIZE << order);
	return phys;
}

void dma_direct_free_block(struct dmasim_machine *m, phys_addr_t phys, size_t size, const char *kind)
{
	struct mm_object o;

	/* Operations of the device's own may call this with anything. */
	mm_object_at(m, phys, &o);
	if (o.state != MM_ALLOCATED || o.start != phys || strcmp(o.kind, kind) != 0 ||
	    dma_order_of(o.size) != dma_order_of(size))
		return;
	mm_free_block(m, phys, dma_order_of(size), m->checks ? stack_entry(m) : 0);
}

/* From an area of contiguous memory, where there is one; NULL: pages serve as well. */
static void *direct_alloc_contiguous(struct dmasim_device_private *p, size_t size, dma_addr_t *handle, gfp_t gfp,
				     unsigned long attrs)
{
	struct dmasim_machine *m = p->machine;
	struct dma_buffer b = {
		.size = dma_whole_pages(size),
		.allocator = DMASIM_ALLOCATOR_CMA,
		.from = dma_contiguous_for(m, p->dev, size, gfp),
	};

	if (!b.from)
		return NULL;
	b.phys = dma_contiguous_take(m, b.from, size, DMA_COHERENT_KIND);
	if (b.phys == DMA_BAD_PHYS)
		return NULL;
	b.cpu = attrs & DMA_ATTR_NO_KERNEL_MAPPING ? dma_direct_cookie(m, b.phys) : sim_phys_to_uncached(m->hw, b.phys);
	if (!b.cpu || !dma_direct_reachable(p->dev, b.phys, b.size)) {
		dma_contiguous_give(m, b.from, b.phys, b.size);
		return NULL;
	}
	memset(sim_ram_ptr(m->hw, b.phys), 0, b.size);
	*handle = phys_to_dma(p->dev, b.phys);
	return dma_buffer_add(m, &b) ? (void *)b.cpu : NULL;
}

static void *direct_alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.alloc");
	struct dmasim_machine *m;
	phys_addr_t phys;
	void *cpu;

	if (!p || !size || !handle)
		return NULL;
	m = p->machine;
	if (k_unlikely(m->dma->memory->areas)) {
		cpu = direct_alloc_contiguous(p, size, handle, gfp, attrs);
		if (cpu)
			return cpu;
	}
	phys = dma_direct_alloc_block(dev, size, gfp, DMA_COHERENT_KIND);
	if (phys == DMA_BAD_PHYS)
		return NULL;
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		cpu = dma_direct_cookie(m, phys);
	else
		cpu = sim_phys_to_uncached(m->hw, phys);
	if (!cpu) {
		dma_direct_free_block(m, phys, size, DMA_COHERENT_KIND);
		return NULL;
	}
	*handle = phys_to_dma(dev, phys);
	return cpu;
}

/* Only what really is such a block is freed, whatever the caller says. */
static void direct_free(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.free");
	struct dmasim_machine *m;
	phys_addr_t phys;

	(void)attrs;
	if (!p || !size)
		return;
	m = p->machine;
	if (k_unlikely(m->dma->memory->buffers.nr) && dma_buffer_release(m, cpu))
		return;
	phys = direct_cpu_to_phys(m, cpu);
	if (phys != DMA_BAD_PHYS && (m->checks || dma_to_phys(dev, handle) == phys))
		dma_direct_free_block(m, phys, size, DMA_COHERENT_KIND);
}

/* ---- memory that is mapped but not coherent ---- */

static struct page *direct_alloc_pages(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				       gfp_t gfp)
{
	phys_addr_t phys = DMA_BAD_PHYS;

	(void)dir;
	if (k_device(dev, "dma_map_ops.alloc_pages") && size && handle)
		phys = dma_direct_alloc_block(dev, size, gfp, DMA_NONCOHERENT_KIND);
	if (phys == DMA_BAD_PHYS)
		return NULL;
	*handle = phys_to_dma(dev, phys);
	return phys_to_page(phys);
}

static void direct_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			      enum dma_data_direction dir)
{
	struct dmasim_machine *m = k_thread.current;
	phys_addr_t phys = page_to_phys(page);

	(void)dir;
	if (phys != DMA_BAD_PHYS && size && k_device(dev, "dma_map_ops.free_pages") &&
	    (m->checks || dma_to_phys(dev, handle) == phys))
		dma_direct_free_block(m, phys, size, DMA_NONCOHERENT_KIND);
}

/* The inline one, for those who call it through the table: operations of the device's own may pass anything. */
static dma_addr_t direct_map_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	if (!k_device(dev, "dma_map_ops.map_phys") || !size)
		return DMA_MAPPING_ERROR;
	return dma_direct_map_phys(dev, phys, size, dir, attrs);
}

const struct dma_map_ops dma_direct_ops = {
	.alloc = direct_alloc,
	.free = direct_free,
	.alloc_pages_op = direct_alloc_pages,
	.free_pages = direct_free_pages,
	.map_phys = direct_map_phys,
	.unmap_phys = direct_unmap_phys,
	.map_sg = dma_direct_map_sg,
	.dma_supported = direct_supported,
	.get_required_mask = direct_required_mask,
};
