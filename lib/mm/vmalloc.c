// SPDX-License-Identifier: MIT
/*
 * vmalloc: memory that is contiguous for the CPU only.
 *
 * Single pages of RAM are mapped one by one into a window of the arena, through the file that backs RAM, with a page
 * that faults behind each area. The pages are put in falling order of their physical addresses, so that two adjacent
 * ones are never a physical run: code that maps such an area as one buffer corrupts memory here as it would in life.
 *
 * Pages that somebody else allocated can be mapped there a second time (mm_vmap()): a run of contiguous ones as one
 * mapping. The areas of coherent memory say so: an address in one is none of vmalloc's to mm_classify().
 *
 * The window is taken when the first driver asks for it. Areas are kept sorted by address; new ones go behind the last
 * one handed out, until the window's end is reached, so that a late access through an old pointer faults.
 *
 * Weakness: each run of pages is a mapping of the host, which allows some ten thousands.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include "lib/mm/internal.h"

#define WINDOW	 (1UL << 30)
#define MAX_RUNS 16384U /* of all areas: the host allows about 32,700 isolated mappings */

enum area_kind {
	AREA_VMALLOC,  /* its pages are its own */
	AREA_VMAP,     /* somebody else's pages, seen a second time */
	AREA_COHERENT, /* the same: the way in which the CPU sees coherent memory */
};

struct area {
	uintptr_t start;
	u32 nr;	  /* pages, without the guard */
	u32 runs; /* of physically contiguous pages: mappings of the host */
	size_t size;
	u32 *frames;
	stack_id stack;
	u64 time;
	enum area_kind kind;
};

struct mm_vmalloc {
	struct sim_region window;
	struct area *areas; /* sorted by start */
	unsigned int nr, max;
	uintptr_t cursor;
	u32 runs;
	struct { /* the last ones freed, for double-free */
		uintptr_t start;
		stack_id stack;
		u64 time;
	} freed[64];
	unsigned int next_freed;
};

static struct mm_vmalloc *window_of(struct mm *mm)
{
	struct mm_vmalloc *v = mm->vmalloc;

	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	if (sim_region_take(&v->window, REGION_VMALLOC, mm->machine->hw, WINDOW)) {
		free(v);
		return NULL;
	}
	v->cursor = v->window.start;
	mm->vmalloc = v;
	return v;
}

/* The first area that ends behind p. */
static unsigned int search(const struct mm_vmalloc *v, uintptr_t p)
{
	unsigned int lo = 0, hi = v->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (v->areas[mid].start + ((uintptr_t)v->areas[mid].nr << SIM_PAGE_SHIFT) <= p)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct area *area_of(struct mm *mm, uintptr_t p)
{
	struct mm_vmalloc *v = mm->vmalloc;
	unsigned int i;

	if (!v)
		return NULL;
	i = search(v, p);
	return i < v->nr && v->areas[i].start <= p ? &v->areas[i] : NULL;
}

phys_addr_t vmalloc_phys(struct mm *mm, uintptr_t p, bool *coherent)
{
	const struct area *a = area_of(mm, p);

	if (coherent)
		*coherent = a && a->kind == AREA_COHERENT;
	if (!a)
		return ~(phys_addr_t)0;
	return mm_phys(mm, a->frames[(p - a->start) >> SIM_PAGE_SHIFT]) + (p & (SIM_PAGE_SIZE - 1));
}

/* Room for bytes and a guard page at or behind from; 0 if there is none before the window's end. */
static uintptr_t gap(const struct mm_vmalloc *v, uintptr_t from, size_t bytes)
{
	uintptr_t end = v->window.start + v->window.size;
	unsigned int i = search(v, from);

	for (; i < v->nr; i++) {
		const struct area *a = &v->areas[i];

		if (a->start > from && a->start - from >= bytes + SIM_PAGE_SIZE)
			break;
		from = a->start + ((uintptr_t)a->nr << SIM_PAGE_SHIFT) + SIM_PAGE_SIZE;
	}
	return from < end && end - from >= bytes + SIM_PAGE_SIZE ? from : 0;
}

off_t vmalloc_file_offset(const struct sim_machine *hw, phys_addr_t phys)
{
	u64 offset = 0;
	unsigned int b;

	for (b = 0; b < hw->cfg.nr_banks; b++) {
		if (phys - hw->cfg.banks[b].base < hw->cfg.banks[b].size)
			return (off_t)(offset + (phys - hw->cfg.banks[b].base));
		offset += hw->cfg.banks[b].size;
	}
	assert(!"not RAM");
	return -1;
}

static void unmap(uintptr_t start, u32 nr)
{
	if (nr)
		mmap((void *)start, (size_t)nr << SIM_PAGE_SHIFT, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static int falling(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/*
 * The area a, whose frames are known, comes to life at a place of its own: true. False leaves nothing behind but the
 * frames.
 */
static bool show(struct mm *mm, struct mm_vmalloc *v, struct area *a)
{
	struct sim_machine *hw = mm->machine->hw;
	unsigned int at;

	a->runs = 1;
	for (u32 i = 1; i < a->nr; i++)
		a->runs += a->frames[i] != a->frames[i - 1] + 1;
	if (v->runs + a->runs > MAX_RUNS) {
		mm->machine->hooks.unchecked(mm->machine, "vmalloc refused for want of host mappings", 1);
		return false;
	}
	if (v->nr == v->max) {
		unsigned int max = v->max ? v->max * 2 : 16;
		struct area *t = realloc(v->areas, max * sizeof(*t));

		if (!t)
			return false;
		v->areas = t;
		v->max = max;
	}
	a->start = gap(v, v->cursor, (size_t)a->nr << SIM_PAGE_SHIFT);
	if (!a->start)
		a->start = gap(v, v->window.start, (size_t)a->nr << SIM_PAGE_SHIFT);
	if (!a->start)
		return false;
	for (u32 i = 0, n; i < a->nr; i += n) {
		void *want = (void *)(a->start + ((uintptr_t)i << SIM_PAGE_SHIFT));

		for (n = 1; i + n < a->nr && a->frames[i + n] == a->frames[i] + n;)
			n++;
		if (mmap(want, (size_t)n << SIM_PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, hw->ram.fd,
			 vmalloc_file_offset(hw, mm_phys(mm, a->frames[i]))) == MAP_FAILED) {
			unmap(a->start, i);
			return false;
		}
	}
	at = search(v, a->start);
	memmove(&v->areas[at + 1], &v->areas[at], (v->nr - at) * sizeof(*a));
	v->areas[at] = *a;
	v->nr++;
	v->runs += a->runs;
	v->cursor = a->start + ((uintptr_t)a->nr << SIM_PAGE_SHIFT) + SIM_PAGE_SIZE;
	return true;
}

/* The area is gone for the CPU; what it was is returned, with its frames. */
static struct area hide(struct dmasim_machine *m, struct area *a)
{
	struct mm_vmalloc *v = m->mm->vmalloc;
	struct area gone = *a;

	unmap(gone.start, gone.nr);
	v->runs -= gone.runs;
	v->nr--;
	memmove(a, a + 1, (size_t)(&v->areas[v->nr] - a) * sizeof(*a));
	v->freed[v->next_freed].start = gone.start;
	v->freed[v->next_freed].stack = stack_entry(m);
	v->freed[v->next_freed].time = sim_now(m->hw);
	v->next_freed = (v->next_freed + 1) % 64;
	return gone;
}

void *vmalloc_area(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function)
{
	struct mm *mm = m->mm;
	struct mm_vmalloc *v;
	struct mm_request r = {
		.gfp = gfp & ~(__GFP_COMP | __GFP_HIGHMEM),
		.limit = ~(phys_addr_t)0,
		.state = FRAME_VMALLOC,
		.kind = "vmalloc page",
		.size = SIM_PAGE_SIZE,
		.stack = stack_entry(m),
	};
	struct area a = {.size = size, .stack = r.stack, .time = sim_now(m->hw), .kind = AREA_VMALLOC};
	u32 i = 0;

	k_might_sleep(m, function);
	if (!size || size > WINDOW / 2)
		return NULL;
	a.nr = (u32)((size + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT);
	v = window_of(mm);
	if (!v || v->runs + a.nr > MAX_RUNS) {
		m->hooks.unchecked(m, "vmalloc refused for want of host mappings", 1);
		return NULL;
	}
	a.frames = malloc(a.nr * sizeof(*a.frames));
	if (!a.frames)
		return NULL;
	for (; i < a.nr; i++) {
		a.frames[i] = mm_take(mm, &r);
		if (a.frames[i] == MM_NONE)
			goto fail;
	}
	qsort(a.frames, a.nr, sizeof(*a.frames), falling);
	if (show(mm, v, &a))
		return (void *)a.start;
fail:
	while (i-- > 0)
		mm_give(mm, a.frames[i], r.stack);
	free(a.frames);
	return NULL;
}

void *mm_vmap(struct dmasim_machine *m, const phys_addr_t *pages, size_t nr, bool coherent)
{
	struct mm_vmalloc *v = window_of(m->mm);
	struct area a = {.time = sim_now(m->hw), .kind = coherent ? AREA_COHERENT : AREA_VMAP};

	if (!v || !nr || nr > WINDOW / 2 / SIM_PAGE_SIZE)
		return NULL;
	a.nr = (u32)nr;
	a.size = nr << SIM_PAGE_SHIFT;
	a.stack = m->checks ? stack_entry(m) : 0;
	a.frames = malloc(nr * sizeof(*a.frames));
	if (!a.frames)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		a.frames[i] = mm_index(m->mm, pages[i]);
		if (!sim_ram_contains(m->hw, pages[i], SIM_PAGE_SIZE)) {
			free(a.frames);
			return NULL;
		}
	}
	if (show(m->mm, v, &a))
		return (void *)a.start;
	free(a.frames);
	return NULL;
}

void *mm_vmap_range(struct dmasim_machine *m, phys_addr_t phys, size_t size, bool coherent)
{
	size_t nr = (size >> SIM_PAGE_SHIFT) + !!(size & (SIM_PAGE_SIZE - 1));
	phys_addr_t *pages = malloc(nr * sizeof(*pages));
	void *p;

	if (!pages)
		return NULL;
	for (size_t i = 0; i < nr; i++)
		pages[i] = phys + (i << SIM_PAGE_SHIFT);
	p = mm_vmap(m, pages, nr, coherent);
	free(pages);
	return p;
}

bool mm_vunmap(struct dmasim_machine *m, const void *p, bool coherent)
{
	struct area *a = area_of(m->mm, (uintptr_t)p);

	if (!a || a->start != (uintptr_t)p || a->kind != (coherent ? AREA_COHERENT : AREA_VMAP))
		return false;
	free(hide(m, a).frames);
	return true;
}

void vmalloc_free(struct dmasim_machine *m, const void *p, const char *function)
{
	struct mm *mm = m->mm;
	struct mm_vmalloc *v = mm->vmalloc;
	struct area *a = area_of(mm, (uintptr_t)p), gone;
	stack_id stack = stack_entry(m);
	unsigned int i;

	if (!a || a->start != (uintptr_t)p || a->kind != AREA_VMALLOC) {
		const char *rule = "invalid-free";
		char why[160];

		for (i = 0; !a && v && i < 64; i++) {
			if (v->freed[i].start == (uintptr_t)p)
				rule = "double-free";
		}
		snprintf(why, sizeof(why), "%p, %s", p,
			 a && a->start == (uintptr_t)p ? "a second view of memory that something else allocated"
			 : a			       ? "a pointer into the middle of an area"
			 : rule[0] == 'd'	       ? "an area that is free"
						       : "which vmalloc() did not hand out");
		mm_bad_free(m, rule, function, p, ~(phys_addr_t)0, why);
		return;
	}
	for (i = 0; i < a->nr; i++)
		m->hooks.memory_freeing(m, mm_phys(mm, a->frames[i]), SIM_PAGE_SIZE);
	gone = hide(m, a);
	for (i = 0; i < gone.nr; i++)
		mm_give(mm, gone.frames[i], stack);
	free(gone.frames);
}

void vmalloc_exit(struct mm *mm)
{
	struct mm_vmalloc *v = mm->vmalloc;
	unsigned int i;

	if (!v)
		return;
	for (i = 0; i < v->nr; i++) {
		unmap(v->areas[i].start, v->areas[i].nr);
		free(v->areas[i].frames);
	}
	sim_region_give(&v->window);
	free(v->areas);
	free(v);
	mm->vmalloc = NULL;
}

void *vmalloc(unsigned long size)
{
	struct dmasim_machine *m = k_machine("vmalloc");

	STACK_ENTER();
	return m && !k_fails(m, "vmalloc", NULL) ? vmalloc_area(m, size, GFP_KERNEL, "vmalloc") : NULL;
}

void *vzalloc(unsigned long size)
{
	struct dmasim_machine *m = k_machine("vzalloc");

	STACK_ENTER();
	return m && !k_fails(m, "vzalloc", "vmalloc") ? vmalloc_area(m, size, GFP_KERNEL | __GFP_ZERO, "vzalloc")
						      : NULL;
}

void vfree(const void *p)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	if (!p)
		return;
	m = k_machine("vfree");
	if (m)
		vmalloc_free(m, p, "vfree");
}

bool is_vmalloc_addr(const void *p)
{
	const struct sim_region *r = sim_region_of(p);

	return r && r->kind == REGION_VMALLOC;
}

struct page *vmalloc_to_page(const void *p)
{
	struct dmasim_machine *m = k_machine("vmalloc_to_page");
	phys_addr_t phys = m ? vmalloc_phys(m->mm, (uintptr_t)p, NULL) : ~(phys_addr_t)0;

	return phys == ~(phys_addr_t)0 ? NULL : page_of_pfn(m->mm, phys >> SIM_PAGE_SHIFT);
}

unsigned long vmalloc_to_pfn(const void *p)
{
	struct dmasim_machine *m = k_machine("vmalloc_to_pfn");
	phys_addr_t phys = m ? vmalloc_phys(m->mm, (uintptr_t)p, NULL) : ~(phys_addr_t)0;

	return phys == ~(phys_addr_t)0 ? ~0UL : phys >> SIM_PAGE_SHIFT;
}
