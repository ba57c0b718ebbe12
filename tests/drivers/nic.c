// SPDX-License-Identifier: MIT
/*
 * A network card and its driver: descriptor rings in coherent memory, receive buffers that live long. Three ways of
 * receiving, all legal: copybreak (short frames are copied between two syncs and the buffer stays mapped, long ones take
 * the buffer with them), pages mapped once whose halves are recycled with partial syncs, and DMA_ATTR_SKIP_CPU_SYNC maps
 * where only explicit syncs hand anything over.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <dmasim/dmasim.h>
#include "tests/drivers/drivers.h"

#define RING  16
#define FRAME 1514

enum {
	NIC_RX_LO,
	NIC_RX_HI = 4,
	NIC_RX_TAIL = 8,
	NIC_TX_LO = 12,
	NIC_TX_HI = 16,
	NIC_TX_TAIL = 20,
	NIC_ICR = 24,
	NIC_IMS = 28,
	NIC_CTRL = 32
};
enum { CTRL_RX = 1, CTRL_RESET = 2 };
enum { ICR_RX = 1, ICR_TX = 2 };
enum { DESC_DONE = 0x80000000u };

struct desc {
	__le64 addr;
	__le32 length;
	__le32 status;
};

/* ---- the card ---- */

struct card {
	struct device *dev;
	u64 rx, tx;
	u32 rx_head, rx_tail, tx_head, tx_tail, icr, ims, ctrl, frames, sent;
	u8 frame[2048], last[2048];
	bool sending;
};

static unsigned int frame_length(u32 number)
{
	return number % 3 ? 60 + number % 100 : FRAME;
}

static u8 frame_byte(u32 number, unsigned int i)
{
	return (u8)(number * 31 + i);
}

static void card_interrupt(struct card *c, u32 cause)
{
	c->icr |= cause;
	if (c->icr & c->ims)
		dmasim_device_raise_irq(c->dev);
}

static void card_receive(void *arg)
{
	struct card *c = arg;
	struct desc d;
	unsigned int n = frame_length(c->frames);

	if (!(c->ctrl & CTRL_RX))
		return;
	dmasim_device_after(c->dev, 1500 + dmasim_choice("arrival", 3000), card_receive, c);
	if (c->rx_head == c->rx_tail || dmasim_device_read(c->dev, c->rx + c->rx_head * sizeof(d), &d, sizeof(d)))
		return; /* no room: lost */
	for (unsigned int i = 0; i < n; i++)
		c->frame[i] = frame_byte(c->frames, i);
	dmasim_device_write(c->dev, d.addr, c->frame, n);
	d.length = n;
	d.status = DESC_DONE | (c->frames & 0xffff);
	dmasim_device_write(c->dev, c->rx + c->rx_head * sizeof(d) + 8, &d.length, 8);
	c->frames++;
	c->rx_head = (c->rx_head + 1) % RING;
	card_interrupt(c, ICR_RX);
}

static void card_send(void *arg)
{
	struct card *c = arg;
	struct desc d;

	if (c->tx_head == c->tx_tail) {
		c->sending = false;
		return;
	}
	dmasim_device_read(c->dev, c->tx + c->tx_head * sizeof(d), &d, sizeof(d));
	dmasim_device_read(c->dev, d.addr, c->last, d.length);
	c->sent++;
	d.status = DESC_DONE;
	dmasim_device_write(c->dev, c->tx + c->tx_head * sizeof(d) + 12, &d.status, 4);
	c->tx_head = (c->tx_head + 1) % RING;
	card_interrupt(c, ICR_TX);
	dmasim_device_after(c->dev, 800, card_send, c);
}

static uint64_t card_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct card *c = ctx;
	u32 icr = c->icr;

	(void)size;
	if (offset != NIC_ICR)
		return 0;
	c->icr = 0; /* cleared by reading */
	return icr;
}

static void card_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	struct card *c = ctx;

	(void)size;
	switch (offset) {
	case NIC_RX_LO:
		c->rx = (c->rx & ~0xffffffffull) | value;
		break;
	case NIC_RX_HI:
		c->rx = (c->rx & 0xffffffffull) | value << 32;
		break;
	case NIC_RX_TAIL:
		c->rx_tail = (u32)value;
		break;
	case NIC_TX_LO:
		c->tx = (c->tx & ~0xffffffffull) | value;
		break;
	case NIC_TX_HI:
		c->tx = (c->tx & 0xffffffffull) | value << 32;
		break;
	case NIC_TX_TAIL:
		c->tx_tail = (u32)value;
		if (!c->sending && !dmasim_device_after(c->dev, 1000, card_send, c))
			c->sending = true;
		break;
	case NIC_IMS:
		c->ims = (u32)value;
		break;
	case NIC_CTRL:
		if (value & CTRL_RESET) {
			dmasim_device_cancel_timers(c->dev);
			*c = (struct card){.dev = c->dev, .sent = c->sent};
		} else if (value & CTRL_RX && !(c->ctrl & CTRL_RX)) {
			dmasim_device_after(c->dev, 2000, card_receive, c);
		}
		c->ctrl = (u32)value & CTRL_RX;
		break;
	}
}

static const struct dmasim_mmio_ops card_ops = {.read = card_read, .write = card_write};
static struct card card;

static struct device *card_plug(void)
{
	static const struct dmasim_pci_config config = {
		.name = "nic0", .vendor = 0x8086, .device = 0x100e, .msi_vectors = 1};

	card = (struct card){0};
	card.dev = dmasim_pci_device_create(&config);
	if (!card.dev || !dmasim_device_add_mmio(card.dev, 64, &card_ops, &card))
		return NULL;
	return dmasim_device_plug(card.dev) ? NULL : card.dev;
}

/* ---- the driver ---- */

enum rx_style { COPYBREAK, RECYCLE, SKIP_SYNC };
static enum rx_style style;

struct rx_buffer {
	void *data; /* COPYBREAK */
	struct page *page;
	unsigned int offset;
	dma_addr_t bus; /* of the data, or of the whole page */
};

struct nic {
	struct pci_dev *pdev;
	void __iomem *regs;
	spinlock_t lock;
	struct tasklet_struct tasklet;
	struct desc *rx, *tx;
	dma_addr_t rx_bus, tx_bus;
	struct rx_buffer rx_buf[RING];
	struct {
		void *data;
		dma_addr_t bus;
		unsigned int n;
	} tx_buf[RING];
	unsigned int rx_next, tx_next, tx_done, copied, taken, received;
};

static struct nic *the_nic;

static unsigned long nic_attrs(void)
{
	return style == SKIP_SYNC ? DMA_ATTR_SKIP_CPU_SYNC : 0;
}

static int nic_fill(struct nic *nic, unsigned int i, gfp_t gfp)
{
	struct device *dev = &nic->pdev->dev;
	struct rx_buffer *b = &nic->rx_buf[i];

	if (style == COPYBREAK) {
		b->data = kmalloc(2048, gfp);
		if (!b->data)
			return -ENOMEM;
		b->bus = dma_map_single(dev, b->data, 2048, DMA_FROM_DEVICE);
		if (dma_mapping_error(dev, b->bus)) {
			kfree(b->data);
			b->data = NULL;
			return -EIO;
		}
		nic->rx[i].addr = cpu_to_le64(b->bus);
	} else {
		b->page = alloc_page(gfp);
		if (!b->page)
			return -ENOMEM;
		b->offset = 0;
		b->bus = dma_map_page_attrs(dev, b->page, 0, PAGE_SIZE, DMA_FROM_DEVICE, nic_attrs());
		if (dma_mapping_error(dev, b->bus)) {
			__free_page(b->page);
			b->page = NULL;
			return -EIO;
		}
		if (style == SKIP_SYNC)
			dma_sync_single_range_for_device(dev, b->bus, 0, 2048, DMA_FROM_DEVICE);
		nic->rx[i].addr = cpu_to_le64(b->bus);
	}
	nic->rx[i].status = 0;
	return 0;
}

static void nic_frame(struct nic *nic, const u8 *data, unsigned int n, u32 number)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < n; i += i % 32 ? 1 : 31) /* the ends of each 32 */
		wrong += data[i] != frame_byte(number, i);
	check(!wrong && n == frame_length(number));
	nic->received++;
}

/* Short: copy it, give the buffer back. Long: it goes up the stack, and a new one takes its place; if there is none, drop. */
static void nic_rx_copybreak(struct nic *nic, unsigned int i, unsigned int n, u32 number)
{
	struct device *dev = &nic->pdev->dev;
	struct rx_buffer *b = &nic->rx_buf[i], old = *b;
	u8 *copy;

	if (n <= 256) {
		copy = kmalloc(n, GFP_ATOMIC);
		if (!copy)
			return;
		dma_sync_single_for_cpu(dev, b->bus, n, DMA_FROM_DEVICE);
		memcpy(copy, b->data, n);
		dma_sync_single_for_device(dev, b->bus, n, DMA_FROM_DEVICE);
		nic_frame(nic, copy, n, number);
		kfree(copy);
		nic->copied++;
		nic->rx[i].status = 0;
	} else if (!nic_fill(nic, i, GFP_ATOMIC)) {
		dma_unmap_single(dev, old.bus, 2048, DMA_FROM_DEVICE);
		nic_frame(nic, old.data, n, number);
		memset(old.data, 0, n); /* it is ours */
		kfree(old.data);
		nic->taken++;
	} else {
		*b = old;
		nic->rx[i].status = 0;
	}
}

/* The frame's half is looked at; the device gets the other half of the same page. */
static void nic_rx_page(struct nic *nic, unsigned int i, unsigned int n, u32 number)
{
	struct device *dev = &nic->pdev->dev;
	struct rx_buffer *b = &nic->rx_buf[i];

	dma_sync_single_range_for_cpu(dev, b->bus, b->offset, n, DMA_FROM_DEVICE);
	nic_frame(nic, (u8 *)page_address(b->page) + b->offset, n, number);
	b->offset ^= 2048;
	dma_sync_single_range_for_device(dev, b->bus, b->offset, 2048, DMA_FROM_DEVICE);
	nic->rx[i].addr = cpu_to_le64(b->bus + b->offset);
	nic->rx[i].status = 0;
}

static void nic_poll(struct tasklet_struct *t)
{
	struct nic *nic = from_tasklet(nic, t, tasklet);
	struct device *dev = &nic->pdev->dev;
	unsigned int budget = 8;
	unsigned long flags;

	while (budget--) {
		unsigned int i = nic->rx_next;
		u32 status = le32_to_cpu(READ_ONCE(nic->rx[i].status)), n;

		if (!(status & DESC_DONE))
			break;
		dma_rmb();
		n = le32_to_cpu(nic->rx[i].length);
		if (style == COPYBREAK)
			nic_rx_copybreak(nic, i, n, status & 0xffff);
		else
			nic_rx_page(nic, i, n, status & 0xffff);
		nic->rx_next = (i + 1) % RING;
		dma_wmb();
		writel((i + RING - 1) % RING, nic->regs + NIC_RX_TAIL);
	}
	spin_lock_irqsave(&nic->lock, flags);
	while (nic->tx_done != nic->tx_next && READ_ONCE(nic->tx[nic->tx_done].status) & cpu_to_le32(DESC_DONE)) {
		unsigned int i = nic->tx_done;

		dma_unmap_single(dev, nic->tx_buf[i].bus, nic->tx_buf[i].n, DMA_TO_DEVICE);
		kfree(nic->tx_buf[i].data);
		nic->tx_buf[i].data = NULL;
		nic->tx_done = (i + 1) % RING;
	}
	spin_unlock_irqrestore(&nic->lock, flags);
	writel(ICR_RX | ICR_TX, nic->regs + NIC_IMS);
	if (READ_ONCE(nic->rx[nic->rx_next].status) & cpu_to_le32(DESC_DONE))
		tasklet_schedule(t); /* what came between the last look and the unmasking */
}

static irqreturn_t nic_interrupt(int irq, void *data)
{
	struct nic *nic = data;

	(void)irq;
	if (!readl(nic->regs + NIC_ICR))
		return IRQ_NONE;
	writel(0, nic->regs + NIC_IMS);
	tasklet_schedule(&nic->tasklet);
	return IRQ_HANDLED;
}

static int nic_xmit(struct nic *nic, const void *bytes, unsigned int n)
{
	struct device *dev = &nic->pdev->dev;
	unsigned long flags;
	unsigned int i;
	dma_addr_t bus;
	void *data;

	data = kmemdup(bytes, n, GFP_ATOMIC);
	if (!data)
		return -ENOMEM;
	bus = dma_map_single(dev, data, n, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, bus)) {
		kfree(data);
		return -EIO;
	}
	spin_lock_irqsave(&nic->lock, flags);
	i = nic->tx_next;
	if ((i + 1) % RING == nic->tx_done) {
		spin_unlock_irqrestore(&nic->lock, flags);
		dma_unmap_single(dev, bus, n, DMA_TO_DEVICE);
		kfree(data);
		return -EBUSY;
	}
	nic->tx_buf[i].data = data;
	nic->tx_buf[i].bus = bus;
	nic->tx_buf[i].n = n;
	nic->tx[i].addr = cpu_to_le64(bus);
	nic->tx[i].length = cpu_to_le32(n);
	nic->tx[i].status = 0;
	nic->tx_next = (i + 1) % RING;
	dma_wmb();
	writel(nic->tx_next, nic->regs + NIC_TX_TAIL);
	spin_unlock_irqrestore(&nic->lock, flags);
	return 0;
}

static void nic_free_rings(struct nic *nic)
{
	struct device *dev = &nic->pdev->dev;

	for (unsigned int i = 0; i < RING; i++) {
		struct rx_buffer *b = &nic->rx_buf[i];

		if (b->data) {
			dma_unmap_single(dev, b->bus, 2048, DMA_FROM_DEVICE);
			kfree(b->data);
		}
		if (b->page) {
			dma_unmap_page_attrs(dev, b->bus, PAGE_SIZE, DMA_FROM_DEVICE, nic_attrs());
			__free_page(b->page);
		}
		if (nic->tx_buf[i].data) {
			dma_unmap_single(dev, nic->tx_buf[i].bus, nic->tx_buf[i].n, DMA_TO_DEVICE);
			kfree(nic->tx_buf[i].data);
		}
	}
	if (nic->rx)
		dma_free_coherent(dev, RING * sizeof(struct desc), nic->rx, nic->rx_bus);
	if (nic->tx)
		dma_free_coherent(dev, RING * sizeof(struct desc), nic->tx, nic->tx_bus);
}

static int nic_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct nic *nic;
	int err;

	(void)id;
	nic = devm_kzalloc(dev, sizeof(*nic), GFP_KERNEL);
	if (!nic)
		return -ENOMEM;
	nic->pdev = pdev;
	spin_lock_init(&nic->lock);
	tasklet_setup(&nic->tasklet, nic_poll);
	pci_set_drvdata(pdev, nic);
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	err = pcim_iomap_regions(pdev, 1, "nic");
	if (err)
		return err;
	nic->regs = pcim_iomap_table(pdev)[0];
	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	err = -ENOMEM;
	nic->rx = dma_alloc_coherent(dev, RING * sizeof(struct desc), &nic->rx_bus, GFP_KERNEL);
	nic->tx = dma_alloc_coherent(dev, RING * sizeof(struct desc), &nic->tx_bus, GFP_KERNEL);
	if (!nic->rx || !nic->tx)
		goto rings;
	for (unsigned int i = 0; i < RING; i++) {
		err = nic_fill(nic, i, GFP_KERNEL);
		if (err)
			goto rings;
	}
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_LEGACY);
	if (err < 0)
		goto rings;
	err = request_irq(pci_irq_vector(pdev, 0), nic_interrupt, 0, "nic", nic);
	if (err)
		goto vectors;
	pci_set_master(pdev);
	writel(lower_32_bits(nic->rx_bus), nic->regs + NIC_RX_LO);
	writel(upper_32_bits(nic->rx_bus), nic->regs + NIC_RX_HI);
	writel(lower_32_bits(nic->tx_bus), nic->regs + NIC_TX_LO);
	writel(upper_32_bits(nic->tx_bus), nic->regs + NIC_TX_HI);
	writel(RING - 1, nic->regs + NIC_RX_TAIL);
	writel(ICR_RX | ICR_TX, nic->regs + NIC_IMS);
	writel(CTRL_RX, nic->regs + NIC_CTRL);
	the_nic = nic;
	return 0;
vectors:
	pci_free_irq_vectors(pdev);
rings:
	nic_free_rings(nic);
	return err;
}

static void nic_remove(struct pci_dev *pdev)
{
	struct nic *nic = pci_get_drvdata(pdev);

	the_nic = NULL;
	writel(CTRL_RESET, nic->regs + NIC_CTRL);
	readl(nic->regs + NIC_ICR);
	free_irq(pci_irq_vector(pdev, 0), nic);
	tasklet_kill(&nic->tasklet);
	pci_free_irq_vectors(pdev);
	nic_free_rings(nic);
}

static const struct pci_device_id nic_ids[] = {{PCI_DEVICE(0x8086, 0x100e)}, {0}};
static struct pci_driver nic_driver = {.name = "nic", .id_table = nic_ids, .probe = nic_probe, .remove = nic_remove};

/* ---- a test's afternoon ---- */

static void nic_run(enum rx_style s)
{
	u8 frame[FRAME];
	int err;

	style = s;
	check(card_plug());
	check(!pci_register_driver(&nic_driver));
	check(the_nic);
	for (unsigned int round = 0; round < 60; round++) {
		memset(frame, (int)round, sizeof(frame));
		err = nic_xmit(the_nic, frame, round % 2 ? 60 : FRAME);
		check(err == 0 || err == -EBUSY);
		if (round % 4 == 3)
			usleep_range(50, 80);
		else
			udelay(5);
	}
	usleep_range(100, 200);
	check(the_nic->received > 50);
	check(card.sent > 20);
	pci_unregister_driver(&nic_driver);
	check(!the_nic);
}

static void copybreak(void)
{
	nic_run(COPYBREAK);
}

static void recycled_pages(void)
{
	nic_run(RECYCLE);
}

static void skip_cpu_sync(void)
{
	nic_run(SKIP_SYNC);
}

const struct legal_driver nic_drivers[] = {
	{"copybreak", copybreak}, {"recycled-pages", recycled_pages}, {"skip-cpu-sync", skip_cpu_sync}, {0}};
