// SPDX-License-Identifier: MIT
/* Safe buffers: which mappings get one, what is copied when, and that checks say of them what they say of any mapping. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "tests/unit/dma_fixture.h"

static const char *const presets[] = {"pc", "worst"};

static int all(struct device *d, dma_addr_t addr, size_t size)
{
	(void)d;
	(void)addr;
	(void)size;
	return 1;
}

static int odd_pages(struct device *d, dma_addr_t addr, size_t size)
{
	(void)d;
	(void)size;
	return addr >> PAGE_SHIFT & 1;
}

static struct dmasim_dmabounce_stats stats(void)
{
	struct dmasim_dmabounce_stats s;

	assert_true(dmasim_dmabounce_stats(dev, &s));
	return s;
}

static void copies(void **state)
{
	static const size_t sizes[] = {64, 500, 3000};

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		assert_int_equal(dmabounce_register_dev(dev, 128, 2048, all), 0);
		assert_ptr_equal(get_dma_ops(dev), &dmabounce_ops);
		for (size_t s = 0; s < 3; s++)
			for (int dir = 0; dir < 3; dir++) {
				enum dma_data_direction d = (enum dma_data_direction)dir;
				size_t n = sizes[s];
				uint8_t *p = kmalloc(n, GFP_KERNEL), byte;
				dma_addr_t bus;

				memset(p, 0x11, n);
				bus = dma_map_single(dev, p, n, d);
				assert_int_equal(dma_mapping_error(dev, bus), 0);
				assert_true(bus != phys_to_dma(dev, virt_to_phys(p)));
				if (d != DMA_FROM_DEVICE) {
					assert_int_equal(dmasim_device_read(dev, bus + n - 1, &byte, 1), 0);
					assert_int_equal(byte, 0x11);
					dma_sync_single_for_cpu(dev, bus, n, d);
					p[3] = 0x22;
					dma_sync_single_for_device(dev, bus, n, d);
					assert_int_equal(dmasim_device_read(dev, bus + 3, &byte, 1), 0);
					assert_int_equal(byte, 0x22);
				}
				if (d != DMA_TO_DEVICE) {
					byte = 0x33;
					assert_int_equal(dmasim_device_write(dev, bus + 5, &byte, 1), 0);
					dma_sync_single_range_for_cpu(dev, bus, 5, 1, d);
					assert_int_equal(p[5], 0x33);
					dma_sync_single_range_for_device(dev, bus, 5, 1, d);
					byte = 0x44;
					for (size_t k = 0; k < n; k++)
						assert_int_equal(dmasim_device_write(dev, bus + k, &byte, 1), 0);
				}
				dma_unmap_single(dev, bus, n, d);
				if (d != DMA_TO_DEVICE)
					assert_int_equal(p[n - 1], 0x44);
				kfree(p);
			}
		assert_int_equal(stats().small, 3);
		assert_int_equal(stats().large, 3);
		assert_int_equal(stats().own, 3);
		assert_int_equal(stats().bounced, 9);
		assert_int_equal(stats().live, 0);
		dmabounce_unregister_dev(dev);
		assert_ptr_equal(get_dma_ops(dev), &dma_direct_ops);
		end(0);
	}
}

static void only_what_needs_it(void **state)
{
	struct scatterlist sg[4];
	struct page *page;
	uint8_t byte = 9;
	dma_addr_t bus;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		assert_int_equal(dmabounce_register_dev(dev, 256, 4096, odd_pages), 0);
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
		sg_init_table(sg, 4);
		for (int k = 0; k < 4; k++)
			sg_set_page(&sg[k], page + k, 200, 0);
		assert_int_equal(dma_map_sg(dev, sg, 4, DMA_FROM_DEVICE), 4);
		assert_int_equal(stats().bounced, 2);
		for (int k = 0; k < 4; k++)
			assert_int_equal(dmasim_device_write(dev, sg_dma_address(&sg[k]), &byte, 1), 0);
		dma_sync_sg_for_cpu(dev, sg, 4, DMA_FROM_DEVICE);
		for (int k = 0; k < 4; k++)
			assert_int_equal(*(uint8_t *)page_address(page + k), 9);
		dma_unmap_sg(dev, sg, 4, DMA_FROM_DEVICE);
		assert_int_equal(stats().live, 0);
		/* In the device's registers nothing can be copied. */
		bus = dma_map_resource(dev, 0xe0000000, 64, DMA_TO_DEVICE, 0);
		if (!dma_mapping_error(dev, bus))
			dma_unmap_resource(dev, bus, 64, DMA_TO_DEVICE, 0);
		assert_int_equal(stats().bounced, 2);
		__free_pages(page, 2);
		end(0);
	}
	/* Beyond the mask, whatever the platform says. */
	begin("pc");
	assert_int_equal(dmabounce_register_dev(dev, 256, 4096, NULL), 0);
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24)), 0);
	page = alloc_page(GFP_KERNEL);
	assert_true(page_to_phys(page) > DMA_BIT_MASK(24));
	bus = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_true(bus < DMA_BIT_MASK(24));
	dma_unmap_page(dev, bus, 64, DMA_TO_DEVICE);
	bus = dma_map_page_attrs(dev, page, 0, 64, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT);
	assert_int_equal(dma_mapping_error(dev, bus), -ENOMEM);
	__free_page(page);
	end(0);
}

static void checked_as_any(void **state)
{
	uint8_t *p, byte = 1;
	dma_addr_t bus;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		assert_int_equal(dmabounce_register_dev(dev, 256, 0, all), 0);
		p = kzalloc(64, GFP_KERNEL);
		bus = dma_map_single(dev, p, 64, DMA_FROM_DEVICE);
		assert_int_equal(dma_mapping_error(dev, bus), 0);
		assert_int_equal(dmasim_load8(p), 0);
		assert_int_equal(dmasim_violation_count_of("cpu-read-while-device-owns"), 1);
		dma_unmap_single(dev, bus, 32, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_violation_count_of("unmap-wrong-size"), 1);
		dma_unmap_single(dev, bus, 64, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_violation_count_of("double-unmap"), 1);
		dmasim_device_write(dev, bus, &byte, 1);
		assert_int_equal(dmasim_violation_count_of("device-access-after-unmap"), 1);
		assert_int_equal(stats().live, 0);
		kfree(p);
		end(4);
	}
}

static void registration(void **state)
{
	struct dmasim_dmabounce_stats s;
	dma_addr_t bus;
	uint8_t *p;

	(void)state;
	begin("worst");
	assert_false(dmasim_dmabounce_stats(dev, &s));
	assert_int_equal(dmabounce_register_dev(dev, 0, 0, all), -EINVAL);
	assert_int_equal(dmabounce_register_dev(dev, ~0UL, 0, all), -EINVAL);
	assert_int_equal(dmasim_fail_call("dmabounce_register_dev", 1), 0);
	assert_int_equal(dmabounce_register_dev(dev, 64, 0, all), -ENOMEM);
	assert_int_equal(dmabounce_register_dev(dev, 64, 0, all), 0);
	assert_int_equal(dmabounce_register_dev(dev, 64, 0, all), -EBUSY);
	p = kzalloc(64, GFP_KERNEL);
	bus = dma_map_single(dev, p, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dmabounce_unregister_dev(dev);
	assert_int_equal(dmasim_violation_count_of("pool-busy-at-destroy"), 1);
	dmabounce_unregister_dev(dev);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
	kfree(p);
	assert_int_equal(dmabounce_register_dev(dev, 64, 0, all), 0);
	dmasim_device_destroy(dev); /* takes its buffers along */
	end(1);
	/* Without checks all works the same. */
	begin("pc,checks=off");
	assert_int_equal(dmabounce_register_dev(dev, 64, 0, all), 0);
	p = kzalloc(64, GFP_KERNEL);
	bus = dma_map_single(dev, p, 64, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_device_write(dev, bus, "x", 1), 0);
	dma_unmap_single(dev, bus, 64, DMA_FROM_DEVICE);
	assert_int_equal(p[0], 'x');
	kfree(p);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),
		cmocka_unit_test(only_what_needs_it),
		cmocka_unit_test(checked_as_any),
		cmocka_unit_test(registration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
