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

/* Memory that need not be contiguous: from kmalloc() if it can, else from vmalloc(). */
DMASIM_API void *kvmalloc(size_t size, gfp_t gfp) DMASIM_SYM(kvmalloc);
DMASIM_API void *kvzalloc(size_t size, gfp_t gfp) DMASIM_SYM(kvzalloc);
DMASIM_API void *kvmalloc_array(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kvmalloc_array);
DMASIM_API void *kvcalloc(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kvcalloc);
DMASIM_API void kvfree(const void *p) DMASIM_SYM(kvfree);

#endif
