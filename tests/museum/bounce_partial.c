// SPDX-License-Identifier: MIT
/* BOUNCE-PARTIAL: the device writes less than what is copied back. */
#include <linux/bug.h>
#include "tests/museum/museum.h"

/*
 * DB-184, swiotlb core: the kernel's own bug, not a driver's. A slot was given to the next user with the bytes of the
 * last one, and a mapping that the device does not fill brought them back. The library must not have it: the driver is
 * legal, and what it finds in its buffer is what it put there.
 */
static void slot_of_another(bool fixed)
{
	u8 *secret = kzalloc(4096, GFP_KERNEL), *buf = kzalloc(4096, GFP_KERNEL);
	dma_addr_t h;

	(void)fixed;
	memset(secret, 0x5e, 4096);
	h = MAP(dma_map_single(chip, secret, 4096, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, 4096);
	dma_unmap_single(chip, h, 4096, DMA_TO_DEVICE);
	h = dma_map_single(chip, buf, 4096, DMA_FROM_DEVICE);
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire + 4096, 16); /* a short answer */
	dma_unmap_single(chip, h, 4096, DMA_FROM_DEVICE);
	for (int i = 0; i < 4096; i++)
		ACT(WARN_ON(buf[i] == 0x5e));
	kfree(buf);
	kfree(secret);
}

const struct museum_record bounce_partial_records[] = {
	RECORD("DB-184", "a slot still holds its last user's bytes: the kernel's bug", NULL, slot_of_another),
	{.id = NULL},
};
