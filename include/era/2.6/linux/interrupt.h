/* SPDX-License-Identifier: MIT */
/* Interrupts as drivers of 2.6 wrote them: handlers of three arguments (until 2.6.18), SA_ flags (until 2.6.23). */
#ifndef DMASIM_ERA_2_6_LINUX_INTERRUPT_H
#define DMASIM_ERA_2_6_LINUX_INTERRUPT_H

#include_next <linux/interrupt.h>
#include <dmasim/era.h>

#undef SA_INTERRUPT
#define SA_INTERRUPT	 0
#define SA_SHIRQ	 IRQF_SHARED
#define SA_SAMPLE_RANDOM 0
#define IRQF_DISABLED	 0 /* until 4.0 */

/* The handler decides by its type: with struct pt_regs *, which is NULL here, or without. */
#define request_irq(irq, handler, flags, name, dev)                       \
	_Generic((handler), irqreturn_t(*)(int, void *, struct pt_regs *) \
		 : dmasim_request_irq_regs, default                       \
		 : request_irq)(irq, handler, flags, name, dev)

/* DECLARE_TASKLET(name, function, data) until 5.8, or of two arguments as today. */
#define dmasim_era_tasklet_2(name, fn) \
	struct tasklet_struct name = {.use_callback = true, .callback = (fn), .dmasim_mark = DMASIM_TASKLET_MARK}
#define dmasim_era_tasklet_3(name, fn, arg) \
	struct tasklet_struct name = {.func = (fn), .data = (arg), .dmasim_mark = DMASIM_TASKLET_MARK}
#undef DECLARE_TASKLET
#define DMASIM_ERA_TASKLET_NTH(a, b, c, d, ...) d
#define DECLARE_TASKLET(...) \
	DMASIM_ERA_TASKLET_NTH(__VA_ARGS__, dmasim_era_tasklet_3, dmasim_era_tasklet_2, )(__VA_ARGS__)

#endif
