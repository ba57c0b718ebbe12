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

#endif
