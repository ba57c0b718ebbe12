// SPDX-License-Identifier: MIT
/* Bounce buffers: what is copied when, where slots lie, and pools that are a device's own or grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>
#include "lib/dma/swiotlb.h"
#include "sim/valgrind.h"

static struct dmasim_machine *machine;
static struct device *dev;
static unsigned char *buf, bytes[1024];

static void begin(const char *spec)
{
	char text[256];

	snprintf(text, sizeof(text), "%s,report=none,summary=off", spec);
	machine = dmasim_machine_create(text);
	assert_non_null(machine);
	dev = dmasim_device_create("dev0");
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
	buf = kmalloc(1024, GFP_KERNEL);
	memset(buf, 0x11, 1024);
}

static void end(void)
{
	bounce_check(machine);
	kfree(buf);
	dmasim_device_destroy(dev);
	assert_int_equal(dmasim_violation_count(), 0);
	dmasim_machine_destroy(machine);
}

static unsigned long used(void)
{
	struct dmasim_swiotlb_stats s;

	assert_int_equal(dmasim_swiotlb_stats(dev, &s), 0);
	return s.used;
}

/* In at map whatever the direction; back by range; what the device did not write comes back as it was. */
static void copies(void **state)
{
	dma_addr_t bus;

	(void)state;
	begin("pc-swiotlb");
	bus = dma_map_single(dev, buf, 1024, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_true(is_swiotlb_buffer(dev, bus));
	assert_int_equal(used(), 1);
	assert_int_equal(buf[0], BOUNCE_ORIGINAL_BYTE);
	memset(bytes, 0x22, 100);
	assert_int_equal(dmasim_device_write(dev, bus + 10, bytes, 100), 0);
	dma_sync_single_for_cpu(dev, bus, 1024, DMA_FROM_DEVICE);
	assert_int_equal(buf[9], 0x11);
	assert_int_equal(buf[10], 0x22);
	assert_int_equal(buf[109], 0x22);
	assert_int_equal(buf[110], 0x11);
	dma_sync_single_for_device(dev, bus, 1024, DMA_FROM_DEVICE);
	memset(bytes, 0x33, 10);
	assert_int_equal(dmasim_device_write(dev, bus, bytes, 10), 0);
	dma_unmap_single(dev, bus, 1024, DMA_FROM_DEVICE);
	assert_int_equal(buf[0], 0x33);
	assert_int_equal(buf[10], 0x22);
	assert_int_equal(buf[1023], 0x11);
	assert_int_equal(used(), 0);
	/* what the CPU writes and does not hand over never gets there */
	bus = dma_map_single(dev, buf, 1024, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_sync_single_for_cpu(dev, bus, 1024, DMA_TO_DEVICE);
	buf[5] = 0x44;
	dma_sync_single_for_device(dev, bus, 1024, DMA_TO_DEVICE);
	assert_int_equal(dmasim_device_read(dev, bus, bytes, 10), 0);
	assert_int_equal(bytes[5], 0x44);
	dma_unmap_single(dev, bus, 1024, DMA_TO_DEVICE);
	/* an end without copying: the original is what it was */
	memset(buf, 0x11, 1024);
	bus = dma_map_single(dev, buf, 1024, DMA_BIDIRECTIONAL);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_single_attrs(dev, bus, 1024, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(buf[0], 0x11);
	end();
}

static void low_bits_and_limits(void **state)
{
	dma_addr_t bus;

	(void)state;
	begin("pc-swiotlb");
	assert_int_equal(dma_max_mapping_size(dev), 256 << 10);
	assert_int_equal(dma_set_min_align_mask(dev, 4095), 0);
	assert_int_equal(dma_max_mapping_size(dev), 252 << 10);
	bus = dma_map_single(dev, buf + 3, 500, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(bus & 4095, (unsigned long)(buf + 3) & 4095);
	dma_unmap_single(dev, bus, 500, DMA_TO_DEVICE);
	dmasim_fail_call("swiotlb_tbl_map_single", 1);
	assert_int_not_equal(dma_mapping_error(dev, dma_map_single(dev, buf, 10, DMA_TO_DEVICE)), 0);
	end();
}

static void lists(void **state)
{
	static const char *const specs[] = {"pc-swiotlb", "pc-swiotlb,sg_bounce=whole", "pc-swiotlb,checks=off",
					    "pc-swiotlb,sg_bounce=whole,checks=off"};
	struct scatterlist list[3];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		int n;

		begin(specs[i]);
		sg_init_table(list, 3);
		for (int k = 0; k < 3; k++)
			sg_set_buf(&list[k], buf + 300 * k, 100);
		n = (int)dma_map_sg(dev, list, 3, DMA_FROM_DEVICE);
		assert_int_equal(n, i % 2 ? 1 : 3);
		memset(bytes, 0x55, sizeof(bytes));
		for (int k = 0; k < n; k++)
			assert_int_equal(
				dmasim_device_write(dev, sg_dma_address(&list[k]), bytes, sg_dma_len(&list[k])), 0);
		dma_sync_sg_for_cpu(dev, list, 3, DMA_FROM_DEVICE);
		assert_int_equal(buf[0], 0x55);
		assert_int_equal(buf[100], 0x11);
		dma_unmap_sg(dev, list, 3, DMA_FROM_DEVICE);
		for (int k = 0; k < 3; k++)
			assert_int_equal(buf[300 * k + 99], 0x55);
		assert_int_equal(used(), 0);
		end();
	}
}

static void own_pool(void **state)
{
	dma_addr_t bus, handle;
	void *cpu;

	(void)state;
	begin("pc");
	assert_false(is_swiotlb_active(dev));
	assert_int_equal(dmasim_device_restrict_dma(dev, 1 << 20), 0);
	assert_int_equal(dmasim_device_restrict_dma(dev, 1 << 20), -EBUSY);
	assert_true(is_swiotlb_force_bounce(dev) && is_swiotlb_for_alloc(dev));
	bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_true(bus >= dev->dma_io_tlb_mem->start && bus < dev->dma_io_tlb_mem->end);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
	cpu = dma_alloc_coherent(dev, 5000, &handle, GFP_KERNEL);
	assert_non_null(cpu);
	assert_true(is_swiotlb_buffer(dev, handle));
	assert_int_equal(used(), 4);
	dma_free_coherent(dev, 5000, cpu, handle);
	assert_int_equal(used(), 0);
	/* the pool lies where the device can no longer drive it */
	assert_true(handle > DMA_BIT_MASK(24));
	assert_int_equal(dma_set_coherent_mask(dev, DMA_BIT_MASK(24)), 0);
	assert_null(dma_alloc_coherent(dev, 5000, &handle, GFP_KERNEL));
	assert_int_equal(used(), 0);
	end();
}

static void grows(void **state)
{
	dma_addr_t bus[200];
	unsigned char *page = NULL;

	(void)state;
	begin("pc-swiotlb,swiotlb_size=256K,swiotlb_dynamic=on");
	page = kmalloc(4096, GFP_KERNEL);
	for (int i = 0; i < 200; i++) {
		bus[i] = dma_map_single(dev, page, 2048, DMA_TO_DEVICE);
		assert_int_equal(dma_mapping_error(dev, bus[i]), 0);
	}
	bounce_check(machine);
	for (int i = 0; i < 200; i++)
		dma_unmap_single(dev, bus[i], 2048, DMA_TO_DEVICE);
	assert_int_equal(used(), 0);
	kfree(page);
	end();
}

/* A hand-over to the device that is repeated carries data, not what the original was filled with. */
static void repeated(void **state)
{
	static const size_t lengths[] = {1024, 700};
	dma_addr_t bus;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin("pc-swiotlb");
		bus = dma_map_single(dev, buf, 1024, DMA_BIDIRECTIONAL);
		assert_int_equal(dma_mapping_error(dev, bus), 0);
		dma_sync_single_for_device(dev, bus, lengths[i], DMA_BIDIRECTIONAL);
		dma_sync_single_for_device(dev, bus, lengths[i], DMA_BIDIRECTIONAL);
		assert_int_equal(dmasim_device_read(dev, bus, bytes, 1024), 0);
		for (int k = 0; k < 1024; k++)
			assert_int_equal(bytes[k], 0x11);
		dma_unmap_single(dev, bus, 1024, DMA_BIDIRECTIONAL);
		assert_int_equal(buf[1023], 0x11);
		end();
	}
}

/* Sizes and numbers that do not fit into what a slot's record has for them. */
static void large_numbers(void **state)
{
	const int many = RUNNING_ON_VALGRIND ? 20000 : 70000; /* there, not more than it leaves records for */
	struct scatterlist *list = calloc((size_t)many, sizeof(*list));
	unsigned char *big;

	(void)state;
	begin("pc-swiotlb,sg_bounce=whole");
	for (u64 n = 1ULL << 43; n; n <<= 1)
		assert_true(swiotlb_tbl_map_single(dev, virt_to_phys(buf), 1024, n + 2048, 0, DMA_TO_DEVICE,
						   DMA_ATTR_NO_WARN) == (phys_addr_t)DMA_MAPPING_ERROR);
	dmasim_violations_clear();
	assert_int_equal(dma_set_max_seg_size(dev, 1 << 18), 0);
	big = kmalloc((size_t)many, GFP_KERNEL);
	memset(big, 0x11, (size_t)many);
	sg_init_table(list, (unsigned int)many);
	for (int i = 0; i < many; i++)
		sg_set_buf(&list[i], big + i, 1);
	assert_int_equal(dma_map_sg(dev, list, many, DMA_FROM_DEVICE), 1);
	assert_int_equal(dmasim_device_write(dev, sg_dma_address(list) + (dma_addr_t)many - 3, "abc", 3), 0);
	bounce_check(machine);
	dma_unmap_sg(dev, list, many, DMA_FROM_DEVICE);
	assert_memory_equal(big + many - 4,
			    "\x11"
			    "abc",
			    4);
	assert_int_equal(used(), 0);
	kfree(big);
	end();
	free(list);
}

/* An original that is not the driver's but the pool itself, and overlaps its own copy. */
static void of_the_pool(void **state)
{
	phys_addr_t first, second;

	(void)state;
	begin("pc-swiotlb");
	first = swiotlb_tbl_map_single(dev, virt_to_phys(buf), 1024, 1024, 0, DMA_TO_DEVICE, 0);
	second = swiotlb_tbl_map_single(dev, first + 512, 2048, 2048, 0, DMA_TO_DEVICE, 0);
	assert_true(second > first + 512 && second < first + 512 + 2048);
	dmasim_device_read(dev, second, bytes, 1024);
	assert_int_equal(bytes[0], 0x11);
	assert_int_equal(bytes[511], 0x11);
	swiotlb_tbl_unmap_single(dev, second, 2048, DMA_TO_DEVICE, 0);
	second = swiotlb_tbl_map_single(dev, first + 512, 2048, 2048, 0, DMA_BIDIRECTIONAL, 0);
	swiotlb_sync_single_for_cpu(dev, second, 2048, DMA_BIDIRECTIONAL);
	swiotlb_tbl_unmap_single(dev, second, 2048, DMA_BIDIRECTIONAL, 0);
	swiotlb_tbl_unmap_single(dev, first, 1024, DMA_TO_DEVICE, 0);
	assert_int_equal(used(), 0);
	dmasim_violations_clear();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),	 cmocka_unit_test(low_bits_and_limits),
		cmocka_unit_test(lists),	 cmocka_unit_test(own_pool),
		cmocka_unit_test(grows),	 cmocka_unit_test(repeated),
		cmocka_unit_test(large_numbers), cmocka_unit_test(of_the_pool),
	};

	return cmocka_run_group_tests_name("swiotlb", tests, NULL, NULL);
}
