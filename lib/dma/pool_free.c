// SPDX-License-Identifier: MIT
/*
 * dma_pool, the way back: freeing blocks, destroying pools, and what to say when it is done wrongly.
 *
 * A free names its block twice, by pointer and by handle. Where both name one live block of the pool it goes back;
 * everything else is looked into slowly: which block, of which pool, does each half name? Then the block that the driver
 * surely meant is freed, in its own pool, or none. The pointer counts for more than the handle, as in every driver that
 * keeps both in one struct and picks the handle from the wrong one. Nothing else is ever freed.
 *
 * Blocks still allocated at destroy stay, with their pages, as in the kernel; freeing them afterwards is a consequence of
 * what was reported by then, and silent.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <dmasim/machine.h>
#include <linux/dmapool.h>
#include "lib/check/phase.h"
#include "lib/check/dma_debug.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/pool.h"

bool pool_is_usable(struct dmasim_machine *m, const struct dma_pool *pool, const char *function, const char *verb)
{
	struct finding f = {.rule = "pool-use-after-destroy", .act_verb = verb};

	if (!pool) {
		k_no_object(function, "pool");
		return false;
	}
	if (!pool_is_one(m, pool)) {
		finding_more(&f, "pool", "%s() was given %p, which is no pool of this machine", function,
			     (const void *)pool);
		dma_report(m, &f);
		return false;
	}
	if (pool->state == POOL_ALIVE)
		return true;
	if (pool->state == POOL_ORPHAN) /* the device went before the pool, which has been told */
		return false;
	f.dev = pool->dev ? pool->dev->dev : NULL;
	f.mapped = pool->created;
	f.mapped_time = pool->created_time;
	f.mapped_verb = "created";
	f.handed = pool->destroyed;
	f.handed_time = pool->destroyed_time;
	f.handed_by = "dma_pool_destroy";
	f.handed_to = "nobody: it was destroyed";
	f.buffer_kind = "dma pool";
	finding_more(&f, "pool", "%s, blocks of %u bytes", pool->name, pool->asked);
	dma_report(m, &f);
	return false;
}

/* ---- one block ---- */

static void rest(struct dma_pool *pool, struct pool_block *b, u32 slot)
{
	b->state = BLOCK_RESTING;
	b->next = 0;
	if (pool->rest_first) {
		pool_page_of(pool, pool->rest_last - 1)->blocks[(pool->rest_last - 1) % POOL_SLOTS].next = slot + 1;
	} else {
		pool->rest_first = slot + 1;
	}
	pool->rest_last = slot + 1;
	if (++pool->resting <= pool->machine->hw->cfg.quarantine)
		return;
	slot = pool->rest_first - 1;
	b = &pool_page_of(pool, slot)->blocks[slot % POOL_SLOTS];
	pool->rest_first = b->next;
	pool->resting--;
	b->state = BLOCK_FREE;
	b->next = pool->free;
	pool->free = slot + 1;
}

void pool_put_block(struct dma_pool *pool, struct pool_page *page, u32 i, void *frame)
{
	struct dmasim_machine *m = pool->machine;
	struct pool_block *b = &page->blocks[i];
	u32 slot = page->index * POOL_SLOTS + i;

	if (pool->stride != pool->asked)
		pool_check_block(page, i);
	if (k_likely(m->checks)) {
		b->freed = stack_capture(m, frame);
		b->freed_time = sim_now(m->hw);
	}
	if (k_unlikely(b->told & BLOCK_DAMAGED))
		pool_mend_tail(page, i);
	b->told = 0;
	page->live--;
	pool->live--;
	if (pool->poison)
		memset(page->ram + pool_block_start(pool, i), POOL_FREED_BYTE, pool->asked);
	if (k_unlikely(pool->state != POOL_ALIVE)) { /* destroyed with blocks: never handed out again */
		b->state = BLOCK_FREE;
		return;
	}
	if (k_unlikely(m->hw->cfg.quarantine)) {
		rest(pool, b, slot);
		return;
	}
	b->state = BLOCK_FREE;
	b->next = pool->free;
	pool->free = slot + 1;
}

/* A transfer in flight that uses the block, or NULL. */
static const struct sim_transfer *in_flight(const struct dma_pool *pool, const struct pool_page *page, u32 i)
{
	const struct sim_transfer *t = pool->dev ? pool->dev->master.transfers : NULL;
	dma_addr_t bus = page->bus + pool_block_start(pool, i);

	while (t && !(t->bus < bus + pool->asked && bus < t->bus + t->n))
		t = t->next;
	return t;
}

/* True if one does: reported, and what it does to the block later is a consequence. */
static __attribute__((__noinline__)) bool check_transfers(struct dma_pool *pool, struct pool_page *page, u32 i)
{
	const struct sim_transfer *t = in_flight(pool, page, i);
	struct finding f = {.rule = "unmap-while-dma-active", .act_verb = "free"};

	if (!t)
		return false;
	pool_finding(&f, page, i, 0, pool->asked);
	finding_more(&f, "transfer", "the device %s %zu bytes at bus 0x%llx, started at %llu ns, not finished",
		     t->write ? "writes" : "reads", t->n, t->bus, (unsigned long long)t->started);
	dma_report(pool->machine, &f);
	return true;
}

/* ---- wrong frees ---- */

/* What an address is among all pools of the machine. page NULL: in none. */
struct named {
	struct dma_pool *pool;
	struct pool_page *page;
	u32 block;
	u64 off; /* in the block */
};

static bool is_block(const struct named *n)
{
	return n->page && !n->off;
}

static bool is_live(const struct named *n)
{
	return is_block(n) && n->page->blocks[n->block].state == BLOCK_LIVE;
}

/* By pointer, or by handle of the pool's device (dev). */
static struct named look_up(struct dmasim_machine *m, const struct dmasim_device_private *dev, const char *cpu,
			    dma_addr_t bus, bool by_cpu)
{
	struct pools *s = m->dma->pools;

	for (u32 k = 0; s && k < s->used; k++) {
		struct dma_pool *pool = &s->all[k];

		if (pool->state == POOL_ORPHAN || (!by_cpu && pool->dev != dev))
			continue;
		for (u32 i = 0; i < pool->nr_pages; i++) {
			struct pool_page *page = pool->pages[i];
			u64 off;

			if (!page)
				continue;
			off = by_cpu ? (u64)((uintptr_t)cpu - (uintptr_t)page->cpu) : bus - page->bus;
			if (off < pool->allocation) {
				u32 b = pool_block_at(pool, off);

				return (struct named){pool, page, b, off - pool_block_start(pool, b)};
			}
		}
	}
	return (struct named){.pool = NULL};
}

static void more_part(struct finding *f, const char *label, const struct named *n)
{
	static const char *const states[] = {"not handed out yet", "allocated", "freed", "freed"};
	char site[96] = "";

	if (!n->page) {
		finding_more(f, label, "in no page of a pool");
		return;
	}
	if (n->page->blocks[n->block].state == BLOCK_LIVE)
		pool_site(n->pool->machine, n->page->blocks[n->block].allocated, site, sizeof(site));
	finding_more(f, label, "+%llu in the block at bus 0x%llx of pool %s, %s%s%s", n->off,
		     n->page->bus + pool_block_start(n->pool, n->block), n->pool->name,
		     states[n->page->blocks[n->block].state], *site ? " at " : "", site);
}

static bool same(const struct named *a, const struct named *b)
{
	return a->page && a->page == b->page && a->block == b->block && a->off == b->off;
}

/* As the kernel says it, which looks by the handle; but for the first, if it debugs slabs. */
static void say_wrong_free(struct dma_pool *pool, const void *cpu, dma_addr_t bus)
{
	const struct device *dev = pool->dev ? pool->dev->dev : NULL;
	struct pool_page *page = pool_find_page(pool, bus);
	u64 off = page ? bus - page->bus : 0;
	u32 i = page ? pool_block_at(pool, off) : 0;

	if (!page)
		dma_debug_dev_err(pool->machine, dev, "dma_pool_free %s, %016lx/0x%016llx (bad dma)", pool->name,
				  (unsigned long)cpu, bus);
	else if ((const char *)cpu != page->cpu + off)
		dma_debug_dev_err(pool->machine, dev, "dma_pool_free %s, %016lx (bad vaddr)/0x%016llx", pool->name,
				  (unsigned long)cpu, bus);
	else if (off == pool_block_start(pool, i) && page->blocks[i].state != BLOCK_LIVE)
		dma_debug_dev_err(pool->machine, dev, "dma_pool_free %s, dma 0x%016llx already free", pool->name, bus);
}

/* The call does not name one live block of the pool, twice. */
static __attribute__((__noinline__, __cold__)) void wrong_free(struct dma_pool *pool, const void *cpu, dma_addr_t bus,
							       void *frame)
{
	struct dmasim_machine *m = pool->machine;
	struct named by_cpu = look_up(m, NULL, cpu, 0, true), by_bus = look_up(m, pool->dev, NULL, bus, false);
	struct finding f = {.rule = "pool-wrong-pool", .act_verb = "free"};
	struct named *meant = NULL;
	bool pair;

	if (pool->state == POOL_ALIVE)
		say_wrong_free(pool, cpu, bus);
	/* Another device's pool: its handles may be equal to ours by chance. */
	if (by_cpu.page && by_cpu.pool->dev != pool->dev)
		by_bus = look_up(m, by_cpu.pool->dev, NULL, bus, false);
	pair = same(&by_cpu, &by_bus);
	if (is_live(&by_cpu))
		meant = &by_cpu;
	else if (!is_block(&by_cpu) && is_live(&by_bus))
		meant = &by_bus;
	if (pair && is_live(&by_cpu) && by_cpu.pool->state == POOL_DESTROYED && by_cpu.pool == pool) {
		pool_put_block(pool, by_cpu.page, by_cpu.block, frame); /* told at destroy */
		return;
	}
	if (by_cpu.pool && by_cpu.pool == pool && pool->state == POOL_DESTROYED)
		return;
	if (!by_cpu.page && !by_bus.page) {
		f.rule = "pool-free-unknown";
		f.dev = pool->dev ? pool->dev->dev : NULL;
		f.cpu = cpu;
		f.bus = bus;
		f.has_bus = true;
		finding_more(&f, "pool", "%s, blocks of %u bytes", pool->name, pool->asked);
		finding_more(&f, "call", "dma_pool_free() of %p, handle 0x%llx: in no page of a pool", cpu, bus);
		dma_report(m, &f);
		return;
	}
	if (meant) {
		pool_finding(&f, meant->page, meant->block, 0, meant->pool->asked);
		if (meant->pool != pool)
			finding_more(&f, "given", "to pool %s, blocks of %u bytes", pool->name, pool->asked);
		if (!pair) {
			more_part(&f, "pointer", &by_cpu);
			more_part(&f, "handle", &by_bus);
		}
		dma_report(m, &f);
		pool_put_block(meant->pool, meant->page, meant->block, frame);
		return;
	}
	meant = by_cpu.page ? &by_cpu : &by_bus;
	f.rule = is_block(meant) && meant->page->blocks[meant->block].state != BLOCK_NEW ? "pool-double-free"
											 : "pool-free-unknown";
	pool_finding(&f, meant->page, meant->block, meant->off, meant->pool->asked);
	if (!is_block(meant))
		finding_more(&f, "address", "+%llu in the block, not its start", meant->off);
	if (meant->pool != pool)
		finding_more(&f, "given", "to pool %s, blocks of %u bytes", pool->name, pool->asked);
	if (!pair) {
		more_part(&f, "pointer", &by_cpu);
		more_part(&f, "handle", &by_bus);
	}
	meant->page->blocks[meant->block].told |= BLOCK_TOLD_FREE;
	dma_report(m, &f);
}

void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t addr)
{
	struct dmasim_machine *m = k_machine("dma_pool_free");
	struct pool_page *page;
	bool active;
	u64 off;
	u32 i;

	STACK_ENTER();
	if (k_unlikely(!m) || k_unlikely(k_model_call(m, "dma_pool_free")))
		return;
	if (k_unlikely(m->unsettled))
		check_settle(m); /* before the bytes change */
	if (k_unlikely(!pool_is_one(m, pool) || pool->state != POOL_ALIVE)) {
		if (pool_is_one(m, pool) && pool->state == POOL_DESTROYED && pool->told && pool->live)
			wrong_free(pool, vaddr, addr, __builtin_frame_address(0));
		else
			pool_is_usable(m, pool, "dma_pool_free", "free");
		return;
	}
	page = pool_find_page(pool, addr);
	if (k_unlikely(!page))
		goto wrong;
	off = addr - page->bus;
	i = pool_block_at(pool, off);
	if (k_unlikely(page->blocks[i].state != BLOCK_LIVE || off != pool_block_start(pool, i) ||
		       (char *)vaddr != page->cpu + off))
		goto wrong;
	active = k_unlikely(pool->dev->master.transfers != NULL) && check_transfers(pool, page, i);
	pool_put_block(pool, page, i, __builtin_frame_address(0));
	if (k_unlikely(active))
		page->blocks[i].told |= BLOCK_TOLD_DEVICE | BLOCK_DAMAGED;
	return;
wrong:
	wrong_free(pool, vaddr, addr, __builtin_frame_address(0));
}

/* ---- destroy ---- */

static void report_busy(struct dma_pool *pool)
{
	struct finding f = {.rule = "pool-busy-at-destroy", .act_verb = "destroy"};
	struct {
		stack_id at;
		u32 n;
	} sites[4] = {{0, 0}};
	u64 busy = 0, others = 0;
	char site[96];

	for (u32 k = 0; k < pool->nr_pages; k++) {
		struct pool_page *page = pool->pages[k];

		if (page && page->live)
			dma_debug_dev_err(pool->machine, pool->dev ? pool->dev->dev : NULL,
					  "dma_pool_destroy %s, %016lx busy", pool->name, (unsigned long)page->cpu);
		for (u32 i = 0; page && i < pool->per_page; i++) {
			struct pool_block *b = &page->blocks[i];
			unsigned int s = 0;

			if (b->state != BLOCK_LIVE || b->told & BLOCK_TOLD_FREE)
				continue;
			if (!busy++)
				pool_finding(&f, page, i, 0, pool->asked);
			while (s < 4 && sites[s].n && sites[s].at != b->allocated)
				s++;
			if (s < 4) {
				sites[s].at = b->allocated;
				sites[s].n++;
			} else {
				others++;
			}
		}
	}
	pool->told = true;
	if (!busy)
		return; /* their wrong frees have been told */
	for (unsigned int s = 0; s < 4 && sites[s].n; s++) {
		pool_site(pool->machine, sites[s].at, site, sizeof(site));
		if (s == 3 && others)
			finding_more(&f, "blocks", "%u allocated at %s, %llu elsewhere", sites[s].n, site, others);
		else
			finding_more(&f, "blocks", "%u allocated at %s", sites[s].n, site);
	}
	finding_more(&f, "busy", "%llu in all, the first is shown; their pages stay", busy);
	dma_report(pool->machine, &f);
}

void dma_pool_end(struct dma_pool *pool, const char *function, void *frame)
{
	if (pool->state != POOL_ALIVE)
		return;
	check_settle(pool->machine);
	if (pool->live)
		report_busy(pool);
	for (u32 i = 0; i < pool->nr_pages; i++)
		if (!pool->pages[i]->live)
			pool_drop_page(pool, i, function, frame);
	pool->state = POOL_DESTROYED;
	pool->free = pool->rest_first = pool->resting = 0;
	pool->destroyed = stack_capture(pool->machine, frame);
	pool->destroyed_time = sim_now(pool->machine->hw);
}

void dma_pools_exit(struct dmasim_machine *m)
{
	struct pools *s = m->dma->pools;
	u64 made = 0, peak = 0;

	if (!s)
		return;
	for (u32 k = 0; k < s->used; k++) {
		made += s->all[k].made;
		peak += s->all[k].peak;
		for (u32 i = 0; i < s->all[k].nr_pages; i++)
			if (s->all[k].pages[i])
				free(s->all[k].pages[i]->blocks);
		for (struct pool_chunk *c = s->all[k].chunks, *next; c; c = next) {
			next = c->next;
			free(c);
		}
		free(s->all[k].pages);
		free(s->all[k].hash);
	}
	m->hooks.fact(m, "dma_pools made", s->used);
	m->hooks.fact(m, "pool blocks allocated", made);
	m->hooks.fact(m, "pool blocks allocated at most, pool by pool", peak);
	munmap(s->all, MAX_POOLS * sizeof(*s->all));
	free(s);
	m->dma->pools = NULL;
}

/* ---- statistics ---- */

size_t dmasim_dump_pools(struct device *dev, char *buf, size_t size)
{
	struct dmasim_machine *m = k_machine("dmasim_dump_pools");
	struct pools *s = m && m->dma ? m->dma->pools : NULL;
	size_t len;

	if (!buf)
		size = 0;
	if (!m)
		return 0;
	len = (size_t)snprintf(buf, size, "poolinfo - 0.1\n");
	for (u32 k = 0; s && k < s->used; k++) {
		const struct dma_pool *pool = &s->all[k];
		u32 pages = 0;

		if (pool->state != POOL_ALIVE || (dev && pool->dev->dev != dev))
			continue;
		for (u32 i = 0; i < pool->nr_pages; i++)
			pages += pool->pages[i] != NULL;
		/* name, blocks in use, blocks there are room for, bytes of a block, pages */
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
					"%-16s %4llu %4llu %4u %2u\n", pool->name, pool->live,
					(u64)pages * pool->per_page, pool->rounded, pages);
	}
	return len;
}

void pool_check(const struct dma_pool *pool)
{
	u64 live = 0, listed = 0, slots = 0, resting = 0;

	for (u32 k = 0; k < pool->nr_pages; k++) {
		const struct pool_page *page = pool->pages[k];
		u32 on_page = 0;

		if (!page)
			continue;
		assert(page->pool == pool && page->index == k && pool_find_page(pool, page->bus) == page);
		slots += pool->per_page;
		for (u32 i = 0; i < pool->per_page; i++) {
			u64 start = pool_block_start(pool, i);

			assert(start + pool->asked <= pool->allocation && pool_block_at(pool, start) == i);
			assert(start % pool->align == 0);
			assert(start / pool->window == (start + pool->asked - 1) / pool->window);
			on_page += page->blocks[i].state == BLOCK_LIVE;
		}
		assert(on_page == page->live);
		live += on_page;
	}
	for (u32 s = pool->free; s; listed++) {
		const struct pool_block *b = &pool_page_of(pool, s - 1)->blocks[(s - 1) % POOL_SLOTS];

		assert(b->state == BLOCK_FREE || b->state == BLOCK_NEW);
		s = b->next;
	}
	for (u32 s = pool->rest_first; s; resting++) {
		const struct pool_block *b = &pool_page_of(pool, s - 1)->blocks[(s - 1) % POOL_SLOTS];

		assert(b->state == BLOCK_RESTING);
		s = b->next;
	}
	assert(live == pool->live && resting == pool->resting && listed + resting + live == slots);
}
