// SPDX-License-Identifier: MIT
/* Bounce buffers: what they cannot take, and what to do when they are full. */
#include "tests/rules/rules.h"

#define ORDER 7 /* 512 KiB: twice what can bounce */
#define BYTES (PAGE_SIZE << ORDER)

static void too_large(struct shot *s)
{
	void *p = (void *)__get_free_pages(GFP_KERNEL, ORDER);
	dma_addr_t bus;

	bus = AT(s->act, dma_map_single(dev, p, BYTES, DMA_TO_DEVICE));
	s->offset = 0;
	s->size = BYTES;
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, BYTES, DMA_TO_DEVICE);
	free_pages((unsigned long)p, ORDER);
}

/* As much at a time as can be mapped. */
static void in_pieces(void)
{
	size_t max = dma_max_mapping_size(dev), done = 0, n;
	char *p = (void *)__get_free_pages(GFP_KERNEL, ORDER);

	for (; done < BYTES; done += n) {
		dma_addr_t bus;

		n = BYTES - done < max ? BYTES - done : max;
		bus = dma_map_single(dev, p + done, n, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, bus))
			break;
		dma_unmap_single(dev, bus, n, DMA_TO_DEVICE);
	}
	free_pages((unsigned long)p, ORDER);
}

#define RING 160 /* pages; the pool of 256 KiB has room for 64 */

static unsigned long pages[RING];
static dma_addr_t ring[RING];

static bool fill(unsigned int i)
{
	ring[i] = dma_map_single(dev, (void *)pages[i], PAGE_SIZE, DMA_TO_DEVICE);
	return !dma_mapping_error(dev, ring[i]);
}

static void ring_begin(void)
{
	for (unsigned int i = 0; i < RING; i++)
		pages[i] = __get_free_page(GFP_KERNEL);
}

static void ring_end(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (ring[i] != DMA_MAPPING_ERROR)
			dma_unmap_single(dev, ring[i], PAGE_SIZE, DMA_TO_DEVICE);
	for (unsigned int i = 0; i < RING; i++)
		free_page(pages[i]);
}

/* Each failure is looked at, and the next map tried at once. */
static void goes_on(struct shot *s)
{
	ring_begin();
	for (unsigned int i = 0; i < RING; i++)
		fill(i);
	s->offset = 0;
	s->size = PAGE_SIZE;
	s->act = ANY_LINE;
	ring_end(RING);
}

/* The queue stops at the first failure, and goes on with what comes free. */
static void backs_off(void)
{
	unsigned int head = 0, tail = 0;

	ring_begin();
	while (head < RING) {
		if (fill(head)) {
			head++;
			continue;
		}
		if (tail == head)
			break;
		dma_unmap_single(dev, ring[tail++], PAGE_SIZE, DMA_TO_DEVICE);
	}
	while (tail < head)
		dma_unmap_single(dev, ring[tail++], PAGE_SIZE, DMA_TO_DEVICE);
	ring_end(0);
}

const struct scenario bounce_scenarios[] = {
	{"swiotlb-exhausted", too_large, in_pieces, NULL, false},
	{"swiotlb-exhausted", goes_on, backs_off, "swiotlb_size=256K", false},
	{NULL, NULL, NULL, NULL, false},
};
