/* SPDX-License-Identifier: MIT */
/*
 * Temporary mappings of pages. Mirrors include/linux/highmem.h on machines without high memory, where every page has
 * an address for good and mapping one only finds it.
 */
#ifndef DMASIM_LINUX_HIGHMEM_H
#define DMASIM_LINUX_HIGHMEM_H

#include <linux/mm.h>

/* Context: may sleep. */
DMASIM_API void *kmap(struct page *page) DMASIM_SYM(kmap);

static inline void kunmap(struct page *page)
{
	(void)page;
}

static inline void *kmap_local_page(struct page *page)
{
	return page_address(page);
}

static inline void kunmap_local(const void *addr)
{
	(void)addr;
}

static inline void *kmap_atomic(struct page *page)
{
	return page_address(page);
}

static inline void kunmap_atomic(const void *addr)
{
	(void)addr;
}

/*
 * Write back, or drop, what the CPU's caches hold of a view of vmap()'s, where those tell views of one page apart. No
 * machine here does: nothing happens.
 */
DMASIM_API void flush_kernel_vmap_range(void *vaddr, int size) DMASIM_SYM(flush_kernel_vmap_range);
DMASIM_API void invalidate_kernel_vmap_range(void *vaddr, int size) DMASIM_SYM(invalidate_kernel_vmap_range);

#endif
