/* SPDX-License-Identifier: MIT */
/* Powers of two. Mirrors include/linux/log2.h. */
#ifndef DMASIM_LINUX_LOG2_H
#define DMASIM_LINUX_LOG2_H

#include <linux/types.h>

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* Rounded down; constant expressions stay constant. ilog2(0) is undefined. */
#define ilog2(n)	(63 - __builtin_clzll((unsigned long long)(n)))
#define order_base_2(n) ((unsigned long long)(n) > 1 ? ilog2((unsigned long long)(n)-1) + 1 : 0)

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (64 - __builtin_clzll(n - 1));
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << ilog2(n);
}

#endif
