// SPDX-License-Identifier: MIT
/* DIR-MISMATCH: unmapped in another direction: the wrong cache operation, or a copy the wrong way. */
#include "tests/museum/museum.h"

#define N 256

/* DB-078, wifi/ath10k: frames of the management queue are mapped to be sent and unmapped as if received. */
static void frame_sent(dma_addr_t h, size_t len, bool fixed)
{
	ACT(dma_unmap_single(chip, h, len, fixed ? DMA_TO_DEVICE : DMA_FROM_DEVICE));
}

static void management_frame(bool fixed)
{
	u8 *frame = kzalloc(N, GFP_KERNEL);
	dma_addr_t h;

	frame[0] = 0xb0;
	h = MAP(dma_map_single(chip, frame, N, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, N);
	frame_sent(h, N, fixed);
	kfree(frame);
}

/* DB-139, crypto/ccree: a repair made one half of the pair bidirectional, and left the other half. */
static void half_a_repair(bool fixed)
{
	enum dma_data_direction map_dir = fixed ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
	struct scatterlist src[2];
	u8 *text = kzalloc(2 * N, GFP_KERNEL);

	sg_init_table(src, 2);
	sg_set_buf(&src[0], text, N);
	sg_set_buf(&src[1], text + N, N);
	if (!MAP(dma_map_sg(chip, src, 2, map_dir)))
		return;
	dmasim_device_read(chip, sg_dma_address(src), wire, N);
	ACT(dma_unmap_sg(chip, src, 2, DMA_BIDIRECTIONAL));
	kfree(text);
}

/*
 * DB-140, spi/cadence-quadspi: the transfer direction of the DMA engine's own enumeration goes where the mapping's
 * belongs. In the driver its value happened to be the right one; here the two enumerations differ.
 */
enum transfer { MEM_TO_MEM, MEM_TO_DEV, DEV_TO_MEM };

static void other_enumeration(bool fixed)
{
	u8 *buf = kmalloc(N, GFP_KERNEL);
	enum transfer way = MEM_TO_DEV;
	dma_addr_t h;

	h = MAP(dma_map_single(chip, buf, N, DMA_FROM_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, N);
	way = fixed ? DEV_TO_MEM : MEM_TO_MEM;
	ACT(dma_unmap_single(chip, h, N, (enum dma_data_direction)way));
	kfree(buf);
}

/* DB-173, dma-buf/udmabuf: the table is mapped in the direction of the first user, and released in both. */
static struct {
	struct sg_table *sg;
	enum dma_data_direction dir;
} shared;

static int begin_cpu_access(struct sg_table *table, enum dma_data_direction dir)
{
	if (!shared.sg) {
		if (MAP(dma_map_sgtable(chip, table, dir, 0)))
			return -EIO;
		shared.sg = table;
		shared.dir = dir;
	}
	dma_sync_sgtable_for_cpu(chip, table, shared.dir);
	return 0;
}

static void first_user_decides(bool fixed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct sg_table table;

	shared.sg = NULL;
	if (sg_alloc_table_from_pages(&table, &page, 1, 0, PAGE_SIZE, GFP_KERNEL))
		return;
	if (begin_cpu_access(&table, DMA_TO_DEVICE))
		return;
	ACT(dma_unmap_sgtable(chip, &table, fixed ? shared.dir : DMA_BIDIRECTIONAL, 0));
	sg_free_table(&table);
	__free_page(page);
}

/* DB-301, crypto/atmel-tdes and others: the unmap of the input was copied from that of the output. */
static void copied_from_the_other_buffer(bool fixed)
{
	u8 *in = kzalloc(N, GFP_KERNEL), *out = kzalloc(N, GFP_KERNEL);
	struct scatterlist sg_in, sg_out;

	sg_init_one(&sg_in, in, N);
	sg_init_one(&sg_out, out, N);
	if (!MAP(dma_map_sg(chip, &sg_in, 1, DMA_TO_DEVICE)))
		return;
	if (!dma_map_sg(chip, &sg_out, 1, DMA_FROM_DEVICE))
		return;
	dmasim_device_read(chip, sg_dma_address(&sg_in), wire, N);
	dmasim_device_write(chip, sg_dma_address(&sg_out), wire, N);
	dma_unmap_sg(chip, &sg_out, 1, DMA_FROM_DEVICE);
	ACT(dma_unmap_sg(chip, &sg_in, 1, fixed ? DMA_TO_DEVICE : DMA_FROM_DEVICE));
	kfree(in);
	kfree(out);
}

const struct museum_record dir_mismatch_records[] = {
	RECORD("DB-078", "a sent frame unmapped as if received", "unmap-wrong-direction", management_frame),
	RECORD("DB-139", "one half of the pair was changed", "unmap-wrong-direction", half_a_repair),
	RECORD("DB-140", "a direction of another enumeration", "unmap-wrong-direction", other_enumeration),
	RECORD("DB-173", "mapped as the first user asks, unmapped both ways", "unmap-wrong-direction",
	       first_user_decides),
	RECORD("DB-301", "the unmap was copied from another buffer's", "unmap-wrong-direction",
	       copied_from_the_other_buffer),
	{.id = NULL},
};
