// SPDX-License-Identifier: MIT
/*
 * Big objects: what kmalloc() hands out when no slab holds so much.
 *
 * Each is a page block of its own. Behind it stands a red zone: in the rest of the last page, or, where the object fills
 * it to the last byte, in one page more, which costs nothing but simulated memory.
 *
 * Weakness: an object of the largest order has no page behind to spare, and so no red zone if it is full.
 */
#include <stdio.h>
#include <string.h>
#include "lib/core/stack.h"
#include "lib/mm/slab.h"

void big_write_zone(struct mm *mm, u32 index)
{
	struct mm_frame *f = &mm->frames[index];
	size_t rest = ((size_t)f->nr << SIM_PAGE_SHIFT) - f->size;

	if (!rest)
		return;
	memset(sim_ram_ptr(mm->machine->hw, mm_phys(mm, index) + f->size), MM_ZONE_BYTE,
	       rest < SLAB_ZONE ? rest : SLAB_ZONE);
	f->flags |= FRAME_ZONED;
}

void *big_alloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function)
{
	struct mm *mm = m->mm;
	struct mm_request r = {
		.gfp = gfp,
		.limit = ~(phys_addr_t)0,
		.state = FRAME_KMALLOC,
		.kind = "kmalloc object",
		.size = size,
	};
	unsigned int order = 0;
	u32 index;

	while (order <= MM_MAX_ORDER && SIM_PAGE_SIZE << order < size)
		order++;
	if (order > MM_MAX_ORDER) {
		struct finding f = {.rule = "alloc-order-too-big", .act_verb = "call", .size = size};

		if (gfp & __GFP_NOWARN)
			return NULL;
		f.more[0].label = "size";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was asked for %zu bytes, %lu are the most",
			 function, size, SIM_PAGE_SIZE << MM_MAX_ORDER);
		k_report(m, &f);
		return NULL;
	}
	r.order = order;
	r.stack = stack_entry(m);
	/* Full to the last byte: one page more, only for the red zone. */
	if (mm->checks && size + 16 > SIM_PAGE_SIZE << order && order < MM_MAX_ORDER) {
		r.order = order + 1;
		r.nr = (1U << order) + 1;
	}
	index = mm_take(mm, &r);
	if (index == MM_NONE && r.nr) {
		r.order = order;
		r.nr = 0;
		index = mm_take(mm, &r);
	}
	if (index == MM_NONE)
		return NULL;
	if (mm->checks)
		big_write_zone(mm, index);
	mm->frames[index].order = (u8)order;
	return sim_phys_to_virt(m->hw, mm_phys(mm, index));
}

void big_check_zone(struct mm *mm, u32 index)
{
	const struct mm_frame *f = &mm->frames[index];
	size_t bytes = (size_t)f->nr << SIM_PAGE_SHIFT, zone = bytes - f->size, at;

	if (!(f->flags & FRAME_ZONED) || !zone)
		return;
	if (zone > SLAB_ZONE)
		zone = SLAB_ZONE;
	at = mm_find_other(mm, mm_phys(mm, index) + f->size, zone, MM_ZONE_BYTE);
	if (at < zone)
		slab_report_overrun(mm, mm_phys(mm, index), f->size, at, zone, f->kind, f->allocated,
				    f->allocated_time);
}
