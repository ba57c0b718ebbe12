// SPDX-License-Identifier: MIT
/* Modules: found by their file's name, loaded once, unloaded in reverse and at the machine's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/module.h>
#include <linux/wait.h>

static int inits, exits, answer;

static DECLARE_WAIT_QUEUE_HEAD(nobody_wakes);
static bool never_ends;

static int __init start(void)
{
	inits++;
	return answer;
}
module_init(start);

static void __exit stop(void)
{
	exits++;
	if (never_ends)
		wait_event(nobody_wakes, false);
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

static jmp_buf stopped;

static void on_stop(const char *why, void *arg)
{
	(void)why;
	(void)arg;
	longjmp(stopped, 1);
}

/* An exit function that waits for ever is cut short, once: it is not run again, and nothing of it stays behind. */
static void an_exit_that_never_ends(void **state)
{
	static struct dmasim_machine *m;

	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	assert_non_null(m);
	exits = 0;
	never_ends = true;
	assert_int_equal(dmasim_load_module("module"), 0);
	if (!setjmp(stopped)) {
		dmasim_on_stop(on_stop, NULL);
		dmasim_unload_module("module");
		fail_msg("the exit function came back");
	}
	assert_int_equal(dmasim_violation_count_of("wait-never-woken"), 1);
	never_ends = false;
	assert_int_equal(dmasim_machine_destroy(m), 0);
	assert_int_equal(exits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(load_and_unload),
					   cmocka_unit_test(an_exit_that_never_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
