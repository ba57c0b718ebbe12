// SPDX-License-Identifier: MIT
/*
 * Mappings of scatterlists: many pieces by one call.
 *
 * A map goes over the list three times. First every piece of memory is looked at, and nothing is mapped unless all may
 * be. Then the backend fills in bus addresses: its own map_sg, or piece by piece, joining what is adjacent in memory
 * and on the bus where the machine says so (sg_merge=on) and the limits of the device allow. Last the tracker gets each
 * piece, at its place within the segments. A failure gives back what was mapped, and makes the list's addresses the
 * error value, so that a device that gets one shows it.
 *
 * Ends and syncs ask the tracker what the list was; what is undone is what was mapped, whatever the list says by then.
 *
 * Weakness: a backend that reorders pieces would be recorded wrongly; none does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/dma-direct.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

static struct track_op op_of(const struct track_sg *sg)
{
	return (struct track_op){
		.dev = sg->dev,
		.kind = EXTENT_SG,
		.dir = sg->dir,
		.bus = DMA_MAPPING_ERROR,
		.phys = DMA_BAD_PHYS,
		.attrs = sg->attrs,
		.function = sg->function,
		.frame = sg->frame,
		.nents = sg->nents,
	};
}

/* ---- the pieces ---- */

/* Take references of foreign memory for the first n entries, or give them back. */
static void put_foreign(struct dmasim_machine *m, struct scatterlist *sgl, int n)
{
	struct sg_cursor c;
	int i = 0;

	for (sg_first(&c, m, sgl); c.e && i < n; sg_step_to(&c, ++i, n)) {
		phys_addr_t phys = mm_page_phys(m, sg_page(c.e)) + c.e->offset;

		if (dma_is_foreign(m, phys))
			mm_foreign_put(m, phys, c.e->length);
	}
}

/* Host memory has no page of its own: hold the address that the list gives it. */
static bool take_foreign(const struct track_sg *sg, struct track_op *op, phys_addr_t phys, bool *told)
{
	struct dmasim_machine *m = sg->dev->machine;
	size_t len;
	void *host = mm_foreign_host(m, phys, &len);
	phys_addr_t got;

	if (!host)
		return false;
	if (*told || mm_is_adopted(m, host, op->size)) {
		got = mm_foreign_get(m, host, op->size);
	} else {
		*told = true; /* what it is; one report for the list */
		got = dma_origin_slow(sg->dev, host, op);
	}
	if (got == phys)
		return true;
	if (got != DMA_BAD_PHYS)
		mm_foreign_put(m, got, op->size);
	return false;
}

/* May all of it be mapped? Else reported. *allocated: none of it is free memory. */
static bool pieces_ok(const struct track_sg *sg, bool *allocated)
{
	struct dmasim_machine *m = sg->dev->machine;
	struct track_op op = op_of(sg);
	struct sg_cursor c;
	bool told = false;
	int i = 0;

	*allocated = true;
	for (sg_first(&c, m, sg->sgl); c.e; sg_step(&c)) {
		phys_addr_t phys = mm_page_phys(m, sg_page(c.e));

		op.size = c.e->length;
		if (k_unlikely(phys == DMA_BAD_PHYS)) {
			sg_report_broken(m, sg->function, c.sg, "has an entry without a page");
			break;
		}
		phys += c.e->offset;
		if (k_unlikely(!op.size)) {
			dma_report_argument(sg->dev, &op, "map-bad-size", "map");
			break;
		}
		op.allocated = false;
		if (k_unlikely(dma_is_foreign(m, phys))) {
			if (!take_foreign(sg, &op, phys, &told))
				break;
		} else if (k_unlikely(!dma_origin_range(sg->dev, phys, &op))) {
			break;
		}
		*allocated &= op.allocated;
		if (++i == sg->nents)
			return true;
	}
	if (!c.e)
		sg_report_short(&c, sg->function, (u64)sg->nents, (u64)i);
	put_foreign(m, sg->sgl, i);
	return false;
}

/* ---- the backend ---- */

/* Undo the segments before the nth, and make every address of the list the error value. */
static void undo(struct dmasim_device_private *p, const struct dma_map_ops *ops, struct scatterlist *sgl, int n,
		 int nents, enum dma_data_direction dir, unsigned long attrs)
{
	struct sg_cursor c;
	int i = 0;

	for (sg_first(&c, p->machine, sgl); c.e && i < nents; sg_step_to(&c, ++i, nents)) {
		if (i < n && ops != &dma_direct_ops) {
			struct track_op op = {.bus = c.e->dma_address,
					      .size = c.e->dma_length,
					      .dir = dir,
					      .attrs = attrs | DMA_ATTR_SKIP_CPU_SYNC};

			dma_call_unmap(p, &op);
		}
		c.e->dma_address = DMA_MAPPING_ERROR;
		c.e->dma_length = 0;
	}
}

/* Can [bus, bus + more) be joined to a segment of `size` bytes that ends where it begins? */
static bool may_join(struct device *dev, dma_addr_t start, u64 size, u64 more)
{
	u64 mask = dma_get_seg_boundary(dev);

	return size + more <= dma_get_max_seg_size(dev) && (start & mask) + size + more - 1 <= mask;
}

int dma_map_each(struct dmasim_device_private *p, const struct dma_map_ops *ops, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	bool merge = (ops == &dma_direct_ops || ops == &swiotlb_dma_ops) && p->machine->hw->cfg.sg_merge;
	struct sg_cursor in, out; /* the piece, and the last segment */
	phys_addr_t end = 0;
	int n = 0, i = 0;

	sg_first(&out, p->machine, sgl);
	for (sg_first(&in, p->machine, sgl); in.e && i < nents; sg_step_to(&in, ++i, nents)) {
		struct track_op op = {.dev = p, .dir = dir, .attrs = attrs, .size = in.e->length};
		dma_addr_t bus;

		op.phys = mm_page_phys(p->machine, sg_page(in.e)) + in.e->offset;
		bus = ops == &dma_direct_ops ? dma_direct_map_phys(p->dev, op.phys, op.size, dir, attrs)
					     : dma_call_map(p, &op);
		if (k_unlikely(bus == DMA_MAPPING_ERROR)) {
			undo(p, ops, sgl, n, nents, dir, attrs);
			return -EIO;
		}
		if (merge && n && op.phys == end && !dma_bounced(p, bus) &&
		    bus == out.e->dma_address + out.e->dma_length &&
		    may_join(p->dev, out.e->dma_address, out.e->dma_length, op.size)) {
			out.e->dma_length += (unsigned int)op.size;
		} else {
			if (n)
				sg_step(&out);
			if (!out.e)
				break;
			n++;
			out.e->dma_address = bus;
			out.e->dma_length = (unsigned int)op.size;
			out.e->dma_flags = 0;
		}
		end = op.phys + op.size;
	}
	/* Those that were not needed. */
	for (i = n; merge && out.e && i < nents; i++) {
		sg_step(&out);
		if (!out.e)
			break;
		out.e->dma_address = DMA_MAPPING_ERROR;
		out.e->dma_length = 0;
	}
	return n;
}

int dma_direct_map_sg(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_sg");

	return p ? dma_map_each(p, &dma_direct_ops, sgl, nents, dir, attrs) : -EINVAL;
}

static int call_map_sg(const struct track_sg *sg)
{
	struct dmasim_device_private *p = sg->dev;
	const struct dma_map_ops *ops = dma_ops_of(p);
	int n;

	if (k_likely(ops == &dma_direct_ops) || !ops->map_sg)
		return dma_map_each(p, ops, sg->sgl, sg->nents, sg->dir, sg->attrs);
	n = ops->map_sg(p->dev, sg->sgl, sg->nents, sg->dir, sg->attrs);
	if (n > 0 && n <= sg->nents)
		return n;
	return n == -EINVAL || n == -ENOMEM || n == -EREMOTEIO || n == -EOPNOTSUPP ? n : -EIO;
}

/* ---- what the tracker gets ---- */

static void report_segment(const struct track_op *op, const char *rule, u64 limit, const char *label, const char *text)
{
	struct finding f = {
		.rule = rule,
		.dev = op->dev->dev,
		.bus = op->bus,
		.has_bus = true,
		.size = op->size,
		.direction = op->dir + 1,
		.act_verb = "map",
		.dma = dma_map_facts(op),
	};

	f.dma.entry.size = limit;
	f.more[0].label = label;
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s", text);
	dma_report(op->dev->machine, &f);
}

/* One piece against the limits that the driver has declared; told: once a list. */
static inline void check_limits(const struct track_op *op, unsigned int max, u64 boundary, bool *long_told,
				bool *cross_told)
{
	char text[120];

	if (k_unlikely(op->size > max) && !*long_told) {
		*long_told = true;
		snprintf(text, sizeof(text), "%u bytes, by dma_set_max_seg_size() or by default", max);
		report_segment(op, "segment-too-long", max, "limit", text);
	}
	if (k_unlikely(boundary != ~0ULL && (op->bus ^ (op->bus + op->size - 1)) & ~boundary) && !*cross_told) {
		*cross_told = true;
		snprintf(text, sizeof(text), "no segment may cross a multiple of 0x%llx", boundary + 1);
		report_segment(op, "segment-crosses-boundary", boundary, "boundary", text);
	}
}

/* Pieces in order fill the segments in order. */
static void track(const struct track_sg *sg, int count, bool allocated)
{
	struct dmasim_machine *m = sg->dev->machine;
	struct track_op op = op_of(sg);
	unsigned int max = dma_get_max_seg_size(sg->dev->dev);
	u64 boundary = dma_get_seg_boundary(sg->dev->dev), filled = 0;
	u32 list = track_sg_begin(m, sg, count);
	bool long_told = false, cross_told = false;
	struct sg_cursor in, out;
	int i = 0;

	if (!list)
		return;
	op.allocated = allocated;
	sg_first(&out, m, sg->sgl);
	for (sg_first(&in, m, sg->sgl); in.e && i < sg->nents; sg_step_to(&in, ++i, sg->nents)) {
		phys_addr_t phys = mm_page_phys(m, sg_page(in.e)) + in.e->offset;
		u64 left = in.e->length;

		/* nearly always one round: a piece lies in one segment */
		while (left && out.e) {
			u64 room = out.e->dma_length - filled;

			if (!room) {
				if (!--count)
					return;
				sg_step(&out);
				filled = 0;
				continue;
			}
			op.phys = phys;
			op.bus = out.e->dma_address + filled;
			op.bounced = dma_bounced(sg->dev, op.bus);
			op.size = left < room ? left : room;
			op.joined = filled != 0;
			check_limits(&op, max, boundary, &long_told, &cross_told);
			track_sg_entry(m, list, &op);
			if (k_unlikely(sg->dev->mask_holes))
				dma_mask_holes(sg->dev, sg->function, op.bus, op.size, false);
			phys += op.size;
			left -= op.size;
			filled += op.size;
		}
	}
}

/* ---- map ---- */

/* The number of segments or a negative error. */
static int map(struct track_sg *sg)
{
	struct dmasim_device_private *p = sg->dev;
	struct dmasim_machine *m = p->machine;
	struct track_op op = op_of(sg);
	bool allocated;
	int n = -EINVAL;

	if (!dma_direction_ok(p, &op, "map"))
		return -EINVAL;
	if (k_unlikely(sg->nents <= 0)) {
		dma_report_argument(p, &op, "map-bad-size", "map");
		return -EIO;
	}
	if (k_unlikely(!p->dev->dma_mask)) {
		dma_mask_missing(p, sg->function, false);
		return 0;
	}
	if (k_fails(m, sg->function, !strcmp(sg->function, "dma_map_sg") ? "dma_map_sg_attrs" : "dma_map_sg")) {
		undo(p, &dma_direct_ops, sg->sgl, 0, sg->nents, sg->dir, sg->attrs);
		n = -ENOMEM;
	} else if (pieces_ok(sg, &allocated)) {
		if (k_unlikely(p->mask_failed | !p->mask_set))
			dma_mask_at_use(p, sg->function, false);
		n = call_map_sg(sg);
		if (n < 0)
			put_foreign(m, sg->sgl, sg->nents);
	}
	if (!m->checks)
		return n;
	if (k_unlikely(n < 0))
		track_sg_failed(m, sg);
	else
		track(sg, n, allocated);
	return n;
}

#define SG(p, list, n, name)                                                                             \
	(struct track_sg)                                                                                \
	{                                                                                                \
		.dev = (p), .sgl = (list), .nents = (n), .dir = dir, .attrs = attrs, .function = (name), \
		.frame = __builtin_frame_address(0)                                                      \
	}

/* The same for a call by another name. */
#define SG_AS(call, list, n)                                                                               \
	{                                                                                                  \
		.dev = (call)->dev, .sgl = (list), .nents = (n), .dir = dir, .function = (call)->function, \
		.frame = (call)->frame,                                                                    \
	}

unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
			      unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_sg");
	struct track_sg sg;
	int n;

	if (k_unlikely(!p))
		return 0;
	STACK_ENTER();
	sg = SG(p, sgl, nents, "dma_map_sg");
	n = map(&sg);
	return n > 0 ? (unsigned int)n : 0;
}

unsigned int dma_map_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents, enum dma_data_direction dir)
{
	struct track_sg sg = SG_AS(call, sgl, nents);
	int n;

	k_thread.entry = call->frame;
	n = map(&sg);
	return n > 0 ? (unsigned int)n : 0;
}

/* The driver's table, NULL and a report where none is. */
static struct sg_table *table_of(struct dmasim_device_private *p, struct sg_table *sgt, const char *function)
{
	uintptr_t good;
	struct sg_table *t = sg_memory(p->machine, sgt, sizeof(*t), &good);

	if (!t)
		sg_report_broken(p->machine, function, sgt, "'s table is an address where no memory is");
	return t;
}

int dma_map_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_sgtable");
	struct sg_table *t;
	struct track_sg sg;
	int n;

	if (k_unlikely(!p))
		return -EINVAL;
	STACK_ENTER();
	t = table_of(p, sgt, "dma_map_sgtable");
	if (!t)
		return -EINVAL;
	sg = SG(p, t->sgl, (int)t->orig_nents, "dma_map_sgtable");
	n = map(&sg);
	if (n < 0)
		return n;
	t->nents = (unsigned int)n;
	return 0;
}

/* ---- unmap ---- */

/* Nobody has looked at the list since it was mapped: segment by segment, as it stands. */
static void unmap_each(const struct track_sg *sg)
{
	struct track_op op = op_of(sg);
	struct sg_cursor c;
	int i = 0;

	for (sg_first(&c, sg->dev->machine, sg->sgl); c.e && i < sg->nents && c.e->dma_length;
	     sg_step_to(&c, ++i, sg->nents)) {
		op.bus = c.e->dma_address;
		op.size = c.e->dma_length;
		dma_call_unmap(sg->dev, &op);
	}
}

static void unmap(struct track_sg *sg)
{
	struct dmasim_device_private *p = sg->dev;
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = op_of(sg);
	struct track_unmapped real;
	bool each;
	u32 list;

	if (!dma_direction_ok(p, &op, "unmap"))
		return;
	if (!m->checks) {
		if (ops->unmap_sg)
			ops->unmap_sg(p->dev, sg->sgl, sg->nents, sg->dir, sg->attrs);
		else if (ops != &dma_direct_ops)
			unmap_each(sg);
		put_foreign(m, sg->sgl, sg->nents);
		return;
	}
	list = track_sg_unmap(m, sg);
	if (k_unlikely(!list))
		return;
	if (ops->unmap_sg)
		ops->unmap_sg(p->dev, sg->sgl, sg->nents, sg->dir, sg->attrs);
	each = !ops->unmap_sg && ops != &dma_direct_ops;
	while (track_sg_end(m, list, each, &real, &op.bus)) {
		if (k_unlikely(real.kind != EXTENT_SG)) {
			dma_release(p, &real, op.bus);
			continue;
		}
		if (k_unlikely(each)) {
			op.size = real.size;
			op.dir = real.dir;
			op.attrs = dma_end_attrs(real.attrs, sg->attrs);
			dma_call_unmap(p, &op);
			if (k_unlikely(real.freed))
				mm_damage_known(m, real.phys, real.size);
		}
		if (k_unlikely(dma_is_foreign(m, real.phys)))
			mm_foreign_put(m, real.phys, real.size);
	}
}

void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
			unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_sg");
	struct track_sg sg;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	sg = SG(p, sgl, nents, "dma_unmap_sg");
	unmap(&sg);
}

void dma_unmap_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_unmap_sgtable");
	struct sg_table *t;
	struct track_sg sg;

	if (k_unlikely(!p))
		return;
	STACK_ENTER();
	t = table_of(p, sgt, "dma_unmap_sgtable");
	if (!t)
		return;
	sg = SG(p, t->sgl, (int)t->orig_nents, "dma_unmap_sgtable");
	unmap(&sg);
}

void dma_unmap_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents, enum dma_data_direction dir)
{
	struct track_sg sg = SG_AS(call, sgl, nents);

	k_thread.entry = call->frame;
	unmap(&sg);
}

/* ---- hand-overs ---- */

/* Segment by segment, for operations that know no lists. */
static void sync_each(struct dmasim_device_private *p, const struct dma_map_ops *ops, struct scatterlist *sgl,
		      int nents, enum dma_data_direction dir, enum track_sync_side side)
{
	void (*fn)(struct device * dev, dma_addr_t addr, size_t size, enum dma_data_direction dir) =
		side == SYNC_FOR_CPU ? ops->sync_single_for_cpu : ops->sync_single_for_device;
	struct sg_cursor c;
	int i = 0;

	for (sg_first(&c, p->machine, sgl); fn && c.e && i < nents && c.e->dma_length; sg_step_to(&c, ++i, nents))
		fn(p->dev, c.e->dma_address, c.e->dma_length, dir);
}

static void sync(struct device *dev, struct scatterlist *sgl, struct sg_table *sgt, int nents,
		 enum dma_data_direction dir, enum track_sync_side side, const char *function, void *frame)
{
	struct dmasim_device_private *p = k_device(dev, function);
	const struct dma_map_ops *ops;
	struct track_sg sg;
	struct track_op op;

	if (k_unlikely(!p))
		return;
	/* Before the stack is noted: handlers that run now note theirs. */
	if (side == SYNC_FOR_CPU)
		k_safe_point(p->machine, DMA_SYNC_NS);
	k_thread.entry = frame;
	if (!sgl) {
		sgt = table_of(p, sgt, function);
		if (!sgt)
			return;
		sgl = sgt->sgl;
		nents = (int)sgt->orig_nents;
	}
	sg = (struct track_sg){.dev = p, .sgl = sgl, .nents = nents, .dir = dir, .function = function, .frame = frame};
	op = op_of(&sg);
	if (!dma_direction_ok(p, &op, "sync"))
		return;
	if (p->machine->checks && !track_sg_sync(p->machine, &sg, side))
		return;
	ops = dma_ops_of(p);
	if (side == SYNC_FOR_CPU && ops->sync_sg_for_cpu)
		ops->sync_sg_for_cpu(dev, sgl, nents, dir);
	else if (side == SYNC_FOR_DEVICE && ops->sync_sg_for_device)
		ops->sync_sg_for_device(dev, sgl, nents, dir);
	else if (ops != &dma_direct_ops)
		sync_each(p, ops, sgl, nents, dir, side);
}

void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nelems, enum dma_data_direction dir)
{
	sync(dev, sgl, NULL, nelems, dir, SYNC_FOR_CPU, "dma_sync_sg_for_cpu", __builtin_frame_address(0));
}

void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nelems, enum dma_data_direction dir)
{
	sync(dev, sgl, NULL, nelems, dir, SYNC_FOR_DEVICE, "dma_sync_sg_for_device", __builtin_frame_address(0));
}

void dma_sync_sgtable_for_cpu(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir)
{
	sync(dev, NULL, sgt, 0, dir, SYNC_FOR_CPU, "dma_sync_sgtable_for_cpu", __builtin_frame_address(0));
}

void dma_sync_sgtable_for_device(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir)
{
	sync(dev, NULL, sgt, 0, dir, SYNC_FOR_DEVICE, "dma_sync_sgtable_for_device", __builtin_frame_address(0));
}

void dma_sync_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		    enum track_sync_side side)
{
	sync(call->dev->dev, sgl, NULL, nents, dir, side, call->function, call->frame);
}
