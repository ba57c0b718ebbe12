/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: reading decisions from the input. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Counted by the target, read by driver.c. */
extern unsigned long fuzz_operations;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* Zeros at the end: every prefix of an input is an input. */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

static inline unsigned int fuzz_below(struct fuzz_input *in, unsigned int n)
{
	unsigned int high = n > 256 ? fuzz_byte(in) : 0;

	return (high << 8 | fuzz_byte(in)) % n;
}

static inline uint64_t fuzz_u64(struct fuzz_input *in)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | fuzz_byte(in);
	return v;
}

#endif
