// SPDX-License-Identifier: MIT
/*
 * Objects: what kmalloc() and kmem_cache_alloc() hand out.
 *
 * A slab is a page block cut into objects of one stride. Everything known of an object (asked size, who allocated and
 * freed it, when) is a record in host memory beside the slab: objects hold nothing but the driver's bytes and, behind
 * them, a red zone. To keep powers of two naturally aligned the stride of those is twice the size; that costs simulated
 * memory, which is plenty.
 *
 * Overruns are found when the object is freed; writes to freed objects, when cfg.poison fills them, when the object is
 * handed out again, or at the end. Freed objects rest in a ring before that.
 *
 * Weakness: a write far beyond an object may land in the middle of another one, where nothing watches; an overrun of an
 * object that is never freed is not found.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/mm/slab.h"

/* ---- the partial list: slabs that can serve a request ---- */

static void list_slab(struct kmem_cache *c, struct mm_slab *slab)
{
	if (slab->listed) {
		if (c->partial == slab)
			return;
		slab->prev->next = slab->next;
		if (slab->next)
			slab->next->prev = slab->prev;
	}
	slab->listed = true;
	slab->prev = NULL;
	slab->next = c->partial;
	if (c->partial)
		c->partial->prev = slab;
	c->partial = slab;
}

static void unlist_slab(struct kmem_cache *c, struct mm_slab *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		c->partial = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
	slab->next = slab->prev = NULL;
	slab->listed = false;
}

static bool is_empty(const struct mm_slab *slab)
{
	return !slab->nr_live && !slab->nr_resting;
}

/* ---- slabs ---- */

static struct mm_slab *new_slab(struct mm *mm, struct kmem_cache *c, stack_id stack)
{
	struct mm_slab *slab = calloc(1, sizeof(*slab) + c->nr * sizeof(struct object));
	struct mm_request r = {
		.order = c->order,
		.gfp = c->gfp,
		.limit = ~(phys_addr_t)0,
		.state = FRAME_SLAB,
		.kind = c->kind,
		.stack = stack,
		.slab = slab,
	};
	u32 index;

	if (!slab)
		return NULL;
	index = mm_take(mm, &r);
	if (index == MM_NONE) {
		free(slab);
		return NULL;
	}
	slab->cache = c;
	slab->index = index;
	slab->phys = mm_phys(mm, index);
	slab->base = sim_phys_to_virt(mm->machine->hw, slab->phys);
	slab->nr = c->nr;
	c->slabs++;
	c->nr_empty++;
	list_slab(c, slab);
	return slab;
}

static void check_object_poison(struct mm *mm, struct mm_slab *slab, u32 i)
{
	struct object *o = &slab->objects[i];
	struct kmem_cache *c = slab->cache;
	size_t at;

	if (!o->poisoned)
		return;
	o->poisoned = false;
	at = mm_find_other(mm, object_phys(slab, i), c->size, MM_FREED_BYTE);
	if (at < c->size && mm->checks)
		mm_report_write_after_free(mm, object_phys(slab, i), c->size, at, c->kind, o->allocated,
					   o->allocated_time, o->freed, o->freed_time);
}

/* The pages go back to the page allocator, and with them what is known of the objects. */
static u32 drop_slab(struct mm *mm, struct mm_slab *slab)
{
	struct kmem_cache *c = slab->cache;
	u32 i, pages = 1U << c->order;

	assert(is_empty(slab));
	for (i = 0; i < slab->untouched; i++)
		check_object_poison(mm, slab, i);
	unlist_slab(c, slab);
	c->slabs--;
	c->nr_empty--;
	mm_give(mm, slab->index, 0);
	free(slab);
	return pages;
}

/* Give all slabs without live objects back. */
static u32 cache_shrink(struct kmem_cache *c)
{
	struct mm_slab *slab = c->partial, *next;
	u32 pages = 0;

	for (; slab; slab = next) {
		next = slab->next;
		if (is_empty(slab))
			pages += drop_slab(c->mm, slab);
	}
	return pages;
}

/* ---- alloc ---- */

static void write_zone(struct mm *mm, const struct mm_slab *slab, u32 i)
{
	const struct object *o = &slab->objects[i];
	size_t n = slab->cache->stride - o->asked;

	memset(sim_ram_ptr(mm->machine->hw, object_phys(slab, i) + o->asked), MM_ZONE_BYTE,
	       n < SLAB_ZONE ? n : SLAB_ZONE);
}

/* An object of the cache; asked <= c->size. Address, or NULL when memory is short. No hooks, no context checks. */
static void *take_object(struct mm *mm, struct kmem_cache *c, size_t asked, gfp_t gfp, stack_id stack)
{
	struct mm_slab *slab = c->partial;
	bool first = false;
	struct object *o;
	phys_addr_t phys;
	u32 i;

	if (k_unlikely(!slab)) {
		slab = new_slab(mm, c, stack);
		if (!slab && (slab = c->partial) == NULL) /* emptying the ring may have helped */
			return NULL;
	}
	if (is_empty(slab))
		c->nr_empty--;
	if (slab->free) {
		i = slab->free - 1;
		slab->free = slab->objects[i].next;
	} else {
		i = slab->untouched++;
		first = true;
	}
	o = &slab->objects[i];
	assert(o->state < OBJECT_RESTING);
	if (!slab->free && slab->untouched == slab->nr)
		unlist_slab(c, slab);
	check_object_poison(mm, slab, i);
	phys = object_phys(slab, i);
	slab->nr_live++;
	c->live++;
	if (++mm->objects_live > mm->objects_peak)
		mm->objects_peak = mm->objects_live;
	o->asked = asked;
	o->state = OBJECT_LIVE;
	o->allocated = stack;
	o->allocated_time = sim_now(mm->machine->hw);
	o->freed = 0;
	o->damaged = false;
	o->fresh = 0;
	if (c->ctor) {
		if (first)
			c->ctor(slab->base + (phys - slab->phys));
	} else if (gfp & __GFP_ZERO) {
		memset(sim_ram_ptr(mm->machine->hw, phys), 0, c->size);
	} else if (mm->poison) {
		o->fresh = mm_fresh_word(mm);
		mm_fill(mm, phys, c->size, o->fresh);
	}
	if (mm->checks)
		write_zone(mm, slab, i);
	return slab->base + (phys - slab->phys);
}

void *slab_alloc(struct dmasim_machine *m, struct kmem_cache *c, size_t asked, gfp_t gfp)
{
	return take_object(m->mm, c, asked, gfp, stack_entry(m));
}

/* ---- free ---- */

void slab_report_overrun(struct mm *mm, phys_addr_t start, size_t asked, size_t at, size_t zone, const char *kind,
			 stack_id allocated, u64 time)
{
	const u8 *p = sim_ram_ptr(mm->machine->hw, start + asked + at);
	size_t last = zone, n;
	u8 was[8], now[8];
	struct finding f = {
		.rule = "heap-overrun",
		.act_verb = "write",
		.cpu = sim_phys_to_virt(mm->machine->hw, start + asked + at),
		.phys = start + asked + at,
		.has_phys = true,
		.buffer_size = asked,
		.buffer_kind = kind,
		.offset = asked + at,
		.old_value = was,
		.new_value = now,
		.mapped = allocated,
		.mapped_time = time,
		.mapped_verb = "allocated",
		.interval = true,
	};

	while (last > at + 1 && p[last - 1 - at] == MM_ZONE_BYTE)
		last--;
	f.size = last - at;
	n = f.size < 8 ? f.size : 8;
	memset(was, MM_ZONE_BYTE, sizeof(was));
	memcpy(now, p, n);
	f.nr_value = n;
	k_report(mm->machine, &f);
}

static void check_zone(struct mm *mm, const struct mm_slab *slab, u32 i)
{
	const struct object *o = &slab->objects[i];
	size_t n = slab->cache->stride - o->asked, at;

	n = n < SLAB_ZONE ? n : SLAB_ZONE;
	at = mm_find_other(mm, object_phys(slab, i) + o->asked, n, MM_ZONE_BYTE);
	if (k_unlikely(at < n))
		slab_report_overrun(mm, object_phys(slab, i), o->asked, at, n, slab->cache->kind, o->allocated,
				    o->allocated_time);
}

static void reuse_object(struct mm *mm, struct mm_slab *slab, u32 i)
{
	struct object *o = &slab->objects[i];
	struct kmem_cache *c = slab->cache;

	o->state = OBJECT_FREE;
	o->next = slab->free;
	slab->free = i + 1;
	list_slab(c, slab);
	if (!is_empty(slab))
		return;
	c->nr_empty++;
	/* One empty slab a cache stays: a lone kmalloc() and kfree() in turn shall not go to the page allocator. */
	if (c->nr_empty > 1)
		drop_slab(mm, slab);
}

static void release_resting(struct mm *mm)
{
	struct mm_slabs *s = mm->slabs;
	struct resting r = s->ring[s->ring_first];

	s->ring_first = s->ring_first + 1 == s->ring_size ? 0 : s->ring_first + 1;
	s->ring_nr--;
	assert(r.slab->objects[r.i].state == OBJECT_RESTING);
	r.slab->nr_resting--;
	reuse_object(mm, r.slab, r.i);
}

/* The object is live and is free from now on: red zone, poison, rest. Hooks were called. */
static void free_object(struct mm *mm, struct mm_slab *slab, u32 i, stack_id stack)
{
	struct mm_slabs *s = mm->slabs;
	struct object *o = &slab->objects[i];

	if (mm->checks && !o->damaged)
		check_zone(mm, slab, i);
	o->freed = stack;
	o->freed_time = sim_now(mm->machine->hw);
	slab->nr_live--;
	slab->cache->live--;
	mm->objects_live--;
	if (mm->poison && !slab->cache->ctor) {
		memset(sim_ram_ptr(mm->machine->hw, object_phys(slab, i)), MM_FREED_BYTE, slab->cache->size);
		o->poisoned = true;
	}
	if (!s->ring_size) {
		reuse_object(mm, slab, i);
		return;
	}
	if (s->ring_nr == s->ring_size)
		release_resting(mm);
	s->ring[(s->ring_first + s->ring_nr++) % s->ring_size] = (struct resting){slab, i};
	o->state = OBJECT_RESTING;
	slab->nr_resting++;
}

/* ---- kmalloc() and kfree() proper ---- */

static unsigned int class_of(size_t size)
{
	static const u8 small[24] = {0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6};

	if (size <= 192)
		return small[(size - 1) / 8];
	return 64 - (unsigned int)__builtin_clzll(size - 1) - 1; /* 193..256 -> 7 */
}

void *slab_kmalloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function)
{
	mm_gfp_context(m, gfp, function);
	if (mm_bad_gfp(m, gfp, __GFP_DMA32 | __GFP_HIGHMEM, function))
		gfp &= ~(__GFP_DMA32 | __GFP_HIGHMEM); /* as the kernel goes on */
	if (k_unlikely(!size))
		return (void *)16; /* ZERO_SIZE_PTR */
	if (k_unlikely(size > KMALLOC_MAX))
		return big_alloc(m, size, gfp, function);
	return slab_alloc(m, &m->mm->slabs->classes[!!(gfp & __GFP_DMA)][class_of(size)], size, gfp);
}

static void foreign_free(struct dmasim_machine *m, const void *p, const char *function)
{
	enum mm_address_kind kind;
	char why[160];

	mm_classify(m, p, &kind);
	snprintf(why, sizeof(why), "%p, %s", p, mm_address_kind_name(kind));
	mm_bad_free(m, "invalid-free", function, p, ~(phys_addr_t)0, why);
}

static void free_pages_by_kfree(struct dmasim_machine *m, const void *p, phys_addr_t phys, u32 index,
				const char *function)
{
	struct mm *mm = m->mm;
	struct mm_frame *f = &mm->frames[index];
	u32 head = frame_head(mm, index);

	if (f->state == FRAME_KMALLOC && !(phys & (SIM_PAGE_SIZE - 1))) {
		m->hooks.memory_freeing(m, phys, f->size);
		big_check_zone(mm, index);
		mm_give(mm, index, stack_entry(m));
	} else if (head == MM_NONE) {
		mm_bad_free(m, "invalid-free", function, p, phys, "memory that nobody allocated");
	} else if (mm->frames[head].state <= FRAME_QUARANTINED) {
		mm_bad_free(m, mm->frames[index].freed ? "double-free" : "invalid-free", function, p, phys,
			    "memory that is free");
	} else if (f->state == FRAME_PAGES && !(phys & (SIM_PAGE_SIZE - 1))) {
		mm_bad_free(m, "invalid-free", function, p, phys,
			    "pages of the page allocator, which free_pages() frees");
		mm_free_pages(m, index, MM_ORDERS, function); /* as the kernel does after its warning */
	} else {
		mm_bad_free(m, "invalid-free", function, p, phys,
			    mm->frames[head].state == FRAME_KMALLOC ? "a pointer into the middle of an object"
								    : "memory that kmalloc() did not hand out");
	}
}

void slab_kfree(struct dmasim_machine *m, const void *p, const char *function)
{
	struct mm *mm = m->mm;
	enum sim_region_kind kind;
	struct mm_slab *slab;
	struct object *o;
	phys_addr_t phys;
	u32 index, i;

	if (k_unlikely((uintptr_t)p <= 16))
		return;
	if (k_unlikely(!sim_virt_to_phys(m->hw, p, &phys, &kind) || kind != REGION_LINEAR)) {
		foreign_free(m, p, function);
		return;
	}
	index = mm_index(mm, phys);
	if (k_unlikely(index == MM_NONE || mm->frames[index].state != FRAME_SLAB)) {
		if (index != MM_NONE)
			free_pages_by_kfree(m, p, phys, index, function);
		return;
	}
	slab = mm->frames[index].slab;
	i = slab_object(slab, phys);
	o = i < slab->nr ? &slab->objects[i] : NULL;
	if (k_unlikely(!o || object_phys(slab, i) != phys)) {
		mm_bad_free(m, "invalid-free", function, p, phys,
			    o && o->state == OBJECT_LIVE ? "a pointer into the middle of an object"
							 : "a pointer beside the objects of a slab");
		return;
	}
	if (k_unlikely(o->state != OBJECT_LIVE)) {
		mm_bad_free(m, o->state == OBJECT_NEVER ? "invalid-free" : "double-free", function, p, phys,
			    o->state == OBJECT_NEVER ? "memory that nobody allocated" : "an object that is free");
		return;
	}
	m->hooks.memory_freeing(m, phys, o->asked);
	if (o->asked >= SIM_PAGE_SIZE) /* smaller ones share their page */
		user_memory_freed(mm, phys, o->asked);
	free_object(mm, slab, i, stack_entry(m));
}

bool slab_object_at(struct mm *mm, struct mm_slab *slab, phys_addr_t phys, struct mm_object *out)
{
	u32 i = slab_object(slab, phys);
	const struct object *o;

	(void)mm;
	if (i >= slab->nr)
		return false;
	o = &slab->objects[i];
	out->start = object_phys(slab, i);
	out->size = o->state == OBJECT_NEVER ? slab->cache->size : o->asked;
	if (o->state == OBJECT_LIVE && phys - out->start < o->asked)
		out->state = MM_ALLOCATED;
	else if (o->state == OBJECT_LIVE)
		out->state = MM_RESERVED; /* its red zone */
	else
		out->state = o->state == OBJECT_RESTING ? MM_QUARANTINED : MM_FREE;
	out->kind = slab->cache->kind;
	out->allocated = o->allocated;
	out->allocated_time = o->allocated_time;
	out->freed = o->freed;
	out->freed_time = o->freed_time;
	return true;
}

phys_addr_t slab_object_end(struct mm_slab *slab, phys_addr_t phys)
{
	u32 i = slab_object(slab, phys);
	const struct object *o;
	phys_addr_t end;

	if (k_unlikely(i >= slab->nr))
		return 0;
	o = &slab->objects[i];
	if (k_unlikely(o->state != OBJECT_LIVE))
		return 0;
	end = object_phys(slab, i) + o->asked;
	return phys < end ? end : 0;
}

/* ---- life cycle ---- */

int slab_init(struct mm *mm)
{
	static const u16 sizes[KMALLOC_CLASSES] = {8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192};
	unsigned int dma, i;

	mm->slabs = calloc(1, sizeof(*mm->slabs));
	if (!mm->slabs)
		return sim_error(ENOMEM, "no memory for the slab caches");
	for (dma = 0; dma < 2; dma++) {
		for (i = 0; i < KMALLOC_CLASSES; i++) {
			size_t align = sizes[i] & (sizes[i] - 1) ? (sizes[i] == 96 ? 32U : 64U) : sizes[i];

			cache_init(mm, &mm->slabs->classes[dma][i], "kmalloc", "kmalloc object", sizes[i], align,
				   dma ? __GFP_DMA : 0);
			mm->slabs->classes[dma][i].kmalloc = true;
		}
	}
	if (mm->quarantine_max && mm->checks) {
		mm->slabs->ring = calloc(mm->quarantine_max, sizeof(*mm->slabs->ring));
		if (!mm->slabs->ring)
			return sim_error(ENOMEM, "no memory for the quarantine of %u objects", mm->quarantine_max);
		mm->slabs->ring_size = mm->quarantine_max;
	}
	return 0;
}

u32 slab_shrink(struct mm *mm)
{
	struct mm_slabs *s = mm->slabs;
	u32 pages = 0, i;

	while (s->ring_nr)
		release_resting(mm);
	for (i = 0; i < 2 * KMALLOC_CLASSES; i++)
		pages += cache_shrink((struct kmem_cache *)s->classes + i);
	for (i = 0; i < s->nr_caches; i++) {
		if (s->caches[i].mm)
			pages += cache_shrink(&s->caches[i]);
	}
	return pages;
}

void slab_check_freed(struct mm *mm)
{
	for (u32 link = mm->live_first; link; link = mm->frames[link - 1].next) {
		struct mm_slab *slab = mm->frames[link - 1].slab;

		if (mm->frames[link - 1].state != FRAME_SLAB)
			continue;
		for (u32 i = 0; i < slab->untouched; i++) {
			if (slab->objects[i].poisoned && mm_find_other(mm, object_phys(slab, i), slab->cache->size,
								       MM_FREED_BYTE) < slab->cache->size)
				check_object_poison(mm, slab, i);
		}
	}
}

void slab_exit(struct mm *mm)
{
	struct mm_slabs *s = mm->slabs;
	u32 link;

	if (!s)
		return;
	/* Every slab is a live block. The pages themselves go with the machine. */
	for (link = mm->live_first; link; link = mm->frames[link - 1].next) {
		if (mm->frames[link - 1].state == FRAME_SLAB)
			free(mm->frames[link - 1].slab);
	}
	if (s->caches)
		munmap(s->caches, MAX_CACHES * sizeof(*s->caches));
	free(s->ring);
	free(s);
	mm->slabs = NULL;
}

/* The live object that starts at p: in a slab, or big. */
static bool find_live(struct dmasim_machine *m, const void *p, struct mm_slab **slab, u32 *i)
{
	struct mm *mm = m->mm;
	phys_addr_t phys;
	u32 index;

	*slab = NULL;
	if (!sim_virt_to_phys(m->hw, p, &phys, NULL) || (index = mm_index(mm, phys)) == MM_NONE)
		return false;
	if (mm->frames[index].state == FRAME_KMALLOC && !(phys & (SIM_PAGE_SIZE - 1))) {
		*i = index;
		return true;
	}
	if (mm->frames[index].state != FRAME_SLAB)
		return false;
	*slab = mm->frames[index].slab;
	*i = slab_object(*slab, phys);
	return *i < (*slab)->nr && object_phys(*slab, *i) == phys && (*slab)->objects[*i].state == OBJECT_LIVE;
}

size_t slab_ksize(struct dmasim_machine *m, const void *p)
{
	struct mm_slab *slab;
	u32 i;

	if (!find_live(m, p, &slab, &i))
		return 0;
	return slab ? slab->cache->size : SIM_PAGE_SIZE << m->mm->frames[i].order;
}

size_t slab_asked(struct dmasim_machine *m, const void *p)
{
	struct mm_slab *slab;
	u32 i;

	if (!find_live(m, p, &slab, &i))
		return 0;
	return slab ? slab->objects[i].asked : m->mm->frames[i].size;
}

void slab_resize(struct dmasim_machine *m, const void *p, size_t size, gfp_t gfp)
{
	struct mm *mm = m->mm;
	struct mm_slab *slab;
	phys_addr_t phys;
	size_t asked;
	u32 i;

	if (!find_live(m, p, &slab, &i))
		return;
	asked = slab ? slab->objects[i].asked : mm->frames[i].size;
	phys = slab ? object_phys(slab, i) : mm_phys(mm, i);
	if (mm->checks) {
		if (slab && !slab->objects[i].damaged)
			check_zone(mm, slab, i);
		else if (!slab)
			big_check_zone(mm, i);
	}
	if (size > asked && gfp & __GFP_ZERO)
		memset(sim_ram_ptr(m->hw, phys + asked), 0, size - asked);
	else if (size > asked && mm->poison)
		mm_fill(mm, phys + asked, size - asked, mm_fresh_word(mm));
	if (slab) {
		slab->objects[i].asked = size;
		slab->objects[i].damaged = false;
		if (mm->checks)
			write_zone(mm, slab, i);
	} else {
		mm->frames[i].size = size;
		if (mm->checks)
			big_write_zone(mm, i);
	}
}

void slab_check(struct mm *mm)
{
	u64 live = 0;
	u32 link, i;

	for (link = mm->live_first; link; link = mm->frames[link - 1].next) {
		const struct mm_slab *slab;
		u32 nr_live = 0, resting = 0, nr_free = 0, next, walked = 0;

		if (mm->frames[link - 1].state != FRAME_SLAB)
			continue;
		slab = mm->frames[link - 1].slab;
		assert(slab->index == link - 1 && slab->cache->mm == mm && slab->untouched <= slab->nr);
		for (i = 0; i < slab->nr; i++) {
			u8 state = slab->objects[i].state;

			assert((state == OBJECT_NEVER) == (i >= slab->untouched));
			nr_live += state == OBJECT_LIVE;
			resting += state == OBJECT_RESTING;
			nr_free += state == OBJECT_FREE;
		}
		for (next = slab->free; next; next = slab->objects[next - 1].next, walked++)
			assert(slab->objects[next - 1].state == OBJECT_FREE);
		assert(walked == nr_free && nr_live == slab->nr_live && resting == slab->nr_resting);
		assert(slab->listed == (nr_free || slab->untouched < slab->nr));
		live += nr_live;
	}
	assert(live == mm->objects_live);
}
