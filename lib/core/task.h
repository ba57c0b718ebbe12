/* SPDX-License-Identifier: MIT */
/*
 * Tasks and contexts, for the files of this room that schedule, wait or count contexts.
 *
 * A context is what one strand of control may do: its interrupt flag, its locks. Each task has one; an interrupt runs
 * on the context it interrupted, or on the idle context when no task could run.
 */
#ifndef LIB_CORE_TASK_H
#define LIB_CORE_TASK_H

#include <pthread.h>
#include <setjmp.h>
#include <linux/sched.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#undef current

#define NS_PER_JIFFY (1000000000ULL / 250)
#define MAX_HELD     16 /* locks held at once by one strand: deeper ones are counted, not named */

/* What passes at a safe point, in simulated ns: enough for any polling loop to end. */
#define COST_POLL    50
#define COST_BARRIER 10
#define COST_YIELD   1000

struct k_held {
	const void *lock;
	const char *name; /* as the driver spelled it */
	stack_id where;
	u8 how;	     /* enum dmasim_lock_how */
	u8 hardirqs; /* nesting when it was taken */
	u8 softirqs;
};

struct k_mutex_held {
	const void *lock;
	const char *name;
	stack_id where;
};

struct k_context_state {
	bool irqs_off;
	unsigned int hardirqs, softirqs; /* handlers running: nesting */
	unsigned int preempt_off, bh_off;
	unsigned int nr_held, held_unnamed;
	struct k_held held[MAX_HELD];
	struct {
		const char *what;
		unsigned int nr_held;
		bool irqs_off;
		unsigned int preempt_off, bh_off;
	} frames[8]; /* of the handlers that run, outermost first */
	unsigned int nr_frames;
};

struct k_task {
	struct task_struct pub; /* first: what drivers see */
	struct dmasim_machine *m;
	struct k_task *next; /* all tasks of the machine, main first, by age */
	struct k_context_state ctx;
	unsigned int nr_mutexes;
	struct k_mutex_held mutexes[MAX_HELD];

	/* Why it sleeps; valid while pub.__state != TASK_RUNNING. */
	bool (*condition)(void *arg); /* looked at by whoever schedules; NULL: must be woken */
	void *condition_arg;
	struct sim_event timer; /* its timeout */
	bool timed_out;
	const char *wait_function;
	const char *wait_what;
	stack_id wait_where;
	u64 wait_since;
	unsigned int callbacks; /* driver callbacks of the library on its stack */
	const char *callback;	/* the innermost */
	bool daemon;		/* sleeps between works: nobody misses it */

	/* The strand of execution behind it. */
	int go; /* futex: 1 = run */
	pthread_t thread;
	uintptr_t stack_low, stack_high; /* while it waits for the CPU; 0: runs, has ended, or nobody asked */
	bool has_thread, started, dead;
	int (*fn)(void *data);
	void *data;
	int exit_code;
	bool should_stop; /* kthread_stop() was called */
	bool signalled;	  /* the machine ends: give up waiting */
	bool abandoned;	  /* would not end: leave by `out` as soon as it gets the CPU */
	jmp_buf out;
};

struct k_softirq {
	struct k_softirq *next;
	void (*fn)(struct dmasim_machine *m, void *arg);
	void *arg;
	const char *what;
};

struct k_wait_entry;
struct k_timers;
struct k_works;

struct k_sched {
	struct k_task main;
	struct k_task *running;	     /* whose host thread holds the baton */
	struct k_context_state *ctx; /* of the running strand */
	struct k_context_state idle;
	struct k_task *last; /* of the list that main starts */
	int next_pid;
	unsigned int nr_live; /* tasks with a thread that has not ended */

	struct k_softirq *softirqs, **softirqs_tail, *softirqs_free;
	bool in_softirqs;

	struct k_wait_entry *waits; /* wait.c */
	struct k_timers *timers;    /* timer.c */
	struct k_works *works;	    /* workqueue.c */

	unsigned int locks_held; /* by all strands: 0 means nobody can be in the way */

	u64 safe_points;   /* for the watchdog */
	u64 polling_since; /* simulated time of the last act that was not a poll */
	unsigned int abandoned;
	u64 tickets; /* waits so far: who came first */

	/* k_stop() */
	const char *stopping; /* why; a task other than main wants the test to end */
	char stop_text[256];
	bool stopped;		/* the test was ended: waiting gives up at once from now on */
	sigjmp_buf *in_destroy; /* where a stop during destroy goes on */

	bool pinned;
	cpu_set_t affinity; /* of the main thread before it was pinned */
};

static inline struct k_task *k_running(struct dmasim_machine *m)
{
	return m->sched->running;
}

/* ---- context.c ---- */

/* May the running strand be put to sleep at all? Reports if not. False: the caller must not wait. */
bool k_may_wait(struct dmasim_machine *m, const char *function);
bool k_can_wait(struct dmasim_machine *m); /* the same without the report */
/* Run what is due: interrupts, then softirqs, if the context allows. */
void k_deliver(struct dmasim_machine *m);

/* ---- sched.c ---- */

/* The running task has set its state (and condition, timer): let others run until it may go on. */
void k_schedule(struct dmasim_machine *m, const char *function, const char *what);
/* Let one other runnable task run; false if there is none. */
bool k_run_other(struct dmasim_machine *m);
/* Make a task runnable; true if it slept. */
bool k_wake(struct k_task *task);
/* Sleep with a state set already, at most timeout_ns (U64_MAX: none). ns left, 0 when they passed. */
u64 k_schedule_timeout(struct dmasim_machine *m, u64 timeout_ns, const char *function, const char *what);
/* The task behind a pointer of the driver; NULL if it is none of this machine's. May be dead. */
struct k_task *k_task_of(struct dmasim_machine *m, const struct task_struct *p);
struct k_task *k_task_create(struct dmasim_machine *m, int (*fn)(void *data), void *data, const char *name);
void k_task_start(struct k_task *task);
/* Ask, then signal, then abandon every task but main. */
void k_tasks_ask(struct dmasim_machine *m);
void k_tasks_abandon(struct dmasim_machine *m);
/* Forget everything the running strand was inside of: it was left by a jump. */
void k_sched_reset(struct dmasim_machine *m);
void k_sched_check(const struct dmasim_machine *m); /* asserts the invariants; for tests */
bool k_signalled(struct dmasim_machine *m);	    /* has the running task been told to give up? */

/* ---- thread.c ---- */
int k_threads_init(void); /* once a process: fork handlers, thread-exit hook */
void k_baton_pass(struct k_task *from, struct k_task *to, bool wait);
/* Is p on the stack of a task that waits for the CPU? */
bool k_on_waiters_stack(struct dmasim_machine *m, const void *p);
int k_task_thread(struct k_task *task); /* make its host thread, waiting for the baton. 0 or -EAGAIN */
void k_task_join(struct k_task *task);
bool k_machine_acquire(struct dmasim_machine *m); /* wait for it; false if it is gone or of another process */
void k_machine_release(struct dmasim_machine *m);

/* ---- the other files' parts of a machine ---- */
int k_timers_init(struct dmasim_machine *m);
void k_timers_exit(struct dmasim_machine *m);
int k_works_init(struct dmasim_machine *m);
void k_works_exit(struct dmasim_machine *m);
void k_waits_exit(struct dmasim_machine *m);
void k_waits_forget(struct k_task *task);
/* lock.c */
void k_locks_imbalance(struct dmasim_machine *m, struct k_context_state *ctx, unsigned int from, const char *what);

/* ---- watchdog.c ---- */
void k_watchdog_thread(void); /* the calling thread will run simulated code */
void k_watchdog_thread_exit(void);

static inline u64 k_now(struct dmasim_machine *m)
{
	return sim_now(m->hw);
}

static inline u64 k_jiffies_to_ns(unsigned long j)
{
	return j > (unsigned long)(U64_MAX / 2 / NS_PER_JIFFY) ? U64_MAX : (u64)j * NS_PER_JIFFY;
}

#endif
