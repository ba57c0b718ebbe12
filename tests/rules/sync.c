// SPDX-License-Identifier: MIT
/* Hand-overs: a sync names bytes of one live mapping, in the mapping's direction. */
#include "tests/rules/rules.h"

#define N 256

static uint8_t *buf;
static dma_addr_t bus;

static void begin(enum dma_data_direction dir)
{
	buf = kmalloc(N, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, dir);
	if (dma_mapping_error(dev, bus))
		bus = DMA_MAPPING_ERROR;
}

static void end(enum dma_data_direction dir)
{
	dma_unmap_single(dev, bus, N, dir);
	kfree(buf);
}

static void unknown_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, 64, 0, 0, 0};
	AT(s->act, dma_sync_single_for_cpu(dev, 0x1000, 64, DMA_FROM_DEVICE));
}

static void whole_legal(void)
{
	begin(DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	dma_sync_single_for_device(dev, bus, N, DMA_FROM_DEVICE);
	end(DMA_FROM_DEVICE);
}

static void after_wrong(struct shot *s)
{
	uint8_t *b = kmalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_sync_single_for_cpu(dev, d, N, DMA_FROM_DEVICE));
	kfree(b);
}

static void range_wrong(struct shot *s)
{
	uint8_t *b = kmalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	s->handed = ANY_LINE;
	s->offset = N;
	s->size = 64;
	AT(s->act, dma_sync_single_range_for_cpu(dev, d, N - 64, 128, DMA_FROM_DEVICE));
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

static void range_legal(void)
{
	begin(DMA_FROM_DEVICE);
	dma_sync_single_range_for_cpu(dev, bus, N - 64, 64, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(dev, bus + 64, 64, DMA_FROM_DEVICE);
	end(DMA_FROM_DEVICE);
}

static void direction_wrong(struct shot *s)
{
	uint8_t *b = kmalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_sync_single_for_device(dev, d, N, DMA_TO_DEVICE));
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

static void bidirectional_legal(void)
{
	begin(DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	dma_sync_single_for_device(dev, bus, N, DMA_TO_DEVICE);
	end(DMA_BIDIRECTIONAL);
}

static void redundant_wrong(struct shot *s)
{
	uint8_t *b = kmalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	AT(s->handed, dma_sync_single_for_cpu(dev, d, N, DMA_FROM_DEVICE));
	s->size = N;
	AT(s->act, dma_sync_single_for_cpu(dev, d, N, DMA_FROM_DEVICE));
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

/* The device goes on writing between two looks at its buffer. */
static void polled_legal(void)
{
	uint8_t *b = kmalloc(N, GFP_KERNEL), data[N] = {1};
	dma_addr_t d = dma_map_single(dev, b, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, d))
		return;
	dma_sync_single_for_cpu(dev, d, N, DMA_FROM_DEVICE);
	dmasim_device_write(dev, d, data, N);
	dma_sync_single_for_cpu(dev, d, N, DMA_FROM_DEVICE);
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

const struct scenario sync_scenarios[] = {
	{"sync-unknown", unknown_wrong, whole_legal, NULL, false},
	{"sync-after-unmap", after_wrong, whole_legal, NULL, false},
	{"sync-out-of-range", range_wrong, range_legal, NULL, false},
	{"sync-wrong-direction", direction_wrong, bidirectional_legal, NULL, false},
	{"sync-redundant", redundant_wrong, polled_legal, "lint=on", false},
	{NULL, NULL, NULL, NULL, false},
};
