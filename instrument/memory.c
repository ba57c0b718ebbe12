// SPDX-License-Identifier: MIT
/*
 * memcpy and its relatives, as accesses of their caller.
 *
 * Compilers do not announce what these functions touch; they leave it to the runtime to replace them. The
 * replacements are hidden: they serve the program that this archive is linked into, not its shared libraries. The
 * bytes are moved by libc's own functions, found once at start-up; before that, and in static programs, where there
 * is no second memcpy to be found, by the processor's string instructions.
 *
 * Weakness: other functions of libc that take pointers (sprintf, read, qsort, ...) are not seen; string.c has the
 * commonest.
 */
#include <dlfcn.h>
#include "instrument/instrument.h"

typedef void *copy_fn(void *dst, const void *src, size_t n);
typedef void *fill_fn(void *dst, int byte, size_t n);
typedef int compare_fn(const void *a, const void *b, size_t n);

static void *copy_up(void *dst, const void *src, size_t n)
{
#ifdef __x86_64__
	void *d = dst;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
#else
	volatile char *d = dst;
	const char *s = src;

	while (n--)
		*d++ = *s++;
#endif
	return dst;
}

static void *copy_any(void *dst, const void *src, size_t n)
{
	volatile char *d = dst;
	const char *s = src;

	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return copy_up(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

static void *fill_bytes(void *dst, int byte, size_t n)
{
#ifdef __x86_64__
	void *d = dst;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(byte) : "memory");
#else
	volatile char *d = dst;

	while (n--)
		*d++ = (char)byte;
#endif
	return dst;
}

static int compare_bytes(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

static copy_fn *libc_memcpy = copy_up, *libc_memmove = copy_any;
static fill_fn *libc_memset = fill_bytes;
static compare_fn *libc_memcmp = compare_bytes;

#pragma weak dlsym /* absent from static programs */

/* ISO C forbids the conversion of an object pointer to a function pointer, POSIX requires it. */
void instrument_find(const char *name, void *where)
{
	void *p = dlsym ? dlsym(RTLD_NEXT, name) : NULL;

	if (p)
		*(void **)where = p;
}

void instrument_memory_init(void)
{
	instrument_find("memcpy", &libc_memcpy);
	instrument_find("memmove", &libc_memmove);
	instrument_find("memset", &libc_memset);
	instrument_find("memcmp", &libc_memcmp);
}

/* A range that begins below the arena cannot reach into it: the page below it is never mapped. */
#define COPY(name, libc)                                                          \
	void *name(void *dst, const void *src, size_t n);                         \
	void *name(void *dst, const void *src, size_t n)                          \
	{                                                                         \
		if (__builtin_expect((in_arena(src) || in_arena(dst)) && n, 0)) { \
			SEE(src, n, false);                                       \
			SEE(dst, n, true);                                        \
		}                                                                 \
		return libc(dst, src, n);                                         \
	}
#define FILL(name)                                 \
	void *name(void *dst, int byte, size_t n); \
	void *name(void *dst, int byte, size_t n)  \
	{                                          \
		if (n)                             \
			SEE(dst, n, true);         \
		return libc_memset(dst, byte, n);  \
	}
/* Announced in full though it may stop early: the caller promises that all n bytes may be read. */
#define COMPARE(name)                                     \
	int name(const void *a, const void *b, size_t n); \
	int name(const void *a, const void *b, size_t n)  \
	{                                                 \
		if (n) {                                  \
			SEE(a, n, false);                 \
			SEE(b, n, false);                 \
		}                                         \
		return libc_memcmp(a, b, n);              \
	}

COPY(memcpy, libc_memcpy)
COPY(memmove, libc_memmove)
FILL(memset)
COMPARE(memcmp)
COMPARE(bcmp)

/* The names newer compilers use for builtins of instrumented code. */
COPY(__tsan_memcpy, libc_memcpy)
COPY(__tsan_memmove, libc_memmove)
FILL(__tsan_memset)

/* And those of -D_FORTIFY_SOURCE. */
void __chk_fail(void) __attribute__((noreturn));

#define COPY_CHECKED(name, libc)                                       \
	void *name(void *dst, const void *src, size_t n, size_t room); \
	void *name(void *dst, const void *src, size_t n, size_t room)  \
	{                                                              \
		if (n > room)                                          \
			__chk_fail();                                  \
		if (n) {                                               \
			SEE(src, n, false);                            \
			SEE(dst, n, true);                             \
		}                                                      \
		return libc(dst, src, n);                              \
	}
COPY_CHECKED(__memcpy_chk, libc_memcpy)
COPY_CHECKED(__memmove_chk, libc_memmove)

void *__memset_chk(void *dst, int byte, size_t n, size_t room);
void *__memset_chk(void *dst, int byte, size_t n, size_t room)
{
	if (n > room)
		__chk_fail();
	if (n)
		SEE(dst, n, true);
	return libc_memset(dst, byte, n);
}
