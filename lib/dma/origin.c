// SPDX-License-Identifier: MIT
/*
 * May this memory be mapped at all?
 *
 * Kernel logical addresses are decided here in a few nanoseconds. Everything else goes by a table: one row a kind of
 * address, with the rule it breaks and what becomes of the mapping. Where a real kernel would have gone on (a stack
 * that happens to be in lowmem, a static buffer), the mapping works after its report, so that there is one report and
 * not a trail of consequences; where it would have refused or where there is nothing to map, the map fails.
 *
 * A mapping that leaves its allocation is wrong even when RAM goes on behind it. Page blocks are the exception that
 * drivers rely on: neighbours, each allocated, may be mapped in one piece, as block layers do.
 *
 * Weakness: two neighbouring blocks of different owners mapped in one piece are taken for such a merge.
 */
#include <stdio.h>
#include <string.h>
#include <linux/mm.h>
#include "lib/core/stack.h"
#include "lib/dma/dma.h"
#include "lib/mm/mm.h"

enum outcome {
	MAP_WORKS,	/* silently, by the physical address it has */
	MAP_AS_FOREIGN, /* by a synthetic physical address */
	MAP_FAILS,
};

struct origin {
	const char *rule; /* NULL: legal */
	enum outcome outcome;
	const char *why;
};

static const struct origin origins[] = {
	[ADDR_LINEAR] = {NULL, MAP_WORKS, NULL},
	/* Live coherent memory: the tracker knows which block it is, and reports. */
	[ADDR_UNCACHED] = {NULL, MAP_WORKS, NULL},
	[ADDR_VMALLOC] = {"map-vmalloc", MAP_FAILS,
			  "from vmalloc(): the pages behind it are scattered, and the kernel refuses it"},
	[ADDR_KMAP] = {"map-kmap", MAP_WORKS, "an address from kmap(): for the CPU, and for a while"},
	[ADDR_USER] = {"map-bad-address", MAP_FAILS,
		       "an address of the user program: its pages must be pinned, and mapped one by one"},
	[ADDR_IOMEM] = {"map-bad-address", MAP_FAILS, "a register window: dma_map_resource() maps those"},
	[ADDR_VMEMMAP] = {"map-bad-address", MAP_FAILS,
			  "a struct page, which is not the memory itself: dma_map_page() takes it"},
	[ADDR_STACK] = {"map-stack", MAP_AS_FOREIGN,
			"a stack: it may lie in vmalloc memory, and shares its cache lines"},
	[ADDR_TEXT] = {"map-text", MAP_AS_FOREIGN, "code or constants, which need not be where devices reach"},
	[ADDR_STATIC] = {"map-foreign-memory", MAP_AS_FOREIGN,
			 "a static variable: in a module, that is vmalloc memory"},
	[ADDR_FOREIGN] = {"map-foreign-memory", MAP_AS_FOREIGN, "memory of the host, as from malloc()"},
	[ADDR_ADOPTED] = {NULL, MAP_AS_FOREIGN, NULL},
	[ADDR_NULL] = {"map-bad-address", MAP_FAILS, "NULL, or an offset to NULL"},
	[ADDR_BAD] = {"map-bad-address", MAP_FAILS, "nothing is there"},
};

static void report_origin(struct dmasim_device_private *p, const char *rule, const void *ptr, const struct track_op *op,
			  const char *why)
{
	struct finding f = {
		.rule = rule,
		.dev = p->dev,
		.cpu = ptr,
		.buffer_size = op->size,
		.buffer_kind = "mapping",
		.size = op->size,
		.direction = op->dir + 1,
		.act_verb = "map",
		.dma = dma_map_facts(op),
	};

	f.more[0].label = "memory";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s", why);
	dma_report(p->machine, &f);
}

/* A count that no memory can have: negative lengths end here. */
static bool size_possible(struct dmasim_device_private *p, const void *ptr, const struct track_op *op)
{
	const struct sim_ram *ram = &p->machine->hw->ram;

	if (op->size <= ram->end - ram->base || op->size <= p->machine->hw->cfg.foreign_size)
		return true;
	report_origin(p, "map-bad-size", ptr, op, "more bytes than the machine has memory; was a length negative?");
	return false;
}

phys_addr_t dma_origin_slow(struct dmasim_device_private *p, const void *ptr, struct track_op *op)
{
	struct dmasim_machine *m = p->machine;
	enum mm_address_kind kind, last_kind;
	uintptr_t last = (uintptr_t)ptr + op->size - 1;
	phys_addr_t phys;
	const struct origin *o;

	if (!size_possible(p, ptr, op))
		return DMA_BAD_PHYS;
	phys = mm_classify(m, ptr, &kind);
	o = &origins[kind];
	if (o->outcome == MAP_AS_FOREIGN) {
		mm_classify(m, (const void *)last, &last_kind);
		if (last < (uintptr_t)ptr || last_kind == ADDR_BAD) {
			report_origin(p, "map-bad-address", ptr, op, "it ends in memory that is not there");
			return DMA_BAD_PHYS;
		}
	}
	if (o->rule)
		report_origin(p, o->rule, ptr, op, o->why);
	switch (o->outcome) {
	case MAP_AS_FOREIGN:
		return mm_foreign_get(m, ptr, op->size);
	case MAP_WORKS:
		if (phys != DMA_BAD_PHYS && (kind != ADDR_LINEAR || dma_origin_range(p, phys, op)) &&
		    sim_ram_contains(m->hw, phys, op->size))
			return phys;
		if (kind != ADDR_LINEAR && !o->rule)
			report_origin(p, "map-bad-address", ptr, op, "it leaves RAM");
		return DMA_BAD_PHYS;
	default:
		return DMA_BAD_PHYS;
	}
}

/* Is every page of [phys, end) allocated from the page allocator? Only asked when a mapping leaves its block. */
static bool merged_blocks(struct dmasim_machine *m, phys_addr_t phys, phys_addr_t end)
{
	struct mm_object o;

	while (phys < end) {
		mm_object_at(m, phys, &o);
		if (o.state != MM_ALLOCATED || strcmp(o.kind, "page block") || o.start + o.size <= phys)
			return false;
		phys = o.start + o.size;
	}
	return true;
}

bool dma_origin_range_slow(struct dmasim_device_private *p, phys_addr_t phys, struct track_op *op)
{
	struct dmasim_machine *m = p->machine;
	bool ram = dma_is_ram(m, phys, op->size);
	struct mm_object o;
	struct finding f;

	if (ram && !m->checks)
		return true;
	if (k_unlikely(!ram)) {
		if (!size_possible(p, sim_phys_to_virt(m->hw, phys), op) || !m->checks)
			return false;
	}
	mm_object_at(m, phys, &o);
	op->allocated = o.state == MM_ALLOCATED;
	if (k_likely(ram && op->allocated && op->size <= o.start + o.size - phys))
		return true;
	if (ram && (o.state == MM_FREE || o.state == MM_QUARANTINED))
		return true; /* the tracker's to report */
	if (o.state != MM_ALLOCATED && o.state != MM_RESERVED) {
		report_origin(p, "map-bad-address", sim_phys_to_virt(m->hw, phys), op, "it leaves RAM");
		return false;
	}
	if (ram && merged_blocks(m, phys, phys + op->size))
		return true;
	f = (struct finding){
		.rule = "map-beyond-allocation",
		.dev = p->dev,
		.buffer_size = o.size,
		.buffer_kind = o.kind,
		.offset = phys > o.start + o.size ? phys - o.start : o.size,
		.size = phys > o.start + o.size ? op->size : phys + op->size - (o.start + o.size),
		.direction = op->dir + 1,
		.act_verb = "map",
		.mapped = o.allocated,
		.mapped_time = o.allocated_time,
		.mapped_verb = "allocated",
	};
	f.phys = o.start + f.offset;
	f.has_phys = true;
	f.cpu = sim_phys_to_virt(m->hw, f.phys);
	f.more[0].label = "memory";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%zu bytes mapped from offset %llu of a %s of %zu bytes",
		 op->size, phys - o.start, o.kind, o.size);
	dma_report(m, &f);
	if (ram && op->dir != DMA_TO_DEVICE)
		mm_damage_known(m, f.phys, f.size); /* what the device does there follows from this */
	return ram;
}

phys_addr_t dma_origin_page(struct dmasim_device_private *p, const struct page *page, const struct track_op *op)
{
	const struct sim_region *r = sim_region_of(page);

	if (k_likely(r && r->kind == REGION_VMEMMAP && r->machine == p->machine->hw))
		return page_to_phys(page);
	report_origin(p, "map-bad-address", page, op, "it is not a struct page of this machine");
	return DMA_BAD_PHYS;
}
