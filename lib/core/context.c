// SPDX-License-Identifier: MIT
/*
 * Contexts: what the running strand may do, and the safe points at which the world reaches it.
 *
 * A context counts what forbids sleeping: handlers running, locks, interrupts or preemption off. Interrupts and
 * softirqs are function calls on the stack of whoever runs, on its context; a frame remembers what they found, and what
 * they leave different is reported and put right. A safe point lets time pass, so devices act, and then delivers what
 * is due and allowed. Softirqs that raise softirqs get their turn at the next safe point, not in an endless loop here.
 *
 * Weakness: interrupts arrive at safe points only, never between two plain instructions of the driver.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/task.h"

#define POLL_LIMIT_NS (20 * 1000000000ULL) /* busy that long without sleeping once: the kernel's soft lockup */

/* ---- contexts ---- */

static const char *callback_or_model(struct dmasim_machine *m)
{
	return sim_in_event(m->hw) ? "in an event of a device model" : "in a register callback of a device model";
}

bool k_irqs_disabled(const struct dmasim_machine *m)
{
	return m->sched->ctx->irqs_off || m->sched->ctx->hardirqs;
}

bool k_in_softirq(const struct dmasim_machine *m)
{
	return m->sched->ctx->softirqs != 0;
}

bool k_may_sleep(const struct dmasim_machine *m)
{
	const struct k_context_state *c = m->sched->ctx;

	return !(c->irqs_off | c->hardirqs | c->softirqs | c->preempt_off | c->bh_off | c->nr_held | c->held_unnamed) &&
	       !k_in_device_model(m);
}

/* The spinlock of this strand that was taken last, NULL if none. Sleeping locks are not in the table. */
static const struct k_held *last_held(const struct k_context_state *c)
{
	return c->nr_held ? &c->held[c->nr_held - 1] : NULL;
}

void k_where(struct dmasim_machine *m, struct k_where *w)
{
	struct k_sched *s = m->sched;
	const struct k_context_state *c = s->ctx;
	const struct k_held *held = last_held(c);
	const char *handler = c->nr_frames ? c->frames[c->nr_frames - 1].what : "?";

	memset(w, 0, sizeof(*w));
	w->irqs_off = k_irqs_disabled(m);
	w->locks_held = c->nr_held + c->held_unnamed;
	w->preempt_off = c->preempt_off;
	w->task = s->running->pub.comm;
	w->may_sleep = k_may_sleep(m);
	w->context = k_in_device_model(m) ? CONTEXT_EVENT
		     : c->hardirqs	  ? CONTEXT_HARDIRQ
		     : c->softirqs	  ? CONTEXT_SOFTIRQ
					  : CONTEXT_TASK;
	if (w->context == CONTEXT_EVENT)
		snprintf(w->why, sizeof(w->why), "%s", callback_or_model(m));
	else if (w->context == CONTEXT_HARDIRQ)
		snprintf(w->why, sizeof(w->why), "in the handler of %s", handler);
	else if (w->context == CONTEXT_SOFTIRQ)
		snprintf(w->why, sizeof(w->why), "in softirq context: %s", handler);
	else if (held)
		snprintf(w->why, sizeof(w->why), "spinlock %s held", held->name);
	else if (c->irqs_off)
		snprintf(w->why, sizeof(w->why), "interrupts are off");
	else if (c->bh_off)
		snprintf(w->why, sizeof(w->why), "bottom halves are off");
	else if (c->preempt_off)
		snprintf(w->why, sizeof(w->why), "preemption is off");
}

void k_might_sleep(struct dmasim_machine *m, const char *function)
{
	struct k_where where;
	const struct k_held *held;

	if (k_likely(k_may_sleep(m)))
		return;
	if (m->sched->stopped)
		return;
	if (k_in_device_model(m)) {
		k_model_call(m, function);
		return;
	}
	k_where(m, &where);
	held = where.context == CONTEXT_TASK ? last_held(m->sched->ctx) : NULL;

	struct finding f = {
		.rule = "sleep-in-atomic",
		.act_verb = "call",
		.mapped = held ? held->where : 0,
		.mapped_verb = held ? "locked" : NULL,
	};

	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() may sleep", function);
	k_report(m, &f);
}

bool k_can_wait(struct dmasim_machine *m)
{
	const struct k_context_state *c = m->sched->ctx;

	return !c->hardirqs && !c->softirqs && !m->sched->stopped && !k_in_device_model(m);
}

bool k_may_wait(struct dmasim_machine *m, const char *function)
{
	k_might_sleep(m, function);
	return k_can_wait(m);
}

static void frame_enter(struct k_context_state *c, const char *what)
{
	unsigned int i = c->nr_frames++;

	if (i >= sizeof(c->frames) / sizeof(*c->frames))
		return; /* deeper ones are not checked for balance */
	c->frames[i].what = what;
	c->frames[i].nr_held = c->nr_held;
	c->frames[i].irqs_off = c->irqs_off;
	c->frames[i].preempt_off = c->preempt_off;
	c->frames[i].bh_off = c->bh_off;
}

/* A handler returns: it must leave locks, interrupts and preemption as it found them. */
static void frame_exit(struct dmasim_machine *m, struct k_context_state *c)
{
	unsigned int i;

	assert(c->nr_frames > 0);
	i = --c->nr_frames;
	if (i >= sizeof(c->frames) / sizeof(*c->frames))
		return;
	if (c->nr_held > c->frames[i].nr_held)
		k_locks_imbalance(m, c, c->frames[i].nr_held, c->frames[i].what);
	c->irqs_off = c->frames[i].irqs_off;
	c->preempt_off = c->frames[i].preempt_off;
	c->bh_off = c->frames[i].bh_off;
}

void k_hardirq_enter(struct dmasim_machine *m, const char *what)
{
	frame_enter(m->sched->ctx, what);
	m->sched->ctx->hardirqs++;
}

void k_hardirq_exit(struct dmasim_machine *m)
{
	struct k_context_state *c = m->sched->ctx;

	assert(c->hardirqs > 0);
	frame_exit(m, c);
	c->hardirqs--;
}

void k_callback_enter(struct dmasim_machine *m, const char *what)
{
	k_running(m)->callbacks++;
	k_running(m)->callback = what;
}

void k_callback_exit(struct dmasim_machine *m)
{
	assert(k_running(m)->callbacks > 0);
	k_running(m)->callbacks--;
}

/* ---- softirqs ---- */

int k_softirq_raise(struct dmasim_machine *m, void (*fn)(struct dmasim_machine *m, void *arg), void *arg,
		    const char *what)
{
	struct k_sched *s = m->sched;
	struct k_softirq *x = s->softirqs_free;

	if (x)
		s->softirqs_free = x->next;
	else
		x = malloc(sizeof(*x));
	if (!x)
		return sim_error(ENOMEM, "no memory for a softirq");
	*x = (struct k_softirq){.fn = fn, .arg = arg, .what = what};
	*s->softirqs_tail = x;
	s->softirqs_tail = &x->next;
	return 0;
}

static void run_softirqs(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;
	struct k_context_state *c = s->ctx;
	struct k_softirq *last;

	if (!s->softirqs || c->softirqs || c->bh_off)
		return;
	/* Only what is due now: one that raises itself again waits for the next safe point. */
	last = (struct k_softirq *)((char *)s->softirqs_tail - offsetof(struct k_softirq, next));
	for (bool more = true; more && s->softirqs;) {
		struct k_softirq x = *s->softirqs, *done = s->softirqs;

		more = done != last;
		s->softirqs = done->next;
		if (!s->softirqs)
			s->softirqs_tail = &s->softirqs;
		done->next = s->softirqs_free;
		s->softirqs_free = done;
		frame_enter(c, x.what);
		c->softirqs++;
		x.fn(m, x.arg);
		c->softirqs--;
		frame_exit(m, c);
		k_irqs_deliver(m);
	}
}

/* ---- safe points ---- */

void k_deliver(struct dmasim_machine *m)
{
	const struct k_context_state *c = m->sched->ctx;
	void *entry = k_thread.entry;

	if (k_likely(!m->hw->irq_ready && !m->sched->softirqs))
		return;
	if (c->irqs_off || c->hardirqs || k_in_device_model(m))
		return;
	k_irqs_deliver(m);
	run_softirqs(m);
	k_thread.entry = entry;
}

/* Busy for so long that nothing will come of it. */
static void __attribute__((noinline)) polled_too_long(struct dmasim_machine *m)
{
	struct finding f = {.rule = "endless-poll", .act_verb = "poll"};

	m->sched->polling_since = k_now(m);
	if (m->sched->stopped)
		k_stop(m, m->sched->stop_text); /* what follows the end of a test, or a shutdown, polls too */
	f.more[0].label = "polled";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "for %llu s of simulated time without sleeping once; %zu device events pending",
		 POLL_LIMIT_NS / 1000000000ULL, sim_events_pending(m->hw));
	k_report(m, &f);
	k_stop(m, "a polling loop does not end");
}

void k_safe_point(struct dmasim_machine *m, u64 ns)
{
	struct k_sched *s = m->sched;
	void *entry = k_thread.entry;

	s->safe_points++;
	sim_advance(m->hw, ns);
	k_thread.entry = entry; /* events ran on this stack: the frame they set is gone */
	if (k_unlikely(__atomic_load_n(&m->unsettled, __ATOMIC_RELAXED)))
		m->hooks.settle(m);
	if (k_unlikely(m->hw->irq_ready || s->softirqs))
		k_deliver(m);
	if (k_unlikely(k_now(m) - s->polling_since > POLL_LIMIT_NS))
		polled_too_long(m);
}

void k_busy_for(struct dmasim_machine *m, u64 ns)
{
	uint64_t now = k_now(m), end = now + ns < now ? U64_MAX : now + ns, when;

	do {
		now = k_now(m);
		if (now >= end)
			break;
		if (sim_next_event(m->hw, &when) && when < end)
			k_safe_point(m, when > now ? when - now : 0);
		else
			k_safe_point(m, end - now);
	} while (!m->sched->stopped);
	if (ns == 0)
		k_safe_point(m, 0);
}

bool k_irqs_set(struct dmasim_machine *m, bool off)
{
	struct k_context_state *c = m->sched->ctx;
	bool was = c->irqs_off;

	c->irqs_off = off;
	if (was && !off)
		k_deliver(m);
	return was;
}

void *k_driver_memory(struct dmasim_machine *m, const volatile void *p, size_t n)
{
	phys_addr_t phys;

	if ((uintptr_t)p < SIM_PAGE_SIZE || (uintptr_t)p > UINTPTR_MAX - n)
		return NULL;
	if (!sim_arena_contains(p))
		return (void *)(uintptr_t)p;
	if (!sim_virt_to_phys(m->hw, p, &phys, NULL) || !sim_ram_contains(m->hw, phys, n))
		return NULL;
	return sim_ram_ptr(m->hw, phys);
}
