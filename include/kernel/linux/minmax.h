/* SPDX-License-Identifier: MIT */
/* Smaller, larger, in between; each argument is evaluated once. Mirrors include/linux/minmax.h. */
#ifndef DMASIM_LINUX_MINMAX_H
#define DMASIM_LINUX_MINMAX_H

/* Function-like macros, so that structure members called min and max stay what they are. */
#undef min
#undef max
#define dmasim_pick(type, op, a, b)                         \
	__extension__({                                     \
		type dmasim_a = (a);                        \
		type dmasim_b = (b);                        \
		dmasim_a op dmasim_b ? dmasim_a : dmasim_b; \
	})
#define dmasim_pick_other(type, op, a, b)                   \
	__extension__({                                     \
		type dmasim_c = (a);                        \
		type dmasim_d = (b);                        \
		dmasim_c op dmasim_d ? dmasim_c : dmasim_d; \
	})
#define min(a, b)	    dmasim_pick(__typeof__(1 ? (a) : (b)), <, a, b)
#define max(a, b)	    dmasim_pick(__typeof__(1 ? (a) : (b)), >, a, b)
#define min_t(type, a, b)   dmasim_pick(type, <, (type)(a), (type)(b))
#define max_t(type, a, b)   dmasim_pick(type, >, (type)(a), (type)(b))
#define min3(a, b, c)	    min((a), dmasim_pick_other(__typeof__(1 ? (b) : (c)), <, b, c))
#define max3(a, b, c)	    max((a), dmasim_pick_other(__typeof__(1 ? (b) : (c)), >, b, c))
#define clamp(v, lo, hi)    dmasim_pick(__typeof__(v), <, dmasim_pick_other(__typeof__(v), >, v, lo), hi)
#define clamp_t(t, v, l, h) dmasim_pick(t, <, dmasim_pick_other(t, >, (t)(v), (t)(l)), (t)(h))
#define clamp_val(v, l, h)  clamp_t(__typeof__(v), v, l, h)
#define min_not_zero(a, b)                                                                       \
	__extension__({                                                                          \
		__typeof__(a) dmasim_e = (a);                                                    \
		__typeof__(b) dmasim_f = (b);                                                    \
		dmasim_e == 0 ? dmasim_f : (dmasim_f == 0 ? dmasim_e : min(dmasim_e, dmasim_f)); \
	})
#undef swap
#define swap(a, b)                               \
	do {                                     \
		__typeof__(a) dmasim_swap = (a); \
		(a) = (b);                       \
		(b) = dmasim_swap;               \
	} while (0)

#endif
