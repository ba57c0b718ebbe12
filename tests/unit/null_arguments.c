// SPDX-License-Identifier: MIT
/*
 * Every exported function, with NULL for everything and then with one object of zeroes, without a machine and with one:
 * it may complain and it may end the test, but it may not crash or hang.
 *
 * The list of functions is that of the library's symbols, so that none is forgotten. Each one is tried in a process of
 * its own. Excepted are those whose arguments are the caller's own memory by their nature.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <dmasim/dmasim.h>
#include "sim/valgrind.h"

typedef long any_function(void *, void *, void *, void *, void *, void *);

#define SYMBOL(name) extern char symbol_##name[] __asm__(#name);
#include "null_arguments_symbols.h"
#undef SYMBOL

#define SYMBOL(name) {#name, symbol_##name},
static const struct {
	const char *name;
	char *address;
} symbols[] = {
#include "null_arguments_symbols.h"
};

static const char *const excepted[] = {
	"dmasim_bug",			    /* gives up, as asked */
	"dmasim_k_vprintk",		    /* a va_list is no pointer */
	"dmasim_k_sg_nents",		    /* zeroes are a list without an end */
	"dmasim_k___sg_page_iter_dma_next", /* these only through their macros, which name a variable */
	"dmasim_get_user",
	"dmasim_wait_begin",
	"dmasim_wait_step",
	"dmasim_wait_end",
	"dmasim_load8", /* the caller's accesses are the caller's */
	"dmasim_load16",
	"dmasim_load32",
	"dmasim_load64",
	"dmasim_store8",
	"dmasim_store16",
	"dmasim_store32",
	"dmasim_store64",
};

static bool is_excepted(const char *name)
{
	for (size_t i = 0; i < sizeof(excepted) / sizeof(*excepted); i++) {
		if (strcmp(name, excepted[i]) == 0)
			return true;
	}
	return false;
}

static void on_stop(const char *why, void *arg)
{
	(void)why;
	(void)arg;
	_exit(0);
}

static void call(char *address, const char *spec)
{
	static char zeroes[65536] __attribute__((aligned(64)));
	struct dmasim_machine *m = NULL;

	alarm(20);
	for (int object = 0; object < 2; object++) {
		if (spec) {
			m = dmasim_machine_create(spec);
			if (!m)
				_exit(2);
			dmasim_on_stop(on_stop, NULL);
		}
		memset(zeroes, 0, sizeof(zeroes));
		((any_function *)(uintptr_t)address)(object ? zeroes : NULL, NULL, NULL, NULL, NULL, NULL);
		if (m && dmasim_machine_current() == m && dmasim_machine_destroy(m))
			_exit(3);
	}
}

static void try_all(const char *spec)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		int status;
		pid_t child;

		if (is_excepted(symbols[i].name))
			continue;
		fflush(NULL);
		child = fork();
		if (child == 0) {
			if (!getenv("DMASIM_TEST_VERBOSE") && !freopen("/dev/null", "w", stderr))
				_exit(4);
			call(symbols[i].address, spec);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			print_error("%s: status %#x (DMASIM_TEST_VERBOSE=1 shows why)\n", symbols[i].name, status);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void without_a_machine(void **state)
{
	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip(); /* a process for each call is too much at its speed */
	try_all(NULL);
}

static void on_a_machine(void **state)
{
	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip();
	try_all("worst,ram=32M,report=none,summary=off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_machine),
		cmocka_unit_test(on_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
