/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks. Mirrors linux/spinlock.h.
 *
 * The machine has one CPU, so a lock that is held when somebody wants it is a deadlock, reported as lock-deadlock,
 * unless its holder went to sleep, which was reported as sleep-in-atomic. Holding one forbids sleeping. Reports name a
 * lock by the expression it was taken with. Any context.
 */
#ifndef DMASIM_LINUX_SPINLOCK_H
#define DMASIM_LINUX_SPINLOCK_H

#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/spinlock_types.h>

/* How a lock is taken and released; bits. */
enum dmasim_lock_how {
	DMASIM_LOCK_PLAIN = 0,
	DMASIM_LOCK_IRQ = 1,	 /* interrupts off; on again at release */
	DMASIM_LOCK_IRQSAVE = 2, /* interrupts off; at release as they were */
	DMASIM_LOCK_BH = 4,	 /* bottom halves off */
	DMASIM_LOCK_TRY = 8,	 /* do not wait */
	DMASIM_LOCK_READ = 16,	 /* of an rwlock: shared */
	DMASIM_LOCK_RW = 32,	 /* the object is an rwlock */
};

/* Return: 0 if a try failed, else 1; *flags is set for IRQSAVE when the lock was taken. name: static string. */
DMASIM_API int dmasim_lock(void *lock, int how, unsigned long *flags, const char *name);
DMASIM_API void dmasim_unlock(void *lock, int how, unsigned long flags, const char *name);
DMASIM_API void dmasim_lock_init(void *lock, const char *name);
/* Held by anybody? */
DMASIM_API int dmasim_lock_is_held(const void *lock);
DMASIM_API void dmasim_assert_held(const void *lock, const char *name);

/* The checks of the argument's type cost nothing: the unevaluated operand of sizeof. */
#define dmasim_spin(l) ((void)sizeof((l) == (spinlock_t *)0), (void *)(l))
#define dmasim_rw(l)   ((void)sizeof((l) == (rwlock_t *)0), (void *)(l))

#define spin_lock_init(l)  dmasim_lock_init(dmasim_spin(l), #l)
#define spin_lock(l)	   ((void)dmasim_lock(dmasim_spin(l), DMASIM_LOCK_PLAIN, NULL, #l))
#define spin_unlock(l)	   dmasim_unlock(dmasim_spin(l), DMASIM_LOCK_PLAIN, 0, #l)
#define spin_lock_irq(l)   ((void)dmasim_lock(dmasim_spin(l), DMASIM_LOCK_IRQ, NULL, #l))
#define spin_unlock_irq(l) dmasim_unlock(dmasim_spin(l), DMASIM_LOCK_IRQ, 0, #l)
#define spin_lock_bh(l)	   ((void)dmasim_lock(dmasim_spin(l), DMASIM_LOCK_BH, NULL, #l))
#define spin_unlock_bh(l)  dmasim_unlock(dmasim_spin(l), DMASIM_LOCK_BH, 0, #l)
#define spin_lock_irqsave(l, flags)                                                         \
	do {                                                                                \
		unsigned long dmasim_flags_ = 0;                                            \
		(void)dmasim_lock(dmasim_spin(l), DMASIM_LOCK_IRQSAVE, &dmasim_flags_, #l); \
		(flags) = dmasim_flags_;                                                    \
	} while (0)
#define spin_unlock_irqrestore(l, flags) dmasim_unlock(dmasim_spin(l), DMASIM_LOCK_IRQSAVE, (flags), #l)
#define spin_trylock(l)			 dmasim_lock(dmasim_spin(l), DMASIM_LOCK_TRY, NULL, #l)
#define spin_trylock_irq(l)		 dmasim_lock(dmasim_spin(l), DMASIM_LOCK_TRY | DMASIM_LOCK_IRQ, NULL, #l)
#define spin_trylock_bh(l)		 dmasim_lock(dmasim_spin(l), DMASIM_LOCK_TRY | DMASIM_LOCK_BH, NULL, #l)
#define spin_trylock_irqsave(l, flags)                                                                          \
	({                                                                                                      \
		unsigned long dmasim_flags_ = 0;                                                                \
		int dmasim_taken_ =                                                                             \
			dmasim_lock(dmasim_spin(l), DMASIM_LOCK_TRY | DMASIM_LOCK_IRQSAVE, &dmasim_flags_, #l); \
		(flags) = dmasim_flags_;                                                                        \
		dmasim_taken_;                                                                                  \
	})
#define spin_is_locked(l)      dmasim_lock_is_held(dmasim_spin(l))
#define assert_spin_locked(l)  dmasim_assert_held(dmasim_spin(l), #l)
#define lockdep_assert_held(l) dmasim_assert_held((const void *)(l), #l)

#define raw_spin_lock_init(l)		     spin_lock_init(l)
#define raw_spin_lock(l)		     spin_lock(l)
#define raw_spin_unlock(l)		     spin_unlock(l)
#define raw_spin_lock_irq(l)		     spin_lock_irq(l)
#define raw_spin_unlock_irq(l)		     spin_unlock_irq(l)
#define raw_spin_lock_irqsave(l, flags)	     spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags) spin_unlock_irqrestore(l, flags)
#define raw_spin_trylock(l)		     spin_trylock(l)

#define rwlock_init(l)	  dmasim_lock_init(dmasim_rw(l), #l)
#define read_lock(l)	  ((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ, NULL, #l))
#define read_unlock(l)	  dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ, 0, #l)
#define write_lock(l)	  ((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW, NULL, #l))
#define write_unlock(l)	  dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW, 0, #l)
#define read_lock_bh(l)	  ((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_BH, NULL, #l))
#define read_unlock_bh(l) dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_BH, 0, #l)
#define read_lock_irq(l) \
	((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_IRQ, NULL, #l))
#define read_unlock_irq(l)  dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_IRQ, 0, #l)
#define write_lock_bh(l)    ((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_BH, NULL, #l))
#define write_unlock_bh(l)  dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_BH, 0, #l)
#define write_lock_irq(l)   ((void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_IRQ, NULL, #l))
#define write_unlock_irq(l) dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_IRQ, 0, #l)
#define read_lock_irqsave(l, flags)                                                                      \
	do {                                                                                             \
		unsigned long dmasim_flags_ = 0;                                                         \
		(void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_IRQSAVE, \
				  &dmasim_flags_, #l);                                                   \
		(flags) = dmasim_flags_;                                                                 \
	} while (0)
#define read_unlock_irqrestore(l, flags) \
	dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_READ | DMASIM_LOCK_IRQSAVE, (flags), #l)
#define write_lock_irqsave(l, flags)                                                                       \
	do {                                                                                               \
		unsigned long dmasim_flags_ = 0;                                                           \
		(void)dmasim_lock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_IRQSAVE, &dmasim_flags_, #l); \
		(flags) = dmasim_flags_;                                                                   \
	} while (0)
#define write_unlock_irqrestore(l, flags) dmasim_unlock(dmasim_rw(l), DMASIM_LOCK_RW | DMASIM_LOCK_IRQSAVE, (flags), #l)

#endif
