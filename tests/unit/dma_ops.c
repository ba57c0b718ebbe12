// SPDX-License-Identifier: MIT
/* Whose operations serve a device: tables by name, bypass, cache maintenance in its place, tables called with anything. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "tests/unit/dma_fixture.h"

static struct dmasim_dma_stats stats(void)
{
	struct dmasim_dma_stats s;

	dmasim_dma_stats(&s);
	return s;
}

static void tables_by_name(void **state)
{
	static const struct {
		const char *spec;
		const struct dma_map_ops *ops;
		bool coherent;
	} names[] = {
		{"pc", &dma_direct_ops, true},
		{"pc,dma_ops=direct", &dma_direct_ops, true},
		{"pc,dma_ops=arm", &arm_dma_ops, false},
		{"pc,dma_ops=arm-coherent", &arm_coherent_dma_ops, true},
		{"pc,dma_ops=arm64", &noncoherent_swiotlb_dma_ops, false},
		{"pc,dma_ops=arm64-coherent", &coherent_swiotlb_dma_ops, true},
		{"pc,dma_ops=iommu", &iommu_ops, false},
		{"pc,dma_ops=iommu-coherent", &iommu_coherent_ops, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		begin(names[i].spec);
		assert_ptr_equal(get_dma_ops(dev), names[i].ops);
		assert_ptr_equal(get_arch_dma_ops(), names[i].ops);
		assert_int_equal(dev_is_dma_coherent(dev), names[i].coherent);
		end(0);
	}
	begin("pc");
	arch_setup_dma_ops(dev, 0, 0, NULL, false);
	assert_ptr_equal(get_dma_ops(dev), &arm_dma_ops);
	arch_setup_dma_ops(dev, 0, 0, NULL, true); /* keeps what it has */
	assert_ptr_equal(get_dma_ops(dev), &arm_dma_ops);
	arch_teardown_dma_ops(dev);
	assert_ptr_equal(get_dma_ops(dev), &dma_direct_ops);
	arch_setup_dma_ops(dev, 0, 0, (const struct iommu_ops *)dev, true);
	assert_ptr_equal(get_dma_ops(dev), &iommu_coherent_ops);
	end(0);
}

static void no_iommu_here(void **state)
{
	struct scatterlist sg[1];
	struct page *page;
	dma_addr_t handle;

	(void)state;
	begin("pc,dma_ops=iommu");
	page = alloc_page(GFP_KERNEL);
	assert_int_equal(dma_mapping_error(dev, dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE)), -ENOMEM);
	assert_string_equal(dmasim_last_error(),
			    "dad0: this machine has no IOMMU: nothing can be mapped by iommu_ops or "
			    "iommu_coherent_ops");
	sg_init_table(sg, 1);
	sg_set_page(sg, page, 64, 0);
	assert_int_equal(dma_map_sg(dev, sg, 1, DMA_TO_DEVICE), 0);
	assert_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	__free_page(page);
	end(0);
}

/* Maintenance has nothing to do here, but its calls are those of a machine that is not coherent, where they belong. */
static void maintenance_is_counted(void **state)
{
	struct dmasim_dma_stats s;
	struct scatterlist sg[2];
	struct page *page;
	dma_addr_t bus;
	u64 before;

	(void)state;
	begin("worst,dma_ops=arm");
	page = alloc_pages(GFP_KERNEL, 1);
	before = stats().caches_for_device;
	bus = dma_map_page(dev, page, 0, 64, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	dma_sync_single_for_device(dev, bus, 64, DMA_FROM_DEVICE);
	dma_unmap_page(dev, bus, 64, DMA_FROM_DEVICE);
	s = stats();
	assert_int_equal(s.caches_for_device, before + 2);
	assert_int_equal(s.caches_for_cpu, 2);
	bus = dma_map_page_attrs(dev, page, 0, 64, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_page_attrs(dev, bus, 64, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(stats().caches_for_device, before + 2);
	sg_init_table(sg, 2);
	sg_set_page(&sg[0], page, 64, 0);
	sg_set_page(&sg[1], page + 1, 64, 0);
	assert_int_equal(dma_map_sg(dev, sg, 2, DMA_BIDIRECTIONAL), 2);
	dma_sync_sg_for_cpu(dev, sg, 2, DMA_BIDIRECTIONAL);
	dma_sync_sg_for_device(dev, sg, 2, DMA_BIDIRECTIONAL);
	dma_unmap_sg(dev, sg, 2, DMA_BIDIRECTIONAL);
	s = stats();
	assert_int_equal(s.caches_for_device, before + 6);
	assert_int_equal(s.caches_for_cpu, 6);
	/* What would need maintenance, and may not have it. */
	bus = dma_map_page_attrs(dev, page, 0, 64, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT);
	assert_int_equal(dma_mapping_error(dev, bus), -ENOMEM);
	assert_int_equal(dma_map_sg_attrs(dev, sg, 2, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT), 0);
	set_dma_ops(dev, &arm_coherent_dma_ops);
	bus = dma_map_page_attrs(dev, page, 0, 64, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_page_attrs(dev, bus, 64, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT);
	arch_sync_dma_for_device(0, 64, DMA_TO_DEVICE);
	arch_sync_dma_for_cpu(0, 64, DMA_FROM_DEVICE);
	arch_dma_prep_coherent(page, 64);
	assert_int_equal(stats().caches_for_device, s.caches_for_device + 1);
	assert_int_equal(stats().caches_for_cpu, s.caches_for_cpu + 1);
	assert_int_equal(stats().caches_prepared, s.caches_prepared + 1);
	__free_pages(page, 1);
	end(0);
}

/* Operations as kernels before 5.0 had them: resources apart, an error value of their own. */
static unsigned int resources;

static dma_addr_t old_map_page(struct device *d, struct page *page, unsigned long offset, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	return offset ? 0 : dma_direct_ops.map_phys(d, page_to_phys(page), size, dir, attrs);
}

static dma_addr_t old_map_resource(struct device *d, phys_addr_t phys, size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	resources++;
	return dma_direct_ops.map_phys(d, phys, size, dir, attrs | DMA_ATTR_MMIO);
}

static void old_unmap_resource(struct device *d, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	(void)d;
	(void)addr;
	(void)size;
	(void)dir;
	(void)attrs;
	resources--;
}

static int old_mapping_error(struct device *d, dma_addr_t addr)
{
	(void)d;
	return addr == 0;
}

static void members_of_old_tables(void **state)
{
	static const struct dma_map_ops old = {
		.map_page = old_map_page,
		.map_resource = old_map_resource,
		.unmap_resource = old_unmap_resource,
		.mapping_error = old_mapping_error,
	};
	static const struct dma_map_ops nothing;
	struct page *page;
	dma_addr_t bus, handle;

	(void)state;
	begin("pc");
	page = alloc_page(GFP_KERNEL);
	set_dma_ops(dev, &old);
	bus = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_page(dev, bus, 64, DMA_TO_DEVICE);
	assert_true(dma_map_page(dev, page, 64, 64, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
	bus = dma_map_resource(dev, 0xe0000000, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(resources, 1);
	dma_unmap_resource(dev, bus, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(resources, 0);
	/* Of a table without any member all fails, and nothing crashes. */
	set_dma_ops(dev, &nothing);
	assert_int_equal(dma_mapping_error(dev, dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE)), -ENOMEM);
	assert_int_equal(dma_mapping_error(dev, dma_map_resource(dev, 0xe0000000, 64, DMA_TO_DEVICE, 0)), -ENOMEM);
	assert_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(32)), 0);
	__free_page(page);
	end(0);
}

static void bypass(void **state)
{
	dma_addr_t bus;
	struct page *page;

	(void)state;
	begin("pc");
	page = alloc_page(GFP_KERNEL);
	set_dma_ops(dev, &iommu_ops);
	dev->dma_ops_bypass = true;
	bus = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_page(dev, bus, 64, DMA_TO_DEVICE);
	/* The identity of the table does not change with that. */
	assert_ptr_equal(get_dma_ops(dev), &iommu_ops);
	assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(26)), 0);
	bus = dma_map_page(dev, page, 0, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), -ENOMEM);
	dev->dma_ops_bypass = false;
	__free_page(page);
	end(0);
}

/* Every table survives what it is called with. */
static void tables_called_badly(void **state)
{
	static const struct dma_map_ops *const tables[] = {
		&dma_direct_ops,	   &arm_dma_ops, &arm_coherent_dma_ops, &noncoherent_swiotlb_dma_ops,
		&coherent_swiotlb_dma_ops, &iommu_ops,	 &iommu_coherent_ops};
	dma_addr_t handle = 0;

	(void)state;
	begin("worst,cma=4M");
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		const struct dma_map_ops *t = tables[i];

		for (int null = 0; null < 2; null++) {
			struct device *d = null ? NULL : dev;

			assert_null(t->alloc(d, 0, &handle, GFP_KERNEL, 0));
			assert_null(t->alloc(d, SIZE_MAX, &handle, GFP_KERNEL, 0));
			assert_null(t->alloc(d, 64, NULL, GFP_KERNEL, 0));
			if (t->free) {
				t->free(d, 64, NULL, 0, 0);
				t->free(d, 0, dev, handle, 0);
				t->free(d, 64, (void *)1, ~0ULL, ~0UL);
			}
			assert_true(t->map_phys(d, ~0ULL, ~0UL, DMA_NONE, 0) == DMA_MAPPING_ERROR);
			assert_true(t->map_phys(d, 0, 0, DMA_NONE, 0) == DMA_MAPPING_ERROR);
			if (t->unmap_phys)
				t->unmap_phys(d, ~0ULL, 5, DMA_NONE, 0);
			assert_true(t->map_sg(d, NULL, 1, DMA_NONE, 0) <= 0);
			if (t->sync_single_for_cpu) {
				t->sync_single_for_cpu(d, ~0ULL, 5, DMA_NONE);
				t->sync_single_for_device(d, ~0ULL, 5, DMA_NONE);
				t->sync_sg_for_cpu(d, NULL, 3, DMA_NONE);
				t->sync_sg_for_device(d, NULL, 3, DMA_NONE);
			}
			if (t->dma_supported) {
				t->dma_supported(d, 0);
				t->get_required_mask(d);
			}
		}
	}
	dmasim_violations_clear();
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_by_name),
		cmocka_unit_test(no_iommu_here),
		cmocka_unit_test(maintenance_is_counted),
		cmocka_unit_test(members_of_old_tables),
		cmocka_unit_test(bypass),
		cmocka_unit_test(tables_called_badly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
