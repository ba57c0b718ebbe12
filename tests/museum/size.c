// SPDX-License-Identifier: MIT
/* SIZE: unmapped or freed with another length than mapped or allocated. Silent as long as both round to one page. */
#include "tests/museum/museum.h"

/* DB-028, net/atlantic: the time-stamp ring has room for extra bytes, which the common free does not know. */
struct ring {
	unsigned int slots, slot_size;
	void *descs;
	dma_addr_t h;
};

static void special_ring(bool fixed)
{
	struct ring r = {.slots = 128, .slot_size = 16};
	size_t size = r.slots * r.slot_size;

	r.descs = MAP(dma_alloc_coherent(chip, size + 2048, &r.h, GFP_KERNEL));
	if (!r.descs)
		return;
	ACT(dma_free_coherent(chip, fixed ? size + 2048 : r.slots * r.slot_size, r.descs, r.h));
}

/* DB-037, crypto/cavium: each chunk of the queue ends in a pointer to the next one, forgotten when it is freed. */
static void chunk_with_trailer(bool fixed)
{
	const size_t commands = 64 * 40, trailer = 8;
	dma_addr_t h[2];
	u8 *chunk[2];

	for (int i = 0; i < 2; i++) {
		chunk[i] = MAP(dma_alloc_coherent(chip, commands + trailer, &h[i], GFP_KERNEL));
		if (!chunk[i])
			return;
	}
	memcpy(chunk[0] + commands, &h[1], sizeof(h[1]));
	for (int i = 0; i < 2; i++)
		ACT(dma_free_coherent(chip, commands + (fixed ? trailer : 0), chunk[i], h[i]));
}

/* DB-098, nvme/pci: a table for as many entries as there may be, freed as one with as many as there are. */
static void table_of_used_entries(bool fixed)
{
	const unsigned int max = 64;
	unsigned int used = 0;
	dma_addr_t h;
	u64(*table)[2] = MAP(dma_alloc_coherent(chip, max * sizeof(*table), &h, GFP_KERNEL));

	if (!table)
		return;
	for (unsigned int size = 1024; size > 256; size /= 2)
		table[used++][1] = size;
	ACT(dma_free_coherent(chip, (fixed ? max : used) * sizeof(*table), table, h));
}

/* DB-110, wifi/brcmsmac: the helper rounds the size up and tells it, but the caller frees what it had asked for. */
static void *ring_alloc(size_t n, size_t align, size_t *alloced, dma_addr_t *h)
{
	*alloced = ALIGN(n, align) + align;
	return MAP(dma_alloc_coherent(chip, *alloced, h, GFP_KERNEL));
}

static void rounded_up(bool fixed)
{
	const size_t n = 64 * 16 - 8;
	size_t alloced;
	dma_addr_t h;
	void *v = ring_alloc(n, 4096, &alloced, &h);

	if (v)
		ACT(dma_free_coherent(chip, fixed ? alloced : n, v, h));
}

/* DB-203, net/davinci_cpdma: short packets are padded, but the length for the unmap was noted before. */
static void padded_packet(bool fixed)
{
	u8 *skb = kzalloc(64, GFP_KERNEL);
	size_t len = 42, noted = len;
	dma_addr_t h;

	len = max_t(size_t, len, 60);
	if (fixed)
		noted = len;
	h = MAP(dma_map_single(chip, skb, len, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, len);
	ACT(dma_unmap_single(chip, h, noted, DMA_TO_DEVICE));
	kfree(skb);
}

/* DB-263, crypto/ixp4xx: allocated as elements of some size, freed as that many bytes. */
struct crypt_ctl {
	u32 mode, in, out, pad[13];
};

static void elements_or_bytes(bool fixed)
{
	const unsigned int count = 16;
	dma_addr_t h;
	struct crypt_ctl *q = MAP(dma_alloc_coherent(chip, count * sizeof(*q), &h, GFP_KERNEL));

	if (!q)
		return;
	q[count - 1].mode = 1;
	ACT(dma_free_coherent(chip, fixed ? count * sizeof(*q) : count, q, h));
}

/* DB-310, scsi/qla2xxx: the helper that frees has another idea of the buffer's size than the one that allocates. */
#define DUMP_SIZE 32784
#define CARD_SIZE 8208

static void two_helpers_two_sizes(bool fixed)
{
	dma_addr_t h;
	u8 *dump = MAP(dma_alloc_coherent(chip, DUMP_SIZE, &h, GFP_KERNEL));

	if (!dump)
		return;
	dmasim_device_write(chip, h + DUMP_SIZE - 64, wire, 64);
	ACT(dma_free_coherent(chip, fixed ? DUMP_SIZE : CARD_SIZE, dump, h));
}

const struct museum_record size_records[] = {
	RECORD("DB-028", "extra bytes that the common free does not know", "coherent-free-mismatch", special_ring),
	RECORD("DB-037", "freed without the trailer", "coherent-free-mismatch", chunk_with_trailer),
	RECORD("DB-098", "freed by the entries used, not those allocated", "coherent-free-mismatch",
	       table_of_used_entries),
	RECORD("DB-110", "rounded up by the helper, freed by the caller's size", "coherent-free-mismatch", rounded_up),
	RECORD("DB-203", "padded after the length was noted", "unmap-wrong-size", padded_packet),
	RECORD("DB-263", "elements freed as bytes", "coherent-free-mismatch", elements_or_bytes),
	RECORD("DB-310", "alloc and free helpers disagree", "coherent-free-mismatch", two_helpers_two_sizes),
	{.id = NULL},
};
