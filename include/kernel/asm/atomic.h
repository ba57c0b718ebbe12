/* SPDX-License-Identifier: MIT */
/*
 * Atomic integers. Mirrors asm/atomic.h; all are ordered at least as strongly as the kernel's. Reading is a safe point,
 * as loops wait on it. Any context.
 */
#ifndef DMASIM_ASM_ATOMIC_H
#define DMASIM_ASM_ATOMIC_H

#include <asm/barrier.h>
#include <linux/types.h>

/* <stdatomic.h> has macros of these names; the kernel's functions take their place. */
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_and
#undef atomic_fetch_or
#undef atomic_fetch_xor

#define ATOMIC_INIT(i) \
	{              \
		(i)    \
	}
#define ATOMIC64_INIT(i) \
	{                \
		(i)      \
	}

#define DMASIM_ATOMIC(type, prefix, number)                                                                        \
	static inline number prefix##_read(const type *v)                                                          \
	{                                                                                                          \
		dmasim_poll();                                                                                     \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                                             \
	}                                                                                                          \
	static inline number prefix##_read_acquire(const type *v)                                                  \
	{                                                                                                          \
		dmasim_poll();                                                                                     \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);                                             \
	}                                                                                                          \
	static inline void prefix##_set(type *v, number i)                                                         \
	{                                                                                                          \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);                                                \
	}                                                                                                          \
	static inline void prefix##_set_release(type *v, number i)                                                 \
	{                                                                                                          \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);                                                \
	}                                                                                                          \
	DMASIM_ATOMIC_OP(type, prefix, number, add)                                                                \
	DMASIM_ATOMIC_OP(type, prefix, number, sub)                                                                \
	DMASIM_ATOMIC_BIT(type, prefix, number, and)                                                               \
	DMASIM_ATOMIC_BIT(type, prefix, number, or)                                                                \
	DMASIM_ATOMIC_BIT(type, prefix, number, xor)                                                               \
	static inline void prefix##_inc(type *v)                                                                   \
	{                                                                                                          \
		prefix##_add(1, v);                                                                                \
	}                                                                                                          \
	static inline void prefix##_dec(type *v)                                                                   \
	{                                                                                                          \
		prefix##_sub(1, v);                                                                                \
	}                                                                                                          \
	static inline number prefix##_inc_return(type *v)                                                          \
	{                                                                                                          \
		return prefix##_add_return(1, v);                                                                  \
	}                                                                                                          \
	static inline number prefix##_dec_return(type *v)                                                          \
	{                                                                                                          \
		return prefix##_sub_return(1, v);                                                                  \
	}                                                                                                          \
	static inline bool prefix##_inc_and_test(type *v)                                                          \
	{                                                                                                          \
		return prefix##_add_return(1, v) == 0;                                                             \
	}                                                                                                          \
	static inline bool prefix##_dec_and_test(type *v)                                                          \
	{                                                                                                          \
		return prefix##_sub_return(1, v) == 0;                                                             \
	}                                                                                                          \
	static inline bool prefix##_sub_and_test(number i, type *v)                                                \
	{                                                                                                          \
		return prefix##_sub_return(i, v) == 0;                                                             \
	}                                                                                                          \
	static inline bool prefix##_add_negative(number i, type *v)                                                \
	{                                                                                                          \
		return prefix##_add_return(i, v) < 0;                                                              \
	}                                                                                                          \
	static inline number prefix##_xchg(type *v, number i)                                                      \
	{                                                                                                          \
		return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST);                                      \
	}                                                                                                          \
	static inline number prefix##_cmpxchg(type *v, number old, number new_)                                    \
	{                                                                                                          \
		__atomic_compare_exchange_n(&v->counter, &old, new_, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
		return old;                                                                                        \
	}                                                                                                          \
	static inline bool prefix##_try_cmpxchg(type *v, number *old, number new_)                                 \
	{                                                                                                          \
		return __atomic_compare_exchange_n(&v->counter, old, new_, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	}                                                                                                          \
	/* Add unless it is u. Return: what it was. */                                                             \
	static inline number prefix##_fetch_add_unless(type *v, number a, number u)                                \
	{                                                                                                          \
		number c = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                                         \
                                                                                                                   \
		while (c != u &&                                                                                   \
		       !prefix##_try_cmpxchg(v, &c, (number)((unsigned long long)c + (unsigned long long)a)))      \
			;                                                                                          \
		return c;                                                                                          \
	}                                                                                                          \
	static inline bool prefix##_add_unless(type *v, number a, number u)                                        \
	{                                                                                                          \
		return prefix##_fetch_add_unless(v, a, u) != u;                                                    \
	}                                                                                                          \
	static inline bool prefix##_inc_not_zero(type *v)                                                          \
	{                                                                                                          \
		return prefix##_add_unless(v, 1, 0);                                                               \
	}                                                                                                          \
	static inline number prefix##_dec_if_positive(type *v)                                                     \
	{                                                                                                          \
		number c = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                                         \
                                                                                                                   \
		while (c > 0 && !prefix##_try_cmpxchg(v, &c, c - 1))                                               \
			;                                                                                          \
		return (number)((unsigned long long)c - 1);                                                        \
	}

#define DMASIM_ATOMIC_OP(type, prefix, number, op)                              \
	static inline void prefix##_##op(number i, type *v)                     \
	{                                                                       \
		__atomic_fetch_##op(&v->counter, i, __ATOMIC_SEQ_CST);          \
	}                                                                       \
	static inline number prefix##_##op##_return(number i, type *v)          \
	{                                                                       \
		return __atomic_##op##_fetch(&v->counter, i, __ATOMIC_SEQ_CST); \
	}                                                                       \
	static inline number prefix##_fetch_##op(number i, type *v)             \
	{                                                                       \
		return __atomic_fetch_##op(&v->counter, i, __ATOMIC_SEQ_CST);   \
	}

#define DMASIM_ATOMIC_BIT(type, prefix, number, op)                           \
	static inline void prefix##_##op(number i, type *v)                   \
	{                                                                     \
		__atomic_fetch_##op(&v->counter, i, __ATOMIC_SEQ_CST);        \
	}                                                                     \
	static inline number prefix##_fetch_##op(number i, type *v)           \
	{                                                                     \
		return __atomic_fetch_##op(&v->counter, i, __ATOMIC_SEQ_CST); \
	}

DMASIM_ATOMIC(atomic_t, atomic, int)
DMASIM_ATOMIC(atomic64_t, atomic64, s64)

/* atomic_long_t: an atomic64_t, as long has 64 bits on every machine of this library. */
typedef atomic64_t atomic_long_t;
#define ATOMIC_LONG_INIT(i)	     ATOMIC64_INIT(i)
#define atomic_long_read(v)	     ((long)atomic64_read(v))
#define atomic_long_set(v, i)	     atomic64_set(v, i)
#define atomic_long_inc(v)	     atomic64_inc(v)
#define atomic_long_dec(v)	     atomic64_dec(v)
#define atomic_long_add(i, v)	     atomic64_add(i, v)
#define atomic_long_sub(i, v)	     atomic64_sub(i, v)
#define atomic_long_inc_return(v)    ((long)atomic64_inc_return(v))
#define atomic_long_dec_return(v)    ((long)atomic64_dec_return(v))
#define atomic_long_add_return(i, v) ((long)atomic64_add_return(i, v))
#define atomic_long_dec_and_test(v)  atomic64_dec_and_test(v)

#define xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new_)                                                                                  \
	({                                                                                                     \
		__typeof__(*(p)) dmasim_old_ = (old);                                                          \
		__atomic_compare_exchange_n((p), &dmasim_old_, (new_), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		dmasim_old_;                                                                                   \
	})

#endif
