// SPDX-License-Identifier: MIT
/*
 * One mistake, one report: what a device's wrong write did to memory is not found a second time, as a mistake of whoever
 * frees that memory or gets it next. On machines that let such a write through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

static struct dmasim_machine *machine;
static struct device *dev;
static const char noise[256] = "a packet longer than its buffer";

static int setup(void **state)
{
	(void)state;
	machine = dmasim_machine_create("pc,poison=on,report=none,guard=api");
	assert_non_null(machine);
	dev = dmasim_device_create("nic0");
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
}

static int teardown(void **state)
{
	(void)state;
	return dmasim_machine_destroy(machine);
}

static dma_addr_t map(void *p, size_t n)
{
	dma_addr_t bus = dma_map_single(dev, p, n, DMA_FROM_DEVICE);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	return bus;
}

/* Exactly these, in this order. */
static void found(const char *rule)
{
	if (dmasim_violation_count() != 1 || strcmp(dmasim_violation(0)->rule, rule))
		for (size_t i = 0; dmasim_violation(i); i++)
			print_error("%s\n", dmasim_violation(i)->rule);
	assert_int_equal(dmasim_violation_count(), 1);
	assert_string_equal(dmasim_violation(0)->rule, rule);
}

static void past_the_end_is_no_overrun(void **state)
{
	u8 *buf = kmalloc(60, GFP_KERNEL);
	dma_addr_t bus = map(buf, 60);

	(void)state;
	assert_int_equal(dmasim_device_write(dev, bus, noise, 72), 0);
	dma_unmap_single(dev, bus, 60, DMA_FROM_DEVICE);
	kfree(buf);
	found("device-out-of-bounds");
}

/* Take all that is free of this size, so that poison is looked at. */
static void use_the_memory_again(void)
{
	static void *p[64];

	for (size_t i = 0; i < 64; i++)
		p[i] = kmalloc(2048, GFP_KERNEL);
	for (size_t i = 0; i < 64; i++)
		kfree(p[i]);
}

static void late_writes_are_no_write_after_free(void **state)
{
	u8 *buf = kmalloc(2048, GFP_KERNEL);
	dma_addr_t bus = map(buf, 2048);

	(void)state;
	dma_unmap_single(dev, bus, 2048, DMA_FROM_DEVICE);
	kfree(buf);
	assert_int_equal(dmasim_device_write(dev, bus, noise, 200), 0);
	use_the_memory_again();
	found("device-access-after-unmap");
}

static void memory_freed_under_a_device(void **state)
{
	u8 *buf = kmalloc(2048, GFP_KERNEL);
	dma_addr_t bus = map(buf, 2048);

	(void)state;
	kfree(buf);
	assert_int_equal(dmasim_device_write(dev, bus, noise, 200), 0);
	use_the_memory_again();
	dma_unmap_single(dev, bus, 2048, DMA_FROM_DEVICE);
	found("free-while-mapped");
}

/* The nearest other mistake: an overrun that nothing has told of is still found. */
static void an_overrun_of_the_cpu_is_told(void **state)
{
	u8 *buf = kmalloc(60, GFP_KERNEL);

	(void)state;
	memcpy(buf, noise, 72);
	kfree(buf);
	found("heap-overrun");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* More was mapped than allocated: that the device then writes it is no overrun of its own. */
static void mapped_beyond_is_no_overrun(void **state)
{
	u8 *buf = kmalloc(60, GFP_KERNEL);
	dma_addr_t bus = map(buf, 64);

	(void)state;
	assert_int_equal(dmasim_device_write(dev, bus, noise, 64), 0);
	dma_unmap_single(dev, bus, 64, DMA_FROM_DEVICE);
	kfree(buf);
	found("map-beyond-allocation");
}

static void mapped_again_is_no_leak(void **state)
{
	u8 *buf = kmalloc(256, GFP_KERNEL);
	dma_addr_t first = map(buf, 256), second = map(buf, 256);

	(void)state;
	dma_unmap_single(dev, second, 256, DMA_FROM_DEVICE);
	kfree(buf);
	dmasim_check_leaks();
	found("map-overlap");
	(void)first;
}

static void missed_by_its_unmap_is_no_leak(void **state)
{
	u8 *buf = kmalloc(256, GFP_KERNEL);
	dma_addr_t bus = map(buf, 256);

	(void)state;
	dma_unmap_single(dev, bus + 54, 256, DMA_FROM_DEVICE);
	kfree(buf);
	dmasim_check_leaks();
	found("unmap-unknown");
}

static void part_mapped_again_leaks(void **state)
{
	u8 *buf = kmalloc(256, GFP_KERNEL);
	dma_addr_t all = map(buf, 256), part = map(buf + 64, 64);

	(void)state;
	dma_unmap_single(dev, part, 64, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_violation_count_of("map-overlap"), 1);
	dmasim_violations_clear();
	kfree(buf);
	found("free-while-mapped");
	(void)all;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(past_the_end_is_no_overrun),
		TEST(mapped_beyond_is_no_overrun),
		TEST(late_writes_are_no_write_after_free),
		TEST(memory_freed_under_a_device),
		TEST(an_overrun_of_the_cpu_is_told),
		TEST(mapped_again_is_no_leak),
		TEST(part_mapped_again_leaks),
		TEST(missed_by_its_unmap_is_no_leak),
	};

	return cmocka_run_group_tests_name("consequences", tests, NULL, NULL);
}
