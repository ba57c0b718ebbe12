/* SPDX-License-Identifier: MIT */
/* Completions: "the thing has happened", counted. Mirrors linux/completion.h. Waiting may sleep; completing never. */
#ifndef DMASIM_LINUX_COMPLETION_H
#define DMASIM_LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done; /* completed and not yet waited for; UINT_MAX after complete_all() */
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(name)                          \
	{                                                     \
		0, __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) \
	}
#define DECLARE_COMPLETION(name)	 struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)
#define INIT_COMPLETION(x)		 reinit_completion(&(x)) /* before 3.13 */

DMASIM_API void init_completion(struct completion *x) DMASIM_SYM(init_completion);
DMASIM_API void reinit_completion(struct completion *x) DMASIM_SYM(reinit_completion);
DMASIM_API void complete(struct completion *x) DMASIM_SYM(complete);
DMASIM_API void complete_all(struct completion *x) DMASIM_SYM(complete_all);
DMASIM_API bool completion_done(struct completion *x) DMASIM_SYM(completion_done);
DMASIM_API bool try_wait_for_completion(struct completion *x) DMASIM_SYM(try_wait_for_completion);

DMASIM_API void wait_for_completion(struct completion *x) DMASIM_SYM(wait_for_completion);
DMASIM_API void wait_for_completion_io(struct completion *x) DMASIM_SYM(wait_for_completion_io);
/* 0, or -ERESTARTSYS when a signal came. */
DMASIM_API int wait_for_completion_interruptible(struct completion *x) DMASIM_SYM(wait_for_completion_interruptible);
DMASIM_API int wait_for_completion_killable(struct completion *x) DMASIM_SYM(wait_for_completion_killable);
/* Timeouts in jiffies. Jiffies left, at least 1; 0 when they passed. */
DMASIM_API unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
	DMASIM_SYM(wait_for_completion_timeout);
DMASIM_API unsigned long wait_for_completion_io_timeout(struct completion *x, unsigned long timeout)
	DMASIM_SYM(wait_for_completion_io_timeout);
/* As above, or -ERESTARTSYS. */
DMASIM_API long wait_for_completion_interruptible_timeout(struct completion *x, unsigned long timeout)
	DMASIM_SYM(wait_for_completion_interruptible_timeout);
DMASIM_API long wait_for_completion_killable_timeout(struct completion *x, unsigned long timeout)
	DMASIM_SYM(wait_for_completion_killable_timeout);

#endif
