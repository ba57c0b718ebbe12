// SPDX-License-Identifier: MIT
/*
 * Which mappings touch these bytes? Lists by physical page.
 *
 * Each page of indexed space has a doubly linked list of the extents that touch it; the link of an extent's first page
 * stands beside the records, by its id, those of further pages are nodes. Extents of many pages are linked once for each
 * 2 MiB instead, those outside of indexed space in one list. Beside each page's list head stand 64 bits, one for each
 * 64-byte granule that some extent on the page may touch, so that neither a CPU access beside a mapping nor a new
 * mapping on a busy page walks the list. What lies at its home (extent.c), on one page, is in no list: its home follows
 * from the page and the 256 bytes it begins in, for which the page's entry has sixteen bits more.
 *
 * Cost: an extent on one page reads the page's entry and its own link; everything else is a store.
 * Weakness: the bits of a page on which mappings overlap are not cleared before the page is empty; until then accesses
 * to it walk its list.
 */
#include <assert.h>
#include "lib/check/moved.h"
#include "lib/check/place.h"

/* ---- the rare cases: more than one page, many pages, none that is indexed ---- */

static __attribute__((__noinline__)) void link_place(struct check *c, struct extent *e, u64 place, u32 link, bool in)
{
	u64 lo = e->phys - c->base, hi = lo + e->size;

	if (!e->wide)
		in ? page_add(c, place, link, granules_touched(place, lo, hi))
		   : page_remove(c, place, link, granules_touched(place, lo, hi));
	else
		in ? link_in(c, &c->chunks[place].head, link) : link_out(c, &c->chunks[place].head, link);
}

static __attribute__((__noinline__)) void link_further(struct check *c, struct extent *e, u64 first, u64 last)
{
	for (u64 place = first + 1; place <= last; place++) {
		u32 id = records_get(&c->nodes);
		struct link_node *node = link_node_at(c, id);

		if (!id) {
			c->dropped++;
			break;
		}
		node->extent = extent_id(c, e);
		node->place = (u32)place;
		node->sibling = e->links;
		e->links = id;
		link_place(c, e, place, id | NODE, true);
	}
}

void places_add_slow(struct check *c, struct extent *e)
{
	u64 first, last;

	e->outside = e->phys < c->base || e->phys >= c->end || e->size > c->end - e->phys;
	if (e->outside) {
		link_in(c, &c->outsiders, extent_id(c, e));
		return;
	}
	e->wide = e->size > (EXTENT_SMALL_PAGES - 1) * SIM_PAGE_SIZE;
	places(c, e, &first, &last);
	link_place(c, e, first, extent_id(c, e), true);
	if (first != last)
		link_further(c, e, first, last);
}

void places_remove_slow(struct check *c, struct extent *e)
{
	u64 first, last;

	if (k_unlikely(e->outside)) {
		link_out(c, &c->outsiders, extent_id(c, e));
		return;
	}
	places(c, e, &first, &last);
	link_place(c, e, first, extent_id(c, e), false);
	for (u32 id = e->links, next; id; id = next) {
		struct link_node *node = link_node_at(c, id);

		next = node->sibling;
		link_place(c, e, node->place, id | NODE, false);
		records_put(&c->nodes, id);
	}
}

/* ---- walking physical memory ---- */

void extent_walk_init(struct check *c, struct extent_walk *w, phys_addr_t lo, phys_addr_t hi)
{
	*w = (struct extent_walk){.c = c, .lo = lo, .hi = hi, .list = 2, .link = c->outsiders};
	if (hi > c->base && lo < c->end) {
		u64 from = lo > c->base ? lo - c->base : 0, to = (hi < c->end ? hi : c->end) - c->base - 1;

		w->first = w->place = from >> SIM_PAGE_SHIFT;
		w->last = to >> SIM_PAGE_SHIFT;
		w->list = 0;
		w->link = c->pages[w->place].head;
		w->homes = c->pages[w->place].homes;
	}
}

/* The next list that may have something; false after the last. */
static bool walk_next_list(struct extent_walk *w)
{
	const struct check *c = w->c;
	const unsigned int ratio = CHUNK_SHIFT - SIM_PAGE_SHIFT;

	if (w->list == 0) {
		while (w->place++ < w->last) {
			if (!(w->place & ((1U << ratio) - 1)) && !c->chunks[w->place >> ratio].small) {
				w->place |= (1U << ratio) - 1;
				continue;
			}
			w->link = c->pages[w->place].head;
			w->homes = c->pages[w->place].homes;
			if (w->link || w->homes)
				return true;
		}
		w->list = 1;
		w->first >>= ratio;
		w->last >>= ratio;
		w->place = w->first;
		w->link = c->chunks[w->place].head;
		return true;
	}
	if (w->list == 1) {
		if (w->place++ < w->last) {
			w->link = c->chunks[w->place].head;
			return true;
		}
		w->list = 2;
		w->link = c->outsiders;
		return true;
	}
	return false;
}

struct extent *extent_walk_next(struct extent_walk *w)
{
	struct check *c = w->c;
	struct extent *e;

	do {
		while ((e = page_next(c, w->place, &w->homes, &w->link))) {
			u64 first, last;

			if (e->phys >= w->hi || e->phys + e->size <= w->lo || (e->ghost && !w->ghosts))
				continue;
			if (w->list == 2)
				return e;
			/* in the lists of several places: taken at the first one that is looked at */
			places(c, e, &first, &last);
			if (w->place == (first > w->first ? first : w->first))
				return e;
		}
	} while (walk_next_list(w));
	return NULL;
}

/* ---- finding by bus address ---- */

/* The best of one list: one that lets the device do it, else any. */
static inline struct extent *best_of(struct check *c, u64 page, u32 homes, u32 link, u32 dev, dma_addr_t bus,
				     bool write, struct extent *best)
{
	struct extent *e;

	while ((e = page_next(c, page, &homes, &link))) {
		if (!extent_holds(e, dev, bus) || e->ghost)
			continue;
		if (k_likely(extent_lets(e, write)))
			return e;
		best = best ? best : e;
	}
	return best;
}

struct extent *extent_containing(struct check *c, u32 dev, dma_addr_t bus, bool write)
{
	struct extent *e = NULL, *best = NULL;
	phys_addr_t phys;
	uint64_t len;
	u64 page;

	while ((e = extent_exact(c, dev, bus, e))) {
		if (k_likely(extent_lets(e, write)))
			return e;
		best = best ? best : e;
	}
	if (k_likely(sim_bus_to_phys(c->m->hw, bus, &phys, &len))) {
		page = (phys - c->base) >> SIM_PAGE_SHIFT;
		if (k_likely(page < c->nr_pages)) {
			best = best_of(c, page, c->pages[page].homes, c->pages[page].head, dev, bus, write, best);
			if (k_likely(best && extent_lets(best, write)))
				return best;
			best = best_of(c, 0, 0, c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].head, dev, bus, write,
				       best);
			if (best && extent_lets(best, write))
				return best;
		}
	}
	if (k_unlikely(c->moved != NULL)) {
		best = moved_containing(c, dev, bus, write, best);
		if (best && extent_lets(best, write))
			return best;
	}
	return c->outsiders ? best_of(c, 0, 0, c->outsiders, dev, bus, write, best) : best;
}

/* ---- tests ---- */

static void check_list(struct check *c, u32 head, u64 place, bool wide, u64 *links)
{
	u32 prev = 0;

	for (u32 link = head; link; prev = link, link = *link_next(c, link)) {
		struct extent *e = link_extent(c, link);
		u64 first, last;

		assert(e->live && e->wide == wide && !e->outside);
		assert(*link_prev(c, link) == prev);
		places(c, e, &first, &last);
		assert(link & NODE ? place > first && place <= last : place == first);
		if (!wide) {
			u64 bits = granules_touched(place, e->phys - c->base, e->phys - c->base + e->size);

			assert((c->pages[place].granules & bits) == bits);
		}
		++*links;
	}
}

static void check_homes(struct check *c, u64 page, u64 *links)
{
	u32 homes = c->pages[page].homes, none = 0;
	struct extent *e;

	while ((e = page_next(c, page, &homes, &none))) {
		assert(e->live && e->paged && !e->outside && !e->wide && e->dev == c->pages[page].dev);
		assert((e->phys - c->base) >> SIM_PAGE_SHIFT == page && one_page(c, e->phys, e->size));
		++*links;
	}
}

void places_check(struct check *c)
{
	u64 links = 0, expected = 0;

	for (u32 id = 0; (id = extent_next(c, id));) {
		struct extent *e = extent_at(c, id);
		u64 first, last;

		if (!e->live || e->outside)
			continue;
		places(c, e, &first, &last);
		expected += last - first + 1;
	}
	for (u64 i = 0; i < c->nr_chunks; i++) {
		u64 small = 0;

		check_list(c, c->chunks[i].head, i, true, &links);
		if (!c->chunks[i].small)
			continue;
		for (u64 p = i << (CHUNK_SHIFT - SIM_PAGE_SHIFT); p < (i + 1) << (CHUNK_SHIFT - SIM_PAGE_SHIFT); p++) {
			check_list(c, c->pages[p].head, p, false, &small);
			check_homes(c, p, &small);
			assert(c->pages[p].head || c->pages[p].homes || !c->pages[p].granules);
		}
		assert(small == c->chunks[i].small);
		links += small;
	}
	assert(links == expected || c->dropped);
}
