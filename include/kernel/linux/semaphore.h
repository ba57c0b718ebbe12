/* SPDX-License-Identifier: MIT */
/* Counting semaphores. Mirrors linux/semaphore.h. down() and its kin may sleep; up() and down_trylock() never. */
#ifndef DMASIM_LINUX_SEMAPHORE_H
#define DMASIM_LINUX_SEMAPHORE_H

#include <linux/wait.h>

struct semaphore {
	unsigned int count;
	wait_queue_head_t wait;
};

#define __SEMAPHORE_INITIALIZER(name, n)                                         \
	{                                                                        \
		.count = (n), .wait = __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) \
	}
#define DEFINE_SEMAPHORE(name) struct semaphore name = __SEMAPHORE_INITIALIZER(name, 1)

DMASIM_API void sema_init(struct semaphore *sem, int n) DMASIM_SYM(sema_init);
DMASIM_API void down(struct semaphore *sem) DMASIM_SYM(down);
DMASIM_API int down_interruptible(struct semaphore *sem) DMASIM_SYM(down_interruptible);   /* 0 or -EINTR */
DMASIM_API int down_killable(struct semaphore *sem) DMASIM_SYM(down_killable);		   /* 0 or -EINTR */
DMASIM_API int down_trylock(struct semaphore *sem) DMASIM_SYM(down_trylock);		   /* 0 if taken, else 1 */
DMASIM_API int down_timeout(struct semaphore *sem, long timeout) DMASIM_SYM(down_timeout); /* 0 or -ETIME */
DMASIM_API void up(struct semaphore *sem) DMASIM_SYM(up);

#endif
