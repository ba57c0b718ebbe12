// SPDX-License-Identifier: MIT
/* Loops over memory, compiled twice: LOOP is `instrumented` or `plain`. */
#include <string.h>
#include "tests/bench/loops.h"

#define NAME_OF(kind, what) kind##_##what
#define NAME(kind, what)    NAME_OF(kind, what)

void NAME(LOOP, read_bytes)(void *arg, uint64_t n)
{
	struct loop *loop = arg;
	const unsigned char *p = loop->memory;
	unsigned int sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		sum += p[i % LOOP_BYTES];
		/* one access an iteration: no vectors, or the plain loop would not do the same work */
		__asm__ volatile("" : "+r"(sum));
	}
	loop->sum = sum;
}

void NAME(LOOP, write_bytes)(void *arg, uint64_t n)
{
	struct loop *loop = arg;
	unsigned char *p = loop->memory;

	for (uint64_t i = 0; i < n; i++) {
		p[i % LOOP_BYTES] = (unsigned char)i;
		__asm__ volatile("");
	}
}

void NAME(LOOP, read_words)(void *arg, uint64_t n)
{
	struct loop *loop = arg;
	const uint64_t *p = loop->memory;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		sum += p[i % (LOOP_BYTES / 8)];
		__asm__ volatile("" : "+r"(sum));
	}
	loop->sum = sum;
}

void NAME(LOOP, copy)(void *arg, uint64_t n)
{
	struct loop *loop = arg;
	volatile size_t size = loop->size;

	for (uint64_t i = 0; i < n; i++)
		memcpy(loop->memory, (char *)loop->memory + LOOP_BYTES, size);
}
