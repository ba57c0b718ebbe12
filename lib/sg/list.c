// SPDX-License-Identifier: MIT
/*
 * Lists as such: walking, counting, building.
 *
 * Lists are driver memory: in RAM, on a stack, in a static variable, perhaps overwritten by a device. Every entry that
 * the library looks at is first found to be memory: within RAM by arithmetic, on the running stack by its bounds, page
 * by page of other host memory by a copy that cannot fault. Walks end at the end mark, at a count, at a link that leads
 * nowhere or in a circle.
 *
 * Weakness: lists in static or malloc'd memory cost one system call a walk and page.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "lib/core/stack.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

/* ---- where entries lie ---- */

static void *in_ram(struct dmasim_machine *m, phys_addr_t phys, size_t n, uintptr_t *good)
{
	const struct sim_config *cfg = &m->hw->cfg;

	for (unsigned int i = cfg->nr_banks; i-- > 0;) {
		phys_addr_t at = phys - cfg->banks[i].base;

		if (at < cfg->banks[i].size && n <= cfg->banks[i].size - at) {
			u8 *p = sim_ram_ptr(m->hw, phys);

			*good = (uintptr_t)p + (cfg->banks[i].size - at);
			return p;
		}
	}
	return NULL;
}

void *sg_memory(struct dmasim_machine *m, const void *p, size_t n, uintptr_t *good)
{
	const struct sim_region *linear = &m->hw->ram.linear;
	uintptr_t at = (uintptr_t)p, offset = at - linear->start;
	enum mm_address_kind kind;
	phys_addr_t phys;
	u8 byte;

	*good = 0;
	if (k_unlikely(at < SIM_PAGE_SIZE || at > UINTPTR_MAX - n - SIM_PAGE_SIZE))
		return NULL;
	if (k_likely(offset < linear->size))
		return in_ram(m, linear->phys + offset, n, good);
	if (sim_arena_contains(p)) {
		void *host;

		phys = mm_classify(m, p, &kind);
		host = phys == ~(phys_addr_t)0 ? NULL : in_ram(m, phys, n, good);
		/* vmalloc memory: only as far as the page */
		if (host && kind == ADDR_VMALLOC) {
			*good = (uintptr_t)host + SIM_PAGE_SIZE - (at & (SIM_PAGE_SIZE - 1));
			host = (uintptr_t)host + n <= *good ? host : NULL;
		}
		return host;
	}
	if (stack_contains(p) && stack_contains((const u8 *)p + n - 1)) {
		*good = at + n;
		return (void *)at;
	}
	for (*good = at; *good < at + n; *good = (*good & ~(SIM_PAGE_SIZE - 1)) + SIM_PAGE_SIZE)
		if (sim_host_read(&byte, (const void *)*good, 1) != 1)
			return NULL;
	return (void *)at;
}

/* ---- walking ---- */

static void stop(struct sg_cursor *c, const char *why)
{
	c->e = NULL;
	c->broken = why;
}

static void stand_on(struct sg_cursor *c, struct scatterlist *sg)
{
	const struct sim_region *linear = &c->m->hw->ram.linear;

	c->sg = sg;
	c->e = (uintptr_t)sg % _Alignof(struct scatterlist) ? NULL : sg_memory(c->m, sg, sizeof(*sg), &c->good);
	if (k_unlikely(!c->e)) {
		stop(c, "leads to an address where no memory is");
	} else if (k_likely((uintptr_t)sg - linear->start < linear->size)) {
		/* entries do not go on in somebody else's memory */
		phys_addr_t phys = linear->phys + ((uintptr_t)sg - linear->start), last = mm_allocation_end(c->m, phys);

		if (k_unlikely(!last))
			stop(c, "lies in memory that is not allocated");
		else if (c->good - (uintptr_t)c->e > last - phys)
			c->good = (uintptr_t)c->e + (last - phys);
		if (k_unlikely(c->e && c->good - (uintptr_t)c->e < sizeof(*sg)))
			stop(c, "has no end mark before its memory ends");
	}
}

void sg_first(struct sg_cursor *c, struct dmasim_machine *m, struct scatterlist *sgl)
{
	*c = (struct sg_cursor){.m = m, .until = 1};
	stand_on(c, sgl);
	if (k_unlikely(!c->e))
		stop(c, !sgl ? "is NULL" : c->broken);
	else if (k_unlikely(c->e->page_link & SG_CHAIN))
		stop(c, "starts with a link, which is no data");
}

static void follow(struct sg_cursor *c)
{
	struct scatterlist *to = (struct scatterlist *)(c->e->page_link & ~(SG_CHAIN | SG_END));

	if (to == c->seen) {
		stop(c, "leads in a circle: a link points back");
		return;
	}
	if (++c->links == c->until) {
		c->seen = to;
		c->until *= 2;
	}
	stand_on(c, to);
	if (c->e && c->e->page_link & SG_CHAIN)
		stop(c, "has a link that points to a link");
}

void sg_step_slow(struct sg_cursor *c)
{
	if (c->e->page_link & SG_END) {
		stop(c, NULL);
		return;
	}
	if (!((uintptr_t)(c->e + 2) <= c->good)) {
		/* an allocation of RAM is one range; other memory is known page by page */
		if ((uintptr_t)c->sg - c->m->hw->ram.linear.start < c->m->hw->ram.linear.size)
			c->e = NULL;
		else
			stand_on(c, c->sg + 1);
		if (!c->e) {
			stop(c, "has no end mark before its memory ends");
			return;
		}
	} else {
		c->e++;
		c->sg++;
	}
	if (c->e->page_link & SG_CHAIN)
		follow(c);
}

/* ---- reports ---- */

void sg_report_broken(struct dmasim_machine *m, const char *function, const void *at, const char *why)
{
	struct finding f = {.rule = "sg-list-broken", .act_verb = "call", .cpu = at};

	f.more[0].label = "list";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(): the list%s%s", function, why[0] == '\'' ? "" : " ",
		 why);
	k_report(m, &f);
}

void sg_report_short(const struct sg_cursor *c, const char *function, u64 wanted, u64 got)
{
	struct finding f = {.rule = "sg-list-too-short", .act_verb = "call"};

	if (c->broken) {
		sg_report_broken(c->m, function, c->sg, c->broken);
		return;
	}
	f.more[0].label = "list";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() for %llu entries; the end mark is on entry %llu",
		 function, (unsigned long long)wanted, (unsigned long long)got);
	k_report(c->m, &f);
}

bool dmasim_sg_missing(void)
{
	struct dmasim_machine *m = k_machine("for_each_sg");
	struct finding f = {.rule = "sg-list-too-short", .act_verb = "loop"};

	STACK_ENTER();
	f.more[0].label = "list";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "for_each_sg() counts on behind the end mark");
	if (m)
		k_report(m, &f);
	return false;
}

/* ---- building ---- */

/* n entries at sgl for the library to write; NULL and a report if there is no such memory. */
static struct scatterlist *entries_at(struct dmasim_machine *m, struct scatterlist *sgl, unsigned int n,
				      const char *function)
{
	uintptr_t good;
	struct scatterlist *e = n ? sg_memory(m, sgl, n * sizeof(*sgl), &good) : NULL;

	if (!n)
		sg_report_broken(m, function, sgl, "would have no entries");
	else if (!e)
		sg_report_broken(m, function, sgl, sgl ? "is an address where no memory is" : "is NULL");
	return e;
}

static void init(struct scatterlist *e, unsigned int nents)
{
	memset(e, 0, nents * sizeof(*e));
	e[nents - 1].page_link |= SG_END;
}

void sg_init_table(struct scatterlist *sgl, unsigned int nents)
{
	struct dmasim_machine *m = k_machine("sg_init_table");
	struct scatterlist *e;

	if (!m)
		return;
	STACK_ENTER();
	e = entries_at(m, sgl, nents, "sg_init_table");
	if (e)
		init(e, nents);
}

static void set_buf(struct dmasim_machine *m, struct scatterlist *e, const void *buf, unsigned int len,
		    const char *function)
{
	sg_set_page(e, mm_virt_to_page(m, buf, function), len, (unsigned int)((uintptr_t)buf & (SIM_PAGE_SIZE - 1)));
}

void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned int buflen)
{
	struct dmasim_machine *m = k_machine("sg_set_buf");
	struct scatterlist *e;

	if (!m)
		return;
	STACK_ENTER();
	e = entries_at(m, sg, 1, "sg_set_buf");
	if (e)
		set_buf(m, e, buf, buflen, "sg_set_buf");
}

void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int buflen)
{
	struct dmasim_machine *m = k_machine("sg_init_one");
	struct scatterlist *e;

	if (!m)
		return;
	STACK_ENTER();
	e = entries_at(m, sg, 1, "sg_init_one");
	if (!e)
		return;
	init(e, 1);
	set_buf(m, e, buf, buflen, "sg_init_one");
}

/* ---- counting ---- */

int sg_nents(struct scatterlist *sg)
{
	struct dmasim_machine *m = sg ? k_machine("sg_nents") : NULL;
	struct sg_cursor c;
	int n = 0;

	if (!m)
		return 0;
	STACK_ENTER();
	for (sg_first(&c, m, sg); c.e; sg_step(&c))
		n++;
	if (c.broken)
		sg_report_short(&c, "sg_nents", 0, 0);
	return n;
}

int sg_nents_for_len(struct scatterlist *sg, u64 len)
{
	struct dmasim_machine *m = k_machine("sg_nents_for_len");
	struct sg_cursor c;
	u64 total = 0;
	int n = 0;

	if (!len)
		return 0;
	if (!m)
		return -EINVAL;
	STACK_ENTER();
	for (sg_first(&c, m, sg); c.e; sg_step(&c)) {
		n++;
		total += c.e->length;
		if (total >= len)
			return n;
	}
	if (c.broken && sg)
		sg_report_short(&c, "sg_nents_for_len", 0, 0);
	return -EINVAL;
}

int sg_nents_for_dma(struct scatterlist *sgl, unsigned int sglen, size_t len)
{
	struct dmasim_machine *m = k_machine("sg_nents_for_dma");
	struct sg_cursor c;
	unsigned int i = 0;
	u64 n = 0;

	if (!m || !len || !sglen)
		return 0;
	STACK_ENTER();
	for (sg_first(&c, m, sgl); c.e && i < sglen; i++) {
		n += ((u64)c.e->dma_length + len - 1) / len;
		if (i + 1 < sglen)
			sg_step(&c);
	}
	if (i < sglen)
		sg_report_short(&c, "sg_nents_for_dma", sglen, i);
	return (int)n;
}

struct scatterlist *sg_last(struct scatterlist *sgl, unsigned int nents)
{
	struct dmasim_machine *m = nents ? k_machine("sg_last") : NULL;
	struct scatterlist *last = NULL;
	unsigned int i = 0;
	struct sg_cursor c;

	if (!m)
		return NULL;
	STACK_ENTER();
	for (sg_first(&c, m, sgl); c.e; sg_step(&c)) {
		last = c.sg;
		if (++i == nents)
			return last;
	}
	sg_report_short(&c, "sg_last", nents, i);
	return NULL;
}
