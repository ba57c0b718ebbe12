/* SPDX-License-Identifier: MIT */
/* Loops that exist as instrumented and as plain code: loops.c. */
#ifndef TESTS_BENCH_LOOPS_H
#define TESTS_BENCH_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#define LOOP_BYTES 4096

struct loop {
	void *memory; /* 2 * LOOP_BYTES, or 2 * size for copies */
	size_t size;
	uint64_t sum;
};

#define DECLARE_LOOPS(kind)                              \
	void kind##_read_bytes(void *loop, uint64_t n);  \
	void kind##_write_bytes(void *loop, uint64_t n); \
	void kind##_read_words(void *loop, uint64_t n);  \
	void kind##_copy(void *loop, uint64_t n);

DECLARE_LOOPS(instrumented)
DECLARE_LOOPS(plain)
DECLARE_LOOPS(tsan)

#endif
