// SPDX-License-Identifier: MIT
/*
 * Iterators that the driver holds: page by page, and piece by piece.
 *
 * All of their state is in the driver's struct, as in the kernel. Each step looks at one entry, found to be memory
 * first. A list that ends before the count does ends the iteration, with a report.
 */
#include <string.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

static struct sg_page_iter *iter_of(struct dmasim_machine *m, struct sg_page_iter *piter)
{
	uintptr_t good;

	return sg_memory(m, piter, sizeof(*piter), &good);
}

static void start(struct sg_page_iter *p, struct scatterlist *sglist, unsigned int nents, unsigned long pgoffset)
{
	p->__pg_advance = 0;
	p->__nents = nents;
	p->sg = sglist;
	p->sg_pgoffset = (unsigned int)pgoffset;
}

void __sg_page_iter_start(struct sg_page_iter *piter, struct scatterlist *sglist, unsigned int nents,
			  unsigned long pgoffset)
{
	struct dmasim_machine *m = k_machine("__sg_page_iter_start");
	struct sg_page_iter *p = m ? iter_of(m, piter) : NULL;

	if (p)
		start(p, sglist, nents, pgoffset);
}

static u64 pages_of(const struct scatterlist *e, bool dma)
{
	u64 bytes = dma ? (e->dma_address & (SIM_PAGE_SIZE - 1)) + e->dma_length
			: (u64)(e->offset & (SIM_PAGE_SIZE - 1)) + e->length;

	return (bytes + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT;
}

static bool next_page(struct dmasim_machine *m, struct sg_page_iter *p, bool dma, const char *function)
{
	struct sg_cursor c;

	if (!p || !p->__nents || !p->sg)
		return false;
	p->sg_pgoffset += (unsigned int)p->__pg_advance;
	p->__pg_advance = 1;
	sg_first(&c, m, p->sg);
	while (c.e && p->sg_pgoffset >= pages_of(c.e, dma)) {
		p->sg_pgoffset -= (unsigned int)pages_of(c.e, dma);
		if (!--p->__nents) {
			p->sg = NULL;
			return false;
		}
		sg_step(&c);
	}
	p->sg = c.e ? c.sg : NULL;
	if (!c.e) {
		sg_report_short(&c, function, p->__nents, 0);
		p->__nents = 0;
	}
	return c.e;
}

bool __sg_page_iter_next(struct sg_page_iter *piter)
{
	struct dmasim_machine *m = k_machine("for_each_sg_page");

	STACK_ENTER();
	return m && next_page(m, iter_of(m, piter), false, "for_each_sg_page");
}

bool __sg_page_iter_dma_next(struct sg_dma_page_iter *dma_iter)
{
	struct dmasim_machine *m = k_machine("for_each_sg_dma_page");

	STACK_ENTER();
	return m && next_page(m, iter_of(m, &dma_iter->base), true, "for_each_sg_dma_page");
}

/* ---- struct sg_mapping_iter ---- */

static struct sg_mapping_iter *miter_of(struct dmasim_machine *m, struct sg_mapping_iter *miter)
{
	uintptr_t good;

	return sg_memory(m, miter, sizeof(*miter), &good);
}

void sg_miter_start(struct sg_mapping_iter *miter, struct scatterlist *sgl, unsigned int nents, unsigned int flags)
{
	struct dmasim_machine *m = k_machine("sg_miter_start");
	struct sg_mapping_iter *i = m ? miter_of(m, miter) : NULL;

	if (!i)
		return;
	memset(i, 0, sizeof(*i));
	start(&i->piter, sgl, nents, 0);
	i->__flags = flags;
}

/* The next page of the list becomes what __offset and __remaining count. */
static bool get_next_page(struct dmasim_machine *m, struct sg_mapping_iter *i, const char *function)
{
	struct scatterlist *e;
	uintptr_t good;
	u64 at;

	if (i->__remaining)
		return true;
	if (!next_page(m, &i->piter, false, function))
		return false;
	e = sg_memory(m, i->piter.sg, sizeof(*e), &good);
	if (!e)
		return false;
	i->__offset = i->piter.sg_pgoffset ? 0 : e->offset & (SIM_PAGE_SIZE - 1);
	/* bytes of the entry from its first page on, as counted in pages */
	at = ((u64)i->piter.sg_pgoffset << SIM_PAGE_SHIFT) + i->__offset;
	at = (u64)(e->offset & (SIM_PAGE_SIZE - 1)) + e->length - at;
	i->__remaining = (unsigned int)(at < SIM_PAGE_SIZE - i->__offset ? at : SIM_PAGE_SIZE - i->__offset);
	return true;
}

static void stop(struct sg_mapping_iter *i)
{
	if (!i->addr)
		return;
	if (i->consumed > i->length)
		i->consumed = i->length;
	i->__offset += (unsigned int)i->consumed;
	i->__remaining -= (unsigned int)i->consumed;
	i->page = NULL;
	i->addr = NULL;
	i->length = 0;
	i->consumed = 0;
}

bool sg_miter_skip(struct sg_mapping_iter *miter, off_t offset)
{
	struct dmasim_machine *m = k_machine("sg_miter_skip");
	struct sg_mapping_iter *i = m ? miter_of(m, miter) : NULL;

	STACK_ENTER();
	if (!i || offset < 0)
		return false;
	stop(i);
	while (offset) {
		off_t consumed;

		if (!get_next_page(m, i, "sg_miter_skip"))
			return false;
		consumed = offset < (off_t)i->__remaining ? offset : (off_t)i->__remaining;
		i->__offset += (unsigned int)consumed;
		i->__remaining -= (unsigned int)consumed;
		offset -= consumed;
	}
	return true;
}

bool sg_miter_next(struct sg_mapping_iter *miter)
{
	struct dmasim_machine *m = k_machine("sg_miter_next");
	struct sg_mapping_iter *i = m ? miter_of(m, miter) : NULL;
	struct scatterlist *e;
	uintptr_t good;
	u8 *page;

	STACK_ENTER();
	if (!i)
		return false;
	stop(i);
	if (!get_next_page(m, i, "sg_miter_next"))
		return false;
	if (!(i->__flags & (SG_MITER_ATOMIC | SG_MITER_LOCAL)))
		k_might_sleep(m, "sg_miter_next");
	e = sg_memory(m, i->piter.sg, sizeof(*e), &good);
	if (!e)
		return false;
	page = sg_page(e) ? page_address(sg_page(e) + (e->offset >> SIM_PAGE_SHIFT) + i->piter.sg_pgoffset) : NULL;
	if (!page) {
		sg_report_broken(m, "sg_miter_next", i->piter.sg, "has an entry without a page");
		return false;
	}
	i->page = sg_page(e) + (e->offset >> SIM_PAGE_SHIFT) + i->piter.sg_pgoffset;
	i->addr = page + i->__offset;
	i->length = i->consumed = i->__remaining;
	return true;
}

void sg_miter_stop(struct sg_mapping_iter *miter)
{
	struct dmasim_machine *m = k_machine("sg_miter_stop");
	struct sg_mapping_iter *i = m ? miter_of(m, miter) : NULL;

	if (i)
		stop(i);
}
