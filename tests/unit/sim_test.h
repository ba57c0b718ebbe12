/* SPDX-License-Identifier: MIT */
/* What the tests of the hardware share: CMocka, and numbers that repeat. */
#ifndef TESTS_UNIT_SIM_TEST_H
#define TESTS_UNIT_SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include <dmasim/machine.h>
#include "sim/private.h"

/* The seed of a random test: DMASIM_TEST_SEED, else 1. Printed, so that a failure can be had again. */
static inline uint64_t test_seed(void)
{
	const char *s = getenv("DMASIM_TEST_SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;

	print_message("DMASIM_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static inline uint64_t test_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline uint64_t test_below(uint64_t *state, uint64_t n)
{
	return test_random(state) % n;
}

static inline struct sim_machine *test_machine(const char *spec)
{
	struct sim_machine *m = sim_machine_create(spec);

	if (!m)
		fail_msg("%s", dmasim_last_error());
	return m;
}

#endif
