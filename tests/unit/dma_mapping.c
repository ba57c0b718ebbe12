// SPDX-License-Identifier: MIT
/* Streaming mappings: addresses, return values, dispatch. Rules are tested in tests/rules. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "lib/check/tracker.h"
#include "lib/core/kernel.h"
#define FIXTURE_MASK DMA_BIT_MASK(64)
#include "tests/unit/dma_fixture.h"

static const char *const presets[] = {"pc", "worst"};

/* The oracle for the direct backend: the machine's offset, nothing else. */
static dma_addr_t expected_bus(const void *p)
{
	return virt_to_phys((void *)(uintptr_t)p) + (u64)m->hw->cfg.bus_offset;
}

static void addresses_follow_the_windows(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		uint8_t *buf = kmalloc(300, GFP_KERNEL);
		struct page *page = alloc_pages(GFP_KERNEL, 1);
		dma_addr_t a = dma_map_single(dev, buf + 7, 200, DMA_TO_DEVICE);
		dma_addr_t b = dma_map_page(dev, page, 4096 + 100, 1000, DMA_FROM_DEVICE);
		dma_addr_t c = dma_map_phys(dev, page_to_phys(page), 64, DMA_FROM_DEVICE, 0);

		assert_int_equal(dma_mapping_error(dev, a) | dma_mapping_error(dev, b) | dma_mapping_error(dev, c), 0);
		assert_true(a == expected_bus(buf + 7));
		assert_true(b == page_to_phys(page) + 4196 + (u64)m->hw->cfg.bus_offset);
		assert_true(c == page_to_phys(page) + (u64)m->hw->cfg.bus_offset);
		assert_true(dma_to_phys(dev, a) == virt_to_phys(buf + 7));
		assert_true(phys_to_dma(dev, virt_to_phys(buf)) == expected_bus(buf));
		dma_unmap_single(dev, a, 200, DMA_TO_DEVICE);
		dma_unmap_page(dev, b, 1000, DMA_FROM_DEVICE);
		dma_unmap_phys(dev, c, 64, DMA_FROM_DEVICE, 0);
		__free_pages(page, 1);
		kfree(buf);
		end(0);
	}
}

static void resources_are_not_translated(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		dma_addr_t a = dma_map_resource(dev, 0xfe000000, 4096, DMA_BIDIRECTIONAL, 0);

		assert_int_equal(dma_mapping_error(dev, a), 0);
		assert_true(a == 0xfe000000);
		dma_unmap_resource(dev, a, 4096, DMA_BIDIRECTIONAL, 0);
		end(0);
	}
}

/* A device that cannot drive the address: an error, and no driver's mistake. */
static void too_high_is_an_error(void **state)
{
	(void)state;
	begin("pc");
	struct page *high = alloc_page(GFP_KERNEL), *low = alloc_page(GFP_KERNEL | __GFP_DMA);

	assert_true(page_to_phys(high) >= 16 << 20);
	assert_true(page_to_phys(low) < 16 << 20);
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24)), 0);
	dma_addr_t a = dma_map_page(dev, high, 0, 4096, DMA_TO_DEVICE),
		   b = dma_map_page(dev, low, 0, 4096, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
	assert_int_equal(dma_mapping_error(dev, b), 0);
	dma_unmap_page(dev, b, 4096, DMA_TO_DEVICE);
	/* the smaller of mask and bus limit counts, whichever is set */
	assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(32)), 0);
	dev->bus_dma_limit = page_to_phys(high) + 4094;
	a = dma_map_page(dev, high, 0, 4096, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
	dev->bus_dma_limit++;
	a = dma_map_page(dev, high, 0, 4096, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), 0);
	dma_unmap_page(dev, a, 4096, DMA_TO_DEVICE);
	__free_page(high);
	__free_page(low);
	end(0);
}

static void bad_devices_fail(void **state)
{
	(void)state;
	begin("pc");
	struct dmasim_machine *other = dmasim_machine_create("pc,report=none,summary=off");
	struct device *theirs;
	uint8_t *buf = kmalloc(64, GFP_KERNEL);
	dma_addr_t a;

	dmasim_machine_use(other);
	theirs = dmasim_device_create("dad9");
	dmasim_machine_use(m);
	struct device *const bad[] = {NULL, theirs};
	for (int i = 0; i < 2; i++) {
		a = dma_map_single(bad[i], buf, 64, DMA_TO_DEVICE);
		assert_true(a == DMA_MAPPING_ERROR);
		assert_true(*dmasim_last_error());
		assert_int_equal(dma_mapping_error(bad[i], a), -ENOMEM);
		assert_null(dma_alloc_coherent(bad[i], 64, &a, GFP_KERNEL));
		assert_int_equal(dma_set_mask(bad[i], DMA_BIT_MASK(32)), -EIO);
		assert_null(get_dma_ops(bad[i]));
		dma_unmap_single(bad[i], 0x1000, 64, DMA_TO_DEVICE);
		dma_sync_single_for_cpu(bad[i], 0x1000, 64, DMA_TO_DEVICE);
		dma_free_coherent(bad[i], 64, buf, 0x1000);
	}
	kfree(buf);
	end(0);
	dmasim_machine_use(other);
	assert_int_equal(dmasim_machine_destroy(other), 0);
}

static void injected_failures(void **state)
{
	(void)state;
	begin("worst");
	uint8_t *buf = kmalloc(64, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t a;

	dmasim_fail_call("dma_map_single", 2);
	a = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), 0);
	dma_unmap_single(dev, a, 64, DMA_TO_DEVICE);
	a = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
	dmasim_fail_call("dma_map_page", 1);
	a = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
	dmasim_fail_call("dma_map_resource", 1);
	a = dma_map_resource(dev, 0xfe000000, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
	assert_int_equal(tracker_live(m), 0);
	__free_page(page);
	kfree(buf);
	end(0);
}

/* ---- a device's own operations ---- */

static struct {
	unsigned int maps, unmaps, for_cpu, for_device;
	phys_addr_t phys;
	size_t size;
} seen;

static dma_addr_t own_map(struct device *d, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			  unsigned long attrs)
{
	(void)d;
	(void)dir;
	(void)attrs;
	seen.maps++;
	seen.phys = phys;
	seen.size = size;
	return size == 13 ? DMA_MAPPING_ERROR : 0x7000000000ULL + (phys & 4095);
}

static void own_unmap(struct device *d, dma_addr_t addr, size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	(void)d;
	(void)addr;
	(void)dir;
	(void)attrs;
	seen.unmaps++;
	seen.size = size;
}

static void own_for_cpu(struct device *d, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	(void)d;
	(void)addr;
	(void)size;
	(void)dir;
	seen.for_cpu++;
}

static dma_addr_t own_map_page(struct device *d, struct page *page, unsigned long offset, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	return own_map(d, page_to_phys(page) + offset, size, dir, attrs);
}

static void own_operations(void **state)
{
	static const struct dma_map_ops new_style = {
		.map_phys = own_map, .unmap_phys = own_unmap, .sync_single_for_cpu = own_for_cpu};
	static const struct dma_map_ops old_style = {
		.map_page = own_map_page, .unmap_page = own_unmap, .sync_single_for_cpu = own_for_cpu};
	const struct dma_map_ops *const styles[] = {&new_style, &old_style};

	(void)state;
	begin("worst,need_sync=honest");
	const struct dma_map_ops *direct = get_dma_ops(dev);
	uint8_t *buf = kmalloc(64, GFP_KERNEL);
	dma_addr_t a;

	assert_non_null(direct);
	assert_false(dma_need_sync(dev, 0));
	for (int i = 0; i < 2; i++) {
		memset(&seen, 0, sizeof(seen));
		set_dma_ops(dev, styles[i]);
		assert_ptr_equal(get_dma_ops(dev), styles[i]);
		assert_true(dma_need_sync(dev, 0));
		a = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
		assert_int_equal(dma_mapping_error(dev, a), 0);
		assert_true(a == 0x7000000000ULL + (virt_to_phys(buf) & 4095));
		assert_true(seen.maps == 1 && seen.phys == virt_to_phys(buf) && seen.size == 64);
		dma_sync_single_for_cpu(dev, a, 64, DMA_TO_DEVICE);
		dma_sync_single_for_device(dev, a, 64, DMA_TO_DEVICE);
		assert_true(seen.for_cpu == 1);
		dma_unmap_single(dev, a, 64, DMA_TO_DEVICE);
		assert_true(seen.unmaps == 1);
		a = dma_map_single(dev, buf, 13, DMA_TO_DEVICE);
		assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
		assert_null(dma_alloc_coherent(dev, 64, &a, GFP_KERNEL));
	}
	set_dma_ops(dev, NULL);
	assert_ptr_equal(get_dma_ops(dev), direct);
	kfree(buf);
	end(0);
}

static void need_sync_policy(void **state)
{
	(void)state;
	begin("pc");
	assert_true(dma_need_sync(dev, 0));
	end(0);
	begin("pc,checks=off");
	assert_false(dma_need_sync(dev, 0));
	end(0);
}

/* Mapped foreign memory works, after its report, and lets go of its address. */
static void foreign_memory_works(void **state)
{
	char *text = malloc(64), got[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		strcpy(text, "from the host");
		dma_addr_t a = dma_map_single(dev, text, 64, DMA_BIDIRECTIONAL), b;

		assert_int_equal(dma_mapping_error(dev, a), 0);
		assert_int_equal(dmasim_violation_count_of("map-foreign-memory"), 1);
		assert_int_equal(dmasim_device_read(dev, a, got, 64), 0);
		assert_string_equal(got, "from the host");
		assert_int_equal(dmasim_device_write(dev, a, "from the device", 16), 0);
		dma_unmap_single(dev, a, 64, DMA_BIDIRECTIONAL);
		assert_string_equal(text, "from the device");
		b = dma_map_single(dev, text, 64, DMA_BIDIRECTIONAL);
		assert_int_equal(dma_mapping_error(dev, b), 0);
		dma_unmap_single(dev, b, 64, DMA_BIDIRECTIONAL);
		end(2);
	}
	free(text);
}

/* Nonsense at every argument: errors or reports, and nothing is mapped afterwards. */
static void nonsense_is_refused(void **state)
{
	static const size_t sizes[] = {0, 1, 4096, SIZE_MAX, SIZE_MAX - 4095, 1UL << 47};
	static const uintptr_t addresses[] = {0, 1, 4095, 0xdeadbeef, UINTPTR_MAX, UINTPTR_MAX - 4095, 1UL << 46};

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		uint8_t *buf = kmalloc(64, GFP_KERNEL);

		for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
			for (size_t p = 0; p < sizeof(addresses) / sizeof(*addresses); p++)
				for (int dir = -1; dir < 5; dir++) {
					dma_addr_t a = dma_map_single(dev, (void *)addresses[p], sizes[s],
								      (enum dma_data_direction)dir);

					assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
					a = dma_map_page(dev, (struct page *)addresses[p], sizes[s], sizes[s],
							 (enum dma_data_direction)dir);
					assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
					dma_unmap_single(dev, addresses[p], sizes[s], (enum dma_data_direction)dir);
					dma_sync_single_for_device(dev, addresses[p], sizes[s],
								   (enum dma_data_direction)dir);
					dma_free_coherent(dev, sizes[s], (void *)addresses[p], addresses[p]);
				}
		for (size_t s = 3; s < sizeof(sizes) / sizeof(*sizes); s++) {
			dma_addr_t a = dma_map_single(dev, buf, sizes[s], DMA_TO_DEVICE);

			assert_int_equal(dma_mapping_error(dev, a), -ENOMEM);
		}
		assert_int_equal(tracker_live(m), 0);
		kfree(buf);
		dmasim_violations_clear();
		end(0);
	}
}

/* Against a list: what is live, where, and that the tracker agrees. */
static void random_maps(void **state)
{
	enum { SLOTS = 64 };
	struct {
		uint8_t *buf;
		size_t room, size;
		enum dma_data_direction dir;
		dma_addr_t bus;
	} model[SLOTS];
	unsigned int seed = 20260101;

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 2; i++) {
		size_t live = 0;

		begin(presets[i]);
		memset(model, 0, sizeof(model));
		for (int s = 0; s < SLOTS; s++) {
			model[s].room = 1 + (unsigned int)rand_r(&seed) % 9000;
			model[s].buf = kmalloc(model[s].room, GFP_KERNEL);
		}
		for (int step = 0; step < 20000; step++) {
			int s = rand_r(&seed) % SLOTS;

			if (!model[s].size) {
				model[s].size = 1 + (unsigned int)rand_r(&seed) % model[s].room;
				model[s].dir = (enum dma_data_direction)(rand_r(&seed) % 3);
				model[s].bus = dma_map_single(dev, model[s].buf, model[s].size, model[s].dir);
				assert_int_equal(dma_mapping_error(dev, model[s].bus), 0);
				assert_true(model[s].bus == expected_bus(model[s].buf));
				live++;
			} else {
				dma_unmap_single(dev, model[s].bus, model[s].size, model[s].dir);
				model[s].size = 0;
				live--;
			}
			assert_int_equal(tracker_live(m), live);
		}
		for (int s = 0; s < SLOTS; s++) {
			if (model[s].size)
				dma_unmap_single(dev, model[s].bus, model[s].size, model[s].dir);
			kfree(model[s].buf);
		}
		end(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_follow_the_windows),
		cmocka_unit_test(resources_are_not_translated),
		cmocka_unit_test(too_high_is_an_error),
		cmocka_unit_test(bad_devices_fail),
		cmocka_unit_test(injected_failures),
		cmocka_unit_test(own_operations),
		cmocka_unit_test(need_sync_policy),
		cmocka_unit_test(foreign_memory_works),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(random_maps),
	};

	return cmocka_run_group_tests_name("dma_mapping", tests, NULL, NULL);
}
