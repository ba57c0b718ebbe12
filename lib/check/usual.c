// SPDX-License-Identifier: MIT
/*
 * The usual map and unmap, in one piece.
 *
 * Nearly every call is right, and nearly every mapping lies on one page of RAM where the bridge shows it, in bytes that
 * nobody else has mapped. Whether that is so are a dozen compares of what has to be read anyway; then all that is left is
 * to write the record, or to clear it. Whatever is different in any way is tracker.c's, from the start: nothing has been
 * changed by then.
 *
 * Cost: a map reads the record's home and the page's entry, an unmap the same; what they need is fetched before the stack
 * is looked at.
 * Weakness: the conditions are those of tracker.c once more; a mapping that takes this way must look to everybody as if
 * it had been made there, which the random test checks, as both ways mix in it.
 */
#include "lib/check/usual.h"
#include "lib/core/stack.h"

void track_map(struct dmasim_machine *m, const struct track_op *op)
{
	struct check *c = m->check;
	struct page_entry *p;
	struct extent *e;
	stack_id stack;

	if (k_unlikely(!c))
		return;
	e = extent_at(c, extent_home(c, op->dev->id, op->bus));
	p = &c->pages[(op->phys - c->base) >> SIM_PAGE_SHIFT];
	__builtin_prefetch(e, 1);
	__builtin_prefetch(p, 1);
	stack = stack_capture(m, op->frame);
	if (k_unlikely(op->kind > EXTENT_PAGE) || k_unlikely(!usual_begin(c, op, e, p, stack)))
		tracker_map(m, op);
}

void track_unmap(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real)
{
	struct check *c = m->check;
	const dma_addr_t bus = op->bus;
	const u32 dev = op->dev->id;
	struct page_entry *p;
	struct extent *e;
	struct stamp by;
	u32 id;

	if (k_unlikely(!c)) {
		*real = (struct track_unmapped){0};
		return;
	}
	id = extent_home(c, dev, bus);
	e = extent_at(c, id);
	p = &c->pages[(bus + c->shift - c->base) >> SIM_PAGE_SHIFT];
	__builtin_prefetch(e, 1);
	__builtin_prefetch(p, 1);
	by = (struct stamp){sim_now(m->hw), stack_capture(m, op->frame), extent_function(c, op->function), 0};
	if (k_unlikely(e->bus != bus || e->dev != dev || !usual_ends(c, e, op->attrs)) ||
	    k_unlikely(e->size != op->size || e->dir != (unsigned int)op->dir || e->kind != op->kind) ||
	    k_unlikely(op->kind > EXTENT_PAGE || !e->checked || e->list) ||
	    k_unlikely(c->unsettled.waiting || dma_debug_on(m) || op->dev->master.transfers)) {
		tracker_unmap(m, op, real);
		return;
	}
	*real = (struct track_unmapped){
		.found = true,
		.kind = op->kind,
		.bus = bus,
		.phys = e->phys,
		.size = op->size,
		.dir = op->dir,
		.attrs = e->attrs,
	};
	usual_end(c, e, id, bus, op->size, &by);
}
