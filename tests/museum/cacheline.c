// SPDX-License-Identifier: MIT
/* CACHELINE: a cache line shared with what the CPU writes. */
#include "tests/museum/museum.h"

/* DB-004, mcuxsdk usdhc (another system): the CPU moves the block itself, and the end invalidates it all the same. */
static void invalidated_all_the_same(bool fixed)
{
	u8 *block = kzalloc(512, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, block, 512, DMA_FROM_DEVICE));
	bool engine = false; /* its descriptors could not be set up */

	if (dma_mapping_error(chip, h))
		return;
	if (fixed && !engine)
		dma_unmap_single(chip, h, 512, DMA_FROM_DEVICE);
	for (int i = 0; i < 512; i++)
		ACT(block[i] = (u8)(i + 1));
	if (!fixed)
		dma_unmap_single(chip, h, 512, DMA_FROM_DEVICE);
	kfree(block);
}

const struct museum_record cacheline_records[] = {
	RECORD("DB-004", "moved by the CPU, invalidated at the end", "cpu-write-while-device-owns",
	       invalidated_all_the_same),
	{.id = NULL},
};
