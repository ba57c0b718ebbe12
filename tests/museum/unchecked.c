// SPDX-License-Identifier: MIT
/* UNCHECKED: the result of mapping is never asked. Told when the address is used; and when mapping did fail. */
#include "tests/museum/museum.h"

/* DB-083, usb/pch_udc: the buffers of requests go to the descriptor as they come. */
struct td {
	u64 data;
	u32 status;
};

static void request_buffer(bool fixed)
{
	struct td *td = kzalloc(sizeof(*td), GFP_KERNEL);
	u8 *buf = kzalloc(64, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, buf, 64, DMA_TO_DEVICE));

	if (fixed && dma_mapping_error(chip, h))
		return;
	td->data = h;
	ACT(dmasim_device_read(chip, td->data, wire, 64));
	dma_unmap_single(chip, h, 64, DMA_TO_DEVICE);
	kfree(buf);
}

/* DB-112, crypto/mxs-dcp: a key is mapped, used and unmapped; it cannot fail, can it? */
static void key_is_mapped(bool fixed)
{
	u8 *key = kzalloc(32, GFP_KERNEL);
	dma_addr_t h;

	dmasim_fail_call("dma_map_single", 1);
	h = MAP(dma_map_single(chip, key, 32, DMA_TO_DEVICE));
	if (fixed && dma_mapping_error(chip, h))
		goto out;
	ACT(dmasim_device_read(chip, h, wire, 32));
	dma_unmap_single(chip, h, 32, DMA_TO_DEVICE);
out:
	kfree(key);
}

/* DB-258, dmaengine/mv_xor: two dummy buffers mapped for life, neither asked. */
static void dummy_buffers(bool fixed)
{
	u8 *dummy = kzalloc(256, GFP_KERNEL);
	dma_addr_t src, dst;

	src = dma_map_single(chip, dummy, 128, DMA_TO_DEVICE);
	if (fixed && dma_mapping_error(chip, src))
		return;
	dmasim_fail_call("dma_map_single", 1);
	dst = MAP(dma_map_single(chip, dummy + 128, 128, DMA_FROM_DEVICE));
	if (fixed && dma_mapping_error(chip, dst))
		goto unmap_src;
	dma_mapping_error(chip, src);
	ACT(dma_unmap_single(chip, dst, 128, DMA_FROM_DEVICE));
unmap_src:
	dma_unmap_single(chip, src, 128, DMA_TO_DEVICE);
	kfree(dummy);
}

/* DB-286, crypto/safexcel: nobody looks whether the list could be mapped. */
static void list_unasked(bool fixed)
{
	u8 *text = kzalloc(1024, GFP_KERNEL);
	struct scatterlist src[2];
	unsigned int n;

	sg_init_table(src, 2);
	sg_set_buf(&src[0], text, 512);
	sg_set_buf(&src[1], text + 512, 512);
	dmasim_fail_call("dma_map_sg", 1);
	n = MAP(dma_map_sg(chip, src, 2, DMA_BIDIRECTIONAL));
	if (fixed && !n)
		goto out;
	ACT(dmasim_device_read(chip, sg_dma_address(&src[0]), wire, 512));
	dma_unmap_sg(chip, src, 2, DMA_BIDIRECTIONAL);
out:
	kfree(text);
}

const struct museum_record unchecked_records[] = {
	RECORD("DB-083", "the device gets a handle that nobody asked about", "map-error-unchecked", request_buffer),
	RECORD("DB-112", "mapping fails, and the handle is used", "error-cookie-used", key_is_mapped),
	RECORD("DB-258", "the second of two fails, both are unmapped", "error-cookie-used", dummy_buffers),
	RECORD("DB-286", "mapping the list fails, its entries are used", "map-sg-failure-ignored", list_unasked),
	{.id = NULL},
};
