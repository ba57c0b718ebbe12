// SPDX-License-Identifier: MIT
/* A driver's memory in the user program: what mmap shows is the driver's very memory, within bounds, as long as it lasts. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <dmasim/chardev.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "lib/core/kernel.h"
#include "lib/mm/internal.h"
#include "tests/unit/dma_fixture.h"

#define N 16384

/* The driver: what it shows, and what happened to it. */
static struct {
	uint8_t *cpu;
	dma_addr_t handle;
	struct page *pages[4];
	int opens, closes, released, faults;
	int (*how)(struct vm_area_struct *vma);
} drv;

static void drv_open(struct vm_area_struct *vma)
{
	(void)vma;
	drv.opens++;
}

static void drv_close(struct vm_area_struct *vma)
{
	(void)vma;
	drv.closes++;
}

/* Ends what lies beside it, and tries to end itself. */
static void drv_close_all(struct vm_area_struct *vma)
{
	drv.closes++;
	dmasim_munmap((void *)(vma->vm_start & ~0xfffffUL), 1 << 21);
}

static void drv_open_all(struct vm_area_struct *vma)
{
	drv.opens++;
	dmasim_munmap((void *)(vma->vm_start & ~0xfffffUL), 1 << 21);
}

static vm_fault_t drv_fault(struct vm_fault *vmf)
{
	drv.faults++;
	assert_int_equal(vmf->address, vmf->vma->vm_start + ((vmf->pgoff - vmf->vma->vm_pgoff) << PAGE_SHIFT));
	if (vmf->pgoff >= 4)
		return VM_FAULT_SIGBUS;
	get_page(drv.pages[vmf->pgoff]);
	vmf->page = drv.pages[vmf->pgoff];
	return 0;
}

static const struct vm_operations_struct vm_ops = {.open = drv_open, .close = drv_close};
static const struct vm_operations_struct greedy_ops = {.open = drv_open_all, .close = drv_close_all};
static const struct vm_operations_struct fault_ops = {.open = drv_open, .close = drv_close, .fault = drv_fault};

static int drv_mmap(struct file *file, struct vm_area_struct *vma)
{
	assert_ptr_equal(vma->vm_file, file);
	vma->vm_ops = &vm_ops;
	return drv.how(vma);
}

static int drv_release(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	drv.released++;
	return 0;
}

static const struct file_operations fops = {.mmap = drv_mmap, .release = drv_release};
static struct miscdevice misc = {.minor = MISC_DYNAMIC_MINOR, .name = "buf0", .fops = &fops};

static int by_coherent(struct vm_area_struct *vma)
{
	return dma_mmap_coherent(dev, vma, drv.cpu, drv.handle, N);
}

static int by_remap(struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(drv.pages[0]) + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int by_iomap(struct vm_area_struct *vma)
{
	return vm_iomap_memory(vma, page_to_phys(drv.pages[0]), N);
}

static int by_pages(struct vm_area_struct *vma)
{
	return vm_map_pages(vma, drv.pages, 4);
}

static int by_greedy(struct vm_area_struct *vma)
{
	vma->vm_ops = &greedy_ops;
	return by_pages(vma);
}

static int by_fault(struct vm_area_struct *vma)
{
	vma->vm_ops = &fault_ops;
	return 0;
}

static struct dmasim_file *start(const char *spec, int (*how)(struct vm_area_struct *vma))
{
	struct dmasim_file *f;

	begin(spec);
	memset(&drv, 0, sizeof(drv));
	drv.how = how;
	assert_int_equal(misc_register(&misc), 0);
	f = dmasim_open("/dev/buf0", O_RDWR);
	assert_non_null(f);
	return f;
}

static void stop(struct dmasim_file *f, size_t violations)
{
	user_check(m->mm);
	dmasim_close(f);
	misc_deregister(&misc);
	end(violations);
}

static const char *const presets[] = {"pc", "worst"};

static void coherent_is_one_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct dmasim_file *f = start(presets[i], by_coherent);
		uint8_t *user, byte = 7;

		drv.cpu = dma_alloc_coherent(dev, N, &drv.handle, GFP_KERNEL);
		user = dmasim_mmap(f, N, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
		assert_non_null(user);
		user_check(m->mm);
		user[5000] = 0x5a;
		assert_int_equal(drv.cpu[5000], 0x5a);
		assert_int_equal(dmasim_device_write(dev, drv.handle + 9000, &byte, 1), 0);
		assert_int_equal(user[9000], 7);
		assert_int_equal(dmasim_munmap(user, N), 0);
		assert_int_equal(drv.closes, 1);
		assert_int_equal(drv.opens, 0);
		/* the last page alone */
		user = dmasim_mmap(f, 4096, PROT_READ, MAP_SHARED, 3 * 4096);
		assert_non_null(user);
		assert_int_equal(user[9000 & 0], drv.cpu[3 * 4096]);
		assert_int_equal(dmasim_munmap(user, 4096), 0);
		/* beyond */
		errno = 0;
		assert_null(dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 4096));
		assert_int_equal(errno, ENXIO);
		assert_null(dmasim_mmap(f, N + 1, PROT_READ, MAP_SHARED, 0));
		assert_int_equal(errno, ENXIO);
		assert_null(dmasim_mmap(f, 4096, PROT_READ, MAP_SHARED, 1LL << 40));
		assert_int_equal(errno, ENXIO);
		dma_free_coherent(dev, N, drv.cpu, drv.handle);
		stop(f, 0);
	}
}

static void bad_calls(void **state)
{
	struct dmasim_file *f = start("pc", by_coherent), *r;

	(void)state;
	drv.cpu = dma_alloc_coherent(dev, N, &drv.handle, GFP_KERNEL);
	assert_null(dmasim_mmap(f, 0, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 5));
	assert_int_equal(errno, EINVAL);
	assert_null(dmasim_mmap(f, N, PROT_READ, MAP_SHARED, -4096));
	assert_int_equal(errno, EINVAL);
	assert_null(dmasim_mmap(f, N, PROT_READ, 0, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(dmasim_mmap(f, SIZE_MAX, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, ENOMEM);
	assert_null(dmasim_mmap(NULL, N, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, EBADF);
	r = dmasim_open("buf0", O_RDONLY);
	assert_null(dmasim_mmap(r, N, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	assert_int_equal(errno, EACCES);
	dmasim_close(r);
	assert_int_equal(dmasim_munmap(drv.cpu, N), -EINVAL);
	assert_int_equal(dmasim_munmap(NULL, N), -EINVAL);
	assert_int_equal(dmasim_munmap((void *)5, N), -EINVAL);
	assert_int_equal(dmasim_munmap((void *)4096, SIZE_MAX), -EINVAL);
	dma_free_coherent(dev, N, drv.cpu, drv.handle);
	stop(f, 0);
}

static void pages_alloc(void)
{
	drv.pages[0] = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	for (int i = 1; i < 4; i++)
		drv.pages[i] = drv.pages[0] + i;
}

static void remap_in_all_ways(void **state)
{
	static int (*const ways[])(struct vm_area_struct * vma) = {by_remap, by_iomap};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct dmasim_file *f = start(presets[i / 2], ways[i % 2]);
		uint8_t *user, *whole;

		pages_alloc();
		user = dmasim_mmap(f, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, 4096);
		assert_non_null(user);
		user[0] = 0x11;
		assert_int_equal(*(uint8_t *)page_address(drv.pages[1]), 0x11);
		/* the same memory twice */
		whole = dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0);
		assert_int_equal(whole[4096], 0x11);
		/* in pieces: the driver hears of each */
		assert_int_equal(dmasim_munmap(whole + 4096, 4096), 0);
		assert_int_equal(drv.opens, 2);
		assert_int_equal(drv.closes, 1);
		user_check(m->mm);
		assert_int_equal(whole[8192], 0);
		assert_int_equal(dmasim_munmap(whole, N), 0);
		assert_int_equal(drv.closes, 3);
		assert_int_equal(dmasim_munmap(user, 8192), 0);
		__free_pages(drv.pages[0], 2);
		stop(f, 0);
	}
}

/* Pages that are inserted are held: the driver may free them first. */
static void inserted_pages_are_held(void **state)
{
	static int (*const ways[])(struct vm_area_struct * vma) = {by_pages, by_fault};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct dmasim_file *f = start(presets[i / 2], ways[i % 2]);
		uint8_t *user;

		for (int n = 0; n < 4; n++)
			drv.pages[n] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		user = dmasim_mmap(f, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, 4096);
		assert_non_null(user);
		assert_int_equal(page_count(drv.pages[1]), 2);
		assert_int_equal(page_count(drv.pages[3]), 1);
		user[4096] = 9;
		assert_int_equal(*(uint8_t *)page_address(drv.pages[2]), 9);
		for (int n = 0; n < 4; n++)
			__free_page(drv.pages[n]);
		assert_int_equal(user[4096], 9);
		/* closed with the mapping alive: the driver's release waits */
		dmasim_close(f);
		assert_int_equal(drv.released, 0);
		assert_int_equal(dmasim_munmap(user, 8192), 0);
		assert_int_equal(drv.released, 1);
		assert_int_equal(drv.faults, i % 2 ? 2 : 0);
		stop(NULL, 0);
	}
}

static void what_is_left_goes(void **state)
{
	struct dmasim_file *f = start("pc", by_pages);

	(void)state;
	for (int n = 0; n < 4; n++)
		drv.pages[n] = alloc_page(GFP_KERNEL | __GFP_ZERO);
	assert_non_null(dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0));
	for (int n = 0; n < 4; n++)
		__free_page(drv.pages[n]);
	end(0);
	assert_int_equal(drv.closes, 1);
	assert_int_equal(drv.released, 1);
}

/* The user's stores are accesses of the CPU to the driver's memory. */
static void user_accesses_are_checked(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct dmasim_file *f = start(presets[i], by_remap);
		dma_addr_t bus;
		uint8_t *user;

		pages_alloc();
		user = dmasim_mmap(f, N, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
		bus = dma_map_page(dev, drv.pages[1], 0, 4096, DMA_FROM_DEVICE);
		assert_int_equal(dma_mapping_error(dev, bus), 0);
		dmasim_store8(user + 5000, 1);
		assert_int_equal(dmasim_violation_count_of("cpu-write-while-device-owns"), 1);
		dma_unmap_page(dev, bus, 4096, DMA_FROM_DEVICE);
		/* and what the kernel copies out to there */
		assert_int_equal(copy_to_user(user + 100, "abc", 4), 0);
		assert_string_equal((char *)page_address(drv.pages[0]) + 100, "abc");
		bus = dma_map_single(dev, user, 64, DMA_TO_DEVICE);
		assert_int_equal(dma_mapping_error(dev, bus), -ENOMEM);
		assert_int_equal(dmasim_violation_count_of("map-bad-address"), 1);
		assert_int_equal(dmasim_munmap(user, N), 0);
		__free_pages(drv.pages[0], 2);
		stop(f, 2);
	}
}

static int fails_with(struct vm_area_struct *vma)
{
	(void)vma;
	return -EPERM;
}

static int odd_arguments(struct vm_area_struct *vma)
{
	struct vm_area_struct none = *vma;

	vma->vm_ops = NULL;
	assert_int_equal(remap_pfn_range(vma, vma->vm_start + 1, page_to_pfn(drv.pages[0]), 4096, vma->vm_page_prot),
			 -EINVAL);
	assert_int_equal(remap_pfn_range(vma, vma->vm_start, page_to_pfn(drv.pages[0]), N + 4096, vma->vm_page_prot),
			 -EINVAL);
	assert_int_equal(remap_pfn_range(vma, vma->vm_start, ~0UL >> 12, 4096, vma->vm_page_prot), -EINVAL);
	assert_int_equal(remap_pfn_range(vma, vma->vm_start, page_to_pfn(drv.pages[0]), 0, vma->vm_page_prot), -EINVAL);
	assert_int_equal(vm_insert_page(vma, vma->vm_start - 4096, drv.pages[0]), -EFAULT);
	assert_int_equal(vm_insert_page(vma, vma->vm_start, NULL), -EINVAL);
	assert_int_equal(vm_map_pages(vma, drv.pages, 3), -ENXIO);
	assert_int_equal(vm_insert_page(vma, vma->vm_start, drv.pages[0]), 0);
	assert_int_equal(vm_insert_page(vma, vma->vm_start, drv.pages[0]), -EBUSY);
	assert_int_equal(remap_pfn_range(&none, none.vm_start, page_to_pfn(drv.pages[0]), 4096, none.vm_page_prot),
			 -EINVAL); /* user-map-outside-mmap */
	dmasim_fail_call("remap_pfn_range", 1);
	assert_int_equal(remap_pfn_range(vma, vma->vm_start + 4096, page_to_pfn(drv.pages[1]), 4096, vma->vm_page_prot),
			 -ENOMEM);
	return 0;
}

static void odd_arguments_fail(void **state)
{
	struct dmasim_file *f = start("pc", odd_arguments);
	void *user;

	(void)state;
	for (int n = 0; n < 4; n++)
		drv.pages[n] = alloc_page(GFP_KERNEL);
	user = dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0);
	assert_non_null(user);
	assert_int_equal(dmasim_munmap(user, N), 0);
	drv.how = fails_with;
	assert_null(dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, EPERM);
	assert_int_equal(drv.closes, 0);
	for (int n = 0; n < 4; n++)
		__free_page(drv.pages[n]);
	stop(f, 1);
}

/* A driver whose close unmaps, too: every range ends once. */
static void close_unmaps(void **state)
{
	struct dmasim_file *f = start("pc", by_greedy);
	uint8_t *user[3];

	(void)state;
	for (int i = 0; i < 4; i++)
		drv.pages[i] = alloc_page(GFP_KERNEL);
	for (int i = 0; i < 3; i++) {
		user[i] = dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0);
		assert_non_null(user[i]);
	}
	assert_int_equal(dmasim_munmap(user[1] + 4096, 4096), 0); /* is cut, and all others go */
	user_check(m->mm);
	assert_int_equal(dmasim_munmap(user[0], N), -EINVAL);
	user[0] = dmasim_mmap(f, N, PROT_READ, MAP_SHARED, 0);
	assert_int_equal(drv.closes, drv.opens + 3);
	for (int i = 0; i < 4; i++)
		__free_page(drv.pages[i]);
	stop(f, 0);
	assert_int_equal(drv.closes, drv.opens + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_unmaps),
		cmocka_unit_test(coherent_is_one_memory),
		cmocka_unit_test(bad_calls),
		cmocka_unit_test(remap_in_all_ways),
		cmocka_unit_test(inserted_pages_are_held),
		cmocka_unit_test(what_is_left_goes),
		cmocka_unit_test(user_accesses_are_checked),
		cmocka_unit_test(odd_arguments_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
