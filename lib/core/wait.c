// SPDX-License-Identifier: MIT
/*
 * Wait queues: who sleeps on which head.
 *
 * Driver memory holds only a mark and a count of sleepers; the entries are in one list of the machine, in order of
 * arrival, each naming its head and its entry by address. So a head that is overwritten, freed or reused damages no
 * list of ours, and a wake-up of a queue nobody sleeps on costs one compare.
 *
 * A wake-up makes sleepers runnable and nothing else: each looks at its condition when it runs. One whose condition
 * comes true without a wake-up sleeps on, as in the kernel.
 *
 * Weakness: one list for all queues, so waking is linear in the sleepers of the whole machine: tens, not thousands.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/errno.h>
#include <linux/wait.h>
#include "lib/core/task.h"

struct k_wait_entry {
	struct k_wait_entry *next;
	const wait_queue_head_t *head;
	wait_queue_entry_t *entry;
	struct k_task *task;
	bool exclusive;
};

static const struct k_wait_entry *find(struct dmasim_machine *m, const wait_queue_head_t *head,
				       const wait_queue_entry_t *entry)
{
	for (const struct k_wait_entry *w = m->sched->waits; w; w = w->next) {
		if (w->entry == entry && (!head || w->head == head))
			return w;
	}
	return NULL;
}

/* The head as the library may touch it; reports one that was never initialised. NULL: leave it alone. */
static wait_queue_head_t *head_of(struct dmasim_machine *m, wait_queue_head_t *head, const char *function)
{
	wait_queue_head_t *h = k_driver_memory(m, head, sizeof(*head));

	if (h && h->dmasim_mark == DMASIM_WAIT_MARK)
		return h;
	k_uninitialised(m, head, h, function, "wait queue");
	if (h)
		*h = (wait_queue_head_t)__WAIT_QUEUE_HEAD_INITIALIZER(*h); /* so that it is told once */
	return h;
}

static void join(struct dmasim_machine *m, wait_queue_head_t *head, wait_queue_entry_t *entry, struct k_task *task,
		 bool exclusive, const char *function)
{
	wait_queue_head_t *h = head_of(m, head, function);
	struct k_wait_entry *w, **end = &m->sched->waits;

	if (h && !entry)
		k_no_object(function, "wait queue entry");
	if (!h || !entry || find(m, NULL, entry))
		return;
	w = malloc(sizeof(*w));
	if (!w)
		return; /* the wait is then a yield: the condition is looked at again */
	*w = (struct k_wait_entry){.head = head, .entry = entry, .task = task, .exclusive = exclusive};
	while (*end)
		end = &(*end)->next;
	*end = w;
	h->dmasim_sleepers++;
}

/* Take *link out of the list. */
static void leave(struct dmasim_machine *m, struct k_wait_entry **link)
{
	struct k_wait_entry *w = *link;
	wait_queue_head_t *h = k_driver_memory(m, w->head, sizeof(*h));

	*link = w->next;
	if (h && h->dmasim_mark == DMASIM_WAIT_MARK && h->dmasim_sleepers)
		h->dmasim_sleepers--;
	free(w);
}

static void leave_entry(struct dmasim_machine *m, const wait_queue_entry_t *entry)
{
	for (struct k_wait_entry **l = &m->sched->waits; *l; l = &(*l)->next) {
		if ((*l)->entry == entry) {
			leave(m, l);
			return;
		}
	}
}

void k_waits_forget(struct k_task *task)
{
	/* The heads may be on stacks that are gone: they are not touched. */
	for (struct k_wait_entry **l = &task->m->sched->waits, *w; (w = *l) != NULL;) {
		if (w->task != task) {
			l = &w->next;
			continue;
		}
		*l = w->next;
		free(w);
	}
}

void k_waits_exit(struct dmasim_machine *m)
{
	struct k_wait_entry *w;

	while ((w = m->sched->waits) != NULL) {
		m->sched->waits = w->next;
		free(w);
	}
}

void init_waitqueue_head(wait_queue_head_t *head)
{
	struct dmasim_machine *m = k_machine("init_waitqueue_head");
	wait_queue_head_t *h;

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, head, sizeof(*head), true);
	h = k_driver_memory(m, head, sizeof(*head));
	if (h)
		*h = (wait_queue_head_t)__WAIT_QUEUE_HEAD_INITIALIZER(*h);
}

/* ---- waking ---- */

/* Wake sleepers in order of arrival: all that are not exclusive, and nr exclusive ones (0: all). How many woke. */
static unsigned int wake_queue(struct dmasim_machine *m, const wait_queue_head_t *head, unsigned int mode, int nr)
{
	unsigned int woken = 0;
	int exclusive = 0;

	for (struct k_wait_entry **l = &m->sched->waits, *w; (w = *l) != NULL;) {
		struct k_task *task = w->task;
		bool counts = w->exclusive;

		if (w->head != head || !(task->pub.__state & mode) || (counts && nr > 0 && exclusive == nr)) {
			l = &w->next;
			continue;
		}
		/* Its own function decides whether it stays in the queue; ours are told apart by address. */
		if (w->entry->func == default_wake_function)
			l = &w->next;
		else
			leave(m, l);
		if (k_wake(task)) {
			woken++;
			exclusive += counts;
		}
	}
	return woken;
}

void dmasim_wake_up(wait_queue_head_t *head, unsigned int mode, int nr, const char *function)
{
	struct dmasim_machine *m = k_machine(function);

	STACK_ENTER();
	if (!m)
		return;
	m->hooks.cpu_access(m, head, sizeof(*head), true);
	if (head_of(m, head, function))
		wake_queue(m, head, mode, nr);
	k_safe_point(m, COST_POLL);
}

int waitqueue_active(wait_queue_head_t *head)
{
	struct dmasim_machine *m = k_machine("waitqueue_active");
	wait_queue_head_t *h;

	STACK_ENTER();
	if (!m)
		return 0;
	k_safe_point(m, COST_POLL);
	m->hooks.cpu_access(m, head, sizeof(*head), false);
	h = head_of(m, head, "waitqueue_active");
	return h && h->dmasim_sleepers > 0;
}

int autoremove_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	int woken = default_wake_function(entry, mode, flags, key);

	if (woken && k_thread.current)
		leave_entry(k_thread.current, entry);
	return woken;
}

int default_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	struct dmasim_machine *m = k_thread.current;
	struct k_task *task = m && entry ? k_task_of(m, entry->private) : NULL;

	(void)flags;
	(void)key;
	return task && (task->pub.__state & mode) && k_wake(task);
}

/* ---- waiting by hand ---- */

void init_waitqueue_entry(wait_queue_entry_t *entry, struct task_struct *task)
{
	STACK_ENTER();
	if (!entry) {
		k_no_object("init_waitqueue_entry", "wait queue entry");
		return;
	}
	*entry = (wait_queue_entry_t){.private = task, .func = default_wake_function};
}

static void add(wait_queue_head_t *head, wait_queue_entry_t *entry, bool exclusive, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct k_task *task;

	if (!m)
		return;
	task = k_running(m);
	m->hooks.cpu_access(m, head, sizeof(*head), true);
	if (entry && entry->private) {
		task = k_task_of(m, entry->private);
		if (!task || task->dead) { /* then the caller is the one who waits */
			k_uninitialised(m, entry, true, function, "wait queue entry");
			task = k_running(m);
		}
	}
	join(m, head, entry, task, exclusive, function);
}

void add_wait_queue(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	STACK_ENTER();
	add(head, entry, false, "add_wait_queue");
}

void add_wait_queue_exclusive(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	STACK_ENTER();
	add(head, entry, true, "add_wait_queue_exclusive");
}

void remove_wait_queue(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	struct dmasim_machine *m = k_machine("remove_wait_queue");

	STACK_ENTER();
	(void)head;
	if (m)
		leave_entry(m, entry);
}

void prepare_to_wait(wait_queue_head_t *head, wait_queue_entry_t *entry, int state)
{
	STACK_ENTER();
	add(head, entry, false, "prepare_to_wait");
	if (k_thread.current)
		k_running(k_thread.current)->pub.__state = (unsigned int)state;
}

bool prepare_to_wait_exclusive(wait_queue_head_t *head, wait_queue_entry_t *entry, int state)
{
	STACK_ENTER();
	add(head, entry, true, "prepare_to_wait_exclusive");
	if (k_thread.current)
		k_running(k_thread.current)->pub.__state = (unsigned int)state;
	return true;
}

void finish_wait(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	struct dmasim_machine *m = k_machine("finish_wait");

	STACK_ENTER();
	(void)head;
	if (!m)
		return;
	k_running(m)->pub.__state = TASK_RUNNING;
	leave_entry(m, entry);
}

/* ---- waiting for a condition ---- */

/*
 * The order matters as it does in the kernel: the sleeper joins the queue and sets its state before it looks at the
 * condition, so that a wake-up that comes between looking and sleeping is not lost. The first look is different: it
 * comes before the wait has touched anything, and needs no queue if the condition is true already.
 */
void dmasim_wait_begin(struct dmasim_wait *wait, wait_queue_head_t *head, unsigned int state, int exclusive,
		       long timeout, const char *function, const char *condition)
{
	struct dmasim_machine *m = k_machine(function);

	STACK_ENTER();
	*wait = (struct dmasim_wait){
		.entry = {.flags = exclusive ? WQ_FLAG_EXCLUSIVE : 0, .func = autoremove_wake_function},
		.head = head,
		.function = function,
		.condition = condition,
		.state = state,
	};
	if (!m)
		return;
	k_might_sleep(m, function);
	if (timeout != MAX_SCHEDULE_TIMEOUT) {
		wait->timed = true;
		wait->deadline = k_now(m) + k_jiffies_to_ns(timeout > 0 ? (unsigned long)timeout : 0);
	}
	m->hooks.cpu_access(m, head, sizeof(*head), true);
}

static bool prepare(struct dmasim_machine *m, struct dmasim_wait *wait)
{
	struct k_task *self = k_running(m);

	join(m, wait->head, &wait->entry, self, wait->entry.flags & WQ_FLAG_EXCLUSIVE, wait->function);
	self->pub.__state = wait->state;
	return true;
}

bool dmasim_wait_step(struct dmasim_wait *wait)
{
	struct dmasim_machine *m = k_machine(wait->function);
	struct k_task *self;
	u64 now;

	STACK_ENTER();
	if (!m)
		return false;
	self = k_running(m);
	if (wait->over)
		return false;
	if (self->signalled && wait->state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) {
		wait->result = -ERESTARTSYS;
		return false;
	}
	now = k_now(m);
	if (wait->timed && now >= wait->deadline) {
		wait->over = true;
		return false;
	}
	if (!k_can_wait(m)) { /* begin has reported it */
		if (wait->timed && !m->sched->stopped)
			k_busy_for(m, wait->deadline - now);
		wait->over = true;
		return wait->timed;
	}
	if (!wait->entry.private) { /* first time: join, then look again before sleeping */
		wait->entry.private = &self->pub;
		return prepare(m, wait);
	}
	if (self->pub.__state != TASK_RUNNING)
		k_schedule_timeout(m, wait->timed ? wait->deadline - now : U64_MAX, wait->function, wait->condition);
	if (wait->timed && k_now(m) >= wait->deadline) {
		wait->over = true;
		return true; /* look once more */
	}
	return prepare(m, wait);
}

long dmasim_wait_end(struct dmasim_wait *wait, bool condition)
{
	struct dmasim_machine *m = k_machine(wait->function);
	u64 now, left;

	STACK_ENTER();
	if (!m)
		return wait->timed ? condition : 0;
	k_running(m)->pub.__state = TASK_RUNNING;
	if (wait->entry.private)
		leave_entry(m, &wait->entry);
	if (!condition && wait->result)
		return wait->result;
	if (!wait->timed)
		return 0;
	now = k_now(m);
	left = now < wait->deadline ? (wait->deadline - now) / NS_PER_JIFFY : 0;
	return condition ? (left ? (long)left : 1) : 0;
}

static void sleep_on_state(wait_queue_head_t *head, unsigned int state, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct dmasim_wait wait = {.head = head, .function = function, .state = state};

	if (!m)
		return;
	if (!k_may_wait(m, function))
		return;
	wait.entry.func = autoremove_wake_function;
	prepare(m, &wait);
	k_schedule_timeout(m, U64_MAX, function, NULL);
	leave_entry(m, &wait.entry);
}

void sleep_on(wait_queue_head_t *head)
{
	STACK_ENTER();
	sleep_on_state(head, TASK_UNINTERRUPTIBLE, "sleep_on");
}

void interruptible_sleep_on(wait_queue_head_t *head)
{
	STACK_ENTER();
	sleep_on_state(head, TASK_INTERRUPTIBLE, "interruptible_sleep_on");
}
