// SPDX-License-Identifier: MIT
/*
 * A driver as they were written for Linux 2.6, against the headers of that time alone: a card with a command ring in
 * consistent memory, a streaming buffer a command, and a scatterlist filled by hand; handlers with registers, work with
 * data. The card is modelled in old_card.c. Which bug it has, if any, old_bug says.
 */
#include <linux/config.h>
#include <linux/module.h>
#include <linux/version.h>
#include <linux/init.h>
#include <linux/pci.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <asm/io.h>
#include <asm/scatterlist.h>
#include "tests/drivers/old.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(2, 6, 19)
#error "handlers and work functions have other arguments"
#endif

int old_bug, old_line, old_done;
static int debug;
MODULE_PARM(debug, "i");

struct old_slot {
	void *buf;
	int len;
	DECLARE_PCI_UNMAP_ADDR(addr)
	DECLARE_PCI_UNMAP_LEN(mapped)
};

struct old_dev {
	struct pci_dev *pdev;
	void __iomem *regs;
	struct old_desc *ring;
	dma_addr_t ring_dma;
	struct old_slot slot[OLD_RING];
	struct scatterlist sg[OLD_PAGES];
	unsigned int head;
	struct work_struct done;
	spinlock_t lock;
};

static struct old_dev *the_card;

/* All commands that the card has finished. */
static void old_complete(void *data)
{
	struct old_dev *dev = data;
	int i;

	for (i = 0; i < OLD_RING; i++) {
		struct old_slot *slot = &dev->slot[i];

		if (!slot->buf || !(dev->ring[i].status & OLD_DONE))
			continue;
		if (old_bug == OLD_WRONG_SIZE) {
			old_line = __LINE__ + 1;
			pci_unmap_single(dev->pdev, pci_unmap_addr(slot, addr), slot->len / 2, PCI_DMA_FROMDEVICE);
		} else if (old_bug != OLD_LEAK) {
			pci_unmap_single(dev->pdev, pci_unmap_addr(slot, addr), pci_unmap_len(slot, mapped),
					 PCI_DMA_FROMDEVICE);
		}
		old_done += *(unsigned char *)slot->buf == OLD_PATTERN;
		if (old_bug != OLD_LEAK)
			kfree(slot->buf);
		slot->buf = NULL;
	}
}

static irqreturn_t old_interrupt(int irq, void *dev_id, struct pt_regs *regs)
{
	struct old_dev *dev = dev_id;

	if (!(readl(dev->regs + OLD_STATUS) & OLD_IRQ))
		return IRQ_NONE;
	writel(OLD_IRQ, dev->regs + OLD_STATUS);
	schedule_work(&dev->done);
	return IRQ_HANDLED;
}

static void old_start(struct old_dev *dev, dma_addr_t addr, int len)
{
	struct old_desc *desc = &dev->ring[dev->head];
	unsigned long flags;

	spin_lock_irqsave(&dev->lock, flags);
	desc->addr = addr;
	desc->len = len;
	desc->status = 0;
	wmb();
	writel(dev->head, dev->regs + OLD_DOORBELL);
	dev->head = (dev->head + 1) % OLD_RING;
	spin_unlock_irqrestore(&dev->lock, flags);
}

int old_receive(int len)
{
	struct old_dev *dev = the_card;
	struct old_slot *slot = &dev->slot[dev->head];
	dma_addr_t addr;

	slot->buf = kmalloc(len, GFP_KERNEL);
	if (!slot->buf)
		return -ENOMEM;
	slot->len = len;
	addr = pci_map_single(dev->pdev, slot->buf, len, PCI_DMA_FROMDEVICE);
	if (old_bug != OLD_UNCHECKED && pci_dma_mapping_error(addr)) {
		kfree(slot->buf);
		slot->buf = NULL;
		return -ENOMEM;
	}
	pci_unmap_addr_set(slot, addr, addr);
	pci_unmap_len_set(slot, mapped, len);
	old_start(dev, addr, len);
	return 0;
}

/* Pages of the heap, sent one descriptor each: the list is an array without an end. */
int old_send(void)
{
	struct old_dev *dev = the_card;
	int i, n, count = -ENOMEM;

	memset(dev->sg, 0xa5, sizeof(dev->sg));
	for (n = 0; n < OLD_PAGES; n++) {
		dev->sg[n].page = alloc_page(GFP_KERNEL);
		if (!dev->sg[n].page)
			goto out;
		*(unsigned char *)page_address(dev->sg[n].page) = OLD_PATTERN;
		dev->sg[n].offset = 0;
		dev->sg[n].length = PAGE_SIZE;
	}
	count = pci_map_sg(dev->pdev, dev->sg, OLD_PAGES, PCI_DMA_TODEVICE);
	if (!count) {
		count = -ENOMEM;
		goto out;
	}
	for (i = 0; i < count; i++)
		old_fetch(&dev->pdev->dev, sg_dma_address(&dev->sg[i]), sg_dma_len(&dev->sg[i]));
	if (old_bug == OLD_WRONG_DIRECTION) {
		old_line = __LINE__ + 1;
		pci_unmap_sg(dev->pdev, dev->sg, OLD_PAGES, PCI_DMA_FROMDEVICE);
	} else {
		pci_unmap_sg(dev->pdev, dev->sg, OLD_PAGES, PCI_DMA_TODEVICE);
	}
out:
	while (n--)
		free_page(page_address(dev->sg[n].page));
	return count;
}

static int __devinit old_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct old_dev *dev;
	int err = -ENOMEM;

	dev = kmalloc(sizeof(*dev), SLAB_KERNEL);
	if (!dev)
		return -ENOMEM;
	memset(dev, 0, sizeof(*dev));
	dev->pdev = pdev;
	spin_lock_init(&dev->lock);
	INIT_WORK(&dev->done, old_complete, dev);
	err = pci_enable_device(pdev);
	if (err)
		goto out_free;
	pci_set_master(pdev);
	err = -ENODEV;
	/* The card takes two cycles for an address where it has to. */
	if (pci_set_dma_mask(pdev, DMA_64BIT_MASK) || pci_set_consistent_dma_mask(pdev, DMA_64BIT_MASK)) {
		if (pci_set_dma_mask(pdev, DMA_32BIT_MASK) || pci_set_consistent_dma_mask(pdev, DMA_32BIT_MASK))
			goto out_disable;
	}
	err = -ENOMEM;
	dev->regs = pci_iomap(pdev, 0, 0);
	if (!dev->regs)
		goto out_disable;
	dev->ring = pci_alloc_consistent(pdev, OLD_RING * sizeof(*dev->ring), &dev->ring_dma);
	if (!dev->ring)
		goto out_unmap;
	memset(dev->ring, 0, OLD_RING * sizeof(*dev->ring));
	writel((u32)dev->ring_dma, dev->regs + OLD_BASE_LOW);
	writel((u32)(dev->ring_dma >> 32), dev->regs + OLD_BASE_HIGH);
	err = request_irq(pdev->irq, old_interrupt, SA_SHIRQ | SA_INTERRUPT, "old", dev);
	if (err)
		goto out_ring;
	pci_set_drvdata(pdev, dev);
	the_card = dev;
	return 0;

out_ring:
	pci_free_consistent(pdev, OLD_RING * sizeof(*dev->ring), dev->ring, dev->ring_dma);
out_unmap:
	pci_iounmap(pdev, dev->regs);
out_disable:
	pci_disable_device(pdev);
out_free:
	kfree(dev);
	return err;
}

static void __devexit old_remove(struct pci_dev *pdev)
{
	struct old_dev *dev = pci_get_drvdata(pdev);

	free_irq(pdev->irq, dev);
	flush_scheduled_work();
	pci_free_consistent(pdev, OLD_RING * sizeof(*dev->ring), dev->ring, dev->ring_dma);
	pci_iounmap(pdev, dev->regs);
	pci_disable_device(pdev);
	pci_set_drvdata(pdev, NULL);
	kfree(dev);
	the_card = NULL;
}

static struct pci_device_id old_ids[] = {
	{OLD_VENDOR, OLD_DEVICE, PCI_ANY_ID, PCI_ANY_ID, 0, 0, 0},
	{0},
};
MODULE_DEVICE_TABLE(pci, old_ids);

static struct pci_driver old_driver = {
	.name = "old",
	.id_table = old_ids,
	.probe = old_probe,
	.remove = __devexit_p(old_remove),
};

int old_load(void)
{
	return pci_module_init(&old_driver);
}

void old_unload(void)
{
	pci_unregister_driver(&old_driver);
}

MODULE_LICENSE("GPL");
