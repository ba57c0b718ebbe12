/* SPDX-License-Identifier: MIT */
/* The usual map and unmap without a call: for usual.c, and for the entries of lists. See there. */
#ifndef LIB_CHECK_USUAL_H
#define LIB_CHECK_USUAL_H

#include "lib/check/call.h"
#include "lib/check/life.h"

/*
 * Is the place of the new mapping op as usual? e: its home; p: the entry of its page, perhaps outside of the table, then
 * not read. *bits: its granules.
 */
static inline bool usual_place(const struct check *c, const struct track_op *op, const struct extent *e,
			       const struct page_entry *p, u32 dev, u64 *bits)
{
	const phys_addr_t phys = op->phys;
	const u64 size = op->size;

	if (k_unlikely(!one_page(c, phys, size) || size - 1 >= SIM_PAGE_SIZE || phys - op->bus != c->shift) ||
	    k_unlikely(e->live || c->live > c->home_mask / 2))
		return false;
	*bits = granules_inside(phys, phys + size);
	return k_likely(!(p->granules & *bits)) && k_likely(!p->homes || p->dev == dev) &&
	       k_likely(!c->chunks[(phys - c->base) >> CHUNK_SHIFT].head);
}

/* Its page knows it. */
static inline void usual_settle_in(struct check *c, const struct track_op *op, struct page_entry *p, u32 dev, u64 bits)
{
	p->granules |= bits;
	p->homes |= home_unit(op->bus);
	p->dev = dev & 0x7fff;
	c->chunks[(op->phys - c->base) >> CHUNK_SHIFT].small++;
}

/* Record op as e, its home, if all is as usual. False: it is not, and nothing has been changed. */
static inline bool usual_begin(struct check *c, const struct track_op *op, struct extent *e, struct page_entry *p,
			       stack_id stack)
{
	const u32 dev = op->dev->id;
	u64 bits;

	if (k_unlikely(!op->allocated || c->unsettled.waiting || c->closely || dma_debug_on(c->m)) ||
	    k_unlikely(dev >= c->paged_devs || dev >= c->nr_devices || c->devices[dev] != op->dev) ||
	    k_unlikely(!usual_place(c, op, e, p, dev, &bits)))
		return false;
	c->guess = c->shift;
	count_handover(c, op->phys, op->dir);
	life_fill(c, e, op, stack, sim_now(c->m->hw), 0, true, true);
	usual_settle_in(c, op, p, dev, bits);
	return true;
}

/* The same, where an earlier piece of the same list was recorded so: as `model` says, but for what is the piece's own. */
static inline bool usual_begin_like(struct check *c, const struct track_op *op, struct extent *e, struct page_entry *p,
				    const struct extent *model)
{
	u64 bits;

	if (k_unlikely(!usual_place(c, op, e, p, model->dev, &bits)))
		return false;
	count_handover(c, op->phys, op->dir);
	life_count(c);
	*e = *model;
	e->bus = op->bus;
	e->phys = op->phys;
	e->size = op->size;
	e->joined = op->joined;
	e->links = (u32)c->made;
	usual_settle_in(c, op, p, model->dev, bits);
	return true;
}

/* Is the end of e, a live mapping, as usual but for what the call says and what waits? */
static inline bool usual_ends(const struct check *c, const struct extent *e, unsigned long attrs)
{
	return e->homed && e->paged && !e->freed && !e->more && !(e->state & BYTE_CPU_WROTE) && !c->closely &&
	       !(attrs & ATTR_SKIP_CPU_SYNC);
}

/* If so: end it. bus, size: as they are in the record. */
static inline void usual_end(struct check *c, struct extent *e, u32 id, dma_addr_t bus, u64 size,
			     const struct stamp *by)
{
	const u64 page = (bus + c->shift - c->base) >> SIM_PAGE_SHIFT;

	life_bury(c, e, id, by);
	e->live = 0;
	c->pages[page].homes &= (u16)~home_unit(bus);
	page_remove(c, page, 0, granules_inside(bus, bus + size));
}

#endif
