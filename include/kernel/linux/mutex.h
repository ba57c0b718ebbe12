/* SPDX-License-Identifier: MIT */
/* Sleeping locks with an owner. Mirrors linux/mutex.h. Task context only, except for looking. */
#ifndef DMASIM_LINUX_MUTEX_H
#define DMASIM_LINUX_MUTEX_H

#include <linux/spinlock.h>

struct mutex {
	u32 dmasim_mark; /* 0 or DMASIM_LOCK_MARK, as for spinlocks */
	u32 dmasim_held;
};

#define __MUTEX_INITIALIZER(name)   \
	{                           \
		DMASIM_LOCK_MARK, 0 \
	}
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)

/* interruptible: return -EINTR when a signal comes first, else 0. */
DMASIM_API int dmasim_mutex_lock(struct mutex *lock, bool interruptible, const char *name);
DMASIM_API int dmasim_mutex_trylock(struct mutex *lock, const char *name); /* 1 if taken */
DMASIM_API void dmasim_mutex_unlock(struct mutex *lock, const char *name);
DMASIM_API bool mutex_is_locked(struct mutex *lock) DMASIM_SYM(mutex_is_locked);
/* Destroying a held one is reported. */
DMASIM_API void mutex_destroy(struct mutex *lock) DMASIM_SYM(mutex_destroy);

#define dmasim_mutex(l)		    ((void)sizeof((l) == (struct mutex *)0), (l))
#define mutex_init(l)		    dmasim_lock_init(dmasim_mutex(l), #l)
#define mutex_lock(l)		    ((void)dmasim_mutex_lock(l, false, #l))
#define mutex_lock_nested(l, sub)   mutex_lock(l)
#define mutex_lock_interruptible(l) dmasim_mutex_lock(l, true, #l)
#define mutex_lock_killable(l)	    dmasim_mutex_lock(l, true, #l)
#define mutex_trylock(l)	    dmasim_mutex_trylock(l, #l)
#define mutex_unlock(l)		    dmasim_mutex_unlock(l, #l)

#endif
