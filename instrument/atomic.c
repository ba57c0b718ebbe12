// SPDX-License-Identifier: MIT
/*
 * Atomic operations. The compiler replaces each one by a call and leaves the whole operation to the runtime.
 *
 * Every operation is carried out sequentially consistent, whatever order was asked for: stronger is correct. Loads
 * and read-modify-writes are safe points, as a loop that polls or spins on one waits for somebody else to act. A
 * compare-and-exchange is announced as a write only when it is going to write.
 *
 * Weakness: a 16-byte load is a compare-and-exchange, which faults in read-only memory, as libatomic's does.
 */
#include "instrument/instrument.h"

/* Enough for 8 to 64 bits: builtins of the compiler, always lock-free. */
#define NATIVE_LOAD(T, p)	 __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define NATIVE_EXCHANGE(T, p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define NATIVE_CAS(T, p, old, v) __sync_val_compare_and_swap((p), (old), (v))

/* 128 bits: everything from compare-and-swap, which is one instruction; __atomic builtins would call libatomic. */
#define WIDE_LOAD(T, p) __sync_val_compare_and_swap((p), (T)0, (T)0)
#define WIDE_EXCHANGE(T, p, v)                                                                    \
	({                                                                                        \
		T wide_old = *(p), wide_seen;                                                     \
                                                                                                  \
		while ((wide_seen = __sync_val_compare_and_swap((p), wide_old, (v))) != wide_old) \
			wide_old = wide_seen;                                                     \
		wide_old;                                                                         \
	})

#define FETCH(bits, T, name, expression, LOAD, CAS)                          \
	T __tsan_atomic##bits##_fetch_##name(volatile T *p, T v, int order); \
	T __tsan_atomic##bits##_fetch_##name(volatile T *p, T v, int order)  \
	{                                                                    \
		T old, seen;                                                 \
                                                                             \
		(void)order;                                                 \
		instrument_safe_point();                                     \
		SEE(p, sizeof(T), false);                                    \
		SEE(p, sizeof(T), true);                                     \
		old = LOAD(T, p);                                            \
		while ((seen = CAS(T, p, old, (T)(expression))) != old)      \
			old = seen;                                          \
		return old;                                                  \
	}

/* gcc's form: success as the result, the value seen stored through `expected` on failure. */
#define COMPARE_EXCHANGE(bits, T, kind, LOAD, CAS)                                                                   \
	bool __tsan_atomic##bits##_compare_exchange_##kind(volatile T *p, T *expected, T v, int order, int failure); \
	bool __tsan_atomic##bits##_compare_exchange_##kind(volatile T *p, T *expected, T v, int order, int failure)  \
	{                                                                                                            \
		T old, seen;                                                                                         \
                                                                                                                     \
		(void)order;                                                                                         \
		(void)failure;                                                                                       \
		instrument_safe_point();                                                                             \
		SEE(expected, sizeof(T), false);                                                                     \
		SEE(p, sizeof(T), false);                                                                            \
		old = *expected;                                                                                     \
		if (in_arena(p) && LOAD(T, p) == old)                                                                \
			SEE(p, sizeof(T), true);                                                                     \
		seen = CAS(T, p, old, v);                                                                            \
		if (seen == old)                                                                                     \
			return true;                                                                                 \
		SEE(expected, sizeof(T), true);                                                                      \
		*expected = seen;                                                                                    \
		return false;                                                                                        \
	}

#define ATOMICS(bits, T, LOAD, EXCHANGE, CAS)                                                                 \
	T __tsan_atomic##bits##_load(const volatile T *p, int order);                                         \
	T __tsan_atomic##bits##_load(const volatile T *p, int order)                                          \
	{                                                                                                     \
		(void)order;                                                                                  \
		instrument_safe_point();                                                                      \
		SEE(p, sizeof(T), false);                                                                     \
		return LOAD(T, (volatile T *)p);                                                              \
	}                                                                                                     \
                                                                                                              \
	void __tsan_atomic##bits##_store(volatile T *p, T v, int order);                                      \
	void __tsan_atomic##bits##_store(volatile T *p, T v, int order)                                       \
	{                                                                                                     \
		(void)order;                                                                                  \
		SEE(p, sizeof(T), true);                                                                      \
		(void)EXCHANGE(T, p, v);                                                                      \
	}                                                                                                     \
                                                                                                              \
	T __tsan_atomic##bits##_exchange(volatile T *p, T v, int order);                                      \
	T __tsan_atomic##bits##_exchange(volatile T *p, T v, int order)                                       \
	{                                                                                                     \
		(void)order;                                                                                  \
		instrument_safe_point();                                                                      \
		SEE(p, sizeof(T), false);                                                                     \
		SEE(p, sizeof(T), true);                                                                      \
		return EXCHANGE(T, p, v);                                                                     \
	}                                                                                                     \
                                                                                                              \
	FETCH(bits, T, add, old + v, LOAD, CAS)                                                               \
	FETCH(bits, T, sub, old - v, LOAD, CAS)                                                               \
	FETCH(bits, T, and, old &v, LOAD, CAS)                                                                \
	FETCH(bits, T, or, old | v, LOAD, CAS)                                                                \
	FETCH(bits, T, xor, old ^ v, LOAD, CAS)                                                               \
	FETCH(bits, T, nand, ~(old & v), LOAD, CAS)                                                           \
	COMPARE_EXCHANGE(bits, T, strong, LOAD, CAS)                                                          \
	COMPARE_EXCHANGE(bits, T, weak, LOAD, CAS)                                                            \
                                                                                                              \
	/* clang's form: the value seen is the result. */                                                     \
	T __tsan_atomic##bits##_compare_exchange_val(volatile T *p, T expected, T v, int order, int failure); \
	T __tsan_atomic##bits##_compare_exchange_val(volatile T *p, T expected, T v, int order, int failure)  \
	{                                                                                                     \
		(void)order;                                                                                  \
		(void)failure;                                                                                \
		instrument_safe_point();                                                                      \
		SEE(p, sizeof(T), false);                                                                     \
		if (in_arena(p) && LOAD(T, p) == expected)                                                    \
			SEE(p, sizeof(T), true);                                                              \
		return CAS(T, p, expected, v);                                                                \
	}

ATOMICS(8, uint8_t, NATIVE_LOAD, NATIVE_EXCHANGE, NATIVE_CAS)
ATOMICS(16, uint16_t, NATIVE_LOAD, NATIVE_EXCHANGE, NATIVE_CAS)
ATOMICS(32, uint32_t, NATIVE_LOAD, NATIVE_EXCHANGE, NATIVE_CAS)
ATOMICS(64, uint64_t, NATIVE_LOAD, NATIVE_EXCHANGE, NATIVE_CAS)
#ifdef __SIZEOF_INT128__
typedef unsigned __int128 uint128;
ATOMICS(128, uint128, WIDE_LOAD, WIDE_EXCHANGE, NATIVE_CAS)
#endif

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
	(void)order;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
