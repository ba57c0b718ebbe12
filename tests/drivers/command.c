// SPDX-License-Identifier: MIT
/*
 * A device that answers commands in place: one BIDIRECTIONAL buffer holds the request and, later, the answer. A command
 * that is never answered times out; then the device is reset, which stops its transfers, and only then is the buffer
 * unmapped. The interrupt's work is done in a handler, in a thread function, or by polling a coherent status word.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <dmasim/dmasim.h>
#include "tests/drivers/drivers.h"

#define BYTES 192
enum { REG_LO, REG_HI = 4, REG_GO = 8, REG_STATUS = 12, REG_RESET = 16, REG_POLL_LO = 20, REG_POLL_HI = 24 };

/* ---- the device ---- */

static struct {
	struct device *dev;
	u64 addr, poll;
	u32 status, answered;
	u8 bytes[BYTES];
	bool deaf; /* fetches the request and never answers */
} hw;

static void answered(void *arg, int err)
{
	u32 done = 1;

	(void)arg;
	hw.status = err ? 3 : 1;
	hw.answered++;
	if (hw.poll)
		dmasim_device_write(hw.dev, hw.poll, &done, sizeof(done));
	dmasim_device_raise_irq(hw.dev);
}

static void fetched(void *arg, int err)
{
	(void)arg;
	for (unsigned int i = 0; i < BYTES; i++)
		hw.bytes[i] ^= 0xff;
	if (err)
		answered(NULL, err);
	else
		dmasim_device_start_write(hw.dev, hw.addr, hw.bytes, BYTES,
					  hw.deaf ? 3600000000000ull : 2000 + dmasim_choice("think", 9000), answered,
					  NULL);
}

static uint64_t hw_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)size;
	return offset == REG_STATUS ? hw.status : 0;
}

static void hw_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)size;
	if (offset == REG_LO)
		hw.addr = (hw.addr & ~0xffffffffull) | value;
	else if (offset == REG_HI)
		hw.addr = (hw.addr & 0xffffffffull) | value << 32;
	else if (offset == REG_POLL_LO)
		hw.poll = (hw.poll & ~0xffffffffull) | value;
	else if (offset == REG_POLL_HI)
		hw.poll = (hw.poll & 0xffffffffull) | value << 32;
	else if (offset == REG_STATUS)
		hw.status &= ~(u32)value;
	else if (offset == REG_GO)
		dmasim_device_start_read(hw.dev, hw.addr, hw.bytes, BYTES, 700, fetched, NULL);
	else if (offset == REG_RESET)
		dmasim_device_cancel_transfers(hw.dev);
}

static const struct dmasim_mmio_ops hw_ops = {.read = hw_read, .write = hw_write};

/* ---- the driver ---- */

static struct {
	struct device *dev;
	void __iomem *regs;
	unsigned int irq;
	spinlock_t lock;
	struct mutex mutex;
	struct completion done;
	u8 *buf;
	dma_addr_t bus;
	unsigned int handled;
} drv;

static void drv_go(void)
{
	writel(lower_32_bits(drv.bus), drv.regs + REG_LO);
	writel(upper_32_bits(drv.bus), drv.regs + REG_HI);
	writel(1, drv.regs + REG_GO);
}

static irqreturn_t drv_interrupt(int irq, void *data)
{
	unsigned long flags;

	(void)irq;
	(void)data;
	spin_lock_irqsave(&drv.lock, flags);
	if (!(readl(drv.regs + REG_STATUS) & 1)) {
		spin_unlock_irqrestore(&drv.lock, flags);
		return IRQ_NONE;
	}
	writel(3, drv.regs + REG_STATUS);
	drv.handled++;
	spin_unlock_irqrestore(&drv.lock, flags);
	complete(&drv.done);
	return IRQ_HANDLED;
}

static irqreturn_t drv_thread(int irq, void *data)
{
	(void)irq;
	(void)data;
	mutex_lock(&drv.mutex); /* a thread function may sleep */
	usleep_range(10, 20);
	writel(3, drv.regs + REG_STATUS);
	drv.handled++;
	mutex_unlock(&drv.mutex);
	complete(&drv.done);
	return IRQ_HANDLED;
}

static irqreturn_t not_mine(int irq, void *data)
{
	(void)irq;
	++*(unsigned int *)data;
	return IRQ_NONE;
}

/* One command: filled before the map, answered in place, read after the unmap. 0 or -ETIMEDOUT. */
static int drv_command(u8 seed)
{
	int err = 0;

	for (unsigned int i = 0; i < BYTES; i++)
		drv.buf[i] = (u8)(seed + i);
	drv.bus = dma_map_single(drv.dev, drv.buf, BYTES, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(drv.dev, drv.bus))
		return -EIO;
	reinit_completion(&drv.done);
	drv_go();
	if (!wait_for_completion_timeout(&drv.done, msecs_to_jiffies(50))) {
		writel(1, drv.regs + REG_RESET); /* first the device stops, */
		readl(drv.regs + REG_STATUS);
		err = -ETIMEDOUT;
	}
	dma_unmap_single(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL); /* then it loses the buffer */
	if (err)
		return err;
	for (unsigned int i = 0; i < BYTES; i++)
		check(drv.buf[i] == (u8) ~(seed + i));
	return 0;
}

/* The same with a buffer that stays mapped: syncs in both directions at each turn. */
static void drv_commands_mapped(void)
{
	drv.bus = dma_map_single(drv.dev, drv.buf, BYTES, DMA_BIDIRECTIONAL);
	check(!dma_mapping_error(drv.dev, drv.bus));
	for (u8 turn = 0; turn < 5; turn++) {
		dma_sync_single_for_cpu(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
		memset(drv.buf, turn, BYTES);
		dma_sync_single_for_device(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
		reinit_completion(&drv.done);
		drv_go();
		wait_for_completion(&drv.done);
		dma_sync_single_for_cpu(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
		check((drv.buf[0] ^ turn) == 0xff && (drv.buf[BYTES - 1] ^ turn) == 0xff);
		dma_sync_single_for_device(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
	}
	dma_unmap_single(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
}

static void drv_begin(void)
{
	memset(&hw, 0, sizeof(hw));
	memset(&drv, 0, sizeof(drv));
	hw.dev = drv.dev = dmasim_device_create("cmd0");
	check(drv.dev);
	drv.regs = dmasim_device_add_mmio(hw.dev, 32, &hw_ops, NULL);
	check(drv.regs);
	drv.irq = (unsigned int)dmasim_device_irq(hw.dev);
	check(!dma_set_mask_and_coherent(drv.dev, DMA_BIT_MASK(64)));
	spin_lock_init(&drv.lock);
	mutex_init(&drv.mutex);
	init_completion(&drv.done);
	drv.buf = kmalloc(BYTES, GFP_KERNEL);
	check(drv.buf);
}

static void drv_end(void)
{
	kfree(drv.buf);
}

static void command_response(void)
{
	drv_begin();
	check(!request_irq(drv.irq, drv_interrupt, 0, "cmd", &drv));
	for (u8 i = 0; i < 10; i++)
		check(!drv_command(i));
	drv_commands_mapped();
	free_irq(drv.irq, &drv);
	check(drv.handled == 15);
	drv_end();
}

static void timeout_and_reset(void)
{
	drv_begin();
	check(!request_irq(drv.irq, drv_interrupt, 0, "cmd", &drv));
	for (u8 i = 0; i < 6; i++) {
		hw.deaf = i % 2;
		check(drv_command(i) == (i % 2 ? -ETIMEDOUT : 0));
	}
	free_irq(drv.irq, &drv);
	drv_end();
}

static void threaded_interrupt(void)
{
	drv_begin();
	check(!request_threaded_irq(drv.irq, NULL, drv_thread, IRQF_ONESHOT, "cmd", &drv));
	for (u8 i = 0; i < 10; i++)
		check(!drv_command(i));
	free_irq(drv.irq, &drv);
	check(drv.handled == 10);
	drv_end();
}

static void shared_interrupt(void)
{
	unsigned int asked = 0;

	drv_begin();
	check(!request_irq(drv.irq, not_mine, IRQF_SHARED, "other", &asked));
	check(!request_irq(drv.irq, drv_interrupt, IRQF_SHARED, "cmd", &drv));
	for (u8 i = 0; i < 5; i++)
		check(!drv_command(i));
	check(asked == 5);
	free_irq(drv.irq, &asked);
	for (u8 i = 0; i < 5; i++)
		check(!drv_command(i));
	check(asked == 5);
	free_irq(drv.irq, &drv);
	drv_end();
}

static void polled_status(void)
{
	dma_addr_t bus;
	u32 *done;

	drv_begin();
	done = dma_alloc_coherent(drv.dev, sizeof(*done), &bus, GFP_KERNEL);
	check(done);
	writel(lower_32_bits(bus), drv.regs + REG_POLL_LO);
	writel(upper_32_bits(bus), drv.regs + REG_POLL_HI);
	for (u8 turn = 0; turn < 5; turn++) {
		unsigned int tries = 0;

		WRITE_ONCE(*done, 0);
		memset(drv.buf, turn, BYTES);
		drv.bus = dma_map_single(drv.dev, drv.buf, BYTES, DMA_BIDIRECTIONAL);
		check(!dma_mapping_error(drv.dev, drv.bus));
		dma_wmb();
		drv_go();
		while (!READ_ONCE(*done)) {
			if (turn % 2)
				cpu_relax();
			else
				udelay(1);
			check(tries++ < 10000000);
		}
		dma_rmb();
		dma_unmap_single(drv.dev, drv.bus, BYTES, DMA_BIDIRECTIONAL);
		check((drv.buf[7] ^ turn) == 0xff);
	}
	dma_free_coherent(drv.dev, sizeof(*done), done, bus);
	drv_end();
}

const struct legal_driver command_drivers[] = {
	{"command-response", command_response},	    {"timeout-and-reset", timeout_and_reset},
	{"threaded-interrupt", threaded_interrupt}, {"shared-interrupt", shared_interrupt},
	{"polled-status", polled_status},	    {0},
};
