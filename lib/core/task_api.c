// SPDX-License-Identifier: MIT
/*
 * Tasks and contexts under their kernel names: schedule() and its kin, kthreads, preemption, interrupt flags.
 *
 * Thin: each checks its arguments, says who called, and calls the scheduler. A task record given to the driver stays
 * valid until the machine ends, so a stale pointer to an ended thread is harmless here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include "lib/core/task.h"

struct task_struct *get_current(void)
{
	static struct task_struct none = {.comm = "none"};
	struct dmasim_machine *m = k_thread.current;

	return m ? &k_running(m)->pub : &none;
}

struct k_task *k_task_of(struct dmasim_machine *m, const struct task_struct *p)
{
	for (struct k_task *t = &m->sched->main; t; t = t->next) {
		if (&t->pub == p)
			return t;
	}
	return NULL;
}

void dmasim_set_state(unsigned int state)
{
	struct dmasim_machine *m = k_machine("set_current_state");

	if (m)
		k_running(m)->pub.__state = state;
}

void dmasim_might_sleep(const char *function)
{
	struct dmasim_machine *m = k_machine("might_sleep");

	STACK_ENTER();
	if (m)
		k_might_sleep(m, function);
}

static void do_schedule(const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct k_task *self;

	if (!m)
		return;
	self = k_running(m);
	if (!k_may_wait(m, function)) {
		self->pub.__state = TASK_RUNNING;
		k_safe_point(m, COST_YIELD);
		return;
	}
	if (self->pub.__state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL) && k_signalled(m))
		self->pub.__state = TASK_RUNNING;
	if (self->pub.__state == TASK_RUNNING) {
		k_safe_point(m, COST_YIELD);
		k_run_other(m);
		return;
	}
	k_schedule_timeout(m, U64_MAX, function, NULL);
}

void schedule(void)
{
	STACK_ENTER();
	do_schedule("schedule");
}

void io_schedule(void)
{
	STACK_ENTER();
	do_schedule("io_schedule");
}

void yield(void)
{
	STACK_ENTER();
	dmasim_set_state(TASK_RUNNING);
	do_schedule("yield");
}

int cond_resched(void)
{
	struct dmasim_machine *m = k_machine("cond_resched");

	STACK_ENTER();
	if (!m)
		return 0;
	if (!k_may_wait(m, "cond_resched"))
		return 0;
	k_safe_point(m, COST_POLL);
	return k_run_other(m);
}

static long timeout_in(long timeout, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct k_task *self;
	u64 left;

	if (!m)
		return 0;
	self = k_running(m);
	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		do_schedule(function);
		return timeout;
	}
	if (timeout < 0) { /* the kernel complains and does not sleep */
		self->pub.__state = TASK_RUNNING;
		return 0;
	}
	if (!k_may_wait(m, function)) {
		self->pub.__state = TASK_RUNNING;
		k_busy_for(m, k_jiffies_to_ns((unsigned long)timeout));
		return 0;
	}
	if (self->pub.__state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL) && k_signalled(m))
		self->pub.__state = TASK_RUNNING;
	if (self->pub.__state == TASK_RUNNING) { /* forgot to set the state: a yield, as in the kernel */
		k_safe_point(m, COST_YIELD);
		k_run_other(m);
		return timeout;
	}
	left = k_schedule_timeout(m, k_jiffies_to_ns((unsigned long)timeout), function, NULL);
	return (long)((left + NS_PER_JIFFY - 1) / NS_PER_JIFFY);
}

long schedule_timeout(long timeout)
{
	STACK_ENTER();
	return timeout_in(timeout, "schedule_timeout");
}

long schedule_timeout_interruptible(long timeout)
{
	STACK_ENTER();
	dmasim_set_state(TASK_INTERRUPTIBLE);
	return timeout_in(timeout, "schedule_timeout_interruptible");
}

long schedule_timeout_killable(long timeout)
{
	STACK_ENTER();
	dmasim_set_state(TASK_KILLABLE);
	return timeout_in(timeout, "schedule_timeout_killable");
}

long schedule_timeout_uninterruptible(long timeout)
{
	STACK_ENTER();
	dmasim_set_state(TASK_UNINTERRUPTIBLE);
	return timeout_in(timeout, "schedule_timeout_uninterruptible");
}

long schedule_timeout_idle(long timeout)
{
	STACK_ENTER();
	dmasim_set_state(TASK_IDLE);
	return timeout_in(timeout, "schedule_timeout_idle");
}

int wake_up_process(struct task_struct *task)
{
	struct dmasim_machine *m = k_machine("wake_up_process");
	struct k_task *t;

	STACK_ENTER();
	t = m ? k_task_of(m, task) : NULL;
	if (!t || t->dead)
		return 0;
	if (!t->started) {
		k_task_start(t);
		return 1;
	}
	return k_wake(t);
}

int signal_pending(struct task_struct *task)
{
	struct dmasim_machine *m = k_machine("signal_pending");
	struct k_task *t = m ? k_task_of(m, task) : NULL;

	return t && t->signalled;
}

/* ---- kthreads ---- */

static struct task_struct *create(int (*fn)(void *data), void *data, const char *function, const char *fmt,
				  va_list args)
{
	struct dmasim_machine *m = k_machine(function);
	char name[TASK_COMM_LEN];
	struct k_task *t;

	if (!m)
		return (struct task_struct *)(uintptr_t)-ENOMEM;
	k_might_sleep(m, function);
	if (!fn || !fmt || k_fails(m, function, "kthread_create"))
		return (struct task_struct *)(uintptr_t)-ENOMEM;
	vsnprintf(name, sizeof(name), fmt, args);
	t = k_task_create(m, fn, data, name);
	return t ? &t->pub : (struct task_struct *)(uintptr_t)-ENOMEM;
}

struct task_struct *kthread_create(int (*threadfn)(void *data), void *data, const char *namefmt, ...)
{
	struct task_struct *t;
	va_list args;

	STACK_ENTER();
	va_start(args, namefmt);
	t = create(threadfn, data, "kthread_create", namefmt, args);
	va_end(args);
	return t;
}

struct task_struct *kthread_run(int (*threadfn)(void *data), void *data, const char *namefmt, ...)
{
	struct task_struct *t;
	va_list args;

	STACK_ENTER();
	va_start(args, namefmt);
	t = create(threadfn, data, "kthread_run", namefmt, args);
	va_end(args);
	if ((uintptr_t)t < (uintptr_t)-4095)
		k_task_start((struct k_task *)t);
	return t;
}

static bool has_ended(void *arg)
{
	return ((struct k_task *)arg)->dead;
}

int kthread_stop(struct task_struct *task)
{
	struct dmasim_machine *m = k_machine("kthread_stop");
	struct k_task *t;

	STACK_ENTER();
	t = m ? k_task_of(m, task) : NULL;
	if (!t || t == &m->sched->main)
		return -EINTR;
	k_might_sleep(m, "kthread_stop");
	t->should_stop = true;
	if (!t->started) {
		/* It ends without its function ever being called. */
		t->fn = NULL;
		k_task_start(t);
	} else {
		k_wake(t);
	}
	if (!k_sleep_until(m, has_ended, t, U64_MAX, "kthread_stop"))
		return -EINTR;
	k_task_join(t);
	return t->exit_code;
}

bool kthread_should_stop(void)
{
	struct dmasim_machine *m = k_machine("kthread_should_stop");

	STACK_ENTER();
	if (!m)
		return true;
	k_safe_point(m, COST_POLL);
	return k_running(m)->should_stop;
}

void kthread_bind(struct task_struct *task, unsigned int cpu)
{
	(void)task;
	(void)cpu;
}

/* ---- contexts ---- */

#define CONTEXT_OF(function)                            \
	struct dmasim_machine *m = k_machine(function); \
	struct k_context_state *c = m ? m->sched->ctx : NULL

void preempt_disable(void)
{
	CONTEXT_OF("preempt_disable");

	if (c)
		c->preempt_off++;
}

void preempt_enable(void)
{
	CONTEXT_OF("preempt_enable");

	if (c && c->preempt_off)
		c->preempt_off--;
}

int preempt_count(void)
{
	CONTEXT_OF("preempt_count");

	return c ? (int)(c->preempt_off + c->nr_held + c->held_unnamed + (c->bh_off << 8) + (c->softirqs << 8) +
			 (c->hardirqs << 16))
		 : 0;
}

bool in_hardirq(void)
{
	CONTEXT_OF("in_hardirq");

	return c && c->hardirqs;
}

bool in_softirq(void)
{
	CONTEXT_OF("in_softirq");

	return c && (c->softirqs || c->bh_off);
}

bool in_serving_softirq(void)
{
	CONTEXT_OF("in_serving_softirq");

	return c && c->softirqs;
}

bool in_interrupt(void)
{
	CONTEXT_OF("in_interrupt");

	return c && (c->hardirqs || c->softirqs || c->bh_off);
}

bool in_task(void)
{
	CONTEXT_OF("in_task");

	return !c || (!c->hardirqs && !c->softirqs);
}

bool in_atomic(void)
{
	return preempt_count() != 0;
}

void local_bh_disable(void)
{
	CONTEXT_OF("local_bh_disable");

	if (c)
		c->bh_off++;
}

void local_bh_enable(void)
{
	CONTEXT_OF("local_bh_enable");

	STACK_ENTER();
	if (!c)
		return;
	if (c->bh_off)
		c->bh_off--;
	k_deliver(m);
}

unsigned long dmasim_irq_save(void)
{
	struct dmasim_machine *m = k_machine("local_irq_save");

	return m ? k_irqs_set(m, true) : 0;
}

void dmasim_irq_restore(unsigned long flags)
{
	struct dmasim_machine *m = k_machine("local_irq_restore");

	STACK_ENTER();
	if (m)
		k_irqs_set(m, flags != 0);
}

void local_irq_disable(void)
{
	struct dmasim_machine *m = k_machine("local_irq_disable");

	if (m)
		k_irqs_set(m, true);
}

void local_irq_enable(void)
{
	struct dmasim_machine *m = k_machine("local_irq_enable");

	STACK_ENTER();
	if (m)
		k_irqs_set(m, false);
}

bool irqs_disabled(void)
{
	struct dmasim_machine *m = k_machine("irqs_disabled");

	return m && k_irqs_disabled(m);
}
