// SPDX-License-Identifier: MIT
/*
 * The operations of machines with bounce buffers, and the public names of those.
 *
 * What the device can drive is mapped directly, as direct.c does it; the rest bounces, and everything where that is
 * forced. A list bounces entry by entry, or, with sg_bounce=whole, into one buffer that the device sees as one segment,
 * as layers do that were written for devices without lists.
 *
 * The kernel has no table of this name any more: its direct operations ask for bounce buffers themselves. Here the
 * table is what keeps machines without any as fast as they can be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/mm.h>
#include "lib/core/stack.h"
#include "lib/dma/swiotlb.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

/* The bus address of a copy, once it is there; gives it back where the device cannot drive it. */
static dma_addr_t reachable(struct dmasim_device_private *p, phys_addr_t slot, const struct bounce_request *r)
{
	dma_addr_t bus;

	if (slot == DMA_BAD_PHYS)
		return DMA_MAPPING_ERROR;
	bus = phys_to_dma(p->dev, slot);
	if (k_likely(dma_capable(p->dev, bus, r->size, true)))
		return bus;
	if (!r->piece)
		bounce_unmap(p->machine, slot, r->size, r->dir, r->attrs | DMA_ATTR_SKIP_CPU_SYNC);
	else
		for (u32 i = 0; i < r->nr_pieces; i++)
			bounce_unmap(p->machine, slot + r->piece[i].offset, r->piece[i].size, r->dir,
				     r->attrs | DMA_ATTR_SKIP_CPU_SYNC);
	bounce_say_overflow(p, bus, r->size);
	return dma_direct_refused(p->dev, bus, r->size, r->attrs);
}

static bool forced(const struct dmasim_device_private *p)
{
	const struct bounce_mem *mem = bounce_mem_of(p);

	return mem && mem->pub.force_bounce;
}

static dma_addr_t tlb_map_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_phys");
	struct bounce_request r = {.orig = phys, .size = size, .dir = dir, .attrs = attrs};
	dma_addr_t bus;

	if (k_unlikely(!p))
		return DMA_MAPPING_ERROR;
	if (attrs & DMA_ATTR_MMIO || !bounce_mem_of(p))
		return dma_direct_map_phys(dev, phys, size, dir, attrs);
	if (!forced(p)) {
		bus = phys_to_dma(dev, phys);
		if (dma_capable(dev, bus, size, true))
			return bus;
	}
	return reachable(p, bounce_map_in(p, &r), &r);
}

static void tlb_unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			   unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_MMIO))
		bounce_unmap(k_thread.current, dma_to_phys(dev, addr), size, dir, attrs);
}

static void tlb_sync_for_cpu(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	bounce_sync(k_thread.current, dma_to_phys(dev, addr), size, dir, SYNC_FOR_CPU);
}

static void tlb_sync_for_device(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	bounce_sync(k_thread.current, dma_to_phys(dev, addr), size, dir, SYNC_FOR_DEVICE);
}

/* ---- lists ---- */

/* Must one of the entries bounce? *total: bytes in all. */
static bool list_bounces(struct dmasim_device_private *p, struct scatterlist *sgl, int nents, u64 *total)
{
	bool must = forced(p);
	struct sg_cursor c;
	int i = 0;

	*total = 0;
	for (sg_first(&c, p->machine, sgl); c.e && i < nents; sg_step_to(&c, ++i, nents)) {
		phys_addr_t phys = page_to_phys(sg_page(c.e)) + c.e->offset;

		must |= !dma_capable(p->dev, phys_to_dma(p->dev, phys), c.e->length, true);
		*total += c.e->length;
	}
	return must;
}

/* All of it into one buffer: one segment. */
static int map_whole(struct dmasim_device_private *p, struct scatterlist *sgl, int nents, u64 total,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct bounce_piece *piece = calloc((size_t)nents, sizeof(*piece));
	struct bounce_request r = {.size = total, .dir = dir, .attrs = attrs, .piece = piece};
	struct sg_cursor c;
	u32 offset = 0;
	phys_addr_t slot;
	dma_addr_t bus;

	if (!piece)
		return -ENOMEM;
	for (sg_first(&c, p->machine, sgl); c.e && r.nr_pieces < (u32)nents; sg_step_to(&c, (int)r.nr_pieces, nents)) {
		struct bounce_piece *at = &piece[r.nr_pieces++];

		*at = (struct bounce_piece){page_to_phys(sg_page(c.e)) + c.e->offset, offset, c.e->length, true};
		offset += c.e->length;
	}
	r.orig = piece->orig; /* its low bits are kept */
	slot = bounce_map_in(p, &r);
	if (slot == DMA_BAD_PHYS)
		free(piece);
	bus = reachable(p, slot, &r);
	if (bus == DMA_MAPPING_ERROR)
		return -EIO;
	sg_first(&c, p->machine, sgl);
	for (int i = 0; c.e && i < nents; sg_step_to(&c, ++i, nents)) {
		c.e->dma_address = i ? DMA_MAPPING_ERROR : bus;
		c.e->dma_length = i ? 0 : (unsigned int)total;
		c.e->dma_flags = 0;
	}
	return 1;
}

static int tlb_map_sg(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_sg");
	u64 total;

	if (!p)
		return -EINVAL;
	if (p->machine->hw->cfg.sg_bounce == SG_BOUNCE_WHOLE && nents > 1 && bounce_mem_of(p) &&
	    list_bounces(p, sgl, nents, &total) && total <= bounce_max_size(dev) && total <= dma_get_max_seg_size(dev))
		return map_whole(p, sgl, nents, total, dir, attrs);
	return dma_map_each(p, &swiotlb_dma_ops, sgl, nents, dir, attrs);
}

/* ---- coherent memory: of a device with a pool of its own, from there ---- */

static void *tlb_alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_attrs");
	const struct bounce_mem *mem = p ? bounce_mem_of(p) : NULL;
	struct bounce_request r = {.dir = DMA_BIDIRECTIONAL, .attrs = attrs, .memory = true};
	phys_addr_t slot;

	if (!mem || !mem->pub.for_alloc)
		return dma_direct_ops.alloc(dev, size, handle, gfp, attrs);
	r.size = (size + SIM_PAGE_SIZE - 1) & ~(size_t)(SIM_PAGE_SIZE - 1);
	r.align_mask = SIM_PAGE_SIZE - 1;
	slot = bounce_map_in(p, &r);
	if (slot == DMA_BAD_PHYS)
		return NULL;
	*handle = phys_to_dma(dev, slot);
	if (*handle + r.size - 1 > dma_direct_limit(dev->coherent_dma_mask, dev->bus_dma_limit)) {
		bounce_give(p->machine, slot, r.size);
		return NULL;
	}
	return sim_phys_to_uncached(p->machine->hw, slot);
}

static void tlb_free(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	struct dmasim_machine *m = k_thread.current;
	phys_addr_t phys;

	if (sim_virt_to_phys(m->hw, cpu, &phys, NULL) && bounce_pool_at(m, phys))
		bounce_give(m, phys, (size + SIM_PAGE_SIZE - 1) & ~(size_t)(SIM_PAGE_SIZE - 1));
	else
		dma_direct_ops.free(dev, size, cpu, handle, attrs);
}

static struct page *tlb_alloc_pages(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				    gfp_t gfp)
{
	return dma_direct_ops.alloc_pages_op(dev, size, handle, dir, gfp);
}

static void tlb_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			   enum dma_data_direction dir)
{
	dma_direct_ops.free_pages(dev, size, page, handle, dir);
}

/* ---- limits ---- */

static size_t tlb_max_mapping_size(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_max_mapping_size");

	if (!p || !bounce_mem_of(p) || !(forced(p) || dma_addressing_limited(dev)))
		return SIZE_MAX;
	return bounce_max_size(dev);
}

static int tlb_supported(struct device *dev, u64 mask)
{
	return dma_direct_ops.dma_supported(dev, mask);
}

static u64 tlb_required_mask(struct device *dev)
{
	return dma_direct_ops.get_required_mask(dev);
}

const struct dma_map_ops swiotlb_dma_ops = {
	.alloc = tlb_alloc,
	.free = tlb_free,
	.alloc_pages_op = tlb_alloc_pages,
	.free_pages = tlb_free_pages,
	.map_phys = tlb_map_phys,
	.unmap_phys = tlb_unmap_phys,
	.map_sg = tlb_map_sg,
	.sync_single_for_cpu = tlb_sync_for_cpu,
	.sync_single_for_device = tlb_sync_for_device,
	.dma_supported = tlb_supported,
	.get_required_mask = tlb_required_mask,
	.max_mapping_size = tlb_max_mapping_size,
};

/* ---- public names ---- */

static struct bounce_mem *mem_of(struct device *dev, const char *function, struct dmasim_device_private **p)
{
	*p = k_device(dev, function);
	return *p ? bounce_mem_of(*p) : NULL;
}

bool is_swiotlb_buffer(struct device *dev, phys_addr_t paddr)
{
	struct dmasim_device_private *p;
	const struct bounce_mem *mem = mem_of(dev, "is_swiotlb_buffer", &p);
	const struct bounce_pool *pool = mem ? bounce_pool_at(p->machine, paddr) : NULL;

	return pool && pool->mem == mem;
}

bool is_swiotlb_force_bounce(struct device *dev)
{
	struct dmasim_device_private *p;
	const struct bounce_mem *mem = mem_of(dev, "is_swiotlb_force_bounce", &p);

	return mem && mem->pub.force_bounce;
}

bool is_swiotlb_active(struct device *dev)
{
	struct dmasim_device_private *p;

	return mem_of(dev, "is_swiotlb_active", &p) != NULL;
}

bool is_swiotlb_for_alloc(struct device *dev)
{
	struct dmasim_device_private *p;
	const struct bounce_mem *mem = mem_of(dev, "is_swiotlb_for_alloc", &p);

	return mem && mem->pub.for_alloc;
}

size_t swiotlb_max_mapping_size(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_max_mapping_size");

	return p ? bounce_max_size(dev) : 0;
}

unsigned long swiotlb_size_or_default(void)
{
	struct dmasim_machine *m = k_machine("swiotlb_size_or_default");

	return m ? m->hw->cfg.swiotlb_size : IO_TLB_DEFAULT_SIZE;
}

phys_addr_t swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size, size_t alloc_size,
				   unsigned int alloc_align_mask, enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_tbl_map_single");
	struct bounce_request r = {
		.orig = phys,
		.size = mapping_size,
		.alloc_size = alloc_size,
		.align_mask = alloc_align_mask,
		.dir = dir,
		.attrs = attrs,
	};

	if (!p)
		return (phys_addr_t)DMA_MAPPING_ERROR;
	STACK_ENTER();
	if (bounce_say_none(p))
		return (phys_addr_t)DMA_MAPPING_ERROR;
	if (mapping_size > alloc_size) {
		bounce_say_sizes(p, mapping_size, alloc_size);
		return (phys_addr_t)DMA_MAPPING_ERROR;
	}
	if ((unsigned int)dir > DMA_FROM_DEVICE || !dma_is_ram(p->machine, phys, 1)) {
		sim_error(EINVAL, "swiotlb_tbl_map_single: %s",
			  (unsigned int)dir > DMA_FROM_DEVICE ? "that is no direction" : "that is no RAM");
		return (phys_addr_t)DMA_MAPPING_ERROR;
	}
	return bounce_map_in(p, &r);
}

/* Common to what follows: nothing happens to an address that is in no slot, or with a direction that is none. */
static bool usable(struct dmasim_device_private *p, enum dma_data_direction dir)
{
	return p && (unsigned int)dir <= DMA_FROM_DEVICE && p->machine->dma->tlb;
}

void swiotlb_tbl_unmap_single(struct device *dev, phys_addr_t tlb_addr, size_t mapping_size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_tbl_unmap_single");

	if (!usable(p, dir))
		return;
	STACK_ENTER();
	bounce_unmap(p->machine, tlb_addr, mapping_size, dir, attrs);
}

void swiotlb_sync_single_for_device(struct device *dev, phys_addr_t tlb_addr, size_t size, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_sync_single_for_device");

	if (!usable(p, dir) || !size)
		return;
	STACK_ENTER();
	bounce_sync(p->machine, tlb_addr, size, dir, SYNC_FOR_DEVICE);
}

void swiotlb_sync_single_for_cpu(struct device *dev, phys_addr_t tlb_addr, size_t size, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_sync_single_for_cpu");

	if (!usable(p, dir) || !size)
		return;
	STACK_ENTER();
	bounce_sync(p->machine, tlb_addr, size, dir, SYNC_FOR_CPU);
}

dma_addr_t swiotlb_map(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
		       unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_map");
	struct bounce_request r = {.orig = phys, .size = size, .dir = dir, .attrs = attrs};

	if (p && bounce_say_none(p))
		return DMA_MAPPING_ERROR;
	if (!usable(p, dir) || !size || !dma_is_ram(p->machine, phys, size))
		return DMA_MAPPING_ERROR;
	STACK_ENTER();
	return reachable(p, bounce_map_in(p, &r), &r);
}

struct page *swiotlb_alloc(struct device *dev, size_t size)
{
	struct dmasim_device_private *p;
	const struct bounce_mem *mem = mem_of(dev, "swiotlb_alloc", &p);
	struct bounce_request r = {
		.size = size, .align_mask = SIM_PAGE_SIZE - 1, .dir = DMA_BIDIRECTIONAL, .memory = true};
	phys_addr_t slot;

	if (!mem || !mem->pub.for_alloc || !size)
		return NULL;
	STACK_ENTER();
	slot = bounce_map_in(p, &r);
	return slot == DMA_BAD_PHYS ? NULL : pfn_to_page(slot >> SIM_PAGE_SHIFT);
}

bool swiotlb_free(struct device *dev, struct page *page, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "swiotlb_free");
	const struct sim_region *r = sim_region_of(page);

	if (!p || !r || r->kind != REGION_VMEMMAP || r->machine != p->machine->hw)
		return false;
	return bounce_give(p->machine, page_to_phys(page), size);
}

static int native_mem(struct device *dev, const char *function, struct bounce_mem **mem)
{
	struct dmasim_machine *m = k_machine(function);
	struct dmasim_device_private *p = NULL;

	if (!m || (dev && !(p = k_device(dev, function))))
		return -EINVAL;
	*mem = p ? bounce_mem_of(p) : m->dma->tlb ? m->dma->tlb->machine : NULL;
	return *mem ? 0 : sim_error(ENODEV, "%s: there are no bounce buffers", function);
}

int dmasim_swiotlb_stats(struct device *dev, struct dmasim_swiotlb_stats *stats)
{
	struct bounce_mem *mem;
	int err = native_mem(dev, "dmasim_swiotlb_stats", &mem);

	if (err || !stats)
		return err ? err : sim_error(EINVAL, "dmasim_swiotlb_stats: no place for the answer");
	*stats = (struct dmasim_swiotlb_stats){mem->pub.nslabs, mem->pub.used, mem->hiwater, mem->transient};
	return 0;
}

int dmasim_swiotlb_reset_hiwater(struct device *dev)
{
	struct bounce_mem *mem;
	int err = native_mem(dev, "dmasim_swiotlb_reset_hiwater", &mem);

	if (!err)
		mem->hiwater = mem->pub.used;
	return err;
}

int dmasim_device_restrict_dma(struct device *dev, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_restrict_dma");
	struct bounce_mem *mem;

	if (!p)
		return -EINVAL;
	if (size < SLOT_SEGMENT_BYTES || size > (4ULL << 30))
		return sim_error(EINVAL, "a restricted pool has from 256 KiB to 4 GiB, not %zu bytes", size);
	if (p->bounce)
		return sim_error(EBUSY, "%s has a pool already", k_device_name(dev));
	mem = bounce_mem_new(p->machine, size, DMA_BIT_MASK(32) - (u64)p->machine->hw->cfg.bus_offset);
	if (!mem)
		return -ENOMEM;
	mem->pub.force_bounce = mem->pub.for_alloc = true;
	p->bounce = mem;
	dev->dma_io_tlb_mem = &mem->pub;
	dev->dma_ops = &swiotlb_dma_ops;
	return 0;
}
