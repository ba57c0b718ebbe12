// SPDX-License-Identifier: MIT
/*
 * The operations of arm, and the older pair of arm64: who allocates coherent memory, and when caches are maintained.
 *
 * Streaming is the direct backend's, with maintenance around it: before the device gets the bytes, after it gave them
 * back. Coherent memory comes from one of four allocators, chosen per call:
 *
 *	                  may sleep, area   may sleep, no area   may not sleep
 *	arm               cma               remap                pool
 *	arm, coherent     cma               simple               simple
 *	arm64             cma, remapped     remap                pool
 *	arm64, coherent   cma               simple               simple
 *
 * arm does not fall back: an area that is full means no memory. arm64 goes on with a block of pages. The area of
 * arm64 and of the direct backend serves single pages only to devices that have one of their own.
 *
 * Weakness: arm of that time never asked whether a device reaches what it maps; here beyond the mask is refused.
 */
#include <errno.h>
#include <string.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include "lib/check/dma_debug.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"
#include "lib/sg/sg.h"

enum style { ARM, ARM_COHERENT, ARM64, ARM64_COHERENT };

static bool coherent(enum style style)
{
	return style == ARM_COHERENT || style == ARM64_COHERENT;
}

/* ---- coherent memory ---- */

/* A device's limit is a power of two minus one, and a buffer must be smaller than that. */
static bool too_big(struct dmasim_device_private *p, size_t size)
{
	u64 mask = p->dev->coherent_dma_mask, limit = (mask + 1) & ~mask;

	if (!limit || size < limit)
		return false;
	dma_debug_dev_line(p->machine, p->dev, ONCE_EVERY, "coherent allocation too big (requested %#zx mask %#llx)",
			   size, mask);
	return true;
}

static struct cma *area_for(struct dmasim_device_private *p, size_t size, gfp_t gfp, enum style style)
{
	if (style == ARM64 || style == ARM64_COHERENT)
		return dma_contiguous_for(p->machine, p->dev, size, gfp);
	return gfp & __GFP_DIRECT_RECLAIM ? dma_contiguous_area(p->machine, p->dev) : NULL;
}

/* Memory of that size, not yet mapped: false if there is none. Sets what is known of the buffer. */
static bool take(struct dmasim_device_private *p, struct dma_buffer *b, gfp_t gfp, unsigned long attrs,
		 enum style style)
{
	struct dmasim_machine *m = p->machine;
	struct cma *area = area_for(p, b->size, gfp, style);
	void *cpu = NULL;

	b->phys = DMA_BAD_PHYS;
	if (!coherent(style) && !(gfp & __GFP_DIRECT_RECLAIM)) {
		b->allocator = DMASIM_ALLOCATOR_POOL;
		b->phys = dma_atomic_take(p, b->size, gfp, attrs, &cpu);
		b->cpu = cpu;
		return b->phys != DMA_BAD_PHYS;
	}
	if (area) {
		b->allocator = DMASIM_ALLOCATOR_CMA;
		b->from = area;
		b->phys = dma_contiguous_take(m, area, b->size, DMA_COHERENT_KIND);
		if (b->phys != DMA_BAD_PHYS && dma_direct_reachable(p->dev, b->phys, b->size)) {
			memset(sim_ram_ptr(m->hw, b->phys), 0, b->size);
			return true;
		}
		if (b->phys != DMA_BAD_PHYS)
			dma_contiguous_give(m, area, b->phys, b->size);
		if (style == ARM || style == ARM_COHERENT)
			return false;
	}
	b->allocator = coherent(style) ? DMASIM_ALLOCATOR_SIMPLE : DMASIM_ALLOCATOR_REMAP;
	b->from = NULL;
	b->phys = dma_direct_alloc_block(p->dev, b->size, gfp, DMA_COHERENT_KIND);
	return b->phys != DMA_BAD_PHYS;
}

/* How the CPU sees it. False: no address space. */
static bool show(struct dmasim_machine *m, struct dma_buffer *b, unsigned long attrs, enum style style)
{
	bool remap = b->allocator == DMASIM_ALLOCATOR_REMAP || (b->allocator == DMASIM_ALLOCATOR_CMA && style == ARM64);

	if (!coherent(style) && b->allocator != DMASIM_ALLOCATOR_POOL)
		dma_maintain_prepare(m, b->phys, b->size);
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		b->cpu = dma_direct_cookie(m, b->phys);
	else if (remap)
		b->cpu = mm_vmap_range(m, b->phys, b->size, true);
	else if (b->allocator != DMASIM_ALLOCATOR_POOL)
		b->cpu = sim_phys_to_uncached(m->hw, b->phys);
	b->view = remap && b->cpu && !(attrs & DMA_ATTR_NO_KERNEL_MAPPING);
	return b->cpu != NULL;
}

static void *alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs,
		   enum style style)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.alloc");
	struct dma_buffer b = {.size = dma_whole_pages(size)};

	if (!p || !handle || !size || size > p->machine->hw->ram.end - p->machine->hw->ram.base)
		return NULL;
	if (too_big(p, size) || !take(p, &b, gfp, attrs, style))
		return NULL;
	show(p->machine, &b, attrs, style);
	/* Also what cannot be shown is entered, so that it is given back by the one way there is. */
	if (!dma_buffer_add(p->machine, &b))
		return NULL;
	if (!b.cpu) {
		dma_buffer_release(p->machine, NULL);
		return NULL;
	}
	*handle = phys_to_dma(dev, b.phys);
	return (void *)b.cpu;
}

static void say_invalid(struct dmasim_device_private *p, const void *cpu)
{
	struct dma_debug_at at = {.m = p->machine, .dev = p->dev, .act = stack_entry(p->machine)};

	dma_debug_warn(&at, ONCE_EVERY, "Freeing invalid buffer %016lx", (unsigned long)cpu);
}

static void arm_free(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.free");

	if (p && !dma_buffer_release(p->machine, cpu)) {
		/* It may be from before the device got these operations. */
		if (dmasim_allocator_of(cpu) == DMASIM_ALLOCATOR_PAGES)
			dma_direct_ops.free(dev, size, cpu, handle, attrs);
		else
			say_invalid(p, cpu);
	}
}

#define ALLOC(name, style)                                                                                     \
	static void *name(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs) \
	{                                                                                                      \
		return alloc(dev, size, handle, gfp, attrs, style);                                            \
	}

ALLOC(arm_alloc, ARM)
ALLOC(arm_coherent_alloc, ARM_COHERENT)
ALLOC(arm64_alloc, ARM64)
ALLOC(arm64_coherent_alloc, ARM64_COHERENT)

/* ---- streaming ---- */

static dma_addr_t map_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			   unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.map_phys");
	dma_addr_t addr;

	/* Maintenance is what this machine would need, and what the driver has excluded. */
	if (!p || (attrs & DMA_ATTR_REQUIRE_COHERENT && !(attrs & DMA_ATTR_MMIO)))
		return DMA_MAPPING_ERROR;
	addr = dma_direct_ops.map_phys(dev, phys, size, dir, attrs);
	if (addr != DMA_MAPPING_ERROR && !(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_MMIO)))
		dma_maintain_for_device(p->machine, phys, size, dir);
	return addr;
}

static void unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
		       unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.unmap_phys");

	if (!p)
		return;
	if (!(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_MMIO)))
		dma_maintain_for_cpu(p->machine, dma_to_phys(dev, addr), size, dir);
	dma_direct_ops.unmap_phys(dev, addr, size, dir, attrs);
}

static void sync_for_cpu(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.sync_single_for_cpu");

	if (!p)
		return;
	dma_maintain_for_cpu(p->machine, dma_to_phys(dev, addr), size, dir);
	if (dma_direct_ops.sync_single_for_cpu)
		dma_direct_ops.sync_single_for_cpu(dev, addr, size, dir);
}

static void sync_for_device(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.sync_single_for_device");

	if (!p)
		return;
	if (dma_direct_ops.sync_single_for_device)
		dma_direct_ops.sync_single_for_device(dev, addr, size, dir);
	dma_maintain_for_device(p->machine, dma_to_phys(dev, addr), size, dir);
}

/* ---- lists ---- */

static void each(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
		 void (*maintain)(struct dmasim_machine *m, phys_addr_t phys, size_t size, enum dma_data_direction dir))
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.sync_sg");
	struct sg_cursor c;
	int i = 0;

	if (!p)
		return;
	for (sg_first(&c, p->machine, sg); c.e && i < nents; sg_step_to(&c, ++i, nents))
		maintain(p->machine, page_to_phys(sg_page(c.e)) + c.e->offset, c.e->length, dir);
}

static int map_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
		  unsigned long attrs)
{
	int n;

	if (attrs & DMA_ATTR_REQUIRE_COHERENT)
		return -EOPNOTSUPP;
	n = dma_direct_ops.map_sg(dev, sg, nents, dir, attrs);
	if (n > 0 && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		each(dev, sg, nents, dir, dma_maintain_for_device);
	return n;
}

static void unmap_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
		     unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		each(dev, sg, nents, dir, dma_maintain_for_cpu);
	if (dma_direct_ops.unmap_sg)
		dma_direct_ops.unmap_sg(dev, sg, nents, dir, attrs);
}

static void sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir)
{
	each(dev, sg, nents, dir, dma_maintain_for_cpu);
	if (dma_direct_ops.sync_sg_for_cpu)
		dma_direct_ops.sync_sg_for_cpu(dev, sg, nents, dir);
}

static void sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir)
{
	if (dma_direct_ops.sync_sg_for_device)
		dma_direct_ops.sync_sg_for_device(dev, sg, nents, dir);
	each(dev, sg, nents, dir, dma_maintain_for_device);
}

/* ---- the tables ---- */

static int supported(struct device *dev, u64 mask)
{
	return dma_direct_ops.dma_supported(dev, mask);
}

static u64 required_mask(struct device *dev)
{
	return dma_direct_ops.get_required_mask(dev);
}

static struct page *alloc_pages_op(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				   gfp_t gfp)
{
	return dma_direct_ops.alloc_pages_op(dev, size, handle, dir, gfp);
}

static void free_pages_op(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			  enum dma_data_direction dir)
{
	dma_direct_ops.free_pages(dev, size, page, handle, dir);
}

static dma_addr_t coherent_map_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	return dma_direct_ops.map_phys(dev, phys, size, dir, attrs);
}

static void coherent_unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
				unsigned long attrs)
{
	dma_direct_ops.unmap_phys(dev, addr, size, dir, attrs);
}

static int coherent_map_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
			   unsigned long attrs)
{
	return dma_direct_ops.map_sg(dev, sg, nents, dir, attrs);
}

#define COMMON                                                                                                       \
	.free = arm_free, .alloc_pages_op = alloc_pages_op, .free_pages = free_pages_op, .dma_supported = supported, \
	.get_required_mask = required_mask

#define NONCOHERENT(allocate)                                                                                         \
	COMMON, .alloc = (allocate), .map_phys = map_phys, .unmap_phys = unmap_phys, .map_sg = map_sg,                \
		.unmap_sg = unmap_sg, .sync_single_for_cpu = sync_for_cpu, .sync_single_for_device = sync_for_device, \
		.sync_sg_for_cpu = sync_sg_for_cpu, .sync_sg_for_device = sync_sg_for_device

#define COHERENT(allocate)                                                                             \
	COMMON, .alloc = (allocate), .map_phys = coherent_map_phys, .unmap_phys = coherent_unmap_phys, \
		.map_sg = coherent_map_sg

const struct dma_map_ops arm_dma_ops = {NONCOHERENT(arm_alloc)};
const struct dma_map_ops arm_coherent_dma_ops = {COHERENT(arm_coherent_alloc)};
const struct dma_map_ops noncoherent_swiotlb_dma_ops = {NONCOHERENT(arm64_alloc)};
const struct dma_map_ops coherent_swiotlb_dma_ops = {COHERENT(arm64_coherent_alloc)};
