// SPDX-License-Identifier: MIT
/* Devices of any origin: embedded, library-made, on buses of a driver's own; managed resources; handles that went stale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include "lib/core/device.h"

static struct dmasim_machine *m;
static char order[16];
static int releases, probe_answer;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	memset(order, 0, sizeof(order));
	releases = probe_answer = 0;
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	k_devices_check(m);
	return dmasim_machine_destroy(m);
}

static void note(void *letter)
{
	order[strlen(order)] = *(char *)letter;
}

static int probe(struct device *dev)
{
	note("p");
	assert_int_equal(devm_add_action(dev, note, "1"), 0);
	assert_non_null(devm_kzalloc(dev, 64, GFP_KERNEL));
	assert_int_equal(devm_add_action(dev, note, "2"), 0);
	return probe_answer;
}

static int remove_fn(struct device *dev)
{
	(void)dev;
	note("r");
	return 0;
}

static struct bus_type bus = {.name = "own"};
static struct device_driver driver = {.name = "drv", .bus = &bus, .probe = probe, .remove = remove_fn};

static void release(struct device *dev)
{
	(void)dev;
	releases++;
}

static void own_bus(void **state)
{
	struct device dev = {.init_name = "own0", .bus = &bus, .release = release};

	(void)state;
	assert_int_equal(bus_register(&bus), 0);
	assert_int_equal(device_register(&dev), 0);
	assert_string_equal(dev_name(&dev), "own0");
	assert_int_equal(driver_register(&driver), 0);
	assert_ptr_equal(dev.driver, &driver);
	device_release_driver(&dev);
	assert_string_equal(order, "pr21");
	assert_int_equal(device_attach(&dev), 1);
	driver_unregister(&driver);
	assert_string_equal(order, "pr21pr21");
	get_device(&dev);
	device_unregister(&dev);
	assert_int_equal(releases, 0);
	put_device(&dev);
	assert_int_equal(releases, 1);
	assert_null(k_device(&dev, "test"));
	assert_int_equal(dmasim_violation_count(), 0);
}

static void deferred_probe(void **state)
{
	struct device first = {.init_name = "a", .bus = &bus};

	(void)state;
	probe_answer = -EPROBE_DEFER;
	assert_int_equal(driver_register(&driver), 0);
	assert_int_equal(device_register(&first), 0);
	assert_null(first.driver);
	assert_string_equal(order, "p21");
	probe_answer = 0;
	assert_int_equal(device_attach(&first), 1);
	driver_unregister(&driver);
	device_unregister(&first);
}

static void embedded(void **state)
{
	static struct device dev; /* its memory is there when the machine looks whether the struct is */
	struct dmasim_device_private *p, *q;

	(void)state;
	dev.init_name = "mine";
	p = k_device(&dev, "test");
	assert_non_null(p);
	assert_string_equal(p->name, "mine");
	assert_ptr_equal(k_device(&dev, "test"), p);
	memset(&dev, 0, sizeof(dev)); /* reused without a word */
	q = k_device(&dev, "test");
	assert_non_null(q);
	assert_int_equal(m->devices->all->id, q->id);
	assert_null(k_device(NULL, "test"));
	assert_string_equal(dmasim_device_name(NULL), "(null)");
}

static void of_another_machine(void **state)
{
	static struct device dev = {.init_name = "mine"};
	struct dmasim_machine *other;

	(void)state;
	assert_non_null(k_device(&dev, "test"));
	other = dmasim_machine_create("pc,report=none,summary=off");
	dmasim_machine_use(other);
	assert_null(k_device(&dev, "test"));
	assert_non_null(strstr(dmasim_last_error(), "another machine"));
	assert_int_equal(dmasim_machine_destroy(other), 0);
	dmasim_machine_use(m);
}

static void transfers_and_arguments(void **state)
{
	struct device *dev = dmasim_device_create("x0");
	char byte = 0;

	(void)state;
	assert_int_equal(dmasim_device_read(dev, 0, NULL, 1), -EINVAL);
	assert_int_equal(dmasim_device_read(dev, 0, &byte, 0), -EINVAL);
	assert_int_equal(dmasim_device_read(NULL, 0, &byte, 1), -EINVAL);
	assert_true(dmasim_device_write(dev, ~0ULL, &byte, 2) < 0);
	dmasim_violations_clear(); /* its first byte is beyond the mask as well */
	assert_int_equal(dmasim_device_raise_irq(dev), -ENXIO);
	assert_null(dmasim_device_mmio_context(dev, 0, NULL));
	assert_int_equal(dmasim_device_after(dev, 5, note, "t"), 0);
	assert_int_equal(dmasim_device_after(dev, 500, note, "u"), 0);
	dmasim_run_for(100);
	assert_string_equal(order, "t");
	assert_int_equal(dmasim_device_cancel_timers(dev), 1);
	assert_int_equal(dmasim_device_plug(dev), 0);
	assert_int_equal(dmasim_device_plug(dev), -EBUSY);
	dmasim_device_destroy(dev);
	dmasim_device_destroy(NULL);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void managed_mistakes(void **state)
{
	struct device *dev = dmasim_device_create("x0");
	char *p = devm_kstrdup(dev, "abc", GFP_KERNEL);

	(void)state;
	assert_string_equal(p, "abc");
	devm_kfree(dev, p);
	devm_kfree(dev, NULL);
	assert_int_equal(dmasim_violation_count(), 0);
	devm_kfree(dev, p);
	devm_remove_action(dev, note, "x");
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
	assert_int_equal(dmasim_violation_count_of("invalid-free"), 1);
	assert_int_equal(dmasim_fail_call("devm_kzalloc", 1), 0);
	assert_null(devm_kzalloc(dev, 8, GFP_KERNEL));
	assert_int_equal(devm_add_action_or_reset(dev, note, "z"), 0);
	devm_release_action(dev, note, "z");
	assert_int_equal(strlen(order), 0 + (order[0] == 'z'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_bus, setup, teardown),
		cmocka_unit_test_setup_teardown(deferred_probe, setup, teardown),
		cmocka_unit_test_setup_teardown(embedded, setup, teardown),
		cmocka_unit_test_setup_teardown(of_another_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(transfers_and_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(managed_mistakes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
