/* SPDX-License-Identifier: MIT */
/*
 * Walking a driver's scatterlist without trusting it: what the files of lib/sg share, and the rooms above use.
 *
 * Entries lie in driver memory. A cursor keeps two addresses of the current one, the driver's and one by which the
 * library may touch it, and the range in which the next ones surely are memory. Chains that lead in a circle are found
 * by Brent's method: one comparison a link.
 */
#ifndef LIB_SG_SG_H
#define LIB_SG_SG_H

#include <linux/scatterlist.h>
#include "lib/core/kernel.h"

struct sg_cursor {
	struct dmasim_machine *m;
	struct scatterlist *sg;		/* the driver's address of the current entry */
	struct scatterlist *e;		/* the same entry for the library; NULL: there is none */
	uintptr_t good;			/* end of the memory behind e that is surely there */
	const char *broken;		/* why there is none, if not for the end mark */
	const struct scatterlist *seen; /* a link's target that must not come again */
	u32 links, until;		/* links followed, and at how many `seen` moves */
};

/* Stand on the first entry; c->e is NULL, and c->broken says why, if there is none. */
void sg_first(struct sg_cursor *c, struct dmasim_machine *m, struct scatterlist *sgl);
void sg_step_slow(struct sg_cursor *c);

/* Go on; c->e NULL behind the last. */
static inline void sg_step(struct sg_cursor *c)
{
	struct scatterlist *next = c->e + 1;

	if (k_likely(!(c->e->page_link & SG_END) && (uintptr_t)(next + 1) <= c->good &&
		     !(next->page_link & SG_CHAIN))) {
		c->e = next;
		c->sg++;
		return;
	}
	sg_step_slow(c);
}

/*
 * Go on to entry i of the n that the caller was given. Nothing behind the last of them is looked at: it need not have
 * an end mark (2.6 had none), and what follows it need not be an entry.
 */
static inline void sg_step_to(struct sg_cursor *c, int i, int n)
{
	if (i < n)
		sg_step(c);
}

/* Driver memory [p, p + n) as the library may touch it; NULL where there is none. *good: how far it goes on. */
void *sg_memory(struct dmasim_machine *m, const void *p, size_t n, uintptr_t *good);

/* sg_alloc_table() and sg_free_table() in the name of `function`, for other rooms; failures are not injected. t: for the
 * library to touch. */
int sg_table_make(struct dmasim_machine *m, struct sg_table *t, unsigned int nents, const char *function);
void sg_table_end(struct dmasim_machine *m, struct sg_table *t, const char *function);

/* The walk ended before `wanted` entries, `got` were there: reports why, as a mistake of `function`'s caller. */
void sg_report_short(const struct sg_cursor *c, const char *function, u64 wanted, u64 got);
void sg_report_broken(struct dmasim_machine *m, const char *function, const void *at, const char *why);

#endif
