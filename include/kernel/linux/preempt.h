/* SPDX-License-Identifier: MIT */
/* Where am I: task, softirq, hard interrupt; preemption off and on. Mirrors linux/preempt.h. Any context. */
#ifndef DMASIM_LINUX_PREEMPT_H
#define DMASIM_LINUX_PREEMPT_H

#include <linux/types.h>

DMASIM_API void preempt_disable(void) DMASIM_SYM(preempt_disable); /* nests; no sleeping until enabled again */
DMASIM_API void preempt_enable(void) DMASIM_SYM(preempt_enable);
DMASIM_API int preempt_count(void) DMASIM_SYM(preempt_count); /* 0 where a task may be preempted */
DMASIM_API bool in_hardirq(void) DMASIM_SYM(in_hardirq);
DMASIM_API bool in_softirq(void) DMASIM_SYM(in_softirq); /* also while bottom halves are disabled */
DMASIM_API bool in_serving_softirq(void) DMASIM_SYM(in_serving_softirq);
DMASIM_API bool in_interrupt(void) DMASIM_SYM(in_interrupt); /* hard interrupt or in_softirq() */
DMASIM_API bool in_task(void) DMASIM_SYM(in_task);
DMASIM_API bool in_atomic(void) DMASIM_SYM(in_atomic); /* preempt_count() is not 0: knows spinlocks here */
DMASIM_API void local_bh_disable(void) DMASIM_SYM(local_bh_disable);
DMASIM_API void local_bh_enable(void) DMASIM_SYM(local_bh_enable); /* runs softirqs that became due */

#define in_irq()		    in_hardirq()
#define in_nmi()		    (false)
#define preemptible()		    (preempt_count() == 0 && !irqs_disabled())
#define preempt_enable_no_resched() preempt_enable()

#endif
