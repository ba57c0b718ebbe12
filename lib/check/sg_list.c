// SPDX-License-Identifier: MIT
/*
 * Mapped lists: the rules of calls that map, sync and unmap many pieces at once.
 *
 * Each piece of memory is an extent like any other, so that what the CPU and the device do with it is judged elsewhere.
 * A list binds them together: it is found by (device, address of its first entry), as the driver names it, and knows how
 * many entries it was mapped with and how many segments came of it. Its extents are chained in the order of the entries.
 * A list mapped twice has two records, the newer is found first.
 *
 * Cost: one hash probe and one stack walk a call; an entry costs what a mapping does, without these.
 * Weakness: a list whose array was copied elsewhere is found by the address of its first segment only.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/check/call.h"
#include "lib/check/sg_list.h"
#include "lib/check/usual.h"
#include "lib/core/stack.h"
#include "lib/sg/sg.h"

/* ---- records ---- */

static inline u32 *head_of(const struct sg_lists *l, u32 dev, const void *sgl)
{
	u64 x = ((u64)(uintptr_t)sgl ^ ((u64)dev << 48)) * 0x9e3779b97f4a7c15ULL;

	return &l->hash[(x >> 32) & (l->room - 1)];
}

static bool grow(struct check *c)
{
	struct sg_lists *l = c->lists ? c->lists : calloc(1, sizeof(*l));
	u32 room = l && l->room ? 2 * l->room : 64;
	struct sg_list *list = l ? realloc(l->list, room * sizeof(*list)) : NULL;
	u32 *hash = list ? calloc(room, sizeof(*hash)) : NULL;

	c->lists = l;
	if (list)
		l->list = list;
	if (!hash)
		return false;
	free(l->hash);
	l->hash = hash;
	l->room = room;
	l->used = l->used ? l->used : 1;
	for (u32 id = 1; id < l->used; id++) { /* in order of age, nearly: newer in front */
		u32 *head = list[id].live ? head_of(l, list[id].dev, list[id].sgl) : NULL;

		if (head) {
			list[id].next = *head;
			*head = id;
		}
	}
	return true;
}

static u32 new_list(struct check *c)
{
	struct sg_lists *l = c->lists;
	u32 id;

	if (k_likely(l && l->free)) {
		id = l->free;
		l->free = l->list[id].next;
		return id;
	}
	if (k_unlikely(!l || l->used == l->room)) {
		if (!grow(c))
			return 0;
		l = c->lists;
	}
	return l->used++;
}

static void end_list(struct check *c, u32 id)
{
	struct sg_lists *l = c->lists;
	struct sg_list *s = sg_list_at(c, id);
	u32 *p = head_of(l, s->dev, s->sgl);

	while (*p != id)
		p = &l->list[*p].next;
	*p = s->next;
	s->live = false;
	s->next = l->free;
	l->free = id;
}

static u32 find(const struct check *c, u32 dev, const void *sgl)
{
	u32 id;

	if (k_unlikely(!c->lists))
		return 0;
	for (id = *head_of(c->lists, dev, sgl); id; id = sg_list_at(c, id)->next)
		if (sg_list_at(c, id)->dev == dev && sg_list_at(c, id)->sgl == sgl)
			return id;
	return 0;
}

/* at: id of e */
static inline void append(struct check *c, u32 id, struct extent *e, u32 at)
{
	struct sg_list *s = sg_list_at(c, id);

	e->list = id;
	if (s->last)
		extent_at(c, s->last)->list_next = at;
	else
		s->first = at;
	s->last = at;
}

void sg_lists_exit(struct check *c)
{
	if (!c->lists)
		return;
	free(c->lists->list);
	free(c->lists->hash);
	free(c->lists);
	c->lists = NULL;
}

bool sg_list_told(struct check *c, const struct extent *e, unsigned int told)
{
	struct sg_list *s = sg_list_at(c, e->list);
	bool before = s->told & told;

	s->told |= told;
	return before;
}

bool sg_list_first(struct check *c, const struct extent *e)
{
	return sg_list_at(c, e->list)->first == extent_id(c, e);
}

void sg_list_drop(struct check *c, struct extent *e)
{
	struct sg_list *s = sg_list_at(c, e->list);
	u32 id = extent_id(c, e), before = 0;

	for (u32 at = s->first; at && at != id; at = extent_at(c, at)->list_next)
		before = at;
	if (before)
		extent_at(c, before)->list_next = e->list_next;
	else
		s->first = e->list_next;
	if (s->last == id)
		s->last = before;
	if (!s->first)
		end_list(c, e->list);
	e->list = 0;
}

u64 sg_list_segment_size(const struct check *c, const struct extent *e)
{
	u64 size = e->size;

	while ((e = sg_list_joined(c, e)))
		size += e->size;
	return size;
}

void sg_list_describe(struct check *c, struct finding *f, const struct extent *e)
{
	const struct sg_list *s = sg_list_at(c, e->list);
	unsigned int i = 0;

	for (u32 at = s->first; at && at != extent_id(c, e); at = extent_at(c, at)->list_next)
		i++;
	finding_more(f, "list", "entry %u of %d, mapped into %d segment%s by %s()", i, s->nents, s->count,
		     s->count == 1 ? "" : "s", c->functions[s->fn]);
}

/* What the kernel would compare of a call on a list. */
static void list_facts(struct check *c, struct finding *f, const struct track_op *op, const struct sg_list *s,
		       enum k_dma_call call)
{
	call_facts(c, f, op, call, extent_at(c, s->first));
	f->dma.entry.nents = s->nents;
	f->dma.entry.dir = (u8)s->dir;
	f->dma.list = (u32)(s - c->lists->list);
}

/* ---- map ---- */

static struct track_op op_of(const struct check *c, const struct track_sg *sg, const struct extent *e)
{
	(void)c;
	return (struct track_op){
		.dev = sg->dev,
		.kind = EXTENT_SG,
		.dir = sg->dir,
		.bus = e ? e->bus : 0,
		.size = e ? e->size : 0,
		.attrs = sg->attrs,
		.function = sg->function,
		.frame = sg->frame,
		.nents = sg->nents,
	};
}

/* A map call that failed for this list and was not followed by one that worked. */
static struct failure *failure_of(struct check *c, const struct track_sg *sg)
{
	u64 n = !sg->sgl ? 0 : c->nr_failures < FAILURES ? c->nr_failures : FAILURES;

	for (u64 i = 0; i < n; i++) {
		struct failure *f = &c->failures[(c->nr_failures - 1 - i) % FAILURES];

		if (f->dev == sg->dev->id && f->list == sg->sgl)
			return f;
	}
	return NULL;
}

void track_sg_failed(struct dmasim_machine *m, const struct track_sg *sg)
{
	struct track_op op;

	if (!m->check)
		return;
	op = op_of(m->check, sg, NULL);
	track_map_failed(m, &op);
	m->check->failures[(m->check->nr_failures - 1) % FAILURES].list = sg->sgl;
}

u32 track_sg_begin(struct dmasim_machine *m, const struct track_sg *sg, int count)
{
	struct check *c = m->check;
	struct failure *failed;
	bool again = false;
	u32 id, *head;

	if (k_unlikely(!c))
		return 0;
	check_settle(m);
	id = find(c, sg->dev->id, sg->sgl);
	if (k_unlikely(id)) {
		struct extent *e = extent_at(c, sg_list_at(c, id)->first);
		struct track_op op = op_of(c, sg, e);
		struct finding f = call_finding(m, &op, "sg-already-mapped", "map");

		finding_of(c, &f, e, 0, e->size, NULL);
		finding_more(&f, "again", "%s() of %d entries at %p", sg->function, sg->nents, (void *)sg->sgl);
		check_found(c, &f);
		sg_list_at(c, id)->told |= TOLD_LIST_CHANGED;
		again = true;
	}
	if (k_unlikely(c->nr_failures) && (failed = failure_of(c, sg)))
		failed->list = NULL;
	id = new_list(c);
	if (k_unlikely(!id)) {
		c->dropped++;
		return 0;
	}
	c->lists->model.live = 0;
	head = head_of(c->lists, sg->dev->id, sg->sgl);
	*sg_list_at(c, id) = (struct sg_list){
		.sgl = sg->sgl,
		.next = *head,
		.dev = sg->dev->id,
		.nents = sg->nents,
		.count = count,
		.time = sim_now(m->hw),
		.mapped = stack_capture(m, sg->frame),
		.dir = sg->dir,
		.fn = extent_function(c, sg->function),
		.told = again ? TOLD_LIST_OVERLAP : 0,
		.live = true,
	};
	*head = id;
	return id;
}

static struct extent *unusual_entry(struct dmasim_machine *m, struct sg_list *s, const struct track_op *op)
{
	bool overlap = !(s->told & TOLD_LIST_OVERLAP);
	struct extent *e = tracker_record(m, op, s->mapped, &overlap);

	if (k_unlikely(!e)) {
		s->told |= TOLD_LIST_CHANGED;
		return NULL;
	}
	if (k_unlikely(overlap))
		s->told |= TOLD_LIST_OVERLAP;
	if (k_unlikely(e->freed))
		s->told |= TOLD_LIST_FREED;
	return e;
}

void track_sg_entry(struct dmasim_machine *m, u32 id, const struct track_op *op)
{
	struct check *c = m->check;
	struct sg_lists *l = c->lists;
	u32 at = extent_home(c, op->dev->id, op->bus);
	struct extent *e = extent_at(c, at);
	struct page_entry *p = &c->pages[(op->phys - c->base) >> SIM_PAGE_SHIFT];

	if (k_unlikely(!(l->model.live && usual_begin_like(c, op, e, p, &l->model)))) {
		l->model.live = usual_begin(c, op, e, p, l->list[id].mapped);
		if (l->model.live) {
			l->model = *e;
		} else {
			e = unusual_entry(m, &l->list[id], op);
			if (k_unlikely(!e))
				return;
			at = extent_id(c, e);
		}
	}
	append(c, id, e, at);
}

/* ---- what the driver did to a list while it was mapped ---- */

static bool changed(struct dmasim_machine *m, const struct track_sg *sg, struct sg_list *s, const char *verb)
{
	struct check *c = m->check;
	struct track_op op;
	struct finding f;
	struct sg_change ch;

	if (k_unlikely(s->told & (TOLD_LIST_CHANGED | TOLD_LIST_KIND | TOLD_LIST_FREED)))
		return false;
	if (k_likely(!sg_list_find_change(c, sg->sgl, s->first, &ch)))
		return false;
	s->told |= TOLD_LIST_CHANGED;
	op = op_of(c, sg, ch.e);
	f = call_finding(m, &op, "sg-changed-while-mapped", verb);
	finding_of(c, &f, extent_at(c, extent_id(c, ch.e)), 0, ch.e->size, NULL);
	finding_more(&f, "entry", "%s", ch.text);
	if (ch.segment && verb[0] == 'u') { /* by another address it is not found; by another length it does not fit */
		op.bus = ch.bus;
		op.size = ch.size;
		call_facts(c, &f, &op, DMA_CALL_UNMAP, ch.bus == ch.e->bus ? ch.e : NULL);
		f.dma.entry.nents = s->nents;
	}
	check_found(c, &f);
	return true;
}

/* ---- what the driver may mean by a list that is not mapped ---- */

/* The bus address in its first entry. */
static bool first_address(struct dmasim_machine *m, struct scatterlist *sgl, dma_addr_t *bus, size_t *n)
{
	struct sg_cursor at;

	sg_first(&at, m, sgl);
	if (!at.e)
		return false;
	*bus = at.e->dma_address;
	*n = at.e->dma_length;
	return true;
}

static bool failure_ignored(struct dmasim_machine *m, const struct track_sg *sg, const char *verb)
{
	struct check *c = m->check;
	struct failure *failed = failure_of(c, sg);
	struct track_op op = op_of(c, sg, NULL);
	struct finding f;

	if (!failed)
		return false;
	if (failed->told)
		return true;
	failed->told = 1;
	f = call_finding(m, &op, "map-sg-failure-ignored", verb);
	op.bus = ERROR_COOKIE;
	call_facts(c, &f, &op, !strcmp(verb, "sync") ? DMA_CALL_SYNC_CPU : DMA_CALL_UNMAP, NULL);
	f.has_bus = false;
	f.direction = sg->dir + 1;
	f.mapped = failed->stack;
	f.mapped_time = failed->time;
	f.mapped_verb = "failed";
	finding_more(&f, "call", "%s() had failed for the list at %p", c->functions[failed->fn], (void *)sg->sgl);
	check_found(c, &f);
	return true;
}

/* A mapped list that is meant all the same, 0 if there is none; then reports. *loose: its entries were mapped singly. */
static u32 meant(struct dmasim_machine *m, const struct track_sg *sg, const char *verb, bool *loose)
{
	struct check *c = m->check;
	struct extent *e = NULL;
	dma_addr_t bus;
	struct track_op op;
	size_t n;
	u32 id;

	*loose = false;
	if (failure_ignored(m, sg, verb))
		return 0;
	if (!first_address(m, sg->sgl, &bus, &n)) {
		sg_report_broken(m, sg->function, sg->sgl, "is an address where no memory is");
		return 0;
	}
	e = extent_exact(c, sg->dev->id, bus, NULL);
	if (e && e->list && sg_list_first(c, e))
		return e->list;
	op = op_of(c, sg, NULL);
	op.bus = bus;
	op.size = n;
	if (!strcmp(verb, "sync")) {
		call_syncs_nothing(m, &op);
		return 0;
	}
	if (!e || e->list) {
		call_unmaps_nothing(m, &op);
		return 0;
	}
	if (!e->freed)
		call_mismatch(m, &op, e);
	/* End what the entries name: bound together for that. */
	*loose = true;
	id = new_list(c);
	if (!id)
		return 0;
	*sg_list_at(c, id) = (struct sg_list){.sgl = sg->sgl, .dev = sg->dev->id, .live = true};
	sg_list_at(c, id)->next = *head_of(c->lists, sg->dev->id, sg->sgl);
	*head_of(c->lists, sg->dev->id, sg->sgl) = id;
	{
		struct sg_cursor at;
		int i = 0;

		for (sg_first(&at, m, sg->sgl); at.e && i < sg->nents; sg_step_to(&at, ++i, sg->nents)) {
			e = extent_exact(c, sg->dev->id, at.e->dma_address, NULL);
			if (!e || e->list)
				continue;
			e->list_next = 0;
			append(c, id, e, extent_id(c, e));
		}
	}
	return id;
}

/* ---- unmap ---- */

static void mismatch(struct dmasim_machine *m, const struct track_sg *sg, const struct sg_list *s)
{
	struct check *c = m->check;
	struct extent *e = extent_at(c, s->first);
	struct track_op op = op_of(c, sg, e);
	bool dir = s->dir != sg->dir;
	struct finding f = call_finding(m, &op, dir ? "unmap-wrong-direction" : "unmap-sg-wrong-nents", "unmap");

	finding_of(c, &f, e, 0, e->size, NULL);
	list_facts(c, &f, &op, s, DMA_CALL_UNMAP);
	if (s->nents != sg->nents)
		finding_more(&f, "entries", "%d given, %d mapped%s", sg->nents, s->nents,
			     sg->nents == s->count ? "; what the map call returned is for the device only" : "");
	if (dir)
		finding_more(&f, "direction", "%s given, %s mapped", direction_name(sg->dir), direction_name(s->dir));
	check_found(c, &f);
}

u32 track_sg_unmap(struct dmasim_machine *m, const struct track_sg *sg)
{
	struct check *c = m->check;
	bool loose = false;
	struct sg_list *s;
	u32 id;

	if (k_unlikely(!c))
		return 0;
	check_settle(m);
	id = find(c, sg->dev->id, sg->sgl);
	if (k_unlikely(!id))
		id = meant(m, sg, "unmap", &loose);
	if (!id)
		return 0;
	s = sg_list_at(c, id);
	if (k_unlikely(!loose && extent_at(c, s->first)->kind == EXTENT_NONCONTIGUOUS)) {
		struct track_op op = op_of(c, sg, extent_at(c, s->first));

		call_mismatch(m, &op, extent_at(c, s->first));
		loose = true;
	}
	if (k_unlikely((s->nents != sg->nents || s->dir != sg->dir) && !loose &&
		       !(s->told & (TOLD_LIST_KIND | TOLD_LIST_FREED))))
		mismatch(m, sg, s);
	else if (!loose)
		changed(m, sg, s, "unmap");
	if (k_unlikely(sg->dev->master.transfers != NULL) && !(s->told & TOLD_LIST_FREED))
		for (u32 at = s->first; at; at = extent_at(c, at)->list_next) {
			struct track_op op = op_of(c, sg, extent_at(c, at));

			if (call_unmaps_in_flight(m, &op, extent_at(c, at))) {
				s->told |= TOLD_LIST_ACTIVE;
				break;
			}
		}
	c->lists->by = (struct stamp){sim_now(m->hw), stack_capture(m, sg->frame), extent_function(c, sg->function), 0};
	c->lists->attrs = sg->attrs;
	return id;
}

/* The first entries of the list, as far as their end is as usual. */
static void end_usual(struct check *c, struct sg_list *s)
{
	struct stamp by = c->lists->by; /* a copy: nothing that is stored meanwhile is part of it */
	unsigned long attrs = c->lists->attrs;
	u32 at = s->first;

	while (at) {
		struct extent *e = extent_at(c, at);
		u32 next = e->list_next;

		if (k_unlikely(e->kind != EXTENT_SG || !usual_ends(c, e, attrs)))
			break;
		e->list = 0;
		usual_end(c, e, at, e->bus, e->size, &by);
		at = next;
	}
	s->first = at;
}

bool track_sg_end(struct dmasim_machine *m, u32 id, bool each, struct track_unmapped *real, dma_addr_t *bus)
{
	struct check *c = m->check;
	struct sg_list *s = sg_list_at(c, id);
	struct extent *e;

	if (k_likely(!each && !(s->told & TOLD_LIST_ACTIVE)))
		end_usual(c, s);
	if (k_likely(!s->first)) {
		end_list(c, id);
		return false;
	}
	e = extent_at(c, s->first);
	s->first = e->list_next;
	if (s->first)
		__builtin_prefetch(extent_at(c, s->first));
	e->list = 0;
	*bus = e->bus;
	tracker_end(c, e, c->lists->attrs, &c->lists->by, real);
	if (k_unlikely(s->told & TOLD_LIST_ACTIVE))
		c->quarantine[(c->nr_dead - 1) % QUARANTINE].told = 1;
	return true;
}

void sg_list_leaves(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	if (!e->freed && !sg_list_told(m->check, e, TOLD_LIST_KIND))
		call_mismatch(m, op, e);
	/* what the driver forgets of the list is part of the same mistake */
	sg_list_told(m->check, e, TOLD_LIST_LEAKED);
	sg_list_drop(m->check, e);
}

/* ---- sync ---- */

/* One report that lists all that does not fit. */
static void sync_mismatch(struct dmasim_machine *m, const struct track_sg *sg, const struct sg_list *s,
			  enum track_sync_side side)
{
	struct check *c = m->check;
	struct extent *e = extent_at(c, s->first);
	struct track_op op = op_of(c, sg, e);
	bool dir = s->dir != DMA_BIDIRECTIONAL && s->dir != sg->dir;
	struct finding f = call_finding(m, &op, dir ? "sync-wrong-direction" : "sg-nents-vs-count", "sync");

	finding_of(c, &f, e, 0, e->size, NULL);
	list_facts(c, &f, &op, s, side == SYNC_FOR_CPU ? DMA_CALL_SYNC_CPU : DMA_CALL_SYNC_DEVICE);
	if (dir)
		finding_more(&f, "direction", "%s given, %s mapped", direction_name(sg->dir), direction_name(s->dir));
	if (s->nents != sg->nents)
		finding_more(&f, "entries", "%d given, %d mapped%s", sg->nents, s->nents,
			     sg->nents == s->count ? "; what the map call returned is for the device only" : "");
	check_found(c, &f);
}

bool track_sg_sync(struct dmasim_machine *m, const struct track_sg *sg, enum track_sync_side side)
{
	struct check *c = m->check;
	struct sg_list *s;
	struct extent *e;
	struct track_op op;
	struct stamp by;
	bool loose;
	u32 id;

	if (k_unlikely(!c))
		return true;
	check_settle(m);
	id = find(c, sg->dev->id, sg->sgl);
	if (k_unlikely(!id))
		id = meant(m, sg, "sync", &loose);
	if (!id)
		return false;
	s = sg_list_at(c, id);
	e = extent_at(c, s->first);
	if (k_unlikely(s->told & TOLD_LIST_FREED))
		return false;
	op = op_of(c, sg, e);
	if (k_unlikely((s->dir != DMA_BIDIRECTIONAL && s->dir != sg->dir) || s->nents != sg->nents)) {
		sync_mismatch(m, sg, s, side);
	} else if (k_unlikely(changed(m, sg, s, "sync"))) {
		/* told; the bytes that are mapped change hands */
	} else if (k_unlikely(m->hw->cfg.lint)) {
		call_syncs_again(m, &op, e, 0, e->size, side);
	}
	by = (struct stamp){sim_now(m->hw), stack_capture(m, sg->frame), extent_function(c, sg->function), 0};
	for (u32 at = s->first; at; at = extent_at(c, at)->list_next)
		tracker_hand_over(c, extent_at(c, at), 0, extent_at(c, at)->size, sg->dir, side, &by);
	return true;
}
