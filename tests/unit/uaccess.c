// SPDX-License-Identifier: MIT
/* Copies to and from user memory that may not be there, between host memory and the machine's RAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

static struct dmasim_machine *m;
static u8 *user; /* one page that is there, and one that is not */

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	user = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(m && user != MAP_FAILED);
	mprotect(user + 4096, 4096, PROT_NONE); /* not unmapped: something else might come to lie there */
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	munmap(user, 8192);
	return dmasim_machine_destroy(m);
}

static void whole_and_short(void **state)
{
	u8 *kernel = kmalloc(100, GFP_KERNEL), host[100];

	(void)state;
	memset(user, 7, 4096);
	assert_int_equal(copy_from_user(kernel, user, 100), 0);
	assert_int_equal(kernel[99], 7);
	memset(kernel, 9, 100);
	assert_int_equal(copy_to_user(user, kernel, 100), 0);
	assert_int_equal(user[99], 9);
	assert_int_equal(copy_to_user(user + 4096 - 40, kernel, 100), 60);
	assert_int_equal(copy_from_user(kernel, user + 4096 - 40, 100), 60);
	assert_int_equal(kernel[39], 9);
	assert_int_equal(kernel[40], 0);
	assert_int_equal(kernel[99], 0);
	assert_int_equal(copy_from_user(host, user + 4096 - 40, 100), 60);
	assert_int_equal(host[99], 0);
	assert_int_equal(copy_to_user(NULL, kernel, 10), 10);
	assert_int_equal(copy_to_user(user, kernel, 0), 0);
	assert_int_equal(clear_user(user + 4090, 10), 4);
	assert_int_equal(user[4095], 0);
	kfree(kernel);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void single_values(void **state)
{
	u32 *there = (u32 *)user, *missing = (u32 *)(user + 4096), value = 5;
	char text[8];

	(void)state;
	assert_int_equal(put_user(77, there), 0);
	assert_int_equal(get_user(value, there), 0);
	assert_int_equal(value, 77);
	assert_int_equal(get_user(value, missing), -EFAULT);
	assert_int_equal(value, 0);
	assert_int_equal(put_user(1, missing), -EFAULT);
	memcpy(user + 4090, "abc", 4);
	assert_int_equal(strncpy_from_user(text, (char *)user + 4090, 8), 3);
	assert_string_equal(text, "abc");
	memset(user + 4090, 'x', 6);
	assert_int_equal(strncpy_from_user(text, (char *)user + 4090, 8), -EFAULT);
	assert_int_equal(strncpy_from_user(text, (char *)user + 4090, 4), 4);
	assert_true(access_ok(user, 4096));
	assert_false(access_ok(user, ~0UL));
}

static void injected(void **state)
{
	u8 byte = 1;

	(void)state;
	assert_int_equal(dmasim_fail_call("copy_to_user", 1), 0);
	assert_int_equal(copy_to_user(user, &byte, 1), 1);
	assert_int_equal(copy_to_user(user, &byte, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_and_short, setup, teardown),
		cmocka_unit_test_setup_teardown(single_values, setup, teardown),
		cmocka_unit_test_setup_teardown(injected, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
