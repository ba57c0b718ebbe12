// SPDX-License-Identifier: MIT
/* CPU-WRITE-LATE: written after the buffer was handed over. */
#include "tests/museum/museum.h"

#define N 256

/* DB-033, dmaengine/k3-udma: of the two kinds of descriptors, one is in cached memory and filled after it was mapped. */
static void filled_after_mapping(bool fixed)
{
	u64 *desc = kzalloc(64, GFP_KERNEL);
	dma_addr_t h;

	if (fixed)
		desc[0] = 0x8000000000000040;
	h = MAP(dma_map_single(chip, desc, 64, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	if (!fixed)
		ACT(desc[0] = 0x8000000000000040);
	dmasim_device_read(chip, h, wire, 64);
	dma_unmap_single(chip, h, 64, DMA_TO_DEVICE);
	kfree(desc);
}

/* DB-054, accel/xdna: the telemetry buffer is filled and handed over without cleaning the CPU's caches. */
static void not_cleaned(bool fixed)
{
	u8 *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, buf, N, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(chip, h))
		return;
	dma_sync_single_for_cpu(chip, h, N, DMA_BIDIRECTIONAL);
	memset(buf, 0x5a, N);
	if (fixed)
		dma_sync_single_for_device(chip, h, N, DMA_BIDIRECTIONAL);
	ACT(dmasim_device_read(chip, h, wire, N));
	dma_unmap_single(chip, h, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

/* DB-092, wifi/mt76: the addresses of a frame are rewritten after it was mapped. */
static void addresses_rewritten(bool fixed)
{
	static const u8 station[6] = {2, 0, 0, 0, 0, 7};
	u8 *frame = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, frame, N, DMA_TO_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	if (fixed)
		dma_sync_single_for_cpu(chip, h, N, DMA_TO_DEVICE);
	ACT(memcpy(frame + 4, station, sizeof(station)));
	if (fixed)
		dma_sync_single_for_device(chip, h, N, DMA_TO_DEVICE);
	dmasim_device_read(chip, h, wire, N);
	dma_unmap_single(chip, h, N, DMA_TO_DEVICE);
	kfree(frame);
}

/* DB-111, spi/imx: the transfer falls back to programmed I/O, on buffers that were left with the device. */
static void fall_back(bool fixed)
{
	u8 *rx = kzalloc(N, GFP_KERNEL), *tx = kzalloc(N, GFP_KERNEL);
	struct scatterlist sg_rx, sg_tx;

	sg_init_one(&sg_rx, rx, N);
	sg_init_one(&sg_tx, tx, N);
	if (!MAP(dma_map_sg(chip, &sg_rx, 1, DMA_FROM_DEVICE)))
		return;
	if (!dma_map_sg(chip, &sg_tx, 1, DMA_TO_DEVICE))
		return;
	/* no channel can be had: byte by byte, then */
	if (fixed)
		dma_unmap_sg(chip, &sg_rx, 1, DMA_FROM_DEVICE);
	for (int i = 0; i < N; i++)
		ACT(rx[i] = (u8)(tx[i] + 1));
	if (!fixed)
		dma_unmap_sg(chip, &sg_rx, 1, DMA_FROM_DEVICE);
	dma_unmap_sg(chip, &sg_tx, 1, DMA_TO_DEVICE);
	kfree(rx);
	kfree(tx);
}

/* DB-284, scsi/dc395x: after half a transfer the hardware's list is edited where it lies. */
struct segment {
	u32 addr, len;
};

static void list_edited_in_place(bool fixed)
{
	struct segment *list = kzalloc(4096, GFP_KERNEL);
	dma_addr_t h;

	list[0] = (struct segment){0x1000, 512};
	list[1] = (struct segment){0x2000, 512};
	h = MAP(dma_map_single(chip, list, 4096, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, 16);
	if (fixed)
		dma_sync_single_for_cpu(chip, h, 4096, DMA_TO_DEVICE);
	ACT(list[1].addr = 0x2100);
	if (fixed)
		dma_sync_single_for_device(chip, h, 4096, DMA_TO_DEVICE);
	dmasim_device_read(chip, h + 8, wire, 8);
	dma_unmap_single(chip, h, 4096, DMA_TO_DEVICE);
	kfree(list);
}

const struct museum_record cpu_write_late_records[] = {
	RECORD("DB-033", "a descriptor is filled after it was mapped", "cpu-write-while-device-owns",
	       filled_after_mapping),
	RECORD("DB-054", "handed over with dirty lines", "cpu-write-not-flushed", not_cleaned),
	RECORD("DB-092", "a mapped frame is edited", "cpu-write-while-device-owns", addresses_rewritten),
	RECORD("DB-111", "falls back to the CPU on the device's buffers", "cpu-write-while-device-owns", fall_back),
	RECORD("DB-284", "the hardware's list is edited in place", "cpu-write-while-device-owns", list_edited_in_place),
	{.id = NULL},
};
