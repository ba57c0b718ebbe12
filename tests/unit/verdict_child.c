// SPDX-License-Identifier: MIT
/*
 * A program that fails in many ways, run by verdict.c, which looks at what it prints and how it ends.
 */
#include <stdio.h>
#include <string.h>
#include <dmasim/cmocka.h>
#include "lib/check/report.h"
#include "lib/core/sched.h"

static __attribute__((__noinline__)) void dma_call(const char *rule)
{
	struct finding f = {.rule = rule, .act_verb = "call", .device_name = "dad0"};

	STACK_ENTER();
	report_finding(k_thread.current, &f);
	__asm__ volatile("");
}

/* ---- policies ---- */

static int policy(const char *spec, const char *rule, int status)
{
	struct dmasim_machine *m = dmasim_machine_create(spec);

	if (!m) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		return 77;
	}
	dmasim_machine_use(m);
	if (rule) {
		dma_call(rule);
		dma_call(rule);
	}
	printf("still here\n");
	dmasim_machine_destroy(m);
	return status;
}

static int expected_only(const char *spec)
{
	struct dmasim_machine *m = dmasim_machine_create(spec);

	dmasim_machine_use(m);
	dmasim_expect_violation("double-unmap");
	dma_call("double-unmap");
	return dmasim_machine_destroy(m);
}

/* ---- CMocka ---- */

static void clean(void **state)
{
	assert_null(*state);
	assert_non_null(dmasim_machine_current());
}

static void dirty(void **state)
{
	(void)state;
	dma_call("double-unmap");
}

static void expected(void **state)
{
	(void)state;
	dmasim_expect_violation("double-unmap");
	dma_call("double-unmap");
}

static void unmet(void **state)
{
	(void)state;
	dmasim_expect_violation("double-unmap");
}

static void another(void **state)
{
	(void)state;
	dmasim_expect_violation("double-unmap");
	dma_call("unmap-unknown");
}

static void no_such_rule(void **state)
{
	(void)state;
	dmasim_expect_violation("no-such-rule");
}

static void asserts(void **state)
{
	(void)state;
	dma_call("double-unmap");
	assert_int_equal(1, 2);
}

static void stuck(void **state)
{
	(void)state;
	k_stop(k_thread.current, "nothing can wake it");
}

static int named_tests(void)
{
	const struct CMUnitTest tests[] = {
		dmasim_unit_test(clean),   dmasim_unit_test(dirty),   dmasim_unit_test(expected),
		dmasim_unit_test(unmet),   dmasim_unit_test(another), dmasim_unit_test(no_such_rule),
		dmasim_unit_test(asserts), dmasim_unit_test(stuck),
	};

	return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}

static int plain_tests(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, dmasim_setup, dmasim_teardown)
	const struct CMUnitTest tests[] = {TEST(clean), TEST(dirty), TEST(expected), TEST(unmet), TEST(no_such_rule)};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "continue"))
		return policy("pc", "double-unmap", 0);
	if (!strcmp(what, "abort"))
		return policy("pc,on_violation=abort", "double-unmap", 0);
	if (!strcmp(what, "exitcode"))
		return policy("pc,exitcode=42", "double-unmap", 0);
	if (!strcmp(what, "exitcode-failing"))
		return policy("pc,exitcode=42", "double-unmap", 3);
	if (!strcmp(what, "exitcode-clean"))
		return policy("pc,exitcode=42", NULL, 0);
	if (!strcmp(what, "exitcode-expected"))
		return expected_only("pc,exitcode=42");
	if (!strcmp(what, "named"))
		return named_tests();
	if (!strcmp(what, "plain"))
		return plain_tests();
	return 78;
}
