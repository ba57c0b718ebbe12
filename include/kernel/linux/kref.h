/* SPDX-License-Identifier: MIT */
/* Reference counts with a release function. Mirrors include/linux/kref.h. */
#ifndef DMASIM_LINUX_KREF_H
#define DMASIM_LINUX_KREF_H

#include <linux/bug.h>
#include <linux/types.h>

struct kref {
	int refcount;
};

static inline void kref_init(struct kref *kref)
{
	__atomic_store_n(&kref->refcount, 1, __ATOMIC_RELAXED);
}

static inline unsigned int kref_read(const struct kref *kref)
{
	return __atomic_load_n(&kref->refcount, __ATOMIC_RELAXED);
}

static inline void kref_get(struct kref *kref)
{
	WARN_ON(__atomic_fetch_add(&kref->refcount, 1, __ATOMIC_RELAXED) <= 0);
}

static inline int kref_get_unless_zero(struct kref *kref)
{
	int old = __atomic_load_n(&kref->refcount, __ATOMIC_RELAXED);

	while (old > 0)
		if (__atomic_compare_exchange_n(&kref->refcount, &old, old + 1, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return 1;
	return 0;
}

/* 1 when that was the last reference and release() was called. */
static inline int kref_put(struct kref *kref, void (*release)(struct kref *kref))
{
	int old = __atomic_fetch_sub(&kref->refcount, 1, __ATOMIC_ACQ_REL);

	WARN_ON(old <= 0);
	if (old != 1)
		return 0;
	release(kref);
	return 1;
}

#endif
