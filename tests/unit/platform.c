// SPDX-License-Identifier: MIT
/* Platform devices: matching by name and table, resources, both orders of arrival. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/err.h>
#include <linux/platform_device.h>

static struct dmasim_machine *m;
static int probes, removes, irq_seen;
static unsigned long data_seen;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	probes = removes = irq_seen = 0;
	data_seen = 0;
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return dmasim_machine_destroy(m);
}

static int probe(struct platform_device *pdev)
{
	probes++;
	irq_seen = platform_get_irq(pdev, 0);
	data_seen = pdev->id_entry ? pdev->id_entry->driver_data : 0;
	return 0;
}

static int remove_fn(struct platform_device *pdev)
{
	(void)pdev;
	removes++;
	return 0;
}

static const struct platform_device_id ids[] = {{"plat-two", 2}, {}};
static struct platform_driver by_name = {.probe = probe, .remove = remove_fn, .driver = {.name = "plat"}};
static struct platform_driver by_table = {
	.probe = probe, .remove = remove_fn, .id_table = ids, .driver = {.name = "other"}};

static void matching(void **state)
{
	struct resource res[] = {DEFINE_RES_IRQ(40), DEFINE_RES_MEM(0xe0000000, 256)};
	struct platform_device *a = platform_device_register_simple("plat", 3, res, 2), *b;

	(void)state;
	assert_false(IS_ERR(a));
	assert_string_equal(dev_name(&a->dev), "plat.3");
	assert_int_equal(platform_driver_register(&by_name), 0);
	assert_int_equal(probes, 1);
	assert_int_equal(irq_seen, 40);
	assert_int_equal(platform_get_resource(a, IORESOURCE_MEM, 0)->end, 0xe00000ff);
	assert_null(platform_get_resource(a, IORESOURCE_MEM, 1));
	assert_int_equal(platform_get_irq_optional(a, 1), -ENXIO);
	assert_int_equal(platform_driver_register(&by_table), 0);
	b = platform_device_register_simple("plat-two", PLATFORM_DEVID_NONE, NULL, 0);
	assert_int_equal(probes, 2);
	assert_int_equal(data_seen, 2);
	assert_string_equal(dev_name(&b->dev), "plat-two");
	platform_device_unregister(b);
	assert_int_equal(removes, 1);
	platform_driver_unregister(&by_name);
	assert_int_equal(removes, 2);
	platform_driver_unregister(&by_table);
	platform_device_unregister(a);
	assert_true(IS_ERR(platform_device_register_simple(NULL, 0, NULL, 0)));
	assert_int_equal(dmasim_violation_count(), 0);
}

/* A board's own struct: once at a time, and again after it went. */
static void registered_twice(void **state)
{
	static struct platform_device board = {.name = "plat", .id = PLATFORM_DEVID_NONE};

	(void)state;
	assert_int_equal(platform_device_register(&board), 0);
	dmasim_expect_violation("kernel-warning");
	assert_int_equal(platform_device_register(&board), -EEXIST);
	assert_string_equal(dev_name(&board.dev), "plat");
	platform_device_unregister(&board);
	assert_int_equal(platform_device_register(&board), 0);
	assert_int_equal(dmasim_unmet_expectations(), 0);
	assert_int_equal(dmasim_unexpected_violations(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(matching, setup, teardown),
					   cmocka_unit_test_setup_teardown(registered_twice, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
