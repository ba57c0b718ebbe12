// SPDX-License-Identifier: MIT
/*
 * Run-length coded byte states against an array with one entry a byte.
 *
 * Every change is made to both; then both must agree on every byte, and the runs must be the shortest list that says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/check/runs.h"

#define SIZE 300

struct byte {
	u8 state, told;
	u64 time;
};

static u64 random_state;

static u32 rnd(u32 n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(random_state >> 33) % n;
}

static void compare(const struct runs *r, const struct byte *model)
{
	u32 runs = 1;

	runs_check(r, SIZE);
	for (u32 i = 0; i < SIZE; i++) {
		const struct run *run = &r->run[runs_at(r, i)];

		assert_int_equal(run->state, model[i].state);
		assert_int_equal(run->by.told, model[i].told);
		assert_int_equal(run->by.time, model[i].time);
		runs += i && memcmp(&model[i], &model[i - 1], sizeof(*model)) != 0;
	}
	assert_int_equal(r->n, runs);
}

static void random_changes(void **state)
{
	static const u8 owners[] = {BYTE_CPU, BYTE_DEVICE, BYTE_UNSYNCED};
	struct stamp first = {.time = 1, .stack = 1};
	const char *chosen = getenv("DMASIM_TEST_SEED");
	u64 seed = chosen ? strtoull(chosen, NULL, 0) : 1;

	(void)state;
	print_message("DMASIM_TEST_SEED=%llu\n", seed);
	random_state = seed;
	for (int round = 0; round < 40; round++) {
		struct byte model[SIZE];
		struct runs r = {0};

		memset(model, 0, sizeof(model));
		for (u32 i = 0; i < SIZE; i++)
			model[i] = (struct byte){.state = BYTE_DEVICE, .time = 1};
		assert_int_equal(runs_init(&r, SIZE, BYTE_DEVICE, &first), 0);
		for (int step = 0; step < 400; step++) {
			u32 lo = rnd(SIZE), hi = lo + 1 + rnd(rnd(4) ? 8 : SIZE - lo);
			u8 clear = 0, set = 0;
			struct stamp by = {.time = 2 + rnd(3), .stack = 1};
			bool handed = rnd(2);

			hi = hi > SIZE ? SIZE : hi;
			if (rnd(8) == 0) {
				u32 at = runs_at(&r, lo);
				u64 when = r.run[at].by.time;

				runs_tell(&r, at, 2);
				for (u32 i = 0; i < SIZE; i++)
					if (model[i].time == when)
						model[i].told |= 2;
				compare(&r, model);
				continue;
			}
			if (handed) {
				clear = BYTE_OWNER | BYTE_SEEN;
				set = owners[rnd(3)];
			} else {
				set = rnd(2) ? BYTE_DEV_WROTE : BYTE_CPU_WROTE;
				clear = rnd(2) ? BYTE_SEEN : 0;
			}
			assert_int_equal(runs_apply(&r, lo, hi, clear, set, handed ? &by : NULL), 0);
			for (u32 i = lo; i < hi; i++) {
				model[i].state = (u8)((model[i].state & ~clear) | set);
				if (handed) {
					model[i].time = by.time;
					model[i].told = 0;
				}
			}
			compare(&r, model);
		}
		runs_exit(&r);
	}
}

static void equal_neighbours_become_one(void **state)
{
	struct stamp by = {.time = 1};
	struct runs r = {0};

	(void)state;
	assert_int_equal(runs_init(&r, 100, BYTE_DEVICE, &by), 0);
	runs_apply(&r, 10, 20, BYTE_OWNER, BYTE_CPU, NULL);
	assert_int_equal(r.n, 3);
	runs_apply(&r, 20, 100, BYTE_OWNER, BYTE_CPU, NULL);
	assert_int_equal(r.n, 2);
	runs_apply(&r, 0, 10, BYTE_OWNER, BYTE_CPU, NULL);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.run[0].end, 100);
	runs_exit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_neighbours_become_one),
		cmocka_unit_test(random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
