// SPDX-License-Identifier: MIT
/*
 * Call stacks: capture and interning, held against what the compiler itself says of its frames.
 *
 * The oracle is __builtin_return_address() in each function on the way down. Stacks are made by random walks through a
 * few mutually recursive functions, and by handing in invented program counters, so that the table has to grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/stack.h"

static struct dmasim_machine machine, *m = &machine;
static u64 not_recorded;

static void unchecked(struct dmasim_machine *which, const char *name, u64 n)
{
	(void)which;
	(void)name;
	not_recorded += n;
}

static int setup(void **state)
{
	(void)state;
	memset(m, 0, sizeof(*m));
	m->hooks.unchecked = unchecked;
	not_recorded = 0;
	return k_stacks_init(m);
}

static int teardown(void **state)
{
	(void)state;
	stack_check(m);
	k_stacks_exit(m);
	return 0;
}

/* ---- the oracle: return addresses noted on the way down, innermost last ---- */

static void *noted[64];
static unsigned int nr_noted;
static uint64_t random_state = 1;

static unsigned int random_below(unsigned int n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % n;
}

static __attribute__((__noinline__)) stack_id api(void)
{
	stack_id id;

	noted[nr_noted++] = __builtin_return_address(0);
	id = STACK_HERE(m);
	nr_noted--;
	return id;
}

typedef void check_fn(stack_id id);

static __attribute__((__noinline__)) void odd(unsigned int depth, check_fn *check);

static __attribute__((__noinline__)) void even(unsigned int depth, check_fn *check)
{
	noted[nr_noted++] = __builtin_return_address(0);
	if (!depth) {
		noted[nr_noted] = NULL;
		check(api());
	} else if (random_below(2)) {
		odd(depth - 1, check);
	} else {
		even(depth - 1, check);
	}
	nr_noted--;
}

static __attribute__((__noinline__)) void odd(unsigned int depth, check_fn *check)
{
	noted[nr_noted++] = __builtin_return_address(0);
	if (depth)
		even(depth - 1, check);
	else
		check(api());
	nr_noted--;
}

/* The return address of api() itself differs with the place of its call; the callers' are what was noted. */
static void frames_are_as_noted(stack_id id)
{
	void *pcs[STACK_FRAMES];
	bool truncated;
	unsigned int n = stack_frames(m, id, pcs, &truncated), known = nr_noted + 1;

	assert_true(id != 0);
	assert_true(n >= 1 && n <= STACK_FRAMES);
	if (known > STACK_FRAMES)
		assert_true(truncated);
	for (unsigned int i = 1; i < n && i < known; i++)
		assert_ptr_equal(pcs[i], noted[nr_noted - i]);
}

static void random_walks_match_the_compiler(void **state)
{
	(void)state;
	random_state = 42;
	for (int i = 0; i < 20000; i++)
		even(random_below(12), frames_are_as_noted);
	assert_int_equal(not_recorded, 0);
}

static stack_id ids[2];

static void keep_id(stack_id id)
{
	ids[0] = ids[1];
	ids[1] = id;
}

static volatile int twice = 2; /* the compiler may not unroll: each copy of a call has its own address */

static void equal_stacks_have_equal_ids(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < twice; k++) {
			random_state = (uint64_t)i + 1;
			even(6, keep_id);
		}
		assert_int_equal(ids[0], ids[1]);
	}
}

static void different_lines_have_different_ids(void **state)
{
	stack_id a, b;

	(void)state;
	a = api();
	b = api();
	assert_int_not_equal(a, b);
}

/* A public function's frame; the pc is that of an access in its caller. */
static __attribute__((__noinline__)) void a_known_pc_is_not_repeated(void **state)
{
	void *pcs[STACK_FRAMES], *frame = __builtin_frame_address(0), *pc = ((void **)frame)[1];
	unsigned int n;

	(void)state;
	n = stack_frames(m, stack_capture_pc(m, pc, frame), pcs, NULL);
	assert_true(n >= 1);
	assert_ptr_equal(pcs[0], pc);
	assert_true(n == 1 || pcs[1] != pc);
	n = stack_frames(m, stack_capture_pc(m, (char *)pc + 4, frame), pcs, NULL);
	assert_true(n >= 2);
	assert_ptr_equal(pcs[0], (char *)pc + 4);
	assert_ptr_equal(pcs[1], pc);
}

static void the_table_grows(void **state)
{
	enum { N = 50000 };
	stack_id *seen = calloc(N, sizeof(*seen));
	void *pcs[STACK_FRAMES];

	(void)state;
	assert_non_null(seen);
	for (uintptr_t i = 0; i < N; i++)
		seen[i] = stack_capture_pc(m, (void *)(0x1000 + i * 4), NULL);
	for (uintptr_t i = 0; i < N; i++) {
		assert_int_equal(stack_capture_pc(m, (void *)(0x1000 + i * 4), NULL), seen[i]);
		assert_int_equal(stack_frames(m, seen[i], pcs, NULL), 1);
		assert_ptr_equal(pcs[0], (void *)(0x1000 + i * 4));
	}
	stack_check(m);
	free(seen);
}

/* ---- bad input ---- */

static void wild_frames_end_the_walk(void **state)
{
	uintptr_t fake[6];
	void *pcs[STACK_FRAMES];
	bool truncated;
	unsigned int n;

	(void)state;
	fake[0] = (uintptr_t)&fake[2]; /* links to the next */
	fake[1] = 0x1111;
	fake[2] = 16; /* to nowhere */
	fake[3] = 0x2222;
	n = stack_frames(m, stack_capture(m, fake), pcs, &truncated);
	assert_int_equal(n, 2);
	assert_true(truncated);
	assert_ptr_equal(pcs[1], (void *)0x2222);

	fake[2] = (uintptr_t)fake; /* back down: a loop */
	n = stack_frames(m, stack_capture(m, fake), pcs, &truncated);
	assert_int_equal(n, 2);
	assert_true(truncated);

	fake[2] = 0; /* a sensible end */
	n = stack_frames(m, stack_capture(m, fake), pcs, &truncated);
	assert_int_equal(n, 2);
	assert_false(truncated);

	assert_int_equal(stack_frames(m, 0, pcs, &truncated), 0);
	assert_int_equal(stack_frames(m, 0x7fffffff, pcs, &truncated), 0);
	assert_int_equal(stack_capture(m, NULL), 0);
}

static void bounds_are_those_of_the_thread(void **state)
{
	int local = 0;
	static int not_local;
	void *heap = malloc(8);

	(void)state;
	assert_true(stack_contains(&local));
	assert_false(stack_contains(&not_local));
	assert_false(stack_contains(heap));
	assert_false(stack_contains(NULL));
	free(heap);
}

static void *in_thread(void *main_local)
{
	int local = 0;

	assert_true(stack_contains(&local));
	assert_false(stack_contains(main_local));
	assert_int_not_equal(api(), 0);
	return NULL;
}

static void other_threads_have_their_own(void **state)
{
	pthread_t t;
	int local = 0;

	(void)state;
	nr_noted = 0;
	assert_int_equal(pthread_create(&t, NULL, in_thread, &local), 0);
	pthread_join(t, NULL);
}

/* ---- signals ---- */

static volatile bool was_in_signal;
static volatile stack_id in_handler;

static void handler(int sig)
{
	(void)sig;
	was_in_signal = stack_in_signal();
	in_handler = STACK_HERE(m);
}

static void a_handler_knows_what_it_is(void **state)
{
	struct sigaction action = {.sa_handler = handler}, old;
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536}, old_ss;

	(void)state;
	assert_false(stack_in_signal());
	sigaction(SIGUSR1, &action, &old);
	raise(SIGUSR1);
	assert_true(was_in_signal);
	assert_int_not_equal(in_handler, 0);

	was_in_signal = false;
	action.sa_flags = SA_ONSTACK;
	sigaltstack(&ss, &old_ss);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	assert_true(was_in_signal);
	sigaltstack(&old_ss, NULL);
	sigaction(SIGUSR1, &old, NULL);
	free(ss.ss_sp);
	assert_false(stack_in_signal());
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(random_walks_match_the_compiler),
		TEST(equal_stacks_have_equal_ids),
		TEST(different_lines_have_different_ids),
		TEST(a_known_pc_is_not_repeated),
		TEST(the_table_grows),
		TEST(wild_frames_end_the_walk),
		TEST(bounds_are_those_of_the_thread),
		TEST(other_threads_have_their_own),
		TEST(a_handler_knows_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
