// SPDX-License-Identifier: MIT
/*
 * The DAD's driver under failure: every call of its life that can fail, made to fail once, one call after the other.
 * Whatever fails, the driver must clean up behind it: nothing is reported, nothing leaks, and the next life goes well.
 * And its life without failures in places where drivers of its kind go wrong: unloaded while the device pushes data, two
 * devices at once, unplugged and plugged again.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/chardev.h>
#include <dmasim/devices/dad.h>
#include <dmasim/dmasim.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include "examples/dad/dad.h"
#include "lib/core/kernel.h"

static const char *const names[] = {
#include "lib/core/inject_names.def"
};
static const char *const machines[] = {
	"pc,guard=snapshot+instrument,lint=on",
	"worst,guard=snapshot+instrument,lint=on",
	"worst,guard=api,chaos=on,seed=5",
	"pc-swiotlb,guard=snapshot+instrument,lint=on",
};
#define BLOCK 512

static struct dmasim_machine *begin(const char *spec, unsigned int seed)
{
	struct dmasim_machine *m;
	char full[160];

	snprintf(full, sizeof(full), "%s,report=none,summary=off", spec);
	if (seed)
		snprintf(full + strlen(full), sizeof(full) - strlen(full), ",chaos=on,seed=%u", seed);
	m = dmasim_machine_create(full);
	if (!m)
		print_error("%s: %s\n", full, dmasim_last_error());
	assert_non_null(m);
	return m;
}

/* The leaks that only the end shows are included. True if there is nothing to say. */
static bool silent(struct dmasim_machine *m, const char *what, unsigned int nth)
{
	const char *verdict;

	assert_int_equal(dmasim_machine_destroy(m), 0);
	verdict = dmasim_verdict();
	if (verdict)
		print_error("call %u of %s failed, and then:\n%s\n", nth, what, verdict);
	return !verdict;
}

static void acquire(struct dmasim_file *file, int mode, int rounds)
{
	unsigned char block[BLOCK];
	unsigned int lost;
	uint32_t number;
	long n;

	if (dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode))
		return;
	for (int i = 0; i < rounds; i++) {
		n = dmasim_read(file, block, sizeof(block));
		assert_true(n == BLOCK || n == -EFAULT);
		if (n == BLOCK)
			assert_true(dmasim_dad_check_block(block, sizeof(block), &number));
	}
	dmasim_ioctl(file, DAD_IOC_OVERRUNS, &lost);
	mode = DAD_MODE_IDLE;
	dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode);
}

static void one_life(void)
{
	unsigned char bytes[700] = {1, 2, 3};
	struct dmasim_file *file;
	long n;

	dmasim_load_module("dad");
	file = dmasim_open("dad0", O_RDWR);
	if (file) {
		n = dmasim_write(file, bytes, sizeof(bytes));
		assert_true(n == sizeof(bytes) || n < 0);
		n = dmasim_read(file, bytes, sizeof(bytes));
		assert_true(n == sizeof(bytes) || n < 0);
		if (n > 0)
			assert_true(dmasim_dad_check_block(bytes, sizeof(bytes), NULL));
		acquire(file, DAD_MODE_ANNOUNCE, 3);
		acquire(file, DAD_MODE_RING, 5);
		dmasim_close(file);
	}
	dmasim_unload_module("dad");
}

/* False when the life has no nth call of that name. */
static bool life_with_failure(const char *spec, const char *name, unsigned int nth, unsigned int *bad)
{
	struct dmasim_machine *m = begin(spec, 0);
	bool failed;

	if (!dmasim_dad_create(NULL) || dmasim_fail_call(name, nth))
		abort();
	one_life();
	failed = !m->inject_armed;
	dmasim_fail_call(name, 0);
	*bad += !silent(m, name, nth);
	return failed;
}

static void every_call_fails_once(void **state)
{
	unsigned int lives = 0, bad = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(machines) / sizeof(*machines); s++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			for (unsigned int nth = 1; life_with_failure(machines[s], names[i], nth, &bad); nth++) {
				assert_true(nth < 200);
				lives++;
			}
	print_message("%u failures\n", lives);
	assert_true(lives > 60);
	assert_int_equal(bad, 0);
}

static void every_call_fails_from_the_nth(void **state)
{
	unsigned int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (unsigned int nth = 1; nth < 4; nth++) {
			struct dmasim_machine *m = begin(machines[nth % 2], 0);
			struct dmasim_file *file;
			char bytes[64] = "x";

			assert_non_null(dmasim_dad_create(NULL));
			assert_int_equal(dmasim_fail_from(names[i], nth), 0);
			dmasim_load_module("dad");
			file = dmasim_open("dad0", O_RDWR);
			for (int k = 0; file && k < 3; k++) {
				dmasim_write(file, bytes, sizeof(bytes));
				dmasim_read(file, bytes, sizeof(bytes));
			}
			dmasim_close(file);
			bad += !silent(m, names[i], nth);
		}
	}
	assert_int_equal(bad, 0);
}

/* ---- no failure, but at a bad moment ---- */

static void unloaded_while_acquiring(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		for (int mode = DAD_MODE_ANNOUNCE; mode <= DAD_MODE_RING; mode++) {
			struct dmasim_machine *m = begin(machines[seed % 2], seed);
			struct dmasim_file *file;

			assert_non_null(dmasim_dad_create(NULL));
			assert_int_equal(dmasim_load_module("dad"), 0);
			file = dmasim_open("dad0", O_RDWR);
			assert_non_null(file);
			assert_int_equal(dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode), 0);
			assert_int_equal(dmasim_close(file), 0);
			dmasim_run_for(20000 + seed * 3777); /* now and then in the middle of a transfer */
			if (seed % 3)
				assert_int_equal(dmasim_unload_module("dad"), 0);
			dmasim_run_for(1000000);
			assert_true(silent(m, "unload", seed));
		}
	}
}

static void two_devices(void **state)
{
	static const struct dmasim_dad_config configs[] = {{.name = "dad0"}, {.name = "dad1", .latency_ns = 33000}};

	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct dmasim_machine *m = begin(machines[seed % 2], seed);
		struct device *devices[2];
		struct dmasim_file *files[2];
		unsigned char block[BLOCK];
		uint32_t number, last[2] = {0, 0};
		int mode = seed % 4 < 2 ? DAD_MODE_RING : DAD_MODE_ANNOUNCE;

		devices[0] = dmasim_dad_create(&configs[0]);
		assert_int_equal(dmasim_load_module("dad"), 0);
		devices[1] = dmasim_dad_create(&configs[1]);
		assert_true(devices[0] && devices[1]);
		files[0] = dmasim_open("dad0", O_RDWR);
		files[1] = dmasim_open("dad1", O_RDWR);
		assert_true(files[0] && files[1]);
		assert_int_equal(dmasim_ioctl(files[0], DAD_IOC_SET_MODE, &mode), 0);
		assert_int_equal(dmasim_ioctl(files[1], DAD_IOC_SET_MODE, &mode), 0);
		for (int round = 0; round < 10; round++) {
			int i = round % 2;

			assert_int_equal(dmasim_read(files[i], block, sizeof(block)), BLOCK);
			assert_true(dmasim_dad_check_block(block, sizeof(block), &number));
			assert_true(round < 2 || number > last[i]);
			last[i] = number;
		}
		dmasim_close(files[0]);
		dmasim_device_destroy(devices[0]); /* the other one goes on */
		assert_int_equal(dmasim_read(files[1], block, sizeof(block)), BLOCK);
		dmasim_close(files[1]);
		assert_true(silent(m, "nothing", 0));
	}
}

static void unplugged_and_plugged_again(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct dmasim_machine *m = begin(machines[seed % 2], seed);

		assert_int_equal(dmasim_load_module("dad"), 0);
		for (int times = 0; times < 3; times++) {
			struct device *dev = dmasim_dad_create(NULL);
			struct dmasim_file *file = dmasim_open("dad0", O_RDWR);
			int mode = DAD_MODE_RING;

			assert_true(dev && file);
			assert_int_equal(dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode), 0);
			dmasim_run_for(130000 + seed * 1111);
			dmasim_close(file);
			dmasim_device_destroy(dev);
		}
		assert_true(silent(m, "nothing", 0));
	}
}

static int sleeping_reader(void *arg)
{
	char block[BLOCK];
	long n;

	do
		n = dmasim_read(arg, block, sizeof(block));
	while (n > 0);
	return (int)n;
}

/* The reader has fallen asleep for a block when the device goes; the open file lives on, and is of no more use. */
static void unplugged_under_a_reader(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct dmasim_machine *m = begin(machines[seed % 2], seed);
		struct device *dev;
		struct dmasim_file *file;
		struct task_struct *reader;
		int mode = seed & 2 ? DAD_MODE_RING : DAD_MODE_ANNOUNCE;

		assert_int_equal(dmasim_load_module("dad"), 0);
		dev = dmasim_dad_create(NULL);
		file = dmasim_open("dad0", O_RDWR);
		assert_true(dev && file);
		assert_int_equal(dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode), 0);
		reader = kthread_run(sleeping_reader, file, "reader");
		assert_false(IS_ERR(reader));
		dmasim_run_for(130000 + seed * 1111);
		dmasim_device_destroy(dev);
		assert_int_equal(kthread_stop(reader), -ENODEV);
		assert_int_equal(dmasim_write(file, "x", 1), -ENODEV);
		assert_int_equal(dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode), -ENODEV);
		assert_int_equal(dmasim_close(file), 0);
		assert_true(silent(m, "nothing", 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_fails_once),       cmocka_unit_test(every_call_fails_from_the_nth),
		cmocka_unit_test(unloaded_while_acquiring),    cmocka_unit_test(two_devices),
		cmocka_unit_test(unplugged_and_plugged_again), cmocka_unit_test(unplugged_under_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
