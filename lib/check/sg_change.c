// SPDX-License-Identifier: MIT
/*
 * Is a mapped list still what it was when it was mapped?
 *
 * Backends read the list again when it is synced and unmapped: pages and lengths for the caches, DMA addresses and lengths
 * for what is to be undone. One walk compares both with the pieces that the tracker has: entries with where the pieces
 * lie in memory, segments with where they lie on the bus.
 *
 * Weakness: of several changes the first is named.
 */
#include <stdio.h>
#include <linux/mm.h>
#include "lib/check/sg_list.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

/* The entry that the cursor stands on, against the piece that is mapped of it from byte `used` on. */
static bool entry_differs(struct sg_cursor *at, const struct extent *e, u64 used, int i, struct sg_change *ch)
{
	struct scatterlist *sg = at->e;

	if (k_likely(sg && mm_page_phys(at->m, sg_page(sg)) + sg->offset + used == e->phys &&
		     used + e->size <= sg->length))
		return false;
	ch->e = e;
	if (!sg)
		snprintf(ch->text, sizeof(ch->text), "the list %s before entry %d", at->broken ? at->broken : "ends",
			 i);
	else if (used || mm_page_phys(at->m, sg_page(sg)) + sg->offset == e->phys)
		snprintf(ch->text, sizeof(ch->text), "entry %d has length %u, mapped with %llu", i, sg->length,
			 (unsigned long long)(used ? used : e->size));
	else
		snprintf(ch->text, sizeof(ch->text), "entry %d is at physical 0x%llx, mapped at 0x%llx", i,
			 mm_page_phys(at->m, sg_page(sg)) + sg->offset, (unsigned long long)e->phys);
	return true;
}

/* sg NULL: an entry that is not there is told as such. */
static bool segment_differs(const struct scatterlist *sg, const struct extent *first, u64 size, int i,
			    struct sg_change *ch)
{
	if (k_likely(!sg || (sg->dma_address == first->bus && sg->dma_length == size)))
		return false;
	ch->e = first;
	ch->segment = true;
	ch->bus = sg->dma_address;
	ch->size = sg->dma_length;
	snprintf(ch->text, sizeof(ch->text), "entry %d has DMA address 0x%llx, length %u; mapped at 0x%llx, %llu bytes",
		 i, sg->dma_address, sg->dma_length, (unsigned long long)first->bus, (unsigned long long)size);
	return true;
}

bool sg_list_find_change(struct check *c, struct scatterlist *sgl, u32 first_piece, struct sg_change *ch)
{
	const struct extent *first = NULL, *last = NULL;
	struct sg_cursor in, out;
	u64 used = 0, filled = 0;
	int i = 0, k = 0;

	ch->e = NULL;
	ch->segment = false;
	sg_first(&in, c->m, sgl);
	out = in;
	for (u32 at = first_piece; at; at = last->list_next) {
		last = extent_at(c, at);
		if (k_likely(!last->joined)) {
			if (k_likely(first != NULL)) {
				if (k_unlikely(segment_differs(out.e, first, filled, k++, ch)))
					return true;
				if (k_likely(out.e != NULL))
					sg_step(&out);
			}
			first = last;
			filled = 0;
		}
		filled += last->size;
		if (k_unlikely(entry_differs(&in, last, used, i, ch)))
			return true;
		used += last->size;
		if (k_likely(used == in.e->length)) {
			if (last->list_next) /* there may be no end mark */
				sg_step(&in);
			used = 0;
			i++;
		}
	}
	if (k_unlikely(used)) {
		ch->e = last;
		snprintf(ch->text, sizeof(ch->text), "entry %d has length %u, mapped with %llu", i, in.e->length,
			 (unsigned long long)used);
		return true;
	}
	return first && segment_differs(out.e, first, filled, k, ch);
}
