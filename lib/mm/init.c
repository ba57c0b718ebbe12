// SPDX-License-Identifier: MIT
/*
 * Life cycle of the memory manager, and the questions other rooms ask it.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/mm/slab.h"

int mm_init(struct dmasim_machine *m)
{
	struct mm *mm = calloc(1, sizeof(*mm));
	int err;

	if (!mm)
		return sim_error(ENOMEM, "no memory for the memory manager");
	m->mm = mm;
	mm->machine = m;
	m->hooks.user_exits = user_exits;
	mm->poison = m->hw->cfg.poison;
	mm->checks = m->hw->cfg.checks;
	mm->quarantine_max = m->hw->cfg.quarantine;
	err = page_init(mm);
	if (!err)
		err = zones_init(mm);
	if (!err)
		err = slab_init(mm);
	if (!err)
		err = foreign_init(mm);
	if (err)
		mm_exit(m);
	return err;
}

void mm_exit(struct dmasim_machine *m)
{
	struct mm *mm = m->mm;

	if (!mm)
		return;
	user_exit(mm);
	vmalloc_exit(mm);
	foreign_exit(mm);
	classify_exit(mm);
	slab_exit(mm);
	contig_exit(mm);
	genalloc_exit(mm);
	zones_exit(mm);
	page_exit(mm);
	free(mm);
	m->mm = NULL;
}

phys_addr_t mm_alloc_block(struct dmasim_machine *m, unsigned int order, gfp_t gfp, phys_addr_t limit, const char *kind,
			   stack_id stack)
{
	struct mm_request r = {
		.order = order,
		.gfp = gfp,
		.limit = limit,
		.state = FRAME_BLOCK,
		.kind = kind,
		.size = SIM_PAGE_SIZE << (order & 63),
		.stack = stack,
	};
	u32 index = order <= MM_MAX_ORDER ? mm_take(m->mm, &r) : MM_NONE;

	return index == MM_NONE ? ~(phys_addr_t)0 : mm_phys(m->mm, index);
}

void mm_free_block(struct dmasim_machine *m, phys_addr_t phys, unsigned int order, stack_id stack)
{
	u32 index = mm_index(m->mm, phys);

	assert(index != MM_NONE && m->mm->frames[index].state == FRAME_BLOCK && m->mm->frames[index].order == order);
	(void)order;
	mm_give(m->mm, index, stack);
}

void mm_object_at(struct dmasim_machine *m, phys_addr_t phys, struct mm_object *o)
{
	struct mm *mm = m->mm;
	const struct mm_frame *f;
	u32 index = mm_index(mm, phys), head;
	size_t len;
	void *host;

	*o = (struct mm_object){.state = MM_NOT_RAM, .kind = "no memory", .start = phys};
	if (index == MM_NONE || !sim_ram_contains(m->hw, phys, 1)) {
		host = mm_foreign_host(m, phys, &len);
		if (!host)
			return;
		o->state = MM_ALLOCATED;
		o->kind = mm_is_adopted(m, host, 1) ? "adopted memory" : "foreign memory";
		o->size = len;
		return;
	}
	f = &mm->frames[index];
	o->start = phys & ~(phys_addr_t)(SIM_PAGE_SIZE - 1);
	o->size = SIM_PAGE_SIZE;
	o->state = MM_FREE;
	o->kind = "free memory";
	if (f->state == FRAME_SLAB) {
		if (!slab_object_at(mm, f->slab, phys, o)) {
			o->state = MM_RESERVED;
			o->kind = "the rest of a slab";
		}
		return;
	}
	head = frame_head(mm, index);
	if (head == MM_NONE || mm->frames[head].state == FRAME_FREE) {
		/* Who freed it stands at the head of what it was then, if it was one. */
		if (f->freed) {
			o->kind = f->kind;
			o->allocated = f->allocated;
			o->allocated_time = f->allocated_time;
			o->freed = f->freed;
			o->freed_time = f->freed_time;
		}
		return;
	}
	f = &mm->frames[head];
	o->state = f->state == FRAME_QUARANTINED ? MM_QUARANTINED : MM_ALLOCATED;
	o->kind = f->kind;
	o->start = mm_phys(mm, head);
	o->size = (size_t)f->nr << SIM_PAGE_SHIFT;
	if (f->state == FRAME_KMALLOC || f->flags & FRAME_EXACT) {
		o->size = f->size;
		if (phys - o->start >= o->size)
			o->state = MM_RESERVED; /* behind what was asked for */
	}
	o->allocated = f->allocated;
	o->allocated_time = f->allocated_time;
	o->freed = f->freed;
	o->freed_time = f->freed_time;
}

/*
 * A block's pages have no way back to its head but trying each order. Who asks mostly asks about blocks of one size, and
 * live blocks do not overlap: so a live head found at the order that was right last time is the head.
 */
static const struct mm_frame *live_head(struct mm *mm, u32 index, u32 *head)
{
	u64 pfn = (mm->base_pfn + index) & ~((1ULL << mm->order_guess) - 1);
	const struct mm_frame *f;

	if (k_likely(pfn >= mm->base_pfn)) {
		*head = (u32)(pfn - mm->base_pfn);
		f = &mm->frames[*head];
		if (k_likely(f->state > FRAME_QUARANTINED && f->state != FRAME_SLAB && index - *head < f->nr))
			return f;
	}
	if (mm->frames[index].state == FRAME_SLAB) {
		*head = index;
		return &mm->frames[index];
	}
	*head = frame_head(mm, index);
	if (*head == MM_NONE || mm->frames[*head].state <= FRAME_QUARANTINED)
		return NULL;
	mm->order_guess = mm->frames[*head].order;
	return &mm->frames[*head];
}

phys_addr_t mm_allocation_end(struct dmasim_machine *m, phys_addr_t phys)
{
	struct mm *mm = m->mm;
	u32 head, index = mm_index(mm, phys);
	const struct mm_frame *f = index == MM_NONE ? NULL : live_head(mm, index, &head);
	phys_addr_t end;

	if (k_unlikely(!f))
		return 0;
	if (f->state == FRAME_SLAB)
		return slab_object_end(f->slab, phys);
	end = mm_phys(mm, head) +
	      (f->state == FRAME_KMALLOC || f->flags & FRAME_EXACT ? f->size : (size_t)f->nr << SIM_PAGE_SHIFT);
	return phys < end ? end : 0;
}

void mm_damage_known(struct dmasim_machine *m, phys_addr_t phys, size_t n)
{
	struct mm *mm = m->mm;
	phys_addr_t at = phys, next;
	u32 index, head, i;

	for (; n && at - phys < n; at = next) {
		next = (at | (SIM_PAGE_SIZE - 1)) + 1;
		index = mm_index(mm, at);
		if (index == MM_NONE)
			continue;
		mm->frames[index].flags &= ~FRAME_POISONED;
		if (mm->frames[index].state == FRAME_SLAB) {
			struct mm_slab *slab = mm->frames[index].slab;

			i = slab_object(slab, at);
			if (i >= slab->nr)
				continue;
			slab->objects[i].damaged = true;
			slab->objects[i].poisoned = false;
			if (object_phys(slab, i) + slab->cache->stride < next)
				next = object_phys(slab, i) + slab->cache->stride;
			continue;
		}
		head = frame_head(mm, index);
		if (head != MM_NONE)
			mm->frames[head].flags &= ~FRAME_ZONED;
	}
}

static void leak(struct dmasim_machine *m, const struct mm_object *o)
{
	struct finding f = {
		.rule = "memory-leak",
		.act_verb = "found",
		.cpu = sim_phys_to_virt(m->hw, o->start),
		.phys = o->start,
		.has_phys = true,
		.buffer_size = o->size,
		.buffer_kind = o->kind,
		.size = o->size,
		.mapped = o->allocated,
		.mapped_time = o->allocated_time,
		.mapped_verb = "allocated",
		.mistake = o->start ^ (o->allocated_time << 1) ^ 1,
	};

	k_report(m, &f);
}

size_t mm_leaks(struct dmasim_machine *m)
{
	struct mm *mm = m->mm;
	struct mm_object o;
	size_t n = 0;
	u32 link, i;

	m->hooks.fact(m, "pages allocated, peak", mm->pages_peak);
	m->hooks.fact(m, "objects allocated, peak", mm->objects_peak);
	if (mm->out_of_memory)
		m->hooks.fact(m, "allocations that failed for want of memory", mm->out_of_memory);
	if (mm->poison && mm->checks) {
		slab_check_freed(mm);
		mm_check_freed(mm);
		contig_check_freed(mm);
	}
	/* Drivers may keep memory to the end: only who asked for lints is told, and it counts as no leak otherwise. */
	for (link = m->hw->cfg.lint ? mm->live_first : 0; link; link = mm->frames[link - 1].next) {
		const struct mm_frame *f = &mm->frames[link - 1];

		if (f->state == FRAME_SLAB) {
			for (i = 0; i < f->slab->nr; i++) {
				if (f->slab->objects[i].state != OBJECT_LIVE)
					continue;
				slab_object_at(mm, f->slab, object_phys(f->slab, i), &o);
				leak(m, &o);
				n++;
			}
		} else if (f->state != FRAME_BLOCK) {
			mm_object_at(m, mm_phys(mm, link - 1), &o);
			leak(m, &o);
			n++;
		}
	}
	return n;
}

void mm_check(struct dmasim_machine *m)
{
	mm_zones_check(m->mm);
	slab_check(m->mm);
	foreign_check(m->mm);
	contig_check(m->mm);
	genalloc_check(m->mm);
}

u64 mm_free_page_count(struct dmasim_machine *m)
{
	u64 n = m->mm->quarantine_pages;
	unsigned int z;

	for (z = 0; z < MM_ZONES; z++)
		n += m->mm->zones[z].nr_free;
	return n;
}
