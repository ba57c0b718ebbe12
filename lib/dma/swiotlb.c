// SPDX-License-Identifier: MIT
/*
 * Bounce buffers: copies of what a device cannot reach, in memory that it can.
 *
 * A mapping that bounces takes slots of 2 KiB (slots.c), gets its bytes copied in whatever its direction is (a device
 * may write less than all, and what is copied back then must not be somebody else's), and hands out the address of the
 * copy. Hand-overs copy what direction and range say; the end copies back and gives the slots back. The mapping's record
 * stands beside its first slot; each other slot knows how far back that is, so that any address in a buffer leads to it
 * in one step. Records are host memory; only the copies lie in simulated RAM.
 *
 * To make mistakes show, free slots and what lies beside a mapping in its slots are filled; and so is the original of
 * a mapping that the device may write, from the hand-over to the device until the first hand-over to the CPU. Code that
 * keeps the rules never sees that filling: those bytes are the device's then, and they come back from the copy. Bytes
 * that the CPU wrote meanwhile stay as it wrote them.
 *
 * Weakness: what comes back from the copy at a partial hand-over is all of it, so beside its range the CPU then reads
 * the device's bytes instead of stale ones. Reported it is all the same. A hand-over to the device that is repeated
 * brings back what is filled, too, and so does not overwrite the device's bytes by older ones as a kernel would. Host memory that is no RAM is never filled.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/check.h"
#include "lib/core/stack.h"
#include "lib/dma/swiotlb.h"
#include "lib/mm/mm.h"

#define SMALLEST_POOL (1ULL << 20) /* what a pool is made smaller to, by halves, where memory is short */

/* ---- finding ---- */

static inline bool pool_holds(const struct bounce_pool *pool, phys_addr_t phys)
{
	return phys - pool->start < pool->size;
}

struct bounce_pool *bounce_pool_at(const struct dmasim_machine *m, phys_addr_t phys)
{
	const struct bounce *b = m->dma->tlb;

	for (struct bounce_mem *mem = b ? b->all : NULL; mem; mem = mem->next)
		for (struct bounce_pool *pool = mem->pools; pool; pool = pool->next)
			if (pool_holds(pool, phys))
				return pool;
	return NULL;
}

struct bounce_mem *bounce_mem_of(const struct dmasim_device_private *p)
{
	if (!p->machine->dma->tlb)
		return NULL;
	return p->bounce ? p->bounce : p->machine->dma->tlb->machine;
}

bool dma_bounced_slow(const struct dmasim_device_private *p, dma_addr_t bus)
{
	return bounce_pool_at(p->machine, dma_to_phys(p->dev, bus)) != NULL;
}

/* The mapping that holds this byte of a slot, and where it starts; NULL: the slot is free, or the byte lies beside it. */
static struct bounce_map *map_at(const struct bounce_pool *pool, phys_addr_t phys, phys_addr_t *start)
{
	u32 slot = (u32)((phys - pool->start) >> SLOT_SHIFT);
	struct bounce_map *map;

	slot -= pool->back[slot];
	map = &pool->map[slot];
	*start = pool->start + ((u64)slot << SLOT_SHIFT) + map->offset;
	return map->n && phys - *start < map->size ? map : NULL;
}

/* The first piece that ends behind offset, which the mapping holds. Pieces lie in order, without holes. */
static struct bounce_piece *piece_from(const struct bounce_map *map, u64 offset)
{
	u32 lo = 0, hi = map->nr_pieces - 1;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (map->piece[mid].offset + map->piece[mid].size > offset)
			hi = mid;
		else
			lo = mid + 1;
	}
	return &map->piece[lo];
}

phys_addr_t bounce_original(const struct dmasim_machine *m, phys_addr_t slot)
{
	const struct bounce_pool *pool = bounce_pool_at(m, slot);
	phys_addr_t start;
	const struct bounce_map *map = pool ? map_at(pool, slot, &start) : NULL;
	const struct bounce_piece *piece;

	if (!map || map->memory)
		return DMA_BAD_PHYS;
	slot -= start;
	piece = map->piece ? piece_from(map, slot) : NULL;
	return piece ? piece->orig + (slot - piece->offset) : map->orig + slot;
}

/* ---- copying: by memmove(), since a driver that maps a stray address may name the slots themselves ---- */

static void copy_in(struct dmasim_machine *m, phys_addr_t slot, phys_addr_t orig, size_t n)
{
	if (k_likely(dma_is_ram(m, orig, n)))
		memmove(sim_ram_ptr(m->hw, slot), sim_ram_ptr(m->hw, orig), n);
	else
		mm_phys_read(m, orig, sim_ram_ptr(m->hw, slot), n);
}

static void copy_out(struct dmasim_machine *m, phys_addr_t slot, phys_addr_t orig, size_t n)
{
	if (k_likely(dma_is_ram(m, orig, n)))
		memmove(sim_ram_ptr(m->hw, orig), sim_ram_ptr(m->hw, slot), n);
	else
		mm_phys_write(m, orig, sim_ram_ptr(m->hw, slot), n);
	if (m->checks)
		track_memory_changed(m, orig, n);
}

/* The original means nothing now. */
static void poison(struct dmasim_machine *m, phys_addr_t orig, size_t n)
{
	if (!dma_is_ram(m, orig, n))
		return;
	memset(sim_ram_ptr(m->hw, orig), BOUNCE_ORIGINAL_BYTE, n);
	if (m->checks)
		track_memory_changed(m, orig, n);
}

/* It means something again: what is still as poison() left it comes back. */
static void restore(struct dmasim_machine *m, phys_addr_t slot, phys_addr_t orig, size_t n)
{
	const u8 *copy;
	u8 *p;

	if (!dma_is_ram(m, orig, n))
		return;
	p = sim_ram_ptr(m->hw, orig);
	copy = sim_ram_ptr(m->hw, slot);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && p[end] == BOUNCE_ORIGINAL_BYTE; end++)
			p[end] = copy[end];
		if (end > i && m->checks)
			track_memory_changed(m, orig + i, end - i);
		while (end < n && p[end] != BOUNCE_ORIGINAL_BYTE)
			end++;
	}
}

static inline bool may_write(enum dma_data_direction dir)
{
	return dir == DMA_FROM_DEVICE || dir == DMA_BIDIRECTIONAL;
}

/* Call fn for each stretch of [lo, hi) of the mapping that has one original. */
static inline void each_piece(struct dmasim_machine *m, const struct bounce_map *map, phys_addr_t start, u64 lo, u64 hi,
			      void (*fn)(struct dmasim_machine *m, phys_addr_t slot, phys_addr_t orig, size_t n))
{
	if (k_likely(!map->piece)) {
		fn(m, start + lo, map->orig + lo, hi - lo);
		return;
	}
	for (const struct bounce_piece *piece = piece_from(map, lo), *end = map->piece + map->nr_pieces;
	     piece < end && piece->offset < hi; piece++) {
		u64 from = lo > piece->offset ? lo : piece->offset;
		u64 to = hi < piece->offset + piece->size ? hi : piece->offset + piece->size;

		if (from < to && piece->live)
			fn(m, start + from, piece->orig + (from - piece->offset), to - from);
	}
}

static void poison_piece(struct dmasim_machine *m, phys_addr_t slot, phys_addr_t orig, size_t n)
{
	(void)slot;
	poison(m, orig, n);
}

static bool poisons_originals(const struct dmasim_machine *m)
{
	return m->hw->cfg.swiotlb_poison == BOUNCE_POISON_ALL;
}

/* ---- taking slots ---- */

size_t bounce_max_size(struct device *dev)
{
	u64 lost = (dma_get_min_align_mask(dev) + (u64)SLOT_SIZE - 1) & ~(u64)(SLOT_SIZE - 1);

	return lost < SLOT_SEGMENT_BYTES ? SLOT_SEGMENT_BYTES - lost : 0;
}

static struct slots_request slots_request_of(struct dmasim_device_private *p, const struct bounce_request *r)
{
	u64 keep = dma_get_min_align_mask(p->dev) & ~(u64)(SLOT_SIZE - 1), align = r->align_mask;
	size_t size = r->alloc_size > r->size ? r->alloc_size : r->size;
	u64 offset = r->orig & dma_get_min_align_mask(p->dev) & (SLOT_SIZE - 1);
	struct slots_request s = {.boundary = dma_get_seg_boundary(p->dev)};

	s.n = (u32)((size + offset + SLOT_SIZE - 1) >> SLOT_SHIFT);
	if (size >= SIM_PAGE_SIZE)
		align |= SIM_PAGE_SIZE - 1;
	s.mask = keep | (align & ~(u64)(SLOT_SIZE - 1));
	s.value = r->orig & keep;
	return s;
}

static void used_more(struct bounce_mem *mem, long n)
{
	mem->pub.used += (unsigned long)n;
	if (mem->pub.used > mem->hiwater)
		mem->hiwater = mem->pub.used;
}

static struct bounce_pool *pool_new(struct bounce_mem *mem, phys_addr_t start, u64 size, u32 areas)
{
	struct bounce_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->mem = mem;
	pool->start = start;
	pool->size = size;
	if (!slots_init(&pool->slots, (u32)(size >> SLOT_SHIFT), areas)) {
		pool->back = calloc(pool->slots.nr, sizeof(*pool->back));
		pool->map = calloc(pool->slots.nr, sizeof(*pool->map));
		if (pool->back && pool->map)
			return pool;
		slots_exit(&pool->slots);
	}
	free(pool->back);
	free(pool->map);
	free(pool);
	return NULL;
}

static void pool_free(struct bounce_pool *pool)
{
	for (u32 i = 0; i < pool->slots.nr; i++)
		free(pool->map[i].piece);
	slots_exit(&pool->slots);
	free(pool->back);
	free(pool->map);
	free(pool);
}

/* More memory for a pool that is full: for one mapping, or for good. NULL: there is none that the device could drive. */
static struct bounce_pool *pool_more(struct dmasim_device_private *p, struct bounce_mem *mem, unsigned int order,
				     bool transient)
{
	struct dmasim_machine *m = p->machine;
	phys_addr_t limit = dma_to_phys(p->dev, dma_direct_limit(dma_get_mask(p->dev), p->dev->bus_dma_limit));
	stack_id stack = m->checks ? stack_entry(m) : 0;
	phys_addr_t start = mm_alloc_block(m, order, GFP_ATOMIC, limit, "bounce slots", stack);
	struct bounce_pool *pool;

	if (start == DMA_BAD_PHYS)
		return NULL;
	pool = pool_new(mem, start, SIM_PAGE_SIZE << order, 1);
	if (!pool) {
		mm_free_block(m, start, order, stack);
		return NULL;
	}
	pool->transient = transient;
	pool->order = order;
	pool->next = mem->pools->next; /* the first one stays first */
	mem->pools->next = pool;
	if (transient)
		mem->transient += pool->slots.nr;
	else
		mem->pub.nslabs += pool->slots.nr;
	return pool;
}

static void pool_less(struct dmasim_machine *m, struct bounce_pool *pool)
{
	struct bounce_pool **at = &pool->mem->pools;

	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
	pool->mem->transient -= pool->slots.nr;
	mm_free_block(m, pool->start, pool->order, m->checks ? stack_entry(m) : 0);
	pool_free(pool);
}

#define SEGMENT_ORDER 6 /* pages of a segment */
#define GROW_ORDER    9

static u32 take_from(struct dmasim_device_private *p, struct bounce_pool *pool, struct slots_request *s)
{
	s->base = phys_to_dma(p->dev, pool->start);
	return s->base == DMA_MAPPING_ERROR ? SLOTS_NONE : slots_take(&pool->slots, s);
}

static u32 take(struct dmasim_device_private *p, struct bounce_mem *mem, struct slots_request *s,
		struct bounce_pool **pool)
{
	const bool dynamic = p->machine->hw->cfg.swiotlb_dynamic && !mem->pub.for_alloc;
	u32 at;

	if (k_unlikely(mem->grow) && dynamic) {
		mem->grow = false;
		pool_more(p, mem, GROW_ORDER, false);
	}
	for (*pool = mem->pools; *pool; *pool = (*pool)->next) {
		if (k_unlikely((*pool)->transient))
			continue;
		at = take_from(p, *pool, s);
		if (k_likely(at != SLOTS_NONE))
			return at;
	}
	if (!dynamic)
		return SLOTS_NONE;
	mem->grow = true;
	*pool = pool_more(p, mem, SEGMENT_ORDER, true);
	if (!*pool)
		return SLOTS_NONE;
	at = take_from(p, *pool, s);
	if (at == SLOTS_NONE)
		pool_less(p->machine, *pool);
	return at;
}

/* ---- when there are none ---- */

#define TRIES 16 /* maps that fail without an unmap between, before the driver is told to back off */

static void report_full(struct dmasim_device_private *p, const struct bounce_mem *mem, const struct bounce_request *r,
			const char *label, const char *why, u64 n)
{
	struct finding f = {
		.rule = "swiotlb-exhausted",
		.dev = p->dev,
		.buffer_size = r->size,
		.buffer_kind = "mapping",
		.size = r->size,
		.direction = (int)r->dir + 1,
		.act_verb = "map",
	};

	f.more[0].label = label;
	snprintf(f.more[0].text, sizeof(f.more[0].text), why, (unsigned long long)n);
	f.more[1].label = "slots";
	snprintf(f.more[1].text, sizeof(f.more[1].text), "%lu of %lu used, %u by this device", mem->pub.used,
		 mem->pub.nslabs, p->bounce_slots);
	dma_report(p->machine, &f);
}

/*
 * A full pool is nobody's mistake: the driver gives up, or tries again when something was unmapped. It is one to map what
 * can never bounce, and to go on mapping although nothing was released, while holding most of the slots oneself.
 */
static void refused(struct dmasim_device_private *p, const struct bounce_mem *mem, const struct bounce_request *r)
{
	struct dmasim_machine *m = p->machine;
	struct bounce *b = m->dma->tlb;

	if (r->size > bounce_max_size(p->dev) || r->alloc_size > bounce_max_size(p->dev)) {
		b->too_large++;
		m->hooks.fact(m, "mappings refused: larger than can bounce", b->too_large);
		report_full(p, mem, r, "limit", "dma_max_mapping_size() is %llu bytes: larger ones never bounce",
			    bounce_max_size(p->dev));
	} else {
		b->full++;
		m->hooks.fact(m, "mappings refused: bounce slots full", b->full);
		p->bounce_failed++;
		if (p->bounce_failed >= TRIES && p->bounce_slots > mem->pub.nslabs / 2 && !p->bounce_told) {
			p->bounce_told = true;
			report_full(p, mem, r, "tries", "%llu maps in a row have failed, and nothing was unmapped",
				    p->bounce_failed);
		}
	}
	bounce_say_full(p, mem, r);
}

/* ---- map ---- */

/* What lies beside the mapping in its slots. */
static void fill_around(struct dmasim_machine *m, phys_addr_t first, const struct bounce_map *map)
{
	u8 *p = sim_ram_ptr(m->hw, first);
	size_t end = map->offset + map->size;

	memset(p, BOUNCE_SLOT_BYTE, map->offset);
	memset(p + end, BOUNCE_SLOT_BYTE, ((size_t)map->n << SLOT_SHIFT) - end);
}

static const u8 counting[SLOTS_SEGMENT] = {
#define EIGHT(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
	EIGHT(0),  EIGHT(8),  EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40),  EIGHT(48),  EIGHT(56),
	EIGHT(64), EIGHT(72), EIGHT(80), EIGHT(88), EIGHT(96), EIGHT(104), EIGHT(112), EIGHT(120),
};

phys_addr_t bounce_map_in(struct dmasim_device_private *p, const struct bounce_request *r)
{
	struct dmasim_machine *m = p->machine;
	struct bounce_mem *mem = bounce_mem_of(p);
	struct bounce *b = m->dma->tlb;
	const size_t size = r->alloc_size > r->size ? r->alloc_size : r->size;
	struct slots_request s;
	struct bounce_pool *pool = NULL;
	struct bounce_map *map;
	phys_addr_t first;
	u32 at = SLOTS_NONE;

	if (!mem || !r->size)
		return DMA_BAD_PHYS;
	if (k_fails(m, "swiotlb_tbl_map_single", "swiotlb_map"))
		return DMA_BAD_PHYS;
	if (k_likely(size <= bounce_max_size(p->dev))) {
		s = slots_request_of(p, r);
		at = take(p, mem, &s, &pool);
	}
	if (k_unlikely(at == SLOTS_NONE)) {
		refused(p, mem, r);
		return DMA_BAD_PHYS;
	}
	first = pool->start + ((u64)at << SLOT_SHIFT);
	if (k_unlikely(!sim_ram_charge(m->hw, first, (u64)s.n << SLOT_SHIFT))) {
		slots_give(&pool->slots, at, s.n);
		if (pool->transient)
			pool_less(m, pool);
		return DMA_BAD_PHYS;
	}
	memcpy(pool->back + at, counting, s.n);
	map = &pool->map[at];
	*map = (struct bounce_map){
		.orig = r->orig,
		.size = (u32)r->size,
		.offset = (u16)(r->orig & dma_get_min_align_mask(p->dev) & (SLOT_SIZE - 1)),
		.n = (u16)s.n,
		.dev = p->id,
		.dir = (u8)r->dir,
		.memory = r->memory,
		.piece = r->piece,
		.nr_pieces = r->nr_pieces,
		.live_pieces = r->nr_pieces,
	};
	used_more(mem, s.n);
	p->bounce_slots += s.n;
	p->bounce_failed = 0;
	b->made++;
	if (r->memory) {
		memset(sim_ram_ptr(m->hw, first), 0, (size_t)s.n << SLOT_SHIFT);
		return first;
	}
	b->bytes += r->size;
	first += map->offset;
	each_piece(m, map, first, 0, r->size, copy_in);
	if (k_unlikely(m->hw->cfg.swiotlb_poison != BOUNCE_POISON_OFF)) {
		fill_around(m, first - map->offset, map);
		if (poisons_originals(m) && may_write(r->dir) && !(r->attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
			each_piece(m, map, first, 0, r->size, poison_piece);
			map->poisoned = true;
		}
	}
	return first;
}

/* ---- hand-overs and the end ---- */

static void to_cpu(struct dmasim_machine *m, struct bounce_map *map, phys_addr_t start, u64 lo, u64 hi,
		   enum dma_data_direction dir, bool skip)
{
	if (may_write(dir) && !skip)
		each_piece(m, map, start, lo, hi, copy_out);
	if (k_unlikely(map->poisoned)) {
		each_piece(m, map, start, 0, map->size, restore);
		map->poisoned = false;
	}
}

void bounce_sync(struct dmasim_machine *m, phys_addr_t slot, size_t size, enum dma_data_direction dir,
		 enum track_sync_side side)
{
	struct bounce_pool *pool = bounce_pool_at(m, slot);
	phys_addr_t start;
	struct bounce_map *map = pool ? map_at(pool, slot, &start) : NULL;
	u64 lo, hi;

	if (k_unlikely(!map || slot - start + size > map->size || slot - start + size < size))
		bounce_say_range(m, NULL, slot, size, dir, side); /* with checks said before, and does not come here */
	if (!map || map->memory)
		return;
	lo = slot - start;
	hi = lo + size;
	if (hi > map->size || hi < lo)
		hi = map->size;
	if (side == SYNC_FOR_CPU) {
		to_cpu(m, map, start, lo, hi, dir, false);
		return;
	}
	if (k_unlikely(map->poisoned) && dir != DMA_FROM_DEVICE) { /* handed over already: the filling is no data */
		each_piece(m, map, start, 0, map->size, restore);
		map->poisoned = false;
	}
	if (dir != DMA_FROM_DEVICE)
		each_piece(m, map, start, lo, hi, copy_in);
	if (poisons_originals(m) && may_write((enum dma_data_direction)map->dir) && lo == 0 && hi == map->size) {
		each_piece(m, map, start, 0, hi, poison_piece);
		map->poisoned = true;
	}
}

static void release(struct dmasim_machine *m, struct bounce_pool *pool, struct bounce_map *map)
{
	u32 at = (u32)(map - pool->map), n = map->n;
	struct dmasim_device_private *p;

	if (m->hw->cfg.swiotlb_poison != BOUNCE_POISON_OFF)
		memset(sim_ram_ptr(m->hw, pool->start + ((u64)at << SLOT_SHIFT)), BOUNCE_SLOT_BYTE,
		       (size_t)n << SLOT_SHIFT);
	p = m->device_slots[map->dev];
	if (k_likely(p != NULL)) { /* it may be gone */
		p->bounce_slots -= n;
		p->bounce_failed = 0;
	}
	free(map->piece);
	map->piece = NULL;
	map->n = 0;
	slots_give(&pool->slots, at, n);
	used_more(pool->mem, -(long)n);
	if (k_unlikely(pool->transient))
		pool_less(m, pool);
}

bool bounce_unmap(struct dmasim_machine *m, phys_addr_t slot, size_t size, enum dma_data_direction dir,
		  unsigned long attrs)
{
	struct bounce_pool *pool = bounce_pool_at(m, slot);
	const bool skip = attrs & DMA_ATTR_SKIP_CPU_SYNC;
	phys_addr_t start;
	struct bounce_map *map = pool ? map_at(pool, slot, &start) : NULL;
	struct bounce_piece *piece;

	if (!map || map->memory)
		return false;
	if (k_unlikely(map->piece != NULL)) {
		piece = piece_from(map, slot - start);
		if (!piece->live || piece->offset != slot - start)
			return false;
		/* one entry, as the tracker knows them; or, where it does not look, the segment that holds all */
		for (; piece < map->piece + map->nr_pieces && piece->offset < slot - start + size; piece++) {
			to_cpu(m, map, start, piece->offset, piece->offset + piece->size, dir, skip);
			map->live_pieces -= piece->live;
			piece->live = false;
		}
		if (!map->live_pieces)
			release(m, pool, map);
		return true;
	}
	if (slot != start)
		return false;
	if (k_unlikely(size > map->size)) {
		if (!skip)
			bounce_say_range(m, NULL, slot, size, dir, SYNC_FOR_CPU);
		size = map->size;
	}
	to_cpu(m, map, start, 0, size, dir, skip);
	release(m, pool, map);
	return true;
}

bool bounce_give(struct dmasim_machine *m, phys_addr_t slot, size_t size)
{
	struct bounce_pool *pool = bounce_pool_at(m, slot);
	phys_addr_t start;
	struct bounce_map *map = pool ? map_at(pool, slot, &start) : NULL;

	if (!map || !map->memory || slot != start || map->size != size)
		return false;
	release(m, pool, map);
	return true;
}

/* ---- life cycle ---- */

struct bounce *bounce_of(struct dmasim_machine *m)
{
	if (!m->dma->tlb)
		m->dma->tlb = calloc(1, sizeof(*m->dma->tlb));
	return m->dma->tlb;
}

struct bounce_mem *bounce_mem_new(struct dmasim_machine *m, u64 size, phys_addr_t limit)
{
	const u64 asked = size = (size + SLOT_SEGMENT_BYTES - 1) & ~(SLOT_SEGMENT_BYTES - 1);
	struct bounce *b = bounce_of(m);
	struct bounce_mem *mem = b ? calloc(1, sizeof(*mem)) : NULL;
	phys_addr_t start = DMA_BAD_PHYS;

	while (mem && start == DMA_BAD_PHYS) {
		start = mm_reserve(m, DMA_BAD_PHYS, size, SLOT_SEGMENT_BYTES, limit);
		if (start == DMA_BAD_PHYS && (size /= 2) < SMALLEST_POOL)
			break;
		size &= ~(SLOT_SEGMENT_BYTES - 1);
	}
	if (start != DMA_BAD_PHYS)
		mem->pools = pool_new(mem, start, size, m->hw->cfg.swiotlb_areas);
	if (!mem || !mem->pools) {
		free(mem);
		sim_error(ENOMEM, "no memory for %llu bytes of bounce buffers below 0x%llx", (unsigned long long)asked,
			  limit);
		return NULL;
	}
	mem->pub = (struct io_tlb_mem){
		.start = start,
		.end = start + size,
		.vaddr = sim_phys_to_virt(m->hw, start),
		.nslabs = mem->pools->slots.nr,
		.nareas = mem->pools->slots.nareas,
		.area_nslabs = mem->pools->slots.nr / mem->pools->slots.nareas,
	};
	mem->next = b->all;
	b->all = mem;
	return mem;
}

int bounce_init(struct dmasim_machine *m)
{
	const struct sim_config *cfg = &m->hw->cfg;
	u64 top = m->dma->last_page + SIM_PAGE_SIZE - 1 + (u64)cfg->bus_offset;
	phys_addr_t limit = DMA_BIT_MASK(32) - (u64)cfg->bus_offset;
	struct bounce_mem *mem;

	if (cfg->swiotlb == SIM_SWIOTLB_OFF || (cfg->swiotlb == SIM_SWIOTLB_AUTO && top <= DMA_BIT_MASK(32)))
		return 0;
	if (m->dma->ops != &dma_direct_ops)
		return cfg->swiotlb == SIM_SWIOTLB_AUTO
			       ? 0
			       : sim_error(EINVAL, "swiotlb=on and force go with dma_ops=direct only");
	mem = bounce_mem_new(m, cfg->swiotlb_size, limit);
	if (!mem) /* a machine with memory in odd places only goes without, unless it was told to have them */
		return cfg->swiotlb == SIM_SWIOTLB_AUTO ? 0 : -ENOMEM;
	mem->pub.force_bounce = cfg->swiotlb == SIM_SWIOTLB_FORCE;
	m->dma->tlb->machine = mem;
	m->dma->ops = &swiotlb_dma_ops;
	return 0;
}

void bounce_exit(struct dmasim_machine *m)
{
	struct bounce *b = m->dma->tlb;

	while (b && b->all) {
		struct bounce_mem *mem = b->all;

		b->all = mem->next;
		while (mem->pools) {
			struct bounce_pool *pool = mem->pools;

			mem->pools = pool->next;
			pool_free(pool);
		}
		free(mem);
	}
	if (b && b->made) {
		m->hooks.fact(m, "mappings bounced", b->made);
		m->hooks.fact(m, "bytes copied for them at map", b->bytes);
	}
	free(b);
	m->dma->tlb = NULL;
}

void bounce_check(struct dmasim_machine *m)
{
	const struct bounce *b = m->dma->tlb;

	for (struct bounce_mem *mem = b ? b->all : NULL; mem; mem = mem->next) {
		unsigned long used = 0, transient = 0, nslabs = 0;

		for (struct bounce_pool *pool = mem->pools; pool; pool = pool->next) {
			u32 busy = 0, mapped = 0;

			slots_check(&pool->slots);
			for (u32 a = 0; a < pool->slots.nareas; a++)
				busy += pool->slots.area[a].used;
			for (u32 i = 0; i < pool->slots.nr; i++) {
				const struct bounce_map *map = &pool->map[i];

				if (!map->n)
					continue;
				assert(!pool->back[i] && map->offset + map->size <= (u32)map->n << SLOT_SHIFT);
				for (u32 k = 0; k < map->n; k++)
					assert(pool->back[i + k] == k && (!k || !pool->map[i + k].n));
				mapped += map->n;
			}
			assert(mapped == busy && pool->mem == mem);
			used += busy;
			*(pool->transient ? &transient : &nslabs) += pool->slots.nr;
		}
		assert(used == mem->pub.used && used <= mem->hiwater);
		assert(transient == mem->transient && nslabs == mem->pub.nslabs);
	}
}
