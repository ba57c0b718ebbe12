// SPDX-License-Identifier: MIT
/* SYNC-RANGE: other bytes synced than used. */
#include "tests/museum/museum.h"

#define HEADROOM 64

/* DB-233, net/mvpp2: the hardware writes behind the headroom, the sync begins at the buffer: the tail is left out. */
static void headroom_forgotten(bool fixed)
{
	const size_t len = 200;
	u8 *buf = kzalloc(2048, GFP_KERNEL), first, last;
	dma_addr_t h = MAP(dma_map_single(chip, buf, 2048, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h + HEADROOM, wire, len);
	dma_sync_single_range_for_cpu(chip, h, fixed ? HEADROOM : 0, len, DMA_FROM_DEVICE);
	first = buf[HEADROOM];
	last = ACT(buf[HEADROOM + len - 1]);
	sink = first + last;
	dma_unmap_single(chip, h, 2048, DMA_FROM_DEVICE);
	kfree(buf);
}

/* DB-298, staging/qlge: the handle is kept twice, and only one copy follows when the buffer is replaced. */
struct buffer {
	u8 *p;
	dma_addr_t h, h_for_unmap;
};

static void copy_left_behind(bool fixed)
{
	struct buffer b;

	for (size_t n = 256; n <= 512; n *= 2) {
		b.p = kzalloc(n, GFP_KERNEL);
		b.h = dma_map_single(chip, b.p, n, DMA_FROM_DEVICE);
		if (dma_mapping_error(chip, b.h))
			return;
		if (n == 256) {
			b.h_for_unmap = b.h;
			dma_unmap_single(chip, b.h, n, DMA_FROM_DEVICE);
			kfree(b.p);
		}
	}
	dmasim_device_write(chip, b.h, wire, 128);
	ACT(dma_sync_single_for_cpu(chip, fixed ? b.h : b.h_for_unmap, 128, DMA_FROM_DEVICE));
	sink = b.p[0];
	dma_unmap_single(chip, b.h, 512, DMA_FROM_DEVICE);
	kfree(b.p);
}

const struct museum_record sync_range_records[] = {
	RECORD("DB-233", "the sync does not know the headroom", "cpu-read-while-device-owns", headroom_forgotten),
	RECORD("DB-298", "synced by a stale copy of the handle", "sync-after-unmap", copy_left_behind,
	       .then = "cpu-read-while-device-owns"),
	{.id = NULL},
};
