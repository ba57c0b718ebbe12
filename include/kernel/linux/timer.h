/* SPDX-License-Identifier: MIT */
/* Timers of simulated time, run in softirq context. Mirrors linux/timer.h. Setting and deleting: any context. */
#ifndef DMASIM_LINUX_TIMER_H
#define DMASIM_LINUX_TIMER_H

#include <time.h> /* declares another timer_delete(): before our macro of that name */
#include <linux/jiffies.h>
#include <linux/types.h>

/* What the driver embeds: the library keeps running timers in its own table, by address. */
struct timer_list {
	unsigned long expires; /* jiffies */
	void (*function)(struct timer_list *timer);
	u32 flags;
	u32 dmasim_mark;
};

#define TIMER_DEFERRABLE  0x00080000
#define TIMER_PINNED	  0x00100000
#define TIMER_IRQSAFE	  0x00200000
#define DMASIM_TIMER_MARK 0x656d6974U /* "time" */

#define DEFINE_TIMER(name, fn) struct timer_list name = {.function = (fn), .dmasim_mark = DMASIM_TIMER_MARK}
DMASIM_API void timer_setup(struct timer_list *timer, void (*function)(struct timer_list *timer), unsigned int flags)
	DMASIM_SYM(timer_setup);
#define timer_setup_on_stack(timer, function, flags) timer_setup(timer, function, flags)
#define destroy_timer_on_stack(timer)		     ((void)(timer))
#define from_timer(var, callback_timer, field) \
	((__typeof__(var))((char *)(callback_timer)-offsetof(__typeof__(*(var)), field)))
#define timer_container_of(var, callback_timer, field) from_timer(var, callback_timer, field)

/* Start, or move. Return: 1 if it was pending. */
DMASIM_API int mod_timer(struct timer_list *timer, unsigned long expires) DMASIM_SYM(mod_timer);
DMASIM_API int mod_timer_pending(struct timer_list *timer, unsigned long expires) DMASIM_SYM(mod_timer_pending);
DMASIM_API void add_timer(struct timer_list *timer) DMASIM_SYM(add_timer);
DMASIM_API int timer_pending(const struct timer_list *timer) DMASIM_SYM(timer_pending);
/* Stop. Return: 1 if it was pending. The sync forms may not be used in a hard interrupt or in the timer itself. */
DMASIM_API int del_timer(struct timer_list *timer) DMASIM_SYM(del_timer);
DMASIM_API int del_timer_sync(struct timer_list *timer) DMASIM_SYM(del_timer_sync);
#define timer_delete(timer)	   del_timer(timer)
#define timer_delete_sync(timer)   del_timer_sync(timer)
#define timer_shutdown(timer)	   del_timer(timer)
#define timer_shutdown_sync(timer) del_timer_sync(timer)

#endif
