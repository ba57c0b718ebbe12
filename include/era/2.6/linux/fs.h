/* SPDX-License-Identifier: MIT */
/* Files as drivers of 2.6 included them: much else came along. */
#ifndef DMASIM_ERA_2_6_LINUX_FS_H
#define DMASIM_ERA_2_6_LINUX_FS_H

#include_next <linux/fs.h>
#include <linux/semaphore.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#endif
