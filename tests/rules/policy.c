// SPDX-License-Identifier: MIT
/*
 * Policy where practice is legal: for each row of the table in docs/architecture.md, what real drivers do and is silent,
 * and the bug that looks most like it. Rows that are scenarios of another family are not repeated here.
 */
#include "tests/rules/rules.h"

#define N 256

static uint8_t data[N];

static uint8_t *buf;

static dma_addr_t begin(struct shot *s, enum dma_data_direction dir, unsigned long attrs)
{
	int line;
	dma_addr_t bus;

	buf = kzalloc(N, GFP_KERNEL);
	bus = AT(line, dma_map_single_attrs(dev, buf, N, dir, attrs));
	if (s)
		*s = (struct shot){0, 1, 0, line, ANY_LINE};
	return dma_mapping_error(dev, bus) ? DMA_MAPPING_ERROR : bus;
}

static void end(dma_addr_t bus, enum dma_data_direction dir)
{
	dma_unmap_single(dev, bus, N, dir);
	kfree(buf);
}

/* What the device only reads, the CPU may read as well. */
static void sent_wrong(struct shot *s)
{
	dma_addr_t bus = begin(s, DMA_TO_DEVICE, 0);

	AT(s->act, PUT(buf, 1));
	end(bus, DMA_TO_DEVICE);
}

static void sent_legal(void)
{
	dma_addr_t bus = begin(NULL, DMA_TO_DEVICE, 0);

	sink = GET(buf);
	dmasim_device_read(dev, bus, data, N);
	sink = GET(buf);
	end(bus, DMA_TO_DEVICE);
}

/* Received, looked at, and given back as it is: no sync for the device, but one for each look. */
static void looked_at_wrong(struct shot *s)
{
	dma_addr_t bus = begin(s, DMA_FROM_DEVICE, 0);

	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	sink = GET(buf);
	dmasim_device_write(dev, bus, data, N);
	sink = AT(s->act, GET(buf));
	end(bus, DMA_FROM_DEVICE);
}

static void looked_at_legal(void)
{
	dma_addr_t bus = begin(NULL, DMA_FROM_DEVICE, 0);

	for (int i = 0; i < 3; i++) {
		dmasim_device_write(dev, bus, data, N);
		dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
		sink = GET(buf);
	}
	end(bus, DMA_FROM_DEVICE);
}

/* The same bytes mapped twice: for reading, or with the hand-overs left to the driver. */
static void twice_wrong(struct shot *s)
{
	dma_addr_t a = begin(s, DMA_TO_DEVICE, 0), b;

	s->offset = N - 1;
	b = AT(s->act, dma_map_single(dev, buf + N - 1, 1, DMA_FROM_DEVICE));
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, 1, DMA_FROM_DEVICE);
	end(a, DMA_TO_DEVICE);
}

static void twice_legal(void)
{
	dma_addr_t a = begin(NULL, DMA_TO_DEVICE, 0), b = dma_map_single(dev, buf + 1, 64, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, 64, DMA_TO_DEVICE);
	b = dma_map_single_attrs(dev, buf, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	if (!dma_mapping_error(dev, b))
		dma_unmap_single_attrs(dev, b, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	end(a, DMA_TO_DEVICE);
}

/* A page mapped once, its pieces in different hands. */
static void piece_wrong(struct shot *s)
{
	dma_addr_t bus = begin(s, DMA_FROM_DEVICE, 0);

	dma_sync_single_for_cpu(dev, bus, N / 2, DMA_FROM_DEVICE);
	s->offset = N / 2;
	sink = AT(s->act, GET(buf + N / 2));
	end(bus, DMA_FROM_DEVICE);
}

static void piece_legal(void)
{
	dma_addr_t bus = begin(NULL, DMA_BIDIRECTIONAL, 0);

	dma_sync_single_for_cpu(dev, bus, N / 2, DMA_BIDIRECTIONAL);
	PUT(buf + N / 2 - 1, 1);
	dmasim_device_write(dev, bus + N / 2, data, N / 2);
	dma_sync_single_for_device(dev, bus, N / 2, DMA_BIDIRECTIONAL);
	dmasim_device_read(dev, bus, data, N);
	end(bus, DMA_BIDIRECTIONAL);
}

/* Mapped without a hand-over: the driver syncs what it uses. */
static void unsynced_wrong(struct shot *s)
{
	dma_addr_t bus = begin(s, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);

	dmasim_device_write(dev, bus, data, N);
	sink = AT(s->act, GET(buf));
	dma_unmap_single_attrs(dev, bus, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	kfree(buf);
}

static void unsynced_legal(void)
{
	dma_addr_t bus = begin(NULL, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);

	PUT(buf, 1); /* the rest of the page is the CPU's all along */
	dma_sync_single_for_device(dev, bus + 64, 64, DMA_BIDIRECTIONAL);
	dmasim_device_write(dev, bus + 64, data, 64);
	dma_sync_single_for_cpu(dev, bus + 64, 64, DMA_BIDIRECTIONAL);
	sink = GET(buf + 64);
	dma_unmap_single_attrs(dev, bus, N, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	sink = GET(buf);
	kfree(buf);
}

/* Memory that is mapped for good, and not coherent: each look needs its sync. */
static void noncoherent_wrong(struct shot *s)
{
	dma_addr_t handle;
	uint8_t *p = AT(s->mapped, dma_alloc_noncoherent(dev, N, &handle, DMA_FROM_DEVICE, GFP_KERNEL));

	if (!p)
		return;
	*s = (struct shot){8, 1, 0, s->mapped, ANY_LINE};
	dma_sync_single_for_device(dev, handle, N, DMA_FROM_DEVICE);
	dmasim_device_write(dev, handle, data, N);
	sink = AT(s->act, GET(p + 8));
	dma_free_noncoherent(dev, N, p, handle, DMA_FROM_DEVICE);
}

static void noncoherent_legal(void)
{
	dma_addr_t handle;
	uint8_t *p = dma_alloc_noncoherent(dev, N, &handle, DMA_FROM_DEVICE, GFP_KERNEL);

	if (!p)
		return;
	dma_sync_single_for_device(dev, handle, N, DMA_FROM_DEVICE);
	dmasim_device_write(dev, handle, data, N);
	dma_sync_single_for_cpu(dev, handle, N, DMA_FROM_DEVICE);
	sink = GET(p + 8);
	dma_free_noncoherent(dev, N, p, handle, DMA_FROM_DEVICE);
}

static void noncoherent_size_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *p = AT(s->mapped, dma_alloc_noncoherent(dev, N, &handle, DMA_FROM_DEVICE, GFP_KERNEL));

	if (!p)
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, s->mapped, ANY_LINE};
	AT(s->act, dma_free_noncoherent(dev, N / 2, p, handle, DMA_FROM_DEVICE));
}

const struct scenario policy_scenarios[] = {
	{"cpu-write-while-device-owns", sent_wrong, sent_legal, NULL, false},
	{"cpu-read-stale", looked_at_wrong, looked_at_legal, NULL, false},
	{"map-overlap", twice_wrong, twice_legal, NULL, false},
	{"cpu-read-while-device-owns", piece_wrong, piece_legal, NULL, false},
	{"cpu-read-stale", unsynced_wrong, unsynced_legal, NULL, false},
	{"cpu-read-while-device-owns", noncoherent_wrong, noncoherent_legal, NULL, false},
	{"coherent-free-mismatch", noncoherent_size_wrong, noncoherent_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
