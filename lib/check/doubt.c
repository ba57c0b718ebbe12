// SPDX-License-Identifier: MIT
/*
 * Lints: what is legal, or works on this machine, and is doubtful all the same.
 *
 * Two kinds. lint=on asks for what is tidier another way on any machine. portability=on asks what works only because
 * this machine is as it is: coherent, without IOMMU and bounce buffers, with memory below every mask. Errors that a
 * machine hides are no lints: they are reported everywhere. What is left are habits, and things that this run cannot
 * tell because the machine never put them to the test; those are listed in the summary as untested.
 *
 * Cost: nothing where neither is asked for.
 * Weakness: who else uses the rest of a cache line is not known, only that there is a rest.
 */
#include "lib/check/doubt.h"
#include "lib/check/report.h"
#include "lib/check/sg_list.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

#define LINE	     64		   /* the least that machines with caches to maintain have */
#define BOUNCE_LIMIT (256UL << 10) /* the longest piece that bounce buffers take */
#define SMALL_BLOCKS 16		   /* coherent blocks of at most half a page that a device may have alive */

static bool device_may_write(const struct extent *e)
{
	return e->dir == DMA_FROM_DEVICE || e->dir == DMA_BIDIRECTIONAL;
}

static struct finding doubt(struct check *c, struct extent *e, const char *rule, stack_id act, const char *verb, u64 lo,
			    u64 hi)
{
	struct finding f = {.rule = rule, .act = act, .act_verb = verb};

	finding_of(c, &f, e, lo, hi, NULL);
	return f;
}

/* ---- maps ---- */

/* Bytes of the same allocation on the first or last line: when they are written, the line is. */
static void shares_a_line(struct check *c, struct extent *e, stack_id act)
{
	u64 end = e->phys + e->size, before = 0, behind = 0;
	struct mm_object o;
	struct finding f;

	mm_object_at(c->m, e->phys, &o);
	if (o.state != MM_ALLOCATED)
		return;
	if (e->phys & (LINE - 1) && e->phys > o.start)
		before = e->phys - o.start < (e->phys & (LINE - 1)) ? e->phys - o.start : e->phys & (LINE - 1);
	if (end & (LINE - 1) && end < o.start + o.size)
		behind = LINE - (end & (LINE - 1));
	if (behind > o.start + o.size - end)
		behind = o.start + o.size - end;
	if (!before && !behind)
		return;
	f = doubt(c, e, "cache-line-shared", act, "map", 0, e->size);
	if (before)
		finding_more(&f, "before", "%llu bytes of the same %s on the first line of %d bytes",
			     (unsigned long long)before, o.kind, LINE);
	if (behind)
		finding_more(&f, "behind", "%llu bytes of the same %s on the last line of %d bytes",
			     (unsigned long long)behind, o.kind, LINE);
	check_found(c, &f);
}

static void leaves_its_block(struct check *c, struct extent *e, stack_id act)
{
	struct mm_object o;
	struct finding f;

	mm_object_at(c->m, e->phys, &o);
	/* entries of lists are joined where pages are neighbours: sg_alloc_table_from_pages() does it itself */
	if (e->kind == EXTENT_SG || o.state != MM_ALLOCATED || o.start + o.size >= e->phys + e->size)
		return;
	f = doubt(c, e, "map-across-blocks", act, "map", o.start + o.size - e->phys, e->size);
	finding_more(&f, "memory", "the first %s of %zu bytes ends at +%llu; the next is another's that lies there now",
		     o.kind, o.size, (unsigned long long)(o.start + o.size - e->phys));
	check_found(c, &f);
}

static bool small_block(const struct extent *e)
{
	return e->kind == EXTENT_COHERENT && e->size <= SIM_PAGE_SIZE / 2;
}

static void count_small_block(struct check *c, struct extent *e, stack_id act)
{
	struct dmasim_device_private *dev = check_device(c, e->dev);
	struct finding f;

	if (!dev || ++dev->small_blocks < SMALL_BLOCKS || dev->small_blocks_told)
		return;
	dev->small_blocks_told = true;
	f = doubt(c, e, "coherent-many-small", act, "allocate", 0, e->size);
	finding_more(&f, "blocks", "%u of at most %d bytes live; each takes a page or more", dev->small_blocks,
		     (int)SIM_PAGE_SIZE / 2);
	check_found(c, &f);
}

void doubt_map(struct check *c, struct extent *e, stack_id act)
{
	const struct sim_config *cfg = &c->m->hw->cfg;
	struct dmasim_device_private *dev = check_device(c, e->dev);
	u64 mask = dev && dev->dev->dma_mask ? *dev->dev->dma_mask : 0;

	if (e->bus + e->size - 1 > c->highest_bus)
		c->highest_bus = e->bus + e->size - 1;
	if (mask > c->widest_mask)
		c->widest_mask = mask;
	if (cfg->lint && small_block(e))
		count_small_block(c, e, act);
	if (!cfg->portability || !extent_is_streaming(e))
		return;
	if (device_may_write(e) && !(e->attrs & ATTR_IGNORE_CACHELINES))
		shares_a_line(c, e, act);
	leaves_its_block(c, e, act);
	if (e->size > BOUNCE_LIMIT && dev && !dev->asked_max_mapping) {
		struct finding f = doubt(c, e, "map-too-long-to-bounce", act, "map", 0, e->size);

		finding_more(&f, "limit", "%lu bytes, less what the alignment takes", BOUNCE_LIMIT);
		check_found(c, &f);
	}
}

/* ---- hand-overs ---- */

static bool cpu_wrote(u8 state)
{
	return state & BYTE_CPU_WROTE;
}

void doubt_sync(struct check *c, struct extent *e, u64 lo, u64 hi, enum track_sync_side side, const struct stamp *by)
{
	phys_addr_t from = e->phys + lo, to = e->phys + hi;
	bool first = lo && from & (LINE - 1), last = hi < e->size && to & (LINE - 1);
	struct finding f;
	struct span s;

	if (!c->m->hw->cfg.portability)
		return;
	if (device_may_write(e) && (first || last)) {
		f = doubt(c, e, "sync-part-of-line", by->stack, "sync", lo, hi);
		finding_more(&f, "lines", "%s%s%s in the middle of a line of %d bytes", first ? "begins" : "",
			     first && last ? " and " : "", last ? "ends" : "", LINE);
		check_found(c, &f);
	}
	if (side == SYNC_FOR_DEVICE && e->dir == DMA_FROM_DEVICE && extent_find(c, e, lo, hi, cpu_wrote, &s)) {
		f = doubt(c, e, "cpu-write-of-from-device", by->stack, "sync", s.lo, s.hi);
		check_found(c, &f);
	}
}

void doubt_sync_kind(struct check *c, const struct track_op *op, struct extent *e)
{
	struct finding f = call_finding(c->m, op, "sync-wrong-kind", "sync");

	if (!c->m->hw->cfg.lint)
		return;
	finding_of(c, &f, e, 0, e->size, NULL);
	finding_more(&f, "kind", "%s() on a %s", op->function, extent_kind_name(e->kind));
	check_found(c, &f);
}

/* ---- ends ---- */

void doubt_end(struct check *c, struct extent *e, const struct stamp *by)
{
	unsigned int used = e->told & (TOLD_DEVICE_READ | TOLD_DEVICE_WRITE);
	struct dmasim_device_private *dev = check_device(c, e->dev);
	struct finding f;

	if (c->m->hw->cfg.lint && small_block(e) && dev && dev->small_blocks)
		dev->small_blocks--;
	if (!c->m->hw->cfg.lint || e->dir != DMA_BIDIRECTIONAL || !extent_is_streaming(e) || e->freed)
		return;
	if (used != TOLD_DEVICE_READ && used != TOLD_DEVICE_WRITE)
		return; /* both, or it was not used at all */
	f = doubt(c, e, "bidirectional-one-way", by->stack, "unmap", 0, e->size);
	finding_more(&f, "use", "the device only %s it", used == TOLD_DEVICE_READ ? "read" : "wrote");
	check_found(c, &f);
}

/* ---- what was not tried ---- */

void track_need_sync_asked(struct dmasim_machine *m)
{
	if (m->check)
		m->check->asked_need_sync++;
}

void doubt_summary(struct check *c)
{
	const struct sim_config *cfg = &c->m->hw->cfg;

	if (!cfg->portability || !c->made)
		return;
	if (!c->nr_failures)
		report_untested(c->m, "map calls, none of which failed: dmasim_fail_call() makes them", c->made);
	if (c->highest_bus >> 32 == 0 && c->widest_mask >> 32)
		report_untested(c->m, "mappings by a wide mask, none above 4 GiB: ram=8G has such memory", c->made);
	if (c->asked_need_sync && !cfg->need_sync_honest)
		report_untested(c->m, "answers of dma_need_sync(), all yes: need_sync=honest gives the machine's",
				c->asked_need_sync);
	if (cfg->bus_offset == 0)
		report_untested(c->m, "mappings whose bus address is the physical one: preset worst tells them apart",
				c->made);
}
