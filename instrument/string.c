// SPDX-License-Identifier: MIT
/*
 * String functions, as accesses of their caller; see memory.c for how they come into a program.
 *
 * Strings outside the arena go to libc. Those inside are measured first, because the access is announced before it is
 * made and its size is part of what is announced; then the work is done here, byte by byte. What is announced is what
 * the function's definition lets it read: up to the byte that ends it.
 */
#include "instrument/instrument.h"

/* Bytes up to and with the first zero, at most max. */
static size_t extent(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n < max ? n + 1 : max;
}

static void copy(char *dst, const char *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)dst)[i] = src[i];
}

static size_t plain_strlen(const char *s)
{
	return extent(s, SIZE_MAX) - 1;
}

static size_t plain_strnlen(const char *s, size_t max)
{
	size_t n = extent(s, max);

	return n && !s[n - 1] ? n - 1 : n;
}

static char *plain_stpcpy(char *dst, const char *src)
{
	size_t n = extent(src, SIZE_MAX);

	copy(dst, src, n);
	return dst + n - 1;
}

static char *plain_strcpy(char *dst, const char *src)
{
	plain_stpcpy(dst, src);
	return dst;
}

static char *plain_strncpy(char *dst, const char *src, size_t max)
{
	size_t n = extent(src, max);

	copy(dst, src, n);
	for (size_t i = n; i < max; i++)
		((volatile char *)dst)[i] = 0;
	return dst;
}

static char *plain_strcat(char *dst, const char *src)
{
	plain_stpcpy(dst + plain_strlen(dst), src);
	return dst;
}

static int plain_strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++)
		if (a[i] != b[i] || !a[i])
			return (unsigned char)a[i] - (unsigned char)b[i];
	return 0;
}

static int plain_strcmp(const char *a, const char *b)
{
	return plain_strncmp(a, b, SIZE_MAX);
}

static void *plain_memchr(const void *start, int c, size_t n)
{
	const unsigned char *s = start;

	for (size_t i = 0; i < n; i++)
		if (s[i] == (unsigned char)c)
			return (void *)(uintptr_t)(s + i);
	return NULL;
}

static char *plain_strchr(const char *s, int c)
{
	return plain_memchr(s, c, extent(s, SIZE_MAX));
}

static size_t (*libc_strlen)(const char *) = plain_strlen;
static size_t (*libc_strnlen)(const char *, size_t) = plain_strnlen;
static char *(*libc_stpcpy)(char *, const char *) = plain_stpcpy;
static char *(*libc_strcpy)(char *, const char *) = plain_strcpy;
static char *(*libc_strncpy)(char *, const char *, size_t) = plain_strncpy;
static char *(*libc_strcat)(char *, const char *) = plain_strcat;
static int (*libc_strcmp)(const char *, const char *) = plain_strcmp;
static int (*libc_strncmp)(const char *, const char *, size_t) = plain_strncmp;
static void *(*libc_memchr)(const void *, int, size_t) = plain_memchr;
static char *(*libc_strchr)(const char *, int) = plain_strchr;

void instrument_string_init(void)
{
	instrument_find("strlen", &libc_strlen);
	instrument_find("strnlen", &libc_strnlen);
	instrument_find("stpcpy", &libc_stpcpy);
	instrument_find("strcpy", &libc_strcpy);
	instrument_find("strncpy", &libc_strncpy);
	instrument_find("strcat", &libc_strcat);
	instrument_find("strcmp", &libc_strcmp);
	instrument_find("strncmp", &libc_strncmp);
	instrument_find("memchr", &libc_memchr);
	instrument_find("strchr", &libc_strchr);
}

/* Bytes of both strings that a comparison looks at: up to and with the first difference or the end. */
static size_t compared(const char *a, const char *b, size_t max)
{
	size_t n = 0;

	while (n < max && a[n] == b[n] && a[n])
		n++;
	return n < max ? n + 1 : max;
}

size_t strlen(const char *s);
size_t strlen(const char *s)
{
	if (!in_arena(s))
		return libc_strlen(s);
	SEE(s, extent(s, SIZE_MAX), false);
	return plain_strlen(s);
}

size_t strnlen(const char *s, size_t max);
size_t strnlen(const char *s, size_t max)
{
	if (!in_arena(s) || !max)
		return libc_strnlen(s, max);
	SEE(s, extent(s, max), false);
	return plain_strnlen(s, max);
}

char *stpcpy(char *dst, const char *src);
char *stpcpy(char *dst, const char *src)
{
	if (!in_arena(dst) && !in_arena(src))
		return libc_stpcpy(dst, src);
	SEE(src, extent(src, SIZE_MAX), false);
	SEE(dst, extent(src, SIZE_MAX), true);
	return plain_stpcpy(dst, src);
}

char *strcpy(char *dst, const char *src);
char *strcpy(char *dst, const char *src)
{
	if (!in_arena(dst) && !in_arena(src))
		return libc_strcpy(dst, src);
	SEE(src, extent(src, SIZE_MAX), false);
	SEE(dst, extent(src, SIZE_MAX), true);
	return plain_strcpy(dst, src);
}

char *strncpy(char *dst, const char *src, size_t max);
char *strncpy(char *dst, const char *src, size_t max)
{
	if ((!in_arena(dst) && !in_arena(src)) || !max)
		return libc_strncpy(dst, src, max);
	SEE(src, extent(src, max), false);
	SEE(dst, max, true);
	return plain_strncpy(dst, src, max);
}

char *strcat(char *dst, const char *src);
char *strcat(char *dst, const char *src)
{
	if (!in_arena(dst) && !in_arena(src))
		return libc_strcat(dst, src);
	SEE(src, extent(src, SIZE_MAX), false);
	SEE(dst, extent(dst, SIZE_MAX), false);
	SEE(dst + plain_strlen(dst), extent(src, SIZE_MAX), true);
	return plain_strcat(dst, src);
}

int strcmp(const char *a, const char *b);
int strcmp(const char *a, const char *b)
{
	if (!in_arena(a) && !in_arena(b))
		return libc_strcmp(a, b);
	SEE(a, compared(a, b, SIZE_MAX), false);
	SEE(b, compared(a, b, SIZE_MAX), false);
	return plain_strcmp(a, b);
}

int strncmp(const char *a, const char *b, size_t max);
int strncmp(const char *a, const char *b, size_t max)
{
	if ((!in_arena(a) && !in_arena(b)) || !max)
		return libc_strncmp(a, b, max);
	SEE(a, compared(a, b, max), false);
	SEE(b, compared(a, b, max), false);
	return plain_strncmp(a, b, max);
}

void *memchr(const void *s, int c, size_t n);
void *memchr(const void *s, int c, size_t n)
{
	const char *found;

	if (!in_arena(s) || !n)
		return libc_memchr(s, c, n);
	found = plain_memchr(s, c, n);
	SEE(s, found ? (size_t)(found - (const char *)s) + 1 : n, false);
	return (void *)(uintptr_t)found;
}

char *strchr(const char *s, int c);
char *strchr(const char *s, int c)
{
	const char *found;

	if (!in_arena(s))
		return libc_strchr(s, c);
	found = plain_strchr(s, c);
	SEE(s, found ? (size_t)(found - s) + 1 : extent(s, SIZE_MAX), false);
	return (char *)(uintptr_t)found;
}
