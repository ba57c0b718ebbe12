// SPDX-License-Identifier: MIT
/*
 * Cutting one list into several.
 *
 * The same cut is made twice, with different lengths: over the pieces of memory and over the device's segments, which
 * need not have the same borders. Each output is one array with room for whichever view needs more entries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

/* Where one output starts: an entry, bytes to leave out of it, entries, and bytes of the last. */
struct part {
	struct sg_cursor first;
	u64 skip, last;
	int nents;
};

static u64 length_of(const struct scatterlist *e, bool dma)
{
	return dma ? e->dma_length : e->length;
}

static int find_parts(struct dmasim_machine *m, struct scatterlist *in, int nents, u64 skip, int nr,
		      const size_t *sizes, bool dma, struct part *parts)
{
	struct sg_cursor c;
	u64 left;
	int p = 0;

	if (!nr)
		return 0;
	left = sizes[0];
	parts[0].nents = 0;
	sg_first(&c, m, in);
	for (int i = 0; i < nents && c.e; sg_step_to(&c, ++i, nents)) {
		u64 length = length_of(c.e, dma), at = skip < length ? skip : length;

		skip -= at;
		/* one entry may end several parts */
		while (at < length) {
			u64 take = length - at < left ? length - at : left;

			if (!parts[p].nents++) {
				parts[p].first = c;
				parts[p].skip = at;
			}
			parts[p].last = take;
			at += take;
			left -= take;
			if (left)
				break;
			if (++p == nr)
				return 0;
			left = sizes[p];
			parts[p].nents = 0;
		}
	}
	if (c.broken)
		sg_report_short(&c, "sg_split", 0, 0);
	return -EINVAL;
}

static void fill(struct part *p, struct scatterlist *out, bool dma)
{
	struct sg_cursor c = p->first;

	for (int i = 0; i < p->nents; sg_step_to(&c, ++i, p->nents)) {
		u64 skip = i ? 0 : p->skip, length = length_of(c.e, dma) - skip;

		if (i == p->nents - 1)
			length = p->last;
		if (dma) {
			out[i].dma_address = c.e->dma_address + skip;
			out[i].dma_length = (unsigned int)length;
			out[i].dma_flags = c.e->dma_flags;
		} else {
			u64 offset = c.e->offset + skip;

			out[i].page_link = c.e->page_link & ~(SG_CHAIN | SG_END);
			out[i].page_link += (offset >> SIM_PAGE_SHIFT) * sizeof(struct page);
			out[i].offset = (unsigned int)(offset & (SIM_PAGE_SIZE - 1));
			out[i].length = (unsigned int)length;
		}
	}
}

static int split(struct dmasim_machine *m, struct part *cpu, struct part *dma, int mapped, int nr,
		 struct scatterlist **out, int *out_mapped, gfp_t gfp)
{
	for (int i = 0; i < nr; i++) {
		int n = mapped && dma[i].nents > cpu[i].nents ? dma[i].nents : cpu[i].nents;
		uintptr_t good;
		struct scatterlist *e;

		out[i] = mm_kmalloc(m, (size_t)n * sizeof(**out), gfp, "sg_split");
		e = out[i] ? sg_memory(m, out[i], (size_t)n * sizeof(**out), &good) : NULL;
		if (!e) {
			while (i-- > 0)
				mm_kfree(m, out[i], "sg_split");
			return -ENOMEM;
		}
		memset(e, 0, (size_t)n * sizeof(*e));
		fill(&cpu[i], e, false);
		e[cpu[i].nents - 1].page_link |= SG_END;
		if (mapped)
			fill(&dma[i], e, true);
		if (out_mapped)
			out_mapped[i] = mapped ? dma[i].nents : 0;
	}
	return 0;
}

int sg_split(struct scatterlist *in, const int in_mapped_nents, const off_t skip, const int nb_splits,
	     const size_t *split_sizes, struct scatterlist **out, int *out_mapped_nents, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("sg_split");
	size_t n = nb_splits > 0 && nb_splits < 1 << 20 ? (size_t)nb_splits : 0;
	struct scatterlist **to;
	struct part *parts;
	const size_t *sizes;
	int err = -EINVAL, *mapped = NULL;
	uintptr_t good;
	bool bad;

	if (!m)
		return -ENOMEM;
	STACK_ENTER();
	sizes = n ? sg_memory(m, split_sizes, n * sizeof(*sizes), &good) : NULL;
	to = n ? sg_memory(m, out, n * sizeof(*to), &good) : NULL;
	if (out_mapped_nents && n)
		mapped = sg_memory(m, out_mapped_nents, n * sizeof(*mapped), &good);
	bad = !sizes || !to || skip < 0 || (out_mapped_nents && !mapped);
	for (size_t i = 0; !bad && i < n; i++)
		bad = !sizes[i];
	if (bad)
		return -EINVAL;
	if (k_fails(m, "sg_split", NULL))
		return -ENOMEM;
	parts = calloc(2 * n, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	err = find_parts(m, in, 0x7fffffff, (u64)skip, nb_splits, sizes, false, parts);
	if (!err && in_mapped_nents > 0)
		err = find_parts(m, in, in_mapped_nents, (u64)skip, nb_splits, sizes, true, parts + n);
	if (!err)
		err = split(m, parts, parts + n, in_mapped_nents > 0, nb_splits, to, mapped, gfp);
	free(parts);
	return err;
}
