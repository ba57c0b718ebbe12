// SPDX-License-Identifier: MIT
/*
 * DMA operations of one's own: a board whose bridge shows its devices one window of memory, and no more.
 *
 * Platform code for such a board gives each device behind the bridge a table of operations. This one adds two things to
 * the direct operations: what lies outside of the window is refused, and every map is counted, as a trace would. Members
 * that stay NULL are the core's business: lists go piece by piece through map_phys, syncs have nothing to do, the
 * required mask is 32 bit.
 *
 * Whatever the table does, the ownership rules are checked around it: it is never called for an unmap of something
 * that is not mapped.
 */
#include <dmasim/cmocka.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

static struct window {
	phys_addr_t start, end;
	unsigned int maps, unmaps, refused;
} window;

static bool inside(phys_addr_t phys, size_t size)
{
	bool yes = phys >= window.start && size <= window.end - phys && phys < window.end;

	window.refused += !yes;
	return yes;
}

static dma_addr_t window_map(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			     unsigned long attrs)
{
	dma_addr_t addr;

	if (!inside(phys, size))
		return DMA_MAPPING_ERROR;
	addr = dma_direct_ops.map_phys(dev, phys, size, dir, attrs);
	window.maps += addr != DMA_MAPPING_ERROR;
	return addr;
}

static void window_unmap(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	window.unmaps++;
	dma_direct_ops.unmap_phys(dev, addr, size, dir, attrs);
}

static void window_free(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	dma_direct_ops.free(dev, size, cpu, handle, attrs);
}

static void *window_alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	void *cpu = dma_direct_ops.alloc(dev, size, handle, gfp, attrs);

	if (cpu && !inside(dma_to_phys(dev, *handle), size)) {
		window_free(dev, size, cpu, *handle, attrs);
		return NULL;
	}
	return cpu;
}

static const struct dma_map_ops window_ops = {
	.alloc = window_alloc,
	.free = window_free,
	.map_phys = window_map,
	.unmap_phys = window_unmap,
};

/* ---- what the board's probe would do ---- */

static struct device *behind_the_bridge(phys_addr_t start, u64 size)
{
	struct device *dev = dmasim_device_create("eth0");

	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
	window = (struct window){.start = start, .end = start + size};
	set_dma_ops(dev, &window_ops);
	return dev;
}

/* ---- drivers under it ---- */

static void inside_the_window(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	phys_addr_t phys = page_to_phys(page);
	struct device *dev = behind_the_bridge(phys, PAGE_SIZE);
	struct scatterlist list[2];
	dma_addr_t bus;

	(void)state;
	assert_ptr_equal(get_dma_ops(dev), &window_ops);
	bus = dma_map_page(dev, page, 0, 64, DMA_FROM_DEVICE);
	assert_false(dma_mapping_error(dev, bus));
	assert_int_equal(dmasim_device_write(dev, bus, "hello", 5), 0);
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	assert_memory_equal(page_address(page), "hello", 5);
	dma_unmap_page(dev, bus, 64, DMA_FROM_DEVICE);

	sg_init_table(list, 2);
	sg_set_page(&list[0], page, 64, 0);
	sg_set_page(&list[1], page, 64, 128);
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
	assert_int_equal(window.maps, 3);
	assert_int_equal(window.unmaps, 3);
	__free_page(page);
}

static void outside_of_the_window(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct device *dev = behind_the_bridge(page_to_phys(page), 128);
	dma_addr_t bus, handle;

	(void)state;
	bus = dma_map_page(dev, page, 64, 128, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), -ENOMEM);
	assert_null(dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL));
	assert_int_equal(window.refused, 2);
	__free_page(page);
}

/* The driver unmaps twice: reported at its line, and the table hears of one unmap. */
static void wrong_calls_stop_before_it(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct device *dev = behind_the_bridge(page_to_phys(page), PAGE_SIZE);
	dma_addr_t bus = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);

	(void)state;
	assert_false(dma_mapping_error(dev, bus));
	dma_unmap_page(dev, bus, 64, DMA_TO_DEVICE);
	dmasim_expect_violation("double-unmap");
	dma_unmap_page(dev, bus, 64, DMA_TO_DEVICE);
	assert_int_equal(window.unmaps, 1);
	__free_page(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dmasim_unit_test(inside_the_window),
		dmasim_unit_test(outside_of_the_window),
		dmasim_unit_test(wrong_calls_stop_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
