// SPDX-License-Identifier: MIT
/*
 * What a kernel says about its bounce buffers, in its words.
 *
 * It says so in any configuration, beside our reports. A range that leaves its mapping is found by its slot, as there: each
 * slot knows how much of the mapping lies from its begin on. What is copied, and what is a driver's mistake, is decided
 * elsewhere; here is only the log.
 *
 * Weakness: of slots that were taken with a larger allocation than mapping, what counts is the mapping.
 */
#include "lib/check/dma_debug.h"
#include "lib/core/stack.h"
#include "lib/dma/swiotlb.h"

#define OVERFLOWS "Buffer overflow detected. Allocation size: %zu. Mapping size: %zu"

void bounce_say_range(struct dmasim_machine *m, const struct device *dev, phys_addr_t slot, size_t size,
		      enum dma_data_direction dir, enum track_sync_side side)
{
	const struct bounce_pool *pool = bounce_pool_at(m, slot);
	struct dma_debug_at at = {.m = m, .dev = dev};
	const struct bounce_map *map;
	u32 index, back, within;
	size_t lo, before, left;

	/* the other direction copies nothing and looks at nothing */
	if (!pool || dir == (side == SYNC_FOR_CPU ? DMA_TO_DEVICE : DMA_FROM_DEVICE))
		return;
	index = (u32)((slot - pool->start) >> SLOT_SHIFT);
	back = pool->back[index];
	map = &pool->map[index - back];
	if (back >= map->n || map->memory) /* a free slot, which may still know its last mapping */
		return;
	if (!at.dev && m->device_slots[map->dev])
		at.dev = m->device_slots[map->dev]->dev;
	at.act = stack_entry(m);
	before = (size_t)back << SLOT_SHIFT;
	within = (u32)((slot - pool->start) & (SLOT_SIZE - 1));
	if (!back && within < map->offset) {
		dma_debug_dev_warn(&at, ONCE_BOUNCE_BEFORE,
				   "Access before mapping start detected. orig offset %u, requested offset %u.",
				   map->offset, within);
		return;
	}
	lo = before + within - map->offset;
	if (lo > map->size) {
		left = map->size > before ? map->size - before : 0;
		dma_debug_dev_warn(&at, ONCE_BOUNCE_BEYOND, OVERFLOWS "+%u.", left, size,
				   (u32)(lo - (map->size - left)));
	} else if (size > map->size - lo) {
		dma_debug_dev_warn(&at, ONCE_BOUNCE_LONGER, OVERFLOWS ".", map->size - lo, size);
	}
}

void bounce_say_full(struct dmasim_device_private *p, const struct bounce_mem *mem, const struct bounce_request *r)
{
	size_t size = r->alloc_size > r->size ? r->alloc_size : r->size;

	if (!(r->attrs & DMA_ATTR_NO_WARN) && p->machine->dma->tlb->said_full++ < BOUNCE_SAY)
		dma_debug_dev_line(p->machine, p->dev, ONCE_EVERY,
				   "swiotlb buffer is full (sz: %zd bytes), total %lu (slots), used %lu (slots)", size,
				   mem->pub.nslabs, mem->pub.used);
}

bool bounce_say_none(struct dmasim_device_private *p)
{
	if (bounce_mem_of(p))
		return false;
	if (p->machine->dma->said_no_bounce++ < BOUNCE_SAY)
		dma_debug_dev_line(p->machine, p->dev, ONCE_EVERY,
				   "Can not allocate SWIOTLB buffer earlier and can't now provide you with the DMA "
				   "bounce buffer");
	return true;
}

void bounce_say_overflow(struct dmasim_device_private *p, dma_addr_t bus, size_t size)
{
	struct dma_debug_at at = {.m = p->machine, .dev = p->dev, .act = stack_entry(p->machine)};

	dma_debug_dev_warn(&at, ONCE_BOUNCE_OVERFLOW,
			   "swiotlb addr 0x%016llx+%zu overflow (mask %llx, bus limit %llx).", bus, size,
			   p->dev->dma_mask ? *p->dev->dma_mask : 0ULL, p->dev->bus_dma_limit);
}

void bounce_say_sizes(struct dmasim_device_private *p, size_t mapping, size_t alloc)
{
	dma_debug_dev_line(p->machine, p->dev, ONCE_BOUNCE_SIZES,
			   "Invalid sizes (mapping: %zd bytes, alloc: %zd bytes)", mapping, alloc);
}
