// SPDX-License-Identifier: MIT
/*
 * From records to findings: everything the tracker knows of the bytes concerned, in the form that reports want.
 *
 * A write seen by instrumentation is found before it happens, so its new value is not known yet. Such a finding waits
 * until the library is entered again, or another one is found, and is then completed and reported.
 * Weakness: at most one waits; by then the bytes may have been written a second time.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lib/check/call.h"
#include "lib/check/phase.h"
#include "lib/check/sg_list.h"
#include "lib/mm/mm.h"

const char *extent_kind_name(unsigned int kind)
{
	static const char *const names[NR_EXTENT_KINDS] = {
		[EXTENT_SINGLE] = "single mapping",
		[EXTENT_PAGE] = "page mapping",
		[EXTENT_SG] = "sg mapping",
		[EXTENT_DAC] = "DAC address",
		[EXTENT_COHERENT] = "coherent block",
		[EXTENT_RESOURCE] = "resource",
		[EXTENT_POOL] = "pool page",
		[EXTENT_NONCOHERENT] = "non-coherent block",
		[EXTENT_NONCONTIGUOUS] = "non-contiguous block",
	};

	return kind < NR_EXTENT_KINDS ? names[kind] : "mapping";
}

const char *direction_name(int dir)
{
	static const char *const names[] = {"DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE", "DMA_NONE"};

	return dir >= 0 && dir < 4 ? names[dir] : "an invalid direction";
}

struct dmasim_device_private *check_device(struct check *c, u32 id)
{
	return id < c->nr_devices ? c->devices[id] : NULL;
}

void finding_more(struct finding *f, const char *label, const char *fmt, ...)
{
	const unsigned int room = sizeof(f->more) / sizeof(f->more[0]);
	unsigned int i = 0;
	va_list args;

	while (i < room && f->more[i].label)
		i++;
	if (i == room)
		return;
	f->more[i].label = label;
	va_start(args, fmt);
	vsnprintf(f->more[i].text, sizeof(f->more[i].text), fmt, args);
	va_end(args);
}

static void finding_device(struct check *c, struct finding *f, u32 id)
{
	struct dmasim_device_private *dev = check_device(c, id);

	f->dev = dev ? dev->dev : NULL;
	if (!dev)
		f->device_name = "a device that is gone";
}

static const void *cpu_address(struct check *c, phys_addr_t phys)
{
	size_t len;

	if (sim_ram_contains(c->m->hw, phys, 1))
		return sim_phys_to_virt(c->m->hw, phys);
	return mm_foreign_host(c->m, phys, &len);
}

static void finding_place(struct check *c, struct finding *f, const struct extent *e, u64 lo, u64 hi)
{
	finding_device(c, f, e->dev);
	f->bus = e->bus + lo;
	f->has_bus = true;
	f->phys = e->phys + lo;
	f->has_phys = true;
	f->cpu = cpu_address(c, e->phys + lo);
	f->buffer_size = e->size;
	f->buffer_kind = extent_kind_name(e->kind);
	f->offset = lo;
	f->size = hi - lo;
	f->direction = kind_is_coherent(e->kind) ? 0 : (int)e->dir + 1;
	f->mapped = e->mapped;
	f->mapped_time = e->time;
	f->mapped_verb = kind_is_allocated(e->kind) ? "allocated" : "mapped";
}

static char letter(u8 state)
{
	if (state & BYTE_DEV_WROTE)
		return 'w';
	switch (state & BYTE_OWNER) {
	case BYTE_DEVICE:
		return 'D';
	case BYTE_UNSYNCED:
		return 'U';
	default:
		return 'C';
	}
}

void finding_of(struct check *c, struct finding *f, struct extent *e, u64 lo, u64 hi, char *map)
{
	struct stamp by;
	u8 state;

	finding_place(c, f, e, lo, hi);
	if (k_unlikely(e->list))
		sg_list_describe(c, f, e);
	if (!extent_is_streaming(e) || lo >= e->size)
		return;
	state = extent_state(c, e, lo, &by);
	f->handed = by.stack;
	f->handed_time = by.time;
	f->handed_by = c->functions[by.fn];
	f->handed_to = (state & BYTE_OWNER) == BYTE_DEVICE ? "the device"
		       : (state & BYTE_OWNER) == BYTE_CPU  ? "the CPU"
		       : e->kind == EXTENT_DAC		   ? "nobody"
							   : "nobody (DMA_ATTR_SKIP_CPU_SYNC)";
	if (!map)
		return;
	f->map = map;
	f->map_start = lo & ~15ULL;
	f->nr_map = 32;
	for (size_t i = 0; i < f->nr_map; i++)
		map[i] = f->map_start + i < e->size ? letter(extent_state(c, e, f->map_start + i, NULL)) : '.';
	map[f->nr_map] = 0;
}

void finding_of_dead(struct check *c, struct finding *f, const struct dead *d, u64 lo, u64 hi)
{
	struct extent e = {
		.bus = d->bus,
		.phys = d->phys,
		.size = d->size,
		.kind = d->kind,
		.dir = d->dir,
		.dev = d->dev,
		.mapped = d->mapped,
		.time = d->time,
	};

	finding_place(c, f, &e, lo, hi);
	f->handed = d->by.stack;
	f->handed_time = d->by.time;
	f->handed_by = c->functions[d->by.fn];
	f->handed_to = kind_is_allocated(d->kind) ? "the allocator" : "the CPU";
}

void extent_describe(struct check *c, const struct extent *e, char *buf, size_t size)
{
	struct dmasim_device_private *dev = check_device(c, e->dev);
	const char *fn = c->functions[e->fn];

	snprintf(buf, size, "%s of %llu bytes%s%s at bus 0x%llx, %s%s of %s", extent_kind_name(e->kind),
		 (unsigned long long)e->size, extent_is_streaming(e) ? ", " : "",
		 extent_is_streaming(e) ? direction_name(e->dir) : "", e->bus, fn ? "by " : "", fn ? fn : "",
		 dev ? dev->name : "a device that is gone");
}

void check_found(struct check *c, const struct finding *f)
{
	check_settle(c->m);
	k_report(c->m, f);
}

void check_found_later(struct check *c, const struct finding *f, phys_addr_t phys, size_t n)
{
	struct unsettled *p = &c->unsettled;

	check_settle(c->m);
	if (c->m->hw->cfg.on_violation == ON_VIOLATION_ABORT) {
		k_report(c->m, f);
		return;
	}
	p->f = *f;
	p->phys = phys;
	p->f.nr_value = n < sizeof(p->old_value) ? n : sizeof(p->old_value);
	if (f->old_value)
		memcpy(p->old_value, f->old_value, p->f.nr_value);
	p->f.old_value = f->old_value ? p->old_value : NULL;
	if (f->map) {
		memcpy(p->map, f->map, f->nr_map);
		p->f.map = p->map;
	}
	if (!p->f.act_time)
		p->f.act_time = sim_now(c->m->hw);
	p->waiting = true;
	c->m->unsettled = true;
}

void check_settle_slow(struct dmasim_machine *m)
{
	struct unsettled *p = &m->check->unsettled;

	p->waiting = false;
	p->f.nr_value = mm_phys_read(m, p->phys, p->new_value, p->f.nr_value);
	p->f.new_value = p->new_value;
	k_report(m, &p->f);
}
