// SPDX-License-Identifier: MIT
/* MISCOMPUTE: wrong arithmetic on handles. */
#include "tests/museum/museum.h"

/* DB-020, vfio/hisi_acc: on migration the two halves of a queue's address are put together the wrong way round. */
static void halves_swapped(bool fixed)
{
	dma_addr_t h, restored;
	u32 reg_low, reg_high;
	void *eqe = dma_alloc_coherent(chip, 4096, &h, GFP_KERNEL);

	if (!eqe)
		return;
	reg_low = lower_32_bits(h);
	reg_high = upper_32_bits(h);
	restored = fixed ? (u64)reg_high << 32 | reg_low : (u64)reg_low << 32 | reg_high;
	ACT(dmasim_device_write(chip, restored, wire, 32));
	dma_free_coherent(chip, 4096, eqe, h);
}

/* DB-113, iommu/dma peer-to-peer: the length of the list's head is copied into each of its entries. */
static void heads_length(bool fixed)
{
	static const unsigned int lengths[] = {4096, 4096, 1024};
	struct page *pages[3];
	struct scatterlist list[3], *sg;
	int n, i;

	sg_init_table(list, 3);
	for (i = 0; i < 3; i++) {
		pages[i] = alloc_pages(GFP_KERNEL, 1); /* the entries are no neighbours */
		sg_set_page(&list[i], pages[i], lengths[i], 0);
	}
	n = MAP(dma_map_sg(chip, list, 3, DMA_TO_DEVICE));
	for_each_sg (list, sg, n, i)
		ACT(dmasim_device_read(chip, sg_dma_address(sg), wire, sg_dma_len(fixed ? sg : list)));
	dma_unmap_sg(chip, list, 3, DMA_TO_DEVICE);
	for (i = 0; i < 3; i++)
		__free_pages(pages[i], 1);
}

/* DB-239, dmaengine/xilinx xdma: period after period is added to an address that has already moved on. */
static void triangle(bool fixed)
{
	const unsigned int periods = 4, period = 1024;
	u8 *samples = kzalloc(periods * period, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, samples, periods * period, DMA_FROM_DEVICE)), desc[4], a;

	if (dma_mapping_error(chip, h))
		return;
	a = h;
	for (unsigned int i = 0; i < periods; i++) {
		if (fixed)
			a = h;
		a += i * period;
		desc[i] = a;
	}
	for (unsigned int i = 0; i < periods; i++)
		ACT(dmasim_device_write(chip, desc[i], wire, period));
	dma_unmap_single(chip, h, periods * period, DMA_FROM_DEVICE);
	kfree(samples);
}

const struct museum_record miscompute_records[] = {
	RECORD("DB-020", "the halves of an address are swapped", "device-access-unmapped", halves_swapped),
	RECORD("DB-113", "the head's length for each entry", "device-out-of-bounds", heads_length),
	RECORD("DB-239", "offsets are added up twice", "device-out-of-bounds", triangle),
	{.id = NULL},
};
