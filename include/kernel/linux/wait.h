/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. Mirrors linux/wait.h.
 *
 * As in the kernel a sleeper looks at its condition again only when somebody wakes the queue: a condition that comes
 * true without a wake_up() is not noticed. A sleeper that nothing can wake any more is reported as wait-never-woken.
 * Waiting may sleep; waking works in any context.
 */
#ifndef DMASIM_LINUX_WAIT_H
#define DMASIM_LINUX_WAIT_H

#include_next <linux/wait.h>
/* The C library has these as an enum in <sys/wait.h>; as macros they would break it. */
#undef P_ALL
#undef P_PID
#undef P_PGID
#undef P_PIDFD

#include <linux/sched.h>
#include <linux/spinlock.h>

/* Only a mark: the sleepers are kept by the library, by the address of the head. */
typedef struct wait_queue_head {
	spinlock_t lock;
	u32 dmasim_mark;
	u32 dmasim_sleepers; /* of this queue, for waitqueue_active() */
} wait_queue_head_t;

struct wait_queue_entry;
typedef int (*wait_queue_func_t)(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key);

typedef struct wait_queue_entry {
	unsigned int flags;
	void *private; /* the task */
	wait_queue_func_t func;
} wait_queue_entry_t;
typedef wait_queue_entry_t wait_queue_t; /* the name before 4.13 */

#define WQ_FLAG_EXCLUSIVE 0x01
#define DMASIM_WAIT_MARK  0x74696177U /* "wait" */

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)                                    \
	{                                                                      \
		.lock = {DMASIM_LOCK_MARK, 0}, .dmasim_mark = DMASIM_WAIT_MARK \
	}
#define DECLARE_WAIT_QUEUE_HEAD(name)	      wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)
DMASIM_API void init_waitqueue_head(wait_queue_head_t *head) DMASIM_SYM(init_waitqueue_head);

/* ---- waking: any context ---- */

/* Wake up to `nr` exclusive sleepers (0: all) and all others whose state is in `mode`. */
DMASIM_API void dmasim_wake_up(wait_queue_head_t *head, unsigned int mode, int nr, const char *function);
#define wake_up(head)				 dmasim_wake_up(head, TASK_NORMAL, 1, "wake_up")
#define wake_up_nr(head, nr)			 dmasim_wake_up(head, TASK_NORMAL, nr, "wake_up_nr")
#define wake_up_all(head)			 dmasim_wake_up(head, TASK_NORMAL, 0, "wake_up_all")
#define wake_up_interruptible(head)		 dmasim_wake_up(head, TASK_INTERRUPTIBLE, 1, "wake_up_interruptible")
#define wake_up_interruptible_nr(head, nr)	 dmasim_wake_up(head, TASK_INTERRUPTIBLE, nr, "wake_up_interruptible_nr")
#define wake_up_interruptible_all(head)		 dmasim_wake_up(head, TASK_INTERRUPTIBLE, 0, "wake_up_interruptible_all")
#define wake_up_interruptible_sync(head)	 wake_up_interruptible(head)
#define wake_up_locked(head)			 wake_up(head)
#define wake_up_poll(head, events)		 wake_up(head)
#define wake_up_interruptible_poll(head, events) wake_up_interruptible(head)
DMASIM_API int waitqueue_active(wait_queue_head_t *head) DMASIM_SYM(waitqueue_active);
#define wq_has_sleeper(head) (waitqueue_active(head) != 0)

/* ---- waiting by hand ---- */

DMASIM_API int autoremove_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
	DMASIM_SYM(autoremove_wake_function);
DMASIM_API int default_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
	DMASIM_SYM(default_wake_function);
#define DEFINE_WAIT_FUNC(name, function) wait_queue_entry_t name = {.private = get_current(), .func = (function)}
#define DEFINE_WAIT(name)		 DEFINE_WAIT_FUNC(name, autoremove_wake_function)
#define DECLARE_WAITQUEUE(name, task)	 wait_queue_entry_t name = {.private = (task), .func = default_wake_function}
DMASIM_API void init_waitqueue_entry(wait_queue_entry_t *entry, struct task_struct *task)
	DMASIM_SYM(init_waitqueue_entry);
DMASIM_API void add_wait_queue(wait_queue_head_t *head, wait_queue_entry_t *entry) DMASIM_SYM(add_wait_queue);
DMASIM_API void add_wait_queue_exclusive(wait_queue_head_t *head, wait_queue_entry_t *entry)
	DMASIM_SYM(add_wait_queue_exclusive);
DMASIM_API void remove_wait_queue(wait_queue_head_t *head, wait_queue_entry_t *entry) DMASIM_SYM(remove_wait_queue);
/* Join the queue (if not in it) and set the state of the current task: then look at the condition, then schedule(). */
DMASIM_API void prepare_to_wait(wait_queue_head_t *head, wait_queue_entry_t *entry, int state)
	DMASIM_SYM(prepare_to_wait);
DMASIM_API bool prepare_to_wait_exclusive(wait_queue_head_t *head, wait_queue_entry_t *entry, int state)
	DMASIM_SYM(prepare_to_wait_exclusive);
DMASIM_API void finish_wait(wait_queue_head_t *head, wait_queue_entry_t *entry) DMASIM_SYM(finish_wait);

/* ---- waiting for a condition ---- */

/* One wait: begin; then while the condition is false, step; then end. */
struct dmasim_wait {
	wait_queue_entry_t entry;
	wait_queue_head_t *head;
	const char *function;
	const char *condition;
	unsigned int state;
	int result;	  /* 0, or -ERESTARTSYS */
	bool timed, over; /* has a timeout; it has passed */
	u64 deadline;	  /* simulated ns */
};

/* timeout in jiffies, MAX_SCHEDULE_TIMEOUT for none. Sets the state. */
DMASIM_API void dmasim_wait_begin(struct dmasim_wait *wait, wait_queue_head_t *head, unsigned int state, int exclusive,
				  long timeout, const char *function, const char *condition);
/* Sleep once. Return: false when it is no use to look again: timed out (look once more), interrupted. */
DMASIM_API bool dmasim_wait_step(struct dmasim_wait *wait);
/* Return: what wait_event_*timeout returns for the condition's last value. */
DMASIM_API long dmasim_wait_end(struct dmasim_wait *wait, bool condition);

#define dmasim_wait_event(head_, condition, state, exclusive, timeout, function)                             \
	({                                                                                                   \
		struct dmasim_wait dmasim_wait_;                                                             \
		bool dmasim_true_;                                                                           \
		dmasim_wait_begin(&dmasim_wait_, &(head_), state, exclusive, timeout, function, #condition); \
		while (!(dmasim_true_ = !!(condition)) && dmasim_wait_step(&dmasim_wait_))                   \
			;                                                                                    \
		dmasim_wait_end(&dmasim_wait_, dmasim_true_);                                                \
	})

#define wait_event(head, condition) \
	((void)dmasim_wait_event(head, condition, TASK_UNINTERRUPTIBLE, 0, MAX_SCHEDULE_TIMEOUT, "wait_event"))
#define wait_event_idle(head, condition) \
	((void)dmasim_wait_event(head, condition, TASK_IDLE, 0, MAX_SCHEDULE_TIMEOUT, "wait_event_idle"))
#define wait_event_exclusive(head, condition)                                                    \
	((void)dmasim_wait_event(head, condition, TASK_UNINTERRUPTIBLE, 1, MAX_SCHEDULE_TIMEOUT, \
				 "wait_event_exclusive"))
/* 0, or -ERESTARTSYS when a signal came. */
#define wait_event_interruptible(head, condition)                                             \
	((int)dmasim_wait_event(head, condition, TASK_INTERRUPTIBLE, 0, MAX_SCHEDULE_TIMEOUT, \
				"wait_event_interruptible"))
#define wait_event_interruptible_exclusive(head, condition)                                   \
	((int)dmasim_wait_event(head, condition, TASK_INTERRUPTIBLE, 1, MAX_SCHEDULE_TIMEOUT, \
				"wait_event_interruptible_exclusive"))
#define wait_event_killable(head, condition) \
	((int)dmasim_wait_event(head, condition, TASK_KILLABLE, 0, MAX_SCHEDULE_TIMEOUT, "wait_event_killable"))
/* Jiffies left, at least 1, when the condition came true; 0 when it is still false after the timeout. */
#define wait_event_timeout(head, condition, timeout) \
	dmasim_wait_event(head, condition, TASK_UNINTERRUPTIBLE, 0, timeout, "wait_event_timeout")
#define wait_event_idle_timeout(head, condition, timeout) \
	dmasim_wait_event(head, condition, TASK_IDLE, 0, timeout, "wait_event_idle_timeout")
#define wait_event_interruptible_timeout(head, condition, timeout) \
	dmasim_wait_event(head, condition, TASK_INTERRUPTIBLE, 0, timeout, "wait_event_interruptible_timeout")
#define wait_event_killable_timeout(head, condition, timeout) \
	dmasim_wait_event(head, condition, TASK_KILLABLE, 0, timeout, "wait_event_killable_timeout")

/* The condition is looked at with the lock held, which is released for sleeping. */
#define dmasim_wait_event_lock(head_, condition, lock, state, unlock_it, lock_it, function)                       \
	({                                                                                                        \
		struct dmasim_wait dmasim_wait_;                                                                  \
		bool dmasim_true_, dmasim_more_ = true;                                                           \
		dmasim_wait_begin(&dmasim_wait_, &(head_), state, 0, MAX_SCHEDULE_TIMEOUT, function, #condition); \
		while (!(dmasim_true_ = !!(condition)) && dmasim_more_) {                                         \
			unlock_it(lock);                                                                          \
			dmasim_more_ = dmasim_wait_step(&dmasim_wait_);                                           \
			lock_it(lock);                                                                            \
		}                                                                                                 \
		(int)dmasim_wait_end(&dmasim_wait_, dmasim_true_);                                                \
	})
#define wait_event_lock_irq(head, condition, lock)                                                                    \
	((void)dmasim_wait_event_lock(head, condition, &(lock), TASK_UNINTERRUPTIBLE, spin_unlock_irq, spin_lock_irq, \
				      "wait_event_lock_irq"))
#define wait_event_interruptible_lock_irq(head, condition, lock)                                             \
	dmasim_wait_event_lock(head, condition, &(lock), TASK_INTERRUPTIBLE, spin_unlock_irq, spin_lock_irq, \
			       "wait_event_interruptible_lock_irq")

/* Before 2.6 and in old drivers: sleep on a queue without looking at a condition first. Racy by design. */
DMASIM_API void sleep_on(wait_queue_head_t *head) DMASIM_SYM(sleep_on);
DMASIM_API void interruptible_sleep_on(wait_queue_head_t *head) DMASIM_SYM(interruptible_sleep_on);

#endif
