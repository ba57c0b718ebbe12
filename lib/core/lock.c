// SPDX-License-Identifier: MIT
/*
 * Spinlocks, rwlocks and mutexes on a machine with one CPU.
 *
 * Who holds what is a short table of each strand of control; the object in driver memory carries a mark and a counter
 * that nothing here relies on. A spinlock that is held when somebody wants it can never become free while that
 * somebody spins: same strand, that is recursion; in a handler, the interrupted strand cannot go on. Either way it
 * is reported as the deadlock it is, with the place where the lock was taken, and the caller goes on as if it
 * had the lock. Only a holder that went to sleep (which was reported) can still release it: then the caller waits.
 *
 * Weakness: locks taken deeper than MAX_HELD are counted but not recognised; a task's deadlock with another task
 * over two mutexes shows as a wait that is never woken.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include "lib/core/task.h"

/* spinlock_t, rwlock_t and struct mutex alike. */
struct lock_words {
	u32 mark;
	u32 held;
};
_Static_assert(sizeof(struct lock_words) == sizeof(spinlock_t), "spinlock_t");
_Static_assert(sizeof(struct lock_words) == sizeof(rwlock_t), "rwlock_t");
_Static_assert(sizeof(struct lock_words) == sizeof(struct mutex), "struct mutex");

/* The object as the library may touch it; reports one that was never initialised. */
static struct lock_words *words_of(struct dmasim_machine *m, const void *lock, const char *name)
{
	struct lock_words *w = k_driver_memory(m, lock, sizeof(*w));

	if (w) {
		m->hooks.cpu_access(m, lock, sizeof(*w), true);
		if (k_likely(w->mark == DMASIM_LOCK_MARK || (w->mark == 0 && w->held <= 1)))
			return w;
	}

	struct finding f = {.rule = "uninitialised-object", .cpu = lock, .act_verb = "lock"};

	f.more[0].label = "lock";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s %s", name,
		 w ? "was never initialised, or was overwritten" : "lies in no memory");
	k_report(m, &f);
	if (w)
		*w = (struct lock_words){DMASIM_LOCK_MARK, 0};
	return w;
}

static struct k_held *held_in(struct k_context_state *c, const void *lock)
{
	for (unsigned int i = c->nr_held; i-- > 0;) {
		if (c->held[i].lock == lock)
			return &c->held[i];
	}
	return NULL;
}

/* Whoever holds the lock, this strand first. */
static struct k_held *holder(struct dmasim_machine *m, const void *lock, struct k_context_state **whose)
{
	struct k_sched *s = m->sched;
	struct k_held *h;

	if (s->locks_held == 0)
		return NULL;
	*whose = s->ctx;
	h = held_in(s->ctx, lock);
	for (struct k_task *t = &s->main; t && !h; t = t->next) {
		*whose = &t->ctx;
		h = held_in(&t->ctx, lock);
	}
	if (!h) {
		*whose = &s->idle;
		h = held_in(&s->idle, lock);
	}
	return h;
}

static void report_deadlock(struct dmasim_machine *m, const struct k_held *h, const char *name, const char *how)
{
	struct finding f = {
		.rule = "lock-deadlock",
		.act_verb = "lock",
		.mapped = h->where,
		.mapped_verb = "locked",
		.cpu = h->lock,
	};

	f.more[0].label = "lock";
	if (strcmp(name, h->name))
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s, taken as %s, %s", name, h->name, how);
	else
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s %s", name, how);
	k_report(m, &f);
}

struct free_wait {
	struct dmasim_machine *m;
	const void *lock;
};

static bool lock_is_free(void *arg)
{
	const struct free_wait *w = arg;
	struct k_context_state *whose;

	return !holder(w->m, w->lock, &whose);
}

/* The lock is held. True if the caller may take it after all. */
static bool contended(struct dmasim_machine *m, const struct k_held *h, struct k_context_state *whose, int how,
		      const char *name)
{
	struct k_sched *s = m->sched;
	struct k_context_state *c = s->ctx;
	bool in_handler = c->hardirqs || c->softirqs;
	struct free_wait wait = {m, h->lock};

	if (h->how & how & DMASIM_LOCK_READ)
		return true; /* readers share */
	if (how & DMASIM_LOCK_TRY)
		return false;
	if (whose == c && h->hardirqs == c->hardirqs && h->softirqs == c->softirqs) {
		report_deadlock(m, h, name, "is held by this very code");
		return true;
	}
	if (in_handler) {
		report_deadlock(m, h, name, "is held by the code that was interrupted");
		return true;
	}
	/* Another task sleeps with it. Spinning with preemption off it would never run; let it, if it ever can. */
	if (s->stopped || k_in_device_model(m))
		return true;
	s->running->condition = lock_is_free;
	s->running->condition_arg = &wait;
	s->running->pub.__state = TASK_UNINTERRUPTIBLE;
	k_schedule(m, "spin_lock", name);
	s->running->condition = NULL;
	return true;
}

int dmasim_lock(void *lock, int how, unsigned long *flags, const char *name)
{
	struct dmasim_machine *m = k_machine("spin_lock");
	struct k_context_state *c, *whose;
	struct lock_words *w;
	struct k_held *h;
	bool irqs_were_off;

	STACK_ENTER();
	if (!m)
		return 1;
	c = m->sched->ctx;
	irqs_were_off = c->irqs_off;
	w = words_of(m, lock, name);
	if (how & (DMASIM_LOCK_IRQ | DMASIM_LOCK_IRQSAVE))
		c->irqs_off = true;
	if (how & DMASIM_LOCK_BH)
		c->bh_off++;
	h = holder(m, lock, &whose);
	if (k_unlikely(h) && !contended(m, h, whose, how, name)) {
		if (how & DMASIM_LOCK_BH)
			c->bh_off--;
		if (how & (DMASIM_LOCK_IRQ | DMASIM_LOCK_IRQSAVE))
			k_irqs_set(m, irqs_were_off);
		return 0;
	}
	if (flags)
		*flags = irqs_were_off;
	if (w)
		w->held++;
	if (c->nr_held == MAX_HELD) {
		c->held_unnamed++;
		return 1;
	}
	c->held[c->nr_held++] = (struct k_held){
		.lock = lock,
		.name = name,
		.where = m->checks ? stack_entry(m) : 0,
		.how = (u8)how,
		.hardirqs = (u8)c->hardirqs,
		.softirqs = (u8)c->softirqs,
	};
	m->sched->locks_held++;
	return 1;
}

static void forget(struct dmasim_machine *m, struct k_context_state *c, struct k_held *h)
{
	unsigned int i = (unsigned int)(h - c->held);

	if (k_unlikely(i + 1 != c->nr_held))
		memmove(h, h + 1, (c->nr_held - i - 1) * sizeof(*h));
	c->nr_held--;
	m->sched->locks_held--;
}

static void report_imbalance(struct dmasim_machine *m, const struct k_held *h, const char *name, const char *what)
{
	struct finding f = {
		.rule = "lock-imbalance",
		.act_verb = "call",
		.mapped = h ? h->where : 0,
		.mapped_verb = "locked",
		.cpu = h ? h->lock : NULL,
	};

	f.more[0].label = "lock";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s: %s", name, what);
	k_report(m, &f);
}

/* A handler or task `what` ended holding the locks from index `from` on: report each, and release it. */
void k_locks_imbalance(struct dmasim_machine *m, struct k_context_state *c, unsigned int from, const char *what)
{
	while (c->nr_held > from) {
		struct k_held *h = &c->held[c->nr_held - 1];
		struct lock_words *w = k_driver_memory(m, h->lock, sizeof(*w));
		char text[128];

		snprintf(text, sizeof(text), "still held when %s returned", what);
		report_imbalance(m, h, h->name, text);
		if (w && w->held)
			w->held--;
		forget(m, c, h);
	}
}

void dmasim_unlock(void *lock, int how, unsigned long flags, const char *name)
{
	struct dmasim_machine *m = k_machine("spin_unlock");
	struct k_context_state *c, *whose = NULL;
	struct lock_words *w;
	struct k_held *h;

	STACK_ENTER();
	if (!m)
		return;
	c = m->sched->ctx;
	w = words_of(m, lock, name);
	h = holder(m, lock, &whose);
	if (k_likely(h != NULL)) {
		if (k_unlikely(h->how & ~how & DMASIM_LOCK_READ))
			report_imbalance(m, h, name, "taken for reading, released as a writer");
		else if (k_unlikely(how & ~h->how & DMASIM_LOCK_READ))
			report_imbalance(m, h, name, "taken for writing, released as a reader");
		if (w && w->held)
			w->held--;
		forget(m, whose, h);
	} else if (c->held_unnamed) {
		c->held_unnamed--;
		if (w && w->held)
			w->held--;
	} else {
		report_imbalance(m, NULL, name, "released, but nobody holds it");
	}
	if (how & DMASIM_LOCK_BH && c->bh_off)
		c->bh_off--;
	if (how & DMASIM_LOCK_IRQSAVE)
		c->irqs_off = flags != 0;
	else if (how & DMASIM_LOCK_IRQ)
		c->irqs_off = false;
	k_safe_point(m, COST_BARRIER);
}

void dmasim_lock_init(void *lock, const char *name)
{
	struct dmasim_machine *m = k_machine("spin_lock_init");
	struct k_context_state *whose;
	struct lock_words *w;
	struct k_held *h;

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, lock, sizeof(*w), true);
	w = k_driver_memory(m, lock, sizeof(*w));
	h = holder(m, lock, &whose);
	if (h) {
		report_imbalance(m, h, name, "initialised while it is held");
		forget(m, whose, h);
	}
	if (w)
		*w = (struct lock_words){DMASIM_LOCK_MARK, 0};
}

int dmasim_lock_is_held(const void *lock)
{
	struct dmasim_machine *m = k_machine("spin_is_locked");
	struct k_context_state *whose;

	STACK_ENTER();
	if (!m)
		return 0;
	k_safe_point(m, COST_POLL);
	return holder(m, lock, &whose) != NULL;
}

/* ---- mutexes: the table names the task; sleeping is allowed while they are held ---- */

static struct k_mutex_held *mutex_holder(struct dmasim_machine *m, const void *lock, struct k_task **whose)
{
	for (struct k_task *t = &m->sched->main; t; t = t->next) {
		for (unsigned int i = t->nr_mutexes; i-- > 0;) {
			if (t->mutexes[i].lock == lock) {
				*whose = t;
				return &t->mutexes[i];
			}
		}
	}
	return NULL;
}

void dmasim_assert_held(const void *lock, const char *name)
{
	struct dmasim_machine *m = k_machine("lockdep_assert_held");
	struct k_context_state *whose;
	struct k_task *task;

	STACK_ENTER();
	if (m && !holder(m, lock, &whose) && !mutex_holder(m, lock, &task) && !m->sched->ctx->held_unnamed)
		report_imbalance(m, NULL, name, "must be held here, but is not");
}

struct mutex_wait {
	struct dmasim_machine *m;
	const void *lock;
	struct k_task *task;
	bool interruptible;
};

static bool mutex_is_free(void *arg)
{
	const struct mutex_wait *w = arg;
	struct k_task *whose;

	return !mutex_holder(w->m, w->lock, &whose) || (w->interruptible && w->task->signalled);
}

static void mutex_take(struct dmasim_machine *m, const void *lock, struct lock_words *w, const char *name)
{
	struct k_task *self = k_running(m);

	if (w)
		w->held = 1;
	if (self->nr_mutexes == MAX_HELD) {
		m->hooks.unchecked(m, "mutexes held too deep to follow", 1);
		return;
	}
	self->mutexes[self->nr_mutexes++] = (struct k_mutex_held){lock, name, m->checks ? stack_entry(m) : 0};
}

int dmasim_mutex_lock(struct mutex *lock, bool interruptible, const char *name)
{
	struct dmasim_machine *m = k_machine("mutex_lock");
	struct mutex_wait wait = {m, lock, NULL, interruptible};
	struct k_mutex_held *h;
	struct k_task *whose;
	struct lock_words *w;

	STACK_ENTER();
	if (!m)
		return 0;
	wait.task = k_running(m);
	w = words_of(m, lock, name);
	k_might_sleep(m, "mutex_lock");
	h = mutex_holder(m, lock, &whose);
	if (h && whose == wait.task) {
		struct k_held held = {.lock = lock, .name = h->name, .where = h->where};

		report_deadlock(m, &held, name, "is held by this very task");
		return 0;
	}
	/* An atomic context was reported: going on as if it had the lock beats a hang. */
	if (h && k_may_sleep(m)) {
		k_sleep_until(m, mutex_is_free, &wait, U64_MAX, "mutex_lock");
		if (mutex_holder(m, lock, &whose) && interruptible && wait.task->signalled)
			return -EINTR;
	}
	mutex_take(m, lock, w, name);
	return 0;
}

int dmasim_mutex_trylock(struct mutex *lock, const char *name)
{
	struct dmasim_machine *m = k_machine("mutex_trylock");
	struct k_task *whose;
	struct lock_words *w;

	STACK_ENTER();
	if (!m)
		return 1;
	w = words_of(m, lock, name);
	k_safe_point(m, COST_POLL);
	if (mutex_holder(m, lock, &whose))
		return 0;
	mutex_take(m, lock, w, name);
	return 1;
}

static void mutex_forget(struct k_task *t, struct k_mutex_held *h)
{
	memmove(h, h + 1, (size_t)(&t->mutexes[t->nr_mutexes] - (h + 1)) * sizeof(*h));
	t->nr_mutexes--;
}

void dmasim_mutex_unlock(struct mutex *lock, const char *name)
{
	struct dmasim_machine *m = k_machine("mutex_unlock");
	struct k_mutex_held *h;
	struct k_task *whose;
	struct lock_words *w;

	STACK_ENTER();
	if (!m)
		return;
	w = words_of(m, lock, name);
	h = mutex_holder(m, lock, &whose);
	if (!h) {
		report_imbalance(m, NULL, name, "released, but nobody holds it");
	} else {
		struct k_held held = {.lock = lock, .where = h->where};

		if (whose != k_running(m))
			report_imbalance(m, &held, name, "released by another task than took it");
		mutex_forget(whose, h);
	}
	if (w)
		w->held = 0;
	k_safe_point(m, COST_BARRIER);
}

bool mutex_is_locked(struct mutex *lock)
{
	struct dmasim_machine *m = k_machine("mutex_is_locked");
	struct k_task *whose;

	STACK_ENTER();
	if (!m)
		return false;
	k_safe_point(m, COST_POLL);
	return mutex_holder(m, lock, &whose) != NULL;
}

void mutex_destroy(struct mutex *lock)
{
	struct dmasim_machine *m = k_machine("mutex_destroy");
	struct k_mutex_held *h;
	struct k_task *whose;

	STACK_ENTER();
	if (!m)
		return;
	h = mutex_holder(m, lock, &whose);
	if (h) {
		struct k_held held = {.lock = lock, .where = h->where};

		report_imbalance(m, &held, h->name, "destroyed while it is held");
		mutex_forget(whose, h);
	}
}
