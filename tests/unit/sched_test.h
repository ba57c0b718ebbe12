/* SPDX-License-Identifier: MIT */
/* What the tests of tasks, waits and locks share: a machine, and a place where the end of a test is caught. */
#ifndef TESTS_UNIT_SCHED_TEST_H
#define TESTS_UNIT_SCHED_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/errno.h>
#include "lib/core/task.h"

static struct dmasim_machine *m;
static jmp_buf stopped;
static char stop_reason[256];

static inline void on_stop(const char *why, void *arg)
{
	(void)arg;
	snprintf(stop_reason, sizeof(stop_reason), "%s", why);
	longjmp(stopped, 1);
}

/* Run the statement; true if it ended the test. */
#define STOPS(statement)                               \
	({                                             \
		bool stops_ = setjmp(stopped) != 0;    \
		if (!stops_) {                         \
			dmasim_on_stop(on_stop, NULL); \
			statement;                     \
		}                                      \
		stops_;                                \
	})

static inline void begin(const char *spec)
{
	char full[160];

	if (dmasim_machine_current()) /* of a test that failed */
		dmasim_machine_destroy(dmasim_machine_current());
	snprintf(full, sizeof(full), "%s,report=none,summary=off", spec);
	m = dmasim_machine_create(full);
	if (!m)
		print_error("%s: %s\n", full, dmasim_last_error());
	assert_non_null(m);
	assert_ptr_equal(dmasim_machine_current(), m);
}

/* Exactly this many violations, all of this rule. */
static inline void expect(const char *rule, size_t n)
{
	if (dmasim_violation_count() != n)
		for (size_t i = 0; dmasim_violation(i); i++)
			print_error("%s\n", dmasim_violation(i)->text);
	assert_int_equal(dmasim_violation_count(), n);
	if (n)
		assert_int_equal(dmasim_violation_count_of(rule), n);
	dmasim_violations_clear();
}

static inline void end(void)
{
	expect("", 0);
	k_sched_check(m);
	assert_int_equal(dmasim_machine_destroy(m), 0);
	assert_null(dmasim_machine_current());
}

#endif
