// SPDX-License-Identifier: MIT
/* STALE-HANDLE: a handle that was never set, or that belongs to an earlier buffer. */
#include "tests/museum/museum.h"

/* DB-120, net/stmmac: a page of the sender's own is taken for one of the pool, whose pages carry their handle. */
struct frame {
	struct page *page;
	bool pooled;
	u64 pool_handle; /* of pages of the pool; else whatever was there */
};

static void send(struct frame *f, bool fixed)
{
	dma_addr_t h;

	if (fixed && !f->pooled) {
		h = dma_map_page(chip, f->page, 0, 256, DMA_TO_DEVICE);
		if (dma_mapping_error(chip, h))
			return;
	} else {
		h = f->pool_handle;
		ACT(dma_sync_single_for_device(chip, h, 256, DMA_TO_DEVICE));
	}
	dmasim_device_read(chip, h, wire, 256);
	if (fixed && !f->pooled)
		dma_unmap_page(chip, h, 256, DMA_TO_DEVICE);
}

static void page_of_the_senders_own(bool fixed)
{
	struct frame f = {.page = alloc_page(GFP_KERNEL), .pooled = false, .pool_handle = 0x2f00};

	send(&f, fixed);
	__free_page(f.page);
}

/* DB-206, net/xsk: two sockets share a memory, and only those buffers that the first one took have handles. */
static void second_socket(bool fixed)
{
	struct {
		dma_addr_t h;
		size_t headroom;
	} first[2], other[2];
	u8 *umem = kzalloc(PAGE_SIZE, GFP_KERNEL);
	dma_addr_t h = dma_map_single(chip, umem, PAGE_SIZE, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(chip, h))
		return;
	memset(first, 0, sizeof(first));
	memset(other, 0, sizeof(other));
	for (int i = 0; i < 2; i++) {
		first[i].h = h + i * 1024;
		if (fixed)
			other[i].h = h + 2048 + i * 1024;
		other[i].headroom = 256;
	}
	dmasim_device_read(chip, first[0].h, wire, 64);
	ACT(dmasim_device_read(chip, other[0].h + other[0].headroom, wire, 64));
	dma_unmap_single(chip, h, PAGE_SIZE, DMA_BIDIRECTIONAL);
	kfree(umem);
}

const struct museum_record stale_handle_records[] = {
	RECORD("DB-120", "a page without a handle taken for one that has one", "sync-unknown", page_of_the_senders_own,
	       .then = "device-access-unmapped"),
	RECORD("DB-206", "handles set for the first user only", "device-access-unmapped", second_socket),
	{.id = NULL},
};
