// SPDX-License-Identifier: MIT
/*
 * Kernel timers: an event of the clock that ends in a softirq.
 *
 * The struct in driver memory carries the function and the expiry; what is running is a record of the library, found
 * by the struct's address, so that a timer overwritten or freed while it runs cannot break the clock. When the event
 * comes, the function is read from driver memory, as the kernel does.
 *
 * Weakness: records are one list; starting and stopping is linear in the timers that run.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/timer.h>
#include "lib/core/task.h"

struct running_timer {
	struct running_timer *next;
	struct dmasim_machine *m;
	struct timer_list *timer; /* of the driver */
	struct sim_event event;
	bool due; /* its softirq is raised */
};

struct k_timers {
	struct running_timer *list;
	const struct timer_list *now_in; /* whose function runs */
};

int k_timers_init(struct dmasim_machine *m)
{
	m->sched->timers = calloc(1, sizeof(*m->sched->timers));
	return m->sched->timers ? 0 : sim_error(ENOMEM, "no memory for timers");
}

void k_timers_exit(struct dmasim_machine *m)
{
	struct k_timers *t = m->sched->timers;
	struct running_timer *r;
	u64 n = 0;

	if (!t)
		return;
	while ((r = t->list) != NULL) {
		t->list = r->next;
		sim_event_cancel(m->hw, &r->event);
		free(r);
		n++;
	}
	if (n)
		m->hooks.unchecked(m, "kernel timers dropped at the end", n);
	free(t);
	m->sched->timers = NULL;
}

static struct running_timer **find(struct dmasim_machine *m, const struct timer_list *timer)
{
	struct running_timer **l = &m->sched->timers->list;

	while (*l && (*l)->timer != timer)
		l = &(*l)->next;
	return l;
}

/* Take it out; true if it was there. A raised softirq of it finds nothing. */
static bool stop(struct dmasim_machine *m, const struct timer_list *timer)
{
	struct running_timer **l = find(m, timer), *r = *l;

	if (!r)
		return false;
	*l = r->next;
	sim_event_cancel(m->hw, &r->event);
	free(r);
	return true;
}

static struct timer_list *object_of(struct dmasim_machine *m, struct timer_list *timer, const char *function)
{
	struct timer_list *t = k_driver_memory(m, timer, sizeof(*t));

	if (t) {
		m->hooks.cpu_access(m, timer, sizeof(*timer), true);
		if (t->dmasim_mark == DMASIM_TIMER_MARK && t->function)
			return t;
	}
	k_uninitialised(m, timer, t, function, "timer");
	return NULL;
}

/* Softirq: arg is the driver's timer. It may have been stopped, or started again for later, meanwhile. */
static void expire(struct dmasim_machine *m, void *arg)
{
	struct k_timers *all = m->sched->timers;
	struct running_timer *r = *find(m, arg);
	struct timer_list *timer = arg, *t;
	void (*function)(struct timer_list * timer);

	if (!r || !r->due)
		return;
	t = object_of(m, timer, "a timer's expiry");
	function = t ? t->function : NULL;
	stop(m, timer);
	if (!function)
		return;
	all->now_in = timer;
	function(timer);
	all->now_in = NULL;
}

static void due(void *arg)
{
	struct running_timer *r = arg;

	r->due = true;
	if (k_softirq_raise(r->m, expire, r->timer, "a timer")) {
		/* No memory: try again a tick later. */
		r->due = false;
		sim_event_post(r->m->hw, &r->event, NS_PER_JIFFY);
	}
}

static bool start(struct dmasim_machine *m, struct timer_list *timer, struct timer_list *t, unsigned long expires)
{
	u64 now = k_now(m), at;
	long ticks = (long)(expires - (INITIAL_JIFFIES + (unsigned long)(now / NS_PER_JIFFY)));
	struct running_timer *r = calloc(1, sizeof(*r));

	if (!r)
		return false;
	t->expires = expires;
	/* At the tick itself; one that has passed counts as the next tick, as in the kernel. */
	at = (now / NS_PER_JIFFY + (ticks > 0 ? (u64)ticks : 1)) * NS_PER_JIFFY;
	*r = (struct running_timer){.next = m->sched->timers->list, .m = m, .timer = timer};
	r->event.fn = due;
	r->event.arg = r;
	if (sim_event_post(m->hw, &r->event, at - now)) {
		free(r);
		return false;
	}
	m->sched->timers->list = r;
	return true;
}

void timer_setup(struct timer_list *timer, void (*function)(struct timer_list *timer), unsigned int flags)
{
	struct dmasim_machine *m = k_machine("timer_setup");
	struct timer_list *t;

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, timer, sizeof(*timer), true);
	t = k_driver_memory(m, timer, sizeof(*t));
	stop(m, timer); /* memory that was freed with a running timer in it, and reused */
	if (t)
		*t = (struct timer_list){.function = function, .flags = flags, .dmasim_mark = DMASIM_TIMER_MARK};
}

static int modify(struct timer_list *timer, unsigned long expires, bool only_pending, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct timer_list *t;
	bool was;

	if (!m)
		return 0;
	t = object_of(m, timer, function);
	if (!t)
		return 0;
	was = *find(m, timer) != NULL;
	if (only_pending && !was)
		return 0;
	stop(m, timer);
	start(m, timer, t, expires);
	return was;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	STACK_ENTER();
	return modify(timer, expires, false, "mod_timer");
}

int mod_timer_pending(struct timer_list *timer, unsigned long expires)
{
	STACK_ENTER();
	return modify(timer, expires, true, "mod_timer_pending");
}

void add_timer(struct timer_list *timer)
{
	struct dmasim_machine *m = k_machine("add_timer");
	struct timer_list *t;

	STACK_ENTER();
	t = m ? object_of(m, timer, "add_timer") : NULL;
	if (t)
		modify(timer, t->expires, false, "add_timer");
}

int timer_pending(const struct timer_list *timer)
{
	struct dmasim_machine *m = k_machine("timer_pending");

	STACK_ENTER();
	if (!m)
		return 0;
	k_safe_point(m, COST_POLL);
	return *find(m, timer) != NULL;
}

int del_timer(struct timer_list *timer)
{
	struct dmasim_machine *m = k_machine("del_timer");

	STACK_ENTER();
	return m && object_of(m, timer, "del_timer") && stop(m, timer);
}

int del_timer_sync(struct timer_list *timer)
{
	struct dmasim_machine *m = k_machine("del_timer_sync");

	STACK_ENTER();
	if (!m || !object_of(m, timer, "del_timer_sync"))
		return 0;
	/* Its function cannot run on another CPU: it is running only if it interrupted or is this very code. */
	if (m->sched->timers->now_in == timer) {
		struct finding f = {.rule = "lock-deadlock", .act_verb = "call", .cpu = timer};

		f.more[0].label = "call";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s",
			 "del_timer_sync() waits for the timer's function, from within it");
		k_report(m, &f);
	}
	return stop(m, timer);
}
