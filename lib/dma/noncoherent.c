// SPDX-License-Identifier: MIT
/*
 * Memory that is mapped from its allocation on, but not coherent: dma_alloc_pages(), dma_alloc_noncoherent(), and the
 * older contract that went by DMA_ATTR_NON_CONSISTENT.
 *
 * It comes from the backend like coherent memory, within the coherent mask, so that no mapping of it is ever bounced.
 * To the tracker it is both: freed by the values of its allocation, handed over by syncs. The allocator has cleared it,
 * which is a CPU's write: the first use by the device therefore needs a hand-over, whatever the direction.
 *
 * The older contract knows no owners: dma_cache_sync() writes back or invalidates, and that is all that is asked for.
 *
 * Weakness: nothing tells a NON_CONSISTENT block that a backend would have made coherent: it is never that here.
 */
#include <stdio.h>
#include <linux/dma-direct.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"

/* Does gfp name a zone? That follows from the mask here, and the kernel gives nothing then. */
static bool names_zone(struct dmasim_device_private *p, gfp_t gfp, const char *function)
{
	struct finding f = {.rule = "gfp-zone-conflict", .dev = p->dev, .act_verb = "allocate"};

	if (k_likely(!(gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM))))
		return false;
	f.dma.call = DMA_CALL_MAP;
	f.more[0].label = "flags";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "%s() with%s%s%s (0x%x): it returns NULL, as the mask alone says where memory may lie", function,
		 gfp & __GFP_DMA ? " __GFP_DMA" : "", gfp & __GFP_DMA32 ? " __GFP_DMA32" : "",
		 gfp & __GFP_HIGHMEM ? " __GFP_HIGHMEM" : "", gfp);
	dma_report(p->machine, &f);
	return true;
}

bool dma_alloc_arguments_ok(struct dmasim_device_private *p, const struct track_op *op, gfp_t gfp)
{
	struct dmasim_machine *m = p->machine;

	if (k_unlikely(k_model_call(m, op->function)))
		return false;
	if (gfp & __GFP_DIRECT_RECLAIM)
		k_might_sleep(m, op->function);
	if (k_unlikely(!dma_direction_ok(p, op, "allocate")))
		return false;
	if (k_unlikely(!op->size || op->size > m->hw->ram.end - m->hw->ram.base)) {
		dma_report_argument(p, op, "map-bad-size", "allocate");
		return false;
	}
	if (k_unlikely(!p->dev->coherent_dma_mask)) {
		dma_mask_missing(p, op->function, true);
		return false;
	}
	if (k_unlikely(!(op->attrs & DMA_ATTR_NON_CONSISTENT) && names_zone(p, gfp, op->function)))
		return false;
	if (k_unlikely(p->coherent_mask_failed | !p->mask_set))
		dma_mask_at_use(p, op->function, true);
	return true;
}

void *dma_noncoherent_alloc(struct dmasim_device_private *p, size_t size, dma_addr_t *handle,
			    enum dma_data_direction dir, gfp_t gfp, unsigned long attrs, const char *function,
			    void *frame)
{
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_NONCOHERENT,
		.dir = dir,
		.bus = DMA_MAPPING_ERROR,
		.phys = DMA_BAD_PHYS,
		.size = size,
		.attrs = attrs,
		.function = function,
		.frame = frame,
		.allocated = true,
	};
	struct page *page;

	k_thread.entry = frame;
	if (!dma_alloc_arguments_ok(p, &op, gfp))
		return NULL;
	if (k_unlikely(!handle)) {
		dma_report_argument(p, &op, "map-bad-address", "allocate");
		return NULL;
	}
	gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);
	page = ops->alloc_pages_op ? ops->alloc_pages_op(p->dev, size, handle, dir, gfp) : NULL;
	if (!page)
		return NULL;
	op.cpu = page_address(page);
	op.bus = *handle;
	op.phys = page_to_phys(page);
	if (m->checks)
		track_map(m, &op);
	return (void *)op.cpu;
}

void dma_release(struct dmasim_device_private *p, const struct track_unmapped *real, dma_addr_t bus)
{
	const struct dma_map_ops *ops = dma_ops_of(p);

	if (real->kind == EXTENT_COHERENT)
		dma_coherent_release(p, real);
	else if (real->kind == EXTENT_NONCONTIGUOUS)
		dma_noncontiguous_release(p, real);
	else if (real->kind != EXTENT_NONCOHERENT)
		dma_streaming_release(p, real, bus);
	else if (ops->free_pages)
		ops->free_pages(p->dev, real->size, phys_to_page(real->phys), phys_to_dma(p->dev, real->phys),
				real->dir);
}

static void free_by(struct dmasim_device_private *p, size_t size, void *cpu, dma_addr_t handle,
		    enum dma_data_direction dir, const char *function, void *frame)
{
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_NONCOHERENT,
		.dir = dir,
		.bus = handle,
		.phys = DMA_BAD_PHYS,
		.size = size,
		.cpu = cpu,
		.function = function,
		.frame = frame,
	};
	struct track_unmapped real;
	phys_addr_t phys;

	k_thread.entry = frame;
	if (k_unlikely(k_model_call(m, function)) || k_unlikely(!dma_direction_ok(p, &op, "free")))
		return;
	if (k_likely(m->checks)) {
		track_unmap(m, &op, &real);
		if (real.found)
			dma_release(p, &real, handle);
	} else if (ops->free_pages && sim_virt_to_phys(m->hw, cpu, &phys, NULL)) {
		ops->free_pages(p->dev, size, phys_to_page(phys), handle, dir);
	}
}

/* ---- public names ---- */

struct page *dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
			     gfp_t gfp)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_pages");
	phys_addr_t phys;
	void *cpu;

	if (!p || k_fails(p->machine, "dma_alloc_pages", "dma_alloc_noncoherent"))
		return NULL;
	cpu = dma_noncoherent_alloc(p, size, handle, dir, gfp, 0, "dma_alloc_pages", __builtin_frame_address(0));
	return cpu && sim_virt_to_phys(p->machine->hw, cpu, &phys, NULL) ? phys_to_page(phys) : NULL;
}

void dma_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t handle, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "dma_free_pages");
	void *cpu;

	if (!p)
		return;
	/* Of something that is no page: the pointer itself, which fits nothing. */
	cpu = page_address(page);
	free_by(p, size, cpu ? cpu : (void *)page, handle, dir, "dma_free_pages", __builtin_frame_address(0));
}

void *dma_alloc_noncoherent(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir, gfp_t gfp)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_noncoherent");

	if (!p || k_fails(p->machine, "dma_alloc_noncoherent", "dma_alloc_pages"))
		return NULL;
	return dma_noncoherent_alloc(p, size, handle, dir, gfp, 0, "dma_alloc_noncoherent", __builtin_frame_address(0));
}

void dma_free_noncoherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle,
			  enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "dma_free_noncoherent");

	if (p)
		free_by(p, size, cpu_addr, handle, dir, "dma_free_noncoherent", __builtin_frame_address(0));
}

void dma_cache_sync(struct device *dev, void *cpu_addr, size_t size, enum dma_data_direction dir)
{
	struct dmasim_device_private *p = k_device(dev, "dma_cache_sync");
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_NONCOHERENT,
		.dir = dir,
		.bus = DMA_MAPPING_ERROR,
		.phys = DMA_BAD_PHYS,
		.size = size,
		.cpu = cpu_addr,
		.function = "dma_cache_sync",
		.frame = __builtin_frame_address(0),
	};

	if (!p)
		return;
	if (dir != DMA_TO_DEVICE)
		k_safe_point(p->machine, DMA_SYNC_NS);
	STACK_ENTER();
	if (!dma_direction_ok(p, &op, "sync") || !size)
		return;
	/* On failure the address stays one that nothing has. */
	sim_virt_to_phys(p->machine->hw, cpu_addr, &op.phys, NULL);
	track_cache_sync(p->machine, &op);
}
