// SPDX-License-Identifier: MIT
/* LIMIT: limits of segments, boundaries and sizes not declared, not asked, or computed wrongly. */
#include "tests/museum/museum.h"

/* DB-123, drm/i915: pages that happen to be neighbours become one entry, until its 32 bits of length wrap to 0. */
static void length_wraps(bool fixed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct scatterlist sg;
	u64 length = 4ULL << 30; /* so many neighbours */

	sg_init_table(&sg, 1);
	if (fixed)
		length = min_t(u64, length, PAGE_SIZE); /* a new entry is begun in time */
	sg_set_page(&sg, page, (unsigned int)length, 0);
	if (ACT(dma_map_sg(chip, &sg, 1, DMA_TO_DEVICE)))
		dma_unmap_sg(chip, &sg, 1, DMA_TO_DEVICE);
	__free_page(page);
}

/* DB-159, ata/pata_macio: segments may be longer now than a slot of the table takes, so each needs two of them. */
#define SLOTS	 16
#define PER_SLOT 32768u

static void two_slots_each(bool fixed)
{
	const unsigned int segments = fixed ? SLOTS / 2 : SLOTS, length = 2 * PER_SLOT;
	struct {
		u32 addr, len;
	} slot;
	unsigned int n = 0;
	dma_addr_t h;
	void *table = MAP(dma_alloc_coherent(chip, SLOTS * sizeof(slot), &h, GFP_KERNEL));

	if (!table)
		return;
	for (unsigned int i = 0; i < segments; i++)
		n += DIV_ROUND_UP(length, PER_SLOT);
	for (unsigned int i = 0; i < n; i++)
		ACT(dmasim_device_read(chip, h + i * sizeof(slot), &slot, sizeof(slot)));
	dma_free_coherent(chip, SLOTS * sizeof(slot), table, h);
}

/* DB-168, mmc/dw_mmc, bcm2835-sdhost: the host declares requests longer than what can bounce in one piece. */
#define REQUEST (512u << 10)

static void request_too_long(bool fixed)
{
	size_t length = fixed ? min_t(size_t, REQUEST, dma_max_mapping_size(chip)) : REQUEST;
	u8 *blocks = kzalloc(length, GFP_KERNEL);
	struct scatterlist sg;

	dma_set_max_seg_size(chip, REQUEST); /* as its descriptors take */
	sg_init_one(&sg, blocks, (unsigned int)length);
	if (ACT(dma_map_sg(chip, &sg, 1, DMA_FROM_DEVICE)))
		dma_unmap_sg(chip, &sg, 1, DMA_FROM_DEVICE);
	kfree(blocks);
}

/* DB-285, drm/udl, ast: frames of megabytes are imported for a device that never does DMA itself. */
#define FRAME_ORDER 9

static void frame_imported(bool fixed)
{
	struct page *frame = alloc_pages(GFP_KERNEL, FRAME_ORDER);
	struct sg_table table;

	if (sg_alloc_table(&table, 1, GFP_KERNEL))
		return;
	dma_set_max_seg_size(chip, UINT_MAX);
	sg_set_page(table.sgl, frame, PAGE_SIZE << FRAME_ORDER, 0);
	if (!fixed && !ACT(dma_map_sgtable(chip, &table, DMA_TO_DEVICE, 0)))
		dma_unmap_sgtable(chip, &table, DMA_TO_DEVICE, 0);
	sink = *(u8 *)page_address(frame); /* the CPU sends it by USB */
	sg_free_table(&table);
	__free_pages(frame, FRAME_ORDER);
}

const struct museum_record limit_records[] = {
	RECORD("DB-123", "the length of an entry wraps to 0", "map-bad-size", length_wraps),
	RECORD("DB-159", "more slots than the table has", "device-out-of-bounds", two_slots_each),
	RECORD("DB-168", "requests longer than can bounce", "swiotlb-exhausted", request_too_long,
	       .options = "portability=on", .elsewhere = "map-too-long-to-bounce"),
	RECORD("DB-285", "a frame of megabytes is mapped for a device without DMA", "swiotlb-exhausted", frame_imported,
	       .options = "portability=on", .elsewhere = "map-too-long-to-bounce"),
	{.id = NULL},
};
