// SPDX-License-Identifier: MIT
/* Register accesses: every way to be wrong has its own answer; the right ones reach the device in order and size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include "lib/core/device.h"
#include "lib/core/io.h"
#include "lib/core/stack.h"

static struct dmasim_machine *m;
static struct device *dev;
static phys_addr_t phys;
static u8 regs[64];
static unsigned int last_size;

static uint64_t reg_read(void *ctx, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	(void)ctx;
	last_size = size;
	memcpy(&value, regs + offset, size);
	return value;
}

static void reg_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)ctx;
	last_size = size;
	memcpy(regs + offset, &value, size);
	if (offset == 60)
		readl(ctx); /* a model that forgets what it is */
}

static const struct dmasim_mmio_ops ops = {.read = reg_read, .write = reg_write};

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off");
	assert_non_null(m);
	dev = dmasim_device_create("x0");
	assert_non_null(dmasim_device_add_mmio(dev, sizeof(regs), &ops, NULL));
	phys = m->device_slots[(u32)dev->dmasim]->mmio[0]->phys;
	for (unsigned int i = 0; i < sizeof(regs); i++)
		regs[i] = i;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	k_io_check(m);
	return dmasim_machine_destroy(m);
}

static void sizes_and_orders(void **state)
{
	u8 __iomem *io = ioremap(phys, sizeof(regs));
	u8 buf[64];
	u32 words[2];

	(void)state;
	assert_int_equal(readb(io + 3), 3);
	assert_int_equal(readw(io + 4), 0x0504);
	assert_int_equal(readl(io + 4), 0x07060504);
	assert_int_equal(ioread32be(io + 4), 0x04050607);
	assert_true(readq(io + 8) == 0x0f0e0d0c0b0a0908ULL);
	assert_int_equal(last_size, 8);
	writew(0xabcd, io + 2);
	assert_int_equal(regs[2], 0xcd);
	iowrite32be(0x01020304, io + 4);
	assert_int_equal(regs[4], 1);
	memset_io(io, 0x11, 7);
	assert_int_equal(regs[6], 0x11);
	memcpy_fromio(buf, io, 64);
	assert_memory_equal(buf, regs, 64);
	buf[9] = 0x77;
	memcpy_toio(io + 1, buf + 1, 31);
	assert_int_equal(regs[9], 0x77);
	readsl(io + 16, words, 2);
	assert_int_equal(words[0], words[1]);
	iounmap(io);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void wrong_addresses(void **state)
{
	u8 __iomem *io = ioremap(phys, 32), *second;
	u32 value;

	(void)state;
	assert_int_equal(readl(NULL), 0xffffffff);
	writel((u32)(uintptr_t)io, (void __iomem *)(uintptr_t)5); /* swapped */
	assert_int_equal(dmasim_violation_count_of("mmio-bad-address"), 2);
	assert_non_null(strstr(dmasim_violation(1)->text, "swapped"));
	readl((void __iomem *)(uintptr_t)phys);
	readl(&value);
	assert_int_equal(dmasim_violation_count_of("mmio-bad-address"), 4);
	assert_int_equal(readl(io + 32), 0xffffffff);
	readq(io + 28);
	assert_int_equal(dmasim_violation_count_of("mmio-out-of-range"), 2);
	readl(io + 2);
	assert_int_equal(dmasim_violation_count_of("mmio-misaligned"), 1);
	second = ioremap(phys, 32);
	iounmap(io);
	assert_int_equal(readl(second), 0x03020100);
	assert_int_equal(readl(io), 0xffffffff);
	assert_int_equal(dmasim_violation_count_of("mmio-after-unmap"), 1);
	iounmap(io);
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
	iounmap(second);
	iounmap(NULL);
	assert_int_equal(dmasim_violation_count(), 9);
}

static void many_mappings_wear_out_no_window(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		u8 __iomem *io = ioremap(phys - phys % 4096, 4 << 20);

		assert_non_null(io);
		assert_int_equal(readb(io + phys % 4096 + 1), 1);
		iounmap(io);
	}
	assert_null(ioremap(phys, 0));
	assert_null(ioremap(phys, SIZE_MAX));
	assert_null(ioremap(~0ULL, 2));
	assert_int_equal(dmasim_violation_count(), 0);
}

static void claims(void **state)
{
	(void)state;
	assert_non_null(request_mem_region(phys, 64, "x"));
	assert_null(request_mem_region(phys + 63, 1, "y"));
	assert_null(request_mem_region(phys, 0, "y"));
	release_mem_region(phys, 64);
	assert_int_equal(dmasim_violation_count(), 0);
	release_mem_region(phys, 64);
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
}

static void later(void *arg)
{
	(void)arg;
	regs[0] = 0xaa;
}

static void polling_lets_time_pass(void **state)
{
	u8 __iomem *io = ioremap(phys, 64);
	u32 value;

	(void)state;
	dmasim_device_after(dev, 20000, later, NULL);
	assert_int_equal(readb_poll_timeout(io, value, value == 0xaa, 10, 1000), 0);
	assert_int_equal(readl_poll_timeout_atomic(io, value, value == 1, 1, 50), -ETIMEDOUT);
	iounmap(io);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void models_call_no_kernel(void **state)
{
	u8 __iomem *io = ioremap(phys, 64);

	(void)state;
	writel(1, io + 60);
	assert_int_equal(dmasim_violation_count_of("kernel-call-in-event"), 1);
	iounmap(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes_and_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(many_mappings_wear_out_no_window, setup, teardown),
		cmocka_unit_test_setup_teardown(claims, setup, teardown),
		cmocka_unit_test_setup_teardown(polling_lets_time_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(models_call_no_kernel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
