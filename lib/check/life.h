/* SPDX-License-Identifier: MIT */
/* Life and death of extents, without a call: for tracker.c, whose every map and unmap comes through here. */
#ifndef LIB_CHECK_LIFE_H
#define LIB_CHECK_LIFE_H

#include <stddef.h>
#include "lib/check/dma_debug.h"
#include "lib/check/moved.h"
#include "lib/check/place.h"

/* The home of the new mapping is taken: a record elsewhere, found by the hash. 0: there are no more. */
u32 extent_elsewhere(struct check *c, u32 dev, dma_addr_t bus, u32 home);
void extent_hash_remove(struct check *c, struct extent *e, u32 id);
void extent_homes_grow(struct check *c);
void extent_forget_more(struct check *c, struct extent *e);

static inline bool is_foreign(const struct check *c, phys_addr_t phys)
{
	return phys - c->foreign_base < c->foreign_size;
}

static inline void life_count(struct check *c)
{
	c->made++;
	if (++c->live > c->peak)
		dma_debug_peak(c->m, c->peak = c->live);
}

/* Write the record. next: in the hash, unless it is at home. */
static inline void life_fill(struct check *c, struct extent *e, const struct track_op *op, stack_id stack, u64 now,
			     u32 next, bool homed, bool paged)
{
	const unsigned int kind = op->kind;

	life_count(c);
	*e = (struct extent){
		.bus = op->bus,
		.phys = op->phys,
		.size = op->size,
		.kind = kind,
		.dir = op->dir & 3,
		.fn = extent_function(c, op->function),
		.checked = !(kind == EXTENT_SINGLE || kind == EXTENT_PAGE || kind == EXTENT_RESOURCE),
		.joined = op->joined,
		.live = 1,
		.homed = homed,
		.paged = paged,
		.bounced = op->bounced,
		.moved = op->phys - op->bus != c->shift,
		.time = now,
		.dev = op->dev->id,
		.next_hash = next,
		.mapped = stack,
		.links = paged ? (u32)c->made : 0,
		.attrs = op->attrs & 0x1fff,
		.state = k_unlikely(kind - EXTENT_NONCONTIGUOUS <= 1) ? BYTE_CPU | BYTE_CPU_WROTE /* cleared */
			 : k_unlikely(op->attrs & ATTR_SKIP_CPU_SYNC) ? BYTE_UNSYNCED
								      : BYTE_DEVICE,
	};
}

/* See extent_add(). */
static inline struct extent *life_begin(struct check *c, const struct track_op *op, stack_id stack, u64 now)
{
	const phys_addr_t phys = op->phys;
	const dma_addr_t bus = op->bus;
	const u32 dev = op->dev->id;
	const u64 size = op->size;
	struct extent *e;
	u32 id, next = 0;
	bool homed = true, paged;

	if (k_unlikely(size - 1 >= EXTENT_MAX_SIZE || phys + size < phys)) {
		c->dropped++;
		return NULL;
	}
	if (k_unlikely(c->live > c->home_mask / 2))
		extent_homes_grow(c);
	id = extent_home(c, dev, bus);
	e = extent_at(c, id);
	if (k_unlikely(e->live)) {
		id = extent_elsewhere(c, dev, bus, id);
		if (k_unlikely(!id)) {
			c->dropped++;
			return NULL;
		}
		e = extent_at(c, id);
		next = e->next_hash;
		homed = false;
	}
	paged = homed && one_page(c, phys, size) && may_be_paged(c, dev, bus, phys);
	life_fill(c, e, op, stack, now, next, homed, paged);
	if (!paged)
		c->links[id].made = (u32)c->made;
	if (k_unlikely(e->moved))
		moved_add(c, e);
	places_add(c, e, id, phys, size, paged);
	c->foreign += is_foreign(c, phys);
	return e;
}

/* No longer found by its address; into quarantine. */
static inline void life_bury(struct check *c, struct extent *e, u32 id, const struct stamp *by)
{
	struct dead *d = &c->quarantine[c->nr_dead++ % QUARANTINE];

	if (k_unlikely(!e->homed))
		extent_hash_remove(c, e, id);
	e->homed = 0;
	if (k_unlikely(e->moved))
		moved_remove(c, e);
	c->live--;
	d->bus = e->bus;
	d->phys = e->phys;
	memcpy((char *)d + offsetof(struct dead, phys) + sizeof(d->phys),
	       (const char *)e + offsetof(struct extent, phys) + sizeof(e->phys), sizeof(u64));
	d->told = 0;
	d->time = e->time;
	d->dev = e->dev;
	d->mapped = e->mapped;
	d->by = *by;
	if (c->last == id)
		c->last = 0;
}

/* Its bytes are nobody's. */
static inline void life_lay(struct check *c, struct extent *e, u32 id)
{
	places_remove(c, e, id);
	c->foreign -= is_foreign(c, e->phys);
	e->live = 0;
	if (k_unlikely(e->more))
		extent_forget_more(c, e);
	if (k_unlikely(id < c->home_base))
		records_put(&c->extents, id);
}

/* See extent_remove(). */
static inline void life_end(struct check *c, struct extent *e, const struct stamp *by)
{
	u32 id = extent_id(c, e);

	life_bury(c, e, id, by);
	life_lay(c, e, id);
}

#endif
