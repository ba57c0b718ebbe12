/* SPDX-License-Identifier: MIT */
/*
 * A fresh machine for each CMocka test, and violations that fail it.
 *
 *	static void rx_is_unmapped_once(void **state) { ... }
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			dmasim_unit_test(rx_is_unmapped_once),
 *			cmocka_unit_test_setup_teardown(tx_is_synced, dmasim_setup, dmasim_teardown),
 *		};
 *		return cmocka_run_group_tests(tests, NULL, NULL);
 *	}
 *
 * Both forms make a machine before the test, from the environment variable DMASIM_MACHINE or the harshest one, and
 * destroy it afterwards, with its leak checks. The first form fails the test itself when something was wrong, and
 * names it in reports; prefer it. The second can only fail the test's teardown, as CMocka runs it; CMocka then counts
 * the test as an error. Either way the program's exit status is not 0.
 *
 * Everything is inline, so that only your program needs CMocka, never libdmasim. <dmasim/violation.h> says how to
 * expect violations.
 */
#ifndef DMASIM_CMOCKA_H
#define DMASIM_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>

/* CMocka cuts what one print_error() prints at about 1,000 characters: one call a line. */
static inline void dmasim_cmocka_print(const char *text)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		print_error("%.*s\n", n, text);
		text += n + (text[n] == '\n');
	}
}

/* dmasim_on_stop(): nothing can go on, so this test ends here; CMocka jumps out of it. */
static inline void dmasim_cmocka_stop(const char *why, void *unused)
{
	(void)unused;
	print_error("dmasim: the test cannot go on: %s\n", why);
	_fail(__FILE__, __LINE__);
}

static inline int dmasim_cmocka_create(const char *test_name)
{
	struct dmasim_machine *machine = dmasim_machine_create(getenv("DMASIM_MACHINE"));

	if (!machine) {
		print_error("dmasim: no machine: %s\n", dmasim_last_error());
		return -1;
	}
	dmasim_machine_use(machine);
	dmasim_on_stop(dmasim_cmocka_stop, NULL);
	dmasim_test_name(test_name);
	return 0;
}

/* Destroy the machine, if the test left one; what was wrong, or NULL. */
static inline const char *dmasim_cmocka_finish(void)
{
	struct dmasim_machine *machine = dmasim_machine_current();

	if (machine && dmasim_machine_destroy(machine)) {
		print_error("dmasim: the machine cannot be destroyed: %s\n", dmasim_last_error());
		dmasim_machine_use(NULL);
		return "the machine cannot be destroyed";
	}
	return dmasim_verdict();
}

/** dmasim_setup() - a fresh machine for the test; *state is left alone */
static inline int dmasim_setup(void **state)
{
	(void)state;
	return dmasim_cmocka_create(NULL);
}

/** dmasim_teardown() - destroys it; fails for unexpected violations and for expected ones that did not happen */
static inline int dmasim_teardown(void **state)
{
	const char *verdict = dmasim_cmocka_finish();

	(void)state;
	if (!verdict)
		return 0;
	dmasim_cmocka_print(verdict);
	return -1;
}

struct dmasim_cmocka_test {
	const char *name;
	void (*test)(void **state);
	int done; /* its machine was destroyed and judged */
};

static inline int dmasim_cmocka_setup(void **state)
{
	struct dmasim_cmocka_test *t = (struct dmasim_cmocka_test *)*state;

	t->done = 0;
	return dmasim_cmocka_create(t->name);
}

static inline void dmasim_cmocka_run(void **state)
{
	struct dmasim_cmocka_test *t = (struct dmasim_cmocka_test *)*state;
	struct dmasim_place place = {t->name, 0, NULL};
	const struct dmasim_violation *v;
	void *test_state = NULL;
	const char *verdict;
	char headline[256];
	size_t n;

	t->test(&test_state);
	t->done = 1;
	for (size_t i = 0; (v = dmasim_violation(i)); i++) {
		if (!v->expected && v->act.file) {
			place = v->act;
			break;
		}
	}
	verdict = dmasim_cmocka_finish();
	if (!verdict)
		return;
	/* The first line becomes the failure's message, which also reaches CMocka's XML. */
	n = strcspn(verdict, "\n");
	snprintf(headline, sizeof(headline), "%.*s", (int)n, verdict);
	dmasim_cmocka_print(verdict + n + (verdict[n] == '\n'));
	_assert_true(0, headline, place.file, place.line);
}

/* After a test that failed or was stopped on its way: what the machine has to say is worth reading, too. */
static inline int dmasim_cmocka_teardown(void **state)
{
	struct dmasim_cmocka_test *t = (struct dmasim_cmocka_test *)*state;

	if (!t->done)
		dmasim_teardown(state); /* printed; the test has failed anyway */
	return 0;
}

/** dmasim_unit_test() - an entry of the table of tests: @f with a machine of its own; its *state is NULL */
/* clang-format off */
#define dmasim_unit_test(f) \
	{ #f, dmasim_cmocka_run, dmasim_cmocka_setup, dmasim_cmocka_teardown, &(struct dmasim_cmocka_test){#f, f, 0} }
/* clang-format on */

#endif
