// SPDX-License-Identifier: MIT
/* Failures on demand: the counts are exact, names are checked, aliases count too. */
#include "tests/unit/sched_test.h"
#include <errno.h>
#include <linux/slab.h>

static void *try_alloc(bool zeroed)
{
	void *p = zeroed ? kzalloc(8, GFP_KERNEL) : kmalloc(8, GFP_KERNEL);

	kfree(p);
	return p;
}

static void the_nth_call_fails(void **state)
{
	(void)state;
	begin("pc");
	assert_non_null(try_alloc(false));
	assert_int_equal(dmasim_fail_call("kmalloc", 3), 0);
	assert_non_null(try_alloc(false));
	assert_non_null(try_alloc(true)); /* a kzalloc is also a kmalloc */
	assert_null(try_alloc(false));
	assert_non_null(try_alloc(false));
	assert_int_equal(dmasim_fail_call("kzalloc", 1), 0);
	assert_non_null(try_alloc(false)); /* but a kmalloc is no kzalloc */
	assert_null(try_alloc(true));
	assert_int_equal(dmasim_fail_from("kmalloc", 2), 0);
	assert_non_null(try_alloc(true));
	for (int i = 0; i < 5; i++)
		assert_null(try_alloc(i & 1));
	assert_int_equal(dmasim_fail_from("kmalloc", 0), 0);
	assert_non_null(try_alloc(false));
	assert_false(m->inject_armed);
	end();
}

static void only_names_that_can_fail(void **state)
{
	(void)state;
	begin("pc");
	assert_int_equal(dmasim_fail_call("kfree", 1), -EINVAL);
	assert_non_null(strstr(dmasim_last_error(), "kmalloc"));
	assert_int_equal(dmasim_fail_call(NULL, 1), -EINVAL);
	assert_int_equal(dmasim_fail_call("", 1), -EINVAL);
	end();
}

static const char *const names[] = {
#include "lib/core/inject_names.def"
};

static void every_name_is_found(void **state)
{
	(void)state;
	begin("pc");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(dmasim_fail_call(names[i], 2), 0);
		assert_false(k_fails(m, names[i], NULL));
		assert_true(k_fails(m, names[i], NULL));
		assert_false(k_fails(m, names[i], NULL));
		assert_int_equal(dmasim_fail_call(names[i], 0), 0);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nth_call_fails),
		cmocka_unit_test(only_names_that_can_fail),
		cmocka_unit_test(every_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
