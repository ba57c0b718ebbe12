/* SPDX-License-Identifier: MIT */
/* Lists of extents by physical page: what adding and removing need without a call. See place.c. */
#ifndef LIB_CHECK_PLACE_H
#define LIB_CHECK_PLACE_H

#include <string.h>
#include "lib/check/extent.h"

#define NODE 0x80000000U /* in a link: a node, not the record itself */

/* ---- records ---- */

u32 records_more(struct records *r); /* one never used before; 0: there are no more */

static inline u32 records_get(struct records *r)
{
	u32 id = r->free;

	if (k_unlikely(!id))
		return records_more(r);
	memcpy(&r->free, r->base + r->stride * id, sizeof(r->free));
	return id;
}

static inline void records_put(struct records *r, u32 id)
{
	memcpy(r->base + r->stride * id, &r->free, sizeof(r->free));
	r->free = id;
}

/* ---- lists ---- */

static inline u32 *link_next(const struct check *c, u32 link)
{
	return link & NODE ? &link_node_at(c, link & ~NODE)->next : &c->links[link].next;
}

static inline u32 *link_prev(const struct check *c, u32 link)
{
	return link & NODE ? &link_node_at(c, link & ~NODE)->prev : &c->links[link].prev;
}

static inline struct extent *link_extent(const struct check *c, u32 link)
{
	return extent_at(c, link & NODE ? link_node_at(c, link & ~NODE)->extent : link);
}

static inline void link_in(struct check *c, u32 *head, u32 link)
{
	u32 old = *head;

	*link_next(c, link) = old;
	*link_prev(c, link) = 0;
	if (old)
		*link_prev(c, old) = link;
	*head = link;
}

static inline void link_out(struct check *c, u32 *head, u32 link)
{
	u32 next = *link_next(c, link), prev = *link_prev(c, link);

	if (prev)
		*link_next(c, prev) = next;
	else
		*head = next;
	if (next)
		*link_prev(c, next) = prev;
}

/* Bits of the 64-byte granules of a page that [lo, hi) touches. */
static inline u64 granules_touched(u64 page, u64 lo, u64 hi)
{
	u64 start = page << SIM_PAGE_SHIFT, a = lo > start ? (lo - start) >> 6 : 0;
	u64 b = hi < start + SIM_PAGE_SIZE ? (hi - 1 - start) >> 6 : 63;

	return (~0ULL << a) & (~0ULL >> (63 - b));
}

/* The same of [lo, hi) that does not leave the page. */
static inline u64 granules_inside(u64 lo, u64 hi)
{
	return (~0ULL << (lo >> 6 & 63)) & (~0ULL >> (63 - ((hi - 1) >> 6 & 63)));
}

/* `link` is in the page's list, or 0: one of its homes, which are seen to elsewhere. */
static inline void page_add(struct check *c, u64 page, u32 link, u64 bits)
{
	struct page_entry *p = &c->pages[page];

	p->shared |= (p->granules & bits) != 0;
	p->granules |= bits;
	if (link)
		link_in(c, &p->head, link);
	c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].small++;
}

static inline void page_remove(struct check *c, u64 page, u32 link, u64 bits)
{
	struct page_entry *p = &c->pages[page];

	if (link)
		link_out(c, &p->head, link);
	if (!p->head && !p->homes) {
		p->granules = 0;
		p->shared = 0;
	} else if (!p->shared) {
		p->granules &= ~bits;
	}
	c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].small--;
}

static inline unsigned int home_unit(dma_addr_t bus)
{
	return 1U << (bus >> 8 & 15);
}

/* The extents of a page: first those that its entry names, then its list. */
static inline struct extent *page_next(const struct check *c, u64 page, u32 *homes, u32 *link)
{
	struct extent *e;

	while (*homes) {
		dma_addr_t bus = c->base + (page << SIM_PAGE_SHIFT) - c->shift;

		bus += (u64)__builtin_ctz(*homes) << 8;
		*homes &= *homes - 1;
		e = extent_at(c, extent_home(c, c->pages[page].dev, bus));
		if (k_likely(e->live && e->paged))
			return e;
	}
	if (!*link)
		return NULL;
	e = link_extent(c, *link);
	*link = *link_next(c, *link);
	return e;
}

/* Is it on one page of indexed space? Then it is linked without a call. */
static inline bool one_page(const struct check *c, phys_addr_t phys, u64 size)
{
	return phys - c->base < c->end - c->base && (phys & (SIM_PAGE_SIZE - 1)) + size <= SIM_PAGE_SIZE;
}

/* Which places does e touch? The first is linked by the record, the others by nodes. */
static inline void places(const struct check *c, const struct extent *e, u64 *first, u64 *last)
{
	unsigned int shift = e->wide ? CHUNK_SHIFT : SIM_PAGE_SHIFT;

	*first = (e->phys - c->base) >> shift;
	*last = (e->phys - c->base + e->size - 1) >> shift;
}

/* Into and out of the lists of all places that e touches. */
void places_add_slow(struct check *c, struct extent *e);
void places_remove_slow(struct check *c, struct extent *e);

/* May the entry of its page name the extent? It is at home, on one page. */
static inline bool may_be_paged(const struct check *c, u32 dev, dma_addr_t bus, phys_addr_t phys)
{
	const struct page_entry *p = &c->pages[(phys - c->base) >> SIM_PAGE_SHIFT];

	return phys - bus == c->shift && dev < c->paged_devs && (!p->homes || p->dev == dev);
}

/* Size and place are those of e: passed, as they have just been stored there. */
static inline void places_add(struct check *c, struct extent *e, u32 id, phys_addr_t phys, u64 size, bool paged)
{
	u64 lo = phys - c->base;

	if (k_likely(paged)) {
		struct page_entry *p = &c->pages[lo >> SIM_PAGE_SHIFT];

		p->homes |= home_unit(phys - c->shift);
		p->dev = e->dev & 0x7fff;
	}
	if (k_likely(one_page(c, phys, size)))
		page_add(c, lo >> SIM_PAGE_SHIFT, paged ? 0 : id, granules_inside(lo, lo + size));
	else
		places_add_slow(c, e);
}

static inline void places_remove(struct check *c, struct extent *e, u32 id)
{
	phys_addr_t phys = e->phys;
	u64 size = e->size, lo = phys - c->base;
	bool paged = e->paged;

	if (k_likely(paged))
		c->pages[lo >> SIM_PAGE_SHIFT].homes &= ~home_unit(e->bus);
	if (k_likely(one_page(c, phys, size)))
		page_remove(c, lo >> SIM_PAGE_SHIFT, paged ? 0 : id, granules_inside(lo, lo + size));
	else
		places_remove_slow(c, e);
}

/* Homes are going to lie elsewhere: into the list of its page. */
static inline void places_unpage(struct check *c, struct extent *e, u32 id)
{
	struct page_entry *p = &c->pages[(e->phys - c->base) >> SIM_PAGE_SHIFT];

	if (!e->paged)
		return;
	e->paged = 0;
	c->links[id].made = e->links;
	e->links = 0;
	p->homes &= ~home_unit(e->bus);
	link_in(c, &p->head, id);
}

void places_check(struct check *c); /* asserts the invariants */

#endif
