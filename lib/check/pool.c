// SPDX-License-Identifier: MIT
/*
 * Rules of what may touch the blocks of a dma_pool.
 *
 * A pool's page is one extent; here the block is found by arithmetic and its state asked. Bytes of a live block may be
 * touched from inside it only: what alignment leaves behind it, a free block, and a burst that runs from one block into
 * the next are mistakes, although the page is mapped and on real hardware the bytes would move. An access to a free
 * block is told who freed it; one to a block that was never handed out must have come from the live block before it.
 *
 * Weakness: an access that lies wholly in another live block is that block's, wherever its address was computed from.
 */
#include <stdio.h>
#include <string.h>
#include "lib/check/extent.h"
#include "lib/check/phase.h"
#include "lib/check/pool.h"
#include "lib/check/report.h"
#include "lib/core/stack.h"

void pool_site(struct dmasim_machine *m, stack_id stack, char *buf, size_t size)
{
	struct stack_lines lines;

	report_stack_lines(m, stack, &lines);
	if (lines.nr && lines.lines[0].file)
		snprintf(buf, size, "%s:%d", lines.lines[0].file, lines.lines[0].line);
	else if (lines.nr && lines.lines[0].function)
		snprintf(buf, size, "%s()", lines.lines[0].function);
	else
		snprintf(buf, size, "an unknown place");
}

void pool_finding(struct finding *f, const struct pool_page *page, u32 i, u64 off, size_t n)
{
	const struct dma_pool *pool = page->pool;
	const struct pool_block *b = &page->blocks[i];
	u64 start = pool_block_start(pool, i);

	f->dev = pool->dev ? pool->dev->dev : NULL;
	if (!f->dev)
		f->device_name = "a device that is gone";
	f->bus = page->bus + start + off;
	f->has_bus = true;
	f->cpu = page->cpu + start + off;
	f->phys = page->phys + start + off;
	f->has_phys = true;
	f->buffer_kind = "pool block";
	f->buffer_size = pool->asked;
	f->offset = off;
	f->size = n;
	if (b->state != BLOCK_NEW) {
		f->mapped = b->allocated;
		f->mapped_time = b->allocated_time;
		f->mapped_verb = "allocated";
	}
	if (b->state == BLOCK_FREE || b->state == BLOCK_RESTING) {
		f->handed = b->freed;
		f->handed_time = b->freed_time;
		f->handed_by = "dma_pool_free";
		f->handed_to = "the pool";
	}
	finding_more(f, "pool", "%s, blocks of %u bytes", pool->name, pool->asked);
}

void pool_describe(const struct pool_page *page, u64 off, char *buf, size_t size)
{
	static const char *const states[] = {
		[BLOCK_NEW] = "a block not handed out yet",
		[BLOCK_LIVE] = "a block that is allocated",
		[BLOCK_RESTING] = "a freed block",
		[BLOCK_FREE] = "a freed block",
	};
	const struct dma_pool *pool = page->pool;
	u32 i = pool_block_at(pool, off);
	u64 at = off - pool_block_start(pool, i);
	char site[96] = "";

	if (off >= pool->allocation) {
		snprintf(buf, size, "the end of the pool's page");
	} else if (at >= pool->asked) {
		snprintf(buf, size, "padding, %llu bytes behind the block", at - pool->asked);
	} else {
		if (page->blocks[i].state == BLOCK_LIVE)
			pool_site(pool->machine, page->blocks[i].allocated, site, sizeof(site));
		snprintf(buf, size, "+%llu in %s, bus 0x%llx%s%s", at, states[page->blocks[i].state],
			 page->bus + pool_block_start(pool, i), *site ? ", allocated at " : "", site);
	}
}

/* Poison and red zones of every block that [off, off + n) touches say nothing new. */
static void damaged(struct pool_page *page, u64 off, u64 n)
{
	u64 end = off + n < page->pool->allocation ? off + n : page->pool->allocation;

	if (off >= end)
		return;
	for (u32 i = pool_block_at(page->pool, off), last = pool_block_at(page->pool, end - 1); i <= last; i++)
		page->blocks[i].told |= BLOCK_DAMAGED;
}

/* The live block before i, from which an access that went too far may have come; or i itself, or -1. */
static int from_block(const struct pool_page *page, u32 i)
{
	if (page->blocks[i].state == BLOCK_LIVE)
		return (int)i;
	return i && page->blocks[i].state == BLOCK_NEW && page->blocks[i - 1].state == BLOCK_LIVE ? (int)i - 1 : -1;
}

/* What an access is called that begins at off: rule, the block to name, and where in it the wrong bytes begin. */
struct verdict {
	const char *rule;
	u32 block;
	u64 at; /* in that block */
	u64 ok; /* bytes before the first wrong one */
};

static struct verdict judge(const struct pool_page *page, u64 off, u64 n, const char *beyond, const char *freed,
			    const char *nothing)
{
	const struct dma_pool *pool = page->pool;
	u32 i = pool_block_at(pool, off);
	u64 at = off - pool_block_start(pool, i);
	int from = from_block(page, i);

	(void)n;
	if (from >= 0) {
		bool inside = (u32)from == i && at < pool->asked;

		return (struct verdict){beyond, (u32)from,
					inside ? pool->asked : off - pool_block_start(pool, (u32)from),
					inside ? pool->asked - at : 0};
	}
	return (struct verdict){page->blocks[i].state == BLOCK_NEW ? nothing : freed, i, at, 0};
}

size_t pool_device_wrong(struct dmasim_machine *m, struct pool_page *page, struct finding *f, u64 off, size_t n,
			 bool write, bool quiet)
{
	struct verdict v =
		judge(page, off, n, "device-out-of-bounds", "device-access-after-unmap", "device-access-unmapped");
	struct pool_block *b = &page->blocks[v.block];
	struct device *dev = f->dev;
	char what[160];

	if (write)
		damaged(page, off + v.ok, n - v.ok);
	if (quiet || b->told & BLOCK_TOLD_DEVICE)
		return v.ok;
	b->told |= BLOCK_TOLD_DEVICE;
	f->rule = v.rule;
	pool_finding(f, page, v.block, v.at, n - v.ok);
	f->dev = dev;
	finding_more(f, "burst", "the device %s %zu bytes from bus 0x%llx", write ? "writes" : "reads", n,
		     page->bus + off);
	if (b->state == BLOCK_LIVE) {
		pool_describe(page, off + v.ok, what, sizeof(what));
		finding_more(f, "hits", "%s", what);
	}
	check_found(m->check, f);
	return v.ok;
}

void pool_cpu_wrong(struct dmasim_machine *m, struct pool_page *page, u64 off, size_t n, bool write, stack_id act)
{
	struct verdict v = judge(page, off, n, "pool-overrun", "pool-use-after-free", "pool-overrun");
	struct pool_block *b = &page->blocks[v.block];
	struct finding f = {.rule = v.rule, .act = act, .act_verb = write ? "write" : "read"};
	u64 wrong = off + v.ok;
	char what[160];

	if (write)
		damaged(page, wrong, n - v.ok);
	if (b->told & BLOCK_TOLD_CPU)
		return;
	b->told |= BLOCK_TOLD_CPU;
	pool_finding(&f, page, v.block, v.at, n - v.ok);
	if (b->state == BLOCK_LIVE) {
		pool_describe(page, wrong, what, sizeof(what));
		finding_more(&f, "hits", "%s", what);
	}
	if (wrong >= page->pool->allocation) {
		check_found(m->check, &f);
		return;
	}
	f.nr_value = n - v.ok < 16 ? n - v.ok : 16;
	if (f.nr_value > page->pool->allocation - wrong)
		f.nr_value = page->pool->allocation - wrong;
	f.old_value = page->ram + wrong;
	if (write)
		check_found_later(m->check, &f, page->phys + wrong, f.nr_value);
	else
		check_found(m->check, &f);
}

void pool_found_damage(struct dmasim_machine *m, struct pool_page *page, u32 i, u64 from, u64 to)
{
	const struct dma_pool *pool = page->pool;
	const struct pool_block *b = &page->blocks[i];
	u64 start = pool_block_start(pool, i), at = from - start;
	u8 expected = at < pool->asked ? POOL_FREED_BYTE : POOL_ZONE_BYTE, was[8], now[8];
	bool freed = at < pool->asked && (b->state == BLOCK_FREE || b->state == BLOCK_RESTING);
	struct finding f = {
		.rule = freed ? "pool-use-after-free" : "pool-overrun",
		.act_verb = "write",
		.interval = true,
	};
	u32 named = i;

	if (!m->checks)
		return;
	while (to > from + 1 && page->ram[to - 1] == expected)
		to--;
	/* A block that was never handed out: whoever wrote there came from the one before. */
	if (at < pool->asked && b->state == BLOCK_NEW && i && page->blocks[i - 1].state != BLOCK_NEW)
		named = i - 1;
	pool_finding(&f, page, named, from - pool_block_start(pool, named), to - from);
	f.nr_value = to - from < 8 ? to - from : 8;
	memset(was, expected, sizeof(was));
	memcpy(now, page->ram + from, f.nr_value);
	f.old_value = was;
	f.new_value = now;
	if (freed && i && page->blocks[i - 1].state == BLOCK_LIVE && at == 0) {
		char site[96];

		pool_site(m, page->blocks[i - 1].allocated, site, sizeof(site));
		finding_more(&f, "or", "overrun by the block before it, allocated at %s", site);
	}
	check_found(m->check, &f);
}

/* ---- the tracker's side ---- */

void track_pool_page(struct dmasim_machine *m, struct pool_page *page)
{
	struct check *c = m->check;
	struct extent *e = NULL;

	if (!c)
		return;
	while ((e = extent_exact(c, page->pool->dev->id, page->bus, e)))
		if (e->kind == EXTENT_POOL && e->more) {
			extent_more(c, e)->pool_page = page;
			return;
		}
}

/* Is there anything left of it? */
static bool can_leak(const struct dma_pool *pool)
{
	return pool->state == POOL_ALIVE || (pool->state == POOL_DESTROYED && pool->live);
}

void track_pool(struct dmasim_machine *m, struct dma_pool *pool)
{
	struct dma_pool **link;

	if (!m->check)
		return;
	for (link = &m->check->pools; *link;) {
		if (can_leak(*link))
			link = &(*link)->next;
		else
			*link = (*link)->next;
	}
	*link = pool;
}

size_t track_pool_leaks(struct dmasim_machine *m, const struct device *dev, bool gone)
{
	struct dma_pool **link = &m->check->pools, *pool;
	size_t n = 0;

	while ((pool = *link)) {
		struct finding f = {.rule = "pool-leak", .act_verb = "release"};

		if (!can_leak(pool)) {
			*link = pool->next;
			continue;
		}
		link = &pool->next;
		if (dev && (!pool->dev || pool->dev->dev != dev))
			continue;
		n++;
		if (!pool->told) {
			pool->told = true;
			f.dev = pool->dev ? pool->dev->dev : NULL;
			f.buffer_kind = "dma pool";
			f.mapped = pool->created;
			f.mapped_time = pool->created_time;
			f.mapped_verb = "created";
			finding_more(&f, "pool", "%s, blocks of %u bytes, %llu of them allocated", pool->name,
				     pool->asked, pool->live);
			check_found(m->check, &f);
		}
		if (gone) {
			pool->dev = NULL;
			pool->state = POOL_ORPHAN;
		}
	}
	return n;
}
