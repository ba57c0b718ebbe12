/* SPDX-License-Identifier: MIT */
/*
 * Memory in small pieces. Mirrors include/linux/slab.h.
 *
 * Powers of two are aligned to their size. Behind each object lies a red zone that kfree() looks at: heap-overrun.
 * What is freed wrongly is reported as double-free or invalid-free and stays as it is.
 */
#ifndef DMASIM_LINUX_SLAB_H
#define DMASIM_LINUX_SLAB_H

#include <linux/types.h>
#include <linux/gfp.h>

typedef unsigned int slab_flags_t;
struct kmem_cache;

#define ZERO_SIZE_PTR	    ((void *)16)
#define ZERO_OR_NULL_PTR(p) ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

#define SLAB_HWCACHE_ALIGN     ((slab_flags_t)0x00002000u)
#define SLAB_CACHE_DMA	       ((slab_flags_t)0x00004000u)
#define SLAB_CACHE_DMA32       ((slab_flags_t)0x00008000u)
#define SLAB_PANIC	       ((slab_flags_t)0x00040000u)
#define SLAB_RECLAIM_ACCOUNT   ((slab_flags_t)0x00020000u)
#define SLAB_ACCOUNT	       ((slab_flags_t)0x04000000u)
#define KMALLOC_MAX_SIZE       (4UL << 20)
#define KMALLOC_MAX_CACHE_SIZE 8192UL
#define ARCH_KMALLOC_MINALIGN  8
#define ARCH_SLAB_MINALIGN     8

/**
 * kmalloc() - bytes that are physically contiguous
 * @size: 0 gives ZERO_SIZE_PTR, which kfree() ignores; at most KMALLOC_MAX_SIZE
 * @gfp:  __GFP_DMA for memory below the DMA zone's end; __GFP_DMA32 and __GFP_HIGHMEM are reported and ignored
 *
 * Context: may sleep with __GFP_DIRECT_RECLAIM (GFP_KERNEL).
 * Return: undefined contents, zeroes with __GFP_ZERO; NULL when memory is short.
 */
DMASIM_API void *kmalloc(size_t size, gfp_t gfp) DMASIM_SYM(kmalloc);
DMASIM_API void *kzalloc(size_t size, gfp_t gfp) DMASIM_SYM(kzalloc);
DMASIM_API void *kmalloc_node(size_t size, gfp_t gfp, int node) DMASIM_SYM(kmalloc_node);
DMASIM_API void *kzalloc_node(size_t size, gfp_t gfp, int node) DMASIM_SYM(kzalloc_node);
/* n objects of size bytes; NULL also when the product overflows. kcalloc() zeroes. */
DMASIM_API void *kmalloc_array(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kmalloc_array);
DMASIM_API void *kcalloc(size_t n, size_t size, gfp_t gfp) DMASIM_SYM(kcalloc);
/* Grow or shrink; the object may move. NULL, and the old object stays, when memory is short. */
DMASIM_API void *krealloc(const void *p, size_t size, gfp_t gfp) DMASIM_SYM(krealloc);
/* NULL and ZERO_SIZE_PTR are ignored. Any context. kfree_sensitive() clears the bytes first. */
DMASIM_API void kfree(const void *p) DMASIM_SYM(kfree);
DMASIM_API void kfree_sensitive(const void *p) DMASIM_SYM(kfree_sensitive);
#define kzfree(p) kfree_sensitive(p)
/* The bytes that may be used, at least those asked for: all of them belong to the caller from now on. */
DMASIM_API size_t ksize(const void *p) DMASIM_SYM(ksize);
DMASIM_API void *kmemdup(const void *src, size_t n, gfp_t gfp) DMASIM_SYM(kmemdup);
DMASIM_API char *kstrdup(const char *s, gfp_t gfp) DMASIM_SYM(kstrdup);
DMASIM_API char *kstrndup(const char *s, size_t max, gfp_t gfp) DMASIM_SYM(kstrndup);

/**
 * kmem_cache_create() - a cache of objects of one size
 * @name:  for reports; copied
 * @align: power of two, 0 for the default of 8
 * @flags: SLAB_HWCACHE_ALIGN, SLAB_CACHE_DMA and SLAB_CACHE_DMA32 matter
 * @ctor:  run on each object when its memory is new, not at each allocation; may be NULL
 *
 * Context: may sleep.
 * Return: the cache; NULL for a size that is 0 or too big, a bad alignment, or when memory is short.
 */
DMASIM_API struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
						slab_flags_t flags, void (*ctor)(void *)) DMASIM_SYM(kmem_cache_create);
/* NULL is ignored. With live objects it is reported as cache-busy-at-destroy, and the cache stays. May sleep. */
DMASIM_API void kmem_cache_destroy(struct kmem_cache *cache) DMASIM_SYM(kmem_cache_destroy);
DMASIM_API void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp) DMASIM_SYM(kmem_cache_alloc);
DMASIM_API void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp) DMASIM_SYM(kmem_cache_zalloc);
/* An object of another cache is reported as invalid-free, and freed. NULL is ignored. */
DMASIM_API void kmem_cache_free(struct kmem_cache *cache, void *p) DMASIM_SYM(kmem_cache_free);
DMASIM_API unsigned int kmem_cache_size(struct kmem_cache *cache) DMASIM_SYM(kmem_cache_size);

#define KMEM_CACHE(type, flags) kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), (flags), NULL)

#endif
