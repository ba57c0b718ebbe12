// SPDX-License-Identifier: MIT
/*
 * Zones, and what happens to a block between free and free.
 *
 * RAM is split by address into DMA, DMA32 and NORMAL. A request names the highest zone it can use; lower ones are
 * asked in turn when that is empty, as the kernel's fallback order says: so memory is high unless the driver asks for
 * low memory, which is what shows a forgotten DMA mask.
 *
 * Freed blocks rest in quarantine, oldest out first, so that late accesses hit nobody; under pressure the quarantine
 * is emptied before a request fails. With poison, freed pages are filled and the filling is looked at when they are
 * handed out again: whatever changed it wrote to freed memory. Fresh memory is filled with a word of its own, by which
 * bytes that nobody initialised are recognised later.
 *
 * Weakness: a write to freed memory that stores the filling's own value, or is made while poison is off, is not seen.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mm/internal.h"

static const char *const zone_names[MM_ZONES] = {"DMA", "DMA32", "NORMAL"};

int zones_init(struct mm *mm)
{
	const struct sim_machine *hw = mm->machine->hw;
	const struct sim_config *cfg = &hw->cfg;
	u64 ends[MM_ZONES];
	unsigned int z, b;

	ends[ZONE_DMA] = cfg->dma_zone_end & ~(SIM_PAGE_SIZE - 1);
	ends[ZONE_DMA32] = cfg->dma32_zone_end & ~(SIM_PAGE_SIZE - 1);
	ends[ZONE_NORMAL] = ~0ULL;
	if (ends[ZONE_DMA32] < ends[ZONE_DMA])
		ends[ZONE_DMA32] = ends[ZONE_DMA];
	for (z = 0; z < MM_ZONES; z++) {
		struct mm_zone *zone = &mm->zones[z];
		phys_addr_t start = z ? ends[z - 1] : 0;

		zone->name = zone_names[z];
		for (b = 0; b < cfg->nr_banks; b++) {
			phys_addr_t lo = cfg->banks[b].base, hi = lo + cfg->banks[b].size;
			u32 first, end;

			if (lo < start)
				lo = start;
			if (hi > ends[z])
				hi = ends[z];
			if (lo >= hi)
				continue;
			first = (u32)((lo >> SIM_PAGE_SHIFT) - mm->base_pfn);
			end = (u32)((hi >> SIM_PAGE_SHIFT) - mm->base_pfn);
			if (buddy_add_range(zone, first, end))
				return sim_error(ENOMEM, "no memory for the zone table");
			if (!zone->total || first < zone->lo)
				zone->lo = first;
			if (end > zone->hi)
				zone->hi = end;
			zone->total += end - first;
		}
		zone->nr_free = zone->total;
	}
	return 0;
}

void zones_exit(struct mm *mm)
{
	unsigned int z;

	for (z = 0; z < MM_ZONES; z++)
		free(mm->zones[z].ranges);
}

u32 frame_head(const struct mm *mm, u32 index)
{
	unsigned int order;

	if (mm->frames[index].state == FRAME_CONTIG)
		return (u32)mm->frames[index].size;

	/* The most specific candidate first: the tail of a trimmed block has heads of its own. */
	for (order = 0; order < MM_ORDERS; order++) {
		u64 pfn = (mm->base_pfn + index) & ~((1ULL << order) - 1);
		const struct mm_frame *f;
		u32 head;

		if (pfn < mm->base_pfn)
			break;
		head = (u32)(pfn - mm->base_pfn);
		f = &mm->frames[head];
		if (f->state != FRAME_NONE && index - head < f->nr)
			return head;
	}
	return MM_NONE;
}

void mm_report_gfp(struct dmasim_machine *m, gfp_t gfp, const char *function)
{
	struct finding f = {.rule = "gfp-zone-conflict", .act_verb = "call"};

	f.more[0].label = "flags";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was asked for%s%s%s memory (flags 0x%x)", function,
		 gfp & __GFP_DMA ? " __GFP_DMA" : "", gfp & __GFP_DMA32 ? " __GFP_DMA32" : "",
		 gfp & __GFP_HIGHMEM ? " __GFP_HIGHMEM" : "", gfp);
	k_report(m, &f);
}

u64 mm_fresh_word(struct mm *mm)
{
	u64 x = ++mm->serial * 0x9e3779b97f4a7c15ULL;

	/* Half of it can be read by eye, half tells one allocation from the other. Never zero. */
	return 0x5a5a5a5a00000000ULL | (u32)(x >> 32) | 0x01010101U;
}

void mm_fill(struct mm *mm, phys_addr_t phys, size_t n, u64 word)
{
	u8 *p = sim_ram_ptr(mm->machine->hw, phys);
	size_t i;

	for (i = 0; i + 8 <= n; i += 8)
		memcpy(p + i, &word, 8);
	memcpy(p + i, &word, n - i);
}

size_t mm_find_other(struct mm *mm, phys_addr_t phys, size_t n, u8 byte)
{
	const u8 *p = sim_ram_ptr(mm->machine->hw, phys);
	u64 expect = byte * 0x0101010101010101ULL, word;
	size_t i = 0;

	for (; i + 32 <= n; i += 32) {
		u64 w[4];

		memcpy(w, p + i, 32);
		if ((w[0] ^ expect) | (w[1] ^ expect) | (w[2] ^ expect) | (w[3] ^ expect))
			break;
	}
	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		if (word != expect)
			break;
	}
	while (i < n && p[i] == byte)
		i++;
	return i;
}

void mm_report_write_after_free(struct mm *mm, phys_addr_t start, size_t size, size_t at, const char *kind,
				stack_id allocated, u64 allocated_time, stack_id freed, u64 freed_time)
{
	const u8 *p = sim_ram_ptr(mm->machine->hw, start + at);
	u8 was[8], now[8];
	size_t n = size - at < 8 ? size - at : 8, last;
	struct finding f = {
		.rule = "write-after-free",
		.act_verb = "write",
		.cpu = sim_phys_to_virt(mm->machine->hw, start + at),
		.phys = start + at,
		.has_phys = true,
		.buffer_size = size,
		.buffer_kind = kind,
		.offset = at,
		.old_value = was,
		.new_value = now,
		.nr_value = n,
		.mapped = allocated,
		.mapped_time = allocated_time,
		.mapped_verb = "allocated",
		.handed = freed,
		.handed_time = freed_time,
		.handed_by = "the free",
		.handed_to = "the allocator",
		.interval = true,
	};

	for (last = size; last > at + 1 && ((const u8 *)p)[last - 1 - at] == MM_FREED_BYTE;)
		last--;
	f.size = last - at;
	memset(was, MM_FREED_BYTE, sizeof(was));
	memcpy(now, p, n);
	f.more[0].label = "found";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "by comparing the memory, at its next use or at the end of the machine");
	k_report(mm->machine, &f);
}

void mm_check_poison(struct mm *mm, u32 index, u32 nr)
{
	u32 i;

	for (i = index; i < index + nr; i++) {
		struct mm_frame *f = &mm->frames[i];
		size_t at;

		if (!(f->flags & FRAME_POISONED))
			continue;
		f->flags &= ~FRAME_POISONED;
		at = mm_find_other(mm, mm_phys(mm, i), SIM_PAGE_SIZE, MM_FREED_BYTE);
		if (at < SIM_PAGE_SIZE && mm->checks)
			mm_report_write_after_free(mm, mm_phys(mm, i), SIM_PAGE_SIZE, at, f->kind ? f->kind : "page",
						   f->allocated, f->allocated_time, f->freed, f->freed_time);
	}
}

void mm_check_freed(struct mm *mm)
{
	for (u32 link = mm->quarantine_first; link; link = mm->frames[link - 1].next) {
		u32 nr = mm->frames[link - 1].nr;

		for (u32 i = link - 1; i < link - 1 + nr; i++) {
			if (mm->frames[i].flags & FRAME_POISONED &&
			    mm_find_other(mm, mm_phys(mm, i), SIM_PAGE_SIZE, MM_FREED_BYTE) < SIM_PAGE_SIZE)
				mm_check_poison(mm, i, 1);
		}
	}
}

/* The host's limit: memory that was touched already costs nothing more. */
static bool affordable(struct mm *mm, u32 index, unsigned int order)
{
	return sim_ram_charge(mm->machine->hw, mm_phys(mm, index), SIM_PAGE_SIZE << order);
}

static u32 take_from_zones(struct mm *mm, const struct mm_request *r)
{
	int z = r->gfp & __GFP_DMA ? ZONE_DMA : r->gfp & __GFP_DMA32 ? ZONE_DMA32 : ZONE_NORMAL;
	u64 end = r->limit == ~(phys_addr_t)0 ? ~0ULL : (r->limit + 1) >> SIM_PAGE_SHIFT;
	u32 bound;

	if (end <= mm->base_pfn)
		return MM_NONE;
	end -= mm->base_pfn;
	bound = end < mm->nr_frames ? (u32)end : mm->nr_frames;
	for (; z >= 0; z--) {
		struct mm_zone *zone = &mm->zones[z];
		u32 index, nr = 1U << r->order, top = bound < zone->hi ? bound : zone->hi;

		if (zone->nr_free < nr || zone->lo + nr > bound)
			continue;
		index = buddy_take(mm, zone, r->order, top);
		if (index == MM_NONE)
			continue;
		if (sim_ram_charge(mm->machine->hw, mm_phys(mm, index), (u64)(r->nr ? r->nr : nr) << SIM_PAGE_SHIFT))
			return index;
		buddy_give(mm, index, nr);
		index = buddy_take_if(mm, zone, r->order, top, affordable);
		if (index != MM_NONE)
			return index;
	}
	return MM_NONE;
}

u32 mm_take(struct mm *mm, const struct mm_request *r)
{
	u32 index = take_from_zones(mm, r), nr = 1U << r->order;
	struct mm_frame *f;
	struct page *page;
	phys_addr_t phys;

	assert(r->order <= MM_MAX_ORDER);
	if (k_unlikely(index == MM_NONE)) {
		mm_drain(mm);
		index = take_from_zones(mm, r);
		if (index == MM_NONE) {
			mm->out_of_memory++;
			return MM_NONE;
		}
	}
	f = &mm->frames[index];
	if (r->nr && r->nr < nr) {
		mm->frames[index + r->nr].zone = f->zone;
		buddy_give(mm, index + r->nr, nr - r->nr);
		nr = r->nr;
	}
	if (mm->poison)
		mm_check_poison(mm, index, nr);
	phys = mm_phys(mm, index);
	sim_ram_touch(mm->machine->hw, phys, (u64)nr << SIM_PAGE_SHIFT);
	f->state = (u8)r->state;
	f->order = (u8)r->order;
	f->flags = (r->gfp & __GFP_COMP ? FRAME_COMP : 0) | (nr != 1U << r->order ? FRAME_EXACT : 0);
	f->nr = nr;
	f->prev = 0;
	f->next = mm->live_first;
	if (f->next)
		mm->frames[f->next - 1].prev = index + 1;
	mm->live_first = index + 1;
	f->kind = r->kind;
	f->allocated = r->stack;
	f->allocated_time = sim_now(mm->machine->hw);
	f->freed = 0;
	f->freed_time = 0;
	f->fresh = 0;
	if (r->state == FRAME_SLAB) {
		u32 i;

		for (i = 0; i < nr; i++) {
			mm->frames[index + i].state = FRAME_SLAB;
			mm->frames[index + i].nr = nr - i;
			mm->frames[index + i].slab = r->slab;
		}
	} else {
		f->size = r->size;
		if (r->gfp & __GFP_ZERO) {
			memset(sim_ram_ptr(mm->machine->hw, phys), 0, (size_t)nr << SIM_PAGE_SHIFT);
		} else if (mm->poison) {
			f->fresh = mm_fresh_word(mm);
			mm_fill(mm, phys, (size_t)nr << SIM_PAGE_SHIFT, f->fresh);
		}
	}
	page = page_of_index(mm, index);
	page->flags = 0;
	page->_refcount.counter = 1;
	mm->allocations++;
	mm->pages_live += nr;
	if (mm->pages_live > mm->pages_peak)
		mm->pages_peak = mm->pages_live;
	return index;
}

static void release_oldest(struct mm *mm)
{
	u32 index = mm->quarantine_first - 1;
	struct mm_frame *f = &mm->frames[index];
	u32 nr = f->nr;

	assert(f->state == FRAME_QUARANTINED && mm->quarantine_pages >= nr);
	mm->quarantine_first = f->next;
	if (!f->next)
		mm->quarantine_last = 0;
	mm->quarantine_pages -= nr;
	buddy_give(mm, index, nr);
}

void mm_poison(struct mm *mm, u32 index, u32 nr)
{
	const struct mm_frame *f = &mm->frames[index];

	memset(sim_ram_ptr(mm->machine->hw, mm_phys(mm, index)), MM_FREED_BYTE, (size_t)nr << SIM_PAGE_SHIFT);
	for (u32 i = 0; i < nr; i++) {
		struct mm_frame *t = &mm->frames[index + i];

		t->flags = FRAME_POISONED;
		t->kind = f->kind;
		t->allocated = f->allocated;
		t->allocated_time = f->allocated_time;
		t->freed = f->freed;
		t->freed_time = f->freed_time;
	}
}

void mm_give(struct mm *mm, u32 index, stack_id stack)
{
	struct mm_frame *f = &mm->frames[index];
	u32 nr = f->nr, i;

	assert(f->state > FRAME_QUARANTINED && mm->pages_live >= nr);
	mm->pages_live -= nr;
	user_memory_freed(mm, mm_phys(mm, index), (size_t)nr << SIM_PAGE_SHIFT);
	if (f->prev)
		mm->frames[f->prev - 1].next = f->next;
	else
		mm->live_first = f->next;
	if (f->next)
		mm->frames[f->next - 1].prev = f->prev;
	page_of_index(mm, index)->_refcount.counter = 0;
	f->freed = stack;
	f->freed_time = sim_now(mm->machine->hw);
	f->flags = 0;
	if (f->state == FRAME_SLAB) {
		f->kind = "slab";
		for (i = 1; i < nr; i++) {
			mm->frames[index + i].state = FRAME_NONE;
			mm->frames[index + i].zone = f->zone;
		}
	}
	if (mm->poison)
		mm_poison(mm, index, nr);
	if (nr > mm->quarantine_max) {
		buddy_give(mm, index, nr);
		return;
	}
	while (mm->quarantine_pages + nr > mm->quarantine_max)
		release_oldest(mm);
	f->state = FRAME_QUARANTINED;
	f->next = f->prev = 0;
	if (mm->quarantine_last)
		mm->frames[mm->quarantine_last - 1].next = index + 1;
	else
		mm->quarantine_first = index + 1;
	mm->quarantine_last = index + 1;
	mm->quarantine_pages += nr;
}

/* Memory is short: nothing rests any more. */
void mm_drain(struct mm *mm)
{
	if (mm->draining)
		return;
	mm->draining = true;
	slab_shrink(mm);
	while (mm->quarantine_first)
		release_oldest(mm);
	mm->draining = false;
}

void mm_zones_check(struct mm *mm)
{
	u64 total = 0, nr_free = 0;
	u32 link, pages = 0, last = 0, prev = 0;
	u64 live = 0;
	unsigned int z;

	for (z = 0; z < MM_ZONES; z++) {
		buddy_check(mm, &mm->zones[z]);
		total += mm->zones[z].total;
		nr_free += mm->zones[z].nr_free;
	}
	for (link = mm->quarantine_first; link; last = link, link = mm->frames[link - 1].next) {
		assert(mm->frames[link - 1].state == FRAME_QUARANTINED);
		pages += mm->frames[link - 1].nr;
	}
	assert(last == mm->quarantine_last);
	assert(pages == mm->quarantine_pages && pages <= mm->quarantine_max);
	assert(nr_free + pages + mm->pages_live == total);
	for (link = mm->live_first; link; prev = link, link = mm->frames[link - 1].next) {
		const struct mm_frame *f = &mm->frames[link - 1];

		assert(f->state > FRAME_QUARANTINED && f->prev == prev);
		live += f->nr;
	}
	assert(live == mm->pages_live);
}
