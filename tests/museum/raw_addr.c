// SPDX-License-Identifier: MIT
/* RAW-ADDR: a physical or virtual address given to the hardware, or a handle taken for one. */
#include <asm/io.h>
#include "tests/museum/museum.h"

#define N 512

/* DB-147, NVIDIA's kernel module: what a peer is to write are the other card's registers, given by where they lie. */
static void peers_registers(bool fixed)
{
	const phys_addr_t bar = 0xfe000000;
	struct device *peer = dmasim_device_create("peer0");
	dma_addr_t h = bar;

	if (dma_set_mask_and_coherent(peer, DMA_BIT_MASK(64)))
		return;
	if (fixed) {
		h = dma_map_resource(peer, bar, 4096, DMA_FROM_DEVICE, 0);
		if (dma_mapping_error(peer, h))
			return;
	}
	ACT(dmasim_device_write(peer, h, wire, 64));
	if (fixed)
		dma_unmap_resource(peer, h, 4096, DMA_FROM_DEVICE, 0);
}

/* DB-157, wifi/ath10k: the beacon's buffer is ordinary memory, and its pointer becomes a handle by a cast. */
static void pointer_by_cast(bool fixed)
{
	u8 *beacon = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = (dma_addr_t)(uintptr_t)beacon;

	if (fixed) {
		h = dma_map_single(chip, beacon, N, DMA_TO_DEVICE);
		if (dma_mapping_error(chip, h))
			return;
	}
	ACT(dmasim_device_read(chip, h, wire, 64));
	if (fixed)
		dma_unmap_single(chip, h, N, DMA_TO_DEVICE);
	kfree(beacon);
}

/* DB-265, staging/zoran: the status table is polled in memory that was never mapped, at its physical address. */
static void physical_status(bool fixed)
{
	u32 *stat = kzalloc(64, GFP_KERNEL), done = 1;
	dma_addr_t h = virt_to_phys(stat);

	if (fixed) {
		h = dma_map_single(chip, stat, 64, DMA_FROM_DEVICE);
		if (dma_mapping_error(chip, h))
			return;
	}
	ACT(dmasim_device_write(chip, h, &done, 4));
	if (fixed)
		dma_unmap_single(chip, h, 64, DMA_FROM_DEVICE);
	sink = stat[0];
	kfree(stat);
}

/* DB-278, scsi/pm8001: the request's handle is turned back into a pointer as if it were a physical address. */
static void handle_for_physical(bool fixed)
{
	u8 *frame = kzalloc(64, GFP_KERNEL), *p;
	struct scatterlist req;

	frame[1] = 0x10;
	sg_init_one(&req, frame, 64);
	if (!MAP(dma_map_sg(chip, &req, 1, DMA_TO_DEVICE)))
		return;
	p = fixed ? sg_virt(&req) : ACT(phys_to_virt(sg_dma_address(&req)));
	if (p == frame)
		sink = p[1];
	dma_unmap_sg(chip, &req, 1, DMA_TO_DEVICE);
	kfree(frame);
}

const struct museum_record raw_addr_records[] = {
	RECORD("DB-147", "another card's registers by their physical address", "device-access-unmapped",
	       peers_registers),
	RECORD("DB-157", "a pointer cast to a handle", "device-used-virtual-address", pointer_by_cast),
	RECORD("DB-265", "memory that was never mapped, by its physical address", "device-access-unmapped",
	       physical_status),
	RECORD("DB-278", "a handle turned back into a pointer", "cpu-used-bus-address", handle_for_physical),
	{.id = NULL},
};
