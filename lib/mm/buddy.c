// SPDX-License-Identifier: MIT
/*
 * Buddy allocator of one zone.
 *
 * Free memory is of two kinds: ranges nobody has asked for yet, and blocks of 2^order frames on the free lists. A
 * block is carved from the top of a range when the lists have none that fits, so making a machine touches no frame at
 * all. A freed block merges with its buddy (index with one bit flipped, counted from pfn 0) while that is free too.
 *
 * Lists are last-in first-out: what was freed last is handed out first, which is what shows a use after free soonest.
 *
 * A request may have an upper bound (a device with few address lines): then lists are searched for a block that lies
 * low enough, and ranges are carved below the bound. Weakness: that search is linear in the list's length.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "lib/mm/internal.h"

#define CARVE 5U

static void push(struct mm *mm, struct mm_zone *zone, u32 index, unsigned int order)
{
	struct mm_frame *f = &mm->frames[index];
	u32 next = zone->head[order];

	f->state = FRAME_FREE;
	f->order = (u8)order;
	f->zone = (u8)(zone - mm->zones);
	f->nr = 1U << order;
	f->prev = 0;
	f->next = next;
	if (next)
		mm->frames[next - 1].prev = index + 1;
	zone->head[order] = index + 1;
}

static void unlink_block(struct mm *mm, struct mm_zone *zone, u32 index)
{
	struct mm_frame *f = &mm->frames[index];

	assert(f->state == FRAME_FREE);
	if (f->prev)
		mm->frames[f->prev - 1].next = f->next;
	else
		zone->head[f->order] = f->next;
	if (f->next)
		mm->frames[f->next - 1].prev = f->prev;
	f->next = f->prev = 0;
	f->state = FRAME_NONE;
}

int buddy_add_range(struct mm_zone *zone, u32 lo, u32 hi)
{
	if (lo >= hi)
		return 0;
	if (zone->nr_ranges == zone->max_ranges) {
		unsigned int max = zone->max_ranges ? zone->max_ranges * 2 : 4;
		struct mm_range *r = realloc(zone->ranges, max * sizeof(*r));

		if (!r)
			return -ENOMEM;
		zone->ranges = r;
		zone->max_ranges = max;
	}
	zone->ranges[zone->nr_ranges++] = (struct mm_range){lo, hi};
	return 0;
}

/*
 * Cut the highest block that fits out of the ranges: as big as alignment allows up to CARVE, so that the records of one
 * carving lie together. Bigger ones grow by merging, and by consolidate().
 */
static u32 carve(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end, unsigned int *got)
{
	unsigned int i = zone->nr_ranges;

	while (i-- > 0) {
		struct mm_range *r = &zone->ranges[i];
		u64 lo = mm->base_pfn + r->lo, hi = mm->base_pfn + r->hi, top, size = 1ULL << order;
		unsigned int o = order;
		u32 first, upper;

		top = hi < mm->base_pfn + end ? hi : mm->base_pfn + end;
		top &= ~(size - 1);
		if (top < size || top - size < lo)
			continue;
		while (o < CARVE && !(top & size) && top >= 2 * size && top - 2 * size >= lo) {
			o++;
			size *= 2;
		}
		first = (u32)(top - size - mm->base_pfn);
		upper = (u32)(top - mm->base_pfn);
		if (upper < r->hi && first > r->lo) {
			if (buddy_add_range(zone, upper, r->hi))
				continue;
			r = &zone->ranges[i]; /* may have moved */
			r->hi = first;
		} else if (upper < r->hi) {
			r->lo = upper;
		} else if (first > r->lo) {
			r->hi = first;
		} else {
			*r = zone->ranges[--zone->nr_ranges];
		}
		*got = o;
		return first;
	}
	return MM_NONE;
}

/* Join [lo, hi) to a range that it touches; false if there is none. */
static bool join_range(struct mm_zone *zone, u32 lo, u32 hi)
{
	unsigned int i;

	for (i = 0; i < zone->nr_ranges; i++) {
		struct mm_range *r = &zone->ranges[i];

		if (r->lo != hi && r->hi != lo)
			continue;
		if (r->lo == hi)
			r->lo = lo;
		else
			r->hi = hi;
		return true;
	}
	return false;
}

/*
 * A block carved out of the middle of a range, and freed, cannot merge with what was never carved. Before a request
 * fails for that, free blocks at the edges of ranges become part of them again. True if anything changed.
 */
static bool consolidate(struct mm *mm, struct mm_zone *zone)
{
	bool changed = false, again;
	unsigned int o, i;

	if (!zone->nr_ranges)
		return false;
	do {
		again = false;
		for (o = 0; o < MM_ORDERS; o++) {
			u32 link = zone->head[o], next;

			for (; link; link = next) {
				next = mm->frames[link - 1].next;
				if (!join_range(zone, link - 1, link - 1 + (1U << o)))
					continue;
				unlink_block(mm, zone, link - 1);
				again = changed = true;
			}
		}
		for (i = 0; i < zone->nr_ranges; i++) {
			struct mm_range r = zone->ranges[i];

			zone->ranges[i] = zone->ranges[zone->nr_ranges - 1];
			zone->nr_ranges--;
			if (join_range(zone, r.lo, r.hi)) {
				i--;
				continue;
			}
			zone->ranges[zone->nr_ranges++] = zone->ranges[i];
			zone->ranges[i] = r;
		}
	} while (again);
	return changed;
}

bool buddy_cut(struct mm_zone *zone, u32 lo, u32 hi)
{
	for (unsigned int i = 0; i < zone->nr_ranges; i++) {
		struct mm_range *r = &zone->ranges[i];
		u32 end = r->hi;

		if (lo < r->lo || hi > end || lo >= hi)
			continue;
		if (lo > r->lo && hi < end) {
			if (buddy_add_range(zone, hi, end))
				return false;
			zone->ranges[i].hi = lo; /* it may have moved */
		} else if (lo > r->lo) {
			r->hi = lo;
		} else if (hi < end) {
			r->lo = hi;
		} else {
			*r = zone->ranges[--zone->nr_ranges];
		}
		zone->nr_free -= hi - lo;
		zone->total -= hi - lo;
		return true;
	}
	return false;
}

u32 buddy_find(struct mm *mm, struct mm_zone *zone, u64 nr, u64 align, u32 end)
{
	u32 best = MM_NONE;

	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < zone->nr_ranges; i++) {
			u64 lo = mm->base_pfn + zone->ranges[i].lo, hi = mm->base_pfn + zone->ranges[i].hi;
			u32 at;

			if (hi > mm->base_pfn + end)
				hi = mm->base_pfn + end;
			if (hi < nr || ((hi - nr) & ~(align - 1)) < lo)
				continue;
			at = (u32)(((hi - nr) & ~(align - 1)) - mm->base_pfn);
			if (best == MM_NONE || at > best)
				best = at;
		}
		if (best != MM_NONE || !consolidate(mm, zone))
			break;
	}
	return best;
}

static u32 take(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end)
{
	unsigned int o = order;
	u32 index = MM_NONE;

	for (; o < MM_ORDERS && index == MM_NONE; o++) {
		u32 link = zone->head[o];

		/* The lower part of a block is what is handed out, so only that has to lie below the bound. */
		while (link && link - 1 > end - (1U << order))
			link = mm->frames[link - 1].next;
		if (link) {
			index = link - 1;
			unlink_block(mm, zone, index);
			break;
		}
	}
	if (index == MM_NONE) {
		index = carve(mm, zone, order, end, &o);
		if (index == MM_NONE)
			return MM_NONE;
		mm->frames[index].zone = (u8)(zone - mm->zones);
	}
	while (o > order) {
		o--;
		push(mm, zone, index + (1U << o), o);
	}
	zone->nr_free -= 1ULL << order;
	return index;
}

u32 buddy_take(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end)
{
	u32 index;

	if (zone->nr_free < 1ULL << order || end < 1U << order)
		return MM_NONE;
	index = take(mm, zone, order, end);
	if (k_unlikely(index == MM_NONE) && order && consolidate(mm, zone))
		index = take(mm, zone, order, end);
	return index;
}

u32 buddy_take_if(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end,
		  bool (*fits)(struct mm *mm, u32 index, unsigned int order))
{
	unsigned int o;

	for (o = order; o < MM_ORDERS; o++) {
		u32 link, part;

		for (link = zone->head[o]; link; link = mm->frames[link - 1].next) {
			for (part = link - 1; part < link - 1 + (1U << o); part += 1U << order) {
				u32 block = link - 1;

				if (part + (1U << order) > end || !fits(mm, part, order))
					continue;
				/* Halve the block, keeping the half with the part in it. */
				unlink_block(mm, zone, block);
				while (o > order) {
					o--;
					if (part >= block + (1U << o)) {
						push(mm, zone, block, o);
						block += 1U << o;
					} else {
						push(mm, zone, block + (1U << o), o);
					}
				}
				mm->frames[part].zone = (u8)(zone - mm->zones);
				zone->nr_free -= 1ULL << order;
				return part;
			}
		}
	}
	return MM_NONE;
}

static void give_block(struct mm *mm, struct mm_zone *zone, u32 index, unsigned int order)
{
	while (order < MM_MAX_ORDER) {
		u64 buddy = ((mm->base_pfn + index) ^ (1ULL << order)) - mm->base_pfn;
		const struct mm_frame *f;

		if (buddy < zone->lo || buddy >= zone->hi)
			break;
		f = &mm->frames[buddy];
		if (f->state != FRAME_FREE || f->order != order)
			break;
		unlink_block(mm, zone, (u32)buddy);
		if (buddy < index)
			index = (u32)buddy;
		order++;
	}
	push(mm, zone, index, order);
}

void buddy_give(struct mm *mm, u32 index, u32 nr)
{
	struct mm_zone *zone = &mm->zones[mm->frames[index].zone];

	zone->nr_free += nr;
	mm->frames[index].state = FRAME_NONE;
	while (nr) {
		u64 pfn = mm->base_pfn + index;
		unsigned int order = pfn ? (unsigned int)__builtin_ctzll(pfn) : MM_MAX_ORDER;

		if (order > MM_MAX_ORDER)
			order = MM_MAX_ORDER;
		while (1U << order > nr)
			order--;
		give_block(mm, zone, index, order);
		index += 1U << order;
		nr -= 1U << order;
	}
}

void buddy_check(struct mm *mm, struct mm_zone *zone)
{
	u64 pages = 0;
	unsigned int o, i;

	for (o = 0; o < MM_ORDERS; o++) {
		u32 link, prev = 0;

		for (link = zone->head[o]; link; prev = link, link = mm->frames[link - 1].next) {
			const struct mm_frame *f = &mm->frames[link - 1];
			u64 buddy = ((mm->base_pfn + link - 1) ^ (1ULL << o)) - mm->base_pfn;

			assert(f->state == FRAME_FREE && f->order == o && f->prev == prev);
			assert(((mm->base_pfn + link - 1) & ((1ULL << o) - 1)) == 0);
			assert(link - 1 >= zone->lo && link - 1 + (1U << o) <= zone->hi);
			if (o < MM_MAX_ORDER && buddy >= zone->lo && buddy < zone->hi)
				assert(mm->frames[buddy].state != FRAME_FREE || mm->frames[buddy].order != o);
			pages += 1ULL << o;
		}
	}
	for (i = 0; i < zone->nr_ranges; i++) {
		assert(zone->ranges[i].lo < zone->ranges[i].hi);
		pages += zone->ranges[i].hi - zone->ranges[i].lo;
	}
	assert(pages == zone->nr_free);
	assert(zone->nr_free <= zone->total);
}
