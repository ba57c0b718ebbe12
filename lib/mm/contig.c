// SPDX-License-Identifier: MIT
/*
 * Reserved RAM: ranges that no zone has, and the runs of pages allocated in them.
 *
 * A range is cut out of what the page allocator has not handed out to anybody yet, before or while the machine runs, and
 * stays out until the machine ends. Who manages it (an area of contiguous memory, memory declared for one device) keeps
 * its own bitmap; here each page of an allocated run only says so, and names the run's first page, so that a run may be
 * of any length and start anywhere.
 *
 * Weakness: pages of a range that are not allocated do not serve anybody else. Kernels lend them to movable pages, and
 * take them back by moving those; nothing moves here.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mm/internal.h"

/* Take [lo, hi) from the zones from z on: all of it, or nothing and false. */
static bool cut(struct mm *mm, u32 lo, u32 hi, unsigned int z)
{
	struct mm_zone *zone = &mm->zones[z];
	u32 end;

	if (lo == hi)
		return true;
	if (z == MM_ZONES)
		return false;
	if (lo >= zone->hi)
		return cut(mm, lo, hi, z + 1);
	end = hi < zone->hi ? hi : zone->hi;
	if (!buddy_cut(zone, lo, end))
		return false;
	if (cut(mm, end, hi, z + 1))
		return true;
	if (!buddy_add_range(zone, lo, end)) { /* else it is lost, as the machine is without memory anyway */
		zone->nr_free += end - lo;
		zone->total += end - lo;
	}
	return false;
}

phys_addr_t mm_reserve(struct dmasim_machine *m, phys_addr_t phys, u64 size, u64 align, phys_addr_t limit)
{
	struct mm *mm = m->mm;
	u64 nr = size >> SIM_PAGE_SHIFT, bound;
	struct mm_range *t;
	u32 lo = MM_NONE;

	if (!nr || nr >= mm->nr_frames)
		return ~(phys_addr_t)0;
	t = realloc(mm->reserved, (mm->nr_reserved + 1) * sizeof(*t));
	if (!t)
		return ~(phys_addr_t)0;
	mm->reserved = t;
	if (phys != ~(phys_addr_t)0) {
		lo = mm_index(mm, phys);
		if (lo == MM_NONE || nr > mm->nr_frames - lo)
			return ~(phys_addr_t)0;
	}
	bound = limit == ~(phys_addr_t)0 ? mm->nr_frames : ((limit + 1) >> SIM_PAGE_SHIFT);
	if (limit != ~(phys_addr_t)0)
		bound = bound > mm->base_pfn ? bound - mm->base_pfn : 0;
	if (bound > mm->nr_frames)
		bound = mm->nr_frames;
	for (int z = MM_ZONES - 1; z >= 0 && lo == MM_NONE; z--)
		lo = buddy_find(mm, &mm->zones[z], nr, align >> SIM_PAGE_SHIFT, (u32)bound);
	if (lo == MM_NONE)
		return ~(phys_addr_t)0;
	if (!cut(mm, lo, lo + (u32)nr, 0))
		return ~(phys_addr_t)0;
	mm->reserved[mm->nr_reserved++] = (struct mm_range){lo, lo + (u32)nr};
	return mm_phys(mm, lo);
}

bool mm_is_reserved(const struct dmasim_machine *m, phys_addr_t phys, u64 size)
{
	const struct mm *mm = m->mm;
	u32 lo = mm_index(mm, phys);
	u64 nr = ((phys & (SIM_PAGE_SIZE - 1)) + size + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT;

	for (unsigned int i = 0; lo != MM_NONE && i < mm->nr_reserved; i++)
		if (lo >= mm->reserved[i].lo && lo < mm->reserved[i].hi)
			return nr && nr <= mm->reserved[i].hi - lo;
	return false;
}

bool mm_run_take(struct dmasim_machine *m, phys_addr_t phys, size_t pages, const char *kind, stack_id stack)
{
	struct mm *mm = m->mm;
	u32 head = mm_index(mm, phys), i;
	struct mm_frame *f = &mm->frames[head];

	if (!sim_ram_charge(m->hw, phys, (u64)pages << SIM_PAGE_SHIFT))
		return false;
	if (mm->poison)
		mm_check_poison(mm, head, (u32)pages);
	for (i = head; i < head + pages; i++) {
		struct mm_frame *t = &mm->frames[i];

		assert(t->state == FRAME_NONE);
		t->state = FRAME_CONTIG;
		t->flags = 0;
		t->nr = 0;
		t->size = head;
		page_of_index(mm, i)->_refcount.counter = 1;
	}
	f->nr = (u32)pages;
	f->kind = kind;
	f->allocated = stack;
	f->allocated_time = sim_now(m->hw);
	f->freed = 0;
	f->freed_time = 0;
	f->fresh = 0;
	if (mm->poison) {
		f->fresh = mm_fresh_word(mm);
		mm_fill(mm, phys, pages << SIM_PAGE_SHIFT, f->fresh);
	}
	return true;
}

void mm_run_give(struct dmasim_machine *m, phys_addr_t phys, stack_id stack)
{
	struct mm *mm = m->mm;
	u32 head = mm_index(mm, phys), i;
	struct mm_frame *f = &mm->frames[head];
	u32 nr = f->nr;

	assert(f->state == FRAME_CONTIG && f->size == head && nr);
	f->freed = stack;
	f->freed_time = sim_now(m->hw);
	for (i = head; i < head + nr; i++) {
		mm->frames[i].state = FRAME_NONE;
		mm->frames[i].flags = 0;
		mm->frames[i].nr = 0;
		page_of_index(mm, i)->_refcount.counter = 0;
	}
	if (mm->poison)
		mm_poison(mm, head, nr);
}

void contig_check_freed(struct mm *mm)
{
	for (unsigned int r = 0; r < mm->nr_reserved; r++)
		for (u32 i = mm->reserved[r].lo; i < mm->reserved[r].hi; i++)
			if (mm->frames[i].state == FRAME_NONE)
				mm_check_poison(mm, i, 1);
}

void contig_exit(struct mm *mm)
{
	free(mm->reserved);
	mm->reserved = NULL;
	mm->nr_reserved = 0;
}

void contig_check(const struct mm *mm)
{
	for (unsigned int r = 0; r < mm->nr_reserved; r++)
		for (u32 i = mm->reserved[r].lo; i < mm->reserved[r].hi; i++) {
			const struct mm_frame *f = &mm->frames[i];

			assert(f->state == FRAME_NONE || f->state == FRAME_CONTIG);
			if (f->state == FRAME_CONTIG)
				assert(i - (u32)f->size < mm->frames[f->size].nr && (f->nr != 0) == (f->size == i));
		}
}
