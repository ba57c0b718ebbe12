// SPDX-License-Identifier: MIT
/* PAIR: released by a call of another family than it came from. */
#include "tests/museum/museum.h"

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
	RECORD("DB-076", "coherent memory unmapped in place of freed", "unmap-wrong-kind", unmapped_not_freed),
	{.id = NULL},
};
