// SPDX-License-Identifier: MIT
/* Reserved address space: never granted by a machine, granted by operations of the device's own, and its bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-map-ops.h>
#include <linux/slab.h>
#include "tests/unit/dma_fixture.h"

static int links, unlinks, syncs, frees;

static bool grant(struct device *d, struct dma_iova_state *state, phys_addr_t phys, size_t size)
{
	(void)d;
	if (size > 1 << 20)
		return false;
	*state = (struct dma_iova_state){.addr = 0x40000000 + (phys & 4095), .__size = size};
	return true;
}

static int link_range(struct device *d, struct dma_iova_state *state, phys_addr_t phys, size_t offset, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	(void)d, (void)phys, (void)dir, (void)attrs;
	assert_true(offset + size <= dma_iova_size(state));
	links++;
	return 0;
}

static int sync_range(struct device *d, struct dma_iova_state *state, size_t offset, size_t size)
{
	(void)d, (void)state, (void)offset, (void)size;
	syncs++;
	return 0;
}

static void unlink_some(struct device *d, struct dma_iova_state *state, size_t offset, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	(void)d, (void)state, (void)offset, (void)size, (void)dir, (void)attrs;
	unlinks++;
}

static void free_it(struct device *d, struct dma_iova_state *state)
{
	(void)d;
	assert_true(dma_use_iova(state));
	frees++;
}

static const struct dma_map_ops granting = {
	.iova_alloc = grant,
	.iova_link = link_range,
	.iova_sync = sync_range,
	.iova_unlink = unlink_some,
	.iova_free = free_it,
};

static void never_by_machines(void **state)
{
	static const char *const machines[] = {"pc", "worst"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct dma_iova_state iova = {1, 1};

		begin(machines[i]);
		assert_false(dma_iova_try_alloc(dev, &iova, 0x1000, 4096));
		assert_false(dma_use_iova(&iova));
		assert_true(dma_need_unmap(dev));
		end(0);
	}
}

static void ranges(void **state)
{
	struct dma_iova_state iova;

	(void)state;
	begin("pc");
	links = unlinks = syncs = frees = 0;
	set_dma_ops(dev, &granting);
	assert_false(dma_iova_try_alloc(dev, &iova, 0x1000, 2 << 20));
	assert_true(dma_iova_try_alloc(dev, &iova, 0x1234, 8192));
	assert_true(iova.addr == 0x40000234);
	assert_int_equal(dma_iova_link(dev, &iova, 0x1234, 0, 4096, DMA_TO_DEVICE, 0), 0);
	assert_int_equal(dma_iova_link(dev, &iova, 0x8000, 4096, 4096, DMA_TO_DEVICE, 0), 0);
	assert_int_equal(dma_iova_sync(dev, &iova, 0, 8192), 0);
	assert_int_equal(dmasim_violation_count(), 0);
	assert_int_equal(dma_iova_link(dev, &iova, 0x8000, 4097, 4096, DMA_TO_DEVICE, 0), -EIO);
	assert_int_equal(dma_iova_link(dev, &iova, 0x8000, 4096, ~0UL, DMA_TO_DEVICE, 0), -EIO);
	assert_int_equal(dma_iova_sync(dev, &iova, 8193, 0), -EIO);
	dma_iova_unlink(dev, &iova, 8192, 1, DMA_TO_DEVICE, 0);
	assert_int_equal(dmasim_violation_count_of("iova-outside-reservation"), 4);
	assert_int_equal(links, 2);
	assert_int_equal(unlinks, 0);
	dma_iova_destroy(dev, &iova, 8192, DMA_TO_DEVICE, 0);
	assert_true(syncs == 1 && unlinks == 1 && frees == 1 && !dma_use_iova(&iova));
	dma_iova_free(dev, &iova); /* twice */
	assert_int_equal(dmasim_violation_count_of("iova-outside-reservation"), 5);
	assert_int_equal(dma_iova_link(dev, &iova, 0, 0, 1, DMA_NONE, 0), -EINVAL);
	set_dma_ops(dev, NULL);
	end(6);
}

static void failures(void **state)
{
	struct dma_iova_state iova;

	(void)state;
	begin("pc");
	set_dma_ops(dev, &granting);
	assert_int_equal(dmasim_fail_call("dma_iova_try_alloc", 1), 0);
	assert_false(dma_iova_try_alloc(dev, &iova, 0x1000, 4096));
	assert_true(dma_iova_try_alloc(dev, &iova, 0x1000, 4096));
	assert_int_equal(dmasim_fail_call("dma_iova_link", 1), 0);
	assert_int_equal(dma_iova_link(dev, &iova, 0x1000, 0, 4096, DMA_TO_DEVICE, 0), -ENOMEM);
	assert_int_equal(dmasim_fail_call("dma_iova_sync", 1), 0);
	assert_int_equal(dma_iova_sync(dev, &iova, 0, 4096), -ENOMEM);
	dma_iova_free(dev, &iova);
	set_dma_ops(dev, NULL);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_by_machines),
		cmocka_unit_test(ranges),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests_name("dma_iova", tests, NULL, NULL);
}
