// SPDX-License-Identifier: MIT
/*
 * struct page, and the arithmetic between page, frame number, physical and virtual address.
 *
 * All pages of a machine, RAM and foreign window alike, are one array in a window of the arena, indexed by frame
 * number; the memory behind it appears as it is touched. A page therefore knows its machine (by its window), and no
 * conversion looks anything up.
 *
 * A driver may write to its pages, as in the kernel, so nothing here trusts their contents: what the allocator must
 * know stands in struct mm_frame. Only the reference count is kept in the page, as the kernel's users expect.
 *
 * Weakness: the structs of holes between banks exist as well, as in the kernel; pfn_valid() tells them apart.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <linux/highmem.h>
#include "lib/mm/internal.h"

int page_init(struct mm *mm)
{
	struct sim_machine *hw = mm->machine->hw;
	u64 lo = hw->ram.base, hi = hw->ram.end;

	if (hw->cfg.foreign_size) {
		if (hw->cfg.foreign_base < lo)
			lo = hw->cfg.foreign_base;
		if (hw->cfg.foreign_base + hw->cfg.foreign_size > hi)
			hi = hw->cfg.foreign_base + hw->cfg.foreign_size;
	}
	mm->map.pfn = lo >> SIM_PAGE_SHIFT;
	mm->map.nr = (hi >> SIM_PAGE_SHIFT) - mm->map.pfn;
	mm->base_pfn = hw->ram.base >> SIM_PAGE_SHIFT;
	if (mm->map.nr >= MM_NONE / 2)
		return sim_error(EINVAL, "RAM spreads over %" PRIu64 " pages, more than can be indexed",
				 (uint64_t)mm->map.nr);
	mm->nr_frames = (u32)((hw->ram.end - hw->ram.base) >> SIM_PAGE_SHIFT);
	mm->window = window_take(hw, mm->map.nr * sizeof(struct page) + mm->nr_frames * sizeof(struct mm_frame));
	if (!mm->window)
		return -ENOMEM;
	mm->map.first = (struct page *)mm->window->region.start;
	mm->frames = (struct mm_frame *)(mm->map.first + mm->map.nr);
	return 0;
}

void page_exit(struct mm *mm)
{
	if (mm->window)
		window_give(mm->window);
	mm->window = NULL;
}

struct page *page_of_pfn(const struct mm *mm, u64 pfn)
{
	u64 i = pfn - mm->map.pfn;

	return i < mm->map.nr ? mm->map.first + i : NULL;
}

/* The machine whose page this is, by its window; NULL for something that is no page. */
static const struct mm *mm_of_page(const struct page *page)
{
	const struct dmasim_machine *m = k_thread.current;
	const struct sim_region *r;

	if (k_likely(m && m->mm && (uintptr_t)page - (uintptr_t)m->mm->map.first < m->mm->map.nr * sizeof(*page)))
		return m->mm;
	r = sim_region_of(page);
	if (!r || r->kind != REGION_VMEMMAP || !r->machine->soft)
		return NULL;
	return ((const struct dmasim_machine *)r->machine->soft)->mm;
}

static inline bool frame_number(const struct page *page, const struct mm **mm, u64 *pfn)
{
	u64 i;

	*mm = mm_of_page(page);
	if (!*mm)
		return false;
	i = ((uintptr_t)page - (uintptr_t)(*mm)->map.first) / sizeof(*page);
	*pfn = (*mm)->map.pfn + i;
	return i < (*mm)->map.nr;
}

unsigned long page_to_pfn(const struct page *page)
{
	const struct mm *mm;
	u64 pfn;

	return frame_number(page, &mm, &pfn) ? pfn : ~0UL;
}

phys_addr_t page_to_phys(const struct page *page)
{
	const struct mm *mm;
	u64 pfn;

	return frame_number(page, &mm, &pfn) ? pfn << SIM_PAGE_SHIFT : ~(phys_addr_t)0;
}

struct page *pfn_to_page(unsigned long pfn)
{
	struct dmasim_machine *m = k_machine("pfn_to_page");

	return m ? page_of_pfn(m->mm, pfn) : NULL;
}

bool pfn_valid(unsigned long pfn)
{
	struct dmasim_machine *m = k_machine("pfn_valid");
	phys_addr_t phys = (phys_addr_t)pfn << SIM_PAGE_SHIFT;

	return m && pfn <= ~0ULL >> SIM_PAGE_SHIFT && sim_ram_contains(m->hw, phys, SIM_PAGE_SIZE);
}

void *page_address(const struct page *page)
{
	const struct mm *mm;
	u64 pfn;
	size_t len;
	void *p;

	if (!frame_number(page, &mm, &pfn))
		return NULL;
	p = sim_phys_to_virt(mm->machine->hw, pfn << SIM_PAGE_SHIFT);
	return p ? p : mm_foreign_host(mm->machine, pfn << SIM_PAGE_SHIFT, &len);
}

void *phys_to_virt(phys_addr_t phys)
{
	struct dmasim_machine *m = k_machine("phys_to_virt");
	size_t len;
	void *p;

	STACK_ENTER();
	if (!m)
		return NULL;
	p = sim_phys_to_virt(m->hw, phys);
	if (k_likely(p != NULL))
		return p;
	p = mm_foreign_host(m, phys, &len);
	if (!p && m->hooks.nowhere_asked)
		m->hooks.nowhere_asked(m, phys, "phys_to_virt");
	return p;
}

/*
 * The address of memory that has none yet is made here, and lives as long as the machine: nobody can say when the
 * driver forgets it. What is wrong with it is said when it is mapped, once.
 */
static phys_addr_t to_phys_slow(struct dmasim_machine *m, const volatile void *p, const char *function)
{
	struct finding f = {.rule = "address-not-linear", .act_verb = "call", .cpu = (const void *)p};
	enum mm_address_kind kind;
	phys_addr_t phys;

	phys = mm_classify(m, p, &kind);
	switch (kind) {
	case ADDR_STACK:
	case ADDR_TEXT:
	case ADDR_STATIC:
	case ADDR_FOREIGN:
	case ADDR_ADOPTED:
		return phys != ~(phys_addr_t)0 ? phys : mm_foreign_get(m, (const void *)p, 1);
	default:
		break;
	}
	f.more[0].label = "why";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was given %s; it knows kernel logical addresses only",
		 function, mm_address_kind_name(kind));
	k_report(m, &f);
	return ~(phys_addr_t)0;
}

static inline phys_addr_t to_phys(struct dmasim_machine *m, const volatile void *p, const char *function)
{
	phys_addr_t phys;

	return k_likely(sim_virt_to_phys(m->hw, p, &phys, NULL)) ? phys : to_phys_slow(m, p, function);
}

/* A driver's question: was it a wise one? */
static inline phys_addr_t asked(struct dmasim_machine *m, const volatile void *p, phys_addr_t phys,
				const char *function)
{
	if (k_likely(m->hooks.linear_asked != NULL) && k_likely(phys != ~(phys_addr_t)0))
		m->hooks.linear_asked(m, (const void *)p, phys, function);
	return phys;
}

phys_addr_t virt_to_phys(const volatile void *p)
{
	struct dmasim_machine *m = k_machine("virt_to_phys");

	STACK_ENTER();
	return m ? asked(m, p, to_phys(m, p, "virt_to_phys"), "virt_to_phys") : ~(phys_addr_t)0;
}

struct page *mm_virt_to_page(struct dmasim_machine *m, const void *p, const char *function)
{
	phys_addr_t phys = to_phys(m, p, function);

	return phys == ~(phys_addr_t)0 ? NULL : page_of_pfn(m->mm, phys >> SIM_PAGE_SHIFT);
}

struct page *virt_to_page(const void *p)
{
	struct dmasim_machine *m = k_machine("virt_to_page");

	phys_addr_t phys;

	STACK_ENTER();
	if (!m)
		return NULL;
	phys = asked(m, p, to_phys(m, p, "virt_to_page"), "virt_to_page");
	return phys == ~(phys_addr_t)0 ? NULL : page_of_pfn(m->mm, phys >> SIM_PAGE_SHIFT);
}

bool virt_addr_valid(const volatile void *p)
{
	struct dmasim_machine *m = k_machine("virt_addr_valid");
	enum sim_region_kind kind;
	phys_addr_t phys;

	return m && sim_virt_to_phys(m->hw, p, &phys, &kind) && kind == REGION_LINEAR;
}

void *kmap(struct page *page)
{
	struct dmasim_machine *m = k_machine("kmap");

	STACK_ENTER();
	if (m)
		k_might_sleep(m, "kmap");
	return page_address(page);
}
