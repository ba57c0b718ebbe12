/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/mm share.
 *
 * One record a page of RAM (struct mm_frame), in reserved host memory that costs only what is touched: a machine with
 * 64 GiB of RAM is made as fast as one with 64 MiB. Frames are named by index (pfn - base_pfn); links hold index + 1,
 * so that memory never touched reads as "no link".
 *
 * Only the first frame of a block says what the block is; the others have state FRAME_NONE (or FRAME_SLAB, so that
 * kfree() finds its slab in one step). frame_head() finds the block of any page.
 */
#ifndef LIB_MM_INTERNAL_H
#define LIB_MM_INTERNAL_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include "lib/mm/mm.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define MM_ORDERS     11 /* 0 .. 10 */
#define MM_MAX_ORDER  10
#define MM_NONE	      (~(u32)0)
#define MM_FREED_BYTE 0x6b /* freed memory, when cfg.poison */
#define MM_ZONE_BYTE  0xbb /* red zones beside objects */

enum frame_state {
	FRAME_NONE, /* not the head of a block; or never handed out */
	FRAME_FREE,
	FRAME_QUARANTINED,
	FRAME_PAGES,   /* alloc_pages() and friends */
	FRAME_KMALLOC, /* a kmalloc() too big for the caches */
	FRAME_SLAB,    /* on every page of the slab */
	FRAME_BLOCK,   /* mm_alloc_block(): another room's */
	FRAME_VMALLOC,
	FRAME_CONTIG, /* on every page of a run of contig.c's; `size` is the index of its head */
};

enum frame_flags {
	FRAME_POISONED = 1, /* on each page: filled with MM_FREED_BYTE */
	FRAME_COMP = 2,	    /* allocated with __GFP_COMP */
	FRAME_EXACT = 4,    /* alloc_pages_exact(): not a power of two */
	FRAME_ZONED = 8,    /* behind the last asked byte lies a red zone */
};

struct mm_frame {
	u32 next, prev; /* in a free list, the quarantine, or the list of live blocks */
	u8 state, order, zone, flags;
	u32 nr; /* pages of the block */
	stack_id allocated, freed;
	u64 allocated_time, freed_time;
	const char *kind;
	union {
		struct mm_slab *slab; /* FRAME_SLAB */
		size_t size;	      /* as asked; others */
	};
	u64 fresh; /* the word it was filled with when it was allocated; 0 = none, or zeroed */
};

struct mm_range { /* frames nobody has asked for yet: [lo, hi) */
	u32 lo, hi;
};

struct mm_zone {
	const char *name;
	u32 lo, hi;	     /* index range that holds all its frames; holes inside */
	u64 total, nr_free;  /* pages; nr_free counts ranges too */
	u32 head[MM_ORDERS]; /* free lists, last freed first */
	struct mm_range *ranges;
	unsigned int nr_ranges, max_ranges;
};

enum { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, MM_ZONES };

struct gen_pool;
struct mm_segments;

/* window.c */
struct mm_window {
	struct sim_region region;
	struct mm_window *next; /* in the pool */
};
/* Zeroed memory of at least bytes; NULL and sim_error(). */
struct mm_window *window_take(struct sim_machine *hw, size_t bytes);
void window_give(struct mm_window *w);

struct kmem_cache;

struct mm {
	struct mm_pages map; /* must come first */
	struct dmasim_machine *machine;
	u64 base_pfn;
	u32 nr_frames;
	struct mm_frame *frames;
	struct mm_zone zones[MM_ZONES];

	struct mm_window *window; /* holds the two arrays */

	u32 live_first;			       /* +1; blocks handed out, last first */
	u32 quarantine_first, quarantine_last; /* +1; FIFO through next */
	u32 quarantine_pages, quarantine_max;
	bool poison, checks;
	bool draining;
	u8 order_guess; /* of the block asked for last; see mm_allocation_end() */
	u64 serial;	/* of allocations: makes each fresh pattern different */

	struct mm_slabs *slabs;
	struct mm_vmalloc *vmalloc;
	struct mm_foreign *foreign;
	struct mm_user *user;
	struct mm_segments *segments;
	struct gen_pool *gen_pools;
	struct mm_range *reserved; /* contig.c: what no zone has, by index */
	unsigned int nr_reserved;

	u64 pages_live, pages_peak, allocations, objects_live, objects_peak, out_of_memory;
};

static inline struct mm *mm_of(const struct dmasim_machine *m)
{
	return m->mm;
}

static inline phys_addr_t mm_phys(const struct mm *mm, u32 index)
{
	return (mm->base_pfn + index) << SIM_PAGE_SHIFT;
}

/* Frame index of a physical address, MM_NONE outside the frames. Inside them it may still be a hole. */
static inline u32 mm_index(const struct mm *mm, phys_addr_t phys)
{
	u64 i = (phys >> SIM_PAGE_SHIFT) - mm->base_pfn;

	return i < mm->nr_frames ? (u32)i : MM_NONE;
}

/* ---- buddy.c: power-of-two blocks in one zone ---- */
int buddy_add_range(struct mm_zone *zone, u32 lo, u32 hi);
/* A block of 2^order frames below index end; MM_NONE if there is none. Its head's state is FRAME_NONE. */
u32 buddy_take(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end);
/* The same, but only a block of the free lists that `fits` accepts. Slow: for requests that would fail otherwise. */
u32 buddy_take_if(struct mm *mm, struct mm_zone *zone, unsigned int order, u32 end,
		  bool (*fits)(struct mm *mm, u32 index, unsigned int order));
/* Give back [index, index + nr), in pieces of powers of two, merged with free neighbours. */
void buddy_give(struct mm *mm, u32 index, u32 nr);
/* Take [lo, hi) from the ranges that nobody has asked for yet, for good; false if it is not all in one of them. */
bool buddy_cut(struct mm_zone *zone, u32 lo, u32 hi);
/* Where nr frames, aligned to align (a power of two), lie in one such range below end, as high as can be; or MM_NONE. */
u32 buddy_find(struct mm *mm, struct mm_zone *zone, u64 nr, u64 align, u32 end);
void buddy_check(struct mm *mm, struct mm_zone *zone);

/* ---- zones.c: whose memory, from which zone ---- */
int zones_init(struct mm *mm);
void zones_exit(struct mm *mm);

struct mm_request {
	unsigned int order;
	u32 nr; /* pages really wanted; 0 = all of the order */
	gfp_t gfp;
	phys_addr_t limit; /* highest address of the last byte */
	enum frame_state state;
	const char *kind;
	size_t size; /* as asked */
	stack_id stack;
	struct mm_slab *slab;
};
/* The first frame, or MM_NONE: no hooks called, nothing reported. Filled as gfp and cfg say. */
u32 mm_take(struct mm *mm, const struct mm_request *r);
/* The block headed by index is free from now on: poison, quarantine. */
void mm_give(struct mm *mm, u32 index, stack_id stack);
void mm_drain(struct mm *mm);
/* The head of the block that page index belongs to; MM_NONE if it was never handed out. */
u32 frame_head(const struct mm *mm, u32 index);
void mm_report_gfp(struct dmasim_machine *m, gfp_t gfp, const char *function);
/* Zone bits that exclude each other, or that the call forbids: report gfp-zone-conflict. True if so. */
static inline bool mm_bad_gfp(struct dmasim_machine *m, gfp_t gfp, gfp_t forbidden, const char *function)
{
	gfp_t zones = gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);

	if (k_likely(!(gfp & forbidden) && !(zones & (zones - 1))))
		return false;
	mm_report_gfp(m, gfp, function);
	return true;
}
static inline void mm_gfp_context(struct dmasim_machine *m, gfp_t gfp, const char *function)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		k_might_sleep(m, function);
}
/* Pages that were filled when they were freed must still be so: else reported. */
void mm_check_poison(struct mm *mm, u32 index, u32 nr);
/* Fill pages whose freed fields are set in the first one's frame. */
void mm_poison(struct mm *mm, u32 index, u32 nr);
void mm_fill(struct mm *mm, phys_addr_t phys, size_t n, u64 word);
/* The first byte in [phys, phys + n) that differs from byte, or n. */
size_t mm_find_other(struct mm *mm, phys_addr_t phys, size_t n, u8 byte);
u64 mm_fresh_word(struct mm *mm);
void mm_report_write_after_free(struct mm *mm, phys_addr_t start, size_t size, size_t at, const char *kind,
				stack_id allocated, u64 allocated_time, stack_id freed, u64 freed_time);
void mm_zones_check(struct mm *mm);

/* ---- page.c: struct page ---- */
int page_init(struct mm *mm);
void page_exit(struct mm *mm);
struct page *page_of_pfn(const struct mm *mm, u64 pfn);
static inline struct page *page_of_index(const struct mm *mm, u32 index)
{
	return mm->map.first + (mm->base_pfn + index - mm->map.pfn);
}

/* ---- pagealloc.c: what drivers call; these are for the other files here ---- */
bool mm_free_pages(struct dmasim_machine *m, u32 index, unsigned int order, const char *function);
/* put_page() in the name of `function`. */
void mm_put_page(struct dmasim_machine *m, struct page *page, const char *function);
/* One more reference to a page of alloc_pages(); false: it is another owner's, who frees it whatever the count says. */
bool mm_hold_page(struct dmasim_machine *m, struct page *page);
/* Report a free of the wrong thing: p (phys, ~0 if it has none) was given to function; why: "a page that is free". */
void mm_bad_free(struct dmasim_machine *m, const char *rule, const char *function, const void *p, phys_addr_t phys,
		 const char *why);

/* ---- slab.c ---- */
int slab_init(struct mm *mm);
void slab_exit(struct mm *mm);
/* Report what was written to objects, and to pages in quarantine, since they were freed; each such write once. */
void slab_check_freed(struct mm *mm);
void mm_check_freed(struct mm *mm);
u32 slab_shrink(struct mm *mm); /* gives empty slabs and resting objects back; pages freed */
bool slab_object_at(struct mm *mm, struct mm_slab *slab, phys_addr_t phys, struct mm_object *o);
/* Where the live object ends that holds phys; 0 if none does. */
phys_addr_t slab_object_end(struct mm_slab *slab, phys_addr_t phys);
void slab_check(struct mm *mm);
void *slab_kmalloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function);
void slab_kfree(struct dmasim_machine *m, const void *p, const char *function);
void *slab_alloc(struct dmasim_machine *m, struct kmem_cache *cache, size_t asked, gfp_t gfp);
size_t slab_asked(struct dmasim_machine *m, const void *p); /* 0: not from kmalloc() */
/* The object is size bytes from now on, at most slab_ksize(): its red zone moves. gfp: __GFP_ZERO for what is new. */
void slab_resize(struct dmasim_machine *m, const void *p, size_t size, gfp_t gfp);
size_t slab_ksize(struct dmasim_machine *m, const void *p); /* 0: not from kmalloc() */

/* ---- vmalloc.c ---- */
void *vmalloc_area(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function);
void vmalloc_free(struct dmasim_machine *m, const void *p, const char *function);
void vmalloc_exit(struct mm *mm);
/* The physical byte behind p, ~0 if none. *coherent (may be NULL): the area shows coherent memory. */
phys_addr_t vmalloc_phys(struct mm *mm, uintptr_t p, bool *coherent);

/* ---- genalloc.c ---- */
void genalloc_exit(struct mm *mm);
void genalloc_check(const struct mm *mm);

/* ---- contig.c ---- */
void contig_exit(struct mm *mm);
void contig_check_freed(struct mm *mm); /* as slab_check_freed() */
void contig_check(const struct mm *mm);
/* Where the page is in the file that backs RAM. */
off_t vmalloc_file_offset(const struct sim_machine *hw, phys_addr_t phys);

/* ---- user.c: the user program's ranges ---- */
#define USER_REFERENCED 1ULL /* in an entry of a range's table, beside the physical address: a reference is held, */
#define USER_PRESENT	2ULL /* something is mapped, */
#define USER_REGISTERS	4ULL /* and that is no memory */
#define USER_TOLD	8ULL /* that it was freed */

struct mm_vma {
	struct vm_area_struct pub; /* the driver's to read and, in part, to write: nothing here is believed */
	struct mm_vma *next;
	uintptr_t start;
	u32 nr; /* pages */
	int prot;
	bool shared, mapping, faulting; /* mapping: the driver's mmap runs; faulting: its fault */
	const char *name;		/* of the device */
	struct file *file;
	u64 *entries;
	stack_id stack;
	u64 time;
};

struct mm_user {
	struct sim_region window;
	struct mm_vma *all; /* sorted by start */
	uintptr_t cursor;
	u64 frames; /* present entries without a reference: only these can dangle */
	u32 pages;  /* present entries */
};

/* The range as the driver named it; NULL if it is none. */
struct mm_vma *user_vma(struct mm *mm, const struct vm_area_struct *vma);
/* Put nr pages of RAM, or registers, at page `first` of the range. 0 or -ENOMEM. */
int user_set(struct dmasim_machine *m, struct mm_vma *v, u32 first, phys_addr_t phys, u32 nr, unsigned long flags);
/* The same for one page, which is held as long as it is mapped. */
int user_set_held(struct dmasim_machine *m, struct mm_vma *v, u32 first, struct page *page);
phys_addr_t user_phys(struct mm *mm, uintptr_t p);
/* [phys, phys + size) is being freed: reported where the user program still sees it without holding it. */
void user_memory_freed_slow(struct mm *mm, phys_addr_t phys, size_t size);
static inline void user_memory_freed(struct mm *mm, phys_addr_t phys, size_t size)
{
	if (k_unlikely(mm->user && mm->user->frames))
		user_memory_freed_slow(mm, phys, size);
}
void user_exits(struct dmasim_machine *m);
void user_exit(struct mm *mm);
void user_check(struct mm *mm);

/* ---- foreign.c, classify.c ---- */
int foreign_init(struct mm *mm);
void foreign_exit(struct mm *mm);
/* The physical address of a foreign byte that has one now, ~0 if none. Takes no reference. */
phys_addr_t foreign_phys(struct mm *mm, const volatile void *p);
void foreign_check(struct mm *mm);
void classify_exit(struct mm *mm);

/* Every invariant of the room: asserts inside; for tests. */
void mm_check(struct dmasim_machine *m);
u64 mm_free_page_count(struct dmasim_machine *m);

#endif
