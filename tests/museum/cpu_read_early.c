// SPDX-License-Identifier: MIT
/* CPU-READ-EARLY: read before the buffer was handed back. On a coherent PC the right bytes are there all the same. */
#include "tests/museum/museum.h"

#define N 256

/* DB-095, usb/usbmon: a monitor looks into a transfer's buffer, whose hand-overs are its driver's business. */
static void monitor(const u8 *v)
{
	sink = ACT(v[0]);
}

static void looked_over_the_shoulder(bool fixed)
{
	dma_addr_t h;
	u8 *v = MAP(dma_alloc_noncoherent(chip, N, &h, DMA_FROM_DEVICE, GFP_KERNEL));

	if (!v)
		return;
	dma_sync_single_for_device(chip, h, N, DMA_FROM_DEVICE);
	dmasim_device_write(chip, h, wire, N);
	if (fixed)
		dma_sync_single_for_cpu(chip, h, N, DMA_FROM_DEVICE);
	monitor(v);
	dma_free_noncoherent(chip, N, v, h, DMA_FROM_DEVICE);
}

/* DB-170, crypto/talitos: the done bit is polled in a descriptor that is mapped as streaming memory. */
struct descriptor {
	u32 header, result[7];
};

#define DONE 0xff000000u

static void set_done(void *arg)
{
	u32 done = DONE;

	dmasim_device_write(chip, *(dma_addr_t *)arg, &done, sizeof(done));
}

static void done_bit_is_polled(bool fixed)
{
	struct descriptor *desc = kzalloc(sizeof(*desc), GFP_KERNEL);
	static dma_addr_t h;
	bool done = false;

	h = MAP(dma_map_single(chip, desc, sizeof(*desc), DMA_BIDIRECTIONAL));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_after(chip, 3000, set_done, &h);
	for (int us = 0; us < 10 && !done; us++) {
		udelay(1);
		if (fixed)
			dma_sync_single_for_cpu(chip, h, sizeof(u32), DMA_BIDIRECTIONAL);
		done = ACT(READ_ONCE(desc->header)) & DONE;
		if (fixed && !done)
			dma_sync_single_for_device(chip, h, sizeof(u32), DMA_BIDIRECTIONAL);
	}
	dma_unmap_single(chip, h, sizeof(*desc), DMA_BIDIRECTIONAL);
	kfree(desc);
}

/* DB-280, stm32h7 sdmmc (another system): invalidated before the transfer only, so lines can be fetched during it. */
static void invalidated_before_only(bool fixed)
{
	u8 *block = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, block, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	dma_sync_single_for_cpu(chip, h, N, DMA_FROM_DEVICE);
	dmasim_device_write(chip, h, wire, N);
	if (fixed)
		dma_sync_single_for_cpu(chip, h, N, DMA_FROM_DEVICE);
	sink = ACT(block[40]);
	dma_unmap_single(chip, h, N, DMA_FROM_DEVICE);
	kfree(block);
}

/* DB-296, scsi/cxgbit: a command is executed on the data that has arrived; the list is unmapped when it ends. */
static void backend(const u8 *data)
{
	unsigned long sum = 0;

	for (int i = 0; i < 16; i++)
		sum += ACT(data[i]);
	sink = sum;
}

static void executed_before_unmap(bool fixed)
{
	u8 *data = kzalloc(N, GFP_KERNEL);
	struct scatterlist sg;

	sg_init_one(&sg, data, N);
	if (!MAP(dma_map_sg(chip, &sg, 1, DMA_FROM_DEVICE)))
		return;
	dmasim_device_write(chip, sg_dma_address(&sg), wire, N);
	if (fixed)
		dma_unmap_sg(chip, &sg, 1, DMA_FROM_DEVICE);
	backend(data);
	if (!fixed)
		dma_unmap_sg(chip, &sg, 1, DMA_FROM_DEVICE);
	kfree(data);
}

const struct museum_record cpu_read_early_records[] = {
	RECORD("DB-095", "a monitor reads what the device owns", "cpu-read-while-device-owns",
	       looked_over_the_shoulder),
	RECORD("DB-170", "a streaming descriptor is polled", "cpu-read-while-device-owns", done_bit_is_polled),
	RECORD("DB-280", "synced before the transfer, not after it", "cpu-read-stale", invalidated_before_only),
	RECORD("DB-296", "used before it is unmapped", "cpu-read-while-device-owns", executed_before_unmap),
	{.id = NULL},
};
