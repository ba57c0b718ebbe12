// SPDX-License-Identifier: MIT
/* REUSE-OWNED: armed again while somebody still holds it. */
#include "tests/museum/museum.h"

/* DB-006, net/mvpp2: the slot cannot be refilled, so the buffer that the stack has by now goes back to the hardware. */
static void back_to_the_hardware(bool fixed)
{
	u8 *buf = kzalloc(2048, GFP_KERNEL), *fresh, *skb;
	dma_addr_t h = MAP(dma_map_single(chip, buf, 2048, DMA_FROM_DEVICE)), armed = 0;

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, 900);
	dma_unmap_single(chip, h, 2048, DMA_FROM_DEVICE);
	skb = buf; /* the stack's */
	dmasim_fail_call("kmalloc", 1);
	fresh = kmalloc(2048, GFP_ATOMIC);
	if (!fresh && !fixed)
		armed = h;
	if (armed)
		ACT(dmasim_device_write(chip, armed, wire, 700));
	sink = skb[0];
	kfree(skb);
}

/* DB-117, net/i40e, ice, ixgbe, igb: half a page is armed again since nobody seems to hold it, but the stack does. */
static void half_in_use(bool fixed)
{
	const enum dma_data_direction dir = DMA_FROM_DEVICE;
	struct page *page = alloc_page(GFP_KERNEL);
	u8 *half = page_address(page);
	dma_addr_t h = MAP(dma_map_page_attrs(chip, page, 0, PAGE_SIZE, dir, DMA_ATTR_SKIP_CPU_SYNC));

	if (dma_mapping_error(chip, h))
		return;
	dma_sync_single_range_for_device(chip, h, 0, 2048, dir);
	dmasim_device_write(chip, h, wire, 1500);
	dma_sync_single_range_for_cpu(chip, h, 0, 2048, dir); /* and to the stack */
	if (fixed)
		sink = half[100];
	dma_sync_single_range_for_device(chip, h, 0, 2048, dir); /* its count was read too late: armed */
	dmasim_device_write(chip, h, wire + 2000, 1500);
	if (!fixed)
		sink = ACT(half[100]); /* the stack gets to it */
	dma_unmap_page_attrs(chip, h, PAGE_SIZE, dir, DMA_ATTR_SKIP_CPU_SYNC);
	__free_page(page);
}

const struct museum_record reuse_owned_records[] = {
	RECORD("DB-006", "what the stack has is armed again", "device-access-after-unmap", back_to_the_hardware),
	RECORD("DB-117", "half a page in use is armed again", "cpu-read-while-device-owns", half_in_use),
	{.id = NULL},
};
