// SPDX-License-Identifier: MIT
/*
 * The check room's front: wires reports and tracker to the hardware and to the rooms below, and chooses the guards.
 *
 * With checks=off only reports exist: the bus still needs to be told what foreign memory lies behind, nothing else.
 */
#include <dmasim/machine.h>
#include "lib/check/doubt.h"
#include "lib/check/extent.h"
#include "lib/check/instrument.h"
#include "lib/check/phase.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

static void *foreign(void *soft, phys_addr_t phys, size_t *len)
{
	return mm_foreign_host(soft, phys, len);
}

/* A device's later doing is the doing of the line that set it going. */
static uint32_t cause(void *soft)
{
	return k_thread.current == soft ? stack_entry(soft) : 0;
}

static const struct sim_observer checked = {
	.cause = cause,
	.dma_access = track_dma_access,
	.dma_done = track_dma_done,
	.dma_disabled = track_dma_disabled,
	.foreign = foreign,
};

static const struct sim_observer unchecked = {.foreign = foreign};

static void cpu_access(struct dmasim_machine *m, const volatile void *p, size_t n, bool write)
{
	check_cpu_access(m, p, n, write, NULL, NULL);
}

static void settle(struct dmasim_machine *m)
{
	check_settle(m);
	report_settle(m);
}

static void choose_guards(struct check *c)
{
	unsigned int guard = c->m->hw->cfg.guard;
	bool there = check_instrument_attached();

	c->instrument = there && guard & (GUARD_INSTRUMENT | GUARD_AUTO);
	c->snapshot = guard & GUARD_SNAPSHOT || (guard & GUARD_AUTO && !there);
	c->doubts = c->m->hw->cfg.lint || c->m->hw->cfg.portability;
	c->closely = c->snapshot || c->doubts;
	if (guard & GUARD_INSTRUMENT && !there)
		report_unchecked(c->m, "guard=instrument, but no instrumented code is linked in", 1);
}

int check_init(struct dmasim_machine *m)
{
	int err = report_init(m);

	if (err)
		return err;
	m->hw->soft = m;
	m->hw->observer = &unchecked;
	m->hooks.settle = report_settle;
	if (!m->checks)
		return 0;
	err = tracker_init(m);
	if (err) {
		report_exit(m);
		return err;
	}
	choose_guards(m->check);
	m->hw->observer = &checked;
	m->hooks.memory_freeing = track_memory_freeing;
	m->hooks.linear_asked = track_linear_asked;
	m->hooks.nowhere_asked = track_nowhere_asked;
	m->hooks.device_released = track_device_released;
	m->hooks.cpu_access = cpu_access;
	m->hooks.settle = settle;
	return 0;
}

static void count(struct dmasim_machine *m, const char *name, u64 n)
{
	if (n)
		report_unchecked(m, name, n);
}

/* What the summary says of the tracker. */
static void summarise(struct dmasim_machine *m)
{
	struct check *c = m->check;

	doubt_summary(c);
	report_fact(m, "mappings made", c->made);
	report_fact(m, "mappings live at most", c->peak);
	count(m, "hand-overs after which CPU reads were not seen", c->unchecked_reads);
	count(m, "hand-overs after which CPU writes were not seen", c->unchecked_writes);
	count(m, "mappings too many or too big for the snapshot guard", c->snapshot_refused);
	count(m, "overlaps not looked at: too many mappings of one page", c->unchecked_overlaps);
	count(m, "mappings and changes lost: the tracker is full", c->dropped);
	count(m, "CPU accesses by threads that do not hold the machine", c->unheld);
}

/* The hooks stay: without a tracker they do nothing, and rooms below still exit. */
void check_exit(struct dmasim_machine *m)
{
	if (m->check) {
		check_settle(m);
		summarise(m);
		tracker_exit(m);
	}
	m->hw->observer = NULL;
	report_exit(m);
}

size_t check_leaks(struct dmasim_machine *m)
{
	return track_leaks(m);
}
