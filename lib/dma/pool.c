// SPDX-License-Identifier: MIT
/*
 * dma_pool: small coherent blocks of one size.
 *
 * A pool takes pages from the coherent backend and cuts each into blocks that keep alignment and boundary; all that fit
 * are used. Which are free is known from records in host memory, never from links in the blocks: a device that writes to
 * a freed block must not steer the allocator. Free blocks are one list, last freed first; with a quarantine they rest in
 * a queue before. Pages stay until the pool is destroyed.
 *
 * Red zones cost no capacity: they are what alignment leaves behind a block, and the end of each boundary window where
 * no block fits. A pool of 64-byte blocks aligned to 64 has none; pool_redzone=on then puts one between the blocks.
 * Free blocks are poisoned where the machine poisons memory at all.
 *
 * Cost: a pair is two stack walks, a list operation each, and one hash probe by page, whatever is live.
 * Weakness: handles are never reused, so a machine can have 65536 pools in its life.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/dma-direct.h>
#include <linux/dmapool.h>
#include "lib/check/phase.h"
#include "lib/check/dma_debug.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/pool.h"

#define ZONE_WANTED 16 /* bytes between blocks with pool_redzone=on, before alignment */

/* ---- layout ---- */

static u64 round_up_to(u64 n, u64 align)
{
	return (n + align - 1) & ~(align - 1);
}

static void bad_arguments(struct dmasim_machine *m, const char *function, size_t size, size_t align, size_t boundary)
{
	struct finding f = {.rule = "pool-bad-arguments", .act_verb = "call"};

	finding_more(&f, "call", "%s() with size %zu, align %zu, boundary %zu", function, size, align, boundary);
	dma_report(m, &f);
}

/* The kernel's rules; false: it returns NULL without a word. */
static bool lay_out(struct dmasim_machine *m, struct dma_pool *pool, size_t size, size_t align, size_t boundary)
{
	const bool quirk = m->hw->cfg.pool_quirk;
	u64 least = quirk ? 4 : 16; /* what the kernel's own link in a free block needs */
	u64 n;

	if (!align)
		align = 1;
	if (!size || size > INT_MAX || align & (align - 1) || align > INT_MAX)
		return false;
	pool->asked = (u32)size;
	n = round_up_to(size > least ? size : least, align);
	if (n > INT_MAX)
		return false;
	pool->align = (u32)align;
	pool->rounded = (u32)n;
	pool->allocation = n > SIM_PAGE_SIZE ? (u32)n : SIM_PAGE_SIZE;
	if (boundary && (boundary < n || boundary & (boundary - 1)))
		return false;
	pool->window = boundary && boundary < pool->allocation ? (u32)boundary : pool->allocation;
	pool->stride = (u32)n;
	n = round_up_to(size + ZONE_WANTED, align);
	if (m->hw->cfg.pool_redzone && n > pool->stride && n <= pool->window)
		pool->stride = (u32)n;
	/* The old kernels' loop skips to the next window when the block after the next would end on its edge. */
	pool->per_window = quirk ? (pool->window - 1) / pool->stride : pool->window / pool->stride;
	if (!pool->per_window)
		pool->per_window = 1;
	pool->per_page = pool->per_window * (pool->allocation / pool->window);
	if (pool->allocation > SIM_PAGE_SIZE) {
		pool->per_window = pool->per_page = 1;
		pool->window_shift = 31;
	} else {
		pool->window_shift = (u32)__builtin_ctz(pool->window);
		pool->recip = (u32)(((1ULL << 32) + pool->stride - 1) / pool->stride);
	}
	return true;
}

/* ---- create ---- */

static struct dma_pool *new_handle(struct dmasim_machine *m)
{
	struct pools *s = m->dma->pools;

	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		s->all = mmap(NULL, MAX_POOLS * sizeof(*s->all), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (s->all == MAP_FAILED) {
			free(s);
			return NULL;
		}
		m->dma->pools = s;
	}
	return s->used < MAX_POOLS ? &s->all[s->used] : NULL;
}

static struct dma_pool *create(struct dmasim_device_private *p, const char *name, size_t size, size_t align,
			       size_t boundary, int node, const char *function)
{
	struct dmasim_machine *m = p->machine;
	struct dma_pool *pool;
	size_t n;

	if (k_model_call(m, function))
		return NULL;
	k_might_sleep(m, function);
	pool = new_handle(m);
	if (!pool)
		return NULL;
	*pool = (struct dma_pool){.machine = m, .dev = p, .node = node, .poison = m->hw->cfg.poison};
	if (!lay_out(m, pool, size, align, boundary)) {
		bad_arguments(m, function, size, align, boundary);
		return NULL;
	}
	n = name ? sim_host_read(pool->name, name, sizeof(pool->name) - 1) : 0;
	pool->name[n] = 0;
	if (!pool->name[0])
		snprintf(pool->name, sizeof(pool->name), "(unnamed)");
	pool->created = stack_entry(m);
	pool->created_time = sim_now(m->hw);
	pool->state = POOL_ALIVE;
	m->dma->pools->used++;
	track_pool(m, pool);
	return pool;
}

/* ---- pages ---- */

static bool hash_add(struct dma_pool *pool, struct pool_page *page)
{
	u32 have = pool->hash ? pool->hash_mask + 1 : 0;
	u64 key = (page->bus >> SIM_PAGE_SHIFT) + 1;

	if (pool->nr_pages * 2 >= have) {
		u32 n = have ? 2 * have : 8;
		struct pool_hash *bigger = calloc(n, sizeof(*bigger));

		if (!bigger)
			return false;
		free(pool->hash);
		pool->hash = bigger;
		pool->hash_mask = n - 1;
		for (u32 i = 0; i < pool->nr_pages; i++)
			if (pool->pages[i])
				hash_add(pool, pool->pages[i]);
	}
	for (u32 at = (u32)((key * 0x9e3779b97f4a7c15ULL) >> 32);; at++) {
		struct pool_hash *h = &pool->hash[at & pool->hash_mask];

		if (h->key)
			continue;
		*h = (struct pool_hash){key, page};
		return true;
	}
}

static struct track_op page_op(struct dma_pool *pool, const char *function, void *frame)
{
	return (struct track_op){
		.dev = pool->dev,
		.kind = EXTENT_POOL,
		.dir = DMA_BIDIRECTIONAL,
		.size = pool->allocation,
		.function = function,
		.frame = frame,
		.allocated = true,
	};
}

/* A record for one page more, all zero; NULL. Not taken before chunk->used counts it. */
static struct pool_page *new_page(struct dma_pool *pool)
{
	size_t size = round_up_to(pool->per_page * sizeof(struct pool_block), 64);
	struct pool_chunk *chunk = pool->chunks;
	struct pool_page *page;

	if (!chunk || chunk->used == POOL_CHUNK) {
		chunk = aligned_alloc(64, sizeof(*chunk));
		if (!chunk)
			return NULL;
		memset(chunk, 0, sizeof(*chunk));
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	page = &chunk->page[chunk->used];
	*page = (struct pool_page){.pool = pool, .index = pool->nr_pages};
	page->blocks = aligned_alloc(64, size); /* records straddle no cache lines */
	if (!page->blocks)
		return NULL;
	memset(page->blocks, 0, size);
	return page;
}

/* One page more. False: no memory. */
static bool grow(struct dma_pool *pool, gfp_t gfp, const char *function, void *frame)
{
	struct dmasim_device_private *p = pool->dev;
	struct track_op op = page_op(pool, function, frame);
	struct pool_page *page, **pages;
	struct dma_piece piece;
	u32 index = pool->nr_pages;

	if (!p->dev->coherent_dma_mask)
		dma_mask_missing(p, function, true);
	else if (p->coherent_mask_failed | !p->mask_set)
		dma_mask_at_use(p, function, true);
	if (index >= UINT32_MAX / POOL_SLOTS - 1)
		return false;
	pages = index & (index - 1) ? pool->pages : realloc(pool->pages, (index ? 2 * index : 1) * sizeof(*pages));
	if (!pages)
		return false;
	pool->pages = pages;
	page = new_page(pool);
	if (!page)
		return false;
	if (!dma_piece_alloc(p, pool->allocation, gfp & ~(__GFP_ZERO | __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM), 0,
			     &piece)) {
		free(page->blocks);
		return false;
	}
	if (!dma_is_ram(p->machine, piece.phys, pool->allocation)) {
		dma_piece_free(p, pool->allocation, &piece, 0); /* of the device's own operations: cannot be cut */
		free(page->blocks);
		return false;
	}
	page->cpu = piece.cpu;
	page->bus = piece.bus;
	page->phys = piece.phys;
	page->ram = sim_ram_ptr(p->machine->hw, page->phys);
	if (!hash_add(pool, page)) {
		dma_piece_free(p, pool->allocation, &piece, 0);
		free(page->blocks);
		return false;
	}
	pool->chunks->used++;
	pool->pages[pool->nr_pages++] = page;
	memset(page->ram, POOL_ZONE_BYTE, pool->allocation);
	for (u32 i = pool->per_page; i-- > 0;) {
		page->blocks[i].next = pool->free;
		pool->free = index * POOL_SLOTS + i + 1;
		memset(page->ram + pool_block_start(pool, i), pool->poison ? POOL_FREED_BYTE : 0, pool->asked);
	}
	if (p->machine->checks) {
		op.cpu = page->cpu;
		op.bus = page->bus;
		op.phys = page->phys;
		track_map(p->machine, &op);
		track_pool_page(p->machine, page);
	}
	return true;
}

void pool_mend_tail(struct pool_page *page, u32 i)
{
	const struct dma_pool *pool = page->pool;
	u64 from = pool_block_start(pool, i) + pool->stride, to = (u64)(i / pool->per_window + 1) * pool->window;

	if (i % pool->per_window == pool->per_window - 1 && from < to)
		memset(page->ram + from, POOL_ZONE_BYTE, to - from);
}

/* Ends of windows where no block fits. */
static void check_tails(struct pool_page *page)
{
	const struct dma_pool *pool = page->pool;

	for (u32 i = pool->per_window - 1; i < pool->per_page; i += pool->per_window) {
		u64 from = pool_block_start(pool, i) + pool->stride,
		    to = (u64)(i / pool->per_window + 1) * pool->window;

		while (from < to && page->ram[from] == POOL_ZONE_BYTE)
			from++;
		if (from < to && !(page->blocks[i].told & BLOCK_DAMAGED))
			pool_found_damage(pool->machine, page, i, from, to);
	}
}

void pool_drop_page(struct dma_pool *pool, u32 index, const char *function, void *frame)
{
	struct dmasim_device_private *p = pool->dev;
	struct pool_page *page = pool->pages[index];
	struct track_op op = page_op(pool, function, frame);
	const struct dma_piece piece = {page->cpu, page->bus, page->phys};
	struct track_unmapped real;

	for (u32 i = 0; i < pool->per_page; i++)
		pool_check_block(page, i);
	check_tails(page);
	if (p->machine->checks) {
		op.bus = page->bus;
		op.phys = page->phys;
		op.cpu = page->cpu;
		track_unmap(p->machine, &op, &real);
	}
	dma_piece_free(p, pool->allocation, &piece, 0);
	free(page->blocks);
	pool->pages[index] = NULL;
}

/* ---- checks of contents ---- */

/* The first of n bytes that is not `byte`, or n. */
static size_t other_byte(const u8 *p, u8 byte, size_t n)
{
	u64 pattern = byte * 0x0101010101010101ULL, word;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		if (k_unlikely(word != pattern))
			break;
	}
	while (i < n && p[i] == byte)
		i++;
	return i;
}

static __attribute__((__noinline__, __cold__)) void found_damage(struct pool_page *page, u32 i, u64 from, u64 to)
{
	if (!(page->blocks[i].told & BLOCK_DAMAGED))
		pool_found_damage(page->pool->machine, page, i, from, to);
	page->blocks[i].told |= BLOCK_DAMAGED;
}

bool pool_check_block(struct pool_page *page, u32 i)
{
	const struct dma_pool *pool = page->pool;
	u64 start = pool_block_start(pool, i);
	u32 gap = pool->stride - pool->asked;
	size_t at;

	if (gap) {
		at = other_byte(page->ram + start + pool->asked, POOL_ZONE_BYTE, gap);
		if (k_unlikely(at < gap)) {
			found_damage(page, i, start + pool->asked + at, start + pool->stride);
			memset(page->ram + start + pool->asked, POOL_ZONE_BYTE, gap);
		}
	}
	if (pool->poison && page->blocks[i].state != BLOCK_LIVE) {
		at = other_byte(page->ram + start, POOL_FREED_BYTE, pool->asked);
		if (k_unlikely(at < pool->asked)) {
			found_damage(page, i, start + at, start + pool->asked);
			return false;
		}
	}
	return true;
}

/* ---- allocate ---- */

static __attribute__((__noinline__)) bool refill(struct dma_pool *pool, gfp_t gfp, const char *function, void *frame)
{
	u32 slot;

	if (grow(pool, gfp, function, frame))
		return true;
	slot = pool->rest_first;
	if (!slot--)
		return false;
	/* Memory is short: what rests must do. */
	{
		struct pool_block *b = &pool_page_of(pool, slot)->blocks[slot % POOL_SLOTS];

		pool->rest_first = b->next;
		pool->resting--;
		b->next = pool->free;
		b->state = BLOCK_FREE;
		pool->free = slot + 1;
	}
	return true;
}

/* As a kernel with slab debugging says it. */
static __attribute__((__noinline__, __cold__)) void say_corrupted(const struct pool_page *page, u32 i)
{
	const struct dma_pool *pool = page->pool;

	dma_debug_dev_err(pool->machine, pool->dev ? pool->dev->dev : NULL, "dma_pool_alloc %s, %016lx (corrupted)",
			  pool->name, (unsigned long)(page->cpu + pool_block_start(pool, i)));
}

static inline void *allocate(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle, const char *function, void *frame)
{
	struct dmasim_machine *m = pool->machine;
	struct pool_page *page;
	struct pool_block *b;
	u64 start;
	u32 slot, i;

	if (k_unlikely(!pool->free) && !refill(pool, gfp, function, frame))
		return NULL;
	slot = pool->free - 1;
	i = slot % POOL_SLOTS;
	page = pool_page_of(pool, slot);
	b = &page->blocks[i];
	if ((pool->poison || pool->stride != pool->asked) && k_unlikely(!pool_check_block(page, i)))
		say_corrupted(page, i);
	pool->free = b->next;
	b->state = BLOCK_LIVE;
	if (k_unlikely(b->told & BLOCK_DAMAGED))
		pool_mend_tail(page, i);
	b->told = 0;
	if (k_likely(m->checks)) {
		b->allocated = stack_capture(m, frame);
		b->allocated_time = sim_now(m->hw);
	}
	page->live++;
	pool->made++;
	if (++pool->live > pool->peak)
		pool->peak = pool->live;
	start = pool_block_start(pool, i);
	if (gfp & __GFP_ZERO)
		memset(page->ram + start, 0, pool->asked);
	else if (pool->poison)
		memset(page->ram + start, POOL_FRESH_BYTE, pool->asked);
	*handle = page->bus + start;
	return page->cpu + start;
}

static __attribute__((__noinline__, __cold__)) bool no_handle(struct dmasim_machine *m, struct dma_pool *pool,
							      const char *function)
{
	struct finding f = {.rule = "map-bad-address", .dev = pool->dev->dev, .act_verb = "allocate"};

	finding_more(&f, "call", "%s() with nowhere to put the handle", function);
	dma_report(m, &f);
	return false;
}

static inline bool may_allocate(struct dmasim_machine *m, struct dma_pool *pool, gfp_t gfp, const dma_addr_t *handle,
				const char *function)
{
	if (k_unlikely(k_model_call(m, function)))
		return false;
	if (k_unlikely(m->unsettled))
		check_settle(m); /* before the bytes change */
	if (gfp & __GFP_DIRECT_RECLAIM)
		k_might_sleep(m, function);
	if (k_unlikely(!pool_is_one(m, pool) || pool->state != POOL_ALIVE))
		return pool_is_usable(m, pool, function, "allocate");
	return k_likely(handle != NULL) || no_handle(m, pool, function);
}

void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	struct dmasim_machine *m = k_machine("dma_pool_alloc");

	STACK_ENTER();
	if (k_unlikely(!m) || k_unlikely(!may_allocate(m, pool, gfp, handle, "dma_pool_alloc")) ||
	    k_fails(m, "dma_pool_alloc", NULL))
		return NULL;
	return allocate(pool, gfp, handle, "dma_pool_alloc", __builtin_frame_address(0));
}

void *dma_pool_zalloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	struct dmasim_machine *m = k_machine("dma_pool_zalloc");

	STACK_ENTER();
	if (k_unlikely(!m) || k_unlikely(!may_allocate(m, pool, gfp, handle, "dma_pool_zalloc")) ||
	    k_fails(m, "dma_pool_zalloc", "dma_pool_alloc"))
		return NULL;
	return allocate(pool, gfp | __GFP_ZERO, handle, "dma_pool_zalloc", __builtin_frame_address(0));
}

/* ---- public names of creation ---- */

struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align, size_t boundary)
{
	struct dmasim_device_private *p = k_device(dev, "dma_pool_create");

	STACK_ENTER();
	if (!p || k_fails(p->machine, "dma_pool_create", NULL))
		return NULL;
	return create(p, name, size, align, boundary, NUMA_NO_NODE, "dma_pool_create");
}

struct dma_pool *dma_pool_create_node(const char *name, struct device *dev, size_t size, size_t align, size_t boundary,
				      int node)
{
	struct dmasim_device_private *p = k_device(dev, "dma_pool_create_node");

	STACK_ENTER();
	if (!p || k_fails(p->machine, "dma_pool_create_node", "dma_pool_create"))
		return NULL;
	return create(p, name, size, align, boundary, node, "dma_pool_create_node");
}

/* The driver is unbound. */
static void release(struct device *dev, void *data)
{
	(void)dev;
	dma_pool_end(data, "release of dmam_pool_create", __builtin_frame_address(0));
}

struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align, size_t allocation)
{
	struct dmasim_device_private *p = k_device(dev, "dmam_pool_create");
	struct dma_pool *pool;

	STACK_ENTER();
	if (!p || k_fails(p->machine, "dmam_pool_create", "dma_pool_create"))
		return NULL;
	pool = create(p, name, size, align, allocation, NUMA_NO_NODE, "dmam_pool_create");
	if (!pool)
		return NULL;
	if (k_devres_add(dev, release, pool)) {
		dma_pool_end(pool, "dmam_pool_create", __builtin_frame_address(0));
		return NULL;
	}
	pool->managed = true;
	return pool;
}

void dma_pool_destroy(struct dma_pool *pool)
{
	struct dmasim_machine *m = k_machine("dma_pool_destroy");

	STACK_ENTER();
	if (!m || !pool || k_model_call(m, "dma_pool_destroy"))
		return;
	k_might_sleep(m, "dma_pool_destroy");
	if (!pool_is_usable(m, pool, "dma_pool_destroy", "destroy"))
		return;
	if (pool->managed) {
		struct finding f = {.rule = "pool-wrong-pool", .dev = pool->dev->dev, .act_verb = "destroy"};

		f.mapped = pool->created;
		f.mapped_time = pool->created_time;
		f.mapped_verb = "created";
		finding_more(&f, "managed",
			     "pool %s was made by dmam_pool_create(): dma_pool_destroy() leaves it on the "
			     "device's list, and it is destroyed again when the driver is unbound",
			     pool->name);
		dma_report(m, &f);
		k_devres_remove(pool->dev->dev, release, pool);
	}
	dma_pool_end(pool, "dma_pool_destroy", __builtin_frame_address(0));
}

void dmam_pool_destroy(struct dma_pool *pool)
{
	struct dmasim_machine *m = k_machine("dmam_pool_destroy");

	STACK_ENTER();
	if (!m || k_model_call(m, "dmam_pool_destroy"))
		return;
	if (!pool) {
		k_no_object("dmam_pool_destroy", "pool"); /* the kernel looks into it for its device */
		return;
	}
	k_might_sleep(m, "dmam_pool_destroy");
	if (!pool_is_usable(m, pool, "dmam_pool_destroy", "destroy"))
		return;
	if (!k_devres_remove(pool->dev->dev, release, pool)) {
		struct finding f = {.rule = "pool-wrong-pool", .dev = pool->dev->dev, .act_verb = "destroy"};

		f.mapped = pool->created;
		f.mapped_time = pool->created_time;
		f.mapped_verb = "created";
		finding_more(&f, "managed", "dmam_pool_destroy() takes only what dmam_pool_create() gave");
		dma_report(m, &f);
	}
	dma_pool_end(pool, "dmam_pool_destroy", __builtin_frame_address(0));
}
