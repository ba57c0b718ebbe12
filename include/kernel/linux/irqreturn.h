/* SPDX-License-Identifier: MIT */
/* What interrupt handlers answer. Mirrors include/linux/irqreturn.h. */
#ifndef DMASIM_LINUX_IRQRETURN_H
#define DMASIM_LINUX_IRQRETURN_H

enum irqreturn {
	IRQ_NONE = 0,	     /* not from my device */
	IRQ_HANDLED = 1,     /* mine, and done */
	IRQ_WAKE_THREAD = 2, /* mine, the thread function does the rest */
};
typedef enum irqreturn irqreturn_t;
#define IRQ_RETVAL(x) ((x) ? IRQ_HANDLED : IRQ_NONE)

#endif
