// SPDX-License-Identifier: MIT
/*
 * Phases of the bytes of one mapping.
 *
 * A mapping is in one state as a whole until somebody touches or hands over a part of it; only then is its state kept
 * in runs, and it returns to one state when the runs have merged into one. What a device writes into a buffer that it
 * owns as a whole, usually front to back, is kept as one range and needs no runs.
 * Weakness: if memory for runs is refused, the change is made to no byte, and counted.
 */
#include <stdio.h>
#include "lib/check/phase.h"

/* Switch to runs; NULL if there is no memory for them. */
static struct runs *divide(struct check *c, struct extent *e)
{
	struct extent_more *more = extent_need_more(c, e);

	if (!more)
		return NULL;
	if (more->runs.n)
		return &more->runs;
	if (runs_init(&more->runs, e->size, e->state, &more->handed)) {
		c->dropped++;
		return NULL;
	}
	if (more->written_lo < more->written_hi &&
	    runs_apply(&more->runs, more->written_lo, more->written_hi, 0, BYTE_DEV_WROTE, NULL))
		c->dropped++;
	more->written_lo = more->written_hi = 0;
	return &more->runs;
}

/* Back to one state, if all bytes agree. */
static void unite(const struct check *c, struct extent *e)
{
	struct extent_more *more = extent_more(c, e);

	if (more->runs.n != 1)
		return;
	e->state = more->runs.run[0].state;
	more->handed = more->runs.run[0].by;
	more->runs.n = 0;
}

void extent_change_slow(struct check *c, struct extent *e, u64 lo, u64 hi, u8 clear, u8 set, const struct stamp *by)
{
	struct extent_more *more = e->more ? extent_more(c, e) : NULL;
	struct runs *r;

	if (lo >= hi)
		return;
	if (!(more && more->runs.n)) {
		bool written = more && more->written_lo < more->written_hi;

		if (lo == 0 && hi == e->size && (!written || clear & BYTE_DEV_WROTE)) {
			if (by) {
				more = extent_need_more(c, e);
				if (more)
					more->handed = *by;
			}
			if (written)
				more->written_lo = more->written_hi = 0;
			e->state = (u8)((e->state & ~clear) | set);
			return;
		}
		if (!by && !written && (u8)((e->state & ~clear) | set) == e->state)
			return;
	}
	r = divide(c, e);
	if (!r)
		return;
	if (runs_apply(r, lo, hi, clear, set, by))
		c->dropped++;
	unite(c, e);
}

void extent_device_wrote_slow(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	struct extent_more *more;

	if (e->state & BYTE_DEV_WROTE && !extent_runs(c, e))
		return;
	more = extent_need_more(c, e);
	if (!more)
		return;
	if (!more->runs.n && (e->state & BYTE_OWNER) == BYTE_DEVICE) {
		if (more->written_lo == more->written_hi) {
			more->written_lo = lo;
			more->written_hi = hi;
		} else if (lo <= more->written_hi && hi >= more->written_lo) {
			more->written_lo = lo < more->written_lo ? lo : more->written_lo;
			more->written_hi = hi > more->written_hi ? hi : more->written_hi;
		} else {
			extent_change(c, e, lo, hi, 0, BYTE_DEV_WROTE, NULL);
		}
		if (!more->runs.n && more->written_lo == 0 && more->written_hi == e->size) {
			more->written_hi = 0;
			e->state |= BYTE_DEV_WROTE;
		}
		return;
	}
	extent_change(c, e, lo, hi, 0, BYTE_DEV_WROTE, NULL);
}

static void uniform_stamp(const struct check *c, const struct extent *e, struct stamp *by)
{
	if (e->more)
		*by = extent_more(c, e)->handed;
	else
		*by = (struct stamp){.time = e->time, .stack = e->mapped, .fn = e->fn};
}

bool extent_find(struct check *c, struct extent *e, u64 lo, u64 hi, bool (*match)(u8 state), struct span *found)
{
	struct runs *r = extent_runs(c, e);
	bool any = false;

	if (!r) {
		if (!match(e->state))
			return false;
		*found = (struct span){.lo = lo, .hi = hi, .state = e->state};
		uniform_stamp(c, e, &found->by);
		found->told = found->by.told;
		return true;
	}
	for (u32 i = runs_at(r, lo); i < r->n && runs_start(r, i) < hi; i++) {
		struct run *run = &r->run[i];

		if (!match(run->state))
			continue;
		if (!any) {
			*found = (struct span){.by = run->by, .state = run->state, .told = 0xff};
			found->lo = runs_start(r, i) > lo ? runs_start(r, i) : lo;
			any = true;
		}
		found->hi = run->end < hi ? run->end : hi;
		found->told &= run->by.told;
	}
	return any;
}

void extent_tell(struct check *c, struct extent *e, const struct span *s, u8 told)
{
	struct runs *r = extent_runs(c, e);

	if (r) {
		/* each hand-over that contributed to the range: telling one changes the others' places */
		for (u64 at = s->lo; at < s->hi;) {
			u32 i = runs_at(r, at);

			if ((r->run[i].by.told & told) != told)
				runs_tell(r, i, told);
			at = r->run[runs_at(r, at)].end;
		}
		unite(c, e);
	} else if (extent_need_more(c, e)) {
		extent_more(c, e)->handed.told |= told;
	}
}

u8 extent_state(struct check *c, struct extent *e, u64 offset, struct stamp *by)
{
	struct runs *r = extent_runs(c, e);
	struct extent_more *more = e->more ? extent_more(c, e) : NULL;

	if (r) {
		u32 i = runs_at(r, offset);

		if (by)
			*by = r->run[i].by;
		return r->run[i].state;
	}
	if (by)
		uniform_stamp(c, e, by);
	if (more && offset >= more->written_lo && offset < more->written_hi)
		return e->state | BYTE_DEV_WROTE;
	return e->state;
}
