// SPDX-License-Identifier: MIT
/*
 * Mapped lists as devices use them: which segments there are, and which mistake of the driver with a list explains an
 * address or a length that the device was given.
 *
 * The driver's list is read again, as far as it may: the addresses in it are what a driver hands to its device.
 * Weakness: in a machine with very many lists, or very long ones, only the first ones are looked through.
 */
#include "lib/check/sg_list.h"
#include "lib/sg/sg.h"

#define LOOK_AT_LISTS	1024 /* in search of what a device meant */
#define LOOK_AT_ENTRIES 4096

bool sg_list_segment(struct check *c, u32 list, unsigned int i, dma_addr_t *bus, u64 *size)
{
	u32 at = c->lists && list < c->lists->used && sg_list_at(c, list)->live ? sg_list_at(c, list)->first : 0;
	unsigned int n = 0;

	for (; at; at = extent_at(c, at)->list_next) {
		const struct extent *e = extent_at(c, at);

		n += !e->joined;
		if (n == i + 1 && !e->joined) {
			*bus = e->bus;
			*size = 0;
		}
		if (n == i + 1)
			*size += e->size;
		else if (n > i + 1)
			break;
	}
	return n > i;
}

/* In which entry behind the segments does this address stand? -1: in none. */
static int behind_segments(struct check *c, const struct sg_list *s, dma_addr_t bus)
{
	struct sg_cursor at;
	int i = 0;

	/* also behind those that were mapped: too few of them may be the mistake */
	for (sg_first(&at, c->m, (struct scatterlist *)(uintptr_t)s->sgl); at.e && i < LOOK_AT_ENTRIES;
	     sg_step_to(&at, ++i, LOOK_AT_ENTRIES))
		if (i >= s->count && (at.e->dma_address == bus || (u32)at.e->dma_address == bus))
			return i;
	return -1;
}

bool sg_list_count_ignored(struct check *c, struct dmasim_device_private *dev, struct finding *f)
{
	u32 looked = 0;

	for (u32 id = 1; c->lists && id < c->lists->used && looked < LOOK_AT_LISTS; id++) {
		struct sg_list *s = sg_list_at(c, id);
		dma_addr_t bus = f->bus;
		size_t size = f->size;
		int i;

		if (!s->live || s->dev != dev->id || !s->first)
			continue;
		looked++;
		i = behind_segments(c, s, bus);
		if (i < 0)
			continue;
		if (s->told & TOLD_LIST_COUNT)
			return true;
		s->told |= TOLD_LIST_COUNT;
		f->rule = "sg-nents-vs-count";
		finding_of(c, f, extent_at(c, s->first), 0, 1, NULL);
		f->dev = dev->dev;
		f->bus = bus;
		f->size = size;
		f->has_phys = false;
		f->cpu = NULL;
		finding_more(f, "address", "sg_dma_address() of entry %d, which has no segment", i);
		check_found(c, f);
		return true;
	}
	return false;
}

bool sg_list_length_ignored(struct check *c, struct extent *e, struct finding *f, dma_addr_t bus, size_t n)
{
	struct sg_list *s = sg_list_at(c, e->list);
	struct sg_cursor at;
	int i = 0;

	for (sg_first(&at, c->m, (struct scatterlist *)(uintptr_t)s->sgl); at.e && i < s->count;
	     sg_step_to(&at, ++i, s->count)) {
		if (at.e->dma_address != bus)
			continue;
		if (at.e->length != n || at.e->dma_length >= n)
			return false;
		f->rule = "sg-nents-vs-count";
		finding_more(f, "list", "sg->length of entry %d; its segment has sg_dma_len() %u", i, at.e->dma_length);
		return true;
	}
	return false;
}
