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
bool k_in_softirq(const struct dmasim_machine *m); /* one runs: a timer, a tasklet */

/* A call that may sleep was made: report sleep-in-atomic if it may not here. `function` as the driver spelled it. */
void k_might_sleep(struct dmasim_machine *m, const char *function);

/*
 * Safe point: ns of simulated time pass, devices act, then pending interrupts are delivered if they may be. Called
 * by every kernel call that takes time, MMIO, delays, waits, barriers. Cheap when nothing is due.
 */
void k_safe_point(struct dmasim_machine *m, u64 ns);

/* Interrupt entry and exit around handlers (irq.c). */
void k_hardirq_enter(struct dmasim_machine *m, const char *what);
void k_hardirq_exit(struct dmasim_machine *m);

/* Run fn(m, arg) once in softirq context as soon as softirqs may run: timers, tasklets. Any context, events too.
 * `what` (static or long-lived) names it in reports: "tasklet dad_tasklet". 0 or -ENOMEM. */
int k_softirq_raise(struct dmasim_machine *m, void (*fn)(struct dmasim_machine *m, void *arg), void *arg,
		    const char *what);

/* Brackets around every call of driver code by the library in task context (probe, remove, module init and exit,
 * file operations, work functions): the machine may not be destroyed in there. Nests. `what`: "probe of dad0". */
void k_callback_enter(struct dmasim_machine *m, const char *what);
void k_callback_exit(struct dmasim_machine *m);

/* Interrupts of the CPU off or on; returns whether they were off before. Switching on delivers what waits. */
bool k_irqs_set(struct dmasim_machine *m, bool off);

/* Simulated time passes while the caller is busy (udelay): devices act and interrupts arrive at their own time. */
void k_busy_for(struct dmasim_machine *m, u64 ns);

/* Driver memory behind a pointer that may lie in a CPU window: where the library may touch it. Host memory is
 * returned as it is; NULL for the first page and for what is no memory. The caller said hooks.cpu_access before. */
void *k_driver_memory(struct dmasim_machine *m, const volatile void *p, size_t n);

/* Report uninitialised-object: function() was given an object without its mark, or (there false) no memory at all.
 * `what`: "completion". */
void k_uninitialised(struct dmasim_machine *m, const void *object, bool there, const char *function, const char *what);

/* Sleep until *condition_fn(arg) is true or timeout_ns passed (U64_MAX: none). True if the condition came true.
 * Runs other tasks, devices, interrupts. Reports wait-never-woken and ends the test when nothing can ever wake it. */
bool k_sleep_until(struct dmasim_machine *m, bool (*condition)(void *arg), void *arg, u64 timeout_ns,
		   const char *function);

/* Stop this test: after a report that leaves no way to go on. Does not return: calls the handler that the test
 * framework installed (dmasim_on_stop), else exits with status 99 after printing why. */
void k_stop(struct dmasim_machine *m, const char *why) __attribute__((noreturn));

#endif
