// SPDX-License-Identifier: MIT
/* Interrupts: when handlers run, who shares, what is masked, threads, tasklets, and the mistakes around request and free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include "lib/core/device.h"
#include "lib/core/irq.h"

static struct dmasim_machine *m;
static struct device *dev;
static unsigned int irq;
static int calls, thread_calls, soft_calls;
static irqreturn_t answer;
static bool drop_level;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	assert_non_null(m);
	dev = dmasim_device_create("x0");
	irq = (unsigned int)dmasim_device_irq(dev);
	calls = thread_calls = soft_calls = 0;
	answer = IRQ_HANDLED;
	drop_level = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	k_irqs_check(m);
	return dmasim_machine_destroy(m);
}

static irqreturn_t handler(int line, void *data)
{
	(void)data;
	assert_int_equal(line, irq);
	calls++;
	if (drop_level)
		dmasim_device_set_irq(dev, false);
	return answer;
}

static irqreturn_t thread(int line, void *data)
{
	(void)line;
	(void)data;
	thread_calls++;
	msleep(1); /* may sleep */
	return IRQ_HANDLED;
}

static void edges_are_delivered_at_safe_points(void **state)
{
	(void)state;
	assert_int_equal(dmasim_device_raise_irq(dev), -ENXIO);
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	assert_int_equal(dmasim_device_raise_irq(dev), 0);
	assert_int_equal(dmasim_device_raise_irq(dev), 0);
	assert_int_equal(calls, 0);
	udelay(1);
	assert_int_equal(calls, 1);
	disable_irq(irq);
	disable_irq(irq);
	dmasim_device_raise_irq(dev);
	udelay(1);
	enable_irq(irq);
	assert_int_equal(calls, 1);
	enable_irq(irq);
	assert_int_equal(calls, 2);
	assert_string_equal(free_irq(irq, dev), "x");
	assert_int_equal(dmasim_violation_count(), 0);
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	enable_irq(irq);
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
	free_irq(irq, dev);
}

static void arguments(void **state)
{
	int a, b;

	(void)state;
	assert_int_equal(request_irq(irq, NULL, 0, "x", dev), -EINVAL);
	assert_int_equal(request_irq(9999, handler, 0, "x", dev), -EINVAL);
	assert_int_equal(request_irq(irq, handler, IRQF_SHARED, "x", NULL), -EINVAL);
	assert_int_equal(request_irq(irq, handler, 0, "x", &a), 0);
	assert_int_equal(request_irq(irq, handler, IRQF_SHARED, "x", &b), -EBUSY);
	free_irq(irq, &a);
	assert_int_equal(request_irq(irq, handler, IRQF_SHARED, "x", &a), 0);
	assert_int_equal(request_irq(irq, handler, IRQF_SHARED, "y", &b), 0);
	dmasim_device_raise_irq(dev);
	udelay(1);
	assert_int_equal(calls, 2);
	free_irq(irq, &a);
	free_irq(irq, &b);
	assert_int_equal(dmasim_violation_count(), 0);
	assert_int_equal(dmasim_fail_call("request_irq", 1), 0);
	assert_int_equal(request_irq(irq, handler, 0, "x", &a), -ENOMEM);
}

static void wrong_free(void **state)
{
	(void)state;
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	assert_null(free_irq(irq, &calls));
	assert_null(free_irq(irq + 1, dev));
	assert_non_null(free_irq(irq, dev));
	assert_null(free_irq(irq, dev));
	assert_int_equal(dmasim_violation_count_of("irq-free-unknown"), 3);
}

static void level_stays_high(void **state)
{
	(void)state;
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	drop_level = true;
	dmasim_device_set_irq(dev, true);
	udelay(1);
	assert_int_equal(calls, 1);
	assert_int_equal(dmasim_violation_count(), 0);
	drop_level = false;
	dmasim_device_set_irq(dev, true);
	udelay(1);
	assert_int_equal(dmasim_violation_count_of("irq-unhandled"), 1);
	free_irq(irq, dev);
	dmasim_device_set_irq(dev, false);
}

static void nobody_cares(void **state)
{
	(void)state;
	answer = IRQ_NONE;
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	dmasim_device_raise_irq(dev); /* now and then is no mistake */
	udelay(1);
	assert_int_equal(dmasim_violation_count(), 0);
	dmasim_device_set_irq(dev, true);
	udelay(1);
	assert_int_equal(dmasim_violation_count_of("irq-unhandled"), 1);
	free_irq(irq, dev);
}

static void threads(void **state)
{
	(void)state;
	assert_int_equal(request_threaded_irq(irq, NULL, thread, 0, "x", dev), -EINVAL);
	assert_int_equal(request_threaded_irq(irq, NULL, thread, IRQF_ONESHOT, "x", dev), 0);
	dmasim_device_raise_irq(dev);
	msleep(5);
	assert_int_equal(thread_calls, 1);
	dmasim_device_raise_irq(dev);
	udelay(1);
	synchronize_irq(irq);
	assert_int_equal(thread_calls, 2);
	free_irq(irq, dev);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void leak_at_unplug(void **state)
{
	(void)state;
	assert_int_equal(request_irq(irq, handler, 0, "x", dev), 0);
	dmasim_device_destroy(dev);
	assert_int_equal(dmasim_violation_count_of("irq-leak"), 1);
}

static void soft(struct tasklet_struct *t)
{
	(void)t;
	soft_calls++;
}

static void tasklets(void **state)
{
	DECLARE_TASKLET(t, soft);

	(void)state;
	tasklet_schedule(&t);
	tasklet_schedule(&t);
	assert_int_equal(soft_calls, 0);
	udelay(1);
	assert_int_equal(soft_calls, 1);
	tasklet_disable(&t);
	tasklet_schedule(&t);
	udelay(1);
	assert_int_equal(soft_calls, 1);
	tasklet_enable(&t);
	tasklet_kill(&t);
	assert_int_equal(soft_calls, 2);
	assert_int_equal(dmasim_violation_count(), 0);
}

/* Memory that was zeroed, and no memory: told, and no jump into nowhere. */
static void tasklets_that_are_none(void **state)
{
	struct tasklet_struct zero = {0}, *lost;

	(void)state;
	dmasim_expect_violation("uninitialised-object");
	tasklet_schedule(&zero);
	dmasim_expect_violation("uninitialised-object");
	tasklet_kill((struct tasklet_struct *)64);
	dmasim_expect_violation("uninitialised-object");
	lost = kzalloc(sizeof(*lost), GFP_KERNEL);
	tasklet_setup(lost, soft);
	tasklet_schedule(lost);
	lost->func = NULL; /* as a stray write leaves it */
	udelay(1);
	dmasim_expect_violation("uninitialised-object");
	tasklet_setup(lost, soft);
	tasklet_schedule(lost);
	memset(lost, 0x5a, sizeof(*lost)); /* a larger one */
	lost->count = 0;
	lost->state = 1;
	udelay(1);
	kfree(lost);
	assert_int_equal(dmasim_unmet_expectations(), 0);
	assert_int_equal(dmasim_unexpected_violations(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(edges_are_delivered_at_safe_points, setup, teardown),
		cmocka_unit_test_setup_teardown(arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_free, setup, teardown),
		cmocka_unit_test_setup_teardown(level_stays_high, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_cares, setup, teardown),
		cmocka_unit_test_setup_teardown(threads, setup, teardown),
		cmocka_unit_test_setup_teardown(leak_at_unplug, setup, teardown),
		cmocka_unit_test_setup_teardown(tasklets, setup, teardown),
		cmocka_unit_test_setup_teardown(tasklets_that_are_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
