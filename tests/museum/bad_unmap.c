// SPDX-License-Identifier: MIT
/* BAD-UNMAP: unmapped or freed what is not a live mapping of the caller. */
#include "tests/museum/museum.h"

#define N 512

/* DB-010, wifi/brcmfmac, net/sungem, nvme: release runs at reset and again at remove, and does not clear the pointer. */
static struct {
	void *v;
	dma_addr_t h;
} scratch;

static void release(bool fixed)
{
	if (!scratch.v)
		return;
	ACT(dma_free_coherent(chip, N, scratch.v, scratch.h));
	if (fixed)
		scratch.v = NULL;
}

static void released_twice(bool fixed)
{
	scratch.v = MAP(dma_alloc_coherent(chip, N, &scratch.h, GFP_KERNEL));
	release(fixed); /* the reset failed */
	release(fixed); /* and the device is removed */
}

/* DB-032, net/ravb: only 32 bits of the handle are kept, and those of a failure do not look like one. */
static void half_a_cookie(bool fixed)
{
	struct {
		u32 h;
		bool ok;
	} slot[2];
	u8 *buf[2];

	dmasim_fail_from("dma_map_single", 1); /* no bounce buffer is left */
	for (int i = 0; i < 2; i++) {
		dma_addr_t h;

		buf[i] = kzalloc(N, GFP_KERNEL);
		h = dma_map_single(chip, buf[i], N, DMA_FROM_DEVICE);
		slot[i].ok = !dma_mapping_error(chip, h);
		slot[i].h = (u32)h;
	}
	for (int i = 0; i < 2; i++) {
		if (fixed ? slot[i].ok : !dma_mapping_error(chip, slot[i].h))
			ACT(dma_unmap_single(chip, slot[i].h, N, DMA_FROM_DEVICE));
		kfree(buf[i]);
	}
}

/* DB-122, net/bnxt: the page's mapping belongs to the pool, but a redirected page is unmapped by the driver too. */
static void not_its_mapping(bool fixed)
{
	struct page *page = alloc_page(GFP_KERNEL); /* the pool's */
	dma_addr_t h = MAP(dma_map_page(chip, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, 1500);
	if (fixed)
		dma_sync_single_for_cpu(chip, h, 1500, DMA_BIDIRECTIONAL);
	else
		dma_unmap_page(chip, h, PAGE_SIZE, DMA_BIDIRECTIONAL);
	/* Redirected and done with, it is recycled: the pool arms it again. */
	if (fixed)
		dma_sync_single_for_device(chip, h, 1500, DMA_BIDIRECTIONAL);
	ACT(dmasim_device_write(chip, h, wire, 1500));
	dma_unmap_page(chip, h, PAGE_SIZE, DMA_BIDIRECTIONAL);
	__free_page(page);
}

/* DB-142, page_pool: a page that the stack still holds outlives the device that it is mapped for. */
static void outlives_its_device(bool fixed)
{
	struct device *nic = dmasim_device_create("nic0");
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t h;

	if (dma_set_mask_and_coherent(nic, DMA_BIT_MASK(64)))
		return;
	h = MAP(dma_map_page(nic, page, 0, PAGE_SIZE, DMA_FROM_DEVICE));
	if (dma_mapping_error(nic, h))
		return;
	dmasim_device_write(nic, h, wire, 1500);
	if (fixed)
		dma_unmap_page(nic, h, PAGE_SIZE, DMA_FROM_DEVICE);
	ACT(dmasim_device_destroy(nic));
	if (!fixed) /* the last reference is dropped */
		dma_unmap_page(nic, h, PAGE_SIZE, DMA_FROM_DEVICE);
	__free_page(page);
}

/* DB-180, net/gve: a union holds buffer ids in one mode and handles in the other, and cleaning up knows one mode. */
struct pending {
	bool copied;
	union {
		dma_addr_t h[2];
		u16 id[2];
	};
};

static void ids_for_handles(bool fixed)
{
	struct pending *p = kzalloc(sizeof(*p), GFP_KERNEL);

	p->copied = true;
	p->id[0] = 7;
	p->id[1] = 9;
	if (!fixed || !p->copied)
		ACT(dma_unmap_page(chip, p->h[0], PAGE_SIZE, DMA_TO_DEVICE));
	kfree(p);
}

/* DB-196, crypto/sun8i-ce: one label for all failures unmaps the list that could not be mapped. */
static int cipher(u8 *text, bool fixed)
{
	struct scatterlist src, dst;
	int err = -EINVAL;

	sg_init_one(&src, text, N);
	sg_init_one(&dst, text + N, N);
	if (!dma_map_sg(chip, &src, 1, DMA_TO_DEVICE))
		return err;
	dmasim_fail_call("dma_map_sg", 1);
	if (!MAP(dma_map_sg(chip, &dst, 1, DMA_FROM_DEVICE))) {
		if (fixed)
			goto unmap_src;
		goto unmap;
	}
	dmasim_device_write(chip, sg_dma_address(&dst), wire, N);
	err = 0;
unmap:
	ACT(dma_unmap_sg(chip, &dst, 1, DMA_FROM_DEVICE));
unmap_src:
	dma_unmap_sg(chip, &src, 1, DMA_TO_DEVICE);
	return err;
}

static void one_label_for_all(bool fixed)
{
	u8 *text = kzalloc(2 * N, GFP_KERNEL);

	cipher(text, fixed);
	cipher(text, fixed);
	kfree(text);
}

/* DB-273, usb/uas: one half of a command cannot be submitted, so its list is freed; the other half unmaps it later. */
static void list_is_freed_first(bool fixed)
{
	struct scatterlist *list = kzalloc(2 * sizeof(*list), GFP_KERNEL);
	u8 *data = kzalloc(2 * N, GFP_KERNEL);

	sg_init_table(list, 2);
	sg_set_buf(&list[0], data, N);
	sg_set_buf(&list[1], data + N, N);
	if (!dma_map_sg(chip, list, 2, DMA_TO_DEVICE))
		return;
	dmasim_device_read(chip, sg_dma_address(list), wire, N);
	if (!fixed) /* the command is over, says the half that failed */
		kfree(list);
	ACT(dma_unmap_sg(chip, list, 2, DMA_TO_DEVICE));
	if (fixed)
		kfree(list);
	kfree(data);
}

/* DB-324, net/mlx5: a packet cannot be mapped, and the entry that is taken off the list in its place is another's. */
static struct {
	dma_addr_t h[8];
	unsigned int n;
} fifo;

static int post(u8 *skb, bool fixed)
{
	dma_addr_t h = dma_map_single(chip, skb, N, DMA_TO_DEVICE);

	if (dma_mapping_error(chip, h)) {
		if (!fixed)
			ACT(dma_unmap_single(chip, fifo.h[--fifo.n], N, DMA_TO_DEVICE));
		return -ENOMEM;
	}
	fifo.h[fifo.n++] = h;
	dmasim_device_start_read(chip, h, wire, N, 5000, NULL, NULL);
	return 0;
}

static void innocent_entry(bool fixed)
{
	u8 *skb = kzalloc(2 * N, GFP_KERNEL);

	fifo.n = 0;
	post(skb, fixed);
	dmasim_fail_call("dma_map_single", 1);
	post(skb + N, fixed);
	udelay(10);
	while (fifo.n)
		dma_unmap_single(chip, fifo.h[--fifo.n], N, DMA_TO_DEVICE);
	kfree(skb);
}

/* DB-325, wifi/ath12k: the error path unmaps an extra descriptor that this packet never had. */
static void optional_descriptor(bool fixed)
{
	struct {
		dma_addr_t frame, ext;
	} cb = {0, 0};
	u8 *frame = kzalloc(N, GFP_KERNEL);

	cb.frame = dma_map_single(chip, frame, N, DMA_TO_DEVICE);
	if (dma_mapping_error(chip, cb.frame))
		return;
	/* the ring is full */
	if (!fixed || cb.ext)
		ACT(dma_unmap_single(chip, cb.ext, 64, DMA_TO_DEVICE));
	dma_unmap_single(chip, cb.frame, N, DMA_TO_DEVICE);
	kfree(frame);
}

const struct museum_record bad_unmap_records[] = {
	RECORD("DB-010", "release runs twice", "coherent-double-free", released_twice),
	RECORD("DB-032", "half of the error value is unmapped", "unmap-unknown", half_a_cookie),
	RECORD("DB-122", "unmapped though the pool owns the mapping", "device-access-after-unmap", not_its_mapping,
	       .then = "double-unmap"),
	RECORD("DB-142", "mapped for a device that has gone", "mapping-leak", outlives_its_device),
	RECORD("DB-180", "ids taken for handles", "unmap-unknown", ids_for_handles),
	RECORD("DB-196", "unmapped though mapping had failed", "map-sg-failure-ignored", one_label_for_all),
	RECORD("DB-273", "unmapped through a list that was freed", "sg-changed-while-mapped", list_is_freed_first),
	RECORD("DB-324", "unmaps another packet", "unmap-while-dma-active", innocent_entry),
	RECORD("DB-325", "unmaps what was never there", "unmap-unknown", optional_descriptor),
	{.id = NULL},
};
