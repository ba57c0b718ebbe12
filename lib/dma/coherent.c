// SPDX-License-Identifier: MIT
/*
 * The front door of coherent memory.
 *
 * An allocation is the backend's block, entered into the tracker with the size that was asked for. A free acts only on
 * what the tracker says was allocated: the kernel finds the pages by the handle and trusts it, so that a wrong handle
 * there frees somebody else's pages; here it is reported and the right block, or none, is freed.
 *
 * On machines with an alias window the CPU's address lies there, so that converting it as if it were a kernel logical
 * address shows, as it does where the kernel remaps such memory.
 */
#include <stdio.h>
#include <linux/dma-direct.h>
#include <linux/gfp.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

/*
 * Memory declared for the device, if it has some: then nothing else serves. What operations of its own return need not be
 * where the bridge's windows say: it is where the CPU finds it.
 */
bool dma_piece_alloc(struct dmasim_device_private *p, size_t size, gfp_t gfp, unsigned long attrs,
		     struct dma_piece *piece)
{
	const struct dma_map_ops *ops = dma_alloc_ops_of(p);
	enum mm_address_kind kind;

	if (k_unlikely(p->declared != NULL)) {
		piece->cpu = dma_declared_alloc(p->machine, p->declared, size, &piece->bus, &piece->phys);
		return piece->cpu != NULL;
	}
	piece->cpu = ops->alloc ? ops->alloc(p->dev, size, &piece->bus, gfp, attrs) : NULL;
	if (!piece->cpu)
		return false;
	piece->phys = DMA_BAD_PHYS;
	if (k_unlikely(ops != &dma_direct_ops) && dma_ops_are_own(ops))
		piece->phys = mm_classify(p->machine, piece->cpu, &kind);
	if (k_likely(piece->phys == DMA_BAD_PHYS))
		piece->phys = dma_to_phys(p->dev, piece->bus);
	return true;
}

void dma_piece_free(struct dmasim_device_private *p, size_t size, const struct dma_piece *piece, unsigned long attrs)
{
	const struct dma_map_ops *ops = dma_alloc_ops_of(p);

	if (k_unlikely(p->declared != NULL) && dma_declared_owns(p, piece->cpu))
		dma_buffer_release(p->machine, piece->cpu);
	else if (ops->free)
		ops->free(p->dev, size, piece->cpu, piece->bus, attrs);
}

void *dma_coherent_alloc(struct dmasim_device_private *p, size_t size, dma_addr_t *handle, gfp_t gfp,
			 unsigned long attrs, const char *function, void *frame)
{
	struct dmasim_machine *m = p->machine;
	struct dma_piece piece;
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_COHERENT,
		.dir = DMA_BIDIRECTIONAL,
		.bus = DMA_MAPPING_ERROR,
		.size = size,
		.attrs = attrs,
		.function = function,
		.frame = frame,
	};
	struct finding f = {.rule = "map-bad-size", .dev = p->dev, .size = size, .act_verb = "allocate"};

	if (k_unlikely(attrs & DMA_ATTR_NON_CONSISTENT))
		return dma_noncoherent_alloc(p, size, handle, DMA_BIDIRECTIONAL, gfp, attrs, function, frame);
	k_thread.entry = frame;
	if (k_unlikely(k_model_call(m, function)))
		return NULL;
	if (gfp & __GFP_DIRECT_RECLAIM)
		k_might_sleep(m, function);
	if (k_unlikely(!size || !handle || size > m->hw->ram.end - m->hw->ram.base)) {
		f.rule = handle ? "map-bad-size" : "map-bad-address";
		f.more[0].label = "call";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() of %zu bytes%s", function, size,
			 handle ? "" : ", with nowhere to put the handle");
		dma_report(m, &f);
		return NULL;
	}
	if (k_unlikely(!p->dev->coherent_dma_mask))
		dma_mask_missing(p, function, true);
	else if (k_unlikely(p->coherent_mask_failed | !p->mask_set))
		dma_mask_at_use(p, function, true);
	if (k_unlikely(gfp & __GFP_COMP)) {
		f = (struct finding){.rule = "kernel-warning", .dev = p->dev, .size = size, .act_verb = "allocate"};
		f.more[0].label = "flags";
		snprintf(f.more[0].text, sizeof(f.more[0].text),
			 "%s() with __GFP_COMP, which is taken away: its pages are not the driver's", function);
		dma_report(m, &f);
		gfp &= ~__GFP_COMP;
	}
	/* Which zone it comes from follows from the mask alone. */
	gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);
	if (!dma_piece_alloc(p, size, gfp, attrs, &piece))
		return NULL;
	op.cpu = piece.cpu;
	op.bus = *handle = piece.bus;
	op.phys = piece.phys;
	if (m->checks)
		track_map(m, &op);
	if (k_unlikely(p->mask_holes))
		dma_mask_holes(p, function, op.bus, size, true);
	return (void *)op.cpu;
}

void dma_coherent_release(struct dmasim_device_private *p, const struct track_unmapped *real)
{
	const struct dma_piece piece = {(void *)real->cpu, real->bus, real->phys};

	dma_piece_free(p, real->size, &piece, real->attrs);
}

bool dma_coherent_free(struct dmasim_device_private *p, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs,
		       const char *function, void *frame)
{
	struct dmasim_machine *m = p->machine;
	const struct dma_piece piece = {cpu, handle, DMA_BAD_PHYS};
	struct track_op op = {
		.dev = p,
		.kind = attrs & DMA_ATTR_NON_CONSISTENT ? EXTENT_NONCOHERENT : EXTENT_COHERENT,
		.dir = DMA_BIDIRECTIONAL,
		.bus = handle,
		.phys = DMA_BAD_PHYS,
		.size = size,
		.attrs = attrs,
		.cpu = cpu,
		.function = function,
		.frame = frame,
	};
	struct track_unmapped real;

	k_thread.entry = frame;
	if (k_unlikely(k_model_call(m, function)))
		return false;
	if (k_unlikely(k_irqs_disabled(m) || k_in_softirq(m)) && !dma_declared_owns(p, cpu)) {
		struct finding f = {
			.rule = "coherent-free-in-atomic",
			.dev = p->dev,
			.bus = handle,
			.has_bus = true,
			.cpu = cpu,
			.size = size,
			.buffer_size = size,
			.buffer_kind = "coherent block",
			.act_verb = "free",
			.dma = dma_map_facts(&op),
		};

		dma_report(m, &f);
	}
	if (!cpu || !size)
		return false;
	if (k_likely(m->checks)) {
		track_unmap(m, &op, &real);
		if (!real.found)
			return false;
		dma_release(p, &real, handle); /* of another kind: the wrong call, reported; it is ended */
		return real.kind == op.kind;
	} else {
		dma_piece_free(p, size, &piece, attrs);
	}
	return true;
}

/* ---- public names ---- */

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_attrs");

	if (!p || k_fails(p->machine, "dma_alloc_attrs", "dma_alloc_coherent"))
		return NULL;
	return dma_coherent_alloc(p, size, handle, gfp, attrs, "dma_alloc_attrs", __builtin_frame_address(0));
}

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_coherent");

	if (!p || k_fails(p->machine, "dma_alloc_coherent", "dma_alloc_attrs"))
		return NULL;
	return dma_coherent_alloc(p, size, handle, gfp, gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0, "dma_alloc_coherent",
				  __builtin_frame_address(0));
}

void *dma_alloc_wc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
{
	struct dmasim_device_private *p = k_device(dev, "dma_alloc_wc");

	if (!p || k_fails(p->machine, "dma_alloc_wc", "dma_alloc_attrs"))
		return NULL;
	return dma_coherent_alloc(p, size, handle, gfp,
				  DMA_ATTR_WRITE_COMBINE | (gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0), "dma_alloc_wc",
				  __builtin_frame_address(0));
}

void dma_coherent_free_as(const struct dma_call *call, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	struct dmasim_device_private *p = call->dev;
	struct finding f = {.rule = "coherent-free-mismatch", .dev = p->dev, .bus = handle, .has_bus = true};

	if (!dma_coherent_free(p, size, cpu, handle, attrs, call->function, call->frame) || !dma_managed_forget(p, cpu))
		return;
	f.cpu = cpu;
	f.size = f.buffer_size = size;
	f.buffer_kind = "coherent block";
	f.act_verb = "free";
	f.more[0].label = "managed";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "allocated by dmam_alloc_coherent(): %s() does not take it off the device's list, so that it is freed "
		 "a second time when the driver is unbound",
		 call->function);
	dma_report(p->machine, &f);
}

static void free_by(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs,
		    const char *function, void *frame)
{
	struct dma_call call = {.dev = k_device(dev, function), .function = function, .frame = frame};

	if (call.dev)
		dma_coherent_free_as(&call, size, cpu, handle, attrs);
}

void dma_free_attrs(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle, unsigned long attrs)
{
	free_by(dev, size, cpu_addr, handle, attrs, "dma_free_attrs", __builtin_frame_address(0));
}

void dma_free_coherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle)
{
	free_by(dev, size, cpu_addr, handle, 0, "dma_free_coherent", __builtin_frame_address(0));
}

void dma_free_wc(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle)
{
	free_by(dev, size, cpu_addr, handle, DMA_ATTR_WRITE_COMBINE, "dma_free_wc", __builtin_frame_address(0));
}
