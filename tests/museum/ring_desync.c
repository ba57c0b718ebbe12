// SPDX-License-Identifier: MIT
/* RING-DESYNC: driver and device disagree on who has which slot. */
#include <asm/io.h>
#include "tests/museum/museum.h"

/* DB-255, wifi/ath9k: the register that says where the queue starts is written while the queue is being sent. */
static struct {
	u64 head;
	bool busy;
} queue;

static void sent(void *arg)
{
	(void)arg;
	queue.busy = false;
}

static void queue_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)size;
	if (queue.busy)
		dmasim_device_protocol_error(
			chip, "the queue's head is written while the queue at 0x%llx is being sent", queue.head);
	queue.head = value;
	queue.busy = true;
	dmasim_device_after(chip, 5000, sent, NULL);
}

static const struct dmasim_mmio_ops queue_ops = {.write = queue_write};

static void head_overwritten(bool fixed)
{
	void __iomem *regs = dmasim_device_add_mmio(chip, 16, &queue_ops, NULL);
	dma_addr_t h;
	void *descs = dma_alloc_coherent(chip, 4096, &h, GFP_KERNEL);

	queue.busy = false;
	for (int i = 0; i < 2; i++) {
		ACT(writel(lower_32_bits(h) + i * 128, regs));
		if (fixed)
			udelay(10); /* the interrupt says that it is empty */
	}
	udelay(20);
	dma_free_coherent(chip, 4096, descs, h);
}

/* DB-261, net/qede: when no packet can be built, one slot more is consumed, and the slot that is armed is another. */
static void one_slot_too_many(bool fixed)
{
	struct {
		u8 *p;
		dma_addr_t h;
		bool armed;
	} slot[3];
	int next = 0;

	for (int i = 0; i < 3; i++) {
		slot[i].p = kzalloc(512, GFP_KERNEL);
		slot[i].h = MAP(dma_map_single(chip, slot[i].p, 512, DMA_FROM_DEVICE));
		slot[i].armed = !dma_mapping_error(chip, slot[i].h);
	}
	dmasim_device_write(chip, slot[0].h, wire, 100);
	slot[0].armed = false;
	dma_unmap_single(chip, slot[next].h, 512, DMA_FROM_DEVICE);
	kfree(slot[next++].p);
	if (!fixed) { /* the caller does that as well */
		dma_unmap_single(chip, slot[next].h, 512, DMA_FROM_DEVICE);
		kfree(slot[next++].p);
	}
	for (int i = 0; i < 3; i++)
		if (slot[i].armed)
			ACT(dmasim_device_write(chip, slot[i].h, wire, 100));
	for (; next < 3; next++) {
		dma_unmap_single(chip, slot[next].h, 512, DMA_FROM_DEVICE);
		kfree(slot[next].p);
	}
}

const struct museum_record ring_desync_records[] = {
	RECORD("DB-255", "the head is overwritten while the queue is sent", "device-protocol-violation",
	       head_overwritten),
	RECORD("DB-261", "an armed slot is consumed", "device-access-after-unmap", one_slot_too_many),
	{.id = NULL},
};
