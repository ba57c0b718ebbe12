// SPDX-License-Identifier: MIT
/*
 * kmem_cache: caches of objects of one size, made by drivers.
 *
 * A cache that a driver names may be anything: live, destroyed, garbage. So all of them stand in one array that is
 * never given back while the machine lives, and a name is checked against it before it is looked at.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <bsd/string.h>
#include <linux/slab.h>
#include "lib/mm/slab.h"

void cache_init(struct mm *mm, struct kmem_cache *c, const char *name, const char *kind, size_t size, size_t align,
		gfp_t zone)
{
	size_t stride, gap;

	if (align < 8)
		align = 8;
	/* At least a few bytes of red zone behind the biggest object, then what alignment makes of it. */
	gap = size < 64 ? 8 : 16;
	stride = mm->checks ? size + gap : size;
	stride = (stride + align - 1) & ~(align - 1);
	memset(c, 0, sizeof(*c));
	c->mm = mm;
	c->size = size;
	c->stride = (u32)stride;
	c->shift = stride & (stride - 1) ? 0 : (u8)__builtin_ctzll(stride);
	while (c->order < 3 && (SIM_PAGE_SIZE << c->order) / stride < 8)
		c->order++;
	while ((SIM_PAGE_SIZE << c->order) < stride)
		c->order++;
	c->nr = (u32)((SIM_PAGE_SIZE << c->order) / stride);
	c->gfp = zone;
	strlcpy(c->name, name, sizeof(c->name));
	strlcpy(c->kind, kind, sizeof(c->kind));
}

static bool cache_is_valid(const struct mm *mm, const struct kmem_cache *c)
{
	const struct mm_slabs *s = mm->slabs;
	uintptr_t at = (uintptr_t)c - (uintptr_t)s->caches;

	return s->caches && at < s->nr_caches * sizeof(*c) && at % sizeof(*c) == 0 && c->mm;
}

static void report_cache(struct dmasim_machine *m, const struct kmem_cache *c, const char *function)
{
	struct finding f = {.rule = "cache-invalid", .act_verb = "call", .cpu = c};

	f.more[0].label = "cache";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "%s() was given something that is no cache of this machine, or was destroyed", function);
	k_report(m, &f);
}

static bool check_cache(struct dmasim_machine *m, const struct kmem_cache *c, const char *function)
{
	if (k_likely(cache_is_valid(m->mm, c)))
		return true;
	report_cache(m, c, function);
	return false;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, slab_flags_t flags,
				     void (*ctor)(void *))
{
	struct dmasim_machine *m = k_machine("kmem_cache_create");
	struct mm_slabs *s;
	struct kmem_cache *c;
	char kind[48], copy[32];
	size_t n;

	STACK_ENTER();
	if (!m)
		return NULL;
	k_might_sleep(m, "kmem_cache_create");
	if (!name || !size || size > SIM_PAGE_SIZE << (MM_MAX_ORDER - 1) || align > SIM_PAGE_SIZE ||
	    (align & (align - 1)) || k_fails(m, "kmem_cache_create", NULL))
		return NULL;
	s = m->mm->slabs;
	if (!s->caches) {
		s->caches = mmap(NULL, MAX_CACHES * sizeof(*s->caches), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (s->caches == MAP_FAILED) {
			s->caches = NULL;
			return NULL;
		}
	}
	if (s->nr_caches == MAX_CACHES)
		return NULL;
	n = sim_host_read(copy, name, sizeof(copy) - 1);
	copy[n] = 0;
	c = &s->caches[s->nr_caches++];
	snprintf(kind, sizeof(kind), "object of cache %s", copy);
	if (flags & SLAB_HWCACHE_ALIGN && align < 64)
		align = size > 32 ? 64 : size > 16 ? 32 : 16;
	cache_init(m->mm, c, copy, kind, (size + 7UL) & ~7UL, align,
		   flags & SLAB_CACHE_DMA     ? __GFP_DMA
		   : flags & SLAB_CACHE_DMA32 ? __GFP_DMA32
					      : 0);
	c->asked = size;
	c->ctor = ctor;
	c->created = stack_entry(m);
	return c;
}

static void *cache_alloc(struct dmasim_machine *m, struct kmem_cache *c, gfp_t gfp, const char *function)
{
	mm_gfp_context(m, gfp, function);
	if (mm_bad_gfp(m, gfp, __GFP_HIGHMEM, function))
		gfp &= ~__GFP_HIGHMEM;
	return check_cache(m, c, function) ? slab_alloc(m, c, c->asked, gfp) : NULL;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kmem_cache_alloc");

	STACK_ENTER();
	if (!m || k_fails(m, "kmem_cache_alloc", NULL))
		return NULL;
	return cache_alloc(m, cache, gfp, "kmem_cache_alloc");
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kmem_cache_zalloc");

	STACK_ENTER();
	if (!m || k_fails(m, "kmem_cache_zalloc", "kmem_cache_alloc"))
		return NULL;
	return cache_alloc(m, cache, gfp | __GFP_ZERO, "kmem_cache_zalloc");
}

void kmem_cache_free(struct kmem_cache *cache, void *p)
{
	struct dmasim_machine *m = k_machine("kmem_cache_free");
	const struct kmem_cache *owner;
	struct mm_slab *slab;
	phys_addr_t phys;
	char why[160];
	u32 index;

	STACK_ENTER();
	if (!m || !p || !check_cache(m, cache, "kmem_cache_free"))
		return;
	if (sim_virt_to_phys(m->hw, p, &phys, NULL) && (index = mm_index(m->mm, phys)) != MM_NONE &&
	    m->mm->frames[index].state == FRAME_SLAB) {
		slab = m->mm->frames[index].slab;
		owner = slab->cache;
		if (owner != cache && slab_ksize(m, p)) {
			snprintf(why, sizeof(why), "cache %s, but it is an %s", cache->name,
				 owner->kmalloc ? "object of kmalloc()" : owner->kind);
			mm_bad_free(m, "invalid-free", "kmem_cache_free", p, phys, why);
		}
	}
	slab_kfree(m, p, "kmem_cache_free");
}

unsigned int kmem_cache_size(struct kmem_cache *cache)
{
	struct dmasim_machine *m = k_machine("kmem_cache_size");

	STACK_ENTER();
	return m && check_cache(m, cache, "kmem_cache_size") ? (unsigned int)cache->asked : 0;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	struct dmasim_machine *m = k_machine("kmem_cache_destroy");
	struct finding f = {.rule = "cache-busy-at-destroy", .act_verb = "destroy"};

	STACK_ENTER();
	if (!cache || !m)
		return;
	k_might_sleep(m, "kmem_cache_destroy");
	if (!check_cache(m, cache, "kmem_cache_destroy"))
		return;
	/* What rests in quarantine is free for the driver: let it go first. */
	slab_shrink(m->mm);
	if (cache->live) {
		f.buffer_kind = cache->kind;
		f.buffer_size = cache->asked;
		f.mapped = cache->created;
		f.mapped_verb = "created";
		f.more[0].label = "objects";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%llu of cache %s still allocated", cache->live,
			 cache->name);
		k_report(m, &f);
		return; /* as the kernel: the cache and its objects stay */
	}
	cache->mm = NULL;
}
