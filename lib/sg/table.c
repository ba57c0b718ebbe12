// SPDX-License-Identifier: MIT
/*
 * Tables: lists that the library allocates.
 *
 * Entries come in chunks of kmalloc() memory, at most SG_MAX_SINGLE_ALLOC each; where another chunk follows, the last
 * entry of one is the link to it. Chunks are the driver's memory, so that what the kernel would do with a table that a
 * driver has spoilt is found: each chunk is freed as kfree() frees it, which knows what was allocated, and a link is
 * only followed where memory is.
 *
 * Weakness: the entries behind a spoilt link cannot be found, and stay allocated.
 */
#include <errno.h>
#include <string.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

struct call {
	struct dmasim_machine *m;
	const char *function;
	gfp_t gfp;
	unsigned int max; /* entries a chunk; 0: as many as fit a page */
	sg_alloc_fn *alloc;
	sg_free_fn *free; /* the caller's, instead of the heap */
};

static unsigned int max_of(const struct call *c)
{
	return c->max ? c->max : SG_MAX_SINGLE_ALLOC;
}

/* The driver's struct as the library may touch it; reports. */
static void *object(const struct call *c, void *p, size_t size)
{
	uintptr_t good;
	void *host = sg_memory(c->m, p, size, &good);

	if (!host)
		sg_report_broken(c->m, c->function, p,
				 p ? "'s table is an address where no memory is" : "'s table is NULL");
	return host;
}

static struct scatterlist *entry(const struct call *c, struct scatterlist *sg)
{
	uintptr_t good;

	return sg_memory(c->m, sg, sizeof(*sg), &good);
}

/* A cleared chunk, its last entry marked; the driver's address. */
static struct scatterlist *chunk(const struct call *c, unsigned int n)
{
	struct scatterlist *sgl =
		c->alloc ? c->alloc(n, c->gfp) : mm_kmalloc(c->m, n * sizeof(*sgl), c->gfp, c->function);
	uintptr_t good;
	struct scatterlist *e = sgl ? sg_memory(c->m, sgl, n * sizeof(*sgl), &good) : NULL;

	if (!e)
		return NULL;
	memset(e, 0, n * sizeof(*e));
	e[n - 1].page_link = SG_END;
	return sgl;
}

static void link_to(struct scatterlist *e, struct scatterlist *to)
{
	e->page_link = (unsigned long)to | SG_CHAIN;
	e->offset = 0;
	e->length = 0;
}

/* Free `nents` entries in chunks; the first `inline_nents` of them are the caller's. */
static void free_chunks(const struct call *c, struct scatterlist *sgl, u64 nents, unsigned int inline_nents)
{
	u64 room = inline_nents ? inline_nents : max_of(c);
	bool ours = !inline_nents;

	while (nents && sgl) {
		struct scatterlist *next = NULL;
		u64 here = nents, size = nents;

		if (nents > room) {
			struct scatterlist *link = entry(c, sgl + room - 1);

			here = room - 1;
			size = room;
			if (link && link->page_link & SG_CHAIN)
				next = sg_chain_ptr(link);
			else
				sg_report_broken(c->m, c->function, sgl, "has no link where one chunk of it ends");
		}
		if (ours && c->free)
			c->free(sgl, (unsigned int)size);
		else if (ours)
			mm_kfree(c->m, sgl, c->function);
		nents -= here;
		sgl = next;
		room = max_of(c);
		ours = true;
	}
}

static int alloc_chunks(const struct call *c, struct sg_table *t, unsigned int nents, struct scatterlist *first,
			unsigned int inline_nents)
{
	unsigned int left = nents, room = inline_nents ? inline_nents : max_of(c);
	struct scatterlist *prv = NULL; /* the last entry of the chunk before, for the library */

	*t = (struct sg_table){NULL, 0, 0};
	if (!nents || (nents > room && room < 2) || max_of(c) < 2)
		return -EINVAL; /* nothing; or chunks that have room for their link only */
	while (left) {
		unsigned int n = left > room ? room : left;
		uintptr_t good;
		struct scatterlist *sgl, *e;

		if (first) {
			sgl = first;
			e = sg_memory(c->m, first, n * sizeof(*e), &good);
			if (!e)
				return -EINVAL;
			memset(e, 0, n * sizeof(*e));
			e[n - 1].page_link = SG_END;
			first = NULL;
		} else {
			sgl = chunk(c, n);
			if (!sgl && c->alloc) { /* the caller frees; the entry kept for a link is data now */
				t->nents = t->sgl ? ++t->orig_nents : 0;
				return -ENOMEM;
			}
			if (!sgl) {
				free_chunks(c, t->sgl, t->orig_nents, inline_nents);
				*t = (struct sg_table){NULL, 0, 0};
				return -ENOMEM;
			}
			e = sg_memory(c->m, sgl, n * sizeof(*e), &good);
		}
		if (prv)
			link_to(prv, sgl);
		else
			t->sgl = sgl;
		prv = e + n - 1;
		left -= left > room ? n - 1 : n;
		t->orig_nents = nents - left;
		t->nents = t->orig_nents;
		room = max_of(c);
	}
	return 0;
}

int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp)
{
	struct call c = {.m = k_machine("sg_alloc_table"), .function = "sg_alloc_table", .gfp = gfp};
	struct sg_table *t;

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	t = object(&c, table, sizeof(*t));
	if (!t)
		return -EINVAL;
	if (k_fails(c.m, "sg_alloc_table", NULL)) {
		*t = (struct sg_table){NULL, 0, 0};
		return -ENOMEM;
	}
	return alloc_chunks(&c, t, nents, NULL, 0);
}

int __sg_alloc_table(struct sg_table *table, unsigned int nents, unsigned int max_ents, struct scatterlist *first_chunk,
		     unsigned int nents_first_chunk, gfp_t gfp, sg_alloc_fn *alloc_fn)
{
	struct call c = {.m = k_machine("__sg_alloc_table"),
			 .function = "__sg_alloc_table",
			 .gfp = gfp,
			 .max = max_ents,
			 .alloc = alloc_fn};
	struct sg_table *t;

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	t = object(&c, table, sizeof(*t));
	if (!t || !max_ents || !alloc_fn)
		return -EINVAL;
	return alloc_chunks(&c, t, nents, nents_first_chunk ? first_chunk : NULL, first_chunk ? nents_first_chunk : 0);
}

int sg_table_make(struct dmasim_machine *m, struct sg_table *t, unsigned int nents, const char *function)
{
	struct call c = {.m = m, .function = function, .gfp = GFP_KERNEL};

	return alloc_chunks(&c, t, nents, NULL, 0);
}

static void free_table(const struct call *c, struct sg_table *table, u64 nents, unsigned int inline_nents)
{
	struct sg_table *t = object(c, table, sizeof(*t));

	if (!t || !t->sgl)
		return;
	free_chunks(c, t->sgl, nents ? nents : t->orig_nents, inline_nents);
	t->sgl = NULL;
	t->orig_nents = 0;
}

void sg_free_table(struct sg_table *table)
{
	struct call c = {.m = k_machine("sg_free_table"), .function = "sg_free_table"};

	if (!c.m)
		return;
	STACK_ENTER();
	free_table(&c, table, 0, 0);
}

void __sg_free_table(struct sg_table *table, unsigned int max_ents, unsigned int nents_first_chunk, sg_free_fn *free_fn,
		     unsigned int num_ents)
{
	struct call c = {
		.m = k_machine("__sg_free_table"), .function = "__sg_free_table", .max = max_ents, .free = free_fn};

	if (!c.m || !max_ents || !free_fn)
		return;
	STACK_ENTER();
	free_table(&c, table, num_ents, nents_first_chunk);
}

void sg_table_end(struct dmasim_machine *m, struct sg_table *t, const char *function)
{
	struct call c = {.m = m, .function = function};

	free_table(&c, t, 0, 0);
}

int sg_alloc_table_chained(struct sg_table *table, int nents, struct scatterlist *first_chunk,
			   unsigned int nents_first_chunk)
{
	struct call c = {
		.m = k_machine("sg_alloc_table_chained"), .function = "sg_alloc_table_chained", .gfp = GFP_ATOMIC};
	bool whole = first_chunk && nents > 0 && (unsigned int)nents <= nents_first_chunk;
	struct sg_table *t;

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	t = object(&c, table, sizeof(*t));
	if (!t || nents <= 0)
		return -EINVAL;
	/* What fits the caller's array cannot fail. */
	if (!whole && k_fails(c.m, "sg_alloc_table_chained", NULL))
		return -ENOMEM;
	/* A first chunk of one entry could hold the link only. */
	if (first_chunk && !whole && nents_first_chunk <= 1)
		first_chunk = NULL;
	return alloc_chunks(&c, t, (unsigned int)nents, first_chunk, first_chunk ? nents_first_chunk : 0);
}

void sg_free_table_chained(struct sg_table *table, unsigned int nents_first_chunk)
{
	struct call c = {.m = k_machine("sg_free_table_chained"), .function = "sg_free_table_chained"};
	struct sg_table *t;

	if (!c.m)
		return;
	STACK_ENTER();
	t = object(&c, table, sizeof(*t));
	if (!t)
		return;
	if (nents_first_chunk && t->orig_nents <= nents_first_chunk) {
		t->sgl = NULL; /* all of it was the caller's */
		t->orig_nents = 0;
		return;
	}
	free_table(&c, table, 0, nents_first_chunk <= 1 ? 0 : nents_first_chunk);
}

/* ---- from pages ---- */

static bool neighbours(struct page *a, struct page *b)
{
	return b == a + 1;
}

/* The entry to fill next: what is left of the last chunk, or the first of a new one. The driver's address. */
static struct scatterlist *next_entry(const struct call *c, struct sg_append_table *t, struct scatterlist *cur,
				      unsigned int needed)
{
	unsigned int n = needed < SG_MAX_SINGLE_ALLOC ? needed : SG_MAX_SINGLE_ALLOC;
	struct scatterlist *next = NULL, *fresh, *e;

	if (cur) {
		struct sg_cursor at;

		sg_first(&at, c->m, cur);
		if (at.e)
			sg_step(&at);
		if (!at.e)
			return ERR_PTR(-EINVAL);
		next = at.sg;
		/* the last entry of a chunk is kept for a link, unless nothing follows */
		if (!(at.e->page_link & SG_END) || needed == 1)
			return next;
	}
	fresh = chunk(c, n);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	if (next) {
		e = entry(c, next);
		link_to(e, fresh);
		t->total_nents += n - 1;
	} else {
		t->sgt.sgl = fresh;
		t->total_nents = n;
	}
	return fresh;
}

/* Pages of [first, n) that go into one entry of at most max bytes. */
static unsigned int run_of(struct page **pages, unsigned int first, unsigned int n, unsigned int max)
{
	unsigned int j = first + 1;

	while (j < n && (u64)(j - first + 1) << SIM_PAGE_SHIFT <= max && neighbours(pages[j - 1], pages[j]))
		j++;
	return j - first;
}

static int append(const struct call *c, struct sg_append_table *t, struct page **pages, unsigned int n,
		  unsigned int offset, unsigned long size, unsigned int max, unsigned int left)
{
	struct scatterlist *s = t->prv, *e = s ? entry(c, s) : NULL;
	unsigned int chunks = 0, done = 0;

	max &= ~((unsigned int)SIM_PAGE_SIZE - 1);
	if (!max || !n || !size || offset >= (u64)n << SIM_PAGE_SHIFT || (s && !e))
		return -EINVAL;
	if (e) {
		/* Go on in the last entry where the pages are neighbours. */
		phys_addr_t end = page_to_phys(sg_page(e)) + e->offset + e->length;

		if (offset)
			return -EINVAL;
		e->page_link &= ~SG_END;
		while (done < n && !(end & (SIM_PAGE_SIZE - 1)) && page_to_phys(pages[done]) == end &&
		       e->length + SIM_PAGE_SIZE <= max) {
			unsigned long more = size < SIM_PAGE_SIZE ? size : SIM_PAGE_SIZE;

			e->length += (unsigned int)more;
			size -= more;
			end += SIM_PAGE_SIZE;
			done++;
		}
	}
	for (unsigned int i = done; i < n; i += run_of(pages, i, n, max))
		chunks++;
	while (done < n && size) {
		unsigned int run = run_of(pages, done, n, max);
		unsigned long bytes = ((unsigned long)run << SIM_PAGE_SHIFT) - offset;

		s = next_entry(c, t, s, chunks-- + left);
		if (IS_ERR(s))
			return (int)PTR_ERR(s);
		bytes = bytes < size ? bytes : size;
		e = entry(c, s);
		if (!e)
			return -EINVAL;
		sg_set_page(e, pages[done], (unsigned int)bytes, offset);
		size -= bytes;
		offset = 0;
		done += run;
		t->sgt.nents++;
		t->sgt.orig_nents = t->sgt.nents;
		t->prv = s;
	}
	if (!left && e) {
		e->page_link |= SG_END;
		t->sgt.orig_nents = t->sgt.nents;
	}
	return 0;
}

/* The driver's array of pages; NULL and a report. */
static struct page **page_array(const struct call *c, struct page **pages, unsigned int n)
{
	uintptr_t good;
	struct page **host = n ? sg_memory(c->m, pages, (size_t)n * sizeof(*pages), &good) : NULL;

	if (n && !host)
		sg_report_broken(c->m, c->function, pages, "'s array of pages is no memory");
	for (unsigned int i = 0; host && i < n; i++)
		if (page_to_phys(host[i]) == ~(phys_addr_t)0) {
			sg_report_broken(c->m, c->function, host[i], "would hold something that is no page");
			return NULL;
		}
	return host;
}

int sg_alloc_append_table_from_pages(struct sg_append_table *sgt_append, struct page **pages, unsigned int n_pages,
				     unsigned int offset, unsigned long size, unsigned int max_segment,
				     unsigned int left_pages, gfp_t gfp)
{
	struct call c = {.m = k_machine("sg_alloc_append_table_from_pages"),
			 .function = "sg_alloc_append_table_from_pages",
			 .gfp = gfp};
	struct sg_append_table *t;
	struct page **array;

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	t = object(&c, sgt_append, sizeof(*t));
	array = t ? page_array(&c, pages, n_pages) : NULL;
	if (!array)
		return -EINVAL;
	if (k_fails(c.m, "sg_alloc_append_table_from_pages", NULL))
		return -ENOMEM;
	return append(&c, t, array, n_pages, offset, size, max_segment, left_pages);
}

void sg_free_append_table(struct sg_append_table *sgt)
{
	struct call c = {.m = k_machine("sg_free_append_table"), .function = "sg_free_append_table"};
	struct sg_append_table *t;

	if (!c.m)
		return;
	STACK_ENTER();
	t = object(&c, sgt, sizeof(*t));
	if (t)
		free_table(&c, &sgt->sgt, t->total_nents, 0);
}

static int from_pages(const struct call *c, struct sg_table *sgt, struct page **pages, unsigned int n,
		      unsigned int offset, unsigned long size, unsigned int max, const char *alias)
{
	struct sg_table *t = object(c, sgt, sizeof(*t));
	struct page **array = t ? page_array(c, pages, n) : NULL;
	struct sg_append_table a = {.prv = NULL};
	int err;

	if (!array)
		return -EINVAL;
	if (k_fails(c->m, c->function, alias))
		return -ENOMEM;
	err = append(c, &a, array, n, offset, size, max, 0);
	if (err) {
		free_chunks(c, a.sgt.sgl, a.total_nents, 0);
		return err;
	}
	a.sgt.orig_nents = a.sgt.nents;
	*t = a.sgt;
	return 0;
}

int sg_alloc_table_from_pages_segment(struct sg_table *sgt, struct page **pages, unsigned int n_pages,
				      unsigned int offset, unsigned long size, unsigned int max_segment, gfp_t gfp)
{
	struct call c = {.m = k_machine("sg_alloc_table_from_pages_segment"),
			 .function = "sg_alloc_table_from_pages_segment",
			 .gfp = gfp};

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	return from_pages(&c, sgt, pages, n_pages, offset, size, max_segment, "sg_alloc_table_from_pages");
}

int sg_alloc_table_from_pages(struct sg_table *sgt, struct page **pages, unsigned int n_pages, unsigned int offset,
			      unsigned long size, gfp_t gfp)
{
	struct call c = {
		.m = k_machine("sg_alloc_table_from_pages"), .function = "sg_alloc_table_from_pages", .gfp = gfp};

	if (!c.m)
		return -ENOMEM;
	STACK_ENTER();
	return from_pages(&c, sgt, pages, n_pages, offset, size, ~0U, NULL);
}

/* ---- lists with their memory ---- */

static void free_list(const struct call *c, struct scatterlist *sgl, int nents, unsigned int order)
{
	struct sg_cursor at;
	int i = 0;

	for (sg_first(&at, c->m, sgl); at.e && i < nents; i++) {
		struct page *page = sg_page(at.e);

		if (!page)
			break;
		sg_step(&at);
		mm_put_pages(c->m, page, order, c->function);
	}
	mm_kfree(c->m, sgl, c->function);
}

static struct scatterlist *alloc_list(const struct call *c, unsigned long long length, unsigned int order,
				      bool chainable, unsigned int *nent_p)
{
	unsigned long long block = SIM_PAGE_SIZE << order, nent = length / block + !!(length % block);
	struct scatterlist *sgl, *e;
	unsigned int n;

	if (order > 10 || !nent || nent > (1U << 22) || nent * sizeof(*sgl) < nent)
		return NULL;
	n = (unsigned int)nent + chainable;
	sgl = chunk(c, n);
	if (!sgl)
		return NULL;
	e = entry(c, sgl);
	for (unsigned int i = 0; i < nent; i++) {
		struct page *page = mm_alloc_pages(c->m, c->gfp, order, c->function);

		if (!page) {
			free_list(c, sgl, (int)i, order);
			return NULL;
		}
		sg_set_page(&e[i], page, (unsigned int)(length < block ? length : block), 0);
		length -= e[i].length;
	}
	if (nent_p)
		*nent_p = (unsigned int)nent;
	return sgl;
}

struct scatterlist *sgl_alloc_order(unsigned long long length, unsigned int order, bool chainable, gfp_t gfp,
				    unsigned int *nent_p)
{
	struct call c = {.m = k_machine("sgl_alloc_order"), .function = "sgl_alloc_order", .gfp = gfp};

	if (!c.m)
		return NULL;
	STACK_ENTER();
	if (k_fails(c.m, "sgl_alloc_order", NULL))
		return NULL;
	return alloc_list(&c, length, order, chainable, nent_p);
}

struct scatterlist *sgl_alloc(unsigned long long length, gfp_t gfp, unsigned int *nent_p)
{
	struct call c = {.m = k_machine("sgl_alloc"), .function = "sgl_alloc", .gfp = gfp};

	if (!c.m)
		return NULL;
	STACK_ENTER();
	if (k_fails(c.m, "sgl_alloc", "sgl_alloc_order"))
		return NULL;
	return alloc_list(&c, length, 0, false, nent_p);
}

static void free_list_of(struct scatterlist *sgl, int nents, int order, const char *function)
{
	struct call c = {.m = k_machine(function), .function = function};

	if (c.m && sgl)
		free_list(&c, sgl, nents, order > 0 && order <= 10 ? (unsigned int)order : 0);
}

void sgl_free_n_order(struct scatterlist *sgl, int nents, int order)
{
	STACK_ENTER();
	free_list_of(sgl, nents, order, "sgl_free_n_order");
}

void sgl_free_order(struct scatterlist *sgl, int order)
{
	STACK_ENTER();
	free_list_of(sgl, 0x7fffffff, order, "sgl_free_order");
}

void sgl_free(struct scatterlist *sgl)
{
	STACK_ENTER();
	free_list_of(sgl, 0x7fffffff, 0, "sgl_free");
}
