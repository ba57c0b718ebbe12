/* SPDX-License-Identifier: MIT */
/* Page size and address conversion. Mirrors asm/page.h. */
#ifndef DMASIM_ASM_PAGE_H
#define DMASIM_ASM_PAGE_H

#include <linux/types.h>

struct page;

#undef PAGE_SHIFT
#undef PAGE_SIZE
#undef PAGE_MASK
#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/**
 * virt_to_phys() - the physical address behind a kernel logical address of the current machine
 *
 * Only for memory from kmalloc() or the page allocator. Memory that is not RAM of the machine gets a physical address
 * of its own, so that mapping it by page can be reported as what it is; a vmalloc or register address, or one that is no
 * memory at all, is reported as address-not-linear.
 *
 * Return: the address; all ones where there is none.
 */
DMASIM_API phys_addr_t virt_to_phys(const volatile void *p) DMASIM_SYM(virt_to_phys);
/* The kernel logical address of RAM; NULL for anything else (foreign memory: the host's address). */
DMASIM_API void *phys_to_virt(phys_addr_t phys) DMASIM_SYM(phys_to_virt);
/* The struct page of a kernel logical address: as virt_to_phys(). NULL where there is none. */
DMASIM_API struct page *virt_to_page(const void *p) DMASIM_SYM(virt_to_page);
/* Is p a kernel logical address of RAM of the current machine? */
DMASIM_API bool virt_addr_valid(const volatile void *p) DMASIM_SYM(virt_addr_valid);

DMASIM_API unsigned long page_to_pfn(const struct page *page) DMASIM_SYM(page_to_pfn);
/* NULL outside the machine's RAM and foreign memory. */
DMASIM_API struct page *pfn_to_page(unsigned long pfn) DMASIM_SYM(pfn_to_page);
DMASIM_API bool pfn_valid(unsigned long pfn) DMASIM_SYM(pfn_valid);
DMASIM_API phys_addr_t page_to_phys(const struct page *page) DMASIM_SYM(page_to_phys);
#define phys_to_page(phys) pfn_to_page((unsigned long)((phys) >> PAGE_SHIFT))
#define virt_to_pfn(p)	   ((unsigned long)(virt_to_phys(p) >> PAGE_SHIFT))

#define __pa(x) virt_to_phys((const volatile void *)(unsigned long)(x))
#define __va(x) phys_to_virt((phys_addr_t)(x))

/* The smallest order whose blocks hold size bytes; get_order(0) is undefined in the kernel, here a huge order. */
static inline int get_order(unsigned long size)
{
	size = (size - 1) >> PAGE_SHIFT;
	return size ? 64 - __builtin_clzl(size) : 0;
}

#endif
