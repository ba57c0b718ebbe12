// SPDX-License-Identifier: MIT
/* Coherent memory: zeroed, aligned, reachable; freed only by what really was allocated. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "lib/check/tracker.h"
#include "lib/core/kernel.h"
#include "lib/mm/mm.h"
#include "tests/unit/dma_fixture.h"

static const char *const presets[] = {"pc", "worst"};

static void zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = {1, 64, 4096, 4097, 12288, 65536, 1 << 20, 4 << 20};

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		for (int round = 0; round < 2; round++)
			for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
				size_t whole = 4096;
				dma_addr_t handle;
				uint8_t *p = dma_alloc_coherent(dev, sizes[s], &handle, GFP_KERNEL), byte;

				while (whole < sizes[s])
					whole *= 2;
				assert_non_null(p);
				assert_true(dma_to_phys(dev, handle) % whole == 0);
				assert_true((uintptr_t)p % (whole < 1 << 20 ? whole : 1 << 20) == 0);
				assert_true(handle + whole - 1 <= DMA_BIT_MASK(32));
				for (size_t n = 0; n < sizes[s]; n++)
					assert_int_equal(p[n], 0);
				p[sizes[s] - 1] = 0x5a;
				assert_int_equal(dmasim_device_read(dev, handle + sizes[s] - 1, &byte, 1), 0);
				assert_int_equal(byte, 0x5a);
				byte = 0xa5;
				assert_int_equal(dmasim_device_write(dev, handle, &byte, 1), 0);
				assert_int_equal(p[0], 0xa5);
				dma_free_coherent(dev, sizes[s], p, handle);
			}
		end(0);
	}
}

static void too_much_is_null(void **state)
{
	dma_addr_t handle;

	(void)state;
	begin("pc");
	assert_null(dma_alloc_coherent(dev, (4 << 20) + 1, &handle, GFP_KERNEL));
	end(0);
	begin("pc");
	assert_null(dma_alloc_coherent(dev, 0, &handle, GFP_KERNEL));
	assert_null(dma_alloc_coherent(dev, SIZE_MAX, &handle, GFP_KERNEL));
	assert_null(dma_alloc_coherent(dev, 64, NULL, GFP_KERNEL));
	end(3);
}

/* The zone follows from the mask, whatever zone bits gfp carries. */
static void zones_follow_the_mask(void **state)
{
	dma_addr_t handle;
	void *p;

	(void)state;
	begin("pc,bank=0:64M,bank=0x100000000:64M"); /* a leak check walks all RAM that there is */
	for (int bits = 24; bits <= 64; bits++) {
		assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)), 0);
		p = dma_alloc_coherent(dev, 8192, &handle, GFP_KERNEL | __GFP_HIGHMEM);
		assert_non_null(p);
		assert_true(handle + 8191 <= DMA_BIT_MASK(bits));
		dma_free_coherent(dev, 8192, p, handle);
	}
	p = dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL | __GFP_DMA);
	assert_non_null(p);
	assert_true(handle >= 16 << 20);
	dma_free_coherent(dev, 4096, p, handle);
	end(0);
}

static void no_mask_no_memory(void **state)
{
	dma_addr_t handle;

	(void)state;
	begin("worst");
	dev->coherent_dma_mask = 0;
	assert_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	assert_int_equal(dmasim_violation_count_of("mask-missing"), 1);
	end(1);
}

/* On machines with an alias the address is none that virt_to_page() understands. */
static void alias_window(void **state)
{
	enum mm_address_kind kind;
	dma_addr_t handle;
	phys_addr_t phys;
	void *p;

	(void)state;
	begin("pc,uncached_alias=on");
	p = dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL);
	assert_non_null(p);
	phys = mm_classify(m, p, &kind);
	assert_int_equal(kind, ADDR_UNCACHED);
	assert_true(phys == dma_to_phys(dev, handle));
	*(uint8_t *)p = 7;
	assert_int_equal(*(uint8_t *)phys_to_virt(phys), 7);
	dma_free_coherent(dev, 64, p, handle);
	end(0);
}

static void cookie(void **state)
{
	dma_addr_t a, b;
	void *one, *two;
	char byte;

	(void)state;
	begin("worst");
	one = dma_alloc_attrs(dev, 4096, &a, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);
	two = dma_alloc_attrs(dev, 4096, &b, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);
	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	assert_int_equal(sim_host_read(&byte, one, 1), 0); /* nothing is there */
	assert_int_equal(dmasim_device_write(dev, a, "x", 1), 0);
	dma_free_attrs(dev, 4096, one, a, DMA_ATTR_NO_KERNEL_MAPPING);
	dma_free_attrs(dev, 4096, two, b, DMA_ATTR_NO_KERNEL_MAPPING);
	end(0);
}

/* Wrong frees: reported, and no memory but the block's own is ever given back. */
static void wrong_frees_hurt_nobody(void **state)
{
	(void)state;
	for (int checks = 0; checks < 2; checks++) {
		begin(checks ? "pc" : "pc,checks=off");
		dma_addr_t a, b;
		uint8_t *one = dma_alloc_coherent(dev, 4096, &a, GFP_KERNEL);
		uint8_t *two = dma_alloc_coherent(dev, 4096, &b, GFP_KERNEL);
		struct page *page = alloc_page(GFP_KERNEL);
		struct mm_object o;

		dma_free_coherent(dev, 4096, page_address(page), page_to_phys(page));
		dma_free_coherent(dev, 4096, two + 16, b + 16);
		mm_object_at(m, page_to_phys(page), &o);
		assert_int_equal(o.state, MM_ALLOCATED);
		mm_object_at(m, dma_to_phys(dev, b), &o);
		assert_int_equal(o.state, MM_ALLOCATED);
		mm_object_at(m, dma_to_phys(dev, a), &o);
		assert_int_equal(o.state, MM_ALLOCATED);
		dma_free_coherent(dev, 4096, one, a);
		mm_object_at(m, dma_to_phys(dev, a), &o);
		assert_int_not_equal(o.state, MM_ALLOCATED);
		dma_free_coherent(dev, 4096, one, a);
		dma_free_coherent(dev, 4096, NULL, a);
		dma_free_coherent(dev, 4096, two, b);
		__free_page(page);
		end(checks ? 3 : 0);
	}
}

static void managed_memory_goes_with_the_device(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(presets[i]);
		struct device *other = dmasim_device_create("dad1");
		dma_addr_t a, b;

		assert_int_equal(dma_set_mask_and_coherent(other, DMA_BIT_MASK(32)), 0);
		assert_non_null(dmam_alloc_coherent(other, 100, &a, GFP_KERNEL));
		assert_non_null(dmam_alloc_coherent(other, 5000, &b, GFP_KERNEL));
		assert_int_equal(tracker_live(m), 2);
		dmasim_device_destroy(other);
		assert_int_equal(tracker_live(m), 0);
		end(0);
	}
}

static void injected_failures(void **state)
{
	dma_addr_t handle;

	(void)state;
	begin("worst");
	dmasim_fail_call("dma_alloc_coherent", 1);
	assert_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	dmasim_fail_call("dma_alloc_attrs", 1);
	assert_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	dmasim_fail_call("dma_alloc_wc", 1);
	assert_null(dma_alloc_wc(dev, 64, &handle, GFP_KERNEL));
	dmasim_fail_call("dmam_alloc_coherent", 1);
	assert_null(dmam_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	end(0);
}

/* Against a list: blocks never overlap, keep their bytes, and come back zeroed. */
static void random_blocks(void **state)
{
	enum { SLOTS = 24 };
	struct {
		uint8_t *cpu;
		dma_addr_t bus;
		size_t size;
	} model[SLOTS] = {{NULL, 0, 0}};
	unsigned int seed = 20260102;

	(void)state;
	print_message("seed %u\n", seed);
	begin("worst");
	for (int step = 0; step < 3000; step++) {
		int s = rand_r(&seed) % SLOTS;

		if (model[s].cpu) {
			assert_int_equal(model[s].cpu[0], s + 1);
			assert_int_equal(model[s].cpu[model[s].size - 1], s + 1);
			dma_free_coherent(dev, model[s].size, model[s].cpu, model[s].bus);
			model[s].cpu = NULL;
			continue;
		}
		model[s].size = 1 + (unsigned int)rand_r(&seed) % 20000;
		model[s].cpu = dma_alloc_coherent(dev, model[s].size, &model[s].bus, GFP_KERNEL);
		assert_non_null(model[s].cpu);
		assert_int_equal(model[s].cpu[0] | model[s].cpu[model[s].size - 1], 0);
		memset(model[s].cpu, s + 1, model[s].size);
		for (int o = 0; o < SLOTS; o++)
			if (o != s && model[o].cpu)
				assert_true(model[o].bus + model[o].size <= model[s].bus ||
					    model[s].bus + model[s].size <= model[o].bus);
	}
	for (int s = 0; s < SLOTS; s++)
		if (model[s].cpu)
			dma_free_coherent(dev, model[s].size, model[s].cpu, model[s].bus);
	end(0);
}

/* R80: the allocator has cleared it, so that the device may use it only after a hand-over; and the older contract. */
static void first_use_needs_a_hand_over(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		uint8_t data[16] = {1}, *p;
		dma_addr_t bus;

		begin(presets[i]);
		p = dma_alloc_noncoherent(dev, 5000, &bus, DMA_FROM_DEVICE, GFP_KERNEL);
		assert_non_null(p);
		dmasim_device_write(dev, bus, data, sizeof(data));
		assert_int_equal(dmasim_violation_count_of("cpu-write-not-flushed"), 1);
		dma_sync_single_for_cpu(dev, bus, 5000, DMA_FROM_DEVICE);
		dma_free_noncoherent(dev, 5000, p, bus, DMA_FROM_DEVICE);
		dma_free_noncoherent(dev, 5000, p, bus, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_violation_count_of("coherent-double-free"), 1);
		/* right: handed over first */
		p = dma_alloc_noncoherent(dev, 5000, &bus, DMA_FROM_DEVICE, GFP_KERNEL);
		dma_sync_single_for_device(dev, bus, 5000, DMA_FROM_DEVICE);
		dmasim_device_write(dev, bus, data, sizeof(data));
		dma_sync_single_for_cpu(dev, bus, 5000, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_load8(p), 1);
		dma_free_noncoherent(dev, 5000, p, bus, DMA_FROM_DEVICE);
		/* nobody owns this, but who does not sync sees old bytes */
		p = dma_alloc_attrs(dev, 5000, &bus, GFP_KERNEL, DMA_ATTR_NON_CONSISTENT);
		dmasim_store8(p, 3);
		dma_cache_sync(dev, p, 5000, DMA_TO_DEVICE);
		dmasim_device_read(dev, bus, data, sizeof(data));
		assert_int_equal(data[0], 3);
		dmasim_device_write(dev, bus + 64, data, sizeof(data));
		assert_int_equal(dmasim_violation_count(), 2);
		dmasim_load8(p + 64);
		assert_int_equal(dmasim_violation_count_of("cpu-read-stale"), 1);
		dma_cache_sync(dev, p + 64, 64, DMA_FROM_DEVICE);
		dmasim_load8(p + 64);
		dma_cache_sync(dev, p + 64, 5000, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("sync-out-of-range"), 1);
		dma_cache_sync(dev, &p, 8, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("sync-unknown"), 1);
		dma_free_attrs(dev, 5000, p, bus, DMA_ATTR_NON_CONSISTENT);
		end(5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_use_needs_a_hand_over),
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(too_much_is_null),
		cmocka_unit_test(zones_follow_the_mask),
		cmocka_unit_test(no_mask_no_memory),
		cmocka_unit_test(alias_window),
		cmocka_unit_test(cookie),
		cmocka_unit_test(wrong_frees_hurt_nobody),
		cmocka_unit_test(managed_memory_goes_with_the_device),
		cmocka_unit_test(injected_failures),
		cmocka_unit_test(random_blocks),
	};

	return cmocka_run_group_tests_name("dma_coherent", tests, NULL, NULL);
}
