/* SPDX-License-Identifier: MIT */
/*
 * What the rooms above the memory manager may ask it.
 *
 * All records live in host memory beside simulated RAM, never in it: a device that writes to freed memory must
 * damage the driver's data, not ours.
 */
#ifndef LIB_MM_MM_H
#define LIB_MM_MM_H

#include <linux/mm.h>
#include "lib/core/kernel.h"

int mm_init(struct dmasim_machine *m);
void mm_exit(struct dmasim_machine *m);

/* The struct pages of a machine: the first member of its struct mm. */
struct mm_pages {
	struct page *first;
	u64 pfn, nr; /* of the first; how many */
};
/* page_to_phys(), without a call for the pages of machine m. */
static inline phys_addr_t mm_page_phys(const struct dmasim_machine *m, const struct page *page)
{
	const struct mm_pages *p = (const struct mm_pages *)(const void *)m->mm;
	u64 at = (uintptr_t)page - (uintptr_t)p->first;

	return k_likely(at < p->nr * sizeof(*page)) ? (p->pfn + at / sizeof(*page)) << SIM_PAGE_SHIFT
						    : page_to_phys(page);
}
size_t mm_leaks(struct dmasim_machine *m); /* lints only: memory is not required to be freed at exit */

enum mm_state { MM_FREE, MM_QUARANTINED, MM_ALLOCATED, MM_RESERVED, MM_NOT_RAM };

/* What lies at one physical byte. */
struct mm_object {
	enum mm_state state;
	const char *kind;  /* "page block", "kmalloc object", "cache dad_req", "coherent block", "adopted memory" */
	phys_addr_t start; /* of the object */
	size_t size;	   /* as the caller asked for, not as rounded */
	stack_id allocated, freed;
	u64 allocated_time, freed_time;
};
void mm_object_at(struct dmasim_machine *m, phys_addr_t phys, struct mm_object *o);
/* The fast half of that question: where the live allocation ends that holds phys; 0 if none does. */
phys_addr_t mm_allocation_end(struct dmasim_machine *m, phys_addr_t phys);

/* Page blocks for the rooms above (coherent memory): 2^order pages, physical address or ~0. `kind` labels them. No
 * hooks are called and no reports made. `limit` is the highest physical address the last byte may have. */
phys_addr_t mm_alloc_block(struct dmasim_machine *m, unsigned int order, gfp_t gfp, phys_addr_t limit, const char *kind,
			   stack_id stack);
void mm_free_block(struct dmasim_machine *m, phys_addr_t phys, unsigned int order, stack_id stack);

/*
 * RAM that the page allocator never hands out, because it was reserved: areas of contiguous memory, and what platform
 * code keeps for a device. Reserving is for good. [phys, phys + size), or, with phys ~0, the highest free place with
 * that alignment and its last byte at most at `limit`. The physical address, ~0 if it is not all free; whole pages.
 */
phys_addr_t mm_reserve(struct dmasim_machine *m, phys_addr_t phys, u64 size, u64 align, phys_addr_t limit);
bool mm_is_reserved(const struct dmasim_machine *m, phys_addr_t phys, u64 size); /* all of it, by one call */
/*
 * Who manages a reserved range says which runs of pages in it are allocated, so that checks know. False: host_limit.
 * Giving back takes the whole run; no hooks are called.
 */
bool mm_run_take(struct dmasim_machine *m, phys_addr_t phys, size_t pages, const char *kind, stack_id stack);
void mm_run_give(struct dmasim_machine *m, phys_addr_t phys, stack_id stack);

/*
 * Show pages of RAM a second time, one behind the other, in the window of vmalloc(): their physical addresses, which
 * need not be in order. `coherent`: mm_classify() then calls such an address coherent memory. The pages stay their
 * owner's. NULL where address space or host mappings run out, or a page is no RAM. No hooks, no reports.
 */
void *mm_vmap(struct dmasim_machine *m, const phys_addr_t *pages, size_t nr, bool coherent);
void *mm_vmap_range(struct dmasim_machine *m, phys_addr_t phys, size_t size, bool coherent);
/* End it. False, and nothing done, if p is not what mm_vmap() returned with that flag. */
bool mm_vunmap(struct dmasim_machine *m, const void *p, bool coherent);

/* [phys, phys + n) was written by a mistake that has its report already (a device out of bounds, say): what it did to
 * red zones and to freed memory is a consequence, and gets no report of its own. */
void mm_damage_known(struct dmasim_machine *m, phys_addr_t phys, size_t n);

/* kmalloc() and kfree() in the name of `function`, for other rooms: hooks are called and mistakes reported, failures are
 * not injected (the caller's own k_fails() came first). */
void *mm_kmalloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function);
void mm_kfree(struct dmasim_machine *m, const void *p, const char *function);
/* virt_to_page() in the name of `function`, for other rooms: mistakes are reported at the entered frame. */
struct page *mm_virt_to_page(struct dmasim_machine *m, const void *p, const char *function);
/* alloc_pages() and __free_pages() likewise; failures are not injected. */
struct page *mm_alloc_pages(struct dmasim_machine *m, gfp_t gfp, unsigned int order, const char *function);
void mm_put_pages(struct dmasim_machine *m, struct page *page, unsigned int order, const char *function);

/*
 * Show [phys, phys + n pages) in the user's range from addr on, for a call of mmap's that the rooms above make: as
 * remap_pfn_range() in the name of `function`, which has checked where the memory comes from. 0 or what that returns.
 */
struct vm_area_struct;
int mm_user_map(struct dmasim_machine *m, struct vm_area_struct *vma, unsigned long addr, phys_addr_t phys,
		size_t pages, unsigned long prot, const char *function);
/* Is it a range of the user program, whose mmap runs? Else reported, for `function`. */
bool mm_user_may_map(struct dmasim_machine *m, const struct vm_area_struct *vma, const char *function);

/*
 * Foreign memory: host memory that is not simulated RAM (malloc'd, static, stack, adopted). It gets physical addresses
 * in the machine's foreign window (cfg.foreign_base), handed out by host page, so that the offset in the page is kept.
 * Host memory may vanish at any time: everything here copies with sim_host_read() and sim_host_write().
 */
/* Give [host, host + n) a physical address (same answer for the same bytes while referenced), one reference taken.
 * Adjacent host pages are adjacent physically. ~0 when the window is full. */
phys_addr_t mm_foreign_get(struct dmasim_machine *m, const void *host, size_t n);
void mm_foreign_put(struct dmasim_machine *m, phys_addr_t phys, size_t n);
/* The host address behind a foreign physical byte, NULL if none. *len: how far it goes on. */
void *mm_foreign_host(struct dmasim_machine *m, phys_addr_t phys, size_t *len);
/* Copy from or to any physical bytes, RAM or foreign, without checks. Bytes copied before the first unreachable one. */
size_t mm_phys_read(struct dmasim_machine *m, phys_addr_t phys, void *dst, size_t n);
size_t mm_phys_write(struct dmasim_machine *m, phys_addr_t phys, const void *src, size_t n);
bool mm_is_adopted(struct dmasim_machine *m, const void *host, size_t n);

/* CPU address, of any kind, to physical; kinds below. ~0 where it has none. Never creates foreign addresses. */
enum mm_address_kind {
	ADDR_LINEAR,   /* kernel logical */
	ADDR_UNCACHED, /* coherent memory, in a window of its own or as an area among vmalloc's */
	ADDR_VMALLOC,
	ADDR_KMAP,
	ADDR_USER, /* in the user program: ~0 where no RAM is mapped */
	ADDR_IOMEM,
	ADDR_VMEMMAP, /* a struct page, not memory */
	ADDR_STACK,   /* host stack of the running thread or task */
	ADDR_TEXT,    /* code or read-only data of the program */
	ADDR_STATIC,  /* .data/.bss of the program or a library */
	ADDR_FOREIGN, /* other host memory: malloc */
	ADDR_ADOPTED,
	ADDR_NULL, /* NULL and the first page */
	ADDR_BAD,  /* not mapped in this process */
};
phys_addr_t mm_classify(struct dmasim_machine *m, const volatile void *p, enum mm_address_kind *kind);
const char *mm_address_kind_name(enum mm_address_kind kind);

#endif
