// SPDX-License-Identifier: MIT
/*
 * Ownership tracker: the rules of mapping, handing over and unmapping.
 *
 * Each live mapping is one extent (extent.c), its bytes in a phase (phase.c). Here what the driver says about a mapping
 * is compared with what was mapped; what to say of a call that does not fit is call.c's. A wrong call then does what
 * the driver surely meant, so that nothing follows from it. Dead mappings rest in quarantine.
 *
 * Cost: map is a stack walk, one hash insertion, one list insertion, one test of 64 bits; unmap the reverse.
 * Weakness: dma_mapping_error() gets an address, not a mapping: of several live mappings with equal addresses the
 * newest unchecked one is credited.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/call.h"
#include "lib/check/doubt.h"
#include "lib/check/dma_debug.h"
#include "lib/check/life.h"
#include "lib/check/pool.h"
#include "lib/check/sg_list.h"
#include "lib/check/snapshot.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

#define OVERLAP_LIMIT 256 /* extents looked at for one new mapping; beyond: counted */

void track_mapping_error(struct dmasim_machine *m, struct dmasim_device_private *dev, dma_addr_t bus)
{
	struct check *c = m->check;
	struct extent *e = NULL;

	if (!c)
		return;
	while ((e = extent_exact(c, dev->id, bus, e)))
		if (!e->checked) {
			e->checked = 1;
			break;
		}
	if (dma_debug_on(m))
		dma_debug_asked(m, dev, bus, e);
}

/* ---- map ---- */

static bool may_write(unsigned int dir)
{
	return dir == DMA_FROM_DEVICE || dir == DMA_BIDIRECTIONAL;
}

/*
 * Other live mappings of the same bytes. One report, the gravest. What is mapped over itself was not unmapped before, or
 * was mapped by mistake: one of the two will never be ended, and that has been told then; *again says so.
 */
static __attribute__((__noinline__, __cold__)) bool check_overlap(struct dmasim_machine *m, const struct track_op *op,
								  bool *again)
{
	struct check *c = m->check;
	struct extent *e, *overlap = NULL;
	unsigned int looked = 0;
	struct extent_walk w;

	extent_walk_init(c, &w, op->phys, op->phys + op->size);
	w.ghosts = true;
	while ((e = extent_walk_next(&w))) {
		if (e->ghost) {
			extent_lay(c, e); /* the new mapping's hand-overs count now */
			continue;
		}
		if (++looked > OVERLAP_LIMIT) {
			c->unchecked_overlaps++;
			break;
		}
		if (e->freed)
			continue;
		if (kind_is_coherent(e->kind)) {
			call_overlaps(m, op, e, "coherent-streaming-mix");
			return true;
		}
		if (!kind_is_streaming(e->kind) || overlap)
			continue;
		if ((e->attrs | op->attrs) & (ATTR_SKIP_CPU_SYNC | ATTR_IGNORE_CACHELINES))
			continue;
		if (may_write(e->dir) || may_write(op->dir))
			overlap = e;
	}
	if (!overlap)
		return false;
	call_overlaps(m, op, overlap, "map-overlap");
	*again = overlap->dev == op->dev->id && overlap->phys == op->phys && overlap->size == op->size;
	if (*again)
		overlap->told |= TOLD_NOT_ENDED;
	return true;
}

static bool remember_device(struct check *c, struct dmasim_device_private *dev)
{
	if (k_unlikely(dev->id >= c->nr_devices)) {
		u32 n = dev->id + 16;
		struct dmasim_device_private **bigger = realloc(c->devices, n * sizeof(*bigger));

		if (!bigger)
			return false;
		memset(bigger + c->nr_devices, 0, (n - c->nr_devices) * sizeof(*bigger));
		c->devices = bigger;
		c->nr_devices = n;
	}
	c->devices[dev->id] = dev;
	return true;
}

static inline struct extent *record(struct dmasim_machine *m, const struct track_op *op, stack_id stack, bool *overlap)
{
	struct check *c = m->check;
	bool freed = false, again = false;
	struct extent *e;

	if (k_unlikely(op->dev->id >= c->nr_devices || c->devices[op->dev->id] != op->dev) &&
	    k_unlikely(!remember_device(c, op->dev))) {
		c->dropped++;
		return NULL;
	}
	c->guess = op->phys - op->bus;
	if (kind_is_streaming(op->kind)) {
		if (k_unlikely((op->phys & (SIM_PAGE_SIZE - 1)) + op->size > SIM_PAGE_SIZE ||
			       !extent_page_quiet(c, op->phys, op->phys + op->size)) &&
		    *overlap)
			*overlap = check_overlap(m, op, &again);
		else
			*overlap = false;
		freed = !op->allocated && call_maps_freed(m, op);
	}
	e = life_begin(c, op, stack, sim_now(m->hw));
	if (k_unlikely(!e))
		return NULL;
	e->freed = freed;
	if (k_unlikely(c->doubts))
		doubt_map(c, e, stack);
	if (k_unlikely(again))
		e->told |= TOLD_NOT_ENDED;
	if (k_unlikely(kind_is_allocated(op->kind))) {
		struct extent_more *more = extent_need_more(c, e);

		if (more)
			more->cpu = op->cpu;
	} else if (kind_is_streaming(op->kind)) {
		count_handover(c, op->phys, op->dir);
		if (c->snapshot && !(op->attrs & ATTR_SKIP_CPU_SYNC))
			snapshot_take(c, e, 0, e->size);
	}
	return e;
}

void tracker_map(struct dmasim_machine *m, const struct track_op *op)
{
	bool overlap = true;

	check_settle(m);
	extent_prefetch(m->check, op->dev->id, op->bus, op->phys);
	record(m, op, stack_capture(m, op->frame), &overlap);
}

struct extent *tracker_record(struct dmasim_machine *m, const struct track_op *op, stack_id stack, bool *overlap)
{
	return record(m, op, stack, overlap);
}

/* ---- unmap ---- */

/* Which of several live mappings with this address does the call mean? The newest that fits best. */
static struct extent *meant(struct check *c, const struct track_op *op)
{
	struct extent *e = NULL, *best = NULL;
	int best_score = -1;

	while ((e = extent_exact(c, op->dev->id, op->bus, e))) {
		int score = (same_kind(e->kind, op->kind) ? 4 : 0) + (e->size == op->size ? 2 : 0) +
			    (e->dir == (unsigned int)op->dir ? 1 : 0);

		if (score > best_score) {
			best = e;
			best_score = score;
			if (k_likely(score == 7))
				break;
		}
	}
	return best;
}

static bool device_wrote(u8 state)
{
	return state & BYTE_DEV_WROTE;
}

/*
 * Ended without a hand-over: what the device wrote stays stale for the CPU, until the memory is mapped anew or freed.
 * False if there is no such byte.
 */
static bool leave_stale(struct check *c, struct extent *e, const struct stamp *by)
{
	struct extent_more *more = e->more ? extent_more(c, e) : NULL;
	struct span s;

	if (!kind_is_streaming(e->kind) || e->freed)
		return false;
	if (!(more && !more->runs.n && more->written_lo < more->written_hi) &&
	    !extent_find(c, e, 0, e->size, device_wrote, &s))
		return false;
	extent_change(c, e, 0, e->size, BYTE_OWNER | BYTE_CPU_WROTE | BYTE_SEEN, BYTE_CPU, by);
	return true;
}

static inline bool may_lose_writes(const struct check *c, const struct extent *e)
{
	return k_unlikely(e->state & BYTE_CPU_WROTE || extent_runs(c, e) || (c->snapshot && e->more)) &&
	       may_write(e->dir);
}

void tracker_describe(const struct check *c, const struct extent *e, struct track_unmapped *real)
{
	real->found = true;
	real->freed = e->freed && e->bounced;
	real->kind = (enum extent_kind)e->kind;
	real->bus = e->bus;
	real->phys = e->phys;
	real->size = e->size;
	real->dir = (enum dma_data_direction)e->dir;
	real->attrs = e->attrs;
	real->cpu = kind_is_allocated(e->kind) && e->more ? extent_more(c, e)->cpu : NULL;
}

static inline void end(struct check *c, struct extent *e, unsigned long attrs, const struct stamp *by,
		       struct track_unmapped *real)
{
	if (k_unlikely(c->snapshot) && e->more && extent_more(c, e)->snapshot && !e->freed)
		snapshot_compare_owned(c, e, 0, e->size, false);
	if (k_unlikely(c->doubts))
		doubt_end(c, e, by);
	if (may_lose_writes(c, e) && !(attrs & ATTR_SKIP_CPU_SYNC) &&
	    !kind_is_noncoherent(e->kind)) /* which ends too */
		call_loses_writes(c, e, 0, e->size, "unmap", by);
	tracker_describe(c, e, real);
	if (k_unlikely(attrs & ATTR_SKIP_CPU_SYNC) && leave_stale(c, e, by))
		extent_haunt(c, e, by);
	else
		life_end(c, e, by);
}

void tracker_end(struct check *c, struct extent *e, unsigned long attrs, const struct stamp *by,
		 struct track_unmapped *real)
{
	end(c, e, attrs, by, real);
}

void tracker_unmap(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real)
{
	struct check *c = m->check;
	bool active, fits;
	struct stamp by;
	struct extent *e;

	*real = (struct track_unmapped){0};
	check_settle(m);
	extent_prefetch(c, op->dev->id, op->bus, op->bus + c->guess);
	by = (struct stamp){sim_now(m->hw), stack_capture(m, op->frame), extent_function(c, op->function), 0};
	e = meant(c, op);
	if (k_unlikely(!e) && kind_is_allocated(op->kind))
		e = tracker_by_cpu(c, op);
	if (k_unlikely(!e)) {
		call_unmaps_nothing(m, op);
		return;
	}
	if (k_unlikely(e->kind == EXTENT_POOL && op->kind != EXTENT_POOL)) {
		call_ends_pool(m, op, e);
		return;
	}
	if (k_unlikely(e->kind == EXTENT_DAC)) { /* it has no end that could be called */
		call_mismatch(m, op, e);
		return;
	}
	fits = !kind_differs(op, e) && e->size == op->size &&
	       (kind_is_coherent(e->kind) || e->dir == (unsigned int)op->dir) &&
	       (!kind_is_allocated(e->kind) || (e->bus == op->bus && !cpu_differs(c, op, e) && !attrs_differ(op, e)));
	if (k_unlikely(e->list && kind_differs(op, e)))
		sg_list_leaves(m, op, e);
	else if (k_unlikely(!fits) && !e->freed)
		call_mismatch(m, op, e);
	else if (k_unlikely(op->kind != e->kind) && m->hw->cfg.lint && fits)
		call_unmaps_page_as_single(m, op, e);
	if (k_unlikely(!e->checked) && !e->freed)
		call_error_unchecked(m, op, e, "unmap");
	if (dma_debug_on(m))
		dma_debug_unchecked(m, op, e);
	if (k_unlikely(e->list))
		sg_list_drop(c, e);
	active = op->dev->master.transfers && !e->freed && call_unmaps_in_flight(m, op, e);
	end(c, e, op->attrs, &by, real);
	if (k_unlikely(active))
		c->quarantine[(c->nr_dead - 1) % QUARANTINE].told = 1;
}

/* ---- sync ---- */

void tracker_hand_over(struct check *c, struct extent *e, u64 lo, u64 hi, enum dma_data_direction dir,
		       enum track_sync_side side, const struct stamp *by)
{
	u8 lost = 0;

	if (k_unlikely(c->doubts))
		doubt_sync(c, e, lo, hi, side, by);
	if (e->dir != DMA_BIDIRECTIONAL)
		dir = (enum dma_data_direction)e->dir; /* what the call would have said: no consequences */
	if (side == SYNC_FOR_CPU && may_lose_writes(c, e) && dir != DMA_TO_DEVICE &&
	    call_loses_writes(c, e, lo, hi, "sync", by))
		lost = BYTE_CPU_WROTE;
	if (c->snapshot && e->more && extent_more(c, e)->snapshot)
		snapshot_compare_owned(c, e, lo, hi, side == SYNC_FOR_CPU);
	if (side == SYNC_FOR_CPU) {
		/* a TO_DEVICE sync of a bidirectional mapping brings nothing back */
		extent_change(c, e, lo, hi, BYTE_OWNER | BYTE_SEEN | lost | (dir == DMA_TO_DEVICE ? 0 : BYTE_DEV_WROTE),
			      BYTE_CPU, by);
	} else {
		/* and a FROM_DEVICE one carries nothing over; in a FROM_DEVICE mapping there is nothing to carry */
		u8 carried = dir == DMA_FROM_DEVICE && e->dir == DMA_BIDIRECTIONAL ? 0 : BYTE_CPU_WROTE;

		extent_change(c, e, lo, hi, BYTE_OWNER | BYTE_SEEN | carried, BYTE_DEVICE, by);
		count_handover(c, e->phys, e->dir);
		if (c->snapshot && carried)
			snapshot_take(c, e, lo, hi);
		else if (c->snapshot)
			snapshot_note_kept(c, e, lo, hi);
	}
}

/* The range goes beyond the end of e: of mappings that overlap, as ones that are only read may, another one may be meant. */
static struct extent *holds_all(struct check *c, const struct track_op *op, struct extent *e)
{
	const phys_addr_t phys = e->phys + (op->bus - e->bus);
	struct extent_walk w;
	struct extent *other;

	extent_walk_init(c, &w, phys, phys + 1);
	while ((other = extent_walk_next(&w)))
		if (extent_holds(other, op->dev->id, op->bus) && op->size <= other->size - (op->bus - other->bus) &&
		    !other->freed && kind_is_streaming(other->kind))
			return other;
	return e;
}

/* The rest of a sync, in the pieces that the segment goes on with. */
static void sync_joined(struct check *c, struct extent *e, u64 left, enum dma_data_direction dir,
			enum track_sync_side side, const struct stamp *by)
{
	while (left && (e = sg_list_joined(c, e))) {
		u64 n = left < e->size ? left : e->size;

		tracker_hand_over(c, e, 0, n, dir, side, by);
		left -= n;
	}
}

bool track_sync(struct dmasim_machine *m, const struct track_op *op, enum track_sync_side side, phys_addr_t *phys)
{
	struct check *c = m->check;
	enum dma_data_direction dir = op->dir;
	struct stamp by;
	struct extent *e;
	u64 lo, hi;
	bool inside;

	if (k_unlikely(!c))
		return true;
	check_settle(m);
	e = extent_exact(c, op->dev->id, op->bus, NULL);
	if (k_unlikely(!e) || k_unlikely(op->size > e->size))
		e = extent_containing(c, op->dev->id, op->bus, dir != DMA_TO_DEVICE);
	if (k_unlikely(!e)) {
		call_syncs_nothing(m, op);
		return false;
	}
	if (k_unlikely(op->size > e->size - (op->bus - e->bus)))
		e = holds_all(c, op, e);
	lo = op->bus - e->bus;
	inside = op->size <= e->size - lo;
	if (k_unlikely(!inside) && e->list) /* a segment may be several pieces of the list */
		inside = op->size <= sg_list_segment_size(c, e) - lo;
	hi = op->size <= e->size - lo ? lo + op->size : e->size;
	*phys = e->phys + lo;
	if (k_unlikely(e->freed) || !kind_is_streaming(e->kind)) {
		if (c->doubts && !e->freed && kind_is_coherent(e->kind))
			doubt_sync_kind(c, op, e);
		return false;
	}
	if (k_unlikely((e->kind == EXTENT_DAC) != (op->kind == EXTENT_DAC)))
		call_syncs_kind(m, op, e, lo, hi);
	if (k_unlikely(!inside) || k_unlikely(e->dir != DMA_BIDIRECTIONAL && e->dir != (unsigned int)dir))
		call_sync_mismatch(m, op, e, lo, hi, inside);
	if (k_unlikely(!e->checked))
		call_error_unchecked(m, op, e, "sync");
	if (k_unlikely(c->doubts) && m->hw->cfg.lint)
		call_syncs_again(m, op, e, lo, hi, side);

	by = (struct stamp){sim_now(m->hw), stack_capture(m, op->frame), extent_function(c, op->function), 0};
	tracker_hand_over(c, e, lo, hi, dir, side, &by);
	if (k_unlikely(hi - lo < op->size) && inside)
		sync_joined(c, e, op->size - (hi - lo), dir, side, &by);
	return inside;
}

/* ---- what happens around mappings ---- */

static u64 live_of(struct check *c, const struct dmasim_device_private *dev, struct extent **first)
{
	struct extent_ages w;
	struct extent *e;
	u64 n = 0;

	extent_ages_init(c, &w);
	while ((e = extent_ages_next(&w)))
		if (e->dev == dev->id && e->kind != EXTENT_DAC)
			*first = n++ ? *first : e;
	extent_ages_exit(&w);
	return n;
}

void track_mask_changed(struct dmasim_machine *m, struct dmasim_device_private *dev, const char *function, void *frame)
{
	struct check *c = m->check;
	struct track_op op = {.dev = dev, .function = function, .frame = frame};
	struct finding f;
	struct extent *e = NULL;
	u64 n;

	if (!c || !c->live)
		return;
	check_settle(m);
	n = live_of(c, dev, &e);
	if (!n)
		return;
	f = call_finding(m, &op, "mask-changed-while-mapped", "call");
	finding_of(c, &f, e, 0, e->size, NULL);
	finding_more(&f, "call", "%s() while %llu mappings live; the first is shown", function, (unsigned long long)n);
	check_found(c, &f);
}

void track_memory_freeing(struct dmasim_machine *m, phys_addr_t phys, size_t size)
{
	struct check *c = m->check;
	struct extent_walk w;
	struct extent *e;

	if (!c || !size)
		return;
	if ((phys & (SIM_PAGE_SIZE - 1)) + size <= SIM_PAGE_SIZE && extent_page_quiet(c, phys, phys + size))
		return;
	check_settle(m);
	extent_walk_init(c, &w, phys, phys + size);
	w.ghosts = true;
	while ((e = extent_walk_next(&w))) {
		u64 lo = phys > e->phys ? phys - e->phys : 0;
		u64 hi = phys + size < e->phys + e->size ? phys + size - e->phys : e->size;
		struct finding f = {.rule = "free-while-mapped", .act_verb = "free"};
		char map[33];

		if (e->ghost)
			extent_lay(c, e);
		if (!e->live || e->freed)
			continue;
		if (e->kind == EXTENT_DAC) { /* ends with its memory, and not before */
			if (hi - lo == e->size)
				extent_remove(c, e, &(struct stamp){.time = sim_now(m->hw), .stack = stack_entry(m)});
			continue;
		}
		if (e->told & TOLD_NOT_ENDED ||
		    (e->list && sg_list_told(c, e, TOLD_LIST_FREED))) { /* the other pages of the list */
			e->freed = 1;
			continue;
		}
		finding_of(c, &f, e, lo, hi, map);
		check_found(c, &f);
		e->freed = 1;
	}
}

static void report_leak(struct check *c, struct extent *e, stack_id act)
{
	struct finding f = {.rule = "mapping-leak", .act = act, .act_verb = "release"};

	if (e->leaked || e->freed || e->told & TOLD_NOT_ENDED ||
	    e->kind == EXTENT_POOL || /* of pools: track_pool_leaks() */
	    (e->list && sg_list_told(c, e, TOLD_LIST_LEAKED)))
		return;
	e->leaked = 1;
	finding_of(c, &f, e, 0, e->size, NULL);
	check_found(c, &f);
}

/* Transfers that go on without a driver; not those whose memory was unmapped under them, which has been told. */
static void active_at_remove(struct dmasim_machine *m, struct device *dev)
{
	const u32 slot = (u32)dev->dmasim;
	const struct dmasim_device_private *p = slot < m->nr_device_slots ? m->device_slots[slot] : NULL;
	const struct sim_transfer *t = p ? p->master.transfers : NULL;
	struct finding f = {.rule = "dma-active-at-remove", .dev = dev, .act_verb = "release", .has_bus = true};
	struct dead *d;

	for (; t; t = t->next) {
		d = extent_dead(m->check, p->id, t->bus, false);
		if (!d || !d->told)
			break;
	}
	if (!t)
		return;
	f.bus = t->bus;
	f.size = t->n;
	finding_more(&f, "transfer", "the device %s %zu bytes at bus 0x%llx, started at %llu ns, not finished",
		     t->write ? "writes" : "reads", t->n, t->bus, (unsigned long long)t->started);
	check_found(m->check, &f);
}

size_t track_device_released(struct dmasim_machine *m, struct device *dev, bool gone)
{
	struct check *c = m->check;
	struct extent_ages w;
	struct extent *e;
	size_t n = 0;
	u32 id = 0;

	if (!c)
		return 0;
	check_settle(m);
	active_at_remove(m, dev);
	n = track_pool_leaks(m, dev, gone);
	while (id < c->nr_devices && !(c->devices[id] && c->devices[id]->dev == dev))
		id++;
	if (id == c->nr_devices)
		return n;
	extent_ages_init(c, &w);
	while ((e = extent_ages_next(&w))) {
		if (e->dev != id)
			continue;
		if (e->kind == EXTENT_DAC) {
			extent_remove(c, e, &(struct stamp){.time = sim_now(m->hw), .stack = stack_entry(m)});
			continue;
		}
		n += e->kind != EXTENT_POOL && (!e->list || sg_list_first(c, e));
		report_leak(c, e, 0);
		if (gone && e->list)
			sg_list_drop(c, e);
		if (gone)
			extent_remove(c, e, &(struct stamp){.time = sim_now(m->hw), .stack = stack_entry(m)});
	}
	extent_ages_exit(&w);
	if (dma_debug_on(m) && c->devices[id]->unbinding)
		dma_debug_unbound(m, c->devices[id]);
	if (gone)
		c->devices[id] = NULL;
	return n;
}

size_t track_leaks(struct dmasim_machine *m)
{
	struct check *c = m->check;
	struct extent_ages w;
	struct extent *e;
	size_t n = 0;

	if (!c)
		return 0;
	check_settle(m);
	n = track_pool_leaks(m, NULL, false);
	extent_ages_init(c, &w);
	while ((e = extent_ages_next(&w))) {
		if (e->kind == EXTENT_DAC)
			continue;
		n += e->kind != EXTENT_POOL && (!e->list || sg_list_first(c, e));
		report_leak(c, e, 0);
	}
	extent_ages_exit(&w);
	return n;
}

/* ---- life cycle ---- */

int tracker_init(struct dmasim_machine *m)
{
	struct check *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return sim_error(ENOMEM, "no memory for the tracker");
	err = extents_init(c, m);
	if (err) {
		free(c);
		return err;
	}
	m->check = c;
	return 0;
}

void tracker_exit(struct dmasim_machine *m)
{
	struct check *c = m->check;

	if (!c)
		return;
	extents_exit(c);
	snapshots_exit(c);
	sg_lists_exit(c);
	free(c->devices);
	free(c);
	m->check = NULL;
}

void tracker_check(struct dmasim_machine *m)
{
	if (m->check)
		extents_check(m->check);
}

u64 tracker_live(const struct dmasim_machine *m)
{
	return m->check ? m->check->live : 0;
}
