// SPDX-License-Identifier: MIT
/* Memory in the user program: the buffer's, shown by mmap, with the allocation's own values, as long as it lasts. */
#include <fcntl.h>
#include <sys/mman.h>
#include <dmasim/chardev.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include "tests/rules/rules.h"

#define N 8192

static void *ring;
static dma_addr_t handle;
static struct page *page;
static int (*how)(struct vm_area_struct *vma);
static struct shot *shot;

static int drv_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	return how(vma);
}

static const struct file_operations fops = {.mmap = drv_mmap};
static struct miscdevice misc = {.minor = MISC_DYNAMIC_MINOR, .name = "buf0", .fops = &fops};

/* A program that opens the device, and maps it in that way. */
static void *map(struct dmasim_file **f, int (*way)(struct vm_area_struct *vma), size_t n)
{
	how = way;
	*f = NULL;
	if (misc_register(&misc))
		return NULL;
	*f = dmasim_open("buf0", O_RDWR);
	return *f ? dmasim_mmap(*f, n, PROT_READ | PROT_WRITE, MAP_SHARED, 0) : NULL;
}

static void unmap(struct dmasim_file *f, void *user, size_t n)
{
	if (user)
		dmasim_munmap(user, n);
	dmasim_close(f);
	misc_deregister(&misc);
}

/* The length of the range, instead of that of the buffer. */
static int by_length(struct vm_area_struct *vma)
{
	size_t n = vma->vm_end - vma->vm_start;

	return AT(shot->act, dma_mmap_coherent(dev, vma, ring, handle, n));
}

static void use_wrong(struct shot *s)
{
	struct dmasim_file *f;
	void *user;

	shot = s;
	ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));
	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	user = map(&f, by_length, 2 * N);
	unmap(f, user, 2 * N);
	dma_free_coherent(dev, N, ring, handle);
}

static void sgtable_wrong(struct shot *s)
{
	dma_addr_t other;
	void *two = dma_alloc_coherent(dev, N, &other, GFP_KERNEL);
	struct sg_table sgt;
	int err;

	ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	err = AT(s->act, dma_get_sgtable(dev, &sgt, ring, other, N));
	if (!err)
		sg_free_table(&sgt);
	dma_free_coherent(dev, N, ring, handle);
	dma_free_coherent(dev, N, two, other);
}

static void cookie_wrong(struct shot *s)
{
	struct sg_table sgt;
	int err;

	ring = dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	err = AT(s->act, dma_get_sgtable(dev, &sgt, ring, handle, N));
	if (!err)
		sg_free_table(&sgt);
	dma_free_attrs(dev, N, ring, handle, DMA_ATTR_NO_KERNEL_MAPPING);
}

static int by_coherent(struct vm_area_struct *vma)
{
	return dma_mmap_coherent(dev, vma, ring, handle, N);
}

static void use_legal(void)
{
	struct dmasim_file *f;
	struct sg_table sgt;
	uint8_t *user;

	ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);
	user = map(&f, by_coherent, N);
	if (user)
		PUT(user + 5000, 1);
	unmap(f, user, N);
	if (!dma_get_sgtable(dev, &sgt, ring, handle, N))
		sg_free_table(&sgt);
	/* less than the whole hurts nobody */
	if (!dma_get_sgtable(dev, &sgt, ring, handle, 4096))
		sg_free_table(&sgt);
	dma_free_coherent(dev, N, ring, handle);
}

/* What describes coherent memory is no buffer to map. */
static void mix_wrong(struct shot *s)
{
	struct sg_table sgt;
	int err;

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));
	if (dma_get_sgtable(dev, &sgt, ring, handle, N))
		return;
	err = AT(s->act, dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0));
	if (!err)
		dma_unmap_sgtable(dev, &sgt, DMA_TO_DEVICE, 0);
	sg_free_table(&sgt);
	dma_free_coherent(dev, N, ring, handle);
}

static int by_frames(struct vm_area_struct *vma)
{
	size_t n = vma->vm_end - vma->vm_start;

	return AT(shot->act, remap_pfn_range(vma, vma->vm_start, page_to_pfn(page), n, vma->vm_page_prot));
}

static int by_frames_quietly(struct vm_area_struct *vma)
{
	if (vma->vm_end - vma->vm_start > N)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(page), N, vma->vm_page_prot);
}

static void beyond_wrong(struct shot *s)
{
	struct dmasim_file *f;
	void *user;

	shot = s;
	page = AT(s->mapped, alloc_pages(GFP_KERNEL, 1));
	s->offset = N;
	s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	user = map(&f, by_frames, 2 * N);
	unmap(f, user, 2 * N);
	__free_pages(page, 1);
}

static void frames_legal(void)
{
	struct dmasim_file *f;
	uint8_t *user;

	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	user = map(&f, by_frames_quietly, N);
	if (user)
		PUT(user, 1);
	unmap(f, user, N);
	__free_pages(page, 1);
}

static void freed_wrong(struct shot *s)
{
	struct dmasim_file *f;
	void *user;

	*s = (struct shot){0, N, 0, ANY_LINE, ANY_LINE};
	page = alloc_pages(GFP_KERNEL, 1);
	user = map(&f, by_frames_quietly, N);
	AT(s->act, __free_pages(page, 1));
	unmap(f, user, N);
}

static void coherent_freed_wrong(struct shot *s)
{
	struct dmasim_file *f;
	void *user;

	*s = (struct shot){0, N, 0, ANY_LINE, ANY_LINE};
	ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);
	user = map(&f, by_coherent, N);
	AT(s->act, dma_free_coherent(dev, N, ring, handle));
	unmap(f, user, N);
}

static struct vm_area_struct *kept;

static int keep(struct vm_area_struct *vma)
{
	kept = vma;
	return 0;
}

/* From an ioctl, say: the range of an earlier mmap. */
static void outside_wrong(struct shot *s)
{
	struct dmasim_file *f;
	void *user;
	int err;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, 0, 0};
	page = alloc_pages(GFP_KERNEL, 1);
	user = map(&f, keep, N);
	err = AT(s->act, remap_pfn_range(kept, kept->vm_start, page_to_pfn(page), N, kept->vm_page_prot));
	sink = (unsigned int)err;
	unmap(f, user, N);
	__free_pages(page, 1);
}

const struct scenario user_scenarios[] = {
	{"coherent-use-mismatch", use_wrong, use_legal, NULL, false},
	{"coherent-use-mismatch", sgtable_wrong, use_legal, NULL, false},
	{"coherent-use-mismatch", cookie_wrong, use_legal, NULL, false},
	{"coherent-streaming-mix", mix_wrong, use_legal, NULL, false},
	{"user-map-beyond-buffer", beyond_wrong, frames_legal, NULL, false},
	{"free-while-user-mapped", freed_wrong, frames_legal, NULL, false},
	{"free-while-user-mapped", coherent_freed_wrong, use_legal, NULL, false},
	{"user-map-outside-mmap", outside_wrong, frames_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
