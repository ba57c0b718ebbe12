/* SPDX-License-Identifier: MIT */
/*
 * Context: who runs, may it sleep, are interrupts on; safe points; the baton.
 */
#ifndef LIB_CORE_SCHED_H
#define LIB_CORE_SCHED_H

#include "lib/core/kernel.h"

enum k_context {
	CONTEXT_TASK,	 /* ordinary */
	CONTEXT_SOFTIRQ, /* timers, tasklets */
	CONTEXT_HARDIRQ, /* an interrupt handler */
	CONTEXT_EVENT,	 /* a device model's callback: kernel names are out of place here */
};

/* One hand-out of facts, for checks and for the "context" line of reports. */
struct k_where {
	enum k_context context;
	bool irqs_off;
	unsigned int locks_held; /* spinlocks */
	unsigned int preempt_off;
	const char *task; /* name: "main" for the program's thread */
	bool may_sleep;	  /* CONTEXT_TASK, irqs on, no spinlock, preemption on */
	char why[96];	  /* why not, for reports: "in the handler of irq 17 (dad0)", "spinlock dad->lock held" */
};
void k_where(struct dmasim_machine *m, struct k_where *where);
bool k_may_sleep(const struct dmasim_machine *m); /* cheap */
bool k_irqs_disabled(const struct dmasim_machine *m);

/* A call that may sleep was made: report sleep-in-atomic if it may not here. `function` as the driver spelled it. */
void k_might_sleep(struct dmasim_machine *m, const char *function);

/*
 * Safe point: ns of simulated time pass, devices act, then pending interrupts are delivered if they may be. Called
 * by every kernel call that takes time, MMIO, delays, waits, barriers. Cheap when nothing is due.
 */
void k_safe_point(struct dmasim_machine *m, u64 ns);

/* Interrupt entry and exit around handlers (irq.c), event entry and exit around device callbacks. */
void k_hardirq_enter(struct dmasim_machine *m, const char *what);
void k_hardirq_exit(struct dmasim_machine *m);

/* Sleep until *condition_fn(arg) is true or timeout_ns passed (U64_MAX: none). True if the condition came true.
 * Runs other tasks, devices, interrupts. Reports wait-never-woken and ends the test when nothing can ever wake it. */
bool k_sleep_until(struct dmasim_machine *m, bool (*condition)(void *arg), void *arg, u64 timeout_ns,
		   const char *function);

/* Stop this test: after a report that leaves no way to go on. Does not return: calls the handler that the test
 * framework installed (dmasim_on_stop), else exits with status 99 after printing why. */
void k_stop(struct dmasim_machine *m, const char *why) __attribute__((noreturn));

#endif
