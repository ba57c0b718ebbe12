/* SPDX-License-Identifier: MIT */
/* Interrupts of this CPU off and on. Mirrors linux/irqflags.h. All work in any context and never sleep. */
#ifndef DMASIM_LINUX_IRQFLAGS_H
#define DMASIM_LINUX_IRQFLAGS_H

#include <linux/types.h>

/* Off. Return: what dmasim_irq_restore() wants; whether they were off already. */
DMASIM_API unsigned long dmasim_irq_save(void);
/* Back to what they were; switching on delivers what became pending meanwhile. */
DMASIM_API void dmasim_irq_restore(unsigned long flags);
DMASIM_API void local_irq_disable(void) DMASIM_SYM(local_irq_disable);
DMASIM_API void local_irq_enable(void) DMASIM_SYM(local_irq_enable);
/* True also in a hard-interrupt handler, which runs with interrupts off. */
DMASIM_API bool irqs_disabled(void) DMASIM_SYM(irqs_disabled);

#define local_irq_save(flags)	 ((void)((flags) = dmasim_irq_save()))
#define local_irq_restore(flags) dmasim_irq_restore(flags)
#define local_save_flags(flags)	 ((void)((flags) = irqs_disabled()))
#define irqs_disabled_flags(f)	 ((f) != 0)

#endif
