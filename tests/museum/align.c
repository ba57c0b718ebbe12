// SPDX-License-Identifier: MIT
/*
 * ALIGN: an address or length that the device cannot take: it makes another one of it. A bounce buffer happens to be
 * aligned, so that some of these work there.
 */
#include "tests/museum/museum.h"

/* DB-075, firmware/qcom uefisecapp: question and answer must lie one behind the other; once, by luck, they did. */
static void adjacent_by_luck(bool fixed)
{
	const size_t request = 192, answer = 64;
	u8 *a = kzalloc(fixed ? request + answer : request, GFP_KERNEL);
	u8 *b = fixed ? a + request : kzalloc(answer, GFP_KERNEL);
	size_t mapped = fixed ? request + answer : request;
	dma_addr_t h = MAP(dma_map_single(chip, a, mapped, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(chip, h))
		return;
	ACT(dmasim_device_read(chip, h, wire, request + answer));
	dma_unmap_single(chip, h, mapped, DMA_BIDIRECTIONAL);
	if (!fixed)
		kfree(b);
	kfree(a);
}

/* DB-099, scsi/ufs-exynos: the controller counts in pages, and fills the one in which a shorter entry lies. */
static void counts_in_pages(bool fixed)
{
	const unsigned int piece = fixed ? 4096 : 2048;
	struct page *pages[2];
	struct scatterlist list[2], *sg;
	int n, i;

	sg_init_table(list, 2);
	for (i = 0; i < 2; i++) {
		pages[i] = alloc_pages(GFP_KERNEL, 1);
		sg_set_page(&list[i], pages[i], piece, 0);
	}
	n = MAP(dma_map_sg(chip, list, 2, DMA_FROM_DEVICE));
	for_each_sg (list, sg, n, i)
		ACT(dmasim_device_write(chip, sg_dma_address(sg), wire, 4096));
	dma_unmap_sg(chip, list, 2, DMA_FROM_DEVICE);
	for (i = 0; i < 2; i++)
		__free_pages(pages[i], 1);
}

/* DB-115, spi/rockchip-sfc, crypto/starfive: the engine leaves out the low two bits of an address. */
static void engine_write(dma_addr_t h, unsigned int align, size_t n)
{
	ACT(dmasim_device_write(chip, h & ~(dma_addr_t)(align - 1), wire, n));
}

static void words_only(bool fixed)
{
	u8 *buf = kzalloc(256, GFP_KERNEL);
	const size_t at = fixed ? 4 : 6;
	dma_addr_t h = dma_map_single(chip, buf + at, 64, DMA_FROM_DEVICE);

	if (dma_mapping_error(chip, h))
		return;
	engine_write(h, 4, 64);
	dma_unmap_single(chip, h, 64, DMA_FROM_DEVICE);
	kfree(buf);
}

/* DB-209, mmc/renesas_sdhi: buffers must be aligned to 128 bytes, the driver checks for 8. */
static void checks_for_less(bool fixed)
{
	const unsigned long align = fixed ? 128 : 8;
	u8 *block = kzalloc(1024, GFP_KERNEL), *data = block + 72;
	bool bounce = (uintptr_t)data % align != 0;
	dma_addr_t h;

	if (bounce)
		data = block;
	h = dma_map_single(chip, data, 512, DMA_FROM_DEVICE);
	if (dma_mapping_error(chip, h))
		return;
	engine_write(h, 128, 512);
	dma_unmap_single(chip, h, 512, DMA_FROM_DEVICE);
	kfree(block);
}

/* DB-277, crypto/hisilicon, btintel_pcie: an array of hardware lists, each of which must start at 64 bytes. */
struct hw_list {
	u64 entry[8];
	u64 count; /* 72 bytes */
};

static void elements_not_padded(bool fixed)
{
	const size_t stride = fixed ? ALIGN(sizeof(struct hw_list), 64) : sizeof(struct hw_list);
	u8 *lists = kzalloc(4 * stride, GFP_KERNEL);
	dma_addr_t h[4];

	for (int i = 0; i < 4; i++) {
		h[i] = dma_map_single(chip, lists + i * stride, sizeof(struct hw_list), DMA_TO_DEVICE);
		if (dma_mapping_error(chip, h[i]))
			return;
	}
	dma_unmap_single(chip, h[0], sizeof(struct hw_list), DMA_TO_DEVICE);
	ACT(dmasim_device_read(chip, h[1] & ~63ULL, wire, sizeof(struct hw_list)));
	for (int i = 1; i < 4; i++)
		dma_unmap_single(chip, h[i], sizeof(struct hw_list), DMA_TO_DEVICE);
	kfree(lists);
}

/* Where each mapping bounces, each starts a slot: the addresses are right by luck, and nothing goes wrong. */
const struct museum_record align_records[] = {
	RECORD("DB-075", "two allocations taken for one", "device-out-of-bounds", adjacent_by_luck),
	RECORD("DB-099", "an entry smaller than the device's granule", "device-out-of-bounds", counts_in_pages),
	RECORD("DB-115", "an address that is not a word's", "device-access-unmapped", words_only, .not_on = ON_BOUNCE),
	RECORD("DB-209", "aligned to 8 bytes where 128 are asked for", "device-access-unmapped", checks_for_less,
	       .not_on = ON_BOUNCE),
	RECORD("DB-277", "array elements are not padded", "device-access-after-unmap", elements_not_padded,
	       .not_on = ON_BOUNCE),
	{.id = NULL},
};
