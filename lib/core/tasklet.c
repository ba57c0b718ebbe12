// SPDX-License-Identifier: MIT
/*
 * Tasklets, on the softirqs of the scheduler.
 *
 * The struct in driver memory carries the state bits and the count that the kernel's carries, and no links of ours: what is
 * queued is known to the softirq queue by address. A tasklet that is disabled when its turn comes is queued again by
 * tasklet_enable().
 */
#include <linux/interrupt.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define SCHEDULED 1UL /* state bits, as the kernel numbers them */
#define RUNNING	  2UL

static void run(struct dmasim_machine *m, void *arg)
{
	struct tasklet_struct *t = arg;

	(void)m;
	if (!(t->state & SCHEDULED) || t->count > 0)
		return;
	t->state = (t->state & ~SCHEDULED) | RUNNING;
	if (t->use_callback)
		t->callback(t);
	else
		t->func(t->data);
	t->state &= ~RUNNING;
}

static bool exists(const struct tasklet_struct *t, const char *function)
{
	if (!t)
		k_no_object(function, "tasklet");
	return t != NULL;
}

void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *t))
{
	STACK_ENTER();
	if (!exists(t, "tasklet_setup"))
		return;
	*t = (struct tasklet_struct){.use_callback = true, .callback = callback};
}

void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long data), unsigned long data)
{
	STACK_ENTER();
	if (!exists(t, "tasklet_init"))
		return;
	*t = (struct tasklet_struct){.func = func, .data = data};
}

void tasklet_schedule(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_schedule");

	STACK_ENTER();
	if (!m || k_model_call(m, "tasklet_schedule") || !exists(t, "tasklet_schedule") || t->state & SCHEDULED)
		return;
	t->state |= SCHEDULED;
	if (k_softirq_raise(m, run, t, "a tasklet"))
		t->state &= ~SCHEDULED;
}

static bool is_idle(void *arg)
{
	const struct tasklet_struct *t = arg;

	return !(t->state & (SCHEDULED | RUNNING));
}

void tasklet_kill(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_kill");

	STACK_ENTER();
	if (!m || k_model_call(m, "tasklet_kill") || !exists(t, "tasklet_kill"))
		return;
	k_might_sleep(m, "tasklet_kill");
	if (t->count == 0 && !is_idle(t) && k_may_sleep(m))
		k_sleep_until(m, is_idle, t, U64_MAX, "tasklet_kill");
	t->state &= ~SCHEDULED;
}

void tasklet_disable(struct tasklet_struct *t)
{
	STACK_ENTER();
	if (exists(t, "tasklet_disable"))
		t->count++;
}

void tasklet_enable(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_enable");

	STACK_ENTER();
	if (exists(t, "tasklet_enable") && --t->count == 0 && t->state & SCHEDULED && m &&
	    k_softirq_raise(m, run, t, "a tasklet"))
		t->state &= ~SCHEDULED;
}
