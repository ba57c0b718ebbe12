// SPDX-License-Identifier: MIT
/*
 * Rules of what the CPU may touch: called by accessors, by lookalikes in their caller's name, and by instrumented code,
 * before each access.
 *
 * Most accesses go to memory that is not mapped at all, and leave after two loads: the page's list is empty, or none
 * of the extents on the page touches these 64-byte granules. Bytes that the device owns are reported; writes in the
 * CPU's own phase are noted, so that a device that fetches them too early can be told; reads of bytes that a device
 * has changed since are stale.
 *
 * Weakness: in mappings that overlap, legally, each judges for itself.
 */
#include <stdio.h>
#include "lib/check/phase.h"
#include "lib/check/pool.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

struct access {
	struct dmasim_machine *m;
	const volatile void *p;
	bool write;
	void *pc, *frame;
};

static stack_id act_of(const struct access *a)
{
	return a->pc ? stack_capture_pc(a->m, a->pc, a->frame) : stack_entry(a->m);
}

static bool device_owns(u8 state)
{
	return (state & BYTE_OWNER) == BYTE_DEVICE;
}

static bool stale(u8 state)
{
	return (state & BYTE_OWNER) != BYTE_DEVICE && state & BYTE_DEV_WROTE;
}

static void found(const struct access *a, struct extent *e, struct span *s, const char *rule, u8 told)
{
	struct check *c = a->m->check;
	struct finding f = {.rule = rule, .act_verb = a->write ? "write" : "read"};
	char map[33];
	u8 value[16];

	f.act = act_of(a);
	finding_of(c, &f, e, s->lo, s->hi, map);
	f.nr_value = mm_phys_read(a->m, e->phys + s->lo, value, s->hi - s->lo < 16 ? s->hi - s->lo : 16);
	f.old_value = value;
	if (a->write)
		check_found_later(c, &f, e->phys + s->lo, s->hi - s->lo);
	else
		check_found(c, &f);
	extent_tell(c, e, s, told);
}

/* Note what the CPU writes where the device does not own it. */
static void note_write(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	struct runs *r = extent_runs(c, e);

	if (!r) {
		if (!device_owns(e->state))
			extent_change(c, e, lo, hi, BYTE_DEV_WROTE, BYTE_CPU_WROTE, NULL);
		return;
	}
	for (u64 at = lo; at < hi;) {
		u32 i = runs_at(r, at);
		u64 end = r->run[i].end < hi ? r->run[i].end : hi;

		if (!device_owns(r->run[i].state)) {
			extent_change(c, e, at, end, BYTE_DEV_WROTE, BYTE_CPU_WROTE, NULL);
			if (!r->n) { /* all bytes agree now, so the rest does */
				extent_change(c, e, end, hi, BYTE_DEV_WROTE, BYTE_CPU_WROTE, NULL);
				return;
			}
		}
		at = end;
	}
}

static void check_extent(const struct access *a, struct extent *e, u64 lo, u64 hi)
{
	struct check *c = a->m->check;
	struct span s;

	if (e->kind == EXTENT_POOL && e->more && extent_more(c, e)->pool_page && !e->ghost) {
		struct pool_page *page = extent_more(c, e)->pool_page;

		if (!pool_range_ok(page, lo, hi - lo))
			pool_cpu_wrong(a->m, page, lo, hi - lo, a->write, act_of(a));
		return;
	}
	if (!extent_is_streaming(e) || e->freed)
		return;
	if (a->write) {
		if (extent_find(c, e, lo, hi, device_owns, &s)) {
			if (!(s.told & TOLD_CPU_WRITE))
				found(a, e, &s, "cpu-write-while-device-owns", TOLD_CPU_WRITE);
			if (c->snapshot) /* the copy shows it as well: not a second report */
				extent_change(c, e, s.lo, s.hi, 0, BYTE_SEEN, NULL);
		}
		if (e->state != BYTE_DEVICE || extent_runs(c, e))
			note_write(c, e, lo, hi);
		return;
	}
	if (e->dir != DMA_TO_DEVICE && extent_find(c, e, lo, hi, device_owns, &s) && !(s.told & TOLD_CPU_READ))
		found(a, e, &s, "cpu-read-while-device-owns", TOLD_CPU_READ);
	if ((e->state & BYTE_DEV_WROTE || extent_runs(c, e)) && extent_find(c, e, lo, hi, stale, &s) &&
	    !(s.told & TOLD_STALE))
		found(a, e, &s, "cpu-read-stale", TOLD_STALE);
}

static void check_range(const struct access *a, phys_addr_t lo, phys_addr_t hi)
{
	struct check *c = a->m->check;
	struct extent_walk w;
	struct extent *e;

	extent_walk_init(c, &w, lo, hi);
	w.ghosts = true;
	while ((e = extent_walk_next(&w)))
		check_extent(a, e, lo > e->phys ? lo - e->phys : 0, hi < e->phys + e->size ? hi - e->phys : e->size);
}

static void raw_register_access(const struct access *a, const struct sim_region *r, size_t n)
{
	phys_addr_t phys = r->phys + ((uintptr_t)a->p - r->start);
	struct sim_mmio *mmio = sim_mmio_find(a->m->hw, phys);
	struct finding f = {
		.rule = r->kind == REGION_COOKIE ? "coherent-no-kernel-mapping-access" : "mmio-raw-access",
		.cpu = (const void *)(uintptr_t)a->p,
		.phys = phys,
		.has_phys = true,
		.size = n,
		.act_verb = a->write ? "write" : "read",
	};

	f.act = act_of(a);
	if (mmio) {
		f.buffer_kind = "register window";
		f.buffer_size = mmio->size;
		f.offset = phys - mmio->phys;
		f.device_name = mmio->master ? mmio->master->name : NULL;
	}
	check_found(a->m->check, &f);
}

/* Not in a window of the machine: host memory, perhaps mapped for DMA all the same. */
static void check_foreign(const struct access *a, size_t n)
{
	enum mm_address_kind kind;
	phys_addr_t phys = mm_classify(a->m, a->p, &kind);

	if (phys != ~(phys_addr_t)0)
		check_range(a, phys, phys + n);
}

/* Pages of RAM seen through an area of vmalloc's, or by the user program: each lies somewhere else. */
static void check_scattered(const struct access *a, size_t n)
{
	const volatile char *p = a->p;
	enum mm_address_kind kind;

	while (n) {
		size_t piece = SIM_PAGE_SIZE - ((uintptr_t)p & (SIM_PAGE_SIZE - 1));
		phys_addr_t phys = mm_classify(a->m, p, &kind);

		if (phys == ~(phys_addr_t)0)
			return; /* it will fault */
		piece = piece < n ? piece : n;
		check_range(a, phys, phys + piece);
		p += piece;
		n -= piece;
	}
}

static __attribute__((__noinline__)) void check_slow(struct dmasim_machine *m, const volatile void *p, size_t n,
						     bool write, void *pc, void *frame)
{
	const struct access a = {m, p, write, pc, frame};
	const struct sim_region *r = sim_region_of(p);
	struct check *c = m->check;
	phys_addr_t lo;

	if (!r) {
		if (c->foreign)
			check_foreign(&a, n);
	} else if (r->machine != m->hw) {
		report_unchecked(m, "CPU accesses to another machine's memory", 1);
	} else if (r->kind == REGION_LINEAR || r->kind == REGION_UNCACHED) {
		lo = r->phys + ((uintptr_t)p - r->start);
		if (n > r->size - ((uintptr_t)p - r->start))
			n = r->size - ((uintptr_t)p - r->start);
		check_range(&a, lo, lo + n);
	} else if (r->kind == REGION_VMALLOC || r->kind == REGION_USER) {
		check_scattered(&a, n);
	} else if (r->kind == REGION_IOMEM || r->kind == REGION_COOKIE) {
		check_settle(m);
		raw_register_access(&a, r, n);
	}
}

void check_cpu_access(struct dmasim_machine *m, const volatile void *p, size_t n, bool write, void *pc, void *frame)
{
	const struct check *c = m->check;
	uintptr_t offset;

	if (k_unlikely(!c || !n))
		return;
	/* nearly all accesses: to kernel logical memory on one page, which is not mapped */
	offset = (uintptr_t)p - c->linear;
	if (k_likely(offset < c->linear_size && (offset & (SIM_PAGE_SIZE - 1)) + n <= SIM_PAGE_SIZE) &&
	    k_likely(extent_page_quiet(c, c->linear_phys + offset, c->linear_phys + offset + n)))
		return;
	if (!c->foreign && !sim_arena_contains(p))
		return;
	check_slow(m, p, n, write, pc, frame);
}
