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

/* The tasklet as the library may touch it; reports one that was never initialised. */
static struct tasklet_struct *object_of(struct dmasim_machine *m, struct tasklet_struct *t, const char *function)
{
	struct tasklet_struct *o = k_driver_memory(m, t, sizeof(*o));

	if (o) {
		m->hooks.cpu_access(m, t, sizeof(*t), true);
		if (o->dmasim_mark == DMASIM_TASKLET_MARK && o->func)
			return o;
	}
	k_uninitialised(m, t, o, function, "tasklet");
	return NULL;
}

/* arg is the driver's tasklet, which may have been freed or overwritten since it was queued. */
static void run(struct dmasim_machine *m, void *arg)
{
	struct tasklet_struct *t = arg, *o = k_driver_memory(m, t, sizeof(*o));

	if (!o || !(o->state & SCHEDULED) || o->count > 0)
		return;
	o = object_of(m, t, "a tasklet's turn");
	if (!o)
		return;
	o->state = (o->state & ~SCHEDULED) | RUNNING;
	if (o->use_callback)
		o->callback(t);
	else
		o->func(o->data);
	o->state &= ~RUNNING;
}

static void init(struct tasklet_struct *t, const struct tasklet_struct *value, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct tasklet_struct *o;

	if (!m)
		return;
	if (!t) {
		k_no_object(function, "tasklet");
		return;
	}
	m->hooks.cpu_access(m, t, sizeof(*t), true);
	o = k_driver_memory(m, t, sizeof(*o));
	if (o)
		*o = *value;
}

void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *t))
{
	STACK_ENTER();
	init(t,
	     &(struct tasklet_struct){.use_callback = true, .callback = callback, .dmasim_mark = DMASIM_TASKLET_MARK},
	     "tasklet_setup");
}

void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long data), unsigned long data)
{
	STACK_ENTER();
	init(t, &(struct tasklet_struct){.func = func, .data = data, .dmasim_mark = DMASIM_TASKLET_MARK},
	     "tasklet_init");
}

void tasklet_schedule(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_schedule");
	struct tasklet_struct *o;

	STACK_ENTER();
	if (!m || k_model_call(m, "tasklet_schedule"))
		return;
	o = object_of(m, t, "tasklet_schedule");
	if (!o || o->state & SCHEDULED)
		return;
	o->state |= SCHEDULED;
	if (k_softirq_raise(m, run, t, "a tasklet"))
		o->state &= ~SCHEDULED;
}

static bool is_idle(void *arg)
{
	const struct tasklet_struct *o = arg;

	return !(o->state & (SCHEDULED | RUNNING));
}

void tasklet_kill(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_kill");
	struct tasklet_struct *o;

	STACK_ENTER();
	if (!m || k_model_call(m, "tasklet_kill"))
		return;
	o = object_of(m, t, "tasklet_kill");
	if (!o)
		return;
	k_might_sleep(m, "tasklet_kill");
	if (o->count == 0 && !is_idle(o) && k_may_sleep(m))
		k_sleep_until(m, is_idle, o, U64_MAX, "tasklet_kill");
	o->state &= ~SCHEDULED;
}

void tasklet_disable(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_disable");
	struct tasklet_struct *o;

	STACK_ENTER();
	o = m ? object_of(m, t, "tasklet_disable") : NULL;
	if (o)
		o->count++;
}

void tasklet_enable(struct tasklet_struct *t)
{
	struct dmasim_machine *m = k_machine("tasklet_enable");
	struct tasklet_struct *o;

	STACK_ENTER();
	o = m ? object_of(m, t, "tasklet_enable") : NULL;
	if (o && --o->count == 0 && o->state & SCHEDULED && k_softirq_raise(m, run, t, "a tasklet"))
		o->state &= ~SCHEDULED;
}
