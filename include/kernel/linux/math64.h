/* SPDX-License-Identifier: MIT */
/* 64-bit division. Mirrors include/linux/math64.h. */
#ifndef DMASIM_LINUX_MATH64_H
#define DMASIM_LINUX_MATH64_H

#include <linux/math.h>
#include <linux/types.h>

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline s64 div_s64(s64 dividend, s32 divisor)
{
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

static inline s64 div64_s64(s64 dividend, s64 divisor)
{
	return dividend / divisor;
}

#define div64_ul(x, y) div64_u64((x), (y))

/* n becomes the quotient; the value is the remainder. */
#define do_div(n, base)                                  \
	__extension__({                                  \
		u32 dmasim_base = (base);                \
		u32 dmasim_rem = (u64)(n) % dmasim_base; \
		(n) = (u64)(n) / dmasim_base;            \
		dmasim_rem;                              \
	})

#endif
