// SPDX-License-Identifier: MIT
/*
 * Run-length coded state of bytes.
 *
 * A sorted array of run ends. A change cuts the runs at both edges of its range, changes what lies between, and merges
 * neighbours that have become equal; so the array is always the shortest one that says the same. Two binary searches
 * and at most one move of the tail.
 * Weakness: a mapping whose bytes alternate state has a run a byte, and each change then moves half of them.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/runs.h"

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->time == b->time && a->stack == b->stack && a->fn == b->fn;
}

static bool mergeable(const struct run *a, const struct run *b)
{
	return a->state == b->state && a->by.told == b->by.told && same_stamp(&a->by, &b->by);
}

int runs_init(struct runs *r, u64 size, u8 state, const struct stamp *by)
{
	if (!r->run) {
		r->run = malloc(8 * sizeof(*r->run));
		if (!r->run)
			return -ENOMEM;
		r->room = 8;
	}
	r->n = 1;
	r->run[0] = (struct run){.end = size, .by = *by, .state = state};
	return 0;
}

void runs_exit(struct runs *r)
{
	free(r->run);
	*r = (struct runs){0};
}

u32 runs_at(const struct runs *r, u64 offset)
{
	u32 lo = 0, hi = r->n - 1;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (r->run[mid].end <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Make `at` the start of a run; returns its index. There is room. */
static u32 cut(struct runs *r, u64 at)
{
	u32 i;

	if (at >= r->run[r->n - 1].end)
		return r->n;
	i = runs_at(r, at);
	if (runs_start(r, i) == at)
		return i;
	memmove(r->run + i + 1, r->run + i, (r->n - i) * sizeof(*r->run));
	r->n++;
	r->run[i].end = at;
	return i + 1;
}

/* Merge equal neighbours among runs first .. last and the one before and behind. */
static void merge(struct runs *r, u32 first, u32 last)
{
	u32 from = first ? first - 1 : 0, to = last + 1 < r->n ? last + 1 : r->n - 1, out = from;

	for (u32 i = from + 1; i <= to; i++) {
		if (mergeable(&r->run[out], &r->run[i]))
			r->run[out].end = r->run[i].end;
		else
			r->run[++out] = r->run[i];
	}
	if (out < to) {
		memmove(r->run + out + 1, r->run + to + 1, (r->n - to - 1) * sizeof(*r->run));
		r->n -= to - out;
	}
}

int runs_apply(struct runs *r, u64 lo, u64 hi, u8 clear, u8 set, const struct stamp *by)
{
	u32 first, last;

	assert(lo < hi && hi <= r->run[r->n - 1].end);
	if (!by) { /* the common case of a loop over bytes: nothing changes */
		u32 i = runs_at(r, lo);

		if (r->run[i].end >= hi && (u8)((r->run[i].state & ~clear) | set) == r->run[i].state)
			return 0;
	}
	if (r->n + 2 > r->room) {
		struct run *bigger = realloc(r->run, 2 * r->room * sizeof(*r->run));

		if (!bigger)
			return -ENOMEM;
		r->run = bigger;
		r->room *= 2;
	}
	first = cut(r, lo);
	last = cut(r, hi) - 1;
	for (u32 i = first; i <= last; i++) {
		r->run[i].state = (u8)((r->run[i].state & ~clear) | set);
		if (by)
			r->run[i].by = *by;
	}
	merge(r, first, last);
	return 0;
}

void runs_tell(struct runs *r, u32 which, u8 told)
{
	struct stamp by = r->run[which].by;

	for (u32 i = 0; i < r->n; i++)
		if (same_stamp(&r->run[i].by, &by))
			r->run[i].by.told |= told;
	merge(r, 0, r->n - 1);
}

void runs_check(const struct runs *r, u64 size)
{
	assert(r->n > 0 && r->n <= r->room && r->run[r->n - 1].end == size);
	for (u32 i = 0; i < r->n; i++) {
		assert(r->run[i].end > runs_start(r, i));
		assert((r->run[i].state & BYTE_OWNER) != BYTE_OWNER);
		assert(!i || !mergeable(&r->run[i - 1], &r->run[i]));
	}
}
