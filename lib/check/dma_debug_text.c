// SPDX-License-Identifier: MIT
/*
 * The kernel-compatible reporter: what is said.
 *
 * A finding carries what the kernel would compare: the driver's call as a record, and the record that it finds (struct
 * k_dma_facts). From these two follow the kernel's messages, in its order: one finding of ours may be several of them, or
 * none. Conditions that dma-debug does not have stay without words, and so do those that it would complain of wrongly;
 * docs/dma-debug.md lists both. Words are those of Linux 6.1, with their slips: "scather-gather", a missing space, missing
 * newlines.
 *
 * Weakness: of what follows from a mistake nothing is said, as in our own reports, where the kernel may say more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/device.h>
#include <linux/dma-debug.h>
#include "lib/check/dma_debug.h"
#include "lib/core/sched.h"
#include "lib/check/phase.h"
#include "lib/check/rules.h"
#include "lib/check/sg_list.h"
#include "lib/core/device.h"
#include "lib/core/stack.h"

#define LINE_SHIFT   6 /* of a cache line, as the kernel counts them */
#define MAX_OVERLAPS 7

typedef unsigned long long ull;

/* One call and the record it is compared with: of a list, one segment. */
struct pair {
	struct k_dma_record ref, entry;
	stack_id mapped;
};

#define ADDRESS "[device address=0x%016llx]"
#define SIZED	ADDRESS " [size=%llu bytes]"

static bool coherent(unsigned int kind)
{
	return kind == EXTENT_COHERENT || kind == EXTENT_POOL;
}

/* ---- ends ---- */

static void says_unmap(const struct dma_debug_at *at, const struct pair *p)
{
	const struct k_dma_record *ref = &p->ref, *e = &p->entry;
	const char *was = dma_debug_kinds[e->kind], *is = dma_debug_kinds[ref->kind];

	if (ref->size != e->size)
		dma_debug_error(at, p->mapped,
				"device driver frees DMA memory with different size " ADDRESS
				" [map size=%llu bytes] [unmap size=%llu bytes]",
				ref->addr, (ull)e->size, (ull)ref->size);
	if (strcmp(was, is) != 0)
		dma_debug_error(at, p->mapped,
				"device driver frees DMA memory with wrong function " SIZED
				" [mapped as %s] [unmapped as %s]",
				ref->addr, (ull)ref->size, was, is);
	else if (coherent(e->kind) && ref->phys != e->phys)
		dma_debug_error(at, p->mapped,
				"device driver frees DMA memory with different CPU address " SIZED
				" [cpu alloc address=0x%016llx] [cpu free address=0x%016llx]",
				ref->addr, (ull)ref->size, e->phys, ref->phys);
	if (ref->kind == EXTENT_SG && ref->nents && ref->nents != e->nents)
		dma_debug_error(at, p->mapped,
				"device driver frees DMA sg list with different entry count "
				"[map count=%d] [unmap count=%d]",
				e->nents, ref->nents);
	if (ref->dir != e->dir)
		dma_debug_error(at, p->mapped,
				"device driver frees DMA memory with different direction " SIZED
				" [mapped with %s] [unmapped with %s]",
				ref->addr, (ull)ref->size, direction_name(e->dir), direction_name(ref->dir));
}

static void says_unmap_of_nothing(const struct dma_debug_at *at, const struct k_dma_record *ref)
{
	if (ref->addr == ERROR_COOKIE)
		dma_debug_error(at, 0, "device driver tries to free an invalid DMA memory address");
	else
		dma_debug_error(at, 0, "device driver tries to free DMA memory it has not allocated " SIZED, ref->addr,
				(ull)ref->size);
}

void dma_debug_asked(struct dmasim_machine *m, const struct dmasim_device_private *dev, dma_addr_t bus,
		     struct extent *e)
{
	struct extent *later = NULL;

	while (!e && (later = extent_exact(m->check, dev->id, bus, later)))
		if (dma_debug_asks(later->kind) && !later->asked)
			e = later;
	if (e)
		e->asked = 1;
}

void dma_debug_unchecked(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	struct dma_debug_at at = {.m = m, .dev = op->dev->dev, .act = stack_capture(m, op->frame)};

	if (!dma_debug_asks(e->kind) || e->asked || e->freed || e->bus != op->bus)
		return;
	dma_debug_error(&at, e->mapped, "device driver failed to check map error" SIZED " [mapped as %s]", op->bus,
			(ull)op->size, dma_debug_kinds[e->kind]);
}

/* ---- hand-overs ---- */

static void says_sync(const struct dma_debug_at *at, const struct pair *p, bool for_cpu)
{
	const struct k_dma_record *ref = &p->ref, *e = &p->entry;
	const char *with = direction_name(e->dir), *now = direction_name(ref->dir);

	if (e->dir == DMA_BIDIRECTIONAL)
		return;
	if (ref->dir != e->dir)
		dma_debug_error(at, p->mapped,
				"device driver syncs DMA memory with different direction " SIZED
				" [mapped with %s] [synced with %s]",
				ref->addr, (ull)ref->size, with, now);
	if (for_cpu && e->dir == DMA_TO_DEVICE && ref->dir != DMA_TO_DEVICE)
		dma_debug_error(at, p->mapped,
				"device driver syncs device read-only DMA memory for cpu " SIZED
				" [mapped with %s] [synced with %s]",
				ref->addr, (ull)ref->size, with, now);
	if (!for_cpu && e->dir == DMA_FROM_DEVICE && ref->dir != DMA_FROM_DEVICE)
		dma_debug_error(at, p->mapped,
				"device driver syncs device write-only DMA memory to device " SIZED
				" [mapped with %s] [synced with %s]",
				ref->addr, (ull)ref->size, with, now);
	if (ref->kind == EXTENT_SG && ref->nents && ref->nents != e->nents)
		dma_debug_error(at, p->mapped,
				"device driver syncs DMA sg list with different entry count "
				"[map count=%d] [sync count=%d]",
				e->nents, ref->nents);
}

/* Nothing is said of a list whose first entry is unknown: the kernel takes its count for 0. */
static void says_sync_of_nothing(const struct dma_debug_at *at, const struct k_dma_record *ref)
{
	if (ref->kind != EXTENT_SG)
		dma_debug_error(at, 0, "device driver tries to sync DMA memory it has not allocated " SIZED, ref->addr,
				(ull)ref->size);
}

/* ---- maps ---- */

/* A new mapping over a live one: the kernel knows the first cache line of each only, and not of what is only read. */
static void says_overlap(const struct dma_debug_at *at, const struct finding *f)
{
	const struct k_dma_record *ref = &f->dma.ref, *e = &f->dma.entry;
	u64 line = ref->phys >> LINE_SHIFT;
	struct extent_walk w;
	struct extent *other;
	unsigned int n = 0;

	if (ref->dir == DMA_TO_DEVICE || e->dir == DMA_TO_DEVICE || line != e->phys >> LINE_SHIFT)
		return;
	extent_walk_init(at->m->check, &w, line << LINE_SHIFT, (line + 1) << LINE_SHIFT);
	while ((other = extent_walk_next(&w)))
		n += other->phys >> LINE_SHIFT == line && other->dir != DMA_TO_DEVICE;
	if (n > MAX_OVERLAPS)
		dma_debug_warn(at, ONCE_OVERLAPS, "DMA-API: exceeded %d overlapping mappings of cacheline 0x%016llx",
			       MAX_OVERLAPS, (ull)line);
	dma_debug_error(at, at->act, "cacheline tracking EEXIST, overlapping mappings aren't supported");
}

/* %p of the kernel */
static unsigned long shown(const void *p)
{
	return (unsigned long)p;
}

static void says_stack(const struct dma_debug_at *at, const struct finding *f)
{
	/* By its page: a stack that is made of such, in vmalloc memory. */
	if (f->dma.ref.kind == EXTENT_SINGLE)
		dma_debug_error(at, 0, "device driver maps memory from stack [addr=%016lx]", shown(f->cpu));
	else
		dma_debug_error(at, 0, "device driver maps memory from stack [probable addr=%016lx]", shown(f->cpu));
}

static void says_text(const struct dma_debug_at *at, const struct finding *f)
{
	dma_debug_error(at, 0, "device driver maps memory from kernel text or rodata [addr=%016lx] [len=%lu]",
			shown(f->cpu), (unsigned long)f->size);
}

static void says_invalid(const struct dma_debug_at *at, const struct finding *f)
{
	if (f->dma.ref.kind == EXTENT_SINGLE)
		dma_debug_error(at, 0, "device driver maps memory from invalid area [addr=%016lx] [len=%lu]",
				shown(f->cpu), (unsigned long)f->size);
}

static void says_vmalloc(const struct dma_debug_at *at, const struct finding *f)
{
	if (f->dma.ref.kind == EXTENT_SINGLE)
		dma_debug_dev_warn(at, ONCE_VMALLOC, "rejecting DMA map of vmalloc memory");
}

/* Windows of registers lie where vmalloc memory does. */
static void says_bad_address(const struct dma_debug_at *at, const struct finding *f)
{
	const struct sim_region *r = sim_region_of(f->cpu);

	if (r && r->kind == REGION_IOMEM)
		says_vmalloc(at, f);
	else if (dma_debug_on(at->m))
		says_invalid(at, f);
}

static void says_too_long(const struct dma_debug_at *at, const struct finding *f)
{
	dma_debug_error(at, 0, "mapping sg segment longer than device claims to support [len=%u] [max=%u]",
			(unsigned int)f->dma.ref.size, (unsigned int)f->dma.entry.size);
}

static void says_crosses(const struct dma_debug_at *at, const struct finding *f)
{
	u64 start = f->dma.ref.addr, end = start + f->dma.ref.size - 1;

	dma_debug_error(at, 0,
			"mapping sg segment across boundary [start=0x%016llx] [end=0x%016llx] [boundary=0x%016llx]",
			(ull)start, (ull)end, (ull)f->dma.entry.size);
}

static void says_pair(const struct dma_debug_at *at, const struct finding *f, const struct pair *p)
{
	if (f->dma.call == DMA_CALL_UNMAP)
		says_unmap(at, p);
	else
		says_sync(at, p, f->dma.call == DMA_CALL_SYNC_CPU);
}

/* For each segment of a list, or for the one record. */
static void each(const struct dma_debug_at *at, const struct finding *f)
{
	struct pair p = {f->dma.ref, f->dma.entry, f->mapped};

	if (!f->dma.list)
		says_pair(at, f, &p);
	for (int i = 0; f->dma.list && i < f->dma.ref.nents; i++) {
		if (!sg_list_segment(at->m->check, f->dma.list, (unsigned int)i, &p.entry.addr, &p.entry.size))
			return;
		p.ref.addr = p.entry.addr;
		p.ref.size = p.entry.size;
		says_pair(at, f, &p);
	}
}

/* ---- what the kernel says in every configuration ---- */

static void says_bug(const struct dma_debug_at *at, const struct finding *f)
{
	(void)f;
	dma_debug_bug(at);
}

static void says_no_mask(const struct dma_debug_at *at, const struct finding *f)
{
	unsigned int kind = f->dma.ref.kind;

	dma_debug_warn(at,
		       coherent(kind)		 ? ONCE_NO_COHERENT_MASK
		       : kind == EXTENT_SG	 ? ONCE_NO_MASK_SG
		       : kind == EXTENT_RESOURCE ? ONCE_NO_MASK_RESOURCE
						 : ONCE_NO_MASK_PAGE,
		       NULL);
}

static void says_atomic(const struct dma_debug_at *at, const struct finding *f)
{
	(void)f;
	if (k_irqs_disabled(at->m)) /* of softirqs it says nothing */
		dma_debug_warn(at, ONCE_EVERY, NULL);
}

/* A list of 0 entries: a result that no backend may have. */
static void says_no_entries(const struct dma_debug_at *at, const struct finding *f)
{
	if (f->dma.ref.kind == EXTENT_SG && f->dma.ref.nents <= 0)
		dma_debug_warn(at, ONCE_SG_RESULT, NULL);
}

static void says_resource(const struct dma_debug_at *at, const struct finding *f)
{
	if (dma_debug_on(at->m))
		dma_debug_warn(at, ONCE_RESOURCE_OF_RAM, "DMA-API: dma_map_resource called for RAM address 0x%016llx",
			       f->dma.ref.phys);
}

static void says_zone(const struct dma_debug_at *at, const struct finding *f)
{
	(void)f;
	dma_debug_warn(at, ONCE_ZONE, NULL);
}

static void says_attrs(const struct dma_debug_at *at, const struct finding *f)
{
	(void)f;
	dma_debug_warn(at, ONCE_ATTRS, NULL);
}

/* ---- the front ---- */

/* Findings that are not about a record: which words, and whether they are dma-debug's. */
static const struct {
	const char *rule;
	void (*say)(const struct dma_debug_at *at, const struct finding *f);
	bool always;
} of_maps[] = {
	{"invalid-direction", says_bug, true},
	{"mask-missing", says_no_mask, true},
	{"coherent-free-in-atomic", says_atomic, true},
	{"map-bad-size", says_no_entries, true},
	{"gfp-zone-conflict", says_zone, true},
	{"kernel-warning", says_attrs, true},
	{"map-vmalloc", says_vmalloc, true},
	{"map-bad-address", says_bad_address, true},
	{"map-stack", says_stack, false},
	{"map-text", says_text, false},
	{"map-kmap", says_invalid, false},
	{"map-foreign-memory", says_invalid, false},
	{"map-overlap", says_overlap, false},
	{"coherent-streaming-mix", says_overlap, false},
	{"segment-too-long", says_too_long, false},
	{"segment-crosses-boundary", says_crosses, false},
	{"map-resource-of-ram", says_resource, false},
};

void dma_debug_finding(struct dmasim_machine *m, const struct finding *f, stack_id act)
{
	struct dma_debug_at at = {.m = m, .dev = f->dev, .act = act};
	size_t i = 0;

	if (!m->dma_debug)
		return;
	switch (f->dma.call) {
	case DMA_CALL_NONE:
		return;
	case DMA_CALL_MAP:
		while (i < sizeof(of_maps) / sizeof(*of_maps) && strcmp(of_maps[i].rule, f->rule) != 0)
			i++;
		if (i < sizeof(of_maps) / sizeof(*of_maps) && (of_maps[i].always || dma_debug_on(m)))
			of_maps[i].say(&at, f);
		return;
	default:
		break;
	}
	if (!dma_debug_on(m))
		return;
	if (f->dma.known)
		each(&at, f);
	else if (f->dma.call == DMA_CALL_UNMAP)
		says_unmap_of_nothing(&at, &f->dma.ref);
	else
		says_sync_of_nothing(&at, &f->dma.ref);
}

/* ---- what is left when a driver goes ---- */

void dma_debug_add_bus(const struct bus_type *bus)
{
	struct dmasim_machine *m = k_machine("dma_debug_add_bus");
	struct dma_debug *d = m ? m->dma_debug : NULL;

	if (!d || !d->on || !bus)
		return;
	if (d->nr_buses == sizeof(d->buses) / sizeof(*d->buses)) {
		k_log(m, 3, "DMA-API: dma_debug_add_bus: out of memory");
		return;
	}
	d->buses[d->nr_buses++] = bus;
}

static bool watched(const struct dma_debug *d, const struct bus_type *bus)
{
	unsigned int i = 0;

	if (!bus)
		return false;
	while (i < d->nr_buses && d->buses[i] != bus)
		i++;
	return i < d->nr_buses || (bus->name && !strcmp(bus->name, "pci"));
}

void dma_debug_unbound(struct dmasim_machine *m, struct dmasim_device_private *dev)
{
	struct dma_debug_at at = {.m = m, .dev = dev->dev, .act = stack_entry(m)};
	struct extent **all, *last;
	size_t n;

	if (!watched(m->dma_debug, dev->dev->bus))
		return;
	all = dma_debug_records(m, dev, &n);
	if (all && n) {
		last = all[n - 1];
		dma_debug_error(&at, last->mapped,
				"device driver has pending DMA allocations while released from device [count=%d]\n"
				"One of leaked entries details: " SIZED " [mapped with %s] [mapped as %s]",
				(int)n, last->bus, (ull)sg_list_segment_size(m->check, last), direction_name(last->dir),
				dma_debug_kinds[last->kind]);
	}
	free(all);
}

void dma_debug_grow(struct dmasim_machine *m, u64 live)
{
	struct dma_debug *d = m->dma_debug;
	u64 total;

	if (live <= d->preallocated)
		return;
	total = d->preallocated + (live - d->preallocated + DMA_DEBUG_BATCH - 1) / DMA_DEBUG_BATCH * DMA_DEBUG_BATCH;
	if (total / d->preallocated <= d->grown)
		return;
	d->grown = (u32)(total / d->preallocated);
	k_log(m, 6, "DMA-API: dma_debug_entry pool grown to %u (%u00%%)", (u32)total, d->grown);
}
