/* SPDX-License-Identifier: MIT */
/*
 * Strings. Mirrors include/linux/string.h. memcpy() and its kin are libc's own; in instrumented code they are
 * checked like any access.
 */
#ifndef DMASIM_LINUX_STRING_H
#define DMASIM_LINUX_STRING_H

#include_next <linux/string.h>
#include <string.h>
#include <strings.h>
#include <linux/errno.h>
#include <linux/types.h>

/* Copy at most count bytes, always ended by a zero byte. Characters copied, or -E2BIG when cut short. */
static inline ssize_t dmasim_strscpy(char *dst, const char *src, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		dst[n] = src[n];
		if (!src[n])
			return n;
	}
	if (count)
		dst[count - 1] = '\0';
	return -E2BIG;
}

/* clang-format off */
#define DMASIM_STRSCPY_PICK(a, b, c, picked, ...) picked
#define DMASIM_STRSCPY_2(dst, src) dmasim_strscpy((dst), (src), sizeof(dst))
#define strscpy(...) DMASIM_STRSCPY_PICK(__VA_ARGS__, dmasim_strscpy, DMASIM_STRSCPY_2, 0)(__VA_ARGS__)
/* clang-format on */

static inline ssize_t strscpy_pad(char *dst, const char *src, size_t count)
{
	ssize_t n = dmasim_strscpy(dst, src, count);

	if (n >= 0)
		memset(dst + n, 0, count - n);
	return n;
}

/* The first byte that is not c, or NULL. */
static inline void *memchr_inv(const void *start, int c, size_t n)
{
	const unsigned char *p = (const unsigned char *)start;

	for (size_t i = 0; i < n; i++)
		if (p[i] != (unsigned char)c)
			return (void *)(uintptr_t)(p + i);
	return NULL;
}

static inline bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b || (!*a && *b == '\n' && !b[1]) || (*a == '\n' && !a[1] && !*b);
}

static inline bool strstarts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline void memzero_explicit(void *s, size_t n)
{
	memset(s, 0, n);
	__asm__ volatile("" : : "r"(s) : "memory");
}

static inline void memset32(u32 *s, u32 value, size_t n)
{
	while (n--)
		*s++ = value;
}

#endif
