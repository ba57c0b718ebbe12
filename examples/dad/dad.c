// SPDX-License-Identifier: MIT
/*
 * Driver of the DMA Acquisition Device, complete and as a driver author writes it: raw pointers, kernel headers,
 * kernel names. Nothing in this file knows that the machine is simulated.
 *
 * One commanded transfer at a time, in either direction, sleeping until the interrupt; and two kinds of continuous
 * acquisition, in which finished blocks queue up until somebody reads them. A reader who is late loses whole blocks,
 * which are counted, never parts of one.
 *
 * Locking: dad->lock protects all state that the interrupt handler shares; dad->mutex keeps one program's read, write
 * or mode change from running into another's.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <dmasim/devices/dad_regs.h>
#include "dad.h"

#define DAD_MAX_DEVICES	   4
#define DAD_BLOCK	   512 /* bytes of a block in acquisition */
#define DAD_BACKLOG	   8   /* finished blocks kept for a reader */
#define DAD_RING_ENTRIES_N 4

/* A descriptor as the device reads it from memory; see the data sheet. */
struct dad_desc {
	__le64 addr;
	__le32 length;
	__le32 status;
};

/* A finished block, waiting to be read. The data have an allocation of their own: no cache line is shared. */
struct dad_block {
	struct list_head list;
	size_t n;
	u8 *data;
};

struct dad_dev {
	struct pci_dev *pdev;
	void __iomem *regs;
	struct miscdevice misc;
	struct mutex mutex;
	spinlock_t lock;
	wait_queue_head_t wait;
	gfp_t gfp;	 /* GFP_DMA for boards with 24 address lines */
	struct kref ref; /* the device's, and one of each open file: who sleeps in read() outlives an unplug */
	bool gone;	 /* unplugged: only memory is left */
	unsigned int index;

	/* the commanded transfer */
	bool busy;
	int result;
	dma_addr_t bus;
	size_t count;
	enum dma_data_direction dir;

	/* acquisition */
	enum dad_mode mode;
	struct list_head blocks;
	unsigned int nr_blocks;
	unsigned int overruns;
	struct dad_block *incoming; /* announce mode: being transferred */
	struct dad_desc *ring;
	dma_addr_t ring_bus;
	unsigned int ring_next;
	void *ring_buf[DAD_RING_ENTRIES_N];
	dma_addr_t ring_buf_bus[DAD_RING_ENTRIES_N];
};

static struct dad_dev *dad_devices[DAD_MAX_DEVICES];

struct dad_dev *dad_find(unsigned int n)
{
	return n < DAD_MAX_DEVICES ? dad_devices[n] : NULL;
}

/* ---- commanded transfers ---- */

/* Program the registers and go. DMA is disabled meanwhile, as the data sheet demands. dad->lock held. */
static void dad_program(struct dad_dev *dad, bool write, dma_addr_t bus, size_t count)
{
	writel(write ? DAD_CMD_WR : DAD_CMD_RD, dad->regs + DAD_COMMAND);
	writel(lower_32_bits(bus), dad->regs + DAD_ADDR_LO);
	writel(upper_32_bits(bus), dad->regs + DAD_ADDR_HI);
	writel(count, dad->regs + DAD_LENGTH);
	writel(DAD_CMD_ENABLEDMA, dad->regs + DAD_COMMAND);
}

int dad_start(struct dad_dev *dad, bool write, void *buffer, size_t count)
{
	struct device *dev = &dad->pdev->dev;
	enum dma_data_direction dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	unsigned long flags;
	dma_addr_t bus;

	if (!count || count > DAD_MAX_LENGTH)
		return -EINVAL;

	if (dad->gone)
		return -ENODEV;

	spin_lock_irqsave(&dad->lock, flags);
	if (dad->busy || dad->mode != DAD_MODE_IDLE) {
		spin_unlock_irqrestore(&dad->lock, flags);
		return -EBUSY;
	}
	bus = dma_map_single(dev, buffer, count, dir);
	if (dma_mapping_error(dev, bus)) {
		spin_unlock_irqrestore(&dad->lock, flags);
		return -EIO;
	}
	dad->bus = bus;
	dad->count = count;
	dad->dir = dir;
	dad->busy = true;
	dad_program(dad, write, bus, count);
	spin_unlock_irqrestore(&dad->lock, flags);
	return 0;
}

/* The device is done with the buffer: it is the CPU's again. dad->lock held. */
static void dad_finish(struct dad_dev *dad, u32 status)
{
	dma_unmap_single(&dad->pdev->dev, dad->bus, dad->count, dad->dir);
	dad->result = status & DAD_ST_ERROR ? -EIO : 0;
	dad->busy = false;
}

/* ---- acquisition ---- */

static struct dad_block *dad_block_alloc(struct dad_dev *dad, gfp_t gfp)
{
	struct dad_block *block = kmalloc(sizeof(*block), gfp);

	if (!block)
		return NULL;
	block->n = DAD_BLOCK;
	block->data = kmalloc(DAD_BLOCK, gfp | dad->gfp);
	if (!block->data) {
		kfree(block);
		return NULL;
	}
	return block;
}

static void dad_block_free(struct dad_block *block)
{
	kfree(block->data);
	kfree(block);
}

/* A block is complete: queue it, or count it as lost if the reader is too far behind. dad->lock held. */
static void dad_block_queue(struct dad_dev *dad, struct dad_block *block)
{
	if (dad->nr_blocks == DAD_BACKLOG) {
		dad->overruns++;
		dad_block_free(block);
		return;
	}
	list_add_tail(&block->list, &dad->blocks);
	dad->nr_blocks++;
}

/* The device says that it has a block: give it memory for it. In the handler, so nothing here may sleep. */
static void dad_announced(struct dad_dev *dad)
{
	struct device *dev = &dad->pdev->dev;
	struct dad_block *block = dad_block_alloc(dad, GFP_ATOMIC);
	dma_addr_t bus;

	if (!block) {
		dad->overruns++;
		return;
	}
	bus = dma_map_single(dev, block->data, block->n, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, bus)) {
		dad->overruns++;
		dad_block_free(block);
		return;
	}
	dad->incoming = block;
	dad->bus = bus;
	dad->count = block->n;
	dad->dir = DMA_FROM_DEVICE;
	dad->busy = true;
	dad_program(dad, false, bus, block->n);
}

/* Take over all blocks that the device has written back, and give it their descriptors again. */
static void dad_ring_service(struct dad_dev *dad)
{
	struct device *dev = &dad->pdev->dev;

	for (unsigned int i = 0; i < DAD_RING_ENTRIES_N; i++) {
		unsigned int slot = dad->ring_next;
		struct dad_desc *desc = &dad->ring[slot];
		u32 status = le32_to_cpu(READ_ONCE(desc->status));
		struct dad_block *block;

		if (status & DAD_DESC_OWN)
			break;
		dma_rmb(); /* the status before the data */

		dma_sync_single_for_cpu(dev, dad->ring_buf_bus[slot], DAD_BLOCK, DMA_FROM_DEVICE);
		block = dad_block_alloc(dad, GFP_ATOMIC);
		if (block) {
			block->n = status & DAD_DESC_BYTES;
			memcpy(block->data, dad->ring_buf[slot], block->n);
			dad_block_queue(dad, block);
		} else {
			dad->overruns++;
		}
		dma_sync_single_for_device(dev, dad->ring_buf_bus[slot], DAD_BLOCK, DMA_FROM_DEVICE);

		dma_wmb(); /* the buffer is the device's before the descriptor says so */
		WRITE_ONCE(desc->status, cpu_to_le32(DAD_DESC_OWN));
		dad->ring_next = (slot + 1) % DAD_RING_ENTRIES_N;
	}
}

static void dad_ring_free(struct dad_dev *dad)
{
	struct device *dev = &dad->pdev->dev;

	for (unsigned int i = 0; i < DAD_RING_ENTRIES_N; i++) {
		if (!dad->ring_buf[i])
			continue;
		dma_unmap_single(dev, dad->ring_buf_bus[i], DAD_BLOCK, DMA_FROM_DEVICE);
		kfree(dad->ring_buf[i]);
		dad->ring_buf[i] = NULL;
	}
	dma_free_coherent(dev, DAD_RING_ENTRIES_N * sizeof(*dad->ring), dad->ring, dad->ring_bus);
	dad->ring = NULL;
}

static int dad_ring_alloc(struct dad_dev *dad)
{
	struct device *dev = &dad->pdev->dev;

	dad->ring = dma_alloc_coherent(dev, DAD_RING_ENTRIES_N * sizeof(*dad->ring), &dad->ring_bus, GFP_KERNEL);
	if (!dad->ring)
		return -ENOMEM;
	dad->ring_next = 0;
	for (unsigned int i = 0; i < DAD_RING_ENTRIES_N; i++) {
		void *buf = kmalloc(DAD_BLOCK, GFP_KERNEL | dad->gfp);
		dma_addr_t bus;

		if (!buf)
			goto fail;
		bus = dma_map_single(dev, buf, DAD_BLOCK, DMA_FROM_DEVICE);
		if (dma_mapping_error(dev, bus)) {
			kfree(buf);
			goto fail;
		}
		dad->ring_buf[i] = buf;
		dad->ring_buf_bus[i] = bus;
		dad->ring[i].addr = cpu_to_le64(bus);
		dad->ring[i].length = cpu_to_le32(DAD_BLOCK);
		dad->ring[i].status = cpu_to_le32(DAD_DESC_OWN);
	}
	return 0;
fail:
	dad_ring_free(dad);
	return -ENOMEM;
}

/* Stop whatever runs; after this the device touches no memory. */
static void dad_stop(struct dad_dev *dad)
{
	unsigned long flags;

	spin_lock_irqsave(&dad->lock, flags);
	writel(DAD_CMD_DISABLEDMA, dad->regs + DAD_COMMAND);
	readl(dad->regs + DAD_STATUS); /* posted writes have arrived when the read returns */
	dad->mode = DAD_MODE_IDLE;
	if (dad->busy)
		dad_finish(dad, DAD_ST_ERROR);
	if (dad->incoming) {
		dad_block_free(dad->incoming);
		dad->incoming = NULL;
	}
	spin_unlock_irqrestore(&dad->lock, flags);

	if (dad->ring)
		dad_ring_free(dad);
	wake_up(&dad->wait);
}

int dad_wait(struct dad_dev *dad)
{
	if (!wait_event_timeout(dad->wait, !dad->busy, HZ))
		dad_stop(dad); /* the device does not answer: take the buffer back, when it can no longer touch it */
	return dad->result;
}

static int dad_set_mode(struct dad_dev *dad, enum dad_mode mode)
{
	struct dad_block *block, *next;
	unsigned long flags;
	int err;

	dad_stop(dad);
	list_for_each_entry_safe (block, next, &dad->blocks, list) {
		list_del(&block->list);
		dad_block_free(block);
	}
	dad->nr_blocks = 0;
	dad->overruns = 0;
	if (mode == DAD_MODE_IDLE)
		return 0;

	if (mode == DAD_MODE_RING) {
		err = dad_ring_alloc(dad);
		if (err)
			return err;
	}
	spin_lock_irqsave(&dad->lock, flags);
	dad->mode = mode;
	writel(DAD_BLOCK, dad->regs + DAD_BLOCK_LENGTH);
	if (mode == DAD_MODE_RING) {
		writel(lower_32_bits(dad->ring_bus), dad->regs + DAD_RING_LO);
		writel(upper_32_bits(dad->ring_bus), dad->regs + DAD_RING_HI);
		writel(DAD_RING_ENTRIES_N, dad->regs + DAD_RING_ENTRIES);
		writel(DAD_CMD_RING, dad->regs + DAD_COMMAND);
	} else {
		writel(DAD_CMD_ANNOUNCE, dad->regs + DAD_COMMAND);
	}
	spin_unlock_irqrestore(&dad->lock, flags);
	return 0;
}

/* ---- the interrupt ---- */

static irqreturn_t dad_interrupt(int irq, void *data)
{
	struct dad_dev *dad = data;
	u32 status = readl(dad->regs + DAD_STATUS);

	if (!(status & DAD_ST_IRQ))
		return IRQ_NONE;

	spin_lock(&dad->lock);
	writel(status & DAD_ST_IRQ, dad->regs + DAD_INT_ACK);
	if (status & (DAD_ST_DONE | DAD_ST_ERROR) && dad->busy) {
		dad_finish(dad, status);
		if (dad->incoming) {
			if (dad->result)
				dad_block_free(dad->incoming);
			else
				dad_block_queue(dad, dad->incoming);
			dad->incoming = NULL;
		}
	}
	if (status & DAD_ST_ANNOUNCE && dad->mode == DAD_MODE_ANNOUNCE)
		dad_announced(dad);
	if (status & DAD_ST_RING && dad->mode == DAD_MODE_RING)
		dad_ring_service(dad);
	spin_unlock(&dad->lock);

	wake_up(&dad->wait);
	return IRQ_HANDLED;
}

/* ---- the character device ---- */

static void dad_free(struct kref *ref)
{
	kfree(container_of(ref, struct dad_dev, ref));
}

static int dad_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;

	struct dad_dev *dad = container_of(misc, struct dad_dev, misc);

	kref_get(&dad->ref);
	file->private_data = dad;
	return 0;
}

static int dad_release(struct inode *inode, struct file *file)
{
	struct dad_dev *dad = file->private_data;

	kref_put(&dad->ref, dad_free);
	return 0;
}

/* One commanded transfer through a buffer of ours. */
static ssize_t dad_read_once(struct dad_dev *dad, char __user *to, size_t count)
{
	void *buffer = kmalloc(count, GFP_KERNEL | dad->gfp);
	int err;

	if (!buffer)
		return -ENOMEM;
	err = dad_start(dad, false, buffer, count);
	if (!err)
		err = dad_wait(dad);
	if (!err && copy_to_user(to, buffer, count))
		err = -EFAULT;
	kfree(buffer);
	return err ? err : (ssize_t)count;
}

/* The oldest finished block; sleeps until there is one. */
static ssize_t dad_read_block(struct dad_dev *dad, char __user *to, size_t count)
{
	struct dad_block *block;
	unsigned long flags;
	ssize_t result;

	if (wait_event_interruptible(dad->wait, dad->nr_blocks || dad->gone))
		return -ERESTARTSYS;
	if (dad->gone)
		return -ENODEV;

	spin_lock_irqsave(&dad->lock, flags);
	block = list_first_entry(&dad->blocks, struct dad_block, list);
	list_del(&block->list);
	dad->nr_blocks--;
	spin_unlock_irqrestore(&dad->lock, flags);

	result = min(count, block->n);
	if (copy_to_user(to, block->data, result))
		result = -EFAULT;
	dad_block_free(block);
	return result;
}

static ssize_t dad_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	struct dad_dev *dad = file->private_data;
	ssize_t result;

	if (!count)
		return 0;
	if (mutex_lock_interruptible(&dad->mutex))
		return -ERESTARTSYS;
	if (dad->mode == DAD_MODE_IDLE)
		result = dad_read_once(dad, to, min_t(size_t, count, DAD_MAX_LENGTH));
	else
		result = dad_read_block(dad, to, count);
	mutex_unlock(&dad->mutex);
	return result;
}

static ssize_t dad_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct dad_dev *dad = file->private_data;
	void *buffer;
	int err;

	count = min_t(size_t, count, DAD_MAX_LENGTH);
	if (!count)
		return 0;
	buffer = kmalloc(count, GFP_KERNEL | dad->gfp);
	if (!buffer)
		return -ENOMEM;
	if (copy_from_user(buffer, from, count)) {
		kfree(buffer);
		return -EFAULT;
	}
	mutex_lock(&dad->mutex);
	err = dad_start(dad, true, buffer, count);
	if (!err)
		err = dad_wait(dad);
	mutex_unlock(&dad->mutex);
	kfree(buffer);
	return err ? err : (ssize_t)count;
}

static long dad_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dad_dev *dad = file->private_data;
	unsigned int lost;
	int mode;
	long err;

	switch (cmd) {
	case DAD_IOC_SET_MODE:
		if (get_user(mode, (int __user *)arg))
			return -EFAULT;
		if (mode < DAD_MODE_IDLE || mode > DAD_MODE_RING)
			return -EINVAL;
		mutex_lock(&dad->mutex);
		err = dad->gone ? -ENODEV : dad_set_mode(dad, mode);
		mutex_unlock(&dad->mutex);
		return err;
	case DAD_IOC_OVERRUNS:
		mutex_lock(&dad->mutex);
		lost = dad->overruns + (dad->gone ? 0 : readl(dad->regs + DAD_LOST));
		mutex_unlock(&dad->mutex);
		return put_user(lost, (unsigned int __user *)arg);
	}
	return -ENOTTY;
}

static const struct file_operations dad_fops = {
	.owner = THIS_MODULE,
	.open = dad_open,
	.release = dad_release,
	.read = dad_read,
	.write = dad_write,
	.unlocked_ioctl = dad_ioctl,
};

/* ---- probe and remove ---- */

static const char *const dad_names[DAD_MAX_DEVICES] = {"dad0", "dad1", "dad2", "dad3"};

static int dad_set_masks(struct dad_dev *dad)
{
	struct device *dev = &dad->pdev->dev;

	if (dad->pdev->revision < 2) { /* the first board drives 24 address lines */
		dad->gfp = GFP_DMA;
		return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(24));
	}
	if (!dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)))
		return 0;
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
}

static int dad_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct dad_dev *dad;
	unsigned int index;
	int err;

	for (index = 0; index < DAD_MAX_DEVICES && dad_devices[index]; index++)
		;
	if (index == DAD_MAX_DEVICES)
		return -ENOSPC;
	dad = kzalloc(sizeof(*dad), GFP_KERNEL);
	if (!dad)
		return -ENOMEM;
	dad->pdev = pdev;
	dad->index = index;
	kref_init(&dad->ref);
	mutex_init(&dad->mutex);
	spin_lock_init(&dad->lock);
	init_waitqueue_head(&dad->wait);
	INIT_LIST_HEAD(&dad->blocks);
	pci_set_drvdata(pdev, dad);

	err = pci_enable_device(pdev);
	if (err)
		goto free;
	err = pci_request_regions(pdev, "dad");
	if (err)
		goto disable;
	err = dad_set_masks(dad);
	if (err)
		goto release;
	err = -ENOMEM;
	dad->regs = pci_iomap(pdev, 0, DAD_REGS_SIZE);
	if (!dad->regs)
		goto release;
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		goto unmap;
	err = request_irq(pci_irq_vector(pdev, 0), dad_interrupt, 0, "dad", dad);
	if (err)
		goto vectors;
	pci_set_master(pdev);
	writel(1, dad->regs + DAD_INT_ENABLE);

	dad->misc.minor = MISC_DYNAMIC_MINOR;
	dad->misc.name = dad_names[index];
	dad->misc.fops = &dad_fops;
	err = misc_register(&dad->misc);
	if (err)
		goto irq;
	dad_devices[index] = dad;
	dev_info(&pdev->dev, "ready as /dev/%s\n", dad->misc.name);
	return 0;

irq:
	writel(0, dad->regs + DAD_INT_ENABLE);
	pci_clear_master(pdev);
	free_irq(pci_irq_vector(pdev, 0), dad);
vectors:
	pci_free_irq_vectors(pdev);
unmap:
	pci_iounmap(pdev, dad->regs);
release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free:
	kfree(dad);
	return err;
}

static void dad_remove(struct pci_dev *pdev)
{
	struct dad_dev *dad = pci_get_drvdata(pdev);

	misc_deregister(&dad->misc);
	dad_devices[dad->index] = NULL;
	dad->gone = true;
	wake_up(&dad->wait); /* who sleeps in read() holds the mutex */
	mutex_lock(&dad->mutex);
	dad_set_mode(dad, DAD_MODE_IDLE);
	mutex_unlock(&dad->mutex);
	writel(0, dad->regs + DAD_INT_ENABLE);
	free_irq(pci_irq_vector(pdev, 0), dad);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
	pci_iounmap(pdev, dad->regs);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	kref_put(&dad->ref, dad_free);
}

static const struct pci_device_id dad_ids[] = {
	{PCI_DEVICE(DAD_VENDOR_ID, DAD_DEVICE_ID)},
	{0},
};
MODULE_DEVICE_TABLE(pci, dad_ids);

static struct pci_driver dad_driver = {
	.name = "dad",
	.id_table = dad_ids,
	.probe = dad_probe,
	.remove = dad_remove,
};
module_pci_driver(dad_driver);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("DMA Acquisition Device");
