/* SPDX-License-Identifier: MIT */
/* Code that a kernel warns of in any configuration: the C rows of the table in docs/dma-debug.md, for dma_debug.c. */
#ifndef TESTS_UNIT_DMA_DEBUG_ALWAYS_H
#define TESTS_UNIT_DMA_DEBUG_ALWAYS_H

#include "tests/unit/dma_debug_fixture.h"

static dma_addr_t left; /* what is left behind, or of no use */

static void c1(void)
{
	left = dma_map_single(dev, buf, 64, DMA_NONE);
}

static void c2(void)
{
	u64 *mask = dev->dma_mask;

	dev->dma_mask = NULL;
	left = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	dev->dma_mask = mask;
}

static void c3(void)
{
	dma_addr_t bus;

	dev->coherent_dma_mask = 0;
	dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
}

static void c6(void)
{
	dma_addr_t bus;
	void *cpu = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);
	unsigned long flags;

	local_irq_save(flags);
	dma_free_coherent(dev, 4096, cpu, bus);
	local_irq_restore(flags);
}

static void c8(void)
{
	u64 limit = dev->bus_dma_limit;

	dev->bus_dma_limit = 0xfff;
	for (unsigned int i = 0; i < 2; i++) /* said once */
		assert_int_equal(dma_mapping_error(dev, dma_map_single(dev, buf, 64, DMA_TO_DEVICE)), -ENOMEM);
	dev->bus_dma_limit = limit;
}

static struct dma_pool *pool;
static dma_addr_t block_bus;

static void *block(void)
{
	pool = dma_pool_create("descs", dev, 64, 64, 0);
	assert_non_null(pool);
	return dma_pool_alloc(pool, GFP_KERNEL, &block_bus);
}

static void c15_bad_dma(void)
{
	void *p = block();

	dma_pool_free(pool, p, block_bus + 0x100000);
	dma_pool_destroy(pool);
}

static void c15_bad_vaddr(void)
{
	char *p = block();

	dma_pool_free(pool, p + 32, block_bus);
	dma_pool_destroy(pool);
}

static void c15_twice(void)
{
	void *p = block();

	dma_pool_free(pool, p, block_bus);
	dma_pool_free(pool, p, block_bus);
	dma_pool_destroy(pool);
}

static void c15_busy(void)
{
	block();
	dma_pool_destroy(pool);
}

static void c15_corrupted(void)
{
	char *p = block();

	dma_pool_free(pool, p, block_bus);
	*(volatile char *)p = 1;
	/* a block that rests is not handed out at once */
	for (unsigned int i = 0; i < 500 && !dmasim_log_contains("corrupted"); i++) {
		dma_addr_t bus;
		void *other = dma_pool_alloc(pool, GFP_KERNEL, &bus);

		dma_pool_free(pool, other, bus);
	}
	dma_pool_destroy(pool);
}

static void c16(void)
{
	dma_addr_t bus;
	void *p = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);

	dmam_free_coherent(dev, 4096, p, bus);
}

static void c7(void)
{
	/* an entry of no bytes is no such thing */
	two()->length = 0;
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 0);
	assert_false(dmasim_log_contains("WARNING"));
	assert_int_equal(dma_map_sg(dev, two(), 0, DMA_TO_DEVICE), 0);
	assert_int_equal(dma_map_sg(dev, list, -1, DMA_TO_DEVICE), 0); /* said once */
}

static void c4(void)
{
	dma_addr_t bus;

	for (int i = 0; i < 2; i++) /* once a boot */
		assert_null(dma_alloc_pages(dev, 64, &bus, DMA_TO_DEVICE, GFP_KERNEL | __GFP_DMA32));
}

static void c5(void)
{
	for (int i = 0; i < 2; i++)
		assert_null(dma_alloc_noncontiguous(dev, 64, DMA_TO_DEVICE, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE));
}

/* ---- wrong code for bounce buffers and arm: on the machine of the row only ---- */

static void c9_large(void)
{
	void *p = kmalloc(300000, GFP_KERNEL);

	assert_non_null(p);
	assert_int_equal(dma_mapping_error(dev, dma_map_single(dev, p, 300000, DMA_TO_DEVICE)), -ENOMEM);
	kfree(p);
}

static void c9_full(void)
{
	char *p = kmalloc(256 << 10, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, p, 256 << 10, DMA_TO_DEVICE);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(dma_mapping_error(dev, dma_map_single(dev, buf, 2100, DMA_TO_DEVICE)), -ENOMEM);
	dma_unmap_single(dev, bus, 256 << 10, DMA_TO_DEVICE);
	kfree(p);
}

/* Below the API, as backends of their own call it. */
static void c9_none(void)
{
	assert_true(swiotlb_tbl_map_single(dev, virt_to_phys(buf), 64, 64, 0, DMA_TO_DEVICE, 0) ==
		    (phys_addr_t)DMA_MAPPING_ERROR);
}

static void c9_sizes(void)
{
	for (unsigned int i = 0; i < 2; i++) /* said once */
		assert_true(swiotlb_tbl_map_single(dev, virt_to_phys(buf), 128, 64, 0, DMA_TO_DEVICE, 0) ==
			    (phys_addr_t)DMA_MAPPING_ERROR);
}

static void c10_before(void)
{
	dma_addr_t bus;

	dma_set_min_align_mask(dev, 4095);
	bus = dma_map_single(dev, buf + 512, 1500, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	for (unsigned int i = 0; i < 2; i++) /* said once */
		dma_sync_single_for_cpu(dev, bus - 112, 100, DMA_FROM_DEVICE);
	dma_sync_single_for_device(dev, bus - 112, 100, DMA_FROM_DEVICE); /* copies nothing */
	dma_unmap_single(dev, bus, 1500, DMA_FROM_DEVICE);
}

static void c10_beyond(void)
{
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	dma_sync_single_for_cpu(dev, bus + 1600, 32, DMA_TO_DEVICE); /* copies nothing */
	dma_sync_single_for_device(dev, bus + 1600, 32, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
}

/* Of a mapping of several slots the slot counts. */
static void c10_beyond_later(void)
{
	dma_addr_t bus = mapped(3000, DMA_BIDIRECTIONAL);

	dma_sync_single_for_cpu(dev, bus + 3100, 32, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, bus, 3000, DMA_BIDIRECTIONAL);
}

static void c10_sync(void)
{
	dma_addr_t bus = mapped(3000, DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, bus + 2900, 200, DMA_FROM_DEVICE);
	dma_unmap_single(dev, bus, 3000, DMA_FROM_DEVICE);
}

static void c10_unmap(void)
{
	dma_unmap_single(dev, mapped(1500, DMA_FROM_DEVICE), 1600, DMA_FROM_DEVICE);
}

static void c13_exhausted(void)
{
	dma_addr_t bus;

	assert_null(dma_alloc_attrs(dev, 8 << 20, &bus, GFP_ATOMIC, DMA_ATTR_NO_WARN));
	assert_false(dmasim_log_contains("exhausted"));
	assert_null(dma_alloc_coherent(dev, 8 << 20, &bus, GFP_ATOMIC));
}

/* All memory is gone before the pools were made. */
static void c13_none(void)
{
	static struct page *held[65536];
	unsigned int n = 0;
	dma_addr_t bus;

	while (n < 65536 && (held[n] = alloc_page(GFP_ATOMIC | __GFP_NOWARN)))
		n++;
	assert_null(dma_alloc_coherent(dev, 4096, &bus, GFP_ATOMIC));
	while (n-- > 0)
		__free_page(held[n]);
}

static void c14_big(void)
{
	dma_addr_t bus;

	assert_int_equal(dma_set_coherent_mask(dev, DMA_BIT_MASK(24)), 0);
	assert_null(dma_alloc_coherent(dev, 16 << 20, &bus, GFP_KERNEL));
}

static void c14_invalid(void)
{
	arm_dma_ops.free(dev, 64, buf, 0, 0);
}

#endif
