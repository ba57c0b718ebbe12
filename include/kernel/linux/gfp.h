/* SPDX-License-Identifier: MIT */
/*
 * Page allocation. Mirrors include/linux/gfp.h (and gfp_types.h).
 *
 * Flags say from which zone memory may come, and what the allocator may do to get it. Calls with __GFP_DIRECT_RECLAIM
 * (GFP_KERNEL has it, GFP_ATOMIC and GFP_NOWAIT do not) may sleep: sleep-in-atomic is reported where that is forbidden.
 */
#ifndef DMASIM_LINUX_GFP_H
#define DMASIM_LINUX_GFP_H

#include <linux/types.h>
#include <linux/mm_types.h>
#include <asm/page.h>

#define __GFP_DMA	     ((gfp_t)0x01u)
#define __GFP_HIGHMEM	     ((gfp_t)0x02u)
#define __GFP_DMA32	     ((gfp_t)0x04u)
#define __GFP_MOVABLE	     ((gfp_t)0x08u)
#define __GFP_RECLAIMABLE    ((gfp_t)0x10u)
#define __GFP_HIGH	     ((gfp_t)0x20u)
#define __GFP_IO	     ((gfp_t)0x40u)
#define __GFP_FS	     ((gfp_t)0x80u)
#define __GFP_ZERO	     ((gfp_t)0x100u)
#define __GFP_ATOMIC	     ((gfp_t)0x200u)
#define __GFP_DIRECT_RECLAIM ((gfp_t)0x400u)
#define __GFP_KSWAPD_RECLAIM ((gfp_t)0x800u)
#define __GFP_WRITE	     ((gfp_t)0x1000u)
#define __GFP_NOWARN	     ((gfp_t)0x2000u)
#define __GFP_RETRY_MAYFAIL  ((gfp_t)0x4000u)
#define __GFP_NOFAIL	     ((gfp_t)0x8000u)
#define __GFP_NORETRY	     ((gfp_t)0x10000u)
#define __GFP_MEMALLOC	     ((gfp_t)0x20000u)
#define __GFP_COMP	     ((gfp_t)0x40000u)
#define __GFP_NOMEMALLOC     ((gfp_t)0x80000u)
#define __GFP_HARDWALL	     ((gfp_t)0x100000u)
#define __GFP_THISNODE	     ((gfp_t)0x200000u)
#define __GFP_ACCOUNT	     ((gfp_t)0x400000u)
#define __GFP_RECLAIM	     (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define __GFP_WAIT	     __GFP_RECLAIM	 /* until 4.4 */
#define __GFP_REPEAT	     __GFP_RETRY_MAYFAIL /* until 4.13 */
#define __GFP_COLD	     ((gfp_t)0)		 /* until 4.15 */

#define GFP_ATOMIC	   (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL	   (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_NOWAIT	   (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO	   (__GFP_RECLAIM)
#define GFP_NOFS	   (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER	   (__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA		   __GFP_DMA
#define GFP_DMA32	   __GFP_DMA32
#define GFP_HIGHUSER	   (GFP_USER | __GFP_HIGHMEM)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)

#ifndef NUMA_NO_NODE
#define NUMA_NO_NODE (-1)
#endif
#define MAX_ORDER 11 /* orders 0 .. 10, as until 6.4 */

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return !!(gfp & __GFP_DIRECT_RECLAIM);
}

/**
 * alloc_pages() - 2^order pages, physically contiguous and aligned to their size
 *
 * Memory comes from the highest zone that @gfp allows. Without __GFP_ZERO its contents are undefined.
 * An @order above 10 is reported as alloc-order-too-big, more than one of __GFP_DMA, __GFP_DMA32 and __GFP_HIGHMEM as
 * gfp-zone-conflict; both fail.
 *
 * Context: may sleep with __GFP_DIRECT_RECLAIM.
 * Return: the first page with a reference count of 1, to be given to __free_pages(); NULL when memory is short.
 */
DMASIM_API struct page *alloc_pages(gfp_t gfp, unsigned int order) DMASIM_SYM(alloc_pages);
/* As alloc_pages(); every machine has one node, nid is ignored. */
DMASIM_API struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order) DMASIM_SYM(alloc_pages_node);
#define alloc_page(gfp)		  alloc_pages(gfp, 0)
#define __alloc_page_node(nid, g) alloc_pages_node(nid, g, 0)
#define __dev_alloc_pages(g, o)	  alloc_pages((g) | __GFP_COMP | __GFP_NOWARN | __GFP_MEMALLOC, o)
#define dev_alloc_pages(o)	  __dev_alloc_pages(GFP_ATOMIC, o)
#define dev_alloc_page()	  dev_alloc_pages(0)

/* As alloc_pages(), as kernel logical address; 0 when memory is short. */
DMASIM_API unsigned long __get_free_pages(gfp_t gfp, unsigned int order) DMASIM_SYM(__get_free_pages);
DMASIM_API unsigned long get_zeroed_page(gfp_t gfp) DMASIM_SYM(get_zeroed_page);
#define __get_free_page(gfp)	    __get_free_pages(gfp, 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | GFP_DMA, order)

/**
 * __free_pages() - drop a reference; the last one frees the pages
 * @page:  as allocated
 * @order: as allocated; another one is reported as free-wrong-order, and the real one freed
 */
DMASIM_API void __free_pages(struct page *page, unsigned int order) DMASIM_SYM(__free_pages);
/* The same by kernel logical address; 0 is ignored. */
DMASIM_API void free_pages(unsigned long addr, unsigned int order) DMASIM_SYM(free_pages);
#define __free_page(page) __free_pages((page), 0)
#define free_page(addr)	  free_pages((addr), 0)

/* Whole pages for size bytes, not rounded up to a power of two; NULL when memory is short. */
DMASIM_API void *alloc_pages_exact(size_t size, gfp_t gfp) DMASIM_SYM(alloc_pages_exact);
DMASIM_API void free_pages_exact(void *virt, size_t size) DMASIM_SYM(free_pages_exact);

#endif
