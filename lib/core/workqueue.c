// SPDX-License-Identifier: MIT
/*
 * Work queues: driver functions run later, in a task.
 *
 * Each queue has one worker task, made when the first work is queued. What is queued, delayed or running is a record
 * of the library found by the work's address; driver memory holds the function, which is read when its turn comes.
 * The machine's own queues (system_wq and its kin) are one.
 *
 * Weakness: works of one queue never overlap, also where the kernel would run them on several CPUs.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/era.h>
#include <linux/workqueue.h>
#include "lib/core/task.h"

enum work_state { WORK_DELAYED, WORK_QUEUED, WORK_RUNNING };

struct k_work {
	struct k_work *next;
	struct work_struct *work; /* of the driver */
	struct workqueue_struct *wq;
	enum work_state state;
	u64 ticket;
	struct sim_event event; /* the delay */
};

struct workqueue_struct {
	struct workqueue_struct *next;
	struct dmasim_machine *m;
	char name[32];
	struct k_task *worker;
	bool ending;
};

struct k_works {
	struct workqueue_struct *queues; /* the system's own is the last */
	struct workqueue_struct system;
	struct k_work *list; /* in order of queueing; delayed ones have their place too, but are not looked at */
	u64 tickets;
};

int k_works_init(struct dmasim_machine *m)
{
	struct k_works *w = calloc(1, sizeof(*w));

	if (!w)
		return sim_error(ENOMEM, "no memory for work queues");
	w->system.m = m;
	snprintf(w->system.name, sizeof(w->system.name), "events");
	w->queues = &w->system;
	m->sched->works = w;
	return 0;
}

void k_works_exit(struct dmasim_machine *m)
{
	struct k_works *all = m->sched->works;
	struct workqueue_struct *q;
	struct k_work *w;
	u64 n = 0;

	if (!all)
		return;
	while ((w = all->list) != NULL) {
		all->list = w->next;
		sim_event_cancel(m->hw, &w->event);
		free(w);
		n++;
	}
	while ((q = all->queues) != &all->system) {
		all->queues = q->next;
		free(q);
	}
	if (n)
		m->hooks.unchecked(m, "works dropped at the end", n);
	free(all);
	m->sched->works = NULL;
}

static bool queue_exists(struct dmasim_machine *m, const struct workqueue_struct *wq)
{
	for (const struct workqueue_struct *q = m->sched->works->queues; q; q = q->next) {
		if (q == wq)
			return true;
	}
	return false;
}

/* The record of a work that is delayed or queued; with `running` also one that runs. */
static struct k_work **find(struct dmasim_machine *m, const struct work_struct *work, bool running)
{
	struct k_work **l = &m->sched->works->list;

	while (*l && ((*l)->work != work || ((*l)->state == WORK_RUNNING) != running))
		l = &(*l)->next;
	return l;
}

static struct work_struct *work_of(struct delayed_work *dwork)
{
	return dwork ? &dwork->work : NULL;
}

static struct work_struct *object_of(struct dmasim_machine *m, struct work_struct *work, const char *function)
{
	struct work_struct *w = k_driver_memory(m, work, sizeof(*w));

	if (w) {
		m->hooks.cpu_access(m, work, sizeof(*work), false);
		if (w->dmasim_mark == DMASIM_WORK_MARK && w->func)
			return w;
	}
	k_uninitialised(m, work, w, function, "work item");
	return NULL;
}

/* ---- the worker ---- */

static struct k_work **next_of(struct workqueue_struct *wq)
{
	struct k_work **l = &wq->m->sched->works->list;

	while (*l && ((*l)->wq != wq || (*l)->state != WORK_QUEUED))
		l = &(*l)->next;
	return l;
}

static bool has_work(void *arg)
{
	struct workqueue_struct *wq = arg;

	return *next_of(wq) || wq->ending;
}

static void run_one(struct workqueue_struct *wq, struct k_work *w)
{
	struct dmasim_machine *m = wq->m;
	struct work_struct *o, copy = {0};

	w->state = WORK_RUNNING;
	o = object_of(m, w->work, "a worker");
	if (o)
		copy = *o; /* the function may free the work */
	k_callback_enter(m, wq->name);
	if (copy.func && copy.dmasim_data)
		((void (*)(void *))(void (*)(void))copy.func)(copy.data);
	else if (copy.func)
		copy.func(w->work);
	k_callback_exit(m);
	for (struct k_work **l = &m->sched->works->list; *l; l = &(*l)->next) {
		if (*l == w) {
			*l = w->next;
			free(w);
			break;
		}
	}
}

static int worker(void *data)
{
	struct workqueue_struct *wq = data;
	struct k_task *self = wq->worker;

	for (;;) {
		struct k_work *w = *next_of(wq);

		if (w) {
			self->daemon = false;
			run_one(wq, w);
			continue;
		}
		self->daemon = true;
		if (wq->ending)
			return 0;
		STACK_ENTER();
		k_sleep_until(wq->m, has_work, wq, U64_MAX, "worker");
	}
}

/* Without memory for a worker, the work waits for the next attempt, and for flushing, which runs it. */
static void need_worker(struct workqueue_struct *wq)
{
	char name[TASK_COMM_LEN];

	if (wq->worker)
		return;
	snprintf(name, sizeof(name), "kworker/%.7s", wq->name);
	wq->worker = k_task_create(wq->m, worker, wq, name);
	if (wq->worker) {
		wq->worker->daemon = true;
		k_task_start(wq->worker);
	}
}

/* ---- queueing ---- */

static void delay_over(void *arg)
{
	struct k_work *w = arg;

	w->state = WORK_QUEUED;
	w->ticket = ++w->wq->m->sched->works->tickets;
}

static bool queue(struct dmasim_machine *m, struct workqueue_struct *wq, struct work_struct *work, unsigned long delay,
		  const char *function)
{
	struct k_works *all = m->sched->works;
	struct k_work *w, **l;

	if (!object_of(m, work, function) || *find(m, work, false))
		return false;
	if (!wq || !queue_exists(m, wq)) {
		struct finding f = {.rule = "uninitialised-object", .cpu = wq, .act_verb = "call"};

		f.more[0].label = "object";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() on a work queue that does not exist", function);
		k_report(m, &f);
		return false;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return false;
	*w = (struct k_work){.work = work, .wq = wq, .state = WORK_QUEUED, .ticket = ++all->tickets};
	if (delay) {
		w->state = WORK_DELAYED;
		w->event.fn = delay_over;
		w->event.arg = w;
		if (sim_event_post(m->hw, &w->event, k_jiffies_to_ns(delay))) {
			free(w);
			return false;
		}
	}
	for (l = &all->list; *l; l = &(*l)->next)
		;
	*l = w;
	need_worker(wq);
	return true;
}

static void init(struct work_struct *work, const struct work_struct *value)
{
	struct dmasim_machine *m = k_machine("INIT_WORK");
	struct work_struct *w;

	if (!m)
		return;
	m->hooks.cpu_access(m, work, sizeof(*work), true);
	w = k_driver_memory(m, work, sizeof(*w));
	if (w)
		*w = *value;
}

void dmasim_init_work(struct work_struct *work, work_func_t func)
{
	STACK_ENTER();
	init(work, &(struct work_struct){.func = func, .dmasim_mark = DMASIM_WORK_MARK});
}

void dmasim_init_work_data(struct work_struct *work, void (*func)(void *data), void *data)
{
	STACK_ENTER();
	init(work, &(struct work_struct){.func = (work_func_t)(void (*)(void))func,
					 .dmasim_mark = DMASIM_WORK_MARK,
					 .dmasim_data = 1,
					 .data = data});
}

struct workqueue_struct *dmasim_system_wq(void)
{
	struct dmasim_machine *m = k_machine("system_wq");

	return m ? &m->sched->works->system : NULL;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	struct dmasim_machine *m = k_machine("queue_work");

	STACK_ENTER();
	return m && queue(m, wq, work, 0, "queue_work");
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)
{
	struct dmasim_machine *m = k_machine("queue_delayed_work");

	STACK_ENTER();
	return m && queue(m, wq, work_of(dwork), delay, "queue_delayed_work");
}

static bool cancel(struct dmasim_machine *m, const struct work_struct *work)
{
	struct k_work **l = find(m, work, false), *w = *l;

	if (!w)
		return false;
	*l = w->next;
	sim_event_cancel(m->hw, &w->event);
	free(w);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)
{
	struct dmasim_machine *m = k_machine("mod_delayed_work");
	bool was;

	STACK_ENTER();
	if (!m)
		return false;
	was = cancel(m, work_of(dwork));
	queue(m, wq, work_of(dwork), delay, "mod_delayed_work");
	return was;
}

/* ---- waiting and cancelling ---- */

struct flush {
	struct dmasim_machine *m;
	const struct work_struct *work;	   /* this one, */
	const struct workqueue_struct *wq; /* or all of this queue, */
	u64 ticket;			   /* queued up to here */
	bool only_running;
};

static bool flushed(void *arg)
{
	const struct flush *f = arg;

	for (const struct k_work *w = f->m->sched->works->list; w; w = w->next) {
		if (w->ticket > f->ticket || (f->work && w->work != f->work) || (f->wq && w->wq != f->wq))
			continue;
		if (w->state == WORK_RUNNING || (w->state == WORK_QUEUED && !f->only_running))
			return false;
	}
	return true;
}

static bool flush(struct dmasim_machine *m, const struct work_struct *work, const struct workqueue_struct *wq,
		  bool only_running, const char *function)
{
	struct flush f = {m, work, wq, m->sched->works->tickets, only_running};

	k_might_sleep(m, function);
	if (flushed(&f))
		return false;
	for (struct k_work *w = m->sched->works->list; w; w = w->next)
		need_worker(w->wq);
	k_sleep_until(m, flushed, &f, U64_MAX, function);
	return true;
}

bool flush_work(struct work_struct *work)
{
	struct dmasim_machine *m = k_machine("flush_work");

	STACK_ENTER();
	return m && flush(m, work, NULL, false, "flush_work");
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	struct dmasim_machine *m = k_machine("flush_delayed_work");
	struct k_work *w;

	STACK_ENTER();
	if (!m)
		return false;
	w = *find(m, work_of(dwork), false);
	if (w && w->state == WORK_DELAYED) {
		sim_event_cancel(m->hw, &w->event);
		delay_over(w);
	}
	return flush(m, work_of(dwork), NULL, false, "flush_delayed_work");
}

void flush_workqueue(struct workqueue_struct *wq)
{
	struct dmasim_machine *m = k_machine("flush_workqueue");

	STACK_ENTER();
	if (m && wq && queue_exists(m, wq))
		flush(m, NULL, wq, false, "flush_workqueue");
}

bool cancel_work(struct work_struct *work)
{
	struct dmasim_machine *m = k_machine("cancel_work");

	STACK_ENTER();
	return m && cancel(m, work);
}

static bool cancel_sync(struct work_struct *work, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	bool was = false, again;

	if (!m)
		return false;
	/* A work that queues itself again while it runs is taken off again. */
	do {
		again = cancel(m, work);
		was |= again;
		flush(m, work, NULL, true, function);
	} while (*find(m, work, false) && !m->sched->stopped);
	return was;
}

bool cancel_work_sync(struct work_struct *work)
{
	STACK_ENTER();
	return cancel_sync(work, "cancel_work_sync");
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	struct dmasim_machine *m = k_machine("cancel_delayed_work");

	STACK_ENTER();
	return m && cancel(m, work_of(dwork));
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	STACK_ENTER();
	return cancel_sync(work_of(dwork), "cancel_delayed_work_sync");
}

bool work_pending(const struct work_struct *work)
{
	struct dmasim_machine *m = k_machine("work_pending");

	STACK_ENTER();
	if (!m)
		return false;
	k_safe_point(m, COST_POLL);
	return *find(m, work, false) != NULL;
}

unsigned int work_busy(struct work_struct *work)
{
	struct dmasim_machine *m = k_machine("work_busy");

	STACK_ENTER();
	if (!m)
		return 0;
	k_safe_point(m, COST_POLL);
	return (*find(m, work, false) ? 1 : 0) | (*find(m, work, true) ? 2 : 0);
}

/* ---- queues ---- */

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
{
	struct dmasim_machine *m = k_machine("alloc_workqueue");
	struct workqueue_struct *wq;
	va_list args;

	STACK_ENTER();
	(void)flags;
	if (!m)
		return NULL;
	k_might_sleep(m, "alloc_workqueue");
	if (!fmt || k_fails(m, "alloc_workqueue", "create_workqueue"))
		return NULL;
	wq = calloc(1, sizeof(*wq));
	if (!wq)
		return NULL;
	wq->m = m;
	va_start(args, max_active);
	vsnprintf(wq->name, sizeof(wq->name), fmt, args);
	va_end(args);
	wq->next = m->sched->works->queues;
	m->sched->works->queues = wq;
	return wq;
}

static bool worker_ended(void *arg)
{
	const struct workqueue_struct *wq = arg;

	return !wq->worker || wq->worker->dead;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	struct dmasim_machine *m = k_machine("destroy_workqueue");
	struct workqueue_struct **q;

	STACK_ENTER();
	if (!m || !wq || !queue_exists(m, wq) || wq == &m->sched->works->system)
		return;
	flush(m, NULL, wq, false, "destroy_workqueue");
	wq->ending = true;
	if (wq->worker && !k_sleep_until(m, worker_ended, wq, U64_MAX, "destroy_workqueue"))
		return; /* called where it may not sleep: the queue stays until the machine ends */
	for (struct k_work **l = &m->sched->works->list, *w; (w = *l) != NULL;) {
		if (w->wq != wq) {
			l = &w->next;
			continue;
		}
		*l = w->next;
		sim_event_cancel(m->hw, &w->event);
		free(w);
	}
	for (q = &m->sched->works->queues; *q != wq; q = &(*q)->next)
		;
	*q = wq->next;
	free(wq);
}
