// SPDX-License-Identifier: MIT
/* PAIR: released by a call of another family than it came from. */
#include "tests/museum/museum.h"

/* DB-051, net/fec: the pages of a ring are released by the call that ends their mapping, and no more. */
static void release_mapping(struct page *page, dma_addr_t h)
{
	dma_unmap_page(chip, h, PAGE_SIZE, DMA_FROM_DEVICE);
	(void)page;
}

static void put_full_page(struct page *page, dma_addr_t h)
{
	dma_unmap_page(chip, h, PAGE_SIZE, DMA_FROM_DEVICE);
	put_page(page);
}

static void pages_never_return(bool fixed)
{
	struct page *page[4];
	dma_addr_t h[4];

	for (int i = 0; i < 4; i++) {
		page[i] = MAP(alloc_page(GFP_KERNEL));
		h[i] = dma_map_page(chip, page[i], 0, PAGE_SIZE, DMA_FROM_DEVICE);
		if (dma_mapping_error(chip, h[i]))
			return;
	}
	for (int i = 0; i < 4; i++)
		(fixed ? put_full_page : release_mapping)(page[i], h[i]);
}

/* DB-076, spi/fsl-dspi: buffers from the coherent allocator are unmapped, which frees nothing. */
static void unmapped_not_freed(bool fixed)
{
	dma_addr_t tx, rx;
	u32 *tx_buf = dma_alloc_coherent(chip, 8, &tx, GFP_KERNEL);
	u32 *rx_buf = MAP(dma_alloc_coherent(chip, 8, &rx, GFP_KERNEL));

	dmasim_device_write(chip, rx, wire, 8);
	dma_free_coherent(chip, 8, tx_buf, tx);
	if (fixed)
		dma_free_coherent(chip, 8, rx_buf, rx);
	else
		ACT(dma_unmap_single(chip, rx, 8, DMA_FROM_DEVICE));
}

const struct museum_record pair_records[] = {
	RECORD("DB-051", "only the mappings are released", "memory-leak", pages_never_return, .options = "lint=on"),
	RECORD("DB-076", "coherent memory unmapped in place of freed", "unmap-wrong-kind", unmapped_not_freed),
	{.id = NULL},
};
