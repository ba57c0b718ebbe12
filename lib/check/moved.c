// SPDX-License-Identifier: MIT
/*
 * Mappings whose bus address says nothing about where their memory lies: bounced ones, those behind an IOMMU, and those
 * of a driver's own operations.
 *
 * Where the bridge shows RAM at one offset, a bus address leads to its mapping by the lists of physical pages
 * (extent.c). For all others there is this index: a hash by device and page of bus space, or by 2 MiB of it for mappings
 * of many pages, with one node for each such place that the mapping touches. The CPU's side finds them by physical
 * address as ever.
 *
 * Cost: one insertion a bus page at map, one chain of about one node at unmap and for a device access that does not hit
 * the mapping that was hit last.
 * Weakness: memory for more nodes is asked for at map; if it is refused, accesses inside that mapping are found by its
 * first address only, and it is counted as dropped.
 */
#include <assert.h>
#include <stdlib.h>
#include "lib/check/moved.h"

#define WIDE (1ULL << 63) /* in a key: 2 MiB, not a page */

struct node {
	u32 extent, next; /* next also links free nodes */
	u32 key;	  /* hash of device and place */
};

struct moved {
	struct node *node; /* [0] is nobody's */
	u32 used, room, free, live;
	u32 *heads;
	u32 mask;
};

static u32 key_of(u32 dev, u64 place)
{
	u64 x = (place ^ ((u64)dev << 40)) * 0x9e3779b97f4a7c15ULL;

	return (u32)(x >> 32);
}

/* More nodes, and as many heads; what is live moves to its new chain. */
static __attribute__((__noinline__)) bool grow(struct check *c)
{
	struct moved *v = c->moved ? c->moved : calloc(1, sizeof(*v));
	u32 room = v && v->room ? 2 * v->room : 256;
	struct node *node = v ? realloc(v->node, room * sizeof(*node)) : NULL;
	u32 *heads = node ? calloc(room, sizeof(*heads)) : NULL;

	c->moved = v;
	if (node)
		v->node = node;
	if (!heads)
		return false;
	for (u32 i = 0; v->heads && i <= v->mask; i++)
		for (u32 id = v->heads[i], next; id; id = next) {
			next = node[id].next;
			node[id].next = heads[node[id].key & (room - 1)];
			heads[node[id].key & (room - 1)] = id;
		}
	free(v->heads);
	v->heads = heads;
	v->mask = room - 1;
	v->room = room;
	v->used = v->used ? v->used : 1;
	return true;
}

static inline bool node_add(struct check *c, u32 extent, u32 key)
{
	struct moved *v = c->moved;
	u32 id;

	if (k_likely(v && v->free)) {
		id = v->free;
		v->free = v->node[id].next;
	} else {
		if (k_unlikely(!v || v->used == v->room)) {
			if (!grow(c))
				return false;
			v = c->moved;
		}
		id = v->used++;
	}
	v->node[id] = (struct node){extent, v->heads[key & v->mask], key};
	v->heads[key & v->mask] = id;
	v->live++;
	return true;
}

static inline void node_remove(struct moved *v, u32 extent, u32 key)
{
	u32 *p = &v->heads[key & v->mask], id;

	while ((id = *p) && (v->node[id].extent != extent || v->node[id].key != key))
		p = &v->node[id].next;
	if (!id)
		return; /* it was dropped */
	*p = v->node[id].next;
	v->node[id].next = v->free;
	v->free = id;
	v->live--;
}

/* The places of a mapping, as keys without the device. */
static void places(const struct extent *e, u64 *first, u64 *last)
{
	bool wide = e->size > (EXTENT_SMALL_PAGES - 1) * SIM_PAGE_SIZE;
	unsigned int shift = wide ? CHUNK_SHIFT : SIM_PAGE_SHIFT;

	*first = (e->bus >> shift) | (wide ? WIDE : 0);
	*last = ((e->bus + e->size - 1) >> shift) | (wide ? WIDE : 0);
}

void moved_add(struct check *c, struct extent *e)
{
	u64 first, last;

	places(e, &first, &last);
	for (u64 place = first; place <= last; place++)
		if (!node_add(c, extent_id(c, e), key_of(e->dev, place)))
			c->dropped++;
}

void moved_remove(struct check *c, struct extent *e)
{
	u64 first, last;

	if (!c->moved)
		return;
	places(e, &first, &last);
	for (u64 place = first; place <= last; place++)
		node_remove(c->moved, extent_id(c, e), key_of(e->dev, place));
}

struct extent *moved_containing(struct check *c, u32 dev, dma_addr_t bus, bool write, struct extent *best)
{
	const struct moved *v = c->moved;
	const u64 keys[2] = {bus >> SIM_PAGE_SHIFT, (bus >> CHUNK_SHIFT) | WIDE};

	for (unsigned int k = 0; v && k < 2; k++)
		for (u32 id = v->heads[key_of(dev, keys[k]) & v->mask]; id; id = v->node[id].next) {
			struct extent *e = extent_at(c, v->node[id].extent);

			if (!extent_holds(e, dev, bus))
				continue;
			if (extent_lets(e, write))
				return e;
			best = best ? best : e;
		}
	return best;
}

struct extent *moved_of_other(struct check *c, u32 dev, dma_addr_t bus)
{
	struct extent *e = NULL;

	for (u32 other = 0; c->moved && other < c->nr_devices && !e; other++)
		if (other != dev)
			e = moved_containing(c, other, bus, false, NULL);
	return e;
}

struct extent *moved_ends_before(struct check *c, u32 dev, dma_addr_t bus, struct extent *best)
{
	const struct moved *v = c->moved;
	dma_addr_t from = bus > SIM_PAGE_SIZE ? bus - SIM_PAGE_SIZE - 1 : 0;
	const u64 keys[5] = {
		from >> SIM_PAGE_SHIFT,	      (from >> SIM_PAGE_SHIFT) + 1,	 (bus - 1) >> SIM_PAGE_SHIFT,
		(from >> CHUNK_SHIFT) | WIDE, ((bus - 1) >> CHUNK_SHIFT) | WIDE,
	};

	for (unsigned int k = 0; v && bus && k < 5; k++)
		for (u32 id = v->heads[key_of(dev, keys[k]) & v->mask]; id; id = v->node[id].next) {
			struct extent *e = extent_at(c, v->node[id].extent);

			if (e->dev == dev && e->bus + e->size <= bus && bus - (e->bus + e->size) <= SIM_PAGE_SIZE &&
			    (!best || e->bus + e->size > best->bus + best->size))
				best = e;
		}
	return best;
}

void moved_exit(struct check *c)
{
	if (!c->moved)
		return;
	free(c->moved->node);
	free(c->moved->heads);
	free(c->moved);
	c->moved = NULL;
}

void moved_check(struct check *c)
{
	const struct moved *v = c->moved;
	u64 live = 0, expected = 0;

	for (u32 i = 0; v && i <= v->mask; i++)
		for (u32 id = v->heads[i]; id; id = v->node[id].next, live++) {
			const struct extent *e = extent_at(c, v->node[id].extent);

			assert(e->live && e->moved && !e->ghost && (v->node[id].key & v->mask) == i);
		}
	for (u32 id = 0; (id = extent_next(c, id));) {
		const struct extent *e = extent_at(c, id);
		u64 first, last;

		if (!e->live || !e->moved || e->ghost)
			continue;
		places(e, &first, &last);
		expected += last - first + 1;
	}
	assert(live == (v ? v->live : 0) && (live == expected || c->dropped));
}
