// SPDX-License-Identifier: MIT
/*
 * Addresses become lines: of functions, of inlined functions, of other modules, and of nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/symbols.h"

static __attribute__((__noinline__)) const struct symbol *here(void)
{
	const struct symbol *s = symbol_of(__builtin_return_address(0));

	__asm__ volatile("");
	return s;
}

static const struct symbol *inlined_symbol;
static int inlined_line;

static inline __attribute__((__always_inline__)) void inner(void)
{
	inlined_symbol = here(), inlined_line = __LINE__;
}

static inline __attribute__((__always_inline__)) void outer(void)
{
	inner();
}

static void a_line(void **state)
{
	const struct symbol *s = here();
	int line = __LINE__ - 1;

	(void)state;
	assert_string_equal(s->module, "unit_symbols");
	assert_int_equal(s->nr, 1);
	assert_int_equal(s->lines[0].role, SYMBOL_DRIVER);
#ifdef HAVE_LIBDW
	assert_string_equal(s->lines[0].function, "a_line");
	assert_non_null(s->lines[0].file);
	assert_string_equal(strrchr(s->lines[0].file, '/'), "/symbols.c");
	assert_int_equal(s->lines[0].line, line);
	assert_null(symbol_hint(s));
#else
	(void)line;
	assert_non_null(strstr(symbol_hint(s), "libdw"));
#endif
}

static void inlined_functions_are_lines_of_their_own(void **state)
{
	int line;

	(void)state;
	outer(), line = __LINE__;
#ifdef HAVE_LIBDW
	assert_int_equal(inlined_symbol->nr, 3);
	assert_string_equal(inlined_symbol->lines[0].function, "inner");
	assert_int_equal(inlined_symbol->lines[0].line, inlined_line);
	assert_string_equal(inlined_symbol->lines[1].function, "outer");
	assert_string_equal(inlined_symbol->lines[2].function, "inlined_functions_are_lines_of_their_own");
	assert_int_equal(inlined_symbol->lines[2].line, line);
#else
	(void)line;
#endif
}

static void answers_are_remembered(void **state)
{
	const struct symbol *s = NULL;

	(void)state;
	for (volatile int i = 0; i < 100; i++) {
		const struct symbol *again = here();

		assert_true(!s || s == again);
		s = again;
	}
}

static void frameworks_are_the_bottom(void **state)
{
	(void)state;
	/* A test is called by CMocka; div() is the C library's, and no sanitizer has one of its own. */
	assert_int_equal(symbol_of(__builtin_return_address(0))->lines[0].role, SYMBOL_BOTTOM);
	assert_int_equal(symbol_of((char *)(uintptr_t)div + 1)->lines[0].role, SYMBOL_BOTTOM);
}

static void the_library_is_recognised(void **state)
{
	(void)state;
	assert_int_equal(symbol_of((char *)(uintptr_t)symbol_of + 1)->lines[0].role, SYMBOL_LIBRARY);
}

static void nonsense_is_nowhere(void **state)
{
	static char data[16];
	char local[16];
	void *wrong[] = {NULL, (void *)1, (void *)8, local, malloc(16), (void *)-1, (void *)0x123456789abcULL};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const struct symbol *s = symbol_of(wrong[i]);

		assert_non_null(s);
		assert_non_null(s->module);
		assert_int_equal(s->lines[0].role, SYMBOL_NOWHERE);
	}
	assert_non_null(symbol_of(data)->module); /* in the program, but no code */
	free(wrong[4]);
}

static void many_addresses(void **state)
{
	const char *base = (const char *)(uintptr_t)symbol_of;

	(void)state;
	for (int i = 0; i < 2000; i++)
		assert_non_null(symbol_of(base + i)->module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line),
		cmocka_unit_test(inlined_functions_are_lines_of_their_own),
		cmocka_unit_test(answers_are_remembered),
		cmocka_unit_test(frameworks_are_the_bottom),
		cmocka_unit_test(the_library_is_recognised),
		cmocka_unit_test(nonsense_is_nowhere),
		cmocka_unit_test(many_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
