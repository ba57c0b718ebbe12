/* SPDX-License-Identifier: MIT */
/*
 * Tasks. Mirrors linux/sched.h as far as drivers use it.
 *
 * Tasks are scheduled cooperatively: another one runs only where this one sleeps or calls schedule(). "main" is the
 * program's own thread. Times in jiffies are simulated.
 */
#ifndef DMASIM_LINUX_SCHED_H
#define DMASIM_LINUX_SCHED_H

#include_next <linux/sched.h>
#include <asm/current.h>
#include <linux/jiffies.h>
#include <linux/processor.h>
#include <linux/preempt.h>
#include <linux/types.h>

#define TASK_COMM_LEN 16

#define TASK_RUNNING	     0x0000
#define TASK_INTERRUPTIBLE   0x0001
#define TASK_UNINTERRUPTIBLE 0x0002
#define TASK_DEAD	     0x0080
#define TASK_WAKEKILL	     0x0100
#define TASK_KILLABLE	     (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_IDLE	     (0x0400 | TASK_UNINTERRUPTIBLE)
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

#define MAX_SCHEDULE_TIMEOUT ((long)(~0UL >> 1))

struct mm_struct;

/* What drivers look at. The library's own record lies around it. */
struct task_struct {
	unsigned int __state; /* TASK_*: set it with set_current_state() */
	int pid, tgid;
	char comm[TASK_COMM_LEN];
	struct mm_struct *mm; /* NULL: every task of this version shares the program's memory */
};

DMASIM_API void dmasim_set_state(unsigned int state);
#define set_current_state(state)   dmasim_set_state(state)
#define __set_current_state(state) dmasim_set_state(state)
#define get_current_state()	   (current->__state)
#define task_is_running(task)	   ((task)->__state == TASK_RUNNING)

/* Give up the CPU: sleeps if the state was set to other than TASK_RUNNING, until woken. May sleep. */
DMASIM_API void schedule(void) DMASIM_SYM(schedule);
/* The same, at most `timeout` jiffies; the state must have been set first. Return: jiffies left; 0 when they passed. */
DMASIM_API long schedule_timeout(long timeout) DMASIM_SYM(schedule_timeout);
DMASIM_API long schedule_timeout_interruptible(long timeout) DMASIM_SYM(schedule_timeout_interruptible);
DMASIM_API long schedule_timeout_killable(long timeout) DMASIM_SYM(schedule_timeout_killable);
DMASIM_API long schedule_timeout_uninterruptible(long timeout) DMASIM_SYM(schedule_timeout_uninterruptible);
DMASIM_API long schedule_timeout_idle(long timeout) DMASIM_SYM(schedule_timeout_idle);
DMASIM_API void io_schedule(void) DMASIM_SYM(io_schedule);
DMASIM_API void yield(void) DMASIM_SYM(yield);
/* Let another task run if one can. May sleep. Return: 1 if one ran. */
DMASIM_API int cond_resched(void) DMASIM_SYM(cond_resched);
/* Wake a sleeping task. Return: 1 if it slept, 0 if it was awake. Any context. */
DMASIM_API int wake_up_process(struct task_struct *task) DMASIM_SYM(wake_up_process);
/* Has the task been told to end? Happens when the machine is destroyed under a sleeping task. */
DMASIM_API int signal_pending(struct task_struct *task) DMASIM_SYM(signal_pending);
#define fatal_signal_pending(task)	  signal_pending(task)
#define signal_pending_state(state, task) (((state) & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) ? signal_pending(task) : 0)
#define need_resched()			  (false)

static inline pid_t task_pid_nr(struct task_struct *task)
{
	return task->pid;
}

/* A call that may sleep was reached: reports sleep-in-atomic where sleeping is forbidden. */
DMASIM_API void dmasim_might_sleep(const char *function);
#define might_sleep()	     dmasim_might_sleep(__func__)
#define might_sleep_if(cond) ((cond) ? might_sleep() : (void)0)

#endif
