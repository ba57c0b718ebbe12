/* SPDX-License-Identifier: MIT */
/* Locks as drivers of 2.6 initialised them, until 2.6.38. */
#ifndef DMASIM_ERA_2_6_LINUX_SPINLOCK_H
#define DMASIM_ERA_2_6_LINUX_SPINLOCK_H

#include_next <linux/spinlock.h>

#define SPIN_LOCK_UNLOCKED          \
	{                           \
		DMASIM_LOCK_MARK, 0 \
	}

#endif
