// SPDX-License-Identifier: MIT
/* Modules: found by their file's name, loaded once, unloaded in reverse and at the machine's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/module.h>

static int inits, exits, answer;

static int __init start(void)
{
	inits++;
	return answer;
}
module_init(start);

static void __exit stop(void)
{
	exits++;
}
module_exit(stop);

MODULE_LICENSE("GPL");

static void load_and_unload(void **state)
{
	struct dmasim_machine *m = dmasim_machine_create("pc,report=none,summary=off");

	(void)state;
	assert_non_null(m);
	assert_int_equal(dmasim_load_module("nothing"), -ENOENT);
	assert_int_equal(dmasim_unload_module("module"), -ENOENT);
	answer = -ENODEV;
	assert_int_equal(dmasim_load_module("module"), -ENODEV);
	answer = 0;
	assert_int_equal(dmasim_load_module("module"), 0);
	assert_int_equal(dmasim_load_module("module"), -EEXIST);
	assert_int_equal(inits, 2);
	assert_int_equal(dmasim_unload_module("module"), 0);
	assert_int_equal(exits, 1);
	assert_int_equal(dmasim_load_module(NULL), 0);
	assert_int_equal(dmasim_load_module(NULL), 0);
	assert_int_equal(inits, 3);
	assert_int_equal(dmasim_machine_destroy(m), 0);
	assert_int_equal(exits, 2);
	assert_int_equal(dmasim_load_module("module"), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(load_and_unload)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
