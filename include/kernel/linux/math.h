/* SPDX-License-Identifier: MIT */
/* Rounding and division. Mirrors include/linux/math.h. */
#ifndef DMASIM_LINUX_MATH_H
#define DMASIM_LINUX_MATH_H

#include <sys/param.h> /* its roundup() and howmany() come first, so that ours stay */
#include <linux/types.h>

#undef roundup
#undef rounddown
#undef DIV_ROUND_UP
#define DIV_ROUND_UP(n, d)	 (((n) + (d)-1) / (d))
#define DIV_ROUND_DOWN_ULL(n, d) ((unsigned long long)(n) / (d))
#define DIV_ROUND_UP_ULL(n, d)	 (((unsigned long long)(n) + (d)-1) / (d))
#define DIV_ROUND_CLOSEST(x, divisor)                                                            \
	__extension__({                                                                          \
		__typeof__(x) dmasim_x = (x);                                                    \
		__typeof__(divisor) dmasim_div = (divisor);                                      \
		((dmasim_x > 0) == (dmasim_div > 0)) ? (dmasim_x + dmasim_div / 2) / dmasim_div  \
						     : (dmasim_x - dmasim_div / 2) / dmasim_div; \
	})
#define roundup(x, y)                                           \
	__extension__({                                         \
		__typeof__(y) dmasim_y = (y);                   \
		(((x) + (dmasim_y - 1)) / dmasim_y) * dmasim_y; \
	})
#define rounddown(x, y)                       \
	__extension__({                       \
		__typeof__(x) dmasim_x = (x); \
		dmasim_x - (dmasim_x % (y));  \
	})
/* To powers of two only. */
#define round_up(x, y)	 ((((x)-1) | ((__typeof__(x))((y)-1))) + 1)
#define round_down(x, y) ((x) & ~((__typeof__(x))((y)-1)))
#define mult_frac(x, n, d)                                                      \
	__extension__({                                                         \
		__typeof__(x) dmasim_x = (x);                                   \
		__typeof__(d) dmasim_d = (d);                                   \
		dmasim_x / dmasim_d *(n) + dmasim_x % dmasim_d *(n) / dmasim_d; \
	})

#endif
