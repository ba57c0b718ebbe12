// SPDX-License-Identifier: MIT
/*
 * The page allocator as drivers call it: alloc_pages() and its kin, references, and the checks at free.
 *
 * A page's reference count decides when its block is free. Frees name the order again, which the allocator knows
 * better: a wrong one is reported and the real block freed, so that one mistake is one report.
 *
 * Weakness: a double free is known as long as the block has not been handed out again; the quarantine delays that.
 */
#include <stdio.h>
#include <string.h>
#include <linux/mm.h>
#include "lib/mm/internal.h"

static struct page *alloc_block(struct dmasim_machine *m, gfp_t gfp, unsigned int order, u32 nr, size_t size,
				const char *function)
{
	struct mm *mm = m->mm;
	struct mm_request r = {
		.order = order,
		.nr = nr,
		.gfp = gfp,
		.limit = ~(phys_addr_t)0,
		.state = FRAME_PAGES,
		.kind = "page block",
		.size = size,
	};
	u32 index;

	mm_gfp_context(m, gfp, function);
	if (mm_bad_gfp(m, gfp, 0, function))
		return NULL;
	if (order > MM_MAX_ORDER) {
		if (gfp & __GFP_NOWARN)
			return NULL;

		struct finding f = {.rule = "alloc-order-too-big", .act_verb = "call", .size = size};

		f.more[0].label = "order";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was asked for order %u, %d is the highest",
			 function, order, MM_MAX_ORDER);
		k_report(m, &f);
		return NULL;
	}
	r.stack = stack_entry(m);
	index = mm_take(mm, &r);
	if (index == MM_NONE)
		return NULL;
	return page_of_index(mm, index);
}

struct page *mm_alloc_pages(struct dmasim_machine *m, gfp_t gfp, unsigned int order, const char *function)
{
	return alloc_block(m, gfp, order, 0, order <= MM_MAX_ORDER ? SIM_PAGE_SIZE << order : 0, function);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct dmasim_machine *m = k_machine("alloc_pages");

	STACK_ENTER();
	if (!m || k_fails(m, order ? "alloc_pages" : "alloc_page", "alloc_pages"))
		return NULL;
	return mm_alloc_pages(m, gfp, order, "alloc_pages");
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	struct dmasim_machine *m = k_machine("alloc_pages_node");

	STACK_ENTER();
	(void)nid;
	if (!m || k_fails(m, "alloc_pages_node", "alloc_pages"))
		return NULL;
	return mm_alloc_pages(m, gfp, order, "alloc_pages_node");
}

static unsigned long get_pages(struct dmasim_machine *m, gfp_t gfp, unsigned int order, const char *function)
{
	struct page *page = mm_alloc_pages(m, gfp & ~__GFP_HIGHMEM, order, function);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct dmasim_machine *m = k_machine("__get_free_pages");

	STACK_ENTER();
	if (!m || k_fails(m, order ? "__get_free_pages" : "__get_free_page", "__get_free_pages"))
		return 0;
	return get_pages(m, gfp, order, "__get_free_pages");
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("get_zeroed_page");

	STACK_ENTER();
	if (!m || k_fails(m, "get_zeroed_page", "__get_free_pages"))
		return 0;
	return get_pages(m, gfp | __GFP_ZERO, 0, "get_zeroed_page");
}

void mm_bad_free(struct dmasim_machine *m, const char *rule, const char *function, const void *p, phys_addr_t phys,
		 const char *why)
{
	struct finding f = {.rule = rule, .act_verb = strstr(function, "free") ? "free" : "call", .cpu = p};
	struct mm_object o = {.state = MM_NOT_RAM};

	if (phys != ~(phys_addr_t)0) {
		f.phys = phys;
		f.has_phys = true;
		mm_object_at(m, phys, &o);
		f.offset = phys - o.start;
		f.buffer_size = o.size;
		f.buffer_kind = o.kind;
		f.mapped = o.state == MM_ALLOCATED ? o.allocated : o.freed;
		f.mapped_time = o.state == MM_ALLOCATED ? o.allocated_time : o.freed_time;
		f.mapped_verb = o.state == MM_ALLOCATED ? "allocated" : "freed";
	}
	f.more[0].label = "why";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() was given %s", function, why);
	k_report(m, &f);
}

/* Free for good: the caller has checked that the block is the drivers', and dropped the last reference. */
static void release(struct dmasim_machine *m, u32 index)
{
	struct mm *mm = m->mm;

	m->hooks.memory_freeing(m, mm_phys(mm, index), (size_t)mm->frames[index].nr << SIM_PAGE_SHIFT);
	mm_give(mm, index, stack_entry(m));
}

/* order: MM_ORDERS for "whatever it is". True if a reference was dropped. */
bool mm_free_pages(struct dmasim_machine *m, u32 index, unsigned int order, const char *function)
{
	struct mm *mm = m->mm;
	struct mm_frame *f = &mm->frames[index];
	phys_addr_t phys = mm_phys(mm, index);
	void *p = sim_phys_to_virt(m->hw, phys);
	struct page *page = page_of_index(mm, index);
	u32 head;
	int count;

	switch (f->state) {
	case FRAME_PAGES:
		break;
	case FRAME_KMALLOC:
	case FRAME_SLAB:
		mm_bad_free(m, "invalid-free", function, p, phys, "memory from kmalloc(), which kfree() frees");
		return false;
	case FRAME_BLOCK:
		mm_bad_free(m, "invalid-free", function, p, phys,
			    strcmp(f->kind, "coherent block") == 0
				    ? "coherent memory, which dma_free_coherent() frees"
				    : "memory of the DMA API, which its counterpart of the allocation frees");
		return false;
	case FRAME_CONTIG:
		mm_bad_free(m, "invalid-free", function, p, phys,
			    "contiguous memory, which its own call frees: dma_free_coherent() or "
			    "dma_release_from_contiguous()");
		return false;
	case FRAME_VMALLOC:
		mm_bad_free(m, "invalid-free", function, p, phys, "a page of vmalloc(), which vfree() frees");
		return false;
	case FRAME_NONE:
		head = frame_head(mm, index);
		if (head != MM_NONE && mm->frames[head].state > FRAME_QUARANTINED) {
			mm_bad_free(m, "invalid-free", function, p, phys, "a page in the middle of a block");
			return false;
		}
		/* fallthrough */
	default:
		if (!f->freed && f->state == FRAME_NONE)
			mm_bad_free(m, "invalid-free", function, p, phys, "pages that nobody allocated");
		else
			mm_bad_free(m, "double-free", function, p, phys, "pages that are free");
		return false;
	}
	/* Until the last reference goes, nothing is freed and the order is nobody's business. */
	count = page->_refcount.counter;
	if (count > 1) {
		page->_refcount.counter = count - 1;
		return true;
	}
	if (order < MM_ORDERS && (f->order != order || f->flags & FRAME_EXACT)) {
		char why[120];

		if (f->flags & FRAME_EXACT)
			snprintf(why, sizeof(why), "order %u, but the %u pages are from alloc_pages_exact()", order,
				 f->nr);
		else
			snprintf(why, sizeof(why), "order %u, but the block was allocated with order %u", order,
				 f->order);
		mm_bad_free(m, "free-wrong-order", function, p, phys, why);
	}
	release(m, index);
	return true;
}

/* The frame of a page of the current machine's RAM; reports and returns MM_NONE for anything else. */
static u32 frame_of_page(struct dmasim_machine *m, const struct page *page, const char *function)
{
	phys_addr_t phys = page_to_phys(page);

	if (phys != ~(phys_addr_t)0 && (uintptr_t)page - (uintptr_t)m->mm->map.first < m->mm->map.nr * sizeof(*page)) {
		if (sim_ram_contains(m->hw, phys, SIM_PAGE_SIZE))
			return mm_index(m->mm, phys);
	}
	mm_bad_free(m, "invalid-free", function, page, ~(phys_addr_t)0,
		    "something that is no page of the machine's RAM");
	return MM_NONE;
}

void mm_put_pages(struct dmasim_machine *m, struct page *page, unsigned int order, const char *function)
{
	u32 index = frame_of_page(m, page, function);

	if (index != MM_NONE)
		mm_free_pages(m, index, order, function);
}

void __free_pages(struct page *page, unsigned int order)
{
	struct dmasim_machine *m = k_machine("__free_pages");

	STACK_ENTER();
	if (m)
		mm_put_pages(m, page, order, "__free_pages");
}

/* The frame of a kernel logical address, at a page boundary; else reports. */
static u32 frame_of_address(struct dmasim_machine *m, unsigned long addr, const char *function)
{
	enum sim_region_kind kind;
	phys_addr_t phys;

	if (!sim_virt_to_phys(m->hw, (void *)addr, &phys, &kind) || kind != REGION_LINEAR) {
		mm_bad_free(m, "invalid-free", function, (void *)addr, ~(phys_addr_t)0, "an address that is not RAM's");
		return MM_NONE;
	}
	if (phys & (SIM_PAGE_SIZE - 1)) {
		mm_bad_free(m, "invalid-free", function, (void *)addr, phys, "an address inside a page");
		return MM_NONE;
	}
	return mm_index(m->mm, phys);
}

void free_pages(unsigned long addr, unsigned int order)
{
	struct dmasim_machine *m;
	u32 index;

	STACK_ENTER();
	if (!addr)
		return;
	m = k_machine("free_pages");
	if (!m)
		return;
	index = frame_of_address(m, addr, "free_pages");
	if (index != MM_NONE)
		mm_free_pages(m, index, order, "free_pages");
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("alloc_pages_exact");
	size_t nr = (size >> SIM_PAGE_SHIFT) + !!(size & (SIM_PAGE_SIZE - 1));
	struct page *page;

	STACK_ENTER();
	if (!m || !size || k_fails(m, "alloc_pages_exact", NULL))
		return NULL;
	page = alloc_block(m, gfp & ~(__GFP_COMP | __GFP_HIGHMEM), (unsigned int)get_order(size), (u32)nr, size,
			   "alloc_pages_exact");
	return page ? page_address(page) : NULL;
}

void free_pages_exact(void *virt, size_t size)
{
	struct dmasim_machine *m = k_machine("free_pages_exact");
	size_t nr = (size >> SIM_PAGE_SHIFT) + !!(size & (SIM_PAGE_SIZE - 1));
	const struct mm_frame *f;
	char why[120];
	u32 index;

	STACK_ENTER();
	if (!m)
		return;
	index = frame_of_address(m, (unsigned long)virt, "free_pages_exact");
	if (index == MM_NONE)
		return;
	f = &m->mm->frames[index];
	if (f->state == FRAME_PAGES && f->nr != nr) {
		snprintf(why, sizeof(why), "%zu bytes, but %u pages were allocated", size, f->nr);
		mm_bad_free(m, "free-wrong-order", "free_pages_exact", virt, mm_phys(m->mm, index), why);
	}
	mm_free_pages(m, index, MM_ORDERS, "free_pages_exact");
}

/* ---- references ---- */

static u32 block_of_page(struct dmasim_machine *m, const struct page *page)
{
	phys_addr_t phys = page_to_phys(page);
	u32 index = phys == ~(phys_addr_t)0 ? MM_NONE : mm_index(m->mm, phys), head;

	if (index == MM_NONE)
		return MM_NONE;
	head = frame_head(m->mm, index);
	return head != MM_NONE && m->mm->frames[head].flags & FRAME_COMP ? head : index;
}

struct page *compound_head(const struct page *page)
{
	struct dmasim_machine *m = k_machine("compound_head");
	u32 index = m ? block_of_page(m, page) : MM_NONE;

	return index == MM_NONE ? (struct page *)page : page_of_index(m->mm, index);
}

unsigned int compound_order(struct page *page)
{
	struct dmasim_machine *m = k_machine("compound_order");
	u32 index = m ? block_of_page(m, page) : MM_NONE;

	return index != MM_NONE && m->mm->frames[index].flags & FRAME_COMP ? m->mm->frames[index].order : 0;
}

int page_count(const struct page *page)
{
	const struct page *head = compound_head(page);

	return sim_region_of(head) ? head->_refcount.counter : 0;
}

static bool refers(struct dmasim_machine *m, const struct page *page, u32 *index)
{
	if ((uintptr_t)page - (uintptr_t)m->mm->map.first >= m->mm->map.nr * sizeof(*page))
		return false;
	*index = block_of_page(m, page);
	return *index != MM_NONE;
}

void get_page(struct page *page)
{
	struct dmasim_machine *m = k_machine("get_page");
	u32 index;

	STACK_ENTER();
	if (!m)
		return;
	if (!refers(m, page, &index)) {
		mm_bad_free(m, "page-refcount", "get_page", page, ~(phys_addr_t)0,
			    "something that is no page of the RAM");
		return;
	}
	if (m->mm->frames[index].state <= FRAME_QUARANTINED && frame_head(m->mm, index) != MM_NONE &&
	    m->mm->frames[frame_head(m->mm, index)].state <= FRAME_QUARANTINED) {
		mm_bad_free(m, "page-refcount", "get_page", page_address(page), mm_phys(m->mm, index),
			    "a page that is free");
		return;
	}
	page_of_index(m->mm, index)->_refcount.counter++;
}

void mm_put_page(struct dmasim_machine *m, struct page *page, const char *function)
{
	struct mm_frame *f;
	u32 index;

	if (!refers(m, page, &index)) {
		mm_bad_free(m, "page-refcount", function, page, ~(phys_addr_t)0,
			    "something that is no page of the RAM");
		return;
	}
	f = &m->mm->frames[index];
	/* Pages of other owners (kmalloc, coherent memory) are pinned and released by number only. */
	if (f->state > FRAME_PAGES || (f->state == FRAME_NONE && page_of_index(m->mm, index)->_refcount.counter > 0)) {
		struct page *p = page_of_index(m->mm, index);

		if (p->_refcount.counter > (f->state == FRAME_NONE ? 0 : 1))
			p->_refcount.counter--;
		else
			mm_bad_free(m, "page-refcount", function, page_address(page), mm_phys(m->mm, index),
				    "a page that its owner still uses and nobody pinned");
		return;
	}
	mm_free_pages(m, index, f->flags & FRAME_COMP || f->flags & FRAME_EXACT ? MM_ORDERS : 0, function);
}

void put_page(struct page *page)
{
	struct dmasim_machine *m = k_machine("put_page");

	STACK_ENTER();
	if (m)
		mm_put_page(m, page, "put_page");
}

bool mm_hold_page(struct dmasim_machine *m, struct page *page)
{
	u32 index;

	if (!refers(m, page, &index) || m->mm->frames[index].state != FRAME_PAGES)
		return false;
	page_of_index(m->mm, index)->_refcount.counter++;
	return true;
}
