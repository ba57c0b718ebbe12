// SPDX-License-Identifier: MIT
/*
 * Records of mappings: where they lie and how they are found.
 *
 * Each live mapping is one 64-byte record in an array that is reserved once and never moves. Two indices. By (device,
 * bus address of the start): an open hash at load 1/2, newest first, that doubles in place. By physical page: a doubly
 * linked list of the extents that touch it; the link of an extent's first page stands beside the records, by its id,
 * those of further pages are nodes. Extents of many pages are linked once for each 2 MiB instead. Beside each page's
 * list head stand 64 bits, one for each 64-byte granule that some extent on the page may touch, so that neither a CPU
 * access beside a mapping nor a new mapping on a busy page walks the list.
 *
 * Cost: map and unmap read three cold lines, the record, its link and the page entry; everything else is a store.
 * Weakness: the bits of a page on which mappings overlap are not cleared before the page is empty; until then accesses
 * to it walk its list.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/check/dma_debug.h"
#include "lib/check/moved.h"
#include "lib/check/snapshot.h"
#include "sim/valgrind.h"

#define MAX_EXTENTS	 (1U << 24)
#define VALGRIND_EXTENTS (1U << 16) /* it searches all that is reserved for pointers, 7 s a process of the other size */
#define HASH_START	 1024U
#define HUGE		 (2UL << 20)
#define NODE		 0x80000000U /* in a link: a node, not the record itself */

/* ---- memory that is reserved once and costs what it touches ---- */

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

static int records_init(struct records *r, size_t stride, u32 max)
{
	*r = (struct records){.stride = stride, .used = 1, .max = max};
	r->base = reserve(stride * max);
	return r->base ? 0 : -ENOMEM;
}

static u32 records_get(struct records *r)
{
	u32 id = r->free;

	if (id) {
		memcpy(&r->free, r->base + r->stride * id, sizeof(r->free));
		return id;
	}
	/* Many: random access to them would miss the TLB each time. The first ones stay on small pages, as most machines
	 * never get this far. */
	if (k_unlikely(r->stride * (r->used + 1) == HUGE))
		madvise(r->base + HUGE, r->stride * r->max - HUGE, MADV_HUGEPAGE);
	return r->used < r->max ? r->used++ : 0;
}

static void records_put(struct records *r, u32 id)
{
	memcpy(r->base + r->stride * id, &r->free, sizeof(r->free));
	r->free = id;
}

/* ---- the hash ---- */

/* Double in place. Chains keep their order: newest first. */
static __attribute__((__noinline__)) void hash_grow(struct check *c)
{
	u32 old = c->hash_mask + 1;

	if (2ULL * old * sizeof(u32) > c->hash_reserved)
		return;
	c->hash_mask = 2 * old - 1;
	if (old * sizeof(u32) == HUGE)
		madvise((char *)c->hash + HUGE, c->hash_reserved - HUGE, MADV_HUGEPAGE);
	if (old * sizeof(*c->links) == HUGE)
		madvise((char *)c->links + HUGE, c->extents.max * sizeof(*c->links) - HUGE, MADV_HUGEPAGE);
	for (u32 i = 0; i < old; i++) {
		u32 *tail[2] = {&c->hash[i], &c->hash[i + old]};

		for (u32 id = c->hash[i]; id;) {
			struct extent *e = extent_at(c, id);
			u32 next = e->next_hash, upper = extent_hash(c, e->dev, e->bus) != i;

			*tail[upper] = id;
			tail[upper] = &e->next_hash;
			id = next;
		}
		*tail[0] = *tail[1] = 0;
	}
}

/* Where the next extent of that address belongs; room for it is made. */
static inline u32 *hash_head(struct check *c, u32 dev, dma_addr_t bus)
{
	if (k_unlikely(c->live * 2 > c->hash_mask))
		hash_grow(c);
	return &c->hash[extent_hash(c, dev, bus)];
}

static inline void hash_remove(struct check *c, struct extent *e, u32 id)
{
	u32 *p = &c->hash[extent_hash(c, e->dev, e->bus)];

	while (*p != id)
		p = &extent_at(c, *p)->next_hash;
	*p = e->next_hash;
}

/* ---- lists by place ---- */

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

static inline void page_add(struct check *c, u64 page, u32 link, u64 lo, u64 hi)
{
	struct page_entry *p = &c->pages[page];
	u64 bits = granules_touched(page, lo, hi);

	p->shared |= (p->granules & bits) != 0;
	p->granules |= bits;
	link_in(c, &p->head, link);
	c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].small++;
}

static inline void page_remove(struct check *c, u64 page, u32 link, u64 lo, u64 hi)
{
	struct page_entry *p = &c->pages[page];

	link_out(c, &p->head, link);
	if (!p->head) {
		p->granules = 0;
		p->shared = 0;
	} else if (!p->shared) {
		p->granules &= ~granules_touched(page, lo, hi);
	}
	c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].small--;
}

/* Which places does e touch? The first is linked by the record, the others by nodes. */
static void places(const struct check *c, const struct extent *e, u64 *first, u64 *last)
{
	unsigned int shift = e->wide ? CHUNK_SHIFT : SIM_PAGE_SHIFT;

	*first = (e->phys - c->base) >> shift;
	*last = (e->phys - c->base + e->size - 1) >> shift;
}

static __attribute__((__noinline__)) void link_place(struct check *c, struct extent *e, u64 place, u32 link, bool in)
{
	u64 lo = e->phys - c->base, hi = lo + e->size;

	if (!e->wide)
		in ? page_add(c, place, link, lo, hi) : page_remove(c, place, link, lo, hi);
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

/* Neither on one page nor small: the rare cases of places_add(). */
static __attribute__((__noinline__)) void places_add_slow(struct check *c, struct extent *e)
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

/* Is it on one page of indexed space? Then it is linked without a call. */
static inline bool one_page(const struct check *c, phys_addr_t phys, u64 size)
{
	return phys - c->base < c->end - c->base && (phys & (SIM_PAGE_SIZE - 1)) + size <= SIM_PAGE_SIZE;
}

static inline void places_add(struct check *c, struct extent *e, u32 id, phys_addr_t phys, u64 size)
{
	u64 lo = phys - c->base;

	if (k_likely(one_page(c, phys, size)))
		page_add(c, lo >> SIM_PAGE_SHIFT, id, lo, lo + size);
	else
		places_add_slow(c, e);
}

static __attribute__((__noinline__)) void places_remove_slow(struct check *c, struct extent *e)
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

static inline void places_remove(struct check *c, struct extent *e, u32 id)
{
	phys_addr_t phys = e->phys;
	u64 size = e->size, lo = phys - c->base;

	if (k_likely(one_page(c, phys, size)))
		page_remove(c, lo >> SIM_PAGE_SHIFT, id, lo, lo + size);
	else
		places_remove_slow(c, e);
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
			if (w->link)
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

	do {
		while (w->link) {
			struct extent *e = link_extent(c, w->link);
			u64 first, last;

			w->link = *link_next(c, w->link);
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

/* ---- life and death ---- */

struct extent_more *extent_need_more(struct check *c, struct extent *e)
{
	struct extent_more *more;
	u32 id;

	if (e->more)
		return extent_more(c, e);
	id = records_get(&c->more);
	if (!id) {
		c->dropped++;
		return NULL;
	}
	e->more = id;
	more = extent_more(c, e);
	memset(more, 0, sizeof(*more));
	more->serial = ++c->serial;
	more->handed = (struct stamp){.time = e->time, .stack = e->mapped, .fn = e->fn};
	return more;
}

static inline bool is_foreign(const struct check *c, phys_addr_t phys)
{
	return phys - c->foreign_base < c->foreign_size;
}

struct extent *extent_add(struct check *c, const struct track_op *op, stack_id stack, u64 now)
{
	const phys_addr_t phys = op->phys;
	const dma_addr_t bus = op->bus;
	const u32 dev = op->dev->id;
	const u64 size = op->size;
	struct extent *e;
	u32 id, *head;

	if (k_unlikely(size - 1 >= EXTENT_MAX_SIZE || phys + size < phys)) {
		c->dropped++;
		return NULL;
	}
	id = records_get(&c->extents);
	if (k_unlikely(!id)) {
		c->dropped++;
		return NULL;
	}
	if (++c->live > c->peak)
		dma_debug_peak(c->m, c->peak = c->live);
	c->made++;
	head = hash_head(c, dev, bus);
	e = extent_at(c, id);
	*e = (struct extent){
		.bus = bus,
		.phys = phys,
		.size = size,
		.kind = op->kind,
		.dir = op->dir & 3,
		.fn = extent_function(c, op->function),
		.checked = !(op->kind == EXTENT_SINGLE || op->kind == EXTENT_PAGE || op->kind == EXTENT_RESOURCE),
		.joined = op->joined,
		.live = 1,
		.moved = phys - bus != c->shift,
		.time = now,
		.dev = dev,
		.next_hash = *head,
		.mapped = stack,
		.attrs = (u16)op->attrs,
		.state = k_unlikely(op->kind == EXTENT_NONCOHERENT) ? BYTE_CPU | BYTE_CPU_WROTE /* cleared */
			 : op->attrs & ATTR_SKIP_CPU_SYNC	    ? BYTE_UNSYNCED
								    : BYTE_DEVICE,
	};
	*head = id;
	if (k_unlikely(e->moved))
		moved_add(c, e);
	places_add(c, e, id, phys, size);
	c->foreign += is_foreign(c, phys);
	return e;
}

static void forget_more(struct check *c, struct extent *e)
{
	struct extent_more *more = extent_more(c, e);

	snapshot_drop(c, more);
	runs_exit(&more->runs);
	records_put(&c->more, e->more);
}

/* Out of the hash and into quarantine. */
static inline void bury(struct check *c, struct extent *e, u32 id, const struct stamp *by)
{
	struct dead *d = &c->quarantine[c->nr_dead++ % QUARANTINE];

	hash_remove(c, e, id);
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

static inline void lay(struct check *c, struct extent *e, u32 id)
{
	places_remove(c, e, id);
	c->foreign -= is_foreign(c, e->phys);
	e->live = 0;
	if (k_unlikely(e->more))
		forget_more(c, e);
	records_put(&c->extents, id);
}

void extent_lay(struct check *c, struct extent *e)
{
	lay(c, e, extent_id(c, e));
}

void extent_remove(struct check *c, struct extent *e, const struct stamp *by)
{
	u32 id = extent_id(c, e);

	bury(c, e, id, by);
	lay(c, e, id);
}

void extent_haunt(struct check *c, struct extent *e, const struct stamp *by)
{
	bury(c, e, extent_id(c, e), by);
	e->ghost = 1;
	if (e->more)
		snapshot_drop(c, extent_more(c, e));
}

/* ---- finding by bus address ---- */

/* The best of one list: one that lets the device do it, else any. */
static inline struct extent *best_of(struct check *c, u32 link, u32 dev, dma_addr_t bus, bool write,
				     struct extent *best)
{
	for (; link; link = *link_next(c, link)) {
		struct extent *e = link_extent(c, link);

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
			best = best_of(c, c->pages[page].head, dev, bus, write, best);
			if (k_likely(best && extent_lets(best, write)))
				return best;
			best = best_of(c, c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].head, dev, bus, write,
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
	return c->outsiders ? best_of(c, c->outsiders, dev, bus, write, best) : best;
}

struct dead *extent_dead(struct check *c, u32 dev, dma_addr_t bus, bool exact)
{
	u64 n = c->nr_dead < QUARANTINE ? c->nr_dead : QUARANTINE;

	for (u64 i = 0; i < n; i++) {
		struct dead *d = &c->quarantine[(c->nr_dead - 1 - i) % QUARANTINE];

		if (d->dev == dev && (exact ? d->bus == bus : bus - d->bus < d->size))
			return d;
	}
	return NULL;
}

/* ---- life cycle ---- */

int extents_init(struct check *c, struct dmasim_machine *m)
{
	const struct sim_config *cfg = &m->hw->cfg;
	const u32 max = RUNNING_ON_VALGRIND ? VALGRIND_EXTENTS : MAX_EXTENTS;

	c->m = m;
	c->extents.max = max; /* extents_exit() releases as much */
	c->linear = m->hw->ram.linear.start;
	c->linear_size = m->hw->ram.linear.size;
	c->linear_phys = m->hw->ram.linear.phys;
	c->foreign_base = cfg->foreign_base;
	c->foreign_size = cfg->foreign_size;
	c->shift = 0 - (u64)cfg->bus_offset;
	c->base = m->hw->ram.base;
	c->end = m->hw->ram.end;
	if (cfg->foreign_size) {
		if (cfg->foreign_base < c->base)
			c->base = cfg->foreign_base;
		if (cfg->foreign_base + cfg->foreign_size > c->end)
			c->end = cfg->foreign_base + cfg->foreign_size;
	}
	c->base &= ~((1ULL << CHUNK_SHIFT) - 1);
	c->nr_chunks = (c->end - c->base + (1ULL << CHUNK_SHIFT) - 1) >> CHUNK_SHIFT;
	c->nr_pages = c->nr_chunks << (CHUNK_SHIFT - SIM_PAGE_SHIFT);
	c->pages = reserve(c->nr_pages * sizeof(*c->pages));
	c->chunks = reserve(c->nr_chunks * sizeof(*c->chunks));
	c->hash_mask = HASH_START - 1;
	c->hash_reserved = 2ULL * max * sizeof(u32);
	c->hash = reserve(c->hash_reserved);
	c->quarantine = reserve(QUARANTINE * sizeof(*c->quarantine));
	c->links = reserve(max * sizeof(*c->links));
	if (!c->pages || !c->chunks || !c->hash || !c->quarantine || !c->links ||
	    records_init(&c->extents, sizeof(struct extent), max) ||
	    records_init(&c->more, sizeof(struct extent_more), max) ||
	    records_init(&c->nodes, sizeof(struct link_node), 2 * max)) {
		extents_exit(c);
		return sim_error(ENOMEM, "no address space for the tracker's records; run with checks=off or less RAM");
	}
	return 0;
}

void extents_exit(struct check *c)
{
	for (u32 id = 1; id < c->extents.used; id++) {
		struct extent *e = extent_at(c, id);

		if (e->live && e->more) {
			snapshot_drop(c, extent_more(c, e));
			runs_exit(&extent_more(c, e)->runs);
		}
	}
	moved_exit(c);
	release(c->pages, c->nr_pages * sizeof(*c->pages));
	release(c->chunks, c->nr_chunks * sizeof(*c->chunks));
	release(c->hash, c->hash_reserved);
	release(c->quarantine, QUARANTINE * sizeof(*c->quarantine));
	release(c->links, (size_t)c->extents.max * sizeof(*c->links));
	release(c->extents.base, sizeof(struct extent) * c->extents.max);
	release(c->more.base, sizeof(struct extent_more) * c->more.max);
	release(c->nodes.base, sizeof(struct link_node) * c->nodes.max);
}

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

void extents_check(struct check *c)
{
	u64 live = 0, hashed = 0, links = 0, expected = 0;

	for (u32 id = 1; id < c->extents.used; id++) {
		struct extent *e = extent_at(c, id);
		u64 first, last;

		if (!e->live)
			continue;
		live += !e->ghost;
		assert(e->size && (e->state & BYTE_OWNER) != BYTE_OWNER);
		if (!e->outside) {
			places(c, e, &first, &last);
			expected += last - first + 1;
		}
		if (e->more && extent_more(c, e)->runs.n)
			runs_check(&extent_more(c, e)->runs, e->size);
	}
	assert(live == c->live);
	moved_check(c);
	for (u32 i = 0; i <= c->hash_mask; i++)
		for (u32 id = c->hash[i]; id; id = extent_at(c, id)->next_hash) {
			assert(extent_at(c, id)->live);
			assert(extent_hash(c, extent_at(c, id)->dev, extent_at(c, id)->bus) == i);
			hashed++;
		}
	assert(hashed == live);
	for (u64 i = 0; i < c->nr_chunks; i++) {
		u64 small = 0;

		check_list(c, c->chunks[i].head, i, true, &links);
		if (!c->chunks[i].small)
			continue;
		for (u64 p = i << (CHUNK_SHIFT - SIM_PAGE_SHIFT); p < (i + 1) << (CHUNK_SHIFT - SIM_PAGE_SHIFT); p++) {
			check_list(c, c->pages[p].head, p, false, &small);
			assert(c->pages[p].head || !c->pages[p].granules);
		}
		assert(small == c->chunks[i].small);
		links += small;
	}
	assert(links == expected || c->dropped);
}
