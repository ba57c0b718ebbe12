// SPDX-License-Identifier: MIT
/*
 * Free slots of a bounce buffer.
 *
 * Segments of 128 slots are bitmaps. Where in a segment a run of n free slots begins is computed for all its 128 places
 * at once by a few shifts; places that the bus address forbids are masked out the same way. Which segment to look at is
 * told by eight bitmaps of segments, one a class: the longest free run is at least 1, 2, 4 ... 128 slots. So a search
 * costs the same in an empty pool as in one that is nearly full, as long as the request is not odd in its alignment.
 *
 * Each area has a place where its next search starts, behind what was handed out last: slots rest as long as possible
 * before they are used again, so that a late access of a device hits nobody.
 *
 * Weakness: a request with a boundary below a segment's size, or on a bus whose offset is no multiple of it, tests its
 * candidates one by one.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "lib/dma/slots.h"

typedef unsigned __int128 bits;

static inline bits get(const struct slots *s, u32 segment)
{
	return (bits)s->free[segment][1] << 64 | s->free[segment][0];
}

static inline void put(struct slots *s, u32 segment, bits b)
{
	s->free[segment][0] = (u64)b;
	s->free[segment][1] = (u64)(b >> 64);
}

/* n bits from `first` on; n 1 .. 128. */
static inline bits span(u32 first, u32 n)
{
	return (~(bits)0 >> (SLOTS_SEGMENT - n)) << first;
}

static inline u32 lowest(bits b)
{
	return (u64)b ? (u32)__builtin_ctzll((u64)b) : 64 + (u32)__builtin_ctzll((u64)(b >> 64));
}

/* How many classes a segment with these free slots is in. */
static inline u8 class_of(bits b)
{
	u8 k = 0;

	for (u32 n = 1; b && k < SLOTS_CLASSES; n *= 2) {
		k++;
		if (n == SLOTS_SEGMENT)
			break;
		b &= b >> n;
	}
	return k;
}

static inline void reclass(struct slots *s, u32 segment, bits b)
{
	u8 now = class_of(b), was = s->class[segment];
	u64 bit = 1ULL << (segment & 63);

	for (; was < now; was++)
		s->runs[was][segment >> 6] |= bit;
	while (was > now)
		s->runs[--was][segment >> 6] &= ~bit;
	s->class[segment] = now;
}

int slots_init(struct slots *s, u32 nr, u32 nareas)
{
	*s = (struct slots){0};
	s->segments = nr / SLOTS_SEGMENT ? nr / SLOTS_SEGMENT : 1;
	s->nr = s->segments * SLOTS_SEGMENT;
	while (nareas > 1 && nareas > s->segments)
		nareas /= 2;
	s->nareas = nareas ? nareas : 1;
	s->words = (s->segments + 63) / 64;
	s->free = calloc(s->segments, sizeof(*s->free));
	s->class = calloc(s->segments, 1);
	s->runs[0] = calloc((size_t)SLOTS_CLASSES * s->words, sizeof(u64));
	s->area = calloc(s->nareas, sizeof(*s->area));
	if (!s->free || !s->class || !s->runs[0] || !s->area) {
		slots_exit(s);
		return -ENOMEM;
	}
	for (u32 k = 1; k < SLOTS_CLASSES; k++)
		s->runs[k] = s->runs[0] + (size_t)k * s->words;
	for (u32 i = 0; i < s->segments; i++) {
		put(s, i, ~(bits)0);
		reclass(s, i, ~(bits)0);
	}
	for (u32 a = 0; a < s->nareas; a++) {
		u32 first = (u32)((u64)s->segments * a / s->nareas);

		s->area[a].first = first;
		s->area[a].nr = (u32)((u64)s->segments * (a + 1) / s->nareas) - first;
		s->area[a].hint = first * SLOTS_SEGMENT;
	}
	return 0;
}

void slots_exit(struct slots *s)
{
	free(s->free);
	free(s->class);
	free(s->runs[0]);
	free(s->area);
	*s = (struct slots){0};
}

bool slots_fit(const struct slots_request *r, u32 first)
{
	u64 bus = r->base + ((u64)first << SLOT_SHIFT), window = (r->boundary >> SLOT_SHIFT) + 1;

	if ((bus & r->mask) != r->value || first % SLOTS_SEGMENT + r->n > SLOTS_SEGMENT)
		return false;
	/* in whole slots: a boundary below one is honoured by any single slot, as far as that can be */
	return r->boundary == ~0ULL || ((bus >> SLOT_SHIFT) & (window - 1)) + r->n <= window;
}

/* Places of a segment whose index has the bits of `value` where `mask` has ones. */
static inline bits pattern(u32 mask, u32 value)
{
	static const u64 ones[6] = {0xaaaaaaaaaaaaaaaaULL, 0xccccccccccccccccULL, 0xf0f0f0f0f0f0f0f0ULL,
				    0xff00ff00ff00ff00ULL, 0xffff0000ffff0000ULL, 0xffffffff00000000ULL};
	bits b = ~(bits)0;

	for (u32 k = 0; mask >> k; k++) {
		bits one = k < 6 ? (bits)ones[k] << 64 | ones[k] : (bits)~0ULL << 64;

		if (mask >> k & 1)
			b &= value >> k & 1 ? one : ~one;
	}
	return b;
}

/* The first place in the segment that fits, among those of `allowed`; SLOTS_NONE. */
static inline u32 find_in(const struct slots *s, const struct slots_request *r, u32 segment, bits allowed, bool simple)
{
	bits b = get(s, segment);
	u64 bus = r->base + segment * SLOT_SEGMENT_BYTES;

	for (u32 have = 1; have < r->n && b;) {
		u32 more = have < r->n - have ? have : r->n - have;

		b &= b >> more;
		have += more;
	}
	if (k_likely(simple)) {
		const u64 upper = ~(SLOT_SEGMENT_BYTES - 1);

		if ((bus ^ r->value) & r->mask & upper)
			return SLOTS_NONE;
		b &= allowed;
		return b ? segment * SLOTS_SEGMENT + lowest(b) : SLOTS_NONE;
	}
	for (; b; b &= b - 1)
		if (allowed & b & -b && slots_fit(r, segment * SLOTS_SEGMENT + lowest(b)))
			return segment * SLOTS_SEGMENT + lowest(b);
	return SLOTS_NONE;
}

/* The next segment of the bitmap in [from, end); end if there is none. */
static inline u32 next_segment(const u64 *map, u32 from, u32 end)
{
	for (u32 word = from >> 6; from < end; from = ++word << 6) {
		u64 w = map[word] >> (from & 63);

		if (w) {
			from += (u32)__builtin_ctzll(w);
			return from < end ? from : end;
		}
	}
	return end;
}

/* Segments of one class, not of another, in [from, end). */
static u32 find_class(const struct slots *s, const struct slots_request *r, u32 k, u32 not, u32 from, u32 end,
		      bits allowed, bool simple)
{
	for (u32 seg = from; (seg = next_segment(s->runs[k], seg, end)) < end; seg++) {
		u32 at;

		if (s->class[seg] > not )
			continue;
		at = find_in(s, r, seg, allowed, simple);
		if (at != SLOTS_NONE)
			return at;
	}
	return SLOTS_NONE;
}

static u32 find_in_area(const struct slots *s, const struct slots_request *r, const struct slots_area *a, bits allowed,
			bool simple)
{
	u32 here = a->hint / SLOTS_SEGMENT, end = a->first + a->nr, at;
	u32 lower = 31 - (u32)__builtin_clz(r->n), upper = lower + !!(r->n & (r->n - 1));

	/* Behind what was handed out last, ... */
	at = find_in(s, r, here, allowed & span(a->hint % SLOTS_SEGMENT, SLOTS_SEGMENT - a->hint % SLOTS_SEGMENT),
		     simple);
	if (k_likely(at != SLOTS_NONE))
		return at;
	/* ... in the segments that surely have a run as long, ... */
	if (upper < SLOTS_CLASSES) {
		at = find_class(s, r, upper, SLOTS_CLASSES, here + 1, end, allowed, simple);
		if (at == SLOTS_NONE)
			at = find_class(s, r, upper, SLOTS_CLASSES, a->first, here + 1, allowed, simple);
		if (at != SLOTS_NONE)
			return at;
	}
	/* ... and in those that may have one. */
	if (upper == lower)
		return SLOTS_NONE;
	at = find_class(s, r, lower, upper, here + 1, end, allowed, simple);
	return at != SLOTS_NONE ? at : find_class(s, r, lower, upper, a->first, here + 1, allowed, simple);
}

u32 slots_take(struct slots *s, const struct slots_request *r)
{
	/* One mask for all segments will do, unless the bus or a boundary cuts them differently. */
	const bool simple = !(r->base & (SLOT_SEGMENT_BYTES - 1)) && r->boundary >= SLOT_SEGMENT_BYTES - 1;
	const u32 low = SLOTS_SEGMENT - 1;
	bits allowed = ~(bits)0;

	if (!r->n || r->n > SLOTS_SEGMENT || r->mask & (SLOT_SIZE - 1) || r->value & ~r->mask)
		return SLOTS_NONE;
	if (simple && r->mask)
		allowed = pattern((u32)(r->mask >> SLOT_SHIFT) & low, (u32)(r->value >> SLOT_SHIFT) & low);
	for (u32 i = 0; i < s->nareas; i++) {
		struct slots_area *a = &s->area[(r->area + i) & (s->nareas - 1)];
		u32 at = find_in_area(s, r, a, allowed, simple), segment = at / SLOTS_SEGMENT;
		bits b;

		if (at == SLOTS_NONE)
			continue;
		b = get(s, segment) & ~span(at % SLOTS_SEGMENT, r->n);
		put(s, segment, b);
		reclass(s, segment, b);
		a->used += r->n;
		a->hint = at + r->n < (a->first + a->nr) * SLOTS_SEGMENT ? at + r->n : a->first * SLOTS_SEGMENT;
		return at;
	}
	return SLOTS_NONE;
}

static struct slots_area *area_of(const struct slots *s, u32 segment)
{
	u32 a = (u32)((u64)segment * s->nareas / s->segments);

	/* Areas need not be equally long. */
	while (segment < s->area[a].first)
		a--;
	while (segment >= s->area[a].first + s->area[a].nr)
		a++;
	return &s->area[a];
}

void slots_give(struct slots *s, u32 first, u32 n)
{
	u32 segment = first / SLOTS_SEGMENT;
	bits mine = span(first % SLOTS_SEGMENT, n), b = get(s, segment);

	assert(first % SLOTS_SEGMENT + n <= SLOTS_SEGMENT && !(b & mine));
	b |= mine;
	put(s, segment, b);
	reclass(s, segment, b);
	area_of(s, segment)->used -= n;
}

void slots_check(const struct slots *s)
{
	u32 segments = 0;

	for (u32 a = 0; a < s->nareas; a++) {
		const struct slots_area *area = &s->area[a];
		u32 used = 0;

		assert(area->first == segments && area->nr);
		segments += area->nr;
		assert(area->hint >= area->first * SLOTS_SEGMENT && area->hint < segments * SLOTS_SEGMENT);
		for (u32 i = area->first; i < segments; i++) {
			bits b = get(s, i);

			used += SLOTS_SEGMENT - (u32)__builtin_popcountll(s->free[i][0]) -
				(u32)__builtin_popcountll(s->free[i][1]);
			assert(s->class[i] == class_of(b));
			for (u32 k = 0; k < SLOTS_CLASSES; k++)
				assert((s->runs[k][i >> 6] >> (i & 63) & 1) == (k < s->class[i]));
			assert(area_of(s, i) == area);
		}
		assert(used == area->used);
	}
	assert(segments == s->segments && s->nr == segments * SLOTS_SEGMENT);
}
