/* SPDX-License-Identifier: MIT */
/*
 * Timers as drivers of 2.6 wrote them, until 4.14: init_timer(), then .function with the .data it is given. A struct of
 * their own around today's, which the calls are made on.
 */
#ifndef DMASIM_ERA_2_6_LINUX_TIMER_H
#define DMASIM_ERA_2_6_LINUX_TIMER_H

#include_next <linux/timer.h>
#include <linux/workqueue.h> /* has one of today's in it: before they change their name */

struct dmasim_era_timer {
	union {
		struct timer_list base;
		unsigned long expires; /* its first member */
	};
	void (*function)(unsigned long data);
	unsigned long data;
};

_Static_assert(offsetof(struct timer_list, expires) == 0, "drivers set .expires");

static inline void dmasim_era_timer_run(struct timer_list *base)
{
	struct dmasim_era_timer *timer = (struct dmasim_era_timer *)base;

	timer->function(timer->data);
}

static inline void init_timer(struct dmasim_era_timer *timer)
{
	unsigned long expires = timer->expires;

	timer_setup(&timer->base, dmasim_era_timer_run, 0);
	timer->expires = expires;
}

static inline void setup_timer(struct dmasim_era_timer *timer, void (*function)(unsigned long), unsigned long data)
{
	init_timer(timer);
	timer->function = function;
	timer->data = data;
}

#define TIMER_INITIALIZER(fn, at, arg)                                                                         \
	{                                                                                                      \
		.base = {.expires = (at), .function = dmasim_era_timer_run, .dmasim_mark = DMASIM_TIMER_MARK}, \
		.function = (fn), .data = (arg),                                                               \
	}
#undef DEFINE_TIMER
#define DEFINE_TIMER(name, fn, at, arg) struct timer_list name = TIMER_INITIALIZER(fn, at, arg)

#define timer_list	      dmasim_era_timer
#define mod_timer(timer, at)  mod_timer(&(timer)->base, at)
#define add_timer(timer)      add_timer(&(timer)->base)
#define timer_pending(timer)  timer_pending(&(timer)->base)
#define del_timer(timer)      del_timer(&(timer)->base)
#define del_timer_sync(timer) del_timer_sync(&(timer)->base)

#endif
