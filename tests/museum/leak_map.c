// SPDX-License-Identifier: MIT
/* LEAK-MAP: a streaming mapping is never undone. Told when the buffer is freed, or when the device goes away. */
#include "tests/museum/museum.h"

#define N 512

/* DB-008, net/spacemit k1 emac: the head and the first fragment stay mapped when the second fragment fails. */
static void fragment_fails(bool fixed)
{
	struct page *frags = alloc_pages(GFP_KERNEL, 1);
	u8 *head = kmalloc(128, GFP_KERNEL);
	dma_addr_t h, f[2];
	int i;

	h = MAP(dma_map_single(chip, head, 128, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, h))
		goto drop;
	dmasim_fail_call("dma_map_page", fixed ? 2 : 1);
	for (i = 0; i < 2; i++) {
		f[i] = dma_map_page(chip, frags + i, 0, PAGE_SIZE, DMA_TO_DEVICE);
		if (dma_mapping_error(chip, f[i]))
			goto unwind;
	}
	return;
unwind:
	if (!fixed)
		goto drop;
	while (i--)
		dma_unmap_page(chip, f[i], PAGE_SIZE, DMA_TO_DEVICE);
	dma_unmap_single(chip, h, 128, DMA_TO_DEVICE);
drop:
	ACT(kfree(head));
	__free_pages(frags, 1);
}

/* DB-011, usb/mtu3: the request is mapped before the ring is asked for room, and again when it is tried again. */
static int queue_request(void *buf, int room, dma_addr_t *h, bool fixed)
{
	if (fixed && !room)
		return -EAGAIN;
	*h = MAP(dma_map_single(chip, buf, N, DMA_FROM_DEVICE));
	if (dma_mapping_error(chip, *h))
		return -ENOMEM;
	return room ? 0 : -EAGAIN;
}

static void ring_is_full(bool fixed)
{
	u8 *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t h;

	for (int room = 0; queue_request(buf, room, &h, fixed) == -EAGAIN; room++)
		;
	dmasim_device_write(chip, h, wire, N);
	dma_unmap_single(chip, h, N, DMA_FROM_DEVICE);
	kfree(buf);
}

/* DB-040, serial/qcom_geni: stopping to send looks at the handle of the receiver. */
static void stop_looks_at_the_other_handle(bool fixed)
{
	struct {
		dma_addr_t tx, rx;
	} port = {0, 0};
	u8 *fifo = kzalloc(N, GFP_KERNEL);

	port.tx = MAP(dma_map_single(chip, fifo, N, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, port.tx))
		return;
	dmasim_device_read(chip, port.tx, wire, N);
	if (!fixed && port.rx)
		dma_unmap_single(chip, port.rx, N, DMA_FROM_DEVICE);
	if (fixed)
		dma_unmap_single(chip, port.tx, N, DMA_TO_DEVICE);
	ACT(kfree(fifo));
}

/* DB-106, i2c/stm32f7: the end of a transfer switches DMA off and forgets the message's buffer. */
static void transfer_ends(bool fixed)
{
	u8 *msg = kmalloc(N, GFP_KERNEL);
	dma_addr_t h;

	h = MAP(dma_map_single(chip, msg, N, DMA_FROM_DEVICE));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_start_write(chip, h, wire, N, 1000, NULL, NULL);
	udelay(5);
	if (fixed)
		dma_unmap_single(chip, h, N, DMA_FROM_DEVICE);
}

/* DB-114, wifi/brcmfmac: a packet is mapped, then there is no free id for it. */
static struct packet {
	dma_addr_t h;
	void *skb;
} packets[2];

static int packet_id(void *skb, bool fixed)
{
	dma_addr_t h = MAP(dma_map_single(chip, skb, N, DMA_TO_DEVICE));

	if (dma_mapping_error(chip, h))
		return -ENOMEM;
	for (int i = 0; i < 2; i++)
		if (!packets[i].skb) {
			packets[i] = (struct packet){h, skb};
			return i;
		}
	if (fixed)
		dma_unmap_single(chip, h, N, DMA_TO_DEVICE);
	return -ENOSPC;
}

static void no_packet_id(bool fixed)
{
	memset(packets, 0, sizeof(packets));
	for (int i = 0; i < 3; i++) {
		u8 *skb = kzalloc(N, GFP_KERNEL);

		if (packet_id(skb, fixed) < 0)
			ACT(kfree(skb));
	}
	for (int i = 0; i < 2; i++) {
		dma_unmap_single(chip, packets[i].h, N, DMA_TO_DEVICE);
		kfree(packets[i].skb);
	}
}

/* DB-119, crypto/crypto4xx: the completion maps the result's page where it should unmap it. */
static void completion_maps(bool fixed)
{
	struct page *dst = alloc_page(GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_page(chip, dst, 0, N, DMA_FROM_DEVICE)), h2;

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, N);
	if (fixed) {
		dma_unmap_page(chip, h, N, DMA_FROM_DEVICE);
	} else {
		h2 = ACT(dma_map_page(chip, dst, 0, N, DMA_FROM_DEVICE));
		if (dma_mapping_error(chip, h2))
			return;
	}
	__free_page(dst);
}

/* DB-130, net/hip04: no skb for what arrived, so the slot gets a fresh buffer, and the old one is forgotten. */
static void slot_is_overwritten(bool fixed)
{
	struct {
		u8 *buf;
		dma_addr_t h;
	} slot;

	for (int round = 0; round < 2; round++) {
		slot.buf = kmalloc(N, GFP_ATOMIC);
		slot.h = MAP(dma_map_single(chip, slot.buf, N, DMA_FROM_DEVICE));
		if (dma_mapping_error(chip, slot.h))
			return;
		dmasim_device_write(chip, slot.h, wire, 64);
		if (round == 0 && !fixed)
			continue;
		dma_unmap_single(chip, slot.h, N, DMA_FROM_DEVICE);
		kfree(slot.buf);
	}
}

/* DB-162, net/mana: the hardware queue refuses the packet, the stack sends it once more, and it is mapped once more. */
static void packet_is_sent_again(bool fixed)
{
	u8 *skb = kzalloc(2 * N, GFP_KERNEL);
	dma_addr_t h[2];

	for (int attempt = 0; attempt < 2; attempt++) {
		bool refused = attempt == 0;

		for (int i = 0; i < 2; i++) {
			h[i] = MAP(dma_map_single(chip, skb + i * N, N, DMA_TO_DEVICE));
			if (dma_mapping_error(chip, h[i]))
				return;
			if (!refused)
				dmasim_device_read(chip, h[i], wire, N);
		}
		for (int i = 0; i < 2 && (!refused || fixed); i++)
			dma_unmap_single(chip, h[i], N, DMA_TO_DEVICE);
	}
	ACT(kfree(skb));
}

/* DB-176, wifi/rtl8180: filling the receive ring fails half way; only the ring itself is given back. */
static void ring_half_filled(bool fixed)
{
	dma_addr_t ring_h, h[4];
	u64 *ring = dma_alloc_coherent(chip, 4096, &ring_h, GFP_KERNEL);
	int i;

	if (!ring)
		return;
	dmasim_fail_call("kmalloc", 3);
	for (i = 0; i < 4; i++) {
		u8 *skb = kmalloc(N, GFP_KERNEL);

		if (!skb)
			break;
		h[i] = MAP(dma_map_single(chip, skb, N, DMA_FROM_DEVICE));
		if (dma_mapping_error(chip, h[i]))
			break;
		ring[i] = h[i];
	}
	while (fixed && i--)
		dma_unmap_single(chip, h[i], N, DMA_FROM_DEVICE);
	dma_free_coherent(chip, 4096, ring, ring_h);
}

/* DB-222, bcm2835-mmc: of the ways a request can end, two do not unmap its list. */
enum end { DATA_DONE, BUSY_DONE };

static void request(struct scatterlist *sg, enum end end, bool fixed)
{
	int n = MAP(dma_map_sg(chip, sg, 2, DMA_FROM_DEVICE));

	if (!n)
		return;
	dmasim_device_write(chip, sg_dma_address(sg), wire, N);
	if (end == DATA_DONE || fixed)
		dma_unmap_sg(chip, sg, 2, DMA_FROM_DEVICE);
}

static void one_end_of_two(bool fixed)
{
	u8 *data = kmalloc(2 * N, GFP_KERNEL);
	struct scatterlist sg[2];

	for (enum end end = DATA_DONE; end <= BUSY_DONE; end++) {
		sg_init_table(sg, 2);
		sg_set_buf(&sg[0], data, N);
		sg_set_buf(&sg[1], data + N, N);
		request(sg, end, fixed);
	}
	ACT(kfree(data));
}

/* DB-241, Xilinx xdma: the pages of the user's buffer are released at the end of the transfer, still mapped. */
static void pages_released(bool fixed)
{
	struct page *pages[3];
	struct sg_table table;

	for (int i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	if (sg_alloc_table_from_pages(&table, pages, 3, 0, 3 * PAGE_SIZE, GFP_KERNEL))
		return;
	if (MAP(dma_map_sgtable(chip, &table, DMA_FROM_DEVICE, 0)))
		return;
	dmasim_device_write(chip, sg_dma_address(table.sgl), wire, 64);
	if (fixed)
		dma_unmap_sgtable(chip, &table, DMA_FROM_DEVICE, 0);
	for (int i = 0; i < 3; i++)
		ACT(put_page(pages[i]));
	sg_free_table(&table);
}

/* DB-287, mmc/mmci: a request that was not prepared early is mapped when it starts, but only prepared ones are unmapped. */
static void only_prepared_ones(bool fixed)
{
	u8 *block = kmalloc(N, GFP_KERNEL);
	struct scatterlist sg;
	bool cookie = false, late = false;

	sg_init_one(&sg, block, N);
	if (!cookie) {
		if (!MAP(dma_map_sg(chip, &sg, 1, DMA_TO_DEVICE)))
			return;
		late = true;
	}
	dmasim_device_read(chip, sg_dma_address(&sg), wire, sg_dma_len(&sg));
	if (cookie || (fixed && late))
		dma_unmap_sg(chip, &sg, 1, DMA_TO_DEVICE);
	ACT(kfree(block));
}

/* DB-290, net/mlx5e: a frame is copied and mapped to be sent back, and dropped since the send queue is full. */
static bool send_back(const u8 *frame, unsigned int room, bool fixed)
{
	u8 *copy = kmemdup(frame, N, GFP_ATOMIC);
	dma_addr_t h = MAP(dma_map_single(chip, copy, N, DMA_TO_DEVICE));

	if (dma_mapping_error(chip, h))
		return false;
	if (room) {
		dmasim_device_read(chip, h, wire, N);
		dma_unmap_single(chip, h, N, DMA_TO_DEVICE);
		kfree(copy);
		return true;
	}
	if (fixed) {
		dma_unmap_single(chip, h, N, DMA_TO_DEVICE);
		kfree(copy);
	}
	return false;
}

static void frame_on_the_floor(bool fixed)
{
	u8 *frame = kzalloc(N, GFP_KERNEL);

	for (unsigned int room = 3; send_back(frame, room, fixed); room--)
		;
	kfree(frame);
}

/* DB-311, scsi/hisi_sas: a command that ends in an error takes a branch without the unmap. */
static void command_ends(struct scatterlist *req, int status, bool fixed)
{
	if (status) {
		if (fixed)
			dma_unmap_sg(chip, req, 1, DMA_TO_DEVICE);
		return;
	}
	dma_unmap_sg(chip, req, 1, DMA_TO_DEVICE);
}

static void error_skips_unmap(bool fixed)
{
	static const int status[] = {0, -EIO};
	u8 *frame = kzalloc(64, GFP_KERNEL);
	struct scatterlist req;

	for (int i = 0; i < 2; i++) {
		sg_init_one(&req, frame, 64);
		if (!MAP(dma_map_sg(chip, &req, 1, DMA_TO_DEVICE)))
			return;
		dmasim_device_read(chip, sg_dma_address(&req), wire, 64);
		command_ends(&req, status[i], fixed);
	}
	ACT(kfree(frame));
}

/* DB-313, nvme/pci: after the first segment is mapped there is no memory for the list that would remember it. */
static void nothing_to_remember_it_in(bool fixed)
{
	struct dma_pool *lists = dma_pool_create("lists", chip, 256, 256, 0);
	struct page *data = alloc_pages(GFP_KERNEL, 1);
	dma_addr_t first, list_h;
	u64 *list;

	first = MAP(dma_map_page(chip, data, 0, PAGE_SIZE, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, first))
		return;
	dmasim_fail_call("dma_pool_alloc", 1);
	list = dma_pool_alloc(lists, GFP_ATOMIC, &list_h);
	if (list)
		dma_pool_free(lists, list, list_h);
	else if (fixed)
		dma_unmap_page(chip, first, PAGE_SIZE, DMA_TO_DEVICE);
	dma_pool_destroy(lists);
}

/* DB-314, scsi/aacraid: the caller's data cannot be fetched, and the pieces that are mapped already are only freed. */
static void ioctl_gives_up(bool fixed)
{
	u8 *piece[3] = {NULL};
	dma_addr_t h[3];
	int mapped = 0;

	for (int i = 0; i < 3; i++) {
		piece[i] = kmalloc(N, GFP_KERNEL);
		if (i == 2) /* copy_from_user() fails */
			break;
		memset(piece[i], i, N);
		h[i] = MAP(dma_map_single(chip, piece[i], N, DMA_TO_DEVICE));
		if (dma_mapping_error(chip, h[i]))
			break;
		mapped++;
	}
	while (fixed && mapped--)
		dma_unmap_single(chip, h[mapped], N, DMA_TO_DEVICE);
	for (int i = 0; i < 3; i++)
		ACT(kfree(piece[i]));
}

const struct museum_record leak_map_records[] = {
	RECORD("DB-008", "a fragment fails, the head stays mapped", "free-while-mapped", fragment_fails),
	RECORD("DB-011", "mapped before the ring is asked for room", "map-overlap", ring_is_full),
	RECORD("DB-040", "stop looks at the receiver's handle", "free-while-mapped", stop_looks_at_the_other_handle),
	RECORD("DB-106", "the end of a transfer does not unmap", "mapping-leak", transfer_ends),
	RECORD("DB-114", "mapped, then no id is free", "free-while-mapped", no_packet_id),
	RECORD("DB-119", "the completion maps instead of unmapping", "map-overlap", completion_maps),
	RECORD("DB-130", "the slot's old buffer is overwritten", "mapping-leak", slot_is_overwritten),
	RECORD("DB-162", "refused, sent again, mapped again", "free-while-mapped", packet_is_sent_again),
	RECORD("DB-176", "the ring is given up half filled", "mapping-leak", ring_half_filled),
	RECORD("DB-222", "one way of ending does not unmap", "free-while-mapped", one_end_of_two),
	RECORD("DB-241", "the user's pages are released while mapped", "free-while-mapped", pages_released),
	RECORD("DB-287", "mapped late, unmapped only if mapped early", "free-while-mapped", only_prepared_ones),
	RECORD("DB-290", "the queue is full, the mapped copy forgotten", "mapping-leak", frame_on_the_floor),
	RECORD("DB-311", "the error branch does not unmap", "free-while-mapped", error_skips_unmap),
	RECORD("DB-313", "no memory to remember the mapping in", "mapping-leak", nothing_to_remember_it_in),
	RECORD("DB-314", "an ioctl's error path frees what is mapped", "free-while-mapped", ioctl_gives_up),
	{.id = NULL},
};
