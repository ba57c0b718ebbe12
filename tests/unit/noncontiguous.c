// SPDX-License-Identifier: MIT
/* Memory in a list of one segment: its table, hand-overs, views and end; on every table of operations. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <dmasim/chardev.h>
#include <dmasim/dmasim.h>
#include <linux/dma-map-ops.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include "lib/core/kernel.h"
#include "lib/mm/internal.h"
#include "tests/unit/dma_fixture.h"

#define N 10000

static const char *const presets[] = {"pc", "worst"};

/* A whole life: filled through the view, read by the device, written by it, read again. */
static void life(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		uint8_t data[16] = {0}, *view;
		struct sg_table *sgt;
		dma_addr_t bus;

		begin(presets[i]);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_BIDIRECTIONAL, GFP_KERNEL, DMA_ATTR_ALLOC_SINGLE_PAGES);
		assert_non_null(sgt);
		assert_int_equal(sgt->nents, 1);
		assert_int_equal(sgt->orig_nents, 1);
		assert_int_equal(sg_dma_len(sgt->sgl), 12288);
		assert_int_equal(sgt->sgl->length, 12288);
		bus = sg_dma_address(sgt->sgl);
		view = dma_vmap_noncontiguous(dev, N, sgt);
		assert_non_null(view);
		/* a view of its own where coherent memory has one */
		assert_true((view == page_address(sg_page(sgt->sgl))) == (i == 0));
		assert_int_equal(view[0] | view[N - 1], 0);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
		dmasim_store8(view + 5000, 7);
		flush_kernel_vmap_range(view, N);
		dma_sync_sgtable_for_device(dev, sgt, DMA_BIDIRECTIONAL);
		dmasim_device_read(dev, bus + 5000, data, 1);
		assert_int_equal(data[0], 7);
		data[0] = 9;
		dmasim_device_write(dev, bus + 12287, data, 1);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
		invalidate_kernel_vmap_range(view, N);
		assert_int_equal(dmasim_load8(view + 12287), 9);
		assert_int_equal(dmasim_load8((uint8_t *)page_address(sg_page(sgt->sgl)) + 12287), 9);
		dma_vunmap_noncontiguous(dev, view);
		dma_free_noncontiguous(dev, N, sgt, DMA_BIDIRECTIONAL);
		assert_int_equal(dmasim_check_leaks(), 0);
		end(0);
	}
}

/* The view is the memory: what the CPU does there is judged as anywhere. */
static void views_are_seen(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sg_table *sgt;
		uint8_t *view;

		begin(presets[i]);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_FROM_DEVICE, GFP_KERNEL, 0);
		view = dma_vmap_noncontiguous(dev, N, sgt);
		dma_sync_sgtable_for_device(dev, sgt, DMA_FROM_DEVICE);
		dmasim_load8(view + 4096);
		assert_int_equal(dmasim_violation_count_of("cpu-read-while-device-owns"), 1);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_FROM_DEVICE);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("sync-wrong-direction"), 1);
		dma_vunmap_noncontiguous(dev, view);
		dma_free_noncontiguous(dev, N, sgt, DMA_FROM_DEVICE);
		end(2);
	}
}

/* R80 holds here as well. */
static void first_use_needs_a_hand_over(void **state)
{
	struct sg_table *sgt;
	uint8_t data[4] = {0};

	(void)state;
	begin("pc");
	sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
	dmasim_device_read(dev, sg_dma_address(sgt->sgl), data, 4);
	assert_int_equal(dmasim_violation_count_of("cpu-write-not-flushed"), 1);
	dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE);
	end(1);
}

static void wrong_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sg_table *sgt;
		u64 before;

		begin(presets[i]);
		before = mm_free_page_count(m);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		dma_free_noncontiguous(dev, 2 * N, sgt, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("coherent-free-mismatch"), 1);
		dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("coherent-double-free"), 1);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		dma_free_noncontiguous(dev, N, sgt, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_violation_count_of("unmap-wrong-direction"), 1);
		/* calls of other families end it, too */
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		dma_unmap_sgtable(dev, sgt, DMA_TO_DEVICE, 0);
		assert_int_equal(dmasim_violation_count_of("unmap-wrong-kind"), 1);
		sgt = dma_alloc_noncontiguous(dev, 4096, DMA_TO_DEVICE, GFP_KERNEL, 0);
		dma_unmap_page(dev, sg_dma_address(sgt->sgl), 4096, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("unmap-wrong-kind"), 2);
		sgt = dma_alloc_noncontiguous(dev, 4096, DMA_TO_DEVICE, GFP_KERNEL, 0);
		dma_free_pages(dev, 4096, sg_page(sgt->sgl), sg_dma_address(sgt->sgl), DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("unmap-wrong-kind"), 3);
		assert_int_equal(dmasim_violation_count(), 6);
		/* a leak */
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		assert_int_equal(dmasim_check_leaks(), 1);
		assert_int_equal(dmasim_violation_count_of("mapping-leak"), 1);
		dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE);
		assert_true(before - mm_free_page_count(m) < 8); /* what slabs keep */
		end(7);
	}
}

static void wrong_views(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sg_table *sgt, *other;
		uint8_t *view, *second;

		begin(presets[i]);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		view = dma_vmap_noncontiguous(dev, 4 * N, sgt);
		assert_int_equal(dmasim_violation_count_of("coherent-use-mismatch"), 1);
		second = dma_vmap_noncontiguous(dev, N, sgt);
		assert_non_null(second);
		dma_vunmap_noncontiguous(dev, view);
		dma_vunmap_noncontiguous(dev, second);
		assert_int_equal(dmasim_violation_count(), 1);
		dma_vunmap_noncontiguous(dev, view);
		assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
		dma_vunmap_noncontiguous(dev, NULL);
		assert_int_equal(dmasim_violation_count_of("kernel-warning"), 2);
		view = dma_vmap_noncontiguous(dev, N, sgt);
		assert_non_null(view);
		dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE);
		assert_int_equal(dmasim_violation_count_of("kernel-warning"), 3);
		assert_null(dma_vmap_noncontiguous(dev, N, sgt));
		assert_null(dma_vmap_noncontiguous(dev, N, NULL));
		assert_null(dma_vmap_noncontiguous(dev, N, (struct sg_table *)16));
		other = dma_alloc_noncontiguous(dev, 4096, DMA_TO_DEVICE, GFP_KERNEL, 0);
		memset(other->sgl, 0xff, sizeof(*other->sgl)); /* the list is the driver's: we know better */
		dma_free_noncontiguous(dev, 4096, other, DMA_TO_DEVICE);
		assert_int_equal(dmasim_machine_destroy(m), 0);
	}
}

static void bad_arguments(void **state)
{
	(void)state;
	begin("pc");
	assert_null(dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE));
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
	assert_null(dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL | __GFP_DMA32, 0));
	assert_int_equal(dmasim_violation_count_of("gfp-zone-conflict"), 1);
	assert_null(dma_alloc_noncontiguous(dev, 0, DMA_TO_DEVICE, GFP_KERNEL, 0));
	assert_null(dma_alloc_noncontiguous(dev, SIZE_MAX, DMA_TO_DEVICE, GFP_KERNEL, 0));
	assert_null(dma_alloc_noncontiguous(dev, N, (enum dma_data_direction)77, GFP_KERNEL, 0));
	assert_null(dma_alloc_noncontiguous(NULL, N, DMA_TO_DEVICE, GFP_KERNEL, 0));
	dma_free_noncontiguous(dev, N, NULL, DMA_TO_DEVICE);
	dma_free_noncontiguous(dev, N, (struct sg_table *)&state, DMA_TO_DEVICE);
	dma_free_noncontiguous(NULL, N, NULL, DMA_TO_DEVICE);
	dma_vunmap_noncontiguous(NULL, NULL);
	assert_null(dma_vmap_noncontiguous(NULL, N, NULL));
	assert_int_equal(dma_mmap_noncontiguous(NULL, NULL, N, NULL), -ENXIO);
	assert_int_equal(dmasim_fail_call("dma_alloc_noncontiguous", 1), 0);
	assert_null(dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0));
	/* the parts that can fail leave nothing behind */
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

/* ---- the user program ---- */

static struct sg_table *shown;
static int result;

static int drv_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	return result = dma_mmap_noncontiguous(dev, vma, N, shown);
}

static const struct file_operations fops = {.mmap = drv_mmap};
static struct miscdevice misc = {.minor = MISC_DYNAMIC_MINOR, .name = "buf0", .fops = &fops};

static void users_see_it(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct dmasim_file *f;
		uint8_t *user, *view;

		begin(presets[i]);
		shown = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		view = dma_vmap_noncontiguous(dev, N, shown);
		assert_int_equal(misc_register(&misc), 0);
		f = dmasim_open("buf0", O_RDWR);
		user = dmasim_mmap(f, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
		assert_int_equal(result, 0);
		dmasim_store8(user + 9000, 5);
		assert_int_equal(view[9000], 5);
		dmasim_munmap(user, 12288);
		dmasim_mmap(f, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, 0); /* beyond */
		assert_int_equal(result, -ENXIO);
		dmasim_mmap(f, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 12288);
		assert_int_equal(result, -ENXIO);
		dmasim_close(f);
		misc_deregister(&misc);
		dma_vunmap_noncontiguous(dev, view);
		dma_free_noncontiguous(dev, N, shown, DMA_TO_DEVICE);
		end(0);
	}
}

/* ---- tables ---- */

/* Each table gives such memory, and pages. */
static void every_table(void **state)
{
	static const char *const specs[] = {"pc",
					    "pc,dma_ops=arm",
					    "pc,dma_ops=arm-coherent",
					    "pc,dma_ops=arm64",
					    "pc,dma_ops=arm64-coherent",
					    "pc-swiotlb",
					    "worst,dma_ops=arm",
					    "pc,checks=off",
					    "pc"};
	const size_t n = sizeof(specs) / sizeof(*specs);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct sg_table *sgt;
		struct page *page;
		dma_addr_t bus;
		u8 *p;

		begin(specs[i]);
		if (i == n - 1)
			assert_int_equal(dmabounce_register_dev(dev, 512, 4096, NULL), 0);
		page = dma_alloc_pages(dev, N, &bus, DMA_TO_DEVICE, GFP_KERNEL);
		assert_non_null(page);
		dma_sync_single_for_device(dev, bus, N, DMA_TO_DEVICE);
		dma_free_pages(dev, N, page, bus, DMA_TO_DEVICE);
		p = dma_alloc_noncoherent(dev, N, &bus, DMA_TO_DEVICE, GFP_ATOMIC);
		assert_non_null(p);
		dma_free_noncoherent(dev, N, p, bus, DMA_TO_DEVICE);
		sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
		assert_non_null(sgt);
		p = dma_vmap_noncontiguous(dev, N, sgt);
		assert_non_null(p);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_TO_DEVICE);
		p[N - 1] = 1;
		dma_sync_sgtable_for_device(dev, sgt, DMA_TO_DEVICE);
		dma_vunmap_noncontiguous(dev, p);
		dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE);
		if (i == n - 1)
			dmabounce_unregister_dev(dev);
		end(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life),		cmocka_unit_test(views_are_seen),
		cmocka_unit_test(wrong_ends),	cmocka_unit_test(first_use_needs_a_hand_over),
		cmocka_unit_test(wrong_views),	cmocka_unit_test(bad_arguments),
		cmocka_unit_test(users_see_it), cmocka_unit_test(every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
