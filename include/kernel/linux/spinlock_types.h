/* SPDX-License-Identifier: MIT */
/* The lock objects that drivers embed. Only a mark and a counter: who holds what is kept by the library. */
#ifndef DMASIM_LINUX_SPINLOCK_TYPES_H
#define DMASIM_LINUX_SPINLOCK_TYPES_H

#include <linux/types.h>

typedef struct spinlock {
	u32 dmasim_mark; /* 0 as from kzalloc(), or DMASIM_LOCK_MARK: anything else was never initialised */
	u32 dmasim_held;
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

typedef struct {
	u32 dmasim_mark;
	s32 dmasim_held; /* readers, or -1 for a writer */
} rwlock_t;

#define DMASIM_LOCK_MARK 0x6b636f6cU /* "lock" */

#define __SPIN_LOCK_UNLOCKED(name)     ((spinlock_t){DMASIM_LOCK_MARK, 0})
#define __RAW_SPIN_LOCK_UNLOCKED(name) __SPIN_LOCK_UNLOCKED(name)
#define __RW_LOCK_UNLOCKED(name)       ((rwlock_t){DMASIM_LOCK_MARK, 0})
#define DEFINE_SPINLOCK(name)	       spinlock_t name = {DMASIM_LOCK_MARK, 0}
#define DEFINE_RAW_SPINLOCK(name)      DEFINE_SPINLOCK(name)
#define DEFINE_RWLOCK(name)	       rwlock_t name = {DMASIM_LOCK_MARK, 0}

#endif
