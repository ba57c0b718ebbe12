// SPDX-License-Identifier: MIT
/* OVERLAP: the same bytes mapped twice. It is not always a mistake. */
#include "tests/museum/museum.h"

/* DB-090, dma-buf/udmabuf, rdma/umem: pages shared by two devices on purpose; nobody wants a sync from the second. */
static void shared_on_purpose(bool fixed)
{
	struct device *importer = dmasim_device_create("importer0");
	struct page *page = alloc_page(GFP_KERNEL);
	struct sg_table exported, imported;

	(void)fixed;
	if (dma_set_mask_and_coherent(importer, DMA_BIT_MASK(64)))
		return;
	if (sg_alloc_table_from_pages(&exported, &page, 1, 0, PAGE_SIZE, GFP_KERNEL))
		return;
	if (sg_alloc_table_from_pages(&imported, &page, 1, 0, PAGE_SIZE, GFP_KERNEL))
		return;
	if (MAP(dma_map_sgtable(chip, &exported, DMA_BIDIRECTIONAL, 0)))
		return;
	if (ACT(dma_map_sgtable(importer, &imported, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC)))
		return;
	dma_unmap_sgtable(importer, &imported, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	dma_unmap_sgtable(chip, &exported, DMA_BIDIRECTIONAL, 0);
	sg_free_table(&exported);
	sg_free_table(&imported);
	__free_page(page);
}

/* DB-224, mtd/stm32_fmc2: the status words of each sector are mapped one by one, at once, inside one line. */
#define SECTORS 4

static void status_word_by_word(bool fixed)
{
	const int pieces = fixed ? 1 : SECTORS;
	const size_t n = 8 * SECTORS / pieces;
	u8 *ecc = kzalloc(8 * SECTORS, GFP_KERNEL);
	dma_addr_t h[SECTORS];

	for (int s = 0; s < pieces; s++) {
		h[s] = MAP(ACT(dma_map_single(chip, ecc + s * n, n, DMA_FROM_DEVICE)));
		if (dma_mapping_error(chip, h[s]))
			return;
	}
	for (int s = 0; s < pieces; s++) {
		dmasim_device_write(chip, h[s], wire, n);
		dma_unmap_single(chip, h[s], n, DMA_FROM_DEVICE);
	}
	kfree(ecc);
}

const struct museum_record overlap_records[] = {
	RECORD("DB-090", "pages shared by two devices: legal", NULL, shared_on_purpose),
	RECORD("DB-224", "words of one line mapped one by one", "cache-line-shared", status_word_by_word,
	       .options = "portability=on"),
	{.id = NULL},
};
