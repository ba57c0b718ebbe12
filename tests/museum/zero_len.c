// SPDX-License-Identifier: MIT
/* ZERO-LEN: nothing is mapped. Some backends panic, others return an address that means nothing. */
#include "tests/museum/museum.h"

/* DB-003, serial/qcom_geni: sending is started although nothing is pending. */
static void start_tx(u8 *fifo, unsigned int head, unsigned int tail, bool fixed)
{
	unsigned int pending = (head - tail) % 256;
	dma_addr_t h;

	if (fixed && !pending)
		return;
	h = ACT(dma_map_single(chip, fifo + tail, pending, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, pending);
	dma_unmap_single(chip, h, pending, DMA_TO_DEVICE);
}

static void nothing_pending(bool fixed)
{
	u8 *fifo = kzalloc(256, GFP_KERNEL);

	start_tx(fifo, 12, 4, fixed);
	start_tx(fifo, 12, 12, fixed);
	kfree(fifo);
}

/* DB-291, misc/pci_endpoint_test: the user says how much to copy, and says nothing at all. */
static int test_copy(size_t size, bool fixed)
{
	u8 *src;
	dma_addr_t h;

	if (fixed && size == 0)
		return -EINVAL;
	src = kzalloc(size + 64, GFP_KERNEL);
	h = ACT(dma_map_single(chip, src, size, DMA_BIDIRECTIONAL));
	if (!dma_mapping_error(chip, h))
		dma_unmap_single(chip, h, size, DMA_BIDIRECTIONAL);
	kfree(src);
	return 0;
}

static void user_asks_for_nothing(bool fixed)
{
	test_copy(4096, fixed);
	test_copy(0, fixed);
}

const struct museum_record zero_len_records[] = {
	RECORD("DB-003", "sending starts with nothing pending", "map-bad-size", nothing_pending),
	RECORD("DB-291", "the user's size is 0", "map-bad-size", user_asks_for_nothing),
	{.id = NULL},
};
