// SPDX-License-Identifier: MIT
/*
 * Completions and semaphores: counters to sleep on.
 *
 * The counter is in driver memory, so that DMA into a freed completion shows as what it is; sleepers are tasks with
 * a condition that the scheduler looks at, so no list of ours hangs on the object. Completing only counts: whoever
 * schedules next finds the sleeper's condition true, the longest waiting task first.
 *
 * Weakness: an object that is overwritten while somebody waits on it wakes that waiter or keeps it asleep, as it would
 * in the kernel, minus the crash.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/semaphore.h>
#include "lib/core/task.h"

/* One wait for a counter to be above zero. */
struct counter_wait {
	struct dmasim_machine *m;
	const void *object; /* in driver memory */
	unsigned int *counter;
	struct k_task *task;
	u64 ticket; /* those who came first go first */
	bool interruptible;
};

static bool may_go(void *arg)
{
	const struct counter_wait *w = arg;

	if (w->interruptible && w->task->signalled)
		return true;
	if (__atomic_load_n(w->counter, __ATOMIC_RELAXED) == 0)
		return false;
	for (const struct k_task *t = &w->m->sched->main; t; t = t->next) {
		const struct counter_wait *other = t->condition_arg;

		if (t == w->task || t->condition != may_go || other->object != w->object || t->dead ||
		    t->pub.__state == TASK_RUNNING)
			continue;
		if (other->ticket < w->ticket)
			return false;
	}
	return true;
}

/* Take one, waiting for it. ns left (at least 1), 0 when the time passed, -ERESTARTSYS. U64_MAX without a timeout. */
static s64 take(struct dmasim_machine *m, const void *object, unsigned int *counter, u64 timeout_ns, bool interruptible,
		const char *function)
{
	struct counter_wait w = {
		.m = m,
		.object = object,
		.counter = counter,
		.task = k_running(m),
		.ticket = ++m->sched->tickets,
		.interruptible = interruptible,
	};
	u64 start = k_now(m), passed;

	/* A waiter that was passed over by one that did not sleep waits again for what is left of its time. */
	for (;;) {
		passed = k_now(m) - start;
		if (!k_sleep_until(m, may_go, &w,
				   timeout_ns == U64_MAX ? U64_MAX
				   : passed < timeout_ns ? timeout_ns - passed
							 : 0,
				   function) &&
		    *counter == 0)
			return 0;
		if (*counter == 0 && interruptible && w.task->signalled)
			return -ERESTARTSYS;
		if (*counter)
			break;
	}
	if (*counter != UINT_MAX)
		--*counter;
	passed = k_now(m) - start;
	return timeout_ns == U64_MAX ? INT64_MAX : passed < timeout_ns ? (s64)(timeout_ns - passed) : 1;
}

/* The object as the library may touch it; reports one that is not initialised. */
static void *object_of(struct dmasim_machine *m, void *object, size_t size, size_t at, const char *kind,
		       const char *function)
{
	char *o = k_driver_memory(m, object, size);
	wait_queue_head_t *wait = o ? (wait_queue_head_t *)(void *)(o + at) : NULL;

	if (o)
		m->hooks.cpu_access(m, object, size, true);
	if (wait && wait->dmasim_mark == DMASIM_WAIT_MARK)
		return o;
	k_uninitialised(m, object, o, function, kind);
	if (wait) {
		*wait = (wait_queue_head_t)__WAIT_QUEUE_HEAD_INITIALIZER(*wait);
		*(unsigned int *)(void *)o = 0;
	}
	return o;
}

#define COMPLETION(m, x, function) \
	object_of(m, x, sizeof(*(x)), offsetof(struct completion, wait), "completion", function)
#define SEMAPHORE(m, x, function) object_of(m, x, sizeof(*(x)), offsetof(struct semaphore, wait), "semaphore", function)

/* ---- completions ---- */

void init_completion(struct completion *x)
{
	struct dmasim_machine *m = k_machine("init_completion");
	struct completion *c;

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, x, sizeof(*x), true);
	c = k_driver_memory(m, x, sizeof(*x));
	if (c)
		*c = (struct completion)COMPLETION_INITIALIZER(*c);
}

void reinit_completion(struct completion *x)
{
	struct dmasim_machine *m = k_machine("reinit_completion");
	struct completion *c;

	STACK_ENTER();
	c = m ? COMPLETION(m, x, "reinit_completion") : NULL;
	if (c)
		c->done = 0;
}

void complete(struct completion *x)
{
	struct dmasim_machine *m = k_machine("complete");
	struct completion *c;

	STACK_ENTER();
	c = m ? COMPLETION(m, x, "complete") : NULL;
	if (c && c->done != UINT_MAX)
		c->done++;
	if (m)
		k_safe_point(m, COST_POLL);
}

void complete_all(struct completion *x)
{
	struct dmasim_machine *m = k_machine("complete_all");
	struct completion *c;

	STACK_ENTER();
	c = m ? COMPLETION(m, x, "complete_all") : NULL;
	if (c)
		c->done = UINT_MAX;
	if (m)
		k_safe_point(m, COST_POLL);
}

bool completion_done(struct completion *x)
{
	struct dmasim_machine *m = k_machine("completion_done");
	struct completion *c;

	STACK_ENTER();
	if (m)
		k_safe_point(m, COST_POLL);
	c = m ? COMPLETION(m, x, "completion_done") : NULL;
	return c && c->done;
}

bool try_wait_for_completion(struct completion *x)
{
	struct dmasim_machine *m = k_machine("try_wait_for_completion");
	struct completion *c;

	STACK_ENTER();
	if (m)
		k_safe_point(m, COST_POLL);
	c = m ? COMPLETION(m, x, "try_wait_for_completion") : NULL;
	if (!c || !c->done)
		return false;
	if (c->done != UINT_MAX)
		c->done--;
	return true;
}

static s64 wait_ns(struct completion *x, u64 timeout_ns, bool interruptible, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct completion *c = m ? COMPLETION(m, x, function) : NULL;

	return c ? take(m, x, &c->done, timeout_ns, interruptible, function) : 0;
}

static long wait_jiffies(struct completion *x, unsigned long timeout, bool interruptible, const char *function)
{
	s64 left;

	if (timeout >= (unsigned long)MAX_SCHEDULE_TIMEOUT) {
		left = wait_ns(x, U64_MAX, interruptible, function);
		return left < 0 ? (long)left : (long)timeout;
	}
	left = wait_ns(x, k_jiffies_to_ns(timeout), interruptible, function);
	if (left <= 0)
		return (long)left;
	left /= (s64)NS_PER_JIFFY;
	return left ? (long)left : 1;
}

void wait_for_completion(struct completion *x)
{
	STACK_ENTER();
	wait_ns(x, U64_MAX, false, "wait_for_completion");
}

void wait_for_completion_io(struct completion *x)
{
	STACK_ENTER();
	wait_ns(x, U64_MAX, false, "wait_for_completion_io");
}

int wait_for_completion_interruptible(struct completion *x)
{
	STACK_ENTER();
	return wait_ns(x, U64_MAX, true, "wait_for_completion_interruptible") < 0 ? -ERESTARTSYS : 0;
}

int wait_for_completion_killable(struct completion *x)
{
	STACK_ENTER();
	return wait_ns(x, U64_MAX, true, "wait_for_completion_killable") < 0 ? -ERESTARTSYS : 0;
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	STACK_ENTER();
	return (unsigned long)wait_jiffies(x, timeout, false, "wait_for_completion_timeout");
}

unsigned long wait_for_completion_io_timeout(struct completion *x, unsigned long timeout)
{
	STACK_ENTER();
	return (unsigned long)wait_jiffies(x, timeout, false, "wait_for_completion_io_timeout");
}

long wait_for_completion_interruptible_timeout(struct completion *x, unsigned long timeout)
{
	STACK_ENTER();
	return wait_jiffies(x, timeout, true, "wait_for_completion_interruptible_timeout");
}

long wait_for_completion_killable_timeout(struct completion *x, unsigned long timeout)
{
	STACK_ENTER();
	return wait_jiffies(x, timeout, true, "wait_for_completion_killable_timeout");
}

/* ---- semaphores ---- */

void sema_init(struct semaphore *sem, int n)
{
	struct dmasim_machine *m = k_machine("sema_init");
	struct semaphore *s;

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, sem, sizeof(*sem), true);
	s = k_driver_memory(m, sem, sizeof(*sem));
	if (s)
		*s = (struct semaphore){(unsigned int)n, __WAIT_QUEUE_HEAD_INITIALIZER(s->wait)};
}

static s64 down_ns(struct semaphore *sem, u64 timeout_ns, bool interruptible, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct semaphore *s = m ? SEMAPHORE(m, sem, function) : NULL;

	return s ? take(m, sem, &s->count, timeout_ns, interruptible, function) : 0;
}

void down(struct semaphore *sem)
{
	STACK_ENTER();
	down_ns(sem, U64_MAX, false, "down");
}

int down_interruptible(struct semaphore *sem)
{
	STACK_ENTER();
	return down_ns(sem, U64_MAX, true, "down_interruptible") < 0 ? -EINTR : 0;
}

int down_killable(struct semaphore *sem)
{
	STACK_ENTER();
	return down_ns(sem, U64_MAX, true, "down_killable") < 0 ? -EINTR : 0;
}

int down_timeout(struct semaphore *sem, long timeout)
{
	STACK_ENTER();
	return down_ns(sem, k_jiffies_to_ns(timeout > 0 ? (unsigned long)timeout : 0), false, "down_timeout") ? 0
													      : -ETIME;
}

int down_trylock(struct semaphore *sem)
{
	struct dmasim_machine *m = k_machine("down_trylock");
	struct semaphore *s;

	STACK_ENTER();
	s = m ? SEMAPHORE(m, sem, "down_trylock") : NULL;
	if (!s || !s->count)
		return 1;
	s->count--;
	return 0;
}

void up(struct semaphore *sem)
{
	struct dmasim_machine *m = k_machine("up");
	struct semaphore *s;

	STACK_ENTER();
	s = m ? SEMAPHORE(m, sem, "up") : NULL;
	if (s)
		s->count++;
	if (m)
		k_safe_point(m, COST_POLL);
}
