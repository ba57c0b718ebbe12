// SPDX-License-Identifier: MIT
/* The kernel's printf and its log: libc's answer where libc has one, the kernel's for what stands behind %p. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <dmasim/log.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/ioport.h>

static struct dmasim_machine *m;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return dmasim_machine_destroy(m);
}

#define SAME_AS_LIBC(...)                                      \
	do {                                                   \
		char ours[256], theirs[256];                   \
		scnprintf(ours, sizeof(ours), __VA_ARGS__);    \
		snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
		assert_string_equal(ours, theirs);             \
	} while (0)

static void as_libc(void **state)
{
	(void)state;
	SAME_AS_LIBC("%d %i %u %x %X %o", -1, 2, 3u, 255u, 255u, 8u);
	SAME_AS_LIBC("%hhd %hd %ld %lld %zu %jd", (signed char)-4, (short)5, -6L, -7LL, (size_t)8, (intmax_t)-9);
	SAME_AS_LIBC("[%5d][%-5d][%05d][%+d][% d][%#x]", 1, 2, 3, 4, 5, 6u);
	SAME_AS_LIBC("[%*d][%-*d][%.*s]", 4, 1, 4, 2, 2, "abc");
	SAME_AS_LIBC("[%s][%8s][%-8s][%.2s][%c]%%", "a", "b", "c", "defg", 'h');
	SAME_AS_LIBC("[%.5d][%8.3x]", 3, 4u);
}

static void kernel_pointers(void **state)
{
	char buf[128];
	phys_addr_t address = 0x12345678;
	u8 mac[6] = {1, 2, 3, 0xaa, 0xbb, 0xcc};
	struct resource res = {.start = 0x1000, .end = 0x1fff, .flags = IORESOURCE_MEM};

	(void)state;
	scnprintf(buf, sizeof(buf), "%pa|%pad|%pap", &address, &address, &address);
	assert_string_equal(buf, "0x0000000012345678|0x0000000012345678|0x0000000012345678");
	scnprintf(buf, sizeof(buf), "%pe %px", (void *)-12L, (void *)0x1234);
	assert_string_equal(buf, "-ENOMEM 0000000000001234");
	scnprintf(buf, sizeof(buf), "%pM", mac);
	assert_string_equal(buf, "01:02:03:aa:bb:cc");
	scnprintf(buf, sizeof(buf), "%pR", &res);
	assert_string_equal(buf, "[mem 0x1000-0x1fff]");
	scnprintf(buf, sizeof(buf), "%pad", (void *)8);
	assert_non_null(strstr(buf, "no memory"));
	assert_int_equal(scnprintf(buf, 4, "abcdef"), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(scnprintf(buf, 0, "abcdef"), 0);
}

static void the_log(void **state)
{
	struct device *dev = dmasim_device_create("x0");
	uint64_t ns;
	int level;

	(void)state;
	dmasim_run_for(5000);
	printk(KERN_ERR "one %d\n", 1);
	pr_info("two ");
	pr_cont("three\n");
	dev_warn(dev, "four\n");
	assert_int_equal(dev_err_probe(dev, -5, "five\n"), -5);
	pr_debug("foo.c: six\n");
	assert_int_equal(dmasim_log_count(), 5);
	assert_string_equal(dmasim_log_line(0, &level, &ns), "one 1");
	assert_int_equal(level, 3);
	assert_true(ns >= 5000);
	assert_string_equal(dmasim_log_line(1, NULL, NULL), "two three");
	assert_string_equal(dmasim_log_line(2, &level, NULL), " x0: four");
	assert_int_equal(level, 4);
	assert_string_equal(dmasim_log_line(3, NULL, NULL), " x0: error -EIO: five");
	assert_string_equal(dmasim_log_line(4, NULL, NULL), "foo: six");
	assert_null(dmasim_log_line(5, NULL, NULL));
	assert_true(dmasim_log_contains("three"));
	dmasim_log_clear();
	assert_false(dmasim_log_contains("three"));
	for (int i = 0; i < 3000; i++)
		printk("line %d\n", i);
	assert_string_equal(dmasim_log_line(0, NULL, NULL), "line 1976");
	assert_string_equal(dmasim_log_line(1023, NULL, NULL), "line 2999");
}

static void warnings_are_violations(void **state)
{
	(void)state;
	assert_false(WARN_ON(0));
	assert_true(WARN_ON(1 + 1 == 2));
	assert_true(WARN(1, "odd %d\n", 7));
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 2);
	assert_non_null(strstr(dmasim_violation(0)->text, "1 + 1 == 2"));
	assert_non_null(strstr(dmasim_violation(1)->text, "odd 7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_libc, setup, teardown),
		cmocka_unit_test_setup_teardown(kernel_pointers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(warnings_are_violations, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
