// SPDX-License-Identifier: MIT
/*
 * Host threads: which machine each one uses, and how simulated tasks hand the CPU to one another.
 *
 * A machine is held by one host thread at a time, which is its main task. Its other tasks are host threads too, each
 * asleep on a futex word of its own until somebody sets it: that is the baton. The word outlives every wait, so a
 * hand-over is one store, one wake and one wait, and cannot be lost. All threads of a machine are kept on one CPU
 * while there is more than one of them: waking a thread on another CPU costs several times as much.
 *
 * After fork() the child has the memory of a machine but none of its threads: its machines are forgotten in the
 * child, and every use says why.
 *
 * Weakness: a thread that holds a machine and blocks elsewhere keeps other threads waiting for it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <dmasim/machine.h>
#include "lib/core/machines.h"
#include "lib/core/task.h"

__thread struct k_thread k_thread __attribute__((tls_model("initial-exec")));

struct dmasim_machine *k_no_machine(const char *function)
{
	static __thread unsigned int told;

	if (k_thread.forked)
		sim_error(
			ENODEV,
			"%s: the current machine was made before fork(); it cannot be used in the child, make another",
			function);
	else
		sim_error(
			ENODEV,
			"%s: this thread has no current machine; see dmasim_machine_create() and dmasim_machine_use()",
			function);
	/* A driver that runs without a machine would fill the screen. */
	if (told < 10)
		fprintf(stderr, "dmasim: %s%s\n", dmasim_last_error(),
			++told == 10 ? " (further ones are not printed)" : "");
	return NULL;
}

void k_no_object(const char *function, const char *what)
{
	struct dmasim_machine *m = k_thread.current;
	struct finding f = {.rule = "uninitialised-object", .act_verb = "call"};

	sim_error(EINVAL, "%s() was given NULL for its %s", function, what);
	if (!m)
		return;
	f.more[0].label = "object";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was given NULL for its %s", function, what);
	k_report(m, &f);
}

void k_uninitialised(struct dmasim_machine *m, const void *object, bool there, const char *function, const char *what)
{
	struct finding f = {.rule = "uninitialised-object", .cpu = object, .act_verb = "call"};

	f.more[0].label = "object";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() on a %s that %s", function, what,
		 there ? "was never initialised, or was overwritten" : "lies in no memory");
	k_report(m, &f);
}

/* ---- the baton ---- */

static void futex_wait(int *word, int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await_baton(struct k_task *t)
{
	while (!__atomic_exchange_n(&t->go, 0, __ATOMIC_ACQ_REL))
		futex_wait(&t->go, 0);
}

/*
 * Give the CPU to another task, and wait to get it back unless this one has ended. Comes back by a jump where the
 * task is to be abandoned, or, in the main task, where another one asked for the end of the test.
 */
void k_baton_pass(struct k_task *from, struct k_task *to, bool wait)
{
	struct dmasim_machine *m = from->m;
	struct k_sched *s = m->sched;

	assert(from != to && s->running == from);
	from->stack_low = wait ? k_thread.stack_low : 0;
	from->stack_high = wait ? k_thread.stack_high : 0;
	s->running = to;
	s->ctx = &to->ctx;
	__atomic_store_n(&to->go, 1, __ATOMIC_RELEASE);
	futex_wake(&to->go); /* `to` may be running, even gone, by now: only its address is used */
	if (!wait)
		return;
	await_baton(from);
	assert(s->running == from);
	if (from->abandoned)
		longjmp(from->out, 1);
	if (from == &s->main && s->stopping)
		k_stop(m, s->stopping);
}

bool k_on_waiters_stack(struct dmasim_machine *m, const void *p)
{
	/* a machine that is being made has no tasks yet */
	for (const struct k_task *t = m->sched ? &m->sched->main : NULL; t; t = t->next)
		if ((uintptr_t)p - t->stack_low < t->stack_high - t->stack_low)
			return true;
	return false;
}

/* ---- host threads of tasks ---- */

void k_task_main(struct k_task *task);

static void *task_thread(void *arg)
{
	struct k_task *t = arg;

	k_thread.current = t->m;
	k_thread.task = t;
	await_baton(t);
	k_watchdog_thread();
	k_task_main(t);
	/* The machine may be destroyed by now, but not before this thread was joined: t is still there. */
	k_watchdog_thread_exit();
	k_thread.current = NULL;
	k_thread.task = NULL;
	return NULL;
}

/* All threads of the machine on one CPU, from the first task on. Best effort: it is only about speed. */
static void pin(struct k_sched *s)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (s->pinned || cpu < 0 || k_thread.task || sched_getaffinity(0, sizeof(s->affinity), &s->affinity))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	s->pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

static void unpin(struct k_sched *s)
{
	if (s->pinned)
		sched_setaffinity(0, sizeof(s->affinity), &s->affinity);
	s->pinned = false;
}

int k_task_thread(struct k_task *t)
{
	sigset_t all, old;
	int err;

	pin(t->m->sched);
	/* Signals of the program are the program's: its own threads take them. The watchdog's is let in later. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&t->thread, NULL, task_thread, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return sim_error(err, "no host thread for task %s: %s", t->pub.comm, strerror(err));
	t->has_thread = true;
	return 0;
}

void k_task_join(struct k_task *t)
{
	assert(t->dead);
	if (t->has_thread)
		pthread_join(t->thread, NULL);
	t->has_thread = false;
}

/* ---- which thread holds which machine ---- */

/* One lock for all: taken only to make, destroy and change machines. */
pthread_mutex_t k_machines_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t machine_free = PTHREAD_COND_INITIALIZER;
struct dmasim_machine *k_machines; /* all live ones */
static pthread_key_t thread_ends;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int init_error;

bool k_machine_is_live(const struct dmasim_machine *m)
{
	for (const struct dmasim_machine *l = k_machines; l; l = l->next) {
		if (l == m)
			return true;
	}
	return false;
}

bool k_machine_acquire(struct dmasim_machine *m)
{
	pthread_mutex_lock(&k_machines_lock);
	while (k_machine_is_live(m) && m->pid == getpid() && m->held)
		pthread_cond_wait(&machine_free, &k_machines_lock);
	if (!k_machine_is_live(m) || m->pid != getpid()) {
		bool forked = k_machine_is_live(m);

		pthread_mutex_unlock(&k_machines_lock);
		sim_error(EINVAL,
			  forked ? "the machine was made before fork(); it cannot be used in the child"
				 : "not a live machine: %p",
			  (void *)m);
		return false;
	}
	m->held = true;
	pthread_mutex_unlock(&k_machines_lock);
	k_thread.current = m;
	k_thread.forked = false;
	pthread_setspecific(thread_ends, &k_thread);
	k_watchdog_thread();
	return true;
}

void k_machine_release(struct dmasim_machine *m)
{
	unpin(m->sched);
	k_thread.current = NULL;
	pthread_mutex_lock(&k_machines_lock);
	m->held = false;
	pthread_cond_broadcast(&machine_free);
	pthread_mutex_unlock(&k_machines_lock);
}

static void at_thread_end(void *arg)
{
	(void)arg;
	if (k_thread.current && !k_thread.task && !k_thread.forked)
		k_machine_release(k_thread.current);
	k_watchdog_thread_exit();
}

static void before_fork(void)
{
	pthread_mutex_lock(&k_machines_lock);
}

static void after_fork_in_parent(void)
{
	pthread_mutex_unlock(&k_machines_lock);
}

static void after_fork_in_child(void)
{
	/* The threads that waited for a machine do not exist here. */
	pthread_cond_init(&machine_free, NULL);
	pthread_mutex_unlock(&k_machines_lock);
	k_thread.forked = k_thread.current != NULL;
	k_thread.current = NULL;
	k_thread.task = NULL;
	k_watchdog_forked();
}

static void init(void)
{
	init_error = pthread_key_create(&thread_ends, at_thread_end);
	if (!init_error)
		init_error = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

int k_threads_init(void)
{
	pthread_once(&once, init);
	return init_error ? sim_error(init_error, "no thread key or fork handler: %s", strerror(init_error)) : 0;
}
