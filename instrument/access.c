// SPDX-License-Identifier: MIT
/*
 * Hooks before plain accesses, as gcc and clang emit them for -fsanitize=thread.
 *
 * The compiler promises a call before each load and store that may be shared; it leaves out those of locals whose
 * address does not escape, which cannot lie in simulated memory. Weakness: copies that a compiler expands inline
 * after its instrumentation pass are not announced; dmasim_instrument() therefore turns the builtins off with gcc.
 */
#include "instrument/instrument.h"

/* In two parts, so that the common one, outside the arena, needs no frame. */
#define HOOK(name, size, write)                                      \
	static void __attribute__((noinline)) name##_inside(void *p) \
	{                                                            \
		INSIDE(p, size, write);                              \
	}                                                            \
	void name(void *p);                                          \
	void name(void *p)                                           \
	{                                                            \
		if (in_arena(p))                                     \
			TAIL_CALL(name##_inside(p));                 \
	}

/* A polling loop ends because time passes, so time passes first, and the access sees what it brought. */
#define VOLATILE_READ(name, size)        \
	void name(void *p);              \
	void name(void *p)               \
	{                                \
		instrument_safe_point(); \
		SEE(p, size, false);     \
	}

#define READ_WRITE(name, size)       \
	void name(void *p);          \
	void name(void *p)           \
	{                            \
		SEE(p, size, false); \
		SEE(p, size, true);  \
	}

#define ALL_OF_SIZE(size)                                         \
	HOOK(__tsan_read##size, size, false)                      \
	HOOK(__tsan_write##size, size, true)                      \
	READ_WRITE(__tsan_read_write##size, size)                 \
	HOOK(__tsan_unaligned_read##size, size, false)            \
	HOOK(__tsan_unaligned_write##size, size, true)            \
	READ_WRITE(__tsan_unaligned_read_write##size, size)       \
	VOLATILE_READ(__tsan_volatile_read##size, size)           \
	HOOK(__tsan_volatile_write##size, size, true)             \
	VOLATILE_READ(__tsan_unaligned_volatile_read##size, size) \
	HOOK(__tsan_unaligned_volatile_write##size, size, true)

ALL_OF_SIZE(1)
ALL_OF_SIZE(2)
ALL_OF_SIZE(4)
ALL_OF_SIZE(8)
ALL_OF_SIZE(16)

/* Structure copies and odd sizes (gcc). */
void __tsan_read_range(void *p, size_t n);
void __tsan_read_range(void *p, size_t n)
{
	SEE(p, n, false);
}

void __tsan_write_range(void *p, size_t n);
void __tsan_write_range(void *p, size_t n)
{
	SEE(p, n, true);
}

/* C++ virtual tables: an object in simulated memory has one too. */
HOOK(__tsan_vptr_read, sizeof(void *), false)

void __tsan_vptr_update(void **p, void *value);
void __tsan_vptr_update(void **p, void *value)
{
	(void)value;
	SEE(p, sizeof(void *), true);
}

/* Emitted unless turned off; call stacks come from frame pointers instead. */
void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
	(void)pc;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_begin(void)
{
}

void __tsan_ignore_thread_end(void);
void __tsan_ignore_thread_end(void)
{
}

/* Called by the constructor of each instrumented translation unit. */
void __tsan_init(void);
void __tsan_init(void)
{
	dmasim_instrument_state.translation_units++;
}
