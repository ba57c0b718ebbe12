// SPDX-License-Identifier: MIT
/*
 * What instrument.c makes the compiler instrument: one function an access, one line a function, so that the expected
 * line of the access is the value of the constant defined beside it. Compiled as dmasim_instrument() compiles driver
 * code, by the compiler in use.
 */
#include <string.h>
#include "tests/unit/instrument_driver.h"

#define ACCESSES(name, T)                                                                                  \
	const int read_##name##_line = __LINE__;                                                           \
	T read_##name(const T *p)                                                                          \
	{                                                                                                  \
		return *p;                                                                                 \
	}                                                                                                  \
	const int write_##name##_line = __LINE__;                                                          \
	void write_##name(T *p, T v)                                                                       \
	{                                                                                                  \
		*p = v;                                                                                    \
	}                                                                                                  \
	const int update_##name##_line = __LINE__;                                                         \
	void update_##name(T *p)                                                                           \
	{                                                                                                  \
		*p += 3;                                                                                   \
	}                                                                                                  \
	T read_volatile_##name(const volatile T *p)                                                        \
	{                                                                                                  \
		return *p;                                                                                 \
	}                                                                                                  \
	void write_volatile_##name(volatile T *p, T v)                                                     \
	{                                                                                                  \
		*p = v;                                                                                    \
	}                                                                                                  \
	T read_packed_##name(const struct packed_##name *p)                                                \
	{                                                                                                  \
		return p->value;                                                                           \
	}                                                                                                  \
	void write_packed_##name(struct packed_##name *p, T v)                                             \
	{                                                                                                  \
		p->value = v;                                                                              \
	}                                                                                                  \
	T atomic_load_##name(const T *p)                                                                   \
	{                                                                                                  \
		return __atomic_load_n(p, __ATOMIC_ACQUIRE);                                               \
	}                                                                                                  \
	void atomic_store_##name(T *p, T v)                                                                \
	{                                                                                                  \
		__atomic_store_n(p, v, __ATOMIC_RELEASE);                                                  \
	}                                                                                                  \
	T atomic_add_##name(T *p, T v)                                                                     \
	{                                                                                                  \
		return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);                                         \
	}                                                                                                  \
	bool atomic_replace_##name(T *p, T old, T v)                                                       \
	{                                                                                                  \
		return __atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED); \
	}

ACCESSES(u8, uint8_t)
ACCESSES(u16, uint16_t)
ACCESSES(u32, uint32_t)
ACCESSES(u64, uint64_t)

unsigned __int128 read_u128(const unsigned __int128 *p)
{
	return *p;
}

void copy_24(struct bytes_24 *dst, const struct bytes_24 *src)
{
	*dst = *src;
}

void copy_100(struct bytes_100 *dst, const struct bytes_100 *src)
{
	*dst = *src;
}

void clear_100(struct bytes_100 *dst)
{
	*dst = (struct bytes_100){{0}};
}

void set_field(struct fields *f)
{
	f->b = 5;
}

void memcpy_24(void *dst, const void *src)
{
	memcpy(dst, src, 24);
}

void memset_40(void *dst)
{
	memset(dst, 0x5a, 40);
}

void memmove_17(void *dst, const void *src)
{
	memmove(dst, src, 17);
}

bool memcmp_4(const void *a, const void *b)
{
	return memcmp(a, b, 4) == 0;
}

char *string_copy(char *dst, const char *src)
{
	return strcpy(dst, src);
}

char *string_copy_bounded(char *dst, const char *src, size_t n)
{
	return strncpy(dst, src, n);
}

char *string_append(char *dst, const char *src)
{
	return strcat(dst, src);
}

size_t string_length(const char *s)
{
	return strlen(s);
}

int string_compare(const char *a, const char *b)
{
	return strcmp(a, b);
}

const char *string_find(const char *s, int c)
{
	return strchr(s, c);
}

/* Loops that compilers like to turn into memset(), memcpy() or vector code. */
void clear_loop(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = 0;
}

unsigned int sum_loop(const unsigned char *p, size_t n)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += p[i];
	return sum;
}

void fences(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
