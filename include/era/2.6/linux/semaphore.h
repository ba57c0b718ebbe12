/* SPDX-License-Identifier: MIT */
/* Semaphores that begin as mutexes: names of 2.6, until 2.6.36. */
#ifndef DMASIM_ERA_2_6_LINUX_SEMAPHORE_H
#define DMASIM_ERA_2_6_LINUX_SEMAPHORE_H

#include_next <linux/semaphore.h>

#define DECLARE_MUTEX(name)    struct semaphore name = __SEMAPHORE_INITIALIZER(name, 1)
#define init_MUTEX(sem)	       sema_init(sem, 1)
#define init_MUTEX_LOCKED(sem) sema_init(sem, 0)

#endif
