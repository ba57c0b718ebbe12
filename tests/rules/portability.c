// SPDX-License-Identifier: MIT
/* Lints: tidier another way (lint=on), or right only on machines like this one (portability=on). */
#include <linux/dmapool.h>
#include "tests/rules/rules.h"

#define N    256
#define MANY 17

static uint8_t data[N];

static void use(void *p, size_t size, enum dma_data_direction dir)
{
	dma_addr_t bus = dma_map_single(dev, p, size, dir);

	if (dma_mapping_error(dev, bus))
		return;
	if (dir != DMA_TO_DEVICE)
		dmasim_device_write(dev, bus, data, 16);
	if (dir != DMA_FROM_DEVICE)
		dmasim_device_read(dev, bus, data, 16);
	dma_unmap_single(dev, bus, size, dir);
}

/* A receive buffer inside the driver's own structure. */
struct state {
	int packets;
	uint8_t buffer[N];
};

static void line_wrong(struct shot *s)
{
	struct state *state = kzalloc(sizeof(*state), GFP_KERNEL);
	dma_addr_t bus;

	s->size = N;
	s->mapped = s->handed = ANY_LINE;
	bus = AT(s->act, dma_map_single(dev, state->buffer, N, DMA_FROM_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(state);
}

static void line_legal(void)
{
	struct state *state = kzalloc(sizeof(*state), GFP_KERNEL);
	uint8_t *odd = kzalloc(100, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t bus;

	use(state->buffer, N, DMA_TO_DEVICE); /* a line that the device only reads may be written around it */
	use(odd, 100, DMA_FROM_DEVICE);	      /* what follows a whole allocation is nobody's */
	bus = dma_map_page(dev, page, 128, 64, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, 64, DMA_FROM_DEVICE);
	__free_page(page);
	kfree(odd);
	kfree(state);
}

static void part_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = s->mapped;
	s->size = 14;
	AT(s->act, dma_sync_single_for_cpu(dev, bus, 14, DMA_FROM_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void part_legal(void)
{
	uint8_t *buf = kzalloc(100, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, 100, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	dma_sync_single_range_for_cpu(dev, bus, 64, 36, DMA_FROM_DEVICE); /* to the end */
	dma_unmap_single(dev, bus, 100, DMA_FROM_DEVICE);
	kfree(buf);
}

/* Clears the word in which it will look for an answer, and hands the buffer back. */
static void from_device_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	AT(s->handed, dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE));
	PUT(buf, 0);
	s->size = 1;
	AT(s->act, dma_sync_single_for_device(dev, bus, N, DMA_FROM_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void from_device_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_BIDIRECTIONAL);
	PUT(buf, 0);
	dma_sync_single_for_device(dev, bus, N, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

/* Two pages that happen to be neighbours. */
static void across_wrong(struct shot *s)
{
	struct page *page[2] = {alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL)};
	unsigned int low = page_to_pfn(page[1]) < page_to_pfn(page[0]);
	dma_addr_t bus;

	s->offset = s->size = PAGE_SIZE;
	s->mapped = s->handed = ANY_LINE;
	bus = AT(s->act, dma_map_page(dev, page[low], 0, 2 * PAGE_SIZE, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	__free_page(page[0]);
	__free_page(page[1]);
}

/* Tables join neighbours by themselves, and lists may hold any pages. */
static void neighbours_in_a_list(void)
{
	struct page *page[2] = {alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL)};
	unsigned int low = page_to_pfn(page[1]) < page_to_pfn(page[0]);
	struct page *in_order[2] = {page[low], page[!low]};
	struct sg_table t;

	if (!sg_alloc_table_from_pages(&t, in_order, 2, 0, 2 * PAGE_SIZE, GFP_KERNEL)) {
		if (!dma_map_sgtable(dev, &t, DMA_TO_DEVICE, 0))
			dma_unmap_sgtable(dev, &t, DMA_TO_DEVICE, 0);
		sg_free_table(&t);
	}
	__free_page(page[0]);
	__free_page(page[1]);
}

static void across_legal(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	dma_addr_t bus = dma_map_page(dev, page, 0, 2 * PAGE_SIZE, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	__free_pages(page, 1);
	neighbours_in_a_list();
}

#define LONG (512UL << 10)

static void long_wrong(struct shot *s)
{
	void *buf = kzalloc(LONG, GFP_KERNEL);
	dma_addr_t bus;

	s->size = LONG;
	s->mapped = s->handed = ANY_LINE;
	bus = AT(s->act, dma_map_single(dev, buf, LONG, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, LONG, DMA_TO_DEVICE);
	kfree(buf);
}

static void long_legal(void)
{
	size_t size = dma_max_mapping_size(dev) < LONG ? dma_max_mapping_size(dev) : LONG;
	void *buf = kzalloc(LONG, GFP_KERNEL);

	use(buf, size, DMA_TO_DEVICE);
	kfree(buf);
}

static void one_way_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_read(dev, bus, data, N);
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL));
	kfree(buf);
}

static void both_ways_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	use(buf, N, DMA_BIDIRECTIONAL);
	use(buf, N, DMA_TO_DEVICE);
	use(buf, N, DMA_FROM_DEVICE);
	bus = dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL); /* not used at all: says nothing */
	kfree(buf);
}

static void small_wrong(struct shot *s)
{
	dma_addr_t handle[MANY];
	void *block[MANY];

	*s = (struct shot){ANY_SIZE, 64, 0, ANY_LINE, ANY_LINE};
	for (int i = 0; i < MANY; i++)
		block[i] = AT(s->act, dma_alloc_coherent(dev, 64, &handle[i], GFP_KERNEL)); /* said once */
	for (int i = 0; i < MANY; i++)
		dma_free_coherent(dev, 64, block[i], handle[i]);
}

static void pool_legal(void)
{
	struct dma_pool *pool = dma_pool_create("blocks", dev, 64, 64, 0);
	dma_addr_t handle[MANY];
	void *block[MANY], *ring;

	for (int i = 0; i < MANY; i++)
		block[i] = dma_pool_alloc(pool, GFP_KERNEL, &handle[i]);
	for (int i = 0; i < MANY; i++)
		dma_pool_free(pool, block[i], handle[i]);
	dma_pool_destroy(pool);
	ring = dma_alloc_coherent(dev, 64, &handle[0], GFP_KERNEL);
	dma_free_coherent(dev, 64, ring, handle[0]);
}

static void kind_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));

	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_sync_single_for_cpu(dev, handle, 64, DMA_FROM_DEVICE));
	dma_free_coherent(dev, N, ring, handle);
}

static void kind_legal(void)
{
	dma_addr_t handle;
	void *ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
	dma_free_coherent(dev, N, ring, handle);
}

const struct scenario portability_scenarios[] = {
	{"cache-line-shared", line_wrong, line_legal, "portability=on", false},
	{"sync-part-of-line", part_wrong, part_legal, "portability=on", false},
	{"cpu-write-of-from-device", from_device_wrong, from_device_legal, "portability=on", false},
	{"map-across-blocks", across_wrong, across_legal, "portability=on", false},
	{"map-too-long-to-bounce", long_wrong, long_legal, "portability=on,swiotlb=off", false},
	{"bidirectional-one-way", one_way_wrong, both_ways_legal, "lint=on", false},
	{"coherent-many-small", small_wrong, pool_legal, "lint=on", false},
	{"sync-wrong-kind", kind_wrong, kind_legal, "lint=on", false},
	{NULL, NULL, NULL, NULL, false},
};
