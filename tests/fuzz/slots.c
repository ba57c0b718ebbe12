// SPDX-License-Identifier: MIT
/*
 * Bounce buffers from below and from above. Below: requests of any length, alignment and boundary for any pool, against a
 * map of which slots are taken: what is handed out is free and fits, and a refusal means that nothing did. Above: mappings
 * that bounce, syncs and unmaps of them, right and wrong ones, kernel calls with any address: the records stay consistent,
 * and what the device wrote arrives.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>
#include "lib/check/tracker.h"
#include "lib/dma/swiotlb.h"
#include "tests/fuzz/fuzz.h"

unsigned long fuzz_operations;

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz slots: %s\n", what);
	abort();
}

/* ---- slots alone ---- */

#define MAX_SLOTS (12 * SLOTS_SEGMENT)
#define MAX_TAKEN 512

static struct slots_request any_request(struct fuzz_input *in)
{
	struct slots_request r = {
		.n = 1 + fuzz_below(in, fuzz_below(in, 4) ? 8 : SLOTS_SEGMENT + 1),
		.boundary = fuzz_below(in, 4) ? ~0ULL : (1ULL << fuzz_below(in, 24)) - 1,
		.area = fuzz_below(in, 16),
	};

	r.base = (uint64_t)fuzz_below(in, 65536) << (fuzz_below(in, 2) ? SLOT_SHIFT : 18);
	if (fuzz_below(in, 2))
		r.mask = ((1ULL << fuzz_below(in, 22)) - 1) & ~(uint64_t)(SLOT_SIZE - 1);
	r.value = fuzz_u64(in) & r.mask;
	return r;
}

static void slots_alone(struct fuzz_input *in)
{
	static bool taken[MAX_SLOTS];
	struct {
		uint32_t first, n;
	} live[MAX_TAKEN];
	unsigned int nr = 0;
	struct slots s;

	memset(taken, 0, sizeof(taken));
	if (slots_init(&s, 1 + fuzz_below(in, MAX_SLOTS), 1u << fuzz_below(in, 5)))
		abort();
	while (in->size) {
		fuzz_operations++;
		if (nr < MAX_TAKEN && fuzz_below(in, 5) > 1) {
			struct slots_request r = any_request(in);
			uint32_t at = slots_take(&s, &r);

			for (uint32_t i = 0; at == SLOTS_NONE && r.n <= SLOTS_SEGMENT && i + r.n <= s.nr; i++) {
				uint32_t k = 0;

				while (slots_fit(&r, i) && k < r.n && !taken[i + k])
					k++;
				must(k < r.n, "refused although there was room");
			}
			if (at == SLOTS_NONE)
				continue;
			must(at + r.n <= s.nr && slots_fit(&r, at), "slots that do not fit");
			for (uint32_t k = 0; k < r.n; k++) {
				must(!taken[at + k], "slots handed out twice");
				taken[at + k] = true;
			}
			live[nr].first = at;
			live[nr++].n = r.n;
		} else if (nr) {
			unsigned int i = fuzz_below(in, nr);

			slots_give(&s, live[i].first, live[i].n);
			memset(taken + live[i].first, 0, live[i].n * sizeof(*taken));
			live[i] = live[--nr];
		}
		slots_check(&s);
	}
	slots_exit(&s);
}

/* ---- mappings ---- */

#define MAPPINGS 24
#define BUFFER	 (16 * PAGE_SIZE)

struct world {
	struct fuzz_input in;
	struct dmasim_machine *machine;
	struct device *dev[3]; /* 64 bits; 32 bits, keeps low bits; with a pool of its own */
	unsigned char *memory; /* BUFFER bytes each */
	struct {
		dma_addr_t bus; /* of ended ones, too */
		size_t size;
		unsigned int dev, dir;
		bool live;
	} m[MAPPINGS];
};

static size_t any_size(struct fuzz_input *in)
{
	return fuzz_below(in, 4) ? 1 + fuzz_below(in, 3000) : fuzz_below(in, 2) ? BUFFER : 1 + fuzz_below(in, 60000);
}

static void map(struct world *w)
{
	unsigned int i = fuzz_below(&w->in, MAPPINGS), d = fuzz_below(&w->in, 3);
	size_t size = any_size(&w->in);
	unsigned char *p = w->memory + i * BUFFER + fuzz_below(&w->in, (unsigned int)(BUFFER - size + 1));

	if (w->m[i].live)
		return;
	w->m[i].dev = d;
	w->m[i].dir = fuzz_below(&w->in, 3);
	w->m[i].size = size;
	w->m[i].bus = dma_map_single(w->dev[d], p, size, (enum dma_data_direction)w->m[i].dir);
	w->m[i].live = !dma_mapping_error(w->dev[d], w->m[i].bus);
	if (!w->m[i].live || w->m[i].dir != DMA_FROM_DEVICE || fuzz_below(&w->in, 2))
		return;
	must(!dmasim_device_write(w->dev[d], w->m[i].bus, "arrives", size < 7 ? size : 7), "a device cannot write");
	dma_unmap_single(w->dev[d], w->m[i].bus, size, DMA_FROM_DEVICE);
	must(!memcmp(p, "arrives", size < 7 ? size : 7), "what the device wrote did not arrive");
	w->m[i].live = false;
}

/* Ended with what it was mapped with, or nearly. */
static void unmap(struct world *w)
{
	unsigned int i = fuzz_below(&w->in, MAPPINGS), wrong = fuzz_below(&w->in, 24);
	unsigned int d = w->m[i].dev, dir = w->m[i].dir;
	dma_addr_t bus = w->m[i].bus;
	size_t size = w->m[i].size;
	unsigned long attrs = fuzz_below(&w->in, 8) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;

	if (wrong == 0)
		size = any_size(&w->in);
	else if (wrong == 1)
		bus += fuzz_below(&w->in, 5000);
	else if (wrong == 2)
		d = fuzz_below(&w->in, 3);
	else if (wrong == 3)
		dir = fuzz_below(&w->in, 5);
	else if (!w->m[i].live && wrong > 5)
		return;
	dma_unmap_single_attrs(w->dev[d], bus, size, (enum dma_data_direction)dir, attrs);
	/* what a wrong call left is still there, for the machine's end or for the next */
	w->m[i].live &= wrong < 3;
}

static void sync(struct world *w)
{
	unsigned int i = fuzz_below(&w->in, MAPPINGS);
	unsigned long at = fuzz_below(&w->in, 3) ? 0 : fuzz_below(&w->in, 5000);
	size_t size = fuzz_below(&w->in, 2) ? w->m[i].size : any_size(&w->in);
	enum dma_data_direction dir =
		(enum dma_data_direction)(fuzz_below(&w->in, 8) ? w->m[i].dir : fuzz_below(&w->in, 5));

	if (fuzz_below(&w->in, 2))
		dma_sync_single_range_for_cpu(w->dev[w->m[i].dev], w->m[i].bus, at, size, dir);
	else
		dma_sync_single_range_for_device(w->dev[w->m[i].dev], w->m[i].bus, at, size, dir);
}

static void device(struct world *w)
{
	static unsigned char bytes[4096];
	unsigned int i = fuzz_below(&w->in, MAPPINGS);
	dma_addr_t bus = w->m[i].bus + (fuzz_below(&w->in, 4) ? 0 : fuzz_below(&w->in, 5000));
	size_t n = 1 + fuzz_below(&w->in, sizeof(bytes));

	if (fuzz_below(&w->in, 2))
		dmasim_device_read(w->dev[w->m[i].dev], bus, bytes, n);
	else
		dmasim_device_write(w->dev[w->m[i].dev], bus, bytes, n);
}

/* A list, mapped and unmapped at once, with whatever the device does between. */
static void list(struct world *w)
{
	struct scatterlist sg[6];
	unsigned int nents = 1 + fuzz_below(&w->in, 6), d = fuzz_below(&w->in, 3);
	enum dma_data_direction dir = (enum dma_data_direction)fuzz_below(&w->in, 3);

	sg_init_table(sg, nents);
	for (unsigned int k = 0; k < nents; k++)
		sg_set_buf(&sg[k], w->memory + (MAPPINGS + k) * BUFFER + fuzz_below(&w->in, 4096),
			   1 + fuzz_below(&w->in, 40000));
	if (!dma_map_sg(w->dev[d], sg, (int)nents, dir))
		return;
	device(w);
	if (fuzz_below(&w->in, 2))
		dma_sync_sg_for_cpu(w->dev[d], sg, (int)nents, dir);
	dma_unmap_sg(w->dev[d], sg, (int)(fuzz_below(&w->in, 8) ? nents : 1 + fuzz_below(&w->in, 6)), dir);
}

/* What lies below, with addresses that may be anything. */
static void kernel_calls(struct world *w)
{
	unsigned int i = fuzz_below(&w->in, MAPPINGS), d = fuzz_below(&w->in, 3);
	phys_addr_t phys =
		fuzz_below(&w->in, 8) ? virt_to_phys(w->memory) + fuzz_below(&w->in, 60000) : fuzz_u64(&w->in);
	enum dma_data_direction dir = (enum dma_data_direction)fuzz_below(&w->in, 5);
	size_t size = any_size(&w->in);
	phys_addr_t slot;
	struct dmasim_swiotlb_stats stats;

	switch (fuzz_below(&w->in, 4)) {
	case 0:
		slot = swiotlb_tbl_map_single(w->dev[d], phys, size, size, 0, dir, 0);
		if (slot != (phys_addr_t)DMA_MAPPING_ERROR) {
			swiotlb_sync_single_for_cpu(w->dev[d], slot + fuzz_below(&w->in, 3000), size, dir);
			swiotlb_sync_single_for_device(w->dev[d], slot, any_size(&w->in), dir);
			swiotlb_tbl_unmap_single(w->dev[d], slot, size, dir, 0);
		}
		break;
	case 1:
		must(!is_swiotlb_buffer(w->dev[d], virt_to_phys(w->memory)), "memory taken for a slot");
		is_swiotlb_buffer(w->dev[d], phys);
		break;
	case 2:
		swiotlb_sync_single_for_cpu(w->dev[d], phys, size, dir);
		swiotlb_sync_single_for_device(w->dev[d], (phys_addr_t)w->m[i].bus, size, dir);
		break;
	default:
		dmasim_swiotlb_stats(w->dev[d], &stats);
	}
}

static void mappings(struct world *w)
{
	static const char *const specs[] = {
		"pc-swiotlb,report=none,summary=off",
		"pc-swiotlb,swiotlb_size=256K,report=none,summary=off",
		"pc-swiotlb,swiotlb_size=256K,swiotlb_dynamic=on,sg_bounce=whole,report=none,summary=off",
		"pc,ram=64M,swiotlb=force,swiotlb_size=2M,swiotlb_areas=4,guard=snapshot,report=none,summary=off",
		"pc,swiotlb=force,checks=off,swiotlb_poison=slots,sg_bounce=whole,report=none,summary=off",
	};
	static void (*const does[])(struct world *) = {map, map, map, unmap, unmap, sync, device, list, kernel_calls};

	w->machine = dmasim_machine_create(specs[fuzz_below(&w->in, 5)]);
	if (!w->machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		abort();
	}
	for (unsigned int d = 0; d < 3; d++) {
		w->dev[d] = dmasim_device_create("fuzz");
		if (!w->dev[d] || dma_set_mask_and_coherent(w->dev[d], DMA_BIT_MASK(d == 1 ? 32 : 64)))
			abort();
	}
	dma_set_min_align_mask(w->dev[1], fuzz_below(&w->in, 2) ? 511 : 4095);
	if (dmasim_device_restrict_dma(w->dev[2], 1 << 20))
		abort();
	w->memory = (unsigned char *)__get_free_pages(GFP_KERNEL, 9); /* 512 pages: 30 buffers */
	if (!w->memory)
		abort();
	memset(w->memory, 7, (MAPPINGS + 6) * BUFFER);
	while (w->in.size) {
		fuzz_operations++;
		does[fuzz_below(&w->in, sizeof(does) / sizeof(*does))](w);
	}
	bounce_check(w->machine);
	tracker_check(w->machine);
	dmasim_machine_destroy(w->machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return 0;
	w->in.data = data;
	w->in.size = size;
	if (fuzz_below(&w->in, 2))
		mappings(w);
	else
		slots_alone(&w->in);
	free(w);
	return 0;
}
