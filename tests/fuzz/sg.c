// SPDX-License-Identifier: MIT
/*
 * Fuzzes scatterlists: lists in RAM, filled rightly and wrongly, with links that lead anywhere, given
 * to every function with any count, mapped, synced and unmapped in any order. Nothing may crash, hang, or break the
 * tracker's invariants; in the end everything live is found as a leak.
 */
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "lib/check/tracker.h"
#include "tests/fuzz/fuzz.h"

unsigned long fuzz_operations;

#define LISTS	8
#define ENTRIES 6
#define PAGES	16

struct state {
	struct fuzz_input in;
	struct device *dev[2];
	struct scatterlist *list[LISTS];
	struct sg_table table[3];
	unsigned char *memory;
};

/* A wrong length makes a device write behind it: as much lies around it as such a write reaches. */
static unsigned char around[3 * 16384], *const buffer = around + 16384;
#define BUFFER 8192

static struct scatterlist *any_list(struct state *s)
{
	unsigned int i = fuzz_below(&s->in, LISTS + 5);

	if (i < LISTS)
		return s->list[i] + (fuzz_below(&s->in, 8) ? 0 : fuzz_below(&s->in, ENTRIES));
	return i < LISTS + 3 ? s->table[i - LISTS].sgl : i == LISTS + 3 ? NULL : (void *)(uintptr_t)fuzz_u64(&s->in);
}

static struct scatterlist *any_entry(struct state *s)
{
	return s->list[fuzz_below(&s->in, LISTS)] + fuzz_below(&s->in, ENTRIES);
}

static unsigned int any_count(struct state *s)
{
	static const unsigned int odd[] = {0, 1u << 31, ~0u, 1000, 1u << 30};

	return fuzz_below(&s->in, 8) ? 1 + fuzz_below(&s->in, 2 * ENTRIES) : odd[fuzz_below(&s->in, 5)];
}

static enum dma_data_direction any_direction(struct state *s)
{
	return (enum dma_data_direction)(fuzz_below(&s->in, 20) ? fuzz_below(&s->in, 3) : fuzz_below(&s->in, 9));
}

static unsigned long any_attrs(struct state *s)
{
	return fuzz_below(&s->in, 4) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;
}

static struct sg_table *any_table(struct state *s)
{
	return &s->table[fuzz_below(&s->in, 3)];
}

/* Put something into an entry: mostly good memory. */
static void fill(struct state *s)
{
	struct scatterlist *e = any_entry(s);

	switch (fuzz_below(&s->in, 12)) {
	case 0:
		sg_set_buf(e, (void *)(uintptr_t)fuzz_u64(&s->in), any_count(s));
		break;
	case 1:
		e->page_link = fuzz_u64(&s->in);
		break;
	case 2:
		e->length = any_count(s);
		e->offset = any_count(s);
		break;
	case 3:
		e->dma_address = fuzz_u64(&s->in);
		e->dma_length = any_count(s);
		break;
	case 4:
		e->page_link = ((unsigned long)any_list(s) & ~3UL) | SG_CHAIN;
		break;
	case 5:
		e->page_link ^= SG_END;
		break;
	case 6:
		sg_set_buf(e, buffer + fuzz_below(&s->in, 4096), fuzz_below(&s->in, 4096));
		break;
	default:
		sg_set_buf(e, s->memory + fuzz_below(&s->in, (PAGES - 2) * 4096), 1 + fuzz_below(&s->in, 6000));
	}
}

static void table(struct state *s)
{
	struct sg_table *t = any_table(s);
	struct page *pages[4];

	if (t->sgl) {
		if (fuzz_below(&s->in, 6) == 0)
			t->orig_nents = any_count(s) % 1000;
		sg_free_table(t);
		t->sgl = NULL;
		return;
	}
	for (unsigned int i = 0; i < 4; i++)
		pages[i] = virt_to_page(s->memory) + fuzz_below(&s->in, PAGES);
	if (fuzz_below(&s->in, 2)
		    ? sg_alloc_table(t, any_count(s) % 600, GFP_KERNEL)
		    : sg_alloc_table_from_pages(t, pages, 1 + fuzz_below(&s->in, 4), fuzz_below(&s->in, 5000),
						fuzz_below(&s->in, 16384), GFP_KERNEL))
		t->sgl = NULL;
}

static void look(struct state *s)
{
	struct sg_mapping_iter miter;
	struct sg_page_iter piter;
	struct scatterlist *out[2] = {NULL, NULL}, *sgl = any_list(s);
	size_t sizes[2] = {any_count(s), 1 + fuzz_below(&s->in, 9000)};
	unsigned int limit = 300, n = any_count(s);
	int mapped[2];

	switch (fuzz_below(&s->in, 8)) {
	case 0:
		sg_nents(sgl);
		sg_nents_for_len(sgl, n);
		sg_nents_for_dma(sgl, n, sizes[1]);
		break;
	case 1:
		sg_last(sgl, n);
		break;
	case 2:
		sg_pcopy_to_buffer(sgl, n, buffer, fuzz_below(&s->in, BUFFER), fuzz_below(&s->in, 5000));
		break;
	case 3:
		sg_pcopy_from_buffer(sgl, n, buffer, fuzz_below(&s->in, BUFFER), fuzz_below(&s->in, 5000));
		break;
	case 4:
		sg_zero_buffer(sgl, n, fuzz_below(&s->in, 9000), fuzz_below(&s->in, 5000));
		break;
	case 5:
		sg_miter_start(&miter, sgl, n, SG_MITER_ATOMIC);
		sg_miter_skip(&miter, fuzz_below(&s->in, 3000));
		while (limit-- && sg_miter_next(&miter))
			miter.consumed = fuzz_below(&s->in, 5) ? miter.length : any_count(s);
		sg_miter_stop(&miter);
		break;
	case 6:
		__sg_page_iter_start(&piter, sgl, n, fuzz_below(&s->in, 4));
		while (limit-- && __sg_page_iter_next(&piter))
			;
		break;
	default:
		if (sizes[0] > 100000)
			sizes[0] = 1;
		if (!sg_split(sgl, (int)(n % 5), fuzz_below(&s->in, 5000), 2, sizes, out, mapped, GFP_KERNEL)) {
			kfree(out[0]);
			kfree(out[1]);
		}
	}
}

static void map(struct state *s)
{
	struct device *dev = s->dev[fuzz_below(&s->in, 2)];
	enum dma_data_direction dir = any_direction(s);
	struct scatterlist *sgl = any_list(s), *e = any_entry(s);
	int n = (int)any_count(s);

	switch (fuzz_below(&s->in, 10)) {
	case 0:
	case 1:
	case 2:
		(void)!dma_map_sg_attrs(dev, sgl, n, dir, any_attrs(s));
		break;
	case 3:
	case 4:
		dma_unmap_sg_attrs(dev, sgl, n, dir, any_attrs(s));
		break;
	case 5:
		(void)!dma_map_sgtable(dev, any_table(s), dir, any_attrs(s));
		break;
	case 6:
		dma_unmap_sgtable(dev, any_table(s), dir, 0);
		break;
	case 7:
		dma_sync_sg_for_cpu(dev, sgl, n, dir);
		dma_sync_sgtable_for_device(dev, any_table(s), dir);
		break;
	case 8:
		dma_unmap_single(dev, e->dma_address, e->dma_length, dir);
		break;
	default:
		e->dma_address = dma_map_single(dev, s->memory + fuzz_below(&s->in, 4096), 100, dir);
		e->dma_length = 100;
		dma_mapping_error(dev, e->dma_address);
	}
}

static void device(struct state *s)
{
	struct scatterlist *e = any_entry(s);
	size_t n = fuzz_below(&s->in, 2) ? e->dma_length : e->length;

	n = n > BUFFER ? BUFFER : n;
	if (n && fuzz_below(&s->in, 2))
		dmasim_device_read(s->dev[0], e->dma_address, buffer, n);
	else if (n)
		dmasim_device_write(s->dev[0], e->dma_address, buffer, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const specs[] = {"pc,report=none,summary=off", "worst,report=none,summary=off",
					    "worst,guard=snapshot,report=none,summary=off",
					    "pc,checks=off,report=none,summary=off"};
	struct state s = {.in = {data, size}};
	struct dmasim_machine *m = dmasim_machine_create(specs[fuzz_below(&s.in, 4)]);

	if (!m)
		abort();
	dmasim_machine_use(m);
	for (unsigned int i = 0; i < 2; i++) {
		s.dev[i] = dmasim_device_create(i ? "b" : "a");
		(void)!dma_set_mask_and_coherent(s.dev[i], DMA_BIT_MASK(i ? 32 : 64));
	}
	s.memory = (unsigned char *)__get_free_pages(GFP_KERNEL, 4);
	for (unsigned int i = 0; i < LISTS; i++) {
		s.list[i] = kmalloc(ENTRIES * sizeof(struct scatterlist), GFP_KERNEL);
		if (!s.list[i])
			abort();
		sg_init_table(s.list[i], ENTRIES);
		for (unsigned int k = 0; k < ENTRIES; k++)
			sg_set_buf(&s.list[i][k], s.memory + fuzz_below(&s.in, 60000), 1 + fuzz_below(&s.in, 3000));
	}
	while (s.in.size) {
		static void (*const does[])(struct state *) = {fill, table, look, map, map, map, device};

		does[fuzz_below(&s.in, 7)](&s);
		fuzz_operations++;
	}
	tracker_check(m);
	dmasim_machine_destroy(m);
	return 0;
}
