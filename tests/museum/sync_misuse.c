// SPDX-License-Identifier: MIT
/* SYNC-MISUSE: synced by the wrong call, or in the wrong order. */
#include "tests/museum/museum.h"

#define N 256

/* DB-138, crypto/atmel-tdes: handed to the device where the CPU is about to read. */
static void the_other_call(bool fixed)
{
	u8 *out = kzalloc(N, GFP_KERNEL), iv[16];
	dma_addr_t h = MAP(dma_map_single(chip, out, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, N);
	if (fixed)
		dma_sync_single_for_cpu(chip, h, N, DMA_FROM_DEVICE);
	else
		dma_sync_single_for_device(chip, h, N, DMA_FROM_DEVICE);
	ACT(memcpy(iv, out + N - 16, 16));
	sink = iv[0];
	dma_unmap_single(chip, h, N, DMA_FROM_DEVICE);
	kfree(out);
}

/* DB-174, virtio_ring: wrappers around the partial syncs take a direction and pass another. */
static void ring_sync_for_cpu(dma_addr_t h, size_t offset, size_t n, enum dma_data_direction dir, bool fixed)
{
	ACT(dma_sync_single_range_for_cpu(chip, h, offset, n, fixed ? dir : DMA_BIDIRECTIONAL));
}

static void wrapper_drops_the_direction(bool fixed)
{
	u8 *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h + 64, wire, 64);
	ring_sync_for_cpu(h, 64, 64, DMA_FROM_DEVICE, fixed);
	sink = buf[64];
	dma_unmap_single(chip, h, N, DMA_FROM_DEVICE);
	kfree(buf);
}

const struct museum_record sync_misuse_records[] = {
	RECORD("DB-138", "synced for the device before the CPU reads", "cpu-read-while-device-owns", the_other_call),
	RECORD("DB-174", "a wrapper drops the direction", "sync-wrong-direction", wrapper_drops_the_direction),
	{.id = NULL},
};
