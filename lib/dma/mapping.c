// SPDX-License-Identifier: MIT
/*
 * The front door of streaming mappings.
 *
 * Each public call becomes one struct track_op: what the driver said. Maps are then expressed on one operation, by
 * physical address: arguments first, then where the memory comes from, then the backend, then the tracker. Ends and
 * hand-overs go the other way round: the tracker first, because only it knows what was really mapped, and the backend
 * does only that.
 *
 * The order of checks decides which report a call with several mistakes gets: direction, size, mask, memory, overlap.
 *
 * Weakness: a device's own operations (set_dma_ops()) are believed; what they return is recorded as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <linux/dma-direct.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"
#include "lib/mm/mm.h"

/* ---- arguments ---- */

void dma_report_argument(struct dmasim_device_private *p, const struct track_op *op, const char *rule, const char *verb)
{
	struct finding f = {
		.rule = rule,
		.dev = p->dev,
		.bus = op->bus,
		.has_bus = op->bus != DMA_MAPPING_ERROR,
		.size = op->size,
		.act_verb = verb,
	};
	bool known = (unsigned int)op->dir <= DMA_FROM_DEVICE;

	if (known)
		f.direction = (int)op->dir + 1;
	f.more[0].label = "call";
	if (known)
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() with size %zu", op->function, op->size);
	else
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() with size %zu, direction %d", op->function,
			 op->size, (int)op->dir);
	f.dma = dma_map_facts(op);
	if (op->kind == EXTENT_RESOURCE && op->phys != DMA_BAD_PHYS) {
		f.phys = op->phys;
		f.has_phys = true;
	}
	dma_report(p->machine, &f);
}

/* ---- map ---- */

static dma_addr_t map_failed(struct dmasim_device_private *p, struct track_op *op)
{
	op->bus = DMA_MAPPING_ERROR;
	if (p->machine->checks)
		track_map_failed(p->machine, op);
	return DMA_MAPPING_ERROR;
}

/* Direction, size and mask: what can be said before looking at the memory. */
static inline bool map_arguments_ok(struct dmasim_device_private *p, struct track_op *op)
{
	op->bus = DMA_MAPPING_ERROR;
	op->phys = DMA_BAD_PHYS;
	if (k_unlikely(!dma_direction_ok(p, op, "map")))
		return false;
	if (k_unlikely(!op->size)) {
		dma_report_argument(p, op, "map-bad-size", "map");
		return false;
	}
	if (k_unlikely(!p->dev->dma_mask)) {
		dma_mask_missing(p, op->function, false);
		return false;
	}
	return true;
}

dma_addr_t dma_call_map(struct dmasim_device_private *p, const struct track_op *op)
{
	const struct dma_map_ops *ops = dma_ops_of(p);
	dma_addr_t addr = DMA_MAPPING_ERROR;

	if (k_likely(ops == &dma_direct_ops))
		return dma_direct_map_phys(p->dev, op->phys, op->size, op->dir, op->attrs);
	if (ops->map_phys)
		addr = ops->map_phys(p->dev, op->phys, op->size, op->dir, op->attrs);
	else if (op->attrs & DMA_ATTR_MMIO && ops->map_resource)
		addr = ops->map_resource(p->dev, op->phys, op->size, op->dir, op->attrs);
	else if (!(op->attrs & DMA_ATTR_MMIO) && ops->map_page)
		addr = ops->map_page(p->dev, pfn_to_page(op->phys >> SIM_PAGE_SHIFT), op->phys & (SIM_PAGE_SIZE - 1),
				     op->size, op->dir, op->attrs);
	return ops->mapping_error && ops->mapping_error(p->dev, addr) ? DMA_MAPPING_ERROR : addr;
}

/* The core: op->phys is known and may be mapped. */
static inline dma_addr_t map_phys(struct dmasim_device_private *p, struct track_op *op)
{
	struct dmasim_machine *m = p->machine;

	if (k_unlikely(p->mask_failed | !p->mask_set))
		dma_mask_at_use(p, op->function, false);
	if (k_likely(dma_ops_of(p) == &dma_direct_ops))
		op->bus = dma_direct_map_phys(p->dev, op->phys, op->size, op->dir, op->attrs);
	else
		op->bus = dma_call_map(p, op);
	if (k_unlikely(op->bus == DMA_MAPPING_ERROR)) {
		if (dma_is_foreign(m, op->phys))
			mm_foreign_put(m, op->phys, op->size);
		return map_failed(p, op);
	}
	if (k_likely(m->checks)) {
		op->bounced = dma_bounced(p, op->bus);
		track_map(m, op);
	}
	if (k_unlikely(p->mask_holes))
		dma_mask_holes(p, op->function, op->bus, op->size, false);
	return op->bus;
}

static inline __attribute__((__always_inline__)) dma_addr_t map_single(const struct dma_call *call, void *ptr,
								       size_t size, enum dma_data_direction dir,
								       unsigned long attrs)
{
	struct dmasim_device_private *p = call->dev;
	const struct sim_region *linear;
	uintptr_t offset;
	struct track_op op;

	k_thread.entry = call->frame;
	op = (struct track_op){
		.dev = p,
		.kind = EXTENT_SINGLE,
		.dir = dir,
		.size = size,
		.attrs = attrs,
		.function = call->function,
		.frame = call->frame,
	};
	if (k_unlikely(!map_arguments_ok(p, &op)) || k_fails(p->machine, call->function, call->alias))
		return map_failed(p, &op);
	linear = &p->machine->hw->ram.linear;
	offset = (uintptr_t)ptr - linear->start;
	if (k_likely(offset < linear->size)) {
		op.phys = linear->phys + offset;
		if (k_unlikely(!dma_origin_range(p, op.phys, &op)))
			return map_failed(p, &op);
	} else {
		op.phys = dma_origin_slow(p, ptr, &op);
		if (op.phys == DMA_BAD_PHYS)
			return map_failed(p, &op);
	}
	return map_phys(p, &op);
}

static inline __attribute__((__always_inline__)) dma_addr_t map_page(const struct dma_call *call, struct page *page,
								     size_t offset, size_t size,
								     enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = call->dev;
	struct track_op op;

	k_thread.entry = call->frame;
	op = (struct track_op){
		.dev = p,
		.kind = EXTENT_PAGE,
		.dir = dir,
		.size = size,
		.attrs = attrs,
		.function = call->function,
		.frame = call->frame,
	};
	if (k_unlikely(!map_arguments_ok(p, &op)) || k_fails(p->machine, call->function, call->alias))
		return map_failed(p, &op);
	op.phys = dma_origin_page(p, page, &op);
	if (k_unlikely(op.phys == DMA_BAD_PHYS))
		return map_failed(p, &op);
	op.phys += offset;
	/* A page of foreign memory has a struct page too: it is what its address is, as for a single mapping. */
	if (k_unlikely(dma_is_foreign(p->machine, op.phys))) {
		size_t len = 0;
		void *host = mm_foreign_host(p->machine, op.phys, &len);

		op.phys = host ? dma_origin_slow(p, host, &op) : DMA_BAD_PHYS;
		if (op.phys == DMA_BAD_PHYS)
			return map_failed(p, &op);
	} else if (k_unlikely(!dma_origin_range(p, op.phys, &op))) {
		return map_failed(p, &op);
	}
	return map_phys(p, &op);
}

dma_addr_t dma_map_single_attrs(struct device *dev, void *ptr, size_t size, enum dma_data_direction dir,
				unsigned long attrs)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_map_single"), "dma_map_single", "dma_map_single_attrs");

	return k_likely(call.dev != NULL) ? map_single(&call, ptr, size, dir, attrs) : DMA_MAPPING_ERROR;
}

dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_map_page"), "dma_map_page", "dma_map_page_attrs");

	return k_likely(call.dev != NULL) ? map_page(&call, page, offset, size, dir, attrs) : DMA_MAPPING_ERROR;
}

dma_addr_t dma_map_single_as(const struct dma_call *call, void *ptr, size_t size, enum dma_data_direction dir)
{
	return map_single(call, ptr, size, dir, 0);
}

dma_addr_t dma_map_page_as(const struct dma_call *call, struct page *page, size_t offset, size_t size,
			   enum dma_data_direction dir)
{
	return map_page(call, page, offset, size, dir, 0);
}

static dma_addr_t map_by_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			      unsigned long attrs, const char *function, void *frame)
{
	struct dmasim_device_private *p = k_device(dev, function);
	bool mmio = attrs & DMA_ATTR_MMIO;
	struct track_op op;

	if (!p)
		return DMA_MAPPING_ERROR;
	k_thread.entry = frame;
	op = (struct track_op){
		.dev = p,
		.kind = mmio ? EXTENT_RESOURCE : EXTENT_PAGE,
		.dir = dir,
		.size = size,
		.attrs = attrs,
		.function = function,
		.frame = frame,
	};
	if (!map_arguments_ok(p, &op) || k_fails(p->machine, function, mmio ? "dma_map_resource" : "dma_map_page"))
		return map_failed(p, &op);
	op.phys = phys;
	if (mmio && (phys + size < phys || sim_ram_contains(p->machine->hw, phys, 1) ||
		     sim_ram_contains(p->machine->hw, phys + size - 1, 1))) {
		dma_report_argument(p, &op, phys + size < phys ? "map-bad-size" : "map-resource-of-ram", "map");
		return map_failed(p, &op);
	}
	if (!mmio && !dma_origin_range(p, phys, &op))
		return map_failed(p, &op);
	return map_phys(p, &op);
}

dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			unsigned long attrs)
{
	return map_by_phys(dev, phys, size, dir, attrs, "dma_map_phys", __builtin_frame_address(0));
}

dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			    unsigned long attrs)
{
	return map_by_phys(dev, phys, size, dir, attrs | DMA_ATTR_MMIO, "dma_map_resource", __builtin_frame_address(0));
}

/* ---- unmap ---- */

void dma_call_unmap(struct dmasim_device_private *p, const struct track_op *op)
{
	const struct dma_map_ops *ops = dma_ops_of(p);

	if (k_likely(ops == &dma_direct_ops))
		return;
	if (ops->unmap_phys)
		ops->unmap_phys(p->dev, op->bus, op->size, op->dir, op->attrs);
	else if (op->attrs & DMA_ATTR_MMIO && ops->unmap_resource)
		ops->unmap_resource(p->dev, op->bus, op->size, op->dir, op->attrs);
	else if (ops->unmap_page && !(op->attrs & DMA_ATTR_MMIO))
		ops->unmap_page(p->dev, op->bus, op->size, op->dir, op->attrs);
}

/* A range was reported: a kernel whose copy it would be says so too. */
static void say_bounced(struct dmasim_device_private *p, dma_addr_t bus, size_t size, enum dma_data_direction dir,
			enum track_sync_side side)
{
	if (p->machine->dma->tlb)
		bounce_say_range(p->machine, p->dev, dma_to_phys(p->dev, bus), size, dir, side);
}

static inline void unmap(struct dmasim_device_private *p, struct track_op *op)
{
	struct dmasim_machine *m = p->machine;
	struct track_unmapped real;

	if (k_unlikely(!dma_direction_ok(p, op, "unmap")))
		return;
	if (k_likely(m->checks)) {
		track_unmap(m, op, &real);
		if (k_unlikely(!real.found || op->size > real.size) && !(op->attrs & DMA_ATTR_SKIP_CPU_SYNC))
			say_bounced(p, op->bus, op->size, op->dir, SYNC_FOR_CPU);
		if (k_unlikely(!real.found))
			return;
		if (k_likely(real.kind <= EXTENT_SG && dma_ops_of(p) == &dma_direct_ops &&
			     !dma_is_foreign(m, real.phys)))
			return; /* nothing to undo */
		op->phys = real.phys;
		op->size = real.size;
		op->dir = real.dir;
		op->attrs = dma_end_attrs(real.attrs, op->attrs);
	} else {
		op->phys = dma_to_phys(p->dev, op->bus);
		if (dma_bounced(p, op->bus))
			op->phys = p->dmabounce && dmabounce_holds(p, op->bus) ? dmabounce_original(p, op->bus)
									       : bounce_original(m, op->phys);
	}
	if (k_unlikely(m->checks && (real.kind == EXTENT_COHERENT || real.kind == EXTENT_NONCOHERENT ||
				     real.kind == EXTENT_NONCONTIGUOUS))) {
		dma_release(p, &real, op->bus); /* the wrong call, reported; what it ended is ended */
		return;
	}
	dma_call_unmap(p, op);
	if (k_unlikely(m->checks && real.freed)) /* told; a copy that came back has damaged what is there now */
		mm_damage_known(m, op->phys, op->size);
	if (k_unlikely(dma_is_foreign(m, op->phys)))
		mm_foreign_put(m, op->phys, op->size);
}

void dma_streaming_release(struct dmasim_device_private *p, const struct track_unmapped *real, dma_addr_t bus)
{
	struct track_op op = {.bus = bus, .size = real->size, .dir = real->dir, .attrs = real->attrs};

	dma_call_unmap(p, &op);
	if (real->freed)
		mm_damage_known(p->machine, real->phys, real->size);
	if (dma_is_foreign(p->machine, real->phys))
		mm_foreign_put(p->machine, real->phys, real->size);
}

#define UNMAP_OP(p, extent_kind, name)                                                                    \
	(struct track_op)                                                                                 \
	{                                                                                                 \
		.dev = (p), .kind = (extent_kind), .dir = dir, .bus = addr, .size = size, .attrs = attrs, \
		.function = (name), .frame = __builtin_frame_address(0)                                   \
	}

void dma_unmap_single_attrs(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			    unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_single");
	struct track_op op;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	op = UNMAP_OP(p, EXTENT_SINGLE, "dma_unmap_single");
	unmap(p, &op);
}

void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			  unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_page");
	struct track_op op;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	op = UNMAP_OP(p, EXTENT_PAGE, "dma_unmap_page");
	unmap(p, &op);
}

void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_phys");
	struct track_op op;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	op = UNMAP_OP(p, attrs & DMA_ATTR_MMIO ? EXTENT_RESOURCE : EXTENT_PAGE, "dma_unmap_phys");
	unmap(p, &op);
}

void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_resource");
	struct track_op op;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	attrs |= DMA_ATTR_MMIO;
	op = UNMAP_OP(p, EXTENT_RESOURCE, "dma_unmap_resource");
	unmap(p, &op);
}

void dma_unmap_as(const struct dma_call *call, enum extent_kind kind, dma_addr_t addr, size_t size,
		  enum dma_data_direction dir)
{
	struct track_op op = {
		.dev = call->dev,
		.kind = kind,
		.dir = dir,
		.bus = addr,
		.size = size,
		.function = call->function,
		.frame = call->frame,
	};

	k_thread.entry = call->frame;
	unmap(call->dev, &op);
}

int dma_mapping_error(struct device *dev, dma_addr_t addr)
{
	struct dmasim_device_private *p = k_device(dev, "dma_mapping_error");

	if (k_likely(p && p->machine->checks)) {
		STACK_ENTER();
		track_mapping_error(p->machine, p, addr);
	}
	return addr == DMA_MAPPING_ERROR ? -ENOMEM : 0;
}

/* ---- hand-overs ---- */

static inline void sync_for(struct dmasim_device_private *p, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			    enum track_sync_side side, const char *function, void *frame)
{
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops;
	struct track_op op;

	/* Before the stack is noted: handlers that run now note theirs. */
	if (side == SYNC_FOR_CPU)
		k_safe_point(m, DMA_SYNC_NS);
	k_thread.entry = frame;
	op = (struct track_op){
		.dev = p,
		.kind = EXTENT_SINGLE,
		.dir = dir,
		.bus = addr,
		.size = size,
		.function = function,
		.frame = frame,
	};
	if (k_unlikely(!dma_direction_ok(p, &op, "sync")) || k_unlikely(!size))
		return;
	if (k_likely(m->checks) && !track_sync(m, &op, side, &op.phys)) {
		say_bounced(p, addr, size, dir, side);
		return;
	}
	ops = dma_ops_of(p);
	if (k_likely(ops == &dma_direct_ops))
		return;
	if (side == SYNC_FOR_CPU && ops->sync_single_for_cpu)
		ops->sync_single_for_cpu(p->dev, addr, size, dir);
	else if (side == SYNC_FOR_DEVICE && ops->sync_single_for_device)
		ops->sync_single_for_device(p->dev, addr, size, dir);
}

void dma_sync_as(const struct dma_call *call, dma_addr_t addr, size_t size, enum dma_data_direction dir,
		 enum track_sync_side side)
{
	sync_for(call->dev, addr, size, dir, side, call->function, call->frame);
}

static inline void sync(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			enum track_sync_side side, const char *function, void *frame)
{
	struct dmasim_device_private *p = k_device(dev, function);

	if (k_likely(p != NULL))
		sync_for(p, addr, size, dir, side, function, frame);
}

void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	sync(dev, addr, size, dir, SYNC_FOR_CPU, "dma_sync_single_for_cpu", __builtin_frame_address(0));
}

void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	sync(dev, addr, size, dir, SYNC_FOR_DEVICE, "dma_sync_single_for_device", __builtin_frame_address(0));
}

void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t addr, unsigned long offset, size_t size,
				   enum dma_data_direction dir)
{
	sync(dev, addr + offset, size, dir, SYNC_FOR_CPU, "dma_sync_single_range_for_cpu", __builtin_frame_address(0));
}

void dma_sync_single_range_for_device(struct device *dev, dma_addr_t addr, unsigned long offset, size_t size,
				      enum dma_data_direction dir)
{
	sync(dev, addr + offset, size, dir, SYNC_FOR_DEVICE, "dma_sync_single_range_for_device",
	     __builtin_frame_address(0));
}
