/* SPDX-License-Identifier: MIT */
/*
 * Pages and addresses. Mirrors include/linux/mm.h as far as DMA drivers need it.
 *
 * Conversions are arithmetic on the windows of the current machine; pages know their machine themselves.
 */
#ifndef DMASIM_LINUX_MM_H
#define DMASIM_LINUX_MM_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/pfn.h>
#include <asm/page.h>

#ifndef PAGE_ALIGN
#define PAGE_ALIGN(addr) (((addr) + PAGE_SIZE - 1) & ~((__typeof__(addr))PAGE_SIZE - 1))
#endif
#define PAGE_ALIGNED(addr) (((unsigned long)(addr) & (PAGE_SIZE - 1)) == 0)
#define offset_in_page(p)  ((unsigned long)(p) & ~PAGE_MASK)

/* The kernel logical address of a page; for foreign memory the host's. NULL for something that is no page. */
DMASIM_API void *page_address(const struct page *page) DMASIM_SYM(page_address);
#define page_to_virt(page)     page_address(page)
#define lowmem_page_address(p) page_address(p)

/**
 * get_page() - take one more reference, so that the page outlives the next free
 *
 * On a free page reported as page-refcount.
 */
DMASIM_API void get_page(struct page *page) DMASIM_SYM(get_page);
/* Drop a reference; the last one frees the block. On a free page reported as double-free. */
DMASIM_API void put_page(struct page *page) DMASIM_SYM(put_page);
DMASIM_API int page_count(const struct page *page) DMASIM_SYM(page_count);
#define page_ref_count(page) page_count(page)

/* The first page of the compound page (__GFP_COMP) that page belongs to; page itself if none. */
DMASIM_API struct page *compound_head(const struct page *page) DMASIM_SYM(compound_head);
#define virt_to_head_page(x) compound_head(virt_to_page(x))
/* 0 for pages not allocated with __GFP_COMP. */
DMASIM_API unsigned int compound_order(struct page *page) DMASIM_SYM(compound_order);

static inline unsigned long page_size(struct page *page)
{
	return PAGE_SIZE << compound_order(page);
}

static inline int page_to_nid(const struct page *page)
{
	(void)page;
	return 0;
}

static inline unsigned long page_private(const struct page *page)
{
	return page->private;
}

static inline void set_page_private(struct page *page, unsigned long value)
{
	page->private = value;
}

/* Is p from vmalloc() or its kin? */
DMASIM_API bool is_vmalloc_addr(const void *p) DMASIM_SYM(is_vmalloc_addr);
/* The page behind one vmalloc address; NULL for other addresses. */
DMASIM_API struct page *vmalloc_to_page(const void *p) DMASIM_SYM(vmalloc_to_page);
DMASIM_API unsigned long vmalloc_to_pfn(const void *p) DMASIM_SYM(vmalloc_to_pfn);

/* ---- memory of drivers in user programs: called by a driver's mmap, see <dmasim/chardev.h> ---- */

#define VM_NONE	      0x00000000UL
#define VM_READ	      0x00000001UL
#define VM_WRITE      0x00000002UL
#define VM_EXEC	      0x00000004UL
#define VM_SHARED     0x00000008UL
#define VM_MAYREAD    0x00000010UL
#define VM_MAYWRITE   0x00000020UL
#define VM_MAYEXEC    0x00000040UL
#define VM_MAYSHARE   0x00000080UL
#define VM_PFNMAP     0x00000400UL /* page frames without a struct page behind them */
#define VM_LOCKED     0x00002000UL
#define VM_IO	      0x00004000UL
#define VM_DONTCOPY   0x00020000UL
#define VM_DONTEXPAND 0x00040000UL
#define VM_DONTDUMP   0x04000000UL
#define VM_MIXEDMAP   0x10000000UL
#define VM_RESERVED   (VM_DONTEXPAND | VM_DONTDUMP) /* until 3.6 */

static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/**
 * remap_pfn_range() - map physically contiguous memory, or registers, into a user program
 * @vma:  the range that mmap was called with
 * @addr: the user's address of the first page, in the range; page aligned
 * @pfn:  the first page frame
 * @size: bytes, rounded up to pages
 * @prot: vma->vm_page_prot, perhaps with another memory type
 *
 * Sets VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP. No reference is taken: the memory must stay until the user has
 * unmapped it. That @size bytes may be shown is for the driver to know; pages that belong to nobody, or to somebody
 * else, are reported. Registers have no memory behind: the user's access to them faults.
 *
 * Context: may sleep; only from the driver's mmap.
 * Return: 0; -EINVAL for an address that is not aligned or not in the range, a frame that is no memory, and part of a
 *         private writable range; -ENOMEM.
 */
DMASIM_API int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size,
			       pgprot_t prot) DMASIM_SYM(remap_pfn_range);
#define io_remap_pfn_range(vma, addr, pfn, size, prot) remap_pfn_range((vma), (addr), (pfn), (size), (prot))

/**
 * vm_insert_page() - map one page, and take a reference to it until it is unmapped
 *
 * Context: may sleep; from the driver's mmap or fault.
 * Return: 0; -EFAULT outside of the range; -EINVAL for a free page or one of the slab; -EBUSY where a page is mapped
 *         already; -ENOMEM.
 */
DMASIM_API int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
	DMASIM_SYM(vm_insert_page);
/* vm_insert_page() for pages[vm_pgoff ...], as many as the range has. -ENXIO when there are too few. */
DMASIM_API int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num)
	DMASIM_SYM(vm_map_pages);
/* The same from pages[0] on, whatever vm_pgoff says. */
DMASIM_API int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long num)
	DMASIM_SYM(vm_map_pages_zero);

/**
 * vm_iomap_memory() - map the part of [start, start + len) that vm_pgoff and the range's length name
 *
 * Return: 0; -EINVAL where the range goes beyond; what remap_pfn_range() returns.
 */
DMASIM_API int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start, unsigned long len)
	DMASIM_SYM(vm_iomap_memory);

/* Memory that need not be contiguous: from kmalloc() if it can, else from vmalloc(). */
DMASIM_API void *kvmalloc(size_t size, gfp_t gfp) DMASIM_SYM(kvmalloc);
DMASIM_API void *kvzalloc(size_t size, gfp_t gfp) DMASIM_SYM(kvzalloc);
DMASIM_API void *kvmalloc_array(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kvmalloc_array);
DMASIM_API void *kvcalloc(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kvcalloc);
DMASIM_API void kvfree(const void *p) DMASIM_SYM(kvfree);

#endif
