// SPDX-License-Identifier: MIT
/*
 * Who runs: tasks, who of them is next, and how each ends.
 *
 * The machine has one CPU. Tasks are host threads of which exactly one, the holder of the baton, runs; it gives the
 * baton away only where driver code sleeps or yields. When no task can run, the one that looked lets time pass to the
 * next event and delivers the interrupts that follow (context.c), until somebody can.
 *
 * Which of several runnable tasks goes on is a choice; the plain answer is round robin. A wait that nothing can end,
 * no task, no event, no interrupt, is found here, because here is where the machine runs out of things to do.
 *
 * Weakness: code between two sleeping calls runs as if on one CPU without preemption; races between tasks that need
 * another interleaving are not shown.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/core/task.h"

#define HUNG_NS	   (120 * 1000000000ULL) /* an endless wait of the main task in a machine that stays busy */
#define HUNG_STEPS 20000000		 /* the same, counted in events */

/* ---- choosing ---- */

static bool runnable(struct k_task *t)
{
	if (t->dead || !t->started)
		return false;
	return t->pub.__state == TASK_RUNNING || (t->condition && t->condition(t->condition_arg));
}

/*
 * A runnable task, those after the running one first; the running one itself comes last, if `self`. Only the one that
 * is picked wakes: of several whose condition is true, the others look again when it is their turn.
 */
static struct k_task *pick(struct dmasim_machine *m, bool self)
{
	struct k_sched *s = m->sched;
	struct k_task *t, *found[64];
	unsigned int n = 0;

	for (t = s->running->next ? s->running->next : &s->main; t != s->running; t = t->next ? t->next : &s->main) {
		if (n < 64 && runnable(t))
			found[n++] = t;
	}
	if (self && n < 64 && runnable(s->running))
		found[n++] = s->running;
	if (n == 0)
		return NULL;
	t = found[n > 1 ? sim_choice(m->hw, "schedule", NULL, n) : 0];
	k_wake(t);
	return t;
}

bool k_wake(struct k_task *t)
{
	if (t->dead || t->pub.__state == TASK_RUNNING)
		return false;
	t->pub.__state = TASK_RUNNING;
	return true;
}

static void timed_out(void *arg)
{
	struct k_task *t = arg;

	t->timed_out = true;
	k_wake(t);
}

static void describe_wait(struct dmasim_machine *m, const struct k_task *t, char *text, size_t size)
{
	snprintf(text, size, "task %s in %s(%s) since %llu.%03llu us, %llu us ago", t->pub.comm, t->wait_function,
		 t->wait_what ? t->wait_what : "", t->wait_since / 1000, t->wait_since % 1000,
		 (k_now(m) - t->wait_since) / 1000);
}

/* Nobody can run, and nothing will happen that changes it. */
static void stuck(struct dmasim_machine *m, bool busy)
{
	struct k_sched *s = m->sched;
	const struct k_task *t = &s->main;
	unsigned int n = 1;
	char why[160];

	struct finding f = {
		.rule = "wait-never-woken",
		.act = t->wait_where,
		.act_time = t->wait_since,
		.act_verb = "wait",
	};

	f.more[0].label = "waits";
	describe_wait(m, t, f.more[0].text, sizeof(f.more[0].text));
	for (t = t->next; t && n < 5; t = t->next) {
		if (t->dead || t->daemon || !t->started || t->pub.__state == TASK_RUNNING)
			continue;
		f.more[n].label = "waits";
		describe_wait(m, t, f.more[n].text, sizeof(f.more[n].text));
		n++;
	}
	f.more[n].label = "pending";
	snprintf(f.more[n].text, sizeof(f.more[n].text), "%s",
		 busy ? "events keep coming, but none of them wakes it" : "no device event, no timer and no interrupt");
	snprintf(why, sizeof(why), "%s() in task %s can never be woken", s->main.wait_function, s->main.pub.comm);
	k_report(m, &f);
	k_stop(m, why);
}

/* Nobody can run: let time pass until somebody can, on the context of the idle CPU. */
static struct k_task *idle(struct dmasim_machine *m, bool self)
{
	struct k_sched *s = m->sched;
	struct k_context_state *ctx = s->ctx;
	struct k_task *next = NULL;
	uint64_t when, steps = 0;

	s->ctx = &s->idle;
	for (;;) {
		k_deliver(m);
		next = pick(m, self);
		if (next)
			break;
		if (!sim_next_event(m->hw, &when)) {
			/* A softirq that raised another one still has a turn. */
			if (s->softirqs || sim_irq_next(m->hw) >= 0) {
				if (++steps < 1000)
					continue;
			}
			s->ctx = ctx;
			stuck(m, false);
		}
		steps++;
		if (!s->main.timer.index && k_now(m) >= s->main.wait_since &&
		    (k_now(m) - s->main.wait_since > HUNG_NS || steps > HUNG_STEPS)) {
			s->ctx = ctx;
			stuck(m, true);
		}
		s->safe_points++;
		sim_advance(m->hw, when > k_now(m) ? when - k_now(m) : 0);
		m->hooks.settle(m);
	}
	s->ctx = ctx;
	return next;
}

static void note_wait(struct dmasim_machine *m, struct k_task *self, const char *function, const char *what)
{
	self->wait_function = function;
	self->wait_what = what;
	self->wait_where = stack_entry(m);
	self->wait_since = k_now(m);
}

void k_schedule(struct dmasim_machine *m, const char *function, const char *what)
{
	struct k_sched *s = m->sched;
	struct k_task *self = s->running, *next;
	void *entry = k_thread.entry;

	assert(s->ctx == &self->ctx);
	m->hooks.settle(m);
	if (self->pub.__state != TASK_RUNNING)
		note_wait(m, self, function, what);
	next = pick(m, true);
	if (!next)
		next = idle(m, true);
	if (next != self)
		k_baton_pass(self, next, true);
	k_thread.entry = entry;
	if (self->pub.__state != TASK_RUNNING)
		k_wake(self);
	s->polling_since = k_now(m);
}

bool k_run_other(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;
	struct k_task *self = s->running, *next = pick(m, false);
	void *entry = k_thread.entry;

	if (!next)
		return false;
	k_baton_pass(self, next, true);
	k_thread.entry = entry;
	s->polling_since = k_now(m);
	return true;
}

u64 k_schedule_timeout(struct dmasim_machine *m, u64 timeout_ns, const char *function, const char *what)
{
	struct k_task *self = k_running(m);
	u64 now = k_now(m), end = now + timeout_ns;

	self->timed_out = false;
	if (timeout_ns != U64_MAX) {
		self->timer.fn = timed_out;
		self->timer.arg = self;
		if (sim_event_post(m->hw, &self->timer, timeout_ns)) {
			/* No memory for the timer: sleep as long without one. */
			self->pub.__state = TASK_RUNNING;
			k_busy_for(m, timeout_ns);
			return 0;
		}
	}
	k_schedule(m, function, what);
	sim_event_cancel(m->hw, &self->timer);
	now = k_now(m);
	return timeout_ns == U64_MAX ? U64_MAX : now < end ? end - now : 0;
}

bool k_sleep_until(struct dmasim_machine *m, bool (*condition)(void *arg), void *arg, u64 timeout_ns,
		   const char *function)
{
	struct k_task *self = k_running(m);

	if (!k_may_wait(m, function)) {
		if (!condition(arg) && timeout_ns != U64_MAX)
			k_busy_for(m, timeout_ns);
		return condition(arg);
	}
	if (condition(arg))
		return true;
	self->condition = condition;
	self->condition_arg = arg;
	self->pub.__state = TASK_UNINTERRUPTIBLE;
	k_schedule_timeout(m, timeout_ns, function, NULL);
	self->condition = NULL;
	return condition(arg);
}

/* ---- tasks ---- */

static int task_body(struct k_task *t)
{
	return t->fn ? t->fn(t->data) : -EINTR;
}

/* Entered by the host thread of a task when it gets the baton for the first time; see thread.c. */
void k_task_main(struct k_task *t);
void k_task_main(struct k_task *t)
{
	struct dmasim_machine *m = t->m;
	struct k_sched *s = m->sched;
	struct k_task *next = NULL;

	if (setjmp(t->out) == 0 && !t->abandoned)
		t->exit_code = task_body(t);
	/* s->running is t again, whichever way this came. */
	k_waits_forget(t);
	sim_event_cancel(m->hw, &t->timer);
	t->condition = NULL;
	if (t->ctx.nr_held && !t->abandoned)
		k_locks_imbalance(m, &t->ctx, 0, t->pub.comm);
	s->locks_held -= t->ctx.nr_held;
	memset(&t->ctx, 0, sizeof(t->ctx));
	t->pub.__state = TASK_DEAD;
	t->dead = true;
	assert(s->nr_live > 0);
	s->nr_live--;
	if (t->abandoned) {
		next = &s->main;
	} else if (setjmp(t->out) == 0) {
		next = pick(m, false);
		if (!next)
			next = idle(m, false);
	} else {
		next = &s->main;
	}
	k_baton_pass(t, next, false);
}

struct k_task *k_task_create(struct dmasim_machine *m, int (*fn)(void *data), void *data, const char *name)
{
	struct k_sched *s = m->sched;
	struct k_task *t = calloc(1, sizeof(*t));

	if (!t) {
		sim_error(ENOMEM, "no memory for a task");
		return NULL;
	}
	t->m = m;
	t->fn = fn;
	t->data = data;
	t->pub.pid = t->pub.tgid = s->next_pid++;
	t->pub.__state = TASK_UNINTERRUPTIBLE;
	t->wait_function = "kthread_create";
	t->wait_since = k_now(m);
	snprintf(t->pub.comm, sizeof(t->pub.comm), "%s", name);
	if (k_task_thread(t)) {
		free(t);
		return NULL;
	}
	s->last->next = t;
	s->last = t;
	s->nr_live++;
	return t;
}

void k_task_start(struct k_task *t)
{
	t->started = true;
	k_wake(t);
}

bool k_signalled(struct dmasim_machine *m)
{
	return k_running(m)->signalled || m->sched->stopped;
}

static bool all_ended(void *arg)
{
	const struct k_sched *s = arg;

	return s->nr_live == 0;
}

static bool all_idle(void *arg)
{
	const struct k_sched *s = arg;

	for (const struct k_task *t = s->main.next; t; t = t->next) {
		if (!t->dead && t->started && !t->daemon)
			return false;
	}
	return true;
}

void k_tasks_ask(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;
	struct k_task *t;

	if (all_ended(s) || s->stopped)
		return;
	for (t = s->main.next; t; t = t->next) {
		if (t->dead || t->daemon || !t->started)
			continue;
		t->should_stop = true;
		k_wake(t);
	}
	if (k_sleep_until(m, all_idle, s, 1000000000ULL, "dmasim_machine_destroy"))
		return;
	for (t = s->main.next; t; t = t->next) {
		if (t->dead || t->daemon || !t->started)
			continue;
		t->signalled = true;
		if (t->pub.__state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL))
			k_wake(t);
	}
	k_sleep_until(m, all_idle, s, 1000000000ULL, "dmasim_machine_destroy");
}

void k_tasks_abandon(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;
	unsigned int n = 0;

	assert(s->running == &s->main);
	for (struct k_task *t = s->main.next, *next; t; t = next) {
		next = t->next;
		if (!t->dead) {
			n += t->started && !t->daemon;
			t->abandoned = true;
			k_baton_pass(&s->main, t, true);
		}
		k_task_join(t);
		free(t);
	}
	s->main.next = NULL;
	s->last = &s->main;
	s->abandoned += n;
	if (n)
		m->hooks.unchecked(m, "tasks that would not stop", n);
}

/* ---- the end of a test ---- */

void k_sched_reset(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;

	s->ctx = &s->running->ctx;
	for (struct k_task *t = &s->main; t; t = t->next)
		memset(&t->ctx, 0, sizeof(t->ctx));
	memset(&s->idle, 0, sizeof(s->idle));
	s->locks_held = 0;
	s->main.callbacks = 0;
	s->main.pub.__state = TASK_RUNNING;
	s->main.condition = NULL;
	sim_event_cancel(m->hw, &s->main.timer);
	k_waits_forget(&s->main);
}

void k_stop(struct dmasim_machine *m, const char *why)
{
	struct k_sched *s = m->sched;
	struct k_task *self = s->running;

	if (why != s->stop_text)
		snprintf(s->stop_text, sizeof(s->stop_text), "%s", why);
	s->stopped = true;
	if (self != &s->main) {
		s->stopping = s->stop_text;
		if (self->dead)
			longjmp(self->out, 1);
		self->pub.__state = TASK_UNINTERRUPTIBLE;
		self->condition = NULL;
		k_baton_pass(self, &s->main, true); /* comes back only to leave by self->out */
		abort();
	}
	s->stopping = NULL;
	k_sched_reset(m);
	if (s->in_destroy)
		siglongjmp(*s->in_destroy, 1);
	if (m->on_stop)
		m->on_stop(s->stop_text, m->on_stop_arg);
	fprintf(stderr, "dmasim: stopped: %s\n", s->stop_text);
	fflush(NULL);
	_exit(99);
}

/* ---- life ---- */

int k_sched_init(struct dmasim_machine *m)
{
	struct k_sched *s = calloc(1, sizeof(*s));

	if (!s)
		return sim_error(ENOMEM, "no memory for the scheduler");
	s->main.m = m;
	s->main.started = true;
	s->main.wait_function = "main";
	snprintf(s->main.pub.comm, sizeof(s->main.pub.comm), "main");
	s->main.pub.pid = s->main.pub.tgid = 1;
	s->next_pid = 100;
	s->running = s->last = &s->main;
	s->ctx = &s->main.ctx;
	s->softirqs_tail = &s->softirqs;
	m->sched = s;
	if (k_timers_init(m) || k_works_init(m))
		return -ENOMEM;
	return 0;
}

void k_sched_exit(struct dmasim_machine *m)
{
	struct k_sched *s = m->sched;
	struct k_softirq *x;

	if (!s)
		return;
	assert(!s->main.next);
	if (m->hw) {
		k_works_exit(m);
		k_timers_exit(m);
		k_waits_exit(m);
	}
	*s->softirqs_tail = s->softirqs_free;
	while ((x = s->softirqs) != NULL) {
		s->softirqs = x->next;
		free(x);
	}
	free(s);
	m->sched = NULL;
}

void k_sched_check(const struct dmasim_machine *m)
{
	const struct k_sched *s = m->sched;
	const struct k_task *t, *last = NULL;
	unsigned int live = 0, held = s->idle.nr_held;
	bool found = false;

	for (t = &s->main; t; last = t, t = t->next) {
		found |= t == s->running;
		live += t != &s->main && !t->dead;
		held += t->ctx.nr_held;
		assert(t->ctx.nr_held <= MAX_HELD);
		assert(!t->dead || (t->ctx.nr_held == 0 && !t->timer.index));
	}
	assert(found && last == s->last && live == s->nr_live && held == s->locks_held);
	assert(s->ctx == &s->running->ctx || s->ctx == &s->idle);
}
