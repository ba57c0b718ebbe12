/* SPDX-License-Identifier: MIT */
/* Records of the object allocator, shared by slab.c (objects), cache.c (kmem_cache) and kmalloc.c. */
#ifndef LIB_MM_SLAB_H
#define LIB_MM_SLAB_H

#include "lib/mm/internal.h"

#define KMALLOC_CLASSES 13
#define KMALLOC_MAX	8192
#define SLAB_ZONE	128 /* bytes of red zone behind an object, at most */

enum object_state { OBJECT_NEVER, OBJECT_FREE, OBJECT_RESTING, OBJECT_LIVE };

struct object {
	size_t asked;
	u32 next; /* free list of the slab, index + 1 */
	u8 state;
	bool poisoned;
	bool damaged; /* its red zone was overwritten by something that is reported already */
	stack_id allocated, freed;
	u64 allocated_time, freed_time;
	u64 fresh;
};

struct mm_slab {
	struct kmem_cache *cache;
	struct mm_slab *next, *prev; /* partial list */
	phys_addr_t phys;
	u8 *base; /* linear address of phys */
	u32 index, nr, nr_live, nr_resting;
	u32 free;      /* last freed object, + 1 */
	u32 untouched; /* objects from here on were never handed out */
	bool listed;
	struct object objects[];
};

struct kmem_cache {
	struct mm *mm; /* NULL: this slot is free, or the cache was destroyed */
	char name[32];
	char kind[48]; /* how reports call its objects */
	size_t size;   /* usable bytes of an object: ksize() */
	size_t asked;  /* as the driver asked; kmem_cache_create() only */
	u32 stride;    /* distance of objects: size, red zone, alignment */
	u8 shift;      /* log2(stride), 0 if it is none */
	u8 order;      /* pages of a slab */
	bool kmalloc;  /* one of the general caches */
	u32 nr;	       /* objects of a slab */
	gfp_t gfp;     /* zone bits */
	void (*ctor)(void *);
	struct mm_slab *partial; /* slabs with a free object, last used first */
	u32 nr_empty;
	u64 live, slabs;
	stack_id created;
};

struct resting { /* freed, but not to be reused yet */
	struct mm_slab *slab;
	u32 i;
};

#define MAX_CACHES 4096

struct mm_slabs {
	struct kmem_cache classes[2][KMALLOC_CLASSES]; /* NORMAL, DMA */
	struct kmem_cache *caches; /* of kmem_cache_create(): MAX_CACHES slots, reserved when first used */
	u32 nr_caches;
	struct resting *ring;
	u32 ring_size, ring_first, ring_nr;
};

/* Fill in a cache: name and kind are copied. align: power of two. */
void cache_init(struct mm *mm, struct kmem_cache *c, const char *name, const char *kind, size_t size, size_t align,
		gfp_t zone);

/* A red zone of `zone` bytes behind an object is damaged from its byte `at` on. */
void slab_report_overrun(struct mm *mm, phys_addr_t start, size_t asked, size_t at, size_t zone, const char *kind,
			 stack_id allocated, u64 time);

/* ---- big.c: objects beyond the largest class; index: of the page block ---- */
void *big_alloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function);
void big_write_zone(struct mm *mm, u32 index);
void big_check_zone(struct mm *mm, u32 index);

static inline u32 slab_object(const struct mm_slab *slab, phys_addr_t phys)
{
	u64 at = phys - slab->phys;

	return (u32)(slab->cache->shift ? at >> slab->cache->shift : at / slab->cache->stride);
}

static inline phys_addr_t object_phys(const struct mm_slab *slab, u32 i)
{
	return slab->phys + (u64)i * slab->cache->stride;
}

#endif
