// SPDX-License-Identifier: MIT
/* Masks: which are accepted, and what follows from them, against the formulas of the kernel's direct backend. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include "lib/core/kernel.h"
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

static const char *const machines[] = {
	"pc", "pc,ram=8M", "pc,ram=8G", "worst", "worst,ram=16M", "pc,dma_zone=off", "worst,bus_offset=0x100000000",
};

static u64 last_page(void)
{
	const struct sim_bank *b = &m->hw->cfg.banks[m->hw->cfg.nr_banks - 1];

	return b->base + b->size - 4096;
}

/* Accept: any mask from 32 bits; below, if it covers the lower of the last page and the end of the DMA zone. */
static bool acceptable(u64 mask)
{
	u64 need = last_page();

	if (mask >= 0xffffffff)
		return true;
	if (m->hw->cfg.dma_zone_end && m->hw->cfg.dma_zone_end - 1 < need)
		need = m->hw->cfg.dma_zone_end - 1;
	return mask >= phys_to_dma(dev, need);
}

static void accepted_masks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		begin(machines[i]);
		for (int bits = 1; bits <= 64; bits++) {
			u64 mask = DMA_BIT_MASK(bits), before = *dev->dma_mask, coherent = dev->coherent_dma_mask;
			int expect = acceptable(mask) ? 0 : -EIO;

			assert_int_equal(dma_set_mask(dev, mask), expect);
			assert_true(*dev->dma_mask == (expect ? before : mask));
			assert_true(dma_get_mask(dev) == (expect ? before : mask));
			assert_true(dev->coherent_dma_mask == coherent);
			assert_int_equal(dma_set_coherent_mask(dev, mask), expect);
			assert_true(dev->coherent_dma_mask == (expect ? coherent : mask));
			assert_int_equal(dma_set_mask_and_coherent(dev, mask), expect);
		}
		end(0);
	}
}

static void defaults(void **state)
{
	struct device embedded = {.init_name = "dad1"};

	(void)state;
	begin("pc");
	assert_true(*dev->dma_mask == DMA_BIT_MASK(32));
	assert_true(dev->coherent_dma_mask == DMA_BIT_MASK(32));
	assert_int_equal(dma_get_max_seg_size(dev), 65536);
	assert_true(dma_get_seg_boundary(dev) == ~0UL);
	assert_int_equal(dma_set_max_seg_size(dev, 4096), 0);
	assert_int_equal(dma_get_max_seg_size(dev), 4096);
	assert_int_equal(dma_set_seg_boundary(dev, 0xffff), 0);
	assert_true(dma_get_seg_boundary_nr_pages(dev, 12) == 16);
	assert_int_equal(dma_set_min_align_mask(dev, 4095), 0);
	assert_int_equal(dma_get_min_align_mask(dev), 4095);
	assert_int_equal(dma_get_merge_boundary(dev), 0);
	assert_true(dma_max_mapping_size(dev) == SIZE_MAX && dma_opt_mapping_size(dev) == SIZE_MAX);
	assert_int_equal(dma_get_cache_alignment(), 1);
	assert_true(dma_can_mmap(dev));

	/* a device that no bus has prepared has no place for a mask, until it is coerced */
	assert_int_equal(dma_set_mask(&embedded, DMA_BIT_MASK(32)), -EIO);
	assert_int_equal(dma_set_max_seg_size(&embedded, 4096), -EIO);
	assert_true(dma_get_mask(&embedded) == DMA_BIT_MASK(32));
	assert_int_equal(dma_coerce_mask_and_coherent(&embedded, DMA_BIT_MASK(40)), 0);
	assert_ptr_equal(embedded.dma_mask, &embedded.coherent_dma_mask);
	assert_true(dma_get_mask(&embedded) == DMA_BIT_MASK(40));
	end(0);
}

static void required_mask(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		begin(machines[i]);
		u64 top = phys_to_dma(dev, last_page()), mask = 1;

		while (mask < top)
			mask = mask * 2 + 1;
		assert_true(dma_get_required_mask(dev) == mask);
		assert_int_equal(dma_addressing_limited(dev), DMA_BIT_MASK(32) < mask);
		assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(64)), 0);
		assert_false(dma_addressing_limited(dev));
		dev->bus_dma_limit = mask / 2;
		assert_true(dma_addressing_limited(dev));
		end(0);
	}
}

static void offsets(void **state)
{
	struct device embedded = {.init_name = "dad1"};

	(void)state;
	begin("pc");
	assert_int_equal(dma_direct_set_offset(&embedded, 0x1000, 0x1000, 0x1000), 0);
	assert_null(embedded.dma_range_map);
	assert_int_equal(dma_direct_set_offset(&embedded, 0x100000, 0x40000000, 0x100000), 0);
	assert_int_equal(dma_direct_set_offset(&embedded, 0x100000, 0x40000000, 0x100000), -EINVAL);
	assert_true(phys_to_dma(&embedded, 0x1fffff) == 0x400fffff);
	assert_true(phys_to_dma(&embedded, 0x200000) == DMA_MAPPING_ERROR);
	assert_true(phys_to_dma(&embedded, 0xfffff) == DMA_MAPPING_ERROR);
	assert_true(dma_to_phys(&embedded, 0x40000000) == 0x100000);
	assert_true(dma_to_phys(&embedded, 0x40100000) == ~0ULL);
	end(0);
}

static void injected_failures(void **state)
{
	static const char *const names[] = {"dma_set_mask", "dma_set_coherent_mask", "dma_set_mask_and_coherent"};
	static int (*const setters[])(struct device *, u64) = {dma_set_mask, dma_set_coherent_mask,
							       dma_set_mask_and_coherent};

	(void)state;
	begin("worst");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dmasim_fail_call(names[i], 1), 0);
		assert_int_equal(setters[i](dev, DMA_BIT_MASK(64)), -EIO);
		assert_true(*dev->dma_mask == DMA_BIT_MASK(32) && dev->coherent_dma_mask == DMA_BIT_MASK(32));
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(setters[i](dev, DMA_BIT_MASK(32)), 0);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_masks), cmocka_unit_test(defaults),	       cmocka_unit_test(required_mask),
		cmocka_unit_test(offsets),	  cmocka_unit_test(injected_failures),
	};

	return cmocka_run_group_tests_name("dma_mask", tests, NULL, NULL);
}
