// SPDX-License-Identifier: MIT
/*
 * Runs each correct driver on every preset, with every guard, seeds 1 to 20, all choices in play: it works, and nothing
 * is reported. DMASIM_TEST_DRIVER=name DMASIM_TEST_SPEC=spec runs one alone and shows what it said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include "tests/drivers/drivers.h"

static jmp_buf stopped;
static const char *spec_now, *name_now;

void check_failed(const char *condition, const char *file, int line)
{
	print_error("%s on %s: not so: %s\n", name_now, spec_now, condition);
	for (size_t i = 0; dmasim_violation(i); i++)
		print_error("%s\n", dmasim_violation(i)->text);
	_fail(file, line);
}

static void on_stop(const char *why, void *arg)
{
	(void)arg;
	print_error("%s on %s: stopped: %s\n", name_now, spec_now, why);
	longjmp(stopped, 1);
}

/* True if it was silent to the end. */
static bool run(const struct legal_driver *d, const char *spec)
{
	volatile bool whole = false;
	struct dmasim_machine *m;
	const char *verdict;

	spec_now = spec;
	name_now = d->name;
	m = dmasim_machine_create(spec);
	if (!m)
		print_error("%s: %s\n", spec, dmasim_last_error());
	assert_non_null(m);
	if (!setjmp(stopped)) {
		dmasim_on_stop(on_stop, NULL);
		d->run();
		whole = true;
	}
	assert_int_equal(dmasim_machine_destroy(m), 0);
	verdict = dmasim_verdict();
	if (verdict)
		print_error("%s on %s:\n%s\n", d->name, spec, verdict);
	return !verdict && whole;
}

static void everywhere(const struct legal_driver *drivers)
{
	static const char *const presets[] = {"pc", "pc-swiotlb", "worst", "pc,bus_offset=0x100000000"};
	static const char *const guards[] = {
		"api",
		"snapshot",
#ifdef DRIVERS_INSTRUMENTED
		"instrument",
		"snapshot+instrument",
#endif
	};
	const char *only = getenv("DMASIM_TEST_DRIVER"), *spec_only = getenv("DMASIM_TEST_SPEC");
	unsigned int bad = 0;
	char spec[160];

	for (const struct legal_driver *d = drivers; d->name; d++) {
		if (only && strcmp(only, d->name) != 0)
			continue;
		if (spec_only) {
			bad += !run(d, spec_only);
			continue;
		}
		for (size_t p = 0; p < sizeof(presets) / sizeof(*presets); p++)
			for (size_t g = 0; g < sizeof(guards) / sizeof(*guards); g++)
				for (unsigned int seed = 1; seed <= 20 && bad < 5; seed++) {
					snprintf(spec, sizeof(spec),
						 "%s,guard=%s,chaos=on,seed=%u,report=none,summary=off", presets[p],
						 guards[g], seed);
					bad += !run(d, spec);
				}
	}
	assert_int_equal(bad, 0);
}

static void network_cards(void **state)
{
	(void)state;
	everywhere(nic_drivers);
}

static void commands(void **state)
{
	(void)state;
	everywhere(command_drivers);
}

static void small_ones(void **state)
{
	(void)state;
	everywhere(small_drivers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_cards),
		cmocka_unit_test(commands),
		cmocka_unit_test(small_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
