// SPDX-License-Identifier: MIT
/* Where coherent memory comes from: arm's choice of allocators, areas, atomic pools, declared memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <dmasim/log.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include "lib/check/tracker.h"
#include "lib/core/kernel.h"
#include "lib/dma/memory.h"
#include "lib/mm/internal.h"
#include "tests/unit/dma_fixture.h"

static struct dmasim_dma_stats stats(void)
{
	struct dmasim_dma_stats s;

	mm_check(m);
	dma_atomic_check(m);
	dmasim_dma_stats(&s);
	return s;
}

/* Memory works for both sides, whichever way it came. */
static void works(void *cpu, dma_addr_t handle, size_t size)
{
	uint8_t *p = cpu, byte;

	for (size_t i = 0; i < size; i++)
		assert_int_equal(p[i], 0);
	p[size - 1] = 0x5a;
	assert_int_equal(dmasim_device_read(dev, handle + size - 1, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
	byte = 0xa5;
	assert_int_equal(dmasim_device_write(dev, handle, &byte, 1), 0);
	assert_int_equal(dmasim_load8(p), 0xa5);
}

/* ---- the choice ---- */

static const struct choice {
	const char *spec;
	gfp_t gfp;
	enum dmasim_allocator small, big; /* 100 bytes, 5 pages */
} choices[] = {
	{"dma_ops=direct", GFP_KERNEL, DMASIM_ALLOCATOR_PAGES, DMASIM_ALLOCATOR_PAGES},
	{"dma_ops=direct,cma=16M", GFP_KERNEL, DMASIM_ALLOCATOR_PAGES, DMASIM_ALLOCATOR_CMA},
	{"dma_ops=direct,cma=16M", GFP_ATOMIC, DMASIM_ALLOCATOR_PAGES, DMASIM_ALLOCATOR_PAGES},
	{"dma_ops=arm", GFP_KERNEL, DMASIM_ALLOCATOR_REMAP, DMASIM_ALLOCATOR_REMAP},
	{"dma_ops=arm", GFP_ATOMIC, DMASIM_ALLOCATOR_POOL, DMASIM_ALLOCATOR_POOL},
	{"dma_ops=arm,cma=16M", GFP_KERNEL, DMASIM_ALLOCATOR_CMA, DMASIM_ALLOCATOR_CMA},
	{"dma_ops=arm,cma=16M", GFP_ATOMIC, DMASIM_ALLOCATOR_POOL, DMASIM_ALLOCATOR_POOL},
	{"dma_ops=arm-coherent", GFP_KERNEL, DMASIM_ALLOCATOR_SIMPLE, DMASIM_ALLOCATOR_SIMPLE},
	{"dma_ops=arm-coherent", GFP_ATOMIC, DMASIM_ALLOCATOR_SIMPLE, DMASIM_ALLOCATOR_SIMPLE},
	{"dma_ops=arm-coherent,cma=16M", GFP_KERNEL, DMASIM_ALLOCATOR_CMA, DMASIM_ALLOCATOR_CMA},
	{"dma_ops=arm64", GFP_KERNEL, DMASIM_ALLOCATOR_REMAP, DMASIM_ALLOCATOR_REMAP},
	{"dma_ops=arm64,cma=16M", GFP_KERNEL, DMASIM_ALLOCATOR_REMAP, DMASIM_ALLOCATOR_CMA},
	{"dma_ops=arm64", GFP_NOWAIT, DMASIM_ALLOCATOR_POOL, DMASIM_ALLOCATOR_POOL},
	{"dma_ops=arm64-coherent", GFP_NOWAIT, DMASIM_ALLOCATOR_SIMPLE, DMASIM_ALLOCATOR_SIMPLE},
};

static void every_choice(void **state)
{
	static const char *const presets[] = {"pc", "worst"};
	static const unsigned long attrs[] = {0,
					      DMA_ATTR_NO_KERNEL_MAPPING,
					      DMA_ATTR_WRITE_COMBINE,
					      DMA_ATTR_FORCE_CONTIGUOUS,
					      DMA_ATTR_ALLOC_SINGLE_PAGES,
					      DMA_ATTR_WEAK_ORDERING | DMA_ATTR_PRIVILEGED | DMA_ATTR_NO_WARN};
	char spec[160];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(choices) / sizeof(*choices); i++) {
		const struct choice *c = &choices[i / 2];

		snprintf(spec, sizeof(spec), "%s,%s", presets[i % 2], c->spec);
		begin(spec);
		for (size_t a = 0; a < sizeof(attrs) / sizeof(*attrs); a++)
			for (int big = 0; big < 2; big++) {
				size_t size = big ? 5 * PAGE_SIZE : 100;
				dma_addr_t handle;
				void *p = dma_alloc_attrs(dev, size, &handle, c->gfp, attrs[a]);
				enum dmasim_allocator got = dmasim_allocator_of(p);

				assert_non_null(p);
				if (got != (big ? c->big : c->small))
					print_error("%s: %s\n", spec, dmasim_allocator_name(got));
				assert_int_equal(got, big ? c->big : c->small);
				assert_int_equal(handle % (big ? 8 * PAGE_SIZE : PAGE_SIZE), 0);
				if (!(attrs[a] & DMA_ATTR_NO_KERNEL_MAPPING))
					works(p, handle, size);
				stats();
				dma_free_attrs(dev, size, p, handle, attrs[a]);
				assert_int_equal(dmasim_allocator_of(p), DMASIM_ALLOCATOR_NONE);
			}
		assert_int_equal(stats().cma_used, 0);
		assert_int_equal(stats().pool_used, 0);
		end(0);
	}
}

/* A remapped pointer is none that virt_to_page() or a mapping understands: the same reports as on other machines. */
static void remapped_pointers(void **state)
{
	dma_addr_t handle, bus;
	void *p;

	(void)state;
	begin("worst,dma_ops=arm");
	p = dma_alloc_coherent(dev, PAGE_SIZE, &handle, GFP_KERNEL);
	assert_true(is_vmalloc_addr(p));
	assert_false(virt_addr_valid(p));
	assert_int_equal(page_to_phys(vmalloc_to_page(p)), dma_to_phys(dev, handle));
	virt_to_page(p);
	assert_int_equal(dmasim_violation_count_of("address-not-linear"), 1);
	bus = dma_map_single(dev, p, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(dmasim_violation_count_of("coherent-streaming-mix"), 1);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
	/* Freed by the wrong handle: found by its CPU address. */
	dma_free_coherent(dev, PAGE_SIZE, p, handle + 64);
	assert_int_equal(dmasim_violation_count_of("coherent-free-mismatch"), 1);
	end(3);
}

static void too_big_for_arm(void **state)
{
	dma_addr_t handle;

	(void)state;
	begin("pc,dma_ops=arm");
	assert_int_equal(dma_set_coherent_mask(dev, DMA_BIT_MASK(24)), 0);
	assert_null(dma_alloc_coherent(dev, 16 << 20, &handle, GFP_KERNEL));
	assert_true(dmasim_log_contains("coherent allocation too big (requested 0x1000000 mask 0xffffff)"));
	dma_free_attrs(dev, 64, NULL, 0, 0);
	arm_dma_ops.free(dev, 64, dev, 0, 0);
	assert_true(dmasim_log_contains("Freeing invalid buffer "));
	end(0);
}

/* Operations may change while memory lives: it goes back where it came from. */
static void changed_operations(void **state)
{
	static const struct dma_map_ops *const tables[] = {&dma_direct_ops, &arm_dma_ops, &arm_coherent_dma_ops,
							   &noncoherent_swiotlb_dma_ops, &coherent_swiotlb_dma_ops};
	dma_addr_t handle;
	u64 before;
	void *p;

	(void)state;
	begin("pc,cma=4M");
	before = mm_free_page_count(m);
	for (size_t i = 0; i < 25; i++) {
		set_dma_ops(dev, tables[i / 5]);
		p = dma_alloc_coherent(dev, 3 * PAGE_SIZE, &handle, GFP_KERNEL);
		assert_non_null(p);
		set_dma_ops(dev, tables[i % 5]);
		dma_free_coherent(dev, 3 * PAGE_SIZE, p, handle);
		assert_int_equal(mm_free_page_count(m), before);
		assert_int_equal(stats().cma_used, 0);
	}
	end(0);
}

/* ---- areas ---- */

static void area_is_placed(void **state)
{
	struct cma *area;
	struct page *page;

	(void)state;
	begin("pc,cma=16M");
	assert_int_equal(stats().cma_size, 16 << 20);
	area = dev_get_cma_area(dev);
	assert_non_null(area);
	assert_ptr_equal(area, dev_get_cma_area(NULL));
	page = dma_alloc_from_contiguous(dev, 3, 2, false);
	assert_true(page_to_phys(page) >= (240 << 20) && page_to_phys(page) < (256 << 20));
	assert_true(dma_release_from_contiguous(dev, page, 3));
	end(0);
	begin("pc,cma=8M@0x4000000");
	page = dma_alloc_from_contiguous(dev, 1, 0, false);
	assert_int_equal(page_to_phys(page), 0x4000000);
	assert_true(dma_release_from_contiguous(dev, page, 1));
	end(0);
	assert_null(dmasim_machine_create("pc,cma=512M"));
	assert_null(dmasim_machine_create("pc,cma=3M"));
	assert_null(dmasim_machine_create("pc,cma=4M@0xf0000000"));
	assert_null(dmasim_machine_create("pc,cma=4M@4096"));
}

static void area_fills_up(void **state)
{
	struct page *page, *runs[4];
	dma_addr_t handle;
	void *p;

	(void)state;
	begin("worst,cma=4M");
	for (int i = 0; i < 4; i++) {
		runs[i] = dma_alloc_from_contiguous(dev, 256, 9, false);
		assert_non_null(runs[i]);
		assert_int_equal(page_to_phys(runs[i]) & 0xfffff, 0);
	}
	assert_null(dma_alloc_from_contiguous(dev, 1, 0, true));
	assert_false(dmasim_log_contains("cma"));
	assert_null(dma_alloc_from_contiguous(dev, 1, 0, false));
	assert_true(dmasim_log_contains("cma: no run of 1 pages is free"));
	assert_null(dma_alloc_from_contiguous(dev, 0, 0, false));
	assert_null(dma_alloc_from_contiguous(dev, SIZE_MAX, 0, false));
	/* Whoever can do with pages gets them; arm cannot. */
	p = dma_alloc_coherent(dev, 2 * PAGE_SIZE, &handle, GFP_KERNEL);
	assert_int_equal(dmasim_allocator_of(p), DMASIM_ALLOCATOR_PAGES);
	dma_free_coherent(dev, 2 * PAGE_SIZE, p, handle);
	set_dma_ops(dev, &arm_dma_ops);
	assert_null(dma_alloc_coherent(dev, 2 * PAGE_SIZE, &handle, GFP_KERNEL));
	set_dma_ops(dev, NULL);
	assert_null(dma_alloc_contiguous(dev, 2 * PAGE_SIZE, GFP_KERNEL));
	page = alloc_pages(GFP_KERNEL, 1);
	dma_free_contiguous(dev, page, 2 * PAGE_SIZE);
	for (int i = 0; i < 4; i++)
		assert_true(dma_release_from_contiguous(dev, runs[i], 256));
	assert_int_equal(stats().cma_used, 0);
	assert_int_equal(stats().cma_peak, 4 << 20);
	page = dma_alloc_contiguous(dev, 4 << 20, GFP_KERNEL);
	assert_non_null(page);
	dma_free_contiguous(dev, page, 4 << 20);
	assert_null(dma_alloc_contiguous(dev, 4 << 20, GFP_ATOMIC));
	end(0);
}

static void wrong_release(void **state)
{
	struct page *page, *other;

	(void)state;
	begin("worst,cma=4M");
	page = dma_alloc_from_contiguous(dev, 8, 3, false);
	other = alloc_page(GFP_KERNEL);
	assert_false(dma_release_from_contiguous(dev, other, 1));
	assert_false(dma_release_from_contiguous(dev, NULL, 1));
	assert_false(dma_release_from_contiguous(dev, page, 0));
	assert_false(dma_release_from_contiguous(dev, page, -1));
	assert_true(dma_release_from_contiguous(dev, page + 1, 1));
	assert_int_equal(dmasim_violation_count_of("invalid-free"), 1);
	__free_pages(page, 3);
	assert_int_equal(dmasim_violation_count_of("invalid-free"), 2);
	assert_true(dma_release_from_contiguous(dev, page, 4));
	assert_int_equal(dmasim_violation_count_of("free-wrong-order"), 1);
	assert_true(dma_release_from_contiguous(dev, page, 8));
	assert_int_equal(dmasim_violation_count_of("double-free"), 1);
	__free_page(other);
	end(4);
}

/* Freed while mapped, and written after the free: contiguous memory is memory like any other. */
static void contiguous_memory_is_checked(void **state)
{
	struct page *page;
	dma_addr_t bus;
	uint8_t *p;

	(void)state;
	begin("worst,cma=4M");
	page = dma_alloc_from_contiguous(dev, 2, 1, false);
	p = page_address(page);
	bus = dma_map_page(dev, page, 0, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_true(dma_release_from_contiguous(dev, page, 2));
	assert_int_equal(dmasim_violation_count_of("free-while-mapped"), 1);
	dma_unmap_page(dev, bus, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
	p[PAGE_SIZE + 5] = 1;
	page = dma_alloc_from_contiguous(dev, 2, 1, false);
	assert_int_equal(dmasim_violation_count_of("write-after-free"), 1);
	assert_true(dma_release_from_contiguous(dev, page, 2));
	end(2);
}

static void areas_of_devices(void **state)
{
	struct cma *area = NULL;
	struct page *page;
	dma_addr_t handle;
	void *p;

	(void)state;
	begin("pc,cma=4M");
	assert_int_equal(dma_contiguous_reserve_area(0, 0, 0, &area, false), -EINVAL);
	assert_int_equal(dma_contiguous_reserve_area(4096, 0, 0, NULL, false), -EINVAL);
	assert_int_equal(dma_contiguous_reserve_area(4 << 20, 0x2001000, 0, &area, true), -EINVAL);
	assert_int_equal(dma_contiguous_reserve_area(1ULL << 40, 0, 0, &area, false), -EINVAL);
	assert_int_equal(dma_contiguous_reserve_area(4096, 0x2000000, 0, &area, true), 0);
	assert_int_equal(dma_contiguous_reserve_area(4096, 0x2000000, 0, &area, true), -ENOMEM);
	dev->cma_area = area;
	assert_ptr_equal(dev_get_cma_area(dev), area);
	/* An area of its own serves single pages, too. */
	p = dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL);
	assert_int_equal(dmasim_allocator_of(p), DMASIM_ALLOCATOR_CMA);
	assert_int_equal(handle, 0x2000000);
	dma_free_coherent(dev, 64, p, handle);
	page = dma_alloc_contiguous(dev, 64, GFP_KERNEL);
	assert_int_equal(page_to_phys(page), 0x2000000);
	dma_free_contiguous(dev, page, 64);
	/* Left over from somewhere else: no area of this machine. */
	dev->cma_area = (struct cma *)dev;
	assert_ptr_not_equal(dev_get_cma_area(dev), dev->cma_area);
	dev->cma_area = NULL;
	/* Beyond what the device reaches: pages instead. */
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24)), 0);
	p = dma_alloc_coherent(dev, 2 * PAGE_SIZE, &handle, GFP_KERNEL);
	assert_int_equal(dmasim_allocator_of(p), DMASIM_ALLOCATOR_PAGES);
	dma_free_coherent(dev, 2 * PAGE_SIZE, p, handle);
	end(0);
}

/* ---- atomic pools ---- */

static void pools_grow_and_end(void **state)
{
	static struct {
		void *p;
		dma_addr_t handle;
	} held[4096];
	unsigned int n = 0;
	struct dmasim_dma_stats before;

	(void)state;
	begin("pc,ram=16M,dma_ops=arm,coherent_pool=64K");
	while (n < 4096 && (held[n].p = dma_alloc_coherent(dev, 4096, &held[n].handle, GFP_ATOMIC))) {
		assert_int_equal(dmasim_allocator_of(held[n].p), DMASIM_ALLOCATOR_POOL);
		n++;
		dmasim_run_for(100); /* for the background */
	}
	assert_true(n > 1000 && n < 4096);
	assert_true(stats().pool_grown > 3);
	assert_int_equal(stats().pool_used, n * 4096);
	assert_true(stats().pool_exhausted >= 1);
	assert_true(dmasim_log_contains("DMA pool exhausted for dad0"));
	dmasim_log_clear();
	assert_null(dma_alloc_attrs(dev, 4 << 20, &held[n].handle, GFP_ATOMIC, DMA_ATTR_NO_WARN));
	assert_null(dma_alloc_attrs(dev, 8 << 20, &held[n].handle, GFP_ATOMIC, DMA_ATTR_NO_WARN));
	assert_false(dmasim_log_contains("exhausted"));
	before = stats();
	while (n-- > 0)
		dma_free_coherent(dev, 4096, held[n].p, held[n].handle);
	assert_int_equal(stats().pool_used, 0);
	assert_int_equal(stats().pool_size, before.pool_size); /* they never shrink */
	end(0);
}

static void pools_respect_the_mask(void **state)
{
	dma_addr_t handle;
	void *cpu, *p;

	(void)state;
	begin("pc,dma_ops=arm");
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24)), 0);
	p = dma_alloc_coherent(dev, 100, &handle, GFP_ATOMIC);
	assert_non_null(p);
	assert_true(handle < 1 << 24);
	dma_free_coherent(dev, 100, p, handle);
	assert_non_null(dma_alloc_from_pool(dev, 8192, &cpu, GFP_ATOMIC, NULL));
	assert_false(dma_free_from_pool(dev, (char *)cpu + 1, 8192));
	assert_true(dma_free_from_pool(dev, cpu, 8192));
	assert_false(dma_free_from_pool(dev, cpu, 8192));
	assert_null(dma_alloc_from_pool(dev, 0, &cpu, GFP_ATOMIC, NULL));
	assert_null(dma_alloc_from_pool(dev, SIZE_MAX, &cpu, GFP_ATOMIC, NULL));
	assert_null(dma_alloc_from_pool(dev, 64, NULL, GFP_ATOMIC, NULL));
	assert_int_equal(stats().pool_used, 0);
	end(0);
}

static void pools_serve_under_a_lock(void **state)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;
	dma_addr_t handle;
	void *p;

	(void)state;
	begin("worst,dma_ops=arm64");
	spin_lock_irqsave(&lock, flags);
	p = dma_alloc_coherent(dev, 8192, &handle, GFP_ATOMIC);
	spin_unlock_irqrestore(&lock, flags);
	works(p, handle, 8192);
	dma_free_coherent(dev, 8192, p, handle);
	end(0);
}

/* ---- declared memory ---- */

static void declared_is_exclusive(void **state)
{
	struct device *other;
	dma_addr_t h[3], handle;
	phys_addr_t phys;
	void *p[3], *q;

	(void)state;
	begin("worst");
	assert_int_equal(dmasim_reserve_ram(4 * PAGE_SIZE, &phys), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 4 * PAGE_SIZE), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 4 * PAGE_SIZE), -EBUSY);
	other = dmasim_device_create("dad1");
	assert_int_equal(dma_declare_coherent_memory(other, phys, phys_to_dma(dev, phys), 4 * PAGE_SIZE), -EBUSY);
	p[0] = dma_alloc_coherent(dev, 100, &h[0], GFP_KERNEL);
	p[1] = dma_alloc_coherent(dev, 100, &h[1], GFP_ATOMIC);
	p[2] = dma_alloc_coherent(dev, PAGE_SIZE + 1, &h[2], GFP_KERNEL);
	for (int i = 0; i < 3; i++) {
		assert_non_null(p[i]);
		assert_int_equal(dmasim_allocator_of(p[i]), DMASIM_ALLOCATOR_DECLARED);
		works(p[i], h[i], 100);
	}
	assert_int_equal(dma_to_phys(dev, h[0]), phys);
	assert_int_equal(dma_to_phys(dev, h[2]), phys + 2 * PAGE_SIZE);
	/* Full: nothing else serves. */
	assert_null(dma_alloc_coherent(dev, 1, &handle, GFP_KERNEL));
	dma_free_coherent(dev, 100, p[0], h[0]);
	/* Not in one piece. */
	assert_null(dma_alloc_coherent(dev, PAGE_SIZE + 1, &handle, GFP_KERNEL));
	q = dma_alloc_coherent(other, 1, &handle, GFP_KERNEL);
	assert_int_equal(dmasim_allocator_of(q), DMASIM_ALLOCATOR_PAGES);
	dma_free_coherent(other, 1, q, handle);
	dma_free_coherent(dev, 100, p[1], h[1]);
	dma_free_coherent(dev, PAGE_SIZE + 1, p[2], h[2]);
	dma_release_coherent_memory(dev);
	dma_release_coherent_memory(dev);
	q = dma_alloc_coherent(dev, 1, &handle, GFP_KERNEL);
	assert_int_equal(dmasim_allocator_of(q), DMASIM_ALLOCATOR_PAGES);
	dma_free_coherent(dev, 1, q, handle);
	end(0);
}

static void declared_is_checked(void **state)
{
	unsigned long flags;
	phys_addr_t phys;
	dma_addr_t h, h2;
	uint8_t bytes[8] = {1};
	void *p, *p2;

	(void)state;
	begin("worst");
	assert_int_equal(dmasim_reserve_ram(1 << 20, &phys), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 1 << 20), 0);
	p = dma_alloc_coherent(dev, 64, &h, GFP_KERNEL);
	assert_int_equal(dmasim_device_write(dev, h + 60, bytes, 8), -EFAULT);
	assert_int_equal(dmasim_violation_count_of("device-out-of-bounds"), 1);
	dma_free_coherent(dev, 128, p, h);
	assert_int_equal(dmasim_violation_count_of("coherent-free-mismatch"), 1);
	dma_free_coherent(dev, 64, p, h);
	assert_int_equal(dmasim_violation_count_of("coherent-double-free"), 1);
	/* The kernel looks at interrupts behind this memory only. */
	p = dma_alloc_coherent(dev, 64, &h, GFP_KERNEL);
	local_irq_save(flags);
	dma_free_coherent(dev, 64, p, h);
	local_irq_restore(flags);
	/* Gone while in use. */
	p = dma_alloc_coherent(dev, 64, &h, GFP_KERNEL);
	dma_release_coherent_memory(dev);
	assert_int_equal(dmasim_violation_count_of("free-while-mapped"), 1);
	dma_free_coherent(dev, 64, p, h);
	/* Leaked with the device. */
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 1 << 20), 0);
	p2 = dma_alloc_coherent(dev, 64, &h2, GFP_KERNEL);
	assert_non_null(p2);
	dmasim_device_destroy(dev);
	assert_int_equal(dmasim_violation_count_of("mapping-leak"), 1);
	end(5);
}

static void declared_refuses(void **state)
{
	phys_addr_t phys;
	void *ret = dev;
	dma_addr_t h;
	struct page *page;

	(void)state;
	begin("worst");
	page = alloc_pages(GFP_KERNEL, 1);
	phys = page_to_phys(page);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 8192), -EINVAL);
	assert_non_null(strstr(dmasim_last_error(), "dmasim_reserve_ram"));
	__free_pages(page, 1);
	assert_int_equal(dmasim_reserve_ram(100, &phys), -EINVAL);
	assert_int_equal(dmasim_reserve_ram(0, &phys), -EINVAL);
	assert_int_equal(dmasim_reserve_ram(4096, NULL), -EINVAL);
	assert_int_equal(dmasim_reserve_ram(1ULL << 40, &phys), -ENOMEM);
	assert_int_equal(dmasim_reserve_ram(8192, &phys), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 0), -EINVAL);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), SIZE_MAX), -EINVAL);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 12288), -EINVAL);
	assert_int_equal(dma_declare_coherent_memory(dev, phys + 1, phys_to_dma(dev, phys), 4096), -EINVAL);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys, 4096),
			 -EINVAL); /* behind the bridge it is elsewhere */
	assert_int_equal(dma_alloc_from_dev_coherent(dev, 64, &h, &ret), 0);
	assert_int_equal(dmasim_fail_call("dma_declare_coherent_memory", 1), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 8192), -ENOMEM);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 8192), 0);
	assert_int_equal(dma_alloc_from_dev_coherent(dev, -5, &h, &ret), 1);
	assert_null(ret);
	assert_int_equal(dma_alloc_from_dev_coherent(dev, 8192, &h, &ret), 1);
	assert_non_null(ret);
	assert_int_equal(dma_release_from_dev_coherent(dev, 1, dev), 0);
	assert_int_equal(dma_release_from_dev_coherent(dev, 1, ret), 1);
	end(0);
}

static void global_memory(void **state)
{
	phys_addr_t phys;
	dma_addr_t h;
	void *p;

	(void)state;
	begin("worst");
	assert_null(dma_alloc_from_global_coherent(dev, 64, &h));
	assert_int_equal(dmasim_reserve_ram(8192, &phys), 0);
	assert_int_equal(dma_init_global_coherent(phys, 8192), 0);
	assert_int_equal(dma_init_global_coherent(phys, 8192), -EBUSY);
	p = dma_alloc_from_global_coherent(dev, 4097, &h);
	assert_non_null(p);
	assert_int_equal(dma_to_phys(dev, h), phys);
	assert_int_equal(dmasim_allocator_of(p), DMASIM_ALLOCATOR_GLOBAL);
	assert_null(dma_alloc_from_global_coherent(dev, 1, &h));
	assert_int_equal(dma_release_from_global_coherent(1, p), 1);
	assert_int_equal(dma_release_from_global_coherent(1, p), 0);
	end(0);
}

/* Blocks of a dma_pool come from there, too. */
static void pools_of_declared_memory(void **state)
{
	struct dma_pool *pool;
	phys_addr_t phys;
	dma_addr_t h;
	void *p;

	(void)state;
	begin("worst");
	assert_int_equal(dmasim_reserve_ram(4096, &phys), 0);
	assert_int_equal(dma_declare_coherent_memory(dev, phys, phys_to_dma(dev, phys), 4096), 0);
	pool = dma_pool_create("small", dev, 64, 64, 0);
	p = dma_pool_alloc(pool, GFP_KERNEL, &h);
	assert_non_null(p);
	assert_in_range(dma_to_phys(dev, h), phys, phys + 4095);
	dma_pool_free(pool, p, h);
	dma_pool_destroy(pool);
	end(0);
	begin("worst,dma_ops=arm");
	pool = dma_pool_create("small", dev, 64, 64, 0);
	p = dma_pool_alloc(pool, GFP_KERNEL, &h);
	assert_true(is_vmalloc_addr(p));
	*(uint8_t *)p = 1;
	dma_pool_free(pool, p, h);
	dma_pool_destroy(pool);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_choice),
		cmocka_unit_test(remapped_pointers),
		cmocka_unit_test(too_big_for_arm),
		cmocka_unit_test(changed_operations),
		cmocka_unit_test(area_is_placed),
		cmocka_unit_test(area_fills_up),
		cmocka_unit_test(wrong_release),
		cmocka_unit_test(contiguous_memory_is_checked),
		cmocka_unit_test(areas_of_devices),
		cmocka_unit_test(pools_grow_and_end),
		cmocka_unit_test(pools_respect_the_mask),
		cmocka_unit_test(pools_serve_under_a_lock),
		cmocka_unit_test(declared_is_exclusive),
		cmocka_unit_test(declared_is_checked),
		cmocka_unit_test(declared_refuses),
		cmocka_unit_test(global_memory),
		cmocka_unit_test(pools_of_declared_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
