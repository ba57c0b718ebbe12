// SPDX-License-Identifier: MIT
/* What the CPU touches: bytes belong to one side at a time, and change sides by hand-overs. */
#include "tests/rules/rules.h"

#define N 256

static uint8_t data[N];

static void read_owned_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = s->mapped;
	s->offset = 40;
	s->size = 1;
	sink = AT(s->act, GET(buf + 40));
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void read_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL), *out = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE), to = dma_map_single(dev, out, N, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, bus) || dma_mapping_error(dev, to))
		return;
	sink = GET(out + 40); /* what the device only reads may be looked at */
	dma_sync_single_for_cpu(dev, bus + 40, 8, DMA_FROM_DEVICE);
	sink = GET(buf + 40);
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	dma_unmap_single(dev, to, N, DMA_TO_DEVICE);
	sink = GET(buf + 41);
	kfree(buf);
	kfree(out);
}

static void write_owned_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = s->mapped;
	s->offset = 41;
	s->size = 1;
	AT(s->act, PUT(buf + 41, 0x5a));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void write_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	PUT(buf + 41, 0x11);
	bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_TO_DEVICE);
	PUT(buf + 41, 0x5a);
	dma_sync_single_for_device(dev, bus, N, DMA_TO_DEVICE);
	dmasim_device_read(dev, bus, data, N);
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	PUT(buf + 41, 0x12);
	kfree(buf);
}

/* The driver has the bytes, the device changes them all the same, and the driver does not sync again. */
static void stale_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	AT(s->handed, dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE));
	dmasim_device_write(dev, bus + 64, data, 16);
	s->offset = 70;
	s->size = 1;
	sink = AT(s->act, GET(buf + 70));
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void fresh_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	dmasim_device_write(dev, bus + 64, data, 16);
	sink = GET(buf + 128); /* not what the device wrote */
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	sink = GET(buf + 70);
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void not_flushed_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	AT(s->handed, dma_sync_single_for_cpu(dev, bus, N, DMA_TO_DEVICE));
	PUT(buf + 9, 0x5a);
	s->offset = 9;
	s->size = 1;
	AT(s->act, dmasim_device_read(dev, bus, data, 32));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* Changed in place between the sync and the unmap, which brings the device's bytes once more. */
static void lost_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_write(dev, bus, data, N);
	AT(s->handed, dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE));
	PUT(buf + 12, 0x5a);
	s->offset = 12;
	s->size = 1;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE));
	kfree(buf);
}

static void lost_by_sync_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(dev, bus))
		return;
	AT(s->handed, dma_sync_single_for_cpu(dev, bus, N, DMA_BIDIRECTIONAL));
	PUT(buf + 12, 0x5a);
	s->offset = 12;
	s->size = 1;
	AT(s->act, dma_sync_single_for_cpu(dev, bus, N, DMA_BIDIRECTIONAL));
	dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

static void kept_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_write(dev, bus, data, N);
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	PUT(buf + 12, 0x5a); /* the unmap hands nothing over, as network drivers do */
	dma_unmap_single_attrs(dev, bus, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, bus))
		return;
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	PUT(buf + 12, 0x5a);
	bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_TO_DEVICE);
	PUT(buf + 12, 0x5b); /* nothing is copied back from here */
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

const struct scenario cpu_scenarios[] = {
	{"cpu-read-while-device-owns", read_owned_wrong, read_legal, NULL, false},
	{"cpu-write-while-device-owns", write_owned_wrong, write_legal, NULL, false},
	{"cpu-read-stale", stale_wrong, fresh_legal, NULL, false},
	{"cpu-write-not-flushed", not_flushed_wrong, write_legal, NULL, false},
	{"cpu-write-lost", lost_wrong, kept_legal, NULL, false},
	{"cpu-write-lost", lost_by_sync_wrong, kept_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
