// SPDX-License-Identifier: MIT
/* FREE-MAPPED: freed by the CPU before it is unmapped; the device is done by then. */
#include "tests/museum/museum.h"

/* DB-045, pci/dwc: the page that interrupt messages are aimed at is freed, and then unmapped. */
static void message_page(bool fixed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_page(chip, page, 0, PAGE_SIZE, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		goto out;
	if (!fixed)
		ACT(__free_page(page));
	dma_unmap_page(chip, h, PAGE_SIZE, DMA_FROM_DEVICE);
	if (!fixed)
		return;
out:
	__free_page(page);
}

const struct museum_record free_mapped_records[] = {
	RECORD("DB-045", "freed, then unmapped", "free-while-mapped", message_page),
	{.id = NULL},
};
