// SPDX-License-Identifier: MIT
/*
 * vmalloc: memory that is contiguous for the CPU only.
 *
 * Single pages of RAM are mapped one by one into a window of the arena, through the file that backs RAM, with a page
 * that faults behind each area. The pages are put in falling order of their physical addresses, so that two adjacent
 * ones are never a physical run: code that maps such an area as one buffer corrupts memory here as it would in life.
 *
 * The window is taken when the first driver asks for it. Areas are kept sorted by address; new ones go behind the last
 * one handed out, until the window's end is reached, so that a late access through an old pointer faults.
 *
 * Weakness: each page is a mapping of the host, which allows some ten thousands.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include "lib/mm/internal.h"

#define WINDOW	  (1UL << 30)
#define MAX_PAGES 16384U /* of all areas: the host allows about 32,700 isolated mappings */

struct area {
	uintptr_t start;
	u32 nr; /* pages, without the guard */
	size_t size;
	u32 *frames;
	stack_id stack;
	u64 time;
};

struct mm_vmalloc {
	struct sim_region window;
	struct area *areas; /* sorted by start */
	unsigned int nr, max;
	uintptr_t cursor;
	u32 pages;
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

phys_addr_t vmalloc_phys(struct mm *mm, uintptr_t p)
{
	const struct area *a = area_of(mm, p);

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

static off_t file_offset(const struct sim_machine *hw, phys_addr_t phys)
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
	struct area a = {.size = size, .stack = r.stack, .time = sim_now(m->hw)};
	u32 i = 0, mapped = 0;
	unsigned int at;

	k_might_sleep(m, function);
	if (!size || size > WINDOW / 2)
		return NULL;
	a.nr = (u32)((size + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT);
	v = window_of(mm);
	if (!v || v->pages + a.nr > MAX_PAGES) {
		m->hooks.unchecked(m, "vmalloc refused for want of host mappings", 1);
		return NULL;
	}
	if (v->nr == v->max) {
		unsigned int max = v->max ? v->max * 2 : 16;
		struct area *t = realloc(v->areas, max * sizeof(*t));

		if (!t)
			return NULL;
		v->areas = t;
		v->max = max;
	}
	a.start = gap(v, v->cursor, (size_t)a.nr << SIM_PAGE_SHIFT);
	if (!a.start)
		a.start = gap(v, v->window.start, (size_t)a.nr << SIM_PAGE_SHIFT);
	a.frames = malloc(a.nr * sizeof(*a.frames));
	if (!a.start || !a.frames)
		goto fail;
	for (; i < a.nr; i++) {
		a.frames[i] = mm_take(mm, &r);
		if (a.frames[i] == MM_NONE)
			goto fail;
	}
	qsort(a.frames, a.nr, sizeof(*a.frames), falling);
	for (; mapped < a.nr; mapped++) {
		void *want = (void *)(a.start + ((uintptr_t)mapped << SIM_PAGE_SHIFT));

		if (mmap(want, SIM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->hw->ram.fd,
			 file_offset(m->hw, mm_phys(mm, a.frames[mapped]))) == MAP_FAILED)
			goto fail;
	}
	at = search(v, a.start);
	memmove(&v->areas[at + 1], &v->areas[at], (v->nr - at) * sizeof(a));
	v->areas[at] = a;
	v->nr++;
	v->pages += a.nr;
	v->cursor = a.start + ((uintptr_t)a.nr << SIM_PAGE_SHIFT) + SIM_PAGE_SIZE;
	return (void *)a.start;
fail:
	unmap(a.start, mapped);
	while (i-- > 0)
		mm_give(mm, a.frames[i], r.stack);
	free(a.frames);
	return NULL;
}

void vmalloc_free(struct dmasim_machine *m, const void *p, const char *function)
{
	struct mm *mm = m->mm;
	struct mm_vmalloc *v = mm->vmalloc;
	struct area *a = area_of(mm, (uintptr_t)p), gone;
	stack_id stack = stack_entry(m);
	unsigned int i;

	if (!a || a->start != (uintptr_t)p) {
		const char *rule = "invalid-free";
		char why[160];

		for (i = 0; !a && v && i < 64; i++) {
			if (v->freed[i].start == (uintptr_t)p)
				rule = "double-free";
		}
		snprintf(why, sizeof(why), "%p, %s", p,
			 a		  ? "a pointer into the middle of an area"
			 : rule[0] == 'd' ? "an area that is free"
					  : "which vmalloc() did not hand out");
		mm_bad_free(m, rule, function, p, ~(phys_addr_t)0, why);
		return;
	}
	gone = *a;
	for (i = 0; i < gone.nr; i++)
		m->hooks.memory_freeing(m, mm_phys(mm, gone.frames[i]), SIM_PAGE_SIZE);
	unmap(gone.start, gone.nr);
	for (i = 0; i < gone.nr; i++)
		mm_give(mm, gone.frames[i], stack);
	v->pages -= gone.nr;
	v->nr--;
	memmove(a, a + 1, (size_t)(&v->areas[v->nr] - a) * sizeof(*a));
	free(gone.frames);
	v->freed[v->next_freed].start = gone.start;
	v->freed[v->next_freed].stack = stack;
	v->freed[v->next_freed].time = sim_now(m->hw);
	v->next_freed = (v->next_freed + 1) % 64;
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
	phys_addr_t phys = m ? vmalloc_phys(m->mm, (uintptr_t)p) : ~(phys_addr_t)0;

	return phys == ~(phys_addr_t)0 ? NULL : page_of_pfn(m->mm, phys >> SIM_PAGE_SHIFT);
}

unsigned long vmalloc_to_pfn(const void *p)
{
	struct dmasim_machine *m = k_machine("vmalloc_to_pfn");
	phys_addr_t phys = m ? vmalloc_phys(m->mm, (uintptr_t)p) : ~(phys_addr_t)0;

	return phys == ~(phys_addr_t)0 ? ~0UL : phys >> SIM_PAGE_SHIFT;
}
