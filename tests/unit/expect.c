// SPDX-License-Identifier: MIT
/*
 * Expectations, held against a naive oracle: a list of rule names that is walked by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include "lib/check/report.h"

static struct dmasim_machine *m;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	if (!m)
		return -1;
	dmasim_machine_use(m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return dmasim_machine_destroy(m);
}

/* Distinct for each call: the device's name differs. */
static void happen(const char *rule)
{
	static unsigned int serial;
	char name[16];
	struct finding f = {.rule = rule, .device_name = name};

	snprintf(name, sizeof(name), "dad%u", serial++);
	report_finding(m, &f);
}

static void expected_is_not_unexpected(void **state)
{
	(void)state;
	dmasim_expect_violation("double-unmap");
	assert_int_equal(dmasim_unmet_expectations(), 1);
	assert_non_null(strstr(dmasim_verdict(), "double-unmap"));
	happen("double-unmap");
	assert_int_equal(dmasim_unmet_expectations(), 0);
	assert_int_equal(dmasim_unexpected_violations(), 0);
	assert_int_equal(dmasim_violation_count(), 1);
	assert_true(dmasim_violation(0)->expected);
	assert_null(dmasim_verdict());
	happen("double-unmap"); /* one was expected, not two */
	assert_int_equal(dmasim_unexpected_violations(), 1);
	assert_non_null(dmasim_verdict());
}

static void repetitions_share_its_fate(void **state)
{
	struct finding f = {.rule = "double-unmap", .device_name = "the same"};

	(void)state;
	dmasim_expect_violation("double-unmap");
	for (volatile int i = 0; i < 5; i++)
		report_finding(m, &f);
	assert_int_equal(dmasim_violation_count(), 5);
	assert_null(dmasim_verdict());
}

static void order_matters(void **state)
{
	(void)state;
	dmasim_expect_violation("double-unmap");
	dmasim_expect_violation("unmap-unknown");
	happen("unmap-unknown");
	assert_int_equal(dmasim_unexpected_violations(), 1);
	assert_int_equal(dmasim_unmet_expectations(), 2);
	happen("double-unmap");
	happen("unmap-unknown");
	assert_int_equal(dmasim_unexpected_violations(), 1);
	assert_int_equal(dmasim_unmet_expectations(), 0);
}

static void allowed_ones_stand_beside(void **state)
{
	(void)state;
	dmasim_allow_violation("unmap-unknown");
	dmasim_expect_violation("double-unmap");
	happen("unmap-unknown");
	happen("unmap-unknown");
	happen("double-unmap");
	happen("unmap-unknown");
	assert_null(dmasim_verdict());
	assert_int_equal(dmasim_violation_count(), 4);
}

static void the_verdict_survives_the_machine(void **state)
{
	(void)state;
	happen("double-unmap");
	dmasim_machine_destroy(m);
	assert_null(dmasim_machine_current());
	assert_non_null(strstr(dmasim_verdict(), "double-unmap"));
	m = dmasim_machine_create("pc,summary=off");
	dmasim_machine_use(m);
	assert_null(dmasim_verdict());
	dmasim_machine_destroy(m);
	assert_null(dmasim_verdict());
	setup(NULL);
}

static jmp_buf stopped;
static char why_stopped[256];

static void stop(const char *why, void *arg)
{
	assert_ptr_equal(arg, &stopped);
	snprintf(why_stopped, sizeof(why_stopped), "%s", why);
	longjmp(stopped, 1);
}

static void an_unknown_rule_fails_at_once(void **state)
{
	static void (*const functions[])(const char *) = {dmasim_expect_violation, dmasim_allow_violation};

	(void)state;
	dmasim_on_stop(stop, &stopped);
	for (volatile size_t i = 0; i < 2; i++) {
		why_stopped[0] = 0;
		if (!setjmp(stopped)) {
			functions[i]("double-unmapp");
			fail();
		}
		assert_non_null(strstr(why_stopped, "double-unmapp"));
	}
	if (!setjmp(stopped)) {
		dmasim_expect_violations(NULL, 3);
		fail();
	}
}

/* Random sequences against a list. */
static void random_sequences(void **state)
{
	static const char *const names[] = {"double-unmap", "unmap-unknown", "mapping-leak"};
	uint64_t x = 99;

	(void)state;
	for (int round = 0; round < 200; round++) {
		unsigned int queue[64], head = 0, tail = 0, unexpected = 0;
		bool allowed[3] = {false, false, false};

		for (int step = 0; step < 40; step++) {
			unsigned int r, what;

			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			r = (unsigned int)(x >> 40) % 3;
			what = (unsigned int)(x >> 50) % 16;
			if (what < 6 && tail + 3 < 64) {
				unsigned int n = what < 3 ? 1 : what - 3;

				dmasim_expect_violations(names[r], n);
				while (n--)
					queue[tail++] = r;
			} else if (what == 6) {
				dmasim_allow_violation(names[r]);
				allowed[r] = true;
			} else {
				happen(names[r]);
				if (head < tail && queue[head] == r)
					head++;
				else
					unexpected += !allowed[r];
			}
			assert_int_equal(dmasim_unexpected_violations(), unexpected);
			assert_int_equal(dmasim_unmet_expectations(), tail - head);
			assert_int_equal(dmasim_verdict() != NULL, unexpected || tail != head);
		}
		teardown(NULL);
		setup(NULL);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(expected_is_not_unexpected),
		TEST(repetitions_share_its_fate),
		TEST(order_matters),
		TEST(allowed_ones_stand_beside),
		TEST(random_sequences),
		TEST(the_verdict_survives_the_machine),
		TEST(an_unknown_rule_fails_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
