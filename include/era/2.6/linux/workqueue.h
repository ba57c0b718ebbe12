/* SPDX-License-Identifier: MIT */
/* Work as drivers of 2.6 wrote it: functions that are given a pointer of the driver's, until 2.6.19. */
#include <linux/timer.h> /* which wants this one in front of its own names */

#ifndef DMASIM_ERA_2_6_LINUX_WORKQUEUE_H
#define DMASIM_ERA_2_6_LINUX_WORKQUEUE_H

#include_next <linux/workqueue.h>
#include <dmasim/era.h>

#define DMASIM_ERA_WORK_NTH(a, b, c, d, ...)	 d
#define dmasim_era_init_work_2(work, func)	 dmasim_init_work(work, func)
#define dmasim_era_init_work_3(work, func, data) dmasim_init_work_data(work, func, data)
#undef INIT_WORK
/* INIT_WORK(work, func, data), or of two arguments as today. */
#define INIT_WORK(...) DMASIM_ERA_WORK_NTH(__VA_ARGS__, dmasim_era_init_work_3, dmasim_era_init_work_2, )(__VA_ARGS__)

#endif
