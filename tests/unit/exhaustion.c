// SPDX-License-Identifier: MIT
/*
 * Machines that run out: of memory of each kind, and of whatever else can be had many times. Allocations fail as the
 * kernel's do, nothing crashes, and what was given back can be had again.
 */
#include <errno.h>
#include "tests/unit/sched_test.h"
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static const char *const presets[] = {"pc", "worst"};

static void all_memory(void **state)
{
	(void)state;
	for (size_t p = 0; p < 2; p++) {
		char spec[64];
		void **list = NULL, **next;
		struct page *page, *pages = NULL;
		struct device *dev;
		dma_addr_t handle;
		unsigned int n = 0, again = 0;

		snprintf(spec, sizeof(spec), "%s,ram=32M", presets[p]);
		begin(spec);
		dev = dmasim_device_create("dev0");
		assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
		for (int round = 0; round < 2; round++) {
			for (n = 0; (next = kmalloc(60000, GFP_KERNEL)) != NULL; n++) {
				*next = list;
				list = next;
			}
			assert_true(n > 100);
			while ((page = alloc_page(GFP_KERNEL)) != NULL) {
				*(struct page **)page_address(page) = pages;
				pages = page;
			}
			assert_null(dma_alloc_coherent(dev, 1 << 20, &handle, GFP_KERNEL));
			assert_null(vmalloc(1 << 20));
			assert_null(kzalloc(1 << 20, GFP_ATOMIC));
			while ((page = pages) != NULL) {
				pages = *(struct page **)page_address(page);
				__free_page(page);
			}
			while ((next = list) != NULL) {
				list = *next;
				kfree(next);
			}
			assert_true(!round || n == again);
			again = n;
		}
		end();
	}
}

struct block {
	struct block *next;
	dma_addr_t bus;
};

static void all_coherent_memory(void **state)
{
	(void)state;
	for (size_t p = 0; p < 2; p++) {
		struct block *list = NULL, *b;
		unsigned int n, again = 0;
		struct device *dev;
		dma_addr_t bus;
		char spec[64];

		snprintf(spec, sizeof(spec), "%s,ram=32M", presets[p]);
		begin(spec);
		dev = dmasim_device_create("dev0");
		for (int round = 0; round < 2; round++) {
			for (n = 0; (b = dma_alloc_coherent(dev, 16384, &bus, GFP_KERNEL)) != NULL; n++) {
				b->next = list;
				b->bus = bus;
				list = b;
			}
			assert_true(n > 100);
			while ((b = list) != NULL) {
				list = b->next;
				dma_free_coherent(dev, 16384, b, b->bus);
			}
			assert_true(!round || n == again);
			again = n;
		}
		end();
	}
}

static int sleeps(void *data)
{
	(void)data;
	while (!kthread_should_stop())
		msleep(1000);
	return 0;
}

/* As many as asked for, or an error: never a crash. The limits are the host's, so only the order of magnitude is ours. */
static void many_of_everything(void **state)
{
	static unsigned char adopted[512][64];
	struct device *dev;
	void *buf;
	int err = 0, got;

	(void)state;
	begin("pc,ram=64M");
	for (unsigned int i = 0; i < 5000; i++)
		assert_true(dmasim_device_create("many") != NULL || *dmasim_last_error());
	for (got = 0; got < 100000; got++) {
		dev = dmasim_device_create("irq");
		if (!dev)
			break;
		err = dmasim_device_irq(dev);
		if (err < 0)
			break;
		if (got == 4000)
			break;
	}
	assert_true(err > 0 || err == -ENOSPC || err == -ENOMEM);
	dev = dmasim_device_create("bars");
	for (got = 0; got < 4000; got++) {
		static const struct dmasim_mmio_ops ops;

		if (!dmasim_device_add_mmio(dev, 1 << 16, &ops, NULL))
			break;
	}
	assert_true(got >= 6);
	buf = kmalloc(64, GFP_KERNEL);
	for (int i = 0; i < 20000; i++) {
		dma_addr_t bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);

		assert_int_equal(dma_mapping_error(dev, bus), 0);
	}
	for (int i = 0; i < 512; i++)
		assert_int_equal(dmasim_adopt_memory(adopted[i], 64), 0);
	assert_int_equal(dmasim_adopt_memory(adopted[7], 64), -EEXIST);
	for (got = 0; got < 300; got++) {
		struct task_struct *t = kthread_run(sleeps, NULL, "many%d", got);

		if ((uintptr_t)t >= (uintptr_t)-4095)
			break;
	}
	assert_true(got > 0);
	assert_int_equal(dmasim_check_leaks(), 20000);
	dmasim_violations_clear();
	assert_int_equal(dmasim_machine_destroy(m), 0);
	assert_null(dmasim_machine_current());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_memory),
		cmocka_unit_test(all_coherent_memory),
		cmocka_unit_test(many_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
