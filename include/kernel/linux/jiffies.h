/* SPDX-License-Identifier: MIT */
/*
 * Ticks of simulated time. Mirrors linux/jiffies.h.
 *
 * HZ is 250. As in the kernel the counter starts 300 s before the point where its lower 32 bits wrap, so that code that
 * compares ticks wrongly fails early. Reading it lets a little time pass, so that loops on it end.
 */
#ifndef DMASIM_LINUX_JIFFIES_H
#define DMASIM_LINUX_JIFFIES_H

#include <linux/types.h>

#ifdef HZ
#undef HZ
#endif
#define HZ		 250
#define INITIAL_JIFFIES	 ((unsigned long)(unsigned int)(-300 * HZ))
#define MAX_JIFFY_OFFSET ((~0UL >> 1) - 1)

DMASIM_API unsigned long dmasim_jiffies(void);
DMASIM_API u64 get_jiffies_64(void) DMASIM_SYM(get_jiffies_64);
#define jiffies	   dmasim_jiffies()
#define jiffies_64 get_jiffies_64()

/* Conversions round up, as the kernel's do: a timeout never gets shorter. */
DMASIM_API unsigned long msecs_to_jiffies(unsigned int ms) DMASIM_SYM(msecs_to_jiffies);
DMASIM_API unsigned long usecs_to_jiffies(unsigned int us) DMASIM_SYM(usecs_to_jiffies);
DMASIM_API unsigned long nsecs_to_jiffies(u64 ns) DMASIM_SYM(nsecs_to_jiffies); /* rounds down */
DMASIM_API unsigned int jiffies_to_msecs(unsigned long j) DMASIM_SYM(jiffies_to_msecs);
DMASIM_API unsigned int jiffies_to_usecs(unsigned long j) DMASIM_SYM(jiffies_to_usecs);
DMASIM_API u64 jiffies_to_nsecs(unsigned long j) DMASIM_SYM(jiffies_to_nsecs);

/* Comparisons that survive the wrap. */
#define time_after(a, b)	  ((long)((unsigned long)(b) - (unsigned long)(a)) < 0)
#define time_before(a, b)	  time_after(b, a)
#define time_after_eq(a, b)	  ((long)((unsigned long)(a) - (unsigned long)(b)) >= 0)
#define time_before_eq(a, b)	  time_after_eq(b, a)
#define time_in_range(a, b, c)	  (time_after_eq(a, b) && time_before_eq(a, c))
#define time_after64(a, b)	  ((s64)((u64)(b) - (u64)(a)) < 0)
#define time_before64(a, b)	  time_after64(b, a)
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a)  time_before(jiffies, a)

#endif
