/* SPDX-License-Identifier: MIT */
/* Delays of simulated time. Mirrors linux/delay.h. */
#ifndef DMASIM_LINUX_DELAY_H
#define DMASIM_LINUX_DELAY_H

#include <linux/jiffies.h>
#include <linux/processor.h>
#include <linux/types.h>

/* Busy waiting: any context; devices act and interrupts arrive meanwhile, if they are on. */
DMASIM_API void ndelay(unsigned long ns) DMASIM_SYM(ndelay);
DMASIM_API void udelay(unsigned long us) DMASIM_SYM(udelay);
DMASIM_API void mdelay(unsigned long ms) DMASIM_SYM(mdelay);
/* Sleeping: task context only; other tasks run meanwhile. */
DMASIM_API void msleep(unsigned int ms) DMASIM_SYM(msleep);
DMASIM_API unsigned long msleep_interruptible(unsigned int ms) DMASIM_SYM(msleep_interruptible); /* ms left */
DMASIM_API void ssleep(unsigned int s) DMASIM_SYM(ssleep);
/* Anywhere from min to max microseconds: a choice of the machine. */
DMASIM_API void usleep_range(unsigned long min, unsigned long max) DMASIM_SYM(usleep_range);
DMASIM_API void fsleep(unsigned long us) DMASIM_SYM(fsleep); /* busy up to 10 us, else sleeping */

#endif
