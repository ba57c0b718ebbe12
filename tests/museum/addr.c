// SPDX-License-Identifier: MIT
/* ADDR: unmapped or freed by a relative of the right address. */
#include "tests/museum/museum.h"

#define N 512

/* DB-048, net/ec_bhf: the length is passed where the handle belongs. */
struct area {
	void *v;
	dma_addr_t h;
	size_t len;
};

static void length_for_handle(bool fixed)
{
	struct area rx = {.len = PAGE_SIZE};

	rx.v = MAP(dma_alloc_coherent(chip, rx.len, &rx.h, GFP_KERNEL));
	if (!rx.v)
		return;
	ACT(dma_free_coherent(chip, rx.len, rx.v, fixed ? rx.h : rx.len));
}

/* DB-223, crypto/ixp4xx: the unmap takes the handle of the next element of the chain, which is still empty. */
struct segment {
	struct segment *next;
	dma_addr_t h;
	void *data;
};

static void next_elements_handle(bool fixed)
{
	struct segment *chain = kzalloc(2 * sizeof(*chain), GFP_KERNEL);

	chain->next = chain + 1;
	chain->data = kzalloc(24, GFP_KERNEL);
	chain->h = dma_map_single(chip, chain->data, 24, DMA_TO_DEVICE);
	if (dma_mapping_error(chip, chain->h))
		return;
	dmasim_device_read(chip, chain->h, wire, 24);
	ACT(dma_unmap_single(chip, fixed ? chain->h : chain->next->h, 24, DMA_TO_DEVICE));
}

/* DB-276, net/stmmac: what is saved for the unmap was moved past the header before. */
static void past_the_header(bool fixed)
{
	const size_t header = 54;
	u8 *skb = kzalloc(N, GFP_KERNEL);
	dma_addr_t des, saved;

	des = dma_map_single(chip, skb, N, DMA_TO_DEVICE);
	if (dma_mapping_error(chip, des))
		return;
	saved = des;
	des += header;
	if (!fixed)
		saved = des;
	dmasim_device_read(chip, des, wire, N - header);
	ACT(dma_unmap_single(chip, saved, N, DMA_TO_DEVICE));
}

/* DB-292, crypto/hisilicon: one element's pointer is freed with its neighbour's handle. */
static void neighbours_handle(bool fixed)
{
	struct dma_pool *pool = dma_pool_create("sgl", chip, 128, 64, 0);
	dma_addr_t h[3];
	void *v[3];

	for (int i = 0; i < 3; i++)
		v[i] = MAP(dma_pool_alloc(pool, GFP_KERNEL, &h[i]));
	if (fixed)
		dma_pool_free(pool, v[0], h[0]);
	else
		ACT(dma_pool_free(pool, v[0], h[1]));
	for (int i = 1; i < 3; i++)
		dma_pool_free(pool, v[i], h[i]);
	dma_pool_destroy(pool);
}

const struct museum_record addr_records[] = {
	RECORD("DB-048", "the length in place of the handle", "coherent-free-mismatch", length_for_handle),
	RECORD("DB-223", "the next element's handle", "unmap-unknown", next_elements_handle, .then = "mapping-leak"),
	RECORD("DB-276", "the handle was moved past the header", "unmap-unknown", past_the_header),
	RECORD("DB-292", "a pointer with the neighbour's handle", "pool-wrong-pool", neighbours_handle),
	{.id = NULL},
};
