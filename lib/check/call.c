// SPDX-License-Identifier: MIT
/*
 * Wrong calls: what is said of a map, unmap or sync that does not fit what is mapped.
 *
 * tracker.c decides that a call is wrong; here the finding is made, off the paths that find nothing. One mistake gives
 * one report: a call that is wrong in several ways names the gravest, lists the others. An address that no live
 * mapping has is explained by what it is instead: the error cookie of a call that failed (the last ones are
 * remembered), another device's mapping, the middle of one, a mapping that has ended.
 *
 * Weakness: of failed map calls only the last of a device is named, because all returned the same cookie.
 */
#include <stdio.h>
#include <string.h>
#include "lib/check/call.h"
#include "lib/check/sg_list.h"
#include "lib/check/snapshot.h"
#include "lib/check/moved.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

struct finding call_finding(struct dmasim_machine *m, const struct track_op *op, const char *rule, const char *verb)
{
	struct finding f = {
		.rule = rule,
		.dev = op->dev->dev,
		.act = stack_capture(m, op->frame),
		.act_verb = verb,
		.bus = op->bus,
		.has_bus = true,
		.size = op->size,
		.cpu = op->cpu,
	};

	/* An old driver's call is known by its old name. */
	if (op->function && !strncmp(op->function, "pci_", 4))
		finding_more(&f, "call", "%s()", op->function);
	return f;
}

void call_facts(struct check *c, struct finding *f, const struct track_op *op, enum k_dma_call call,
		const struct extent *e)
{
	if (((e ? e->attrs : 0) | op->attrs) & ATTR_NO_KERNEL_MAPPING)
		return; /* it keeps no records of these */
	f->dma.call = call;
	f->dma.known = e != NULL;
	f->dma.ref = (struct k_dma_record){
		.addr = op->bus,
		.size = op->size,
		.phys = op->phys,
		.kind = (u8)op->kind,
		.dir = (u8)op->dir,
		.nents = op->nents,
	};
	if (op->cpu && !sim_virt_to_phys(c->m->hw, op->cpu, &f->dma.ref.phys, NULL))
		f->dma.ref.phys = 0;
	if (e)
		f->dma.entry = (struct k_dma_record){
			.addr = e->bus,
			.size = e->size,
			.phys = e->phys,
			.kind = e->kind,
			.dir = e->dir,
		};
}

static enum k_dma_call sync_call(const struct track_op *op)
{
	return strstr(op->function, "for_cpu") ? DMA_CALL_SYNC_CPU : DMA_CALL_SYNC_DEVICE;
}

/* ---- names of calls ---- */

u8 extent_function_slow(struct check *c, const char *name)
{
	unsigned int i = 1;

	while (i < 256 && c->functions[i] && c->functions[i] != name)
		i++;
	if (i == 256 || !name)
		return 0;
	c->functions[i] = name;
	c->function_cache[extent_function_slot(name)].name = name;
	c->function_cache[extent_function_slot(name)].index = (u8)i;
	return (u8)i;
}

/* ---- the error cookie ---- */

static struct failure *failure_of(struct check *c, u32 dev)
{
	u64 n = c->nr_failures < FAILURES ? c->nr_failures : FAILURES;

	for (u64 i = 0; i < n; i++) {
		struct failure *f = &c->failures[(c->nr_failures - 1 - i) % FAILURES];

		if (f->dev == dev)
			return f;
	}
	return NULL;
}

bool tracker_cookie_used(struct check *c, struct dmasim_device_private *dev, struct finding *f)
{
	struct failure *failed = failure_of(c, dev->id);

	if (!failed)
		return false;
	if (failed->told)
		return true;
	failed->told = 1;
	f->rule = failed->list ? "map-sg-failure-ignored" : "error-cookie-used";
	f->dev = dev->dev;
	f->mapped = failed->stack;
	f->mapped_time = failed->time;
	f->mapped_verb = "failed";
	f->buffer_kind = "failed mapping";
	f->buffer_size = failed->size;
	if (failed->list)
		finding_more(f, "call", "%s() had failed for the list at %p", c->functions[failed->fn], failed->list);
	else
		finding_more(f, "call", "%s() for %llu bytes returned DMA_MAPPING_ERROR",
			     c->functions[failed->fn] ? c->functions[failed->fn] : "the map call",
			     (unsigned long long)failed->size);
	check_found(c, f);
	return true;
}

void track_map_failed(struct dmasim_machine *m, const struct track_op *op)
{
	struct check *c = m->check;

	if (!c)
		return;
	check_settle(m);
	c->failures[c->nr_failures++ % FAILURES] = (struct failure){
		.dev = op->dev->id,
		.fn = extent_function(c, op->function),
		.stack = stack_capture(m, op->frame),
		.time = sim_now(m->hw),
		.size = op->size,
	};
}

void tracker_error_unchecked(struct check *c, struct extent *e, struct finding *f)
{
	if (k_likely(e->checked))
		return;
	e->checked = 1;
	f->rule = "map-error-unchecked";
	finding_of(c, f, e, 0, e->size, NULL);
	finding_more(f, "call", "dma_mapping_error() was not called for this %s", extent_kind_name(e->kind));
	check_found(c, f);
}

void call_error_unchecked(struct dmasim_machine *m, const struct track_op *op, struct extent *e, const char *verb)
{
	struct finding f;

	if (k_likely(e->checked))
		return;
	f = call_finding(m, op, NULL, verb);
	tracker_error_unchecked(m->check, e, &f);
}

/* ---- map ---- */

void call_overlaps(struct dmasim_machine *m, const struct track_op *op, struct extent *e, const char *rule)
{
	struct check *c = m->check;
	struct finding f = call_finding(m, op, rule, "map");
	u64 lo = op->phys > e->phys ? op->phys - e->phys : 0;
	u64 hi = op->phys + op->size < e->phys + e->size ? op->phys + op->size - e->phys : e->size;

	finding_of(c, &f, e, lo, hi, NULL);
	call_facts(c, &f, op, DMA_CALL_MAP, e);
	f.dev = op->dev->dev;
	f.bus = op->bus + (e->phys + lo - op->phys);
	finding_more(&f, "new", "%zu bytes, %s, by %s()", op->size, direction_name(op->dir), op->function);
	if (e->dev != op->dev->id && check_device(c, e->dev))
		finding_more(&f, "owner", "the other mapping is %s's", check_device(c, e->dev)->name);
	check_found(c, &f);
}

/* Memory that is not allocated; true if reported. */
bool call_maps_freed(struct dmasim_machine *m, const struct track_op *op)
{
	struct mm_object o;
	struct finding f;

	mm_object_at(m, op->phys, &o);
	if (k_likely(o.state != MM_FREE && o.state != MM_QUARANTINED))
		return false;
	f = call_finding(m, op, "map-freed-memory", "map");
	f.phys = op->phys;
	f.has_phys = true;
	f.cpu = sim_phys_to_virt(m->hw, op->phys);
	f.direction = op->dir + 1;
	if (o.size) {
		f.buffer_kind = o.kind;
		f.buffer_size = o.size;
		f.offset = op->phys - o.start;
		f.mapped = o.allocated;
		f.mapped_time = o.allocated_time;
		f.mapped_verb = "allocated";
		f.handed = o.freed;
		f.handed_time = o.freed_time;
		f.handed_by = "the free";
		f.handed_to = "the allocator";
	}
	check_found(m->check, &f);
	return true;
}

/* ---- unmap ---- */

/* One report that lists all that does not fit. */
void call_mismatch(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	struct check *c = m->check;
	bool freed = kind_is_allocated(op->kind), kind = kind_differs(op, e), size = e->size != op->size;
	bool cpu = !kind && cpu_differs(c, op, e);
	bool handle = freed && e->bus != op->bus;
	bool dir = !kind_is_coherent(op->kind) && !kind_is_coherent(e->kind) && e->dir != (unsigned int)op->dir;
	struct finding f = call_finding(m, op, "unmap-wrong-direction", freed ? "free" : "unmap");
	const char *fn = c->functions[e->fn];
	struct stamp by;

	if (kind)
		f.rule = "unmap-wrong-kind";
	else if (freed && (size || cpu || handle || kind_is_coherent(op->kind)))
		f.rule = "coherent-free-mismatch";
	else if (size)
		f.rule = "unmap-wrong-size";
	finding_of(c, &f, e, 0, e->size, NULL);
	/* by another handle it is not found */
	call_facts(c, &f, op, DMA_CALL_UNMAP, e->bus == op->bus ? e : NULL);
	extent_state(c, e, 0, &by);
	if (kind)
		finding_more(&f, "kind", "%s() on what %s() made, a %s", op->function, fn ? fn : "another call",
			     extent_kind_name(e->kind));
	if (size)
		finding_more(&f, "size", "%zu bytes given, %llu %s", op->size, (unsigned long long)e->size,
			     kind_is_allocated(e->kind) ? "allocated" : "mapped");
	if (dir)
		finding_more(&f, "direction", "%s given, %s %s", direction_name(op->dir), direction_name(e->dir),
			     kind_is_allocated(e->kind) ? "allocated" : "mapped");
	if (cpu)
		finding_more(&f, "address", "CPU address %p given, %p allocated", op->cpu, extent_more(c, e)->cpu);
	if (!kind && kind_is_allocated(op->kind) && attrs_differ(op, e))
		finding_more(&f, "attributes", "0x%lx given, 0x%x allocated with", op->attrs, e->attrs);
	if (handle)
		finding_more(&f, "handle", "handle 0x%llx given, 0x%llx allocated", op->bus, e->bus);
	check_found(c, &f);
}

/* A live mapping of another device that starts at the address, or (exact false) holds it. */
static struct extent *of_other_device(struct check *c, const struct track_op *op, bool exact)
{
	phys_addr_t phys;
	struct extent_walk w;
	struct extent *e = moved_of_other(c, op->dev->id, op->bus);
	uint64_t len;

	if (e && (!exact || e->bus == op->bus))
		return e;
	if (!sim_bus_to_phys(c->m->hw, op->bus, &phys, &len))
		return NULL;
	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w)))
		if (e->dev != op->dev->id && (exact ? e->bus == op->bus : op->bus - e->bus < e->size))
			return e;
	return NULL;
}

/* Nothing live of the device starts there: say what the address is. */
void call_unmaps_nothing(struct dmasim_machine *m, const struct track_op *op)
{
	struct check *c = m->check;
	bool freed = kind_is_allocated(op->kind);
	struct finding f =
		call_finding(m, op, freed ? "coherent-free-mismatch" : "unmap-unknown", freed ? "free" : "unmap");
	char what[160];
	struct extent *e;
	struct dead *d;

	f.direction = kind_is_coherent(op->kind) ? 0 : op->dir + 1;
	call_facts(c, &f, op, DMA_CALL_UNMAP, NULL);
	if (op->bus == ERROR_COOKIE && tracker_cookie_used(c, op->dev, &f))
		return;
	e = of_other_device(c, op, true);
	if (e) {
		f.rule = "unmap-wrong-device";
		finding_of(c, &f, e, 0, e->size, NULL);
		f.dev = op->dev->dev;
		extent_describe(c, e, what, sizeof(what));
		finding_more(&f, "mapping", "a %s; it stays", what);
		check_found(c, &f);
		e->told |= TOLD_NOT_ENDED;
		return;
	}
	d = extent_dead(c, op->dev->id, op->bus, true);
	e = extent_containing(c, op->dev->id, op->bus, true);
	if (d && !e) {
		f.rule = kind_is_allocated(d->kind) ? "coherent-double-free" : "double-unmap";
		finding_of_dead(c, &f, d, 0, d->size);
		check_found(c, &f);
		return;
	}
	if (e) {
		extent_describe(c, e, what, sizeof(what));
		finding_of(c, &f, e, op->bus - e->bus, e->size, NULL);
		f.size = op->size;
		finding_more(&f, "address", "+%llu in a %s", op->bus - e->bus, what);
		e->told |= TOLD_NOT_ENDED;
	} else if (op->bus == ERROR_COOKIE) {
		finding_more(&f, "address", "DMA_MAPPING_ERROR, but no map call of this device has failed");
	} else {
		e = of_other_device(c, op, false);
		if (e) {
			extent_describe(c, e, what, sizeof(what));
			finding_more(&f, "address", "inside a %s", what);
		}
		d = extent_dead(c, op->dev->id, op->bus, false);
		if (d)
			finding_more(&f, "earlier", "+%llu in a mapping of %llu bytes that has ended", op->bus - d->bus,
				     (unsigned long long)d->size);
	}
	check_found(c, &f);
}

/* Does a transfer in flight use it? */
bool call_unmaps_in_flight(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	const struct sim_transfer *t = op->dev->master.transfers;
	struct finding f;

	for (; t; t = t->next)
		if (t->bus < e->bus + e->size && e->bus < t->bus + t->n)
			break;
	if (k_likely(!t))
		return false;
	f = call_finding(m, op, "unmap-while-dma-active", kind_is_allocated(e->kind) ? "free" : "unmap");
	finding_of(m->check, &f, e, t->bus > e->bus ? t->bus - e->bus : 0, e->size, NULL);
	f.size = t->n;
	finding_more(&f, "transfer", "the device %s %zu bytes at bus 0x%llx, started at %llu ns, not finished",
		     t->write ? "writes" : "reads", t->n, t->bus, (unsigned long long)t->started);
	check_found(m->check, &f);
	return true;
}

void call_unmaps_page_as_single(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	struct finding f = call_finding(m, op, "unmap-single-vs-page", "unmap");

	finding_of(m->check, &f, e, 0, e->size, NULL);
	check_found(m->check, &f);
}

void call_ends_pool(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	bool freed = kind_is_allocated(op->kind);
	struct finding f = call_finding(m, op, "unmap-wrong-kind", freed ? "free" : "unmap");

	finding_of(m->check, &f, e, 0, e->size, NULL);
	call_facts(m->check, &f, op, DMA_CALL_UNMAP, e);
	f.size = op->size;
	finding_more(&f, "kind", "%s() on the page of a dma_pool, which stays the pool's", op->function);
	check_found(m->check, &f);
}

static bool cpu_wrote(u8 state)
{
	return state & BYTE_CPU_WROTE;
}

static bool owned_by_cpu(u8 state)
{
	return (state & BYTE_OWNER) == BYTE_CPU;
}

bool call_loses_writes(struct check *c, struct extent *e, u64 lo, u64 hi, const char *verb, const struct stamp *by)
{
	struct finding f = {.rule = "cpu-write-lost", .act = by->stack, .act_verb = verb};
	u64 first, end;
	struct span s;
	char map[33];

	if (!extent_is_streaming(e) || e->freed)
		return false;
	if (!extent_find(c, e, lo, hi, cpu_wrote, &s)) {
		if (!c->snapshot || !snapshot_cpu_wrote(c, e, lo, hi, &first, &end))
			return false;
		/* unless the device has fetched them too early, and that has been told */
		if (!extent_find(c, e, first, end, owned_by_cpu, &s) || !(s.told & TOLD_NOT_FLUSHED))
			snapshot_report(c, e, "cpu-write-lost", first, end, verb);
		return true;
	}
	/* The allocator's zeroes in memory that was never handed over: nobody will miss them. */
	if (kind_is_noncoherent(e->kind) && s.by.time == e->time && s.by.stack == e->mapped)
		return true;
	if (!(s.told & TOLD_NOT_FLUSHED) && !(e->list && sg_list_told(c, e, TOLD_LIST_LOST))) {
		finding_of(c, &f, e, s.lo, s.hi, map);
		check_found(c, &f);
		extent_tell(c, e, &s, TOLD_NOT_FLUSHED);
	}
	return true;
}

/* ---- sync ---- */

void call_syncs_nothing(struct dmasim_machine *m, const struct track_op *op)
{
	struct check *c = m->check;
	struct finding f = call_finding(m, op, "sync-unknown", "sync");
	struct extent *e;
	struct dead *d;
	char what[160];

	f.direction = op->dir + 1;
	call_facts(c, &f, op, sync_call(op), NULL);
	if (op->bus == ERROR_COOKIE && tracker_cookie_used(c, op->dev, &f))
		return;
	d = extent_dead(c, op->dev->id, op->bus, false);
	if (d) {
		f.rule = "sync-after-unmap";
		finding_of_dead(c, &f, d, op->bus - d->bus, d->size);
		f.size = op->size;
		check_found(c, &f);
		return;
	}
	e = of_other_device(c, op, false);
	if (e) {
		extent_describe(c, e, what, sizeof(what));
		finding_more(&f, "address", "+%llu in a %s", op->bus - e->bus, what);
	}
	check_found(c, &f);
}

void call_syncs_kind(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi)
{
	struct finding f = call_finding(m, op, "sync-unknown", "sync");
	const char *fn = m->check->functions[e->fn];

	finding_of(m->check, &f, e, lo, hi, NULL);
	finding_more(&f, "kind", "%s() on what %s() made, a %s", op->function, fn ? fn : "another call",
		     extent_kind_name(e->kind));
	check_found(m->check, &f);
}

static bool owned_by_device(u8 state)
{
	return (state & BYTE_OWNER) == BYTE_DEVICE;
}

static bool changed_by_device(u8 state)
{
	return state & BYTE_DEV_WROTE;
}

void call_syncs_again(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi,
		      enum track_sync_side side)
{
	struct finding f;
	struct span s;
	char map[33];

	/* A driver that polls its buffer syncs again and again; it is of use as soon as there is something new. */
	if (side == SYNC_FOR_CPU && extent_find(m->check, e, lo, hi, changed_by_device, &s))
		return;
	if (!extent_find(m->check, e, lo, hi, side == SYNC_FOR_CPU ? owned_by_cpu : owned_by_device, &s))
		return;
	f = call_finding(m, op, "sync-redundant", "sync");
	finding_of(m->check, &f, e, s.lo, s.hi, map);
	check_found(m->check, &f);
}

void call_sync_mismatch(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi,
			bool inside)
{
	struct finding f = call_finding(m, op, inside ? "sync-wrong-direction" : "sync-out-of-range", "sync");

	finding_of(m->check, &f, e, lo, hi, NULL);
	/* beyond its end, no record holds all of it */
	call_facts(m->check, &f, op, sync_call(op), inside ? e : NULL);
	if (inside) {
		finding_more(&f, "direction", "%s given, %s mapped", direction_name(op->dir), direction_name(e->dir));
	} else { /* the wrong bytes are those behind the end */
		u64 size = sg_list_segment_size(m->check, e);

		f.bus = e->bus + size;
		f.offset = size;
		f.size = op->size - (size - lo);
		f.cpu = NULL;
		f.has_phys = false;
		finding_more(&f, "range", "+%llu to +%llu of %llu bytes", lo, lo + op->size, (unsigned long long)size);
	}
	check_found(m->check, &f);
}

/* ---- addresses ---- */

void track_linear_asked(struct dmasim_machine *m, const void *p, phys_addr_t phys, const char *function)
{
	struct finding f = {.rule = "address-not-linear", .act_verb = "call", .cpu = p};
	struct check *c = m->check;
	struct extent_walk w;
	struct extent *e;

	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w)))
		if (kind_is_coherent(e->kind)) {
			check_settle(m);
			finding_of(c, &f, e, phys - e->phys, phys - e->phys + 1, NULL);
			finding_more(&f, "why",
				     "%s() was given coherent memory, which has an address of its own on many "
				     "machines; the device's is the handle that came with it",
				     function);
			check_found(c, &f);
			return;
		}
}

void track_nowhere_asked(struct dmasim_machine *m, phys_addr_t phys, const char *function)
{
	struct finding f = {.rule = "cpu-used-bus-address", .act_verb = "call"};
	const dma_addr_t bus = phys;
	struct check *c = m->check;
	struct extent_walk w;
	struct extent *e;
	uint64_t len;

	if (!sim_bus_to_phys(m->hw, bus, &phys, &len))
		return;
	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w)))
		if (bus - e->bus < e->size) {
			check_settle(m);
			finding_of(c, &f, e, bus - e->bus, bus - e->bus + 1, NULL);
			finding_more(&f, "why", "%s() was given a bus address, 0x%llx; there the CPU has no memory",
				     function, bus);
			check_found(c, &f);
			return;
		}
}
