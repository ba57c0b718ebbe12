/* SPDX-License-Identifier: MIT */
/* What irq.c offers the other files of this room. */
#ifndef LIB_CORE_IRQ_H
#define LIB_CORE_IRQ_H

#include <linux/interrupt.h>
#include "lib/core/kernel.h"

/* Lines. Allocation gives a masked line that belongs to owner (may be NULL); -ENOSPC. */
int k_irq_alloc(struct dmasim_machine *m, struct device *owner);
void k_irq_release(struct dmasim_machine *m, unsigned int irq);
bool k_irq_requested(const struct dmasim_machine *m, unsigned int irq);
void k_irq_lost(struct dmasim_machine *m); /* count one that nobody listened to */

/* A driver was unbound from dev: report and remove the handlers that it left; how many. */
size_t k_irqs_driver_gone(struct dmasim_machine *m, struct device *dev);
/* Asserts the invariants; called by tests. */
void k_irqs_check(const struct dmasim_machine *m);

#endif
