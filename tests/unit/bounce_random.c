// SPDX-License-Identifier: MIT
/*
 * Random drivers that keep the rules, on machines that copy and on machines that do not: no report, and no byte may
 * differ from what one memory without any copies would hold.
 *
 * The model is that one memory, and for each byte of a mapping who owns it and who wrote it since the last hand-over;
 * it chooses only what is legal in that state: partial hand-overs, mappings and ends that skip the CPU's part, lists,
 * mappings that overlap for reading, hand-overs that are repeated, neighbours in one block of kmalloc.
 *
 * Weakness: an access is made by its owner or not at all; what machines do with mistakes is for tests/rules.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>
#include "lib/dma/swiotlb.h"
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

enum { WRITES = 0x80, CPUS = 0x40, BUFFERS = 6, LIVE = 10, ENTRIES = 5, LONGEST = 9000 };

static struct buffer {
	u8 *cpu;
	u32 size;
	u8 *want; /* what one memory would hold */
	u8 *busy; /* by byte: mappings; WRITES: one lets the device write; CPUS: one is not the device's */
} buffer[BUFFERS];

struct piece {
	u32 buffer, offset, size;
};

static struct mapping {
	enum dma_data_direction dir;
	u32 size, nr; /* nr 0: not mapped, or no list */
	bool live, list;
	dma_addr_t bus;
	struct piece piece[ENTRIES];
	struct scatterlist sg[ENTRIES];
	int segments;
	bool device[LONGEST];	 /* who owns the byte */
	bool cpu_wrote[LONGEST]; /* and has not handed it over */
	bool dev_wrote[LONGEST];
	bool unsynced[LONGEST]; /* mapped without the CPU's part */
} mapping[LIVE];

static u64 random_state;
static bool loses_unwritten; /* dmabounce brings back whatever its buffer held */

static u32 rnd(u32 n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(random_state >> 33) % n;
}

/* ---- one byte of a mapping ---- */

static struct buffer *place(const struct mapping *v, u32 at, u32 *offset)
{
	u32 i = 0;

	for (; at >= v->piece[i].size; i++)
		at -= v->piece[i].size;
	*offset = v->piece[i].offset + at;
	return &buffer[v->piece[i].buffer];
}

static u8 *want(const struct mapping *v, u32 at)
{
	u32 offset;
	struct buffer *b = place(v, at, &offset);

	return &b->want[offset];
}

static u8 *cpu(const struct mapping *v, u32 at)
{
	u32 offset;
	struct buffer *b = place(v, at, &offset);

	return &b->cpu[offset];
}

static dma_addr_t bus(struct mapping *v, u32 at)
{
	struct scatterlist *sg = v->sg;

	if (!v->list)
		return v->bus + at;
	for (; at >= sg_dma_len(sg); sg = sg_next(sg))
		at -= sg_dma_len(sg);
	return sg_dma_address(sg) + at;
}

/* ---- life ---- */

static void hold(const struct mapping *v, int by)
{
	for (u32 at = 0; at < v->size; at++) {
		u32 offset;
		struct buffer *b = place(v, at, &offset);

		b->busy[offset] = (u8)((b->busy[offset] & ~CPUS) + by);
		if (v->dir != DMA_TO_DEVICE)
			b->busy[offset] = by > 0 ? WRITES : 0;
		else if (by > 0 && v->unsynced[at])
			b->busy[offset] |= CPUS;
	}
}

/* A free stretch of a buffer; others may read it if this one only reads. */
static bool choose(struct mapping *v, struct piece *piece, u32 longest, bool skip)
{
	struct buffer *b = &buffer[piece->buffer = rnd(BUFFERS)];
	u32 n = 1 + rnd(rnd(2) ? 100 : longest), line = dev_is_dma_coherent(dev) ? 1 : (u32)dma_get_cache_alignment();

	piece->size = n < b->size ? n : b->size;
	piece->offset = rnd(b->size - piece->size + 1);
	if (line > 1) { /* a line is one owner's */
		piece->offset -= piece->offset % line;
		piece->size = (piece->size + line - 1) / line * line;
		if (piece->offset + piece->size > b->size)
			return false;
	}
	for (u32 i = piece->offset; i < piece->offset + piece->size; i++)
		if (v->dir == DMA_TO_DEVICE && !skip ? b->busy[i] & (WRITES | CPUS) : b->busy[i])
			return false;
	return true;
}

static void unmap(struct mapping *v, bool may_skip);

static void map(struct mapping *v)
{
	const bool skip = rnd(4) == 0;
	const unsigned long attrs = skip ? DMA_ATTR_SKIP_CPU_SYNC : 0;

	memset(v, 0, sizeof(*v));
	v->dir = rnd(3);
	v->list = rnd(3) == 0;
	v->nr = v->list ? 1 + rnd(ENTRIES) : 1;
	for (u32 i = 0; i < v->nr; i++) {
		if (!choose(v, &v->piece[i], LONGEST / v->nr - 64, skip))
			return;
		for (u32 k = 0; k < i; k++) /* nor may they touch each other */
			if (v->piece[k].buffer == v->piece[i].buffer)
				return;
		v->size += v->piece[i].size;
	}
	if (v->list) {
		sg_init_table(v->sg, v->nr);
		for (u32 i = 0; i < v->nr; i++)
			sg_set_buf(&v->sg[i], buffer[v->piece[i].buffer].cpu + v->piece[i].offset, v->piece[i].size);
		v->segments = (int)dma_map_sg_attrs(dev, v->sg, (int)v->nr, v->dir, attrs);
		v->live = v->segments > 0;
	} else {
		v->bus = dma_map_single_attrs(dev, buffer[v->piece[0].buffer].cpu + v->piece[0].offset, v->size, v->dir,
					      attrs);
		v->live = !dma_mapping_error(dev, v->bus);
	}
	if (!v->live) { /* full: make room */
		for (int i = 0; i < LIVE; i++)
			if (mapping[i].live) {
				unmap(&mapping[i], false);
				break;
			}
		return;
	}
	memset(v->device, !skip, sizeof(v->device));
	memset(v->unsynced, skip, sizeof(v->unsynced));
	hold(v, 1);
}

static void for_device(struct mapping *v, u32 lo, u32 hi)
{
	for (u32 i = lo; i < hi; i++) /* the copy is the only place where this is */
		if (v->dev_wrote[i])
			return;
	if (v->list)
		dma_sync_sg_for_device(dev, v->sg, (int)v->nr, v->dir);
	else if (lo || hi < v->size)
		dma_sync_single_range_for_device(dev, v->bus, lo, hi - lo, v->dir);
	else
		dma_sync_single_for_device(dev, v->bus, v->size, v->dir);
	for (u32 i = lo; i < hi; i++) {
		u32 offset;
		struct buffer *b = place(v, i, &offset);

		b->busy[offset] &= (u8)~CPUS;
		v->device[i] = true;
		v->unsynced[i] = v->cpu_wrote[i] = false;
	}
}

/* The checks take a hand-over of a bus address that several mappings hold for one of any of them. */
static bool shared(const struct mapping *v, u32 at)
{
	u32 offset;
	struct buffer *b = place(v, at, &offset);

	return (b->busy[offset] & ~(CPUS | WRITES)) > 1;
}

static void for_cpu(struct mapping *v, u32 lo, u32 hi)
{
	for (u32 i = lo; i < hi; i++) /* it would be lost */
		if ((v->cpu_wrote[i] && v->dir != DMA_TO_DEVICE) || (v->unsynced[i] && loses_unwritten) || shared(v, i))
			return;
	if (v->list)
		dma_sync_sg_for_cpu(dev, v->sg, (int)v->nr, v->dir);
	else if (lo || hi < v->size)
		dma_sync_single_range_for_cpu(dev, v->bus, lo, hi - lo, v->dir);
	else
		dma_sync_single_for_cpu(dev, v->bus, v->size, v->dir);
	for (u32 i = lo; i < hi; i++) {
		u32 offset;
		struct buffer *b = place(v, i, &offset);

		b->busy[offset] |= v->dir == DMA_TO_DEVICE ? CPUS : 0;
		v->device[i] = v->dev_wrote[i] = v->unsynced[i] = false;
	}
	if (loses_unwritten && v->dir == DMA_FROM_DEVICE)
		for (u32 i = lo; i < hi; i++)
			*want(v, i) = *cpu(v, i);
}

static void unmap(struct mapping *v, bool may_skip)
{
	bool skip = may_skip && rnd(3) == 0, dirty = false, fresh = false;
	unsigned long attrs;

	for (u32 i = 0; i < v->size; i++) {
		dirty |= v->dir != DMA_TO_DEVICE && (v->cpu_wrote[i] || (v->unsynced[i] && loses_unwritten));
		fresh |= v->dev_wrote[i];
	}
	if (dirty && fresh) { /* piece by piece; lists are handed over whole, and never are both */
		assert_false(v->list);
		for (u32 lo = 0, hi; lo < v->size; lo = hi) {
			for (hi = lo + 1; hi < v->size && v->dev_wrote[hi] == v->dev_wrote[lo]; hi++)
				;
			if (v->dev_wrote[lo])
				for_cpu(v, lo, hi);
		}
		fresh = false;
	}
	attrs = dirty || (skip && !fresh) ? DMA_ATTR_SKIP_CPU_SYNC : 0;
	if (v->list)
		dma_unmap_sg_attrs(dev, v->sg, (int)v->nr, v->dir, attrs);
	else
		dma_unmap_single_attrs(dev, v->bus, v->size, v->dir, attrs);
	if (loses_unwritten && v->dir == DMA_FROM_DEVICE && !attrs)
		for (u32 i = 0; i < v->size; i++)
			*want(v, i) = *cpu(v, i);
	hold(v, -1);
	v->live = false;
}

/* ---- accesses ---- */

/* From lo on, bytes that are in one piece for CPU and device and that all have one owner. */
static u32 reach(struct mapping *v, u32 lo, u32 longest)
{
	u32 hi = lo + 1;

	while (hi < v->size && hi - lo < longest && v->device[hi] == v->device[lo] &&
	       v->unsynced[hi] == v->unsynced[lo] && v->dev_wrote[hi] == v->dev_wrote[lo] &&
	       cpu(v, hi) == cpu(v, hi - 1) + 1 && bus(v, hi) == bus(v, hi - 1) + 1)
		hi++;
	return hi;
}

static void device_acts(struct mapping *v, u32 lo, u32 hi)
{
	static u8 bytes[LONGEST];
	u32 n = hi - lo;

	if (v->dir != DMA_FROM_DEVICE) {
		assert_int_equal(dmasim_device_read(dev, bus(v, lo), bytes, n), 0);
		for (u32 i = 0; i < n; i++)
			if (bytes[i] != *want(v, lo + i))
				fail_msg("device: byte %u of %u is %#x, not %#x, direction %d%s", lo + i, v->size,
					 bytes[i], *want(v, lo + i), v->dir, v->list ? ", a list" : "");
	}
	if (v->dir != DMA_TO_DEVICE && rnd(2)) {
		for (u32 i = 0; i < n; i++) {
			*want(v, lo + i) = bytes[i] = (u8)rnd(256);
			v->dev_wrote[lo + i] = true;
		}
		assert_int_equal(dmasim_device_write(dev, bus(v, lo), bytes, n), 0);
	}
}

static void cpu_acts(struct mapping *v, u32 lo, u32 hi)
{
	static u8 bytes[LONGEST];
	u32 n = hi - lo;

	dmasim_load(bytes, cpu(v, lo), n);
	for (u32 i = 0; i < n; i++)
		if (bytes[i] != *want(v, lo + i))
			fail_msg("CPU: byte %u of %u is %#x, not %#x, direction %d%s", lo + i, v->size, bytes[i],
				 *want(v, lo + i), v->dir, v->list ? ", a list" : "");
	if (v->dir == DMA_FROM_DEVICE || rnd(2))
		return;
	for (u32 i = 0; i < n; i++) {
		*want(v, lo + i) = bytes[i] = (u8)rnd(256);
		v->cpu_wrote[lo + i] = true;
	}
	if (rnd(2))
		dmasim_store(cpu(v, lo), bytes, n);
	else
		memcpy(cpu(v, lo), bytes, n);
}

static void step(void)
{
	struct mapping *v = &mapping[rnd(LIVE)];
	u32 lo, hi;

	if (!v->live) {
		map(v);
		return;
	}
	lo = v->list || rnd(2) ? 0 : rnd(v->size);
	hi = v->list || rnd(2) ? v->size : lo + 1 + rnd(v->size - lo);
	switch (rnd(8)) {
	case 0:
		unmap(v, true);
		break;
	case 1:
	case 2:
		for_cpu(v, lo, hi);
		break;
	case 3:
	case 4:
		for_device(v, lo, hi);
		break;
	default:
		lo = rnd(v->size);
		hi = reach(v, lo, 1 + rnd(3000));
		if (v->unsynced[lo])
			break;
		if (v->device[lo])
			device_acts(v, lo, hi);
		else
			cpu_acts(v, lo, hi);
	}
}

/* ---- machines ---- */

static int odd_pages(struct device *d, dma_addr_t addr, size_t size)
{
	(void)d;
	(void)size;
	return addr >> PAGE_SHIFT & 1;
}

static const struct shape {
	const char *spec;
	unsigned int mask_bits;
	size_t safe; /* dmabounce with buffers of this size */
	size_t own;  /* a pool of the device's own */
	unsigned int min_align;
	unsigned long boundary;
} shapes[] = {
	{"pc", 32, 0, 0, 0, 0},
	{"worst", 32, 0, 0, 0, 0},
	{"pc,checks=off", 32, 0, 0, 0, 0},
	{"pc-swiotlb", 32, 0, 0, 0, 0},
	{"pc-swiotlb", 32, 0, 0, 4095, 0},
	{"pc-swiotlb", 32, 0, 0, 511, 0xffff},
	{"pc-swiotlb,checks=off", 32, 0, 0, 0, 0},
	{"pc-swiotlb,sg_bounce=whole", 32, 0, 0, 0, 0},
	{"pc-swiotlb,sg_bounce=whole", 64, 0, 0, 4095, 0},
	{"pc-swiotlb,sg_bounce=whole,checks=off", 32, 0, 0, 0, 0},
	{"pc-swiotlb,swiotlb_size=256K", 32, 0, 0, 16383, 0},
	{"pc-swiotlb,swiotlb_size=256K,swiotlb_dynamic=on", 32, 0, 0, 16383, 0},
	{"pc-swiotlb,swiotlb_areas=4,swiotlb_poison=slots", 32, 0, 0, 0, 0},
	{"pc-swiotlb,swiotlb_poison=off,need_sync=honest", 32, 0, 0, 0, 0},
	{"pc-swiotlb,guard=snapshot", 32, 0, 0, 0, 0},
	{"pc-swiotlb,bus_offset=0x40000000", 40, 0, 0, 4095, 0},
	{"pc,ram=8G", 32, 0, 0, 0, 0},
	{"pc,ram=8G,sg_bounce=whole,swiotlb_poison=all", 32, 0, 0, 0, 0},
	{"pc,ram=8G,swiotlb_poison=all", 24, 0, 0, 0, 0},
	{"worst,ram=8G", 32, 0, 0, 0, 0},
	{"worst,swiotlb=force,sg_bounce=whole", 40, 0, 0, 0, 0},
	{"pc", 32, 0, 1 << 20, 0, 0},
	{"worst", 40, 0, 256 << 10, 4095, 0},
	{"pc", 32, 512, 0, 0, 0},
	{"worst", 32, 512, 0, 0, 0},
	{"pc,checks=off", 32, 512, 0, 0, 0},
	{"pc,dma_ops=arm", 32, 0, 0, 0, 0},
	{"worst,dma_ops=arm-coherent", 32, 0, 0, 0, 0},
	{"pc,dma_ops=arm64,guard=snapshot", 32, 0, 0, 0, 0},
};

static void make_buffers(void)
{
	static const u32 sizes[BUFFERS] = {96, 96, 1000, 9000, 32768, 8192};

	for (u32 i = 0; i < BUFFERS; i++) {
		struct buffer *b = &buffer[i];

		b->size = sizes[i];
		if (i == 4)
			b->cpu = page_address(alloc_pages(GFP_KERNEL, 3));
		else if (i == 5)
			b->cpu = aligned_alloc(4096, b->size);
		else
			b->cpu = kmalloc(b->size, GFP_KERNEL);
		assert_non_null(b->cpu);
		if (i == 5)
			assert_int_equal(dmasim_adopt_memory(b->cpu, b->size), 0);
		b->want = malloc(b->size);
		b->busy = calloc(1, b->size);
		for (u32 k = 0; k < b->size; k++)
			b->want[k] = b->cpu[k] = (u8)rnd(256);
	}
}

static void end_buffers(void)
{
	for (u32 i = 0; i < BUFFERS; i++) {
		struct buffer *b = &buffer[i];

		for (u32 k = 0; k < b->size; k++)
			if (b->busy[k] || b->cpu[k] != b->want[k])
				fail_msg("buffer %u: byte %u is %#x, not %#x (mappings: %u)", i, k, b->cpu[k],
					 b->want[k], b->busy[k]);
		if (i == 4)
			__free_pages(virt_to_page(b->cpu), 3);
		else if (i < 4)
			kfree(b->cpu);
		free(b->want);
		free(b->busy);
	}
}

static void run(const struct shape *s, u64 seed, int steps)
{
	struct dmasim_swiotlb_stats stats;

	print_message("%s, mask %u, seed %llu\n", s->spec, s->mask_bits, (unsigned long long)seed);
	random_state = seed;
	begin(s->spec);
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(s->mask_bits)), 0);
	if (s->min_align)
		assert_int_equal(dma_set_min_align_mask(dev, s->min_align), 0);
	if (s->boundary)
		assert_int_equal(dma_set_seg_boundary(dev, s->boundary), 0);
	if (s->safe)
		assert_int_equal(dmabounce_register_dev(dev, 128, s->safe, odd_pages), 0);
	if (s->own)
		assert_int_equal(dmasim_device_restrict_dma(dev, s->own), 0);
	loses_unwritten = s->safe != 0;
	memset(mapping, 0, sizeof(mapping));
	make_buffers();
	for (int i = 0; i < steps; i++) {
		step();
		if (i % 64 == 0)
			bounce_check(m);
		if (dmasim_violation_count())
			break;
	}
	for (int i = 0; i < LIVE && !dmasim_violation_count(); i++)
		if (mapping[i].live)
			unmap(&mapping[i], true);
	if (dmasim_violation_count()) {
		print_error("%s\n", dmasim_violation(0)->text);
		fail();
	}
	bounce_check(m);
	if (m->dma->tlb && !dmasim_swiotlb_stats(dev, &stats))
		assert_int_equal(stats.used, 0);
	end_buffers();
	dmasim_device_destroy(dev);
	end(0);
	free(buffer[5].cpu);
}

static void legal_drivers(void **state)
{
	const char *chosen = getenv("DMASIM_TEST_SEED"), *only = getenv("DMASIM_TEST_SHAPE");
	u64 seed = chosen ? strtoull(chosen, NULL, 0) : 1;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!only || (size_t)atoi(only) == i)
			for (u64 k = 0; k < (chosen ? 1 : 4); k++)
				run(&shapes[i], seed + k, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legal_drivers),
	};

	return cmocka_run_group_tests_name("bounce_random", tests, NULL, NULL);
}
