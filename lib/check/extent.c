// SPDX-License-Identifier: MIT
/*
 * Records of mappings: where they lie and how they are found by their address.
 *
 * Each live mapping is one 64-byte record in an array that is reserved once and never moves. The upper half of the array
 * are homes: device and bus address say at which place a record lies, if that was free, so that a look-up reads
 * nothing else. Who finds its home taken gets a record of the lower half and is in a hash, an open one at load 1/2.
 * When half of the homes are in use there become sixteen times as many; who lives at an old one is then in the hash too.
 * How mappings are found by physical page is place.c's.
 *
 * Cost: map and unmap read three cold lines, the record, its link and the page entry, and none of them waits for another.
 * Weakness: homes of scattered addresses collide, at most every second one; those cost two loads more.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/check/life.h"
#include "lib/check/snapshot.h"
#include "sim/valgrind.h"

#define MAX_EXTENTS	 (1U << 24)
#define VALGRIND_EXTENTS (1U << 16) /* it searches all that is reserved for pointers, 7 s a process of the other size */
#define HASH_START	 1024U
#define HOMES_START	 1024U
#define HOMES_GROWTH	 16U
#define HUGE		 (2UL << 20)

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

/* Many records: random access to them would miss the TLB each time. [from, to) bytes of p, whole huge pages of it. */
static void huge_pages(char *p, size_t from, size_t to)
{
	char *lo = (char *)(((uintptr_t)p + from + HUGE - 1) & ~(HUGE - 1)), *hi = p + to;

	if (lo < hi)
		madvise(lo, (size_t)(hi - lo), MADV_HUGEPAGE);
}

static int records_init(struct records *r, size_t stride, u32 max, u32 reserved)
{
	*r = (struct records){.stride = stride, .used = 1, .max = max};
	r->base = reserve(stride * reserved);
	return r->base ? 0 : -ENOMEM;
}

u32 records_more(struct records *r)
{
	/* The first ones stay on small pages, as most machines never get this far. */
	if (k_unlikely(r->stride * (r->used + 1) == HUGE))
		huge_pages(r->base, HUGE, r->stride * r->max);
	return r->used < r->max ? r->used++ : 0;
}

/* ---- the hash ---- */

static inline void hash_in(struct check *c, struct extent *e, u32 id)
{
	u32 *head = &c->hash[extent_hash(c, e->dev, e->bus)];

	e->next_hash = *head;
	*head = id;
}

/* Double in place. Chains keep their order: newest first. */
static __attribute__((__noinline__)) void hash_grow(struct check *c)
{
	u32 old = c->hash_mask + 1;

	if (2ULL * old * sizeof(u32) > c->hash_reserved)
		return;
	c->hash_mask = 2 * old - 1;
	if (old * sizeof(u32) == HUGE)
		huge_pages((char *)c->hash, HUGE, c->hash_reserved);
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

static void hash_add(struct check *c, struct extent *e, u32 id)
{
	if (k_unlikely(++c->hashed * 2 > c->hash_mask))
		hash_grow(c);
	hash_in(c, e, id);
}

void extent_hash_remove(struct check *c, struct extent *e, u32 id)
{
	u32 *p = &c->hash[extent_hash(c, e->dev, e->bus)];

	while (*p != id)
		p = &extent_at(c, *p)->next_hash;
	*p = e->next_hash;
	c->hashed--;
}

/* ---- homes ---- */

static void leave_home(struct check *c, struct extent *e, u32 id)
{
	e->homed = 0;
	hash_add(c, e, id);
}

void extent_homes_grow(struct check *c)
{
	u32 old = c->home_mask + 1, n = old * HOMES_GROWTH;

	if (n > c->max_homes)
		n = c->max_homes;
	if (n <= old)
		return;
	for (u32 i = 0; i < old; i++) {
		struct extent *e = extent_at(c, c->home_base + i);

		if (e->live)
			places_unpage(c, e, c->home_base + i);
		if (e->homed)
			leave_home(c, e, c->home_base + i);
	}
	c->home_mask = n - 1;
	c->home_shift = (u32)__builtin_ctz(n) - 4;
	huge_pages((char *)extent_at(c, c->home_base), old * sizeof(struct extent), n * sizeof(struct extent));
	huge_pages((char *)&c->links[c->home_base], old * sizeof(*c->links), n * sizeof(*c->links));
}

u32 extent_elsewhere(struct check *c, u32 dev, dma_addr_t bus, u32 home)
{
	struct extent *there = extent_at(c, home), *e;
	u32 id = records_get(&c->extents);

	if (!id)
		return 0;
	/* The same address mapped twice: the hash keeps them in order. */
	if (there->homed && there->bus == bus && there->dev == dev)
		leave_home(c, there, home);
	e = extent_at(c, id);
	e->bus = bus;
	e->dev = dev;
	hash_add(c, e, id);
	return id;
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

void extent_forget_more(struct check *c, struct extent *e)
{
	struct extent_more *more = extent_more(c, e);

	snapshot_drop(c, more);
	runs_exit(&more->runs);
	records_put(&c->more, e->more);
}

struct extent *extent_add(struct check *c, const struct track_op *op, stack_id stack, u64 now)
{
	return life_begin(c, op, stack, now);
}

void extent_lay(struct check *c, struct extent *e)
{
	life_lay(c, e, extent_id(c, e));
}

void extent_remove(struct check *c, struct extent *e, const struct stamp *by)
{
	life_end(c, e, by);
}

void extent_haunt(struct check *c, struct extent *e, const struct stamp *by)
{
	life_bury(c, e, extent_id(c, e), by);
	e->ghost = 1;
	if (e->more)
		snapshot_drop(c, extent_more(c, e));
}

/* ---- oldest first ---- */

struct age {
	u32 made, id;
};

static int by_age(const void *a, const void *b)
{
	const struct age *x = a, *y = b;

	return (x->made > y->made) - (x->made < y->made);
}

void extent_ages_init(struct check *c, struct extent_ages *w)
{
	struct age *ages = c->live ? malloc(c->live * sizeof(*ages)) : NULL;

	*w = (struct extent_ages){.c = c};
	if (!ages)
		return;
	for (u32 id = 0; (id = extent_next(c, id));) {
		const struct extent *e = extent_at(c, id);

		if (e->live && !e->ghost)
			ages[w->nr++] = (struct age){extent_made(c, e), id};
	}
	assert(w->nr == c->live);
	qsort(ages, w->nr, sizeof(*ages), by_age);
	w->ids = (u32 *)(void *)ages; /* in place: the ids to the front */
	for (u32 i = 0; i < w->nr; i++) {
		u32 id = ages[i].id;

		memcpy(w->ids + i, &id, sizeof(id));
	}
}

struct extent *extent_ages_next(struct extent_ages *w)
{
	struct extent *e;

	if (!w->c->live)
		return NULL;
	if (w->ids) {
		while (w->at < w->nr) {
			e = extent_at(w->c, w->ids[w->at++]);
			if (e->live && !e->ghost)
				return e;
		}
		return NULL;
	}
	while ((w->at = extent_next(w->c, w->at))) {
		e = extent_at(w->c, w->at);
		if (e->live && !e->ghost)
			return e;
	}
	return NULL;
}

void extent_ages_exit(struct extent_ages *w)
{
	free(w->ids);
}

/* ---- finding what has ended ---- */

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
	c->home_base = c->max_homes = max / 2;
	c->home_mask = HOMES_START - 1;
	c->home_shift = (u32)__builtin_ctz(HOMES_START) - 4;
	c->linear = m->hw->ram.linear.start;
	c->linear_size = m->hw->ram.linear.size;
	c->linear_phys = m->hw->ram.linear.phys;
	c->foreign_base = cfg->foreign_base;
	c->foreign_size = cfg->foreign_size;
	c->shift = 0 - (u64)cfg->bus_offset;
	c->paged_devs = c->shift & (SIM_PAGE_SIZE - 1) ? 0 : 0x8000;
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
	    records_init(&c->extents, sizeof(struct extent), max / 2, max) ||
	    records_init(&c->more, sizeof(struct extent_more), max, max) ||
	    records_init(&c->nodes, sizeof(struct link_node), 2 * max, 2 * max)) {
		extents_exit(c);
		return sim_error(ENOMEM, "no address space for the tracker's records; run with checks=off or less RAM");
	}
	return 0;
}

void extents_exit(struct check *c)
{
	const size_t max = 2 * (size_t)c->home_base;

	for (u32 id = 0; c->more.used > 1 && (id = extent_next(c, id));) {
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
	release(c->links, max * sizeof(*c->links));
	release(c->extents.base, sizeof(struct extent) * max);
	release(c->more.base, sizeof(struct extent_more) * max);
	release(c->nodes.base, sizeof(struct link_node) * 2 * max);
}

void extents_check(struct check *c)
{
	u64 live = 0, homed = 0, hashed = 0;

	for (u32 id = 0; (id = extent_next(c, id));) {
		struct extent *e = extent_at(c, id);

		if (!e->live)
			continue;
		live += !e->ghost;
		homed += e->homed;
		assert(!e->homed || (!e->ghost && extent_home(c, e->dev, e->bus) == id));
		assert(e->size && (e->state & BYTE_OWNER) != BYTE_OWNER);
		if (e->more && extent_more(c, e)->runs.n)
			runs_check(&extent_more(c, e)->runs, e->size);
	}
	assert(live == c->live);
	moved_check(c);
	for (u32 i = 0; i <= c->hash_mask; i++)
		for (u32 id = c->hash[i]; id; id = extent_at(c, id)->next_hash) {
			assert(extent_at(c, id)->live && !extent_at(c, id)->homed);
			assert(extent_hash(c, extent_at(c, id)->dev, extent_at(c, id)->bus) == i);
			hashed++;
		}
	assert(hashed == c->hashed && hashed + homed == live);
	places_check(c);
}
