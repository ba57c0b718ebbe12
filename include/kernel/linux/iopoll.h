/* SPDX-License-Identifier: MIT */
/*
 * Wait for a register to have a value. Mirrors include/linux/iopoll.h. Times are simulated microseconds; timeout 0 waits for
 * ever. 0, or -ETIMEDOUT with the last value in val.
 */
#ifndef DMASIM_LINUX_IOPOLL_H
#define DMASIM_LINUX_IOPOLL_H

#include <dmasim/machine.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/types.h>

#define dmasim_poll_timeout(op, val, cond, pause, sleep_us, timeout_us, first, args...) \
	__extension__({                                                                 \
		u64 dmasim_timeout = (timeout_us);                                      \
		unsigned long dmasim_step = (sleep_us);                                 \
		u64 dmasim_end = dmasim_now() + dmasim_timeout * 1000;                  \
		if ((first) && dmasim_step)                                             \
			pause(dmasim_step);                                             \
		for (;;) {                                                              \
			(val) = op(args);                                               \
			if (cond)                                                       \
				break;                                                  \
			if (dmasim_timeout && dmasim_now() > dmasim_end) {              \
				(val) = op(args);                                       \
				break;                                                  \
			}                                                               \
			if (dmasim_step)                                                \
				pause(dmasim_step);                                     \
		}                                                                       \
		(cond) ? 0 : -ETIMEDOUT;                                                \
	})
#define dmasim_poll_sleep(us) usleep_range(((us) >> 2) + 1, (us))
#define dmasim_poll_delay(us) udelay(us)

/* Context: may sleep unless sleep_us is 0. */
#define read_poll_timeout(op, val, cond, sleep_us, timeout_us, sleep_before_read, args...) \
	dmasim_poll_timeout(op, val, cond, dmasim_poll_sleep, sleep_us, timeout_us, sleep_before_read, args)
/* Context: any. */
#define read_poll_timeout_atomic(op, val, cond, delay_us, timeout_us, delay_before_read, args...) \
	dmasim_poll_timeout(op, val, cond, dmasim_poll_delay, delay_us, timeout_us, delay_before_read, args)
#define readx_poll_timeout(op, addr, val, cond, sleep_us, timeout_us) \
	read_poll_timeout(op, val, cond, sleep_us, timeout_us, false, addr)
#define readx_poll_timeout_atomic(op, addr, val, cond, delay_us, timeout_us) \
	read_poll_timeout_atomic(op, val, cond, delay_us, timeout_us, false, addr)
#define readb_poll_timeout(addr, val, cond, s, t)	  readx_poll_timeout(readb, addr, val, cond, s, t)
#define readw_poll_timeout(addr, val, cond, s, t)	  readx_poll_timeout(readw, addr, val, cond, s, t)
#define readl_poll_timeout(addr, val, cond, s, t)	  readx_poll_timeout(readl, addr, val, cond, s, t)
#define readq_poll_timeout(addr, val, cond, s, t)	  readx_poll_timeout(readq, addr, val, cond, s, t)
#define readl_poll_timeout_atomic(addr, val, cond, s, t)  readx_poll_timeout_atomic(readl, addr, val, cond, s, t)
#define readl_relaxed_poll_timeout(addr, val, cond, s, t) readx_poll_timeout(readl_relaxed, addr, val, cond, s, t)
#define readl_relaxed_poll_timeout_atomic(addr, val, cond, s, t) \
	readx_poll_timeout_atomic(readl_relaxed, addr, val, cond, s, t)

#endif
