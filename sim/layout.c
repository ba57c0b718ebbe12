// SPDX-License-Identifier: MIT
/*
 * Where things lie in a machine's physical and bus addresses.
 *
 * A preset says where RAM, the foreign window and the MMIO hole would like to be. RAM is put first; each of the other
 * two keeps its place if RAM left it free, else it takes the lowest free place below 4 GiB, else one above everything.
 * The automatic bus offset then keeps bus and physical addresses apart, so that one used for the other is noticed.
 *
 * Invariants: banks, foreign window and hole are disjoint; the bus addresses of all of them exist (no wrap).
 * Weakness: where RAM is too large for 32-bit bus addresses that are disjoint from it, reaching the low part of RAM
 * with 32 bits goes before keeping apart the high part's addresses.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "sim/layout.h"

#define MIB(n)	 ((uint64_t)(n) << 20)
#define GIB(n)	 ((uint64_t)(n) << 30)
#define ALIGN_TO MIB(256)
#define FOUR_GIB GIB(4)

struct preset {
	const char *name;
	void (*banks)(struct sim_layout *l);
	phys_addr_t foreign_base; /* 0: right above the lowest RAM */
	phys_addr_t mmio_base;
	uint64_t mmio_size;
	phys_addr_t dma_zone_end, dma32_zone_end; /* dma32 0: what 32-bit bus addresses reach, if that is not all */
	bool offset_auto, harsh, bounce;
};

static void add_bank(struct sim_config *c, phys_addr_t base, uint64_t size)
{
	c->banks[c->nr_banks++] = (struct sim_bank){.base = base, .size = size};
}

/*
 * As a PC's firmware reports it: page 0 and the legacy hole below 1 MiB are no RAM; what does not fit below the hole for
 * devices goes on at 4 GiB.
 */
static void pc_banks(struct sim_layout *l)
{
	uint64_t low = l->ram < GIB(3) ? l->ram : GIB(3);

	add_bank(&l->cfg, SIM_PAGE_SIZE, 0xa0000 - SIM_PAGE_SIZE);
	add_bank(&l->cfg, MIB(1), low - MIB(1));
	if (l->ram > low)
		add_bank(&l->cfg, FOUR_GIB, l->ram - low);
}

/* As on many boards: RAM from 1 GiB on, and what does not fit below the bus addresses of 32 bits far above. */
static void worst_banks(struct sim_layout *l)
{
	uint64_t low = l->ram < GIB(1) ? l->ram : GIB(1);

	add_bank(&l->cfg, GIB(1), low);
	if (l->ram > low)
		add_bank(&l->cfg, GIB(8), l->ram - low);
}

static const struct preset presets[] = {
	{
		.name = "pc",
		.banks = pc_banks,
		.foreign_base = 0xd0000000,
		.mmio_base = 0xe0000000,
		.mmio_size = 0x1ec00000, /* up to the interrupt controllers */
		.dma_zone_end = MIB(16),
		.dma32_zone_end = FOUR_GIB,
	},
	{
		.name = "pc-swiotlb",
		.banks = pc_banks,
		.foreign_base = 0xd0000000,
		.mmio_base = 0xe0000000,
		.mmio_size = 0x1ec00000,
		.dma_zone_end = MIB(16),
		.dma32_zone_end = FOUR_GIB,
		.bounce = true,
	},
	{
		.name = "worst",
		.banks = worst_banks,
		.mmio_base = MIB(512),
		.mmio_size = MIB(512),
		.offset_auto = true,
		.harsh = true,
	},
};
#define NR_PRESETS (sizeof(presets) / sizeof(*presets))

const char *sim_config_preset(size_t i)
{
	return i < NR_PRESETS ? presets[i].name : NULL;
}

static const struct preset *preset_of(const char *name)
{
	for (size_t i = 0; i < NR_PRESETS; i++) {
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	}
	return NULL;
}

bool sim_layout_preset(struct sim_layout *l, const char *name)
{
	const struct preset *p = preset_of(name);
	uint64_t host;

	if (!p)
		return false;
	host = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 * (uint64_t)sysconf(_SC_PAGESIZE);
	l->ram = MIB(256);
	l->offset_auto = p->offset_auto;
	l->cfg = (struct sim_config){
		.preset = p->name,
		.dma_zone_end = p->dma_zone_end,
		.dma32_zone_end = p->dma32_zone_end,
		.foreign_size = MIB(256),
		.mmio_size = p->mmio_size,
		.host_limit = host < GIB(1) ? GIB(1) : host,
		.poison = p->harsh,
		.quarantine = p->harsh ? 256 : 0,
		.dma_debug_entries = 65536,
		.uncached_alias = p->harsh,
		.isolate = p->harsh,
		.sg_merge = p->harsh,
		.bus_bits = 64,
		.swiotlb = p->bounce ? SIM_SWIOTLB_FORCE : SIM_SWIOTLB_AUTO,
		.swiotlb_size = MIB(64),
		.swiotlb_areas = 1,
		.swiotlb_poison = p->bounce || p->harsh ? BOUNCE_POISON_ALL : BOUNCE_POISON_OFF,
		.seed = 1,
		.chaos = p->harsh,
		.latency_ns = 1000,
		.watchdog_s = 30,
		.checks = true,
		.guard = GUARD_API | GUARD_AUTO,
		.summary = true,
	};
	return true;
}

/* ---- physical addresses ---- */

static bool overlaps(phys_addr_t a, uint64_t na, phys_addr_t b, uint64_t nb)
{
	return a < b + nb && b < a + na;
}

/* Is [at, at + size) free of RAM, and of the window placed before? */
static bool is_free(const struct sim_config *c, phys_addr_t at, uint64_t size)
{
	for (unsigned int i = 0; i < c->nr_banks; i++) {
		if (overlaps(at, size, c->banks[i].base, c->banks[i].size))
			return false;
	}
	return !c->mmio_base || !overlaps(at, size, c->mmio_base, c->mmio_size);
}

static phys_addr_t place(const struct sim_config *c, phys_addr_t wish, uint64_t size)
{
	const struct sim_bank *last = &c->banks[c->nr_banks - 1];
	phys_addr_t at = wish;

	if (is_free(c, at, size) && at + size <= FOUR_GIB)
		return at;
	for (at = ALIGN_TO; at + size <= FOUR_GIB; at += ALIGN_TO) {
		if (is_free(c, at, size))
			return at;
	}
	at = (last->base + last->size + ALIGN_TO - 1) & ~(ALIGN_TO - 1);
	at = at < FOUR_GIB ? FOUR_GIB : at;
	while (!is_free(c, at, size))
		at += ALIGN_TO;
	return at;
}

/* ---- bus addresses ---- */

struct span {
	phys_addr_t low, high;
};

static void extend(struct span *s, phys_addr_t base, uint64_t size)
{
	s->low = base < s->low ? base : s->low;
	s->high = base + size > s->high ? base + size : s->high;
}

/*
 * The offset that keeps bus addresses away from physical ones, the first that does of: all that devices may name, below
 * 4 GiB; RAM and host memory, below 4 GiB; that of them which starts below 4 GiB; all, wherever that is.
 */
static int64_t apart(const struct sim_config *c)
{
	struct span memory = {~0ULL, 0}, low, all;
	uint64_t tries[3], ends[3];

	extend(&memory, c->foreign_base, c->foreign_size);
	low = memory;
	for (unsigned int i = 0; i < c->nr_banks; i++) {
		extend(&memory, c->banks[i].base, c->banks[i].size);
		if (c->banks[i].base < FOUR_GIB)
			extend(&low, c->banks[i].base, c->banks[i].size);
	}
	all = memory;
	extend(&all, c->mmio_base, c->mmio_size);
	/* At least so far that no bus address lies within the physical range, and never a small number. */
	tries[0] = all.high - all.low;
	ends[0] = all.high;
	tries[1] = memory.high - memory.low;
	ends[1] = memory.high;
	tries[2] = low.high - low.low;
	ends[2] = low.high;
	for (int i = 0; i < 3; i++) {
		uint64_t offset = (tries[i] + ALIGN_TO - 1) & ~(ALIGN_TO - 1);

		offset = offset < GIB(1) && ends[i] + GIB(1) <= FOUR_GIB ? GIB(1) : offset;
		if (ends[i] + offset <= FOUR_GIB)
			return (int64_t)offset;
	}
	return (int64_t)((tries[0] + ALIGN_TO - 1) & ~(ALIGN_TO - 1));
}

static int check_bus(const struct sim_config *c)
{
	struct span all = {c->mmio_base, c->mmio_base + c->mmio_size};

	extend(&all, c->foreign_base, c->foreign_size);
	for (unsigned int i = 0; i < c->nr_banks; i++)
		extend(&all, c->banks[i].base, c->banks[i].size);
	if (c->bus_offset < 0 && all.low < (uint64_t)-c->bus_offset)
		return sim_error(EINVAL, "bus_offset=-0x%llx puts physical address 0x%llx below bus address 0",
				 (unsigned long long)-c->bus_offset, all.low);
	return 0;
}

/* ---- memory for contiguous allocations ---- */

/* At the end of the highest bank with room, below 4 GiB if there is one: as kernels place the default area. */
static int place_cma(struct sim_layout *l)
{
	struct sim_config *c = &l->cfg;
	bool named = l->cma_placed;

	for (int above = 0; above < 2; above++) {
		for (unsigned int i = c->nr_banks; i-- > 0;) {
			const struct sim_bank *b = &c->banks[i];
			phys_addr_t end = b->base + b->size, base = c->cma_base;

			if (!above && end > FOUR_GIB)
				end = b->base < FOUR_GIB ? FOUR_GIB : 0;
			if (end < c->cma_size)
				continue;
			if (!named)
				base = (end - c->cma_size) & ~(phys_addr_t)(SIM_CMA_ALIGN - 1);
			if (base < b->base || base > end || c->cma_size > end - base)
				continue;
			c->cma_base = base;
			return 0;
		}
	}
	return sim_error(EINVAL, "no bank of RAM has room for cma=%" PRIu64 "M%s", c->cma_size >> 20,
			 named ? " at that place" : "");
}

int sim_layout_finish(struct sim_layout *l)
{
	struct sim_config *c = &l->cfg;
	const struct preset *p = preset_of(c->preset);
	const struct sim_bank *last;

	if (c->nr_banks == 0)
		p->banks(l);
	last = &c->banks[c->nr_banks - 1];
	if (last->base + last->size > SIM_PHYS_END)
		return sim_error(EINVAL, "RAM ends at 0x%llx: it must end at 0x%llx or below", last->base + last->size,
				 SIM_PHYS_END);
	if (c->cma_size) {
		int err = place_cma(l);

		if (err)
			return err;
	}
	c->mmio_base = 0; /* nothing placed yet */
	c->mmio_base = place(c, p->mmio_base, c->mmio_size);
	c->foreign_base =
		place(c,
		      p->foreign_base ? p->foreign_base
				      : (c->banks[0].base + c->banks[0].size + ALIGN_TO - 1) & ~(ALIGN_TO - 1),
		      c->foreign_size);
	if (l->offset_auto)
		c->bus_offset = apart(c);
	if (!l->dma32_given && p->dma32_zone_end == 0 && c->bus_offset > 0) {
		uint64_t reach = (uint64_t)c->bus_offset < FOUR_GIB ? FOUR_GIB - (uint64_t)c->bus_offset : 0;

		c->dma32_zone_end = last->base + last->size > reach && c->banks[0].base < reach ? reach : 0;
	}
	return check_bus(c);
}
