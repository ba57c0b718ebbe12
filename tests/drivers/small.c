// SPDX-License-Identifier: MIT
/*
 * Small legal habits, each the nearest neighbour of a mistake: a driver that is removed while a reader sleeps, and the rows
 * of the policy table that are silent by default.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <dmasim/chardev.h>
#include <dmasim/dmasim.h>
#include "tests/drivers/drivers.h"

/* ---- removed while a reader sleeps ---- */

struct plug {
	struct kref ref; /* the driver's, and one for each open file */
	struct miscdevice misc;
	wait_queue_head_t wait;
	bool gone, ready;
};

static void plug_release(struct kref *ref)
{
	kfree(container_of(ref, struct plug, ref));
}

static int plug_open(struct inode *inode, struct file *file)
{
	struct plug *p = container_of((struct miscdevice *)file->private_data, struct plug, misc);

	(void)inode;
	kref_get(&p->ref);
	file->private_data = p;
	return 0;
}

static int plug_close(struct inode *inode, struct file *file)
{
	struct plug *p = file->private_data;

	(void)inode;
	kref_put(&p->ref, plug_release);
	return 0;
}

static ssize_t plug_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	struct plug *p = file->private_data;

	(void)pos;
	if (wait_event_interruptible(p->wait, p->ready || p->gone))
		return -ERESTARTSYS;
	if (p->gone)
		return -ENODEV;
	return n && copy_to_user(buf, "x", 1) ? -EFAULT : 1;
}

static const struct file_operations plug_fops = {.open = plug_open, .release = plug_close, .read = plug_read};

static int plug_probe(struct platform_device *pdev)
{
	struct plug *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int err;

	if (!p)
		return -ENOMEM;
	kref_init(&p->ref);
	init_waitqueue_head(&p->wait);
	p->misc.minor = MISC_DYNAMIC_MINOR;
	p->misc.name = "plug";
	p->misc.fops = &plug_fops;
	platform_set_drvdata(pdev, p);
	err = misc_register(&p->misc);
	if (err)
		kref_put(&p->ref, plug_release);
	return err;
}

static int plug_remove(struct platform_device *pdev)
{
	struct plug *p = platform_get_drvdata(pdev);

	misc_deregister(&p->misc);
	p->gone = true;
	wake_up_all(&p->wait);
	kref_put(&p->ref, plug_release);
	return 0;
}

static struct platform_driver plug_driver = {.probe = plug_probe, .remove = plug_remove, .driver = {.name = "plug"}};

struct reader {
	struct completion done;
	long result;
};

static int reader_main(void *data)
{
	struct reader *r = data;
	struct dmasim_file *file = dmasim_open("plug", O_RDONLY);
	char byte;

	r->result = file ? dmasim_read(file, &byte, 1) : -ENOENT;
	dmasim_close(file);
	complete(&r->done);
	return 0;
}

static void removed_under_a_reader(void)
{
	struct platform_device *pdev;
	struct reader readers[3];

	check(!platform_driver_register(&plug_driver));
	pdev = platform_device_register_simple("plug", -1, NULL, 0);
	check(!IS_ERR(pdev));
	for (int i = 0; i < 3; i++) {
		init_completion(&readers[i].done);
		check(!IS_ERR(kthread_run(reader_main, &readers[i], "reader%d", i)));
	}
	msleep(5);
	platform_device_unregister(pdev);
	for (int i = 0; i < 3; i++) {
		wait_for_completion(&readers[i].done);
		check(readers[i].result == -ENODEV);
	}
	platform_driver_unregister(&plug_driver);
}

/* ---- the policy table ---- */

static struct device *dev;
static u8 *buf;
static dma_addr_t bus;
static volatile u8 sink;

static void map(size_t n, enum dma_data_direction dir)
{
	dev = dmasim_device_create("dev0");
	check(dev && !dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	buf = kzalloc(n, GFP_KERNEL);
	check(buf);
	bus = dma_map_single(dev, buf, n, dir);
	check(!dma_mapping_error(dev, bus));
}

static void unmap(size_t n, enum dma_data_direction dir)
{
	dma_unmap_single(dev, bus, n, dir);
	kfree(buf);
}

static void cpu_reads_what_the_device_reads(void)
{
	u8 got[64];

	map(256, DMA_TO_DEVICE);
	sink = buf[3];
	check(!dmasim_device_read(dev, bus, got, sizeof(got)));
	sink = buf[200];
	unmap(256, DMA_TO_DEVICE);
}

static void read_only_buffer_goes_back_without_sync(void)
{
	u8 bytes[64] = {9};

	map(64, DMA_FROM_DEVICE);
	for (int i = 0; i < 4; i++) {
		bytes[0] = (u8)i;
		check(!dmasim_device_write(dev, bus, bytes, sizeof(bytes)));
		dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
		check(buf[0] == i);
	}
	unmap(64, DMA_FROM_DEVICE);
}

static void two_mappings_that_only_read(void)
{
	dma_addr_t second;
	u8 got[16];

	map(256, DMA_TO_DEVICE);
	second = dma_map_single(dev, buf + 64, 128, DMA_TO_DEVICE);
	check(!dma_mapping_error(dev, second));
	check(!dmasim_device_read(dev, bus + 64, got, sizeof(got)));
	check(!dmasim_device_read(dev, second, got, sizeof(got)));
	dma_unmap_single(dev, second, 128, DMA_TO_DEVICE);
	check(!dmasim_device_read(dev, bus + 64, got, sizeof(got)));
	unmap(256, DMA_TO_DEVICE);
}

/* Two mappings share a page, not a byte; and the CPU keeps the rest of the page. */
static void neighbours_on_a_page(void)
{
	dma_addr_t second;
	u8 bytes[100] = {1};

	map(4096, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 4096, DMA_TO_DEVICE);
	bus = dma_map_single(dev, buf, 1024, DMA_FROM_DEVICE);
	second = dma_map_single(dev, buf + 1024, 1000, DMA_TO_DEVICE);
	check(!dma_mapping_error(dev, bus) && !dma_mapping_error(dev, second));
	buf[2024] = 1;
	buf[4095] = 2;
	check(!dmasim_device_write(dev, bus + 1024 - 100, bytes, 100));
	check(!dmasim_device_read(dev, second, bytes, 100));
	buf[2025] = 3;
	dma_unmap_single(dev, second, 1000, DMA_TO_DEVICE);
	buf[1024] = 4;
	unmap(1024, DMA_FROM_DEVICE);
}

/* Only one direction of a bidirectional mapping is synced. */
static void bidirectional_synced_one_way(void)
{
	u8 bytes[64] = {7};

	map(64, DMA_BIDIRECTIONAL);
	check(!dmasim_device_write(dev, bus, bytes, sizeof(bytes)));
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	check(buf[0] == 7);
	buf[1] = 8;
	dma_sync_single_for_device(dev, bus, 64, DMA_TO_DEVICE);
	check(!dmasim_device_read(dev, bus, bytes, sizeof(bytes)) && bytes[1] == 8);
	unmap(64, DMA_BIDIRECTIONAL);
}

/* A header is looked at with a sync of its own, unaligned, while the device fills the rest. */
static void partial_syncs(void)
{
	u8 bytes[512] = {0};

	map(512, DMA_FROM_DEVICE);
	for (unsigned int i = 0; i < 10; i++) {
		bytes[3] = (u8)i;
		check(!dmasim_device_write(dev, bus, bytes, 17));
		dma_sync_single_range_for_cpu(dev, bus, 3, 7, DMA_FROM_DEVICE);
		check(buf[3] == i);
		check(!dmasim_device_write(dev, bus + 128, bytes, 384));
		dma_sync_single_range_for_device(dev, bus, 3, 7, DMA_FROM_DEVICE);
	}
	unmap(512, DMA_FROM_DEVICE);
}

/* dma_mapping_error() asked late, but before the address is used. */
static void error_checked_late(void)
{
	dma_addr_t a, b;

	map(64, DMA_TO_DEVICE);
	a = dma_map_single(dev, buf, 16, DMA_TO_DEVICE);
	b = dma_map_single(dev, buf + 16, 16, DMA_TO_DEVICE);
	check(!dma_mapping_error(dev, b));
	check(!dma_mapping_error(dev, a));
	dma_unmap_single(dev, a, 16, DMA_TO_DEVICE);
	dma_unmap_single(dev, b, 16, DMA_TO_DEVICE);
	unmap(64, DMA_TO_DEVICE);
}

/* The same memory again and again, freed and allocated in between: nothing of old mappings sticks to it. */
static void memory_that_comes_back(void)
{
	u8 bytes[32] = {5};

	for (int i = 0; i < 50; i++) {
		map(32, i % 2 ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
		if (i % 2)
			check(!dmasim_device_write(dev, bus, bytes, 32));
		else
			check(!dmasim_device_read(dev, bus, bytes, 32));
		dma_unmap_single(dev, bus, 32, i % 2 ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
		memset(buf, i, 32);
		bus = dma_map_single(dev, buf, 32, DMA_BIDIRECTIONAL);
		check(!dma_mapping_error(dev, bus));
		unmap(32, DMA_BIDIRECTIONAL);
		dmasim_device_destroy(dev);
	}
}

/* Two devices may read the same bytes. */
static void two_readers(void)
{
	struct device *first, *second = dmasim_device_create("dev1");
	dma_addr_t other;
	u8 got[8];

	check(second && !dma_set_mask_and_coherent(second, DMA_BIT_MASK(64)));
	map(64, DMA_TO_DEVICE);
	first = dev;
	other = dma_map_single(second, buf, 64, DMA_TO_DEVICE);
	check(!dma_mapping_error(second, other));
	check(!dmasim_device_read(first, bus, got, 8) && !dmasim_device_read(second, other, got, 8));
	dma_unmap_single(second, other, 64, DMA_TO_DEVICE);
	unmap(64, DMA_TO_DEVICE);
}

/* A coherent block is everybody's at all times. */
static void coherent_memory_is_shared(void)
{
	u8 got[64];
	u8 *ring;

	dev = dmasim_device_create("dev0");
	check(dev && !dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	ring = dma_alloc_coherent(dev, 1000, &bus, GFP_KERNEL);
	check(ring && ring[999] == 0);
	for (int i = 0; i < 10; i++) {
		ring[i] = (u8)i;
		dma_wmb();
		check(!dmasim_device_read(dev, bus, got, sizeof(got)) && got[i] == i);
		got[0] = 77;
		check(!dmasim_device_write(dev, bus + 500, got, sizeof(got)));
		check(ring[500] == 77);
		ring[500] = 0;
	}
	dma_free_coherent(dev, 1000, ring, bus);
}

const struct legal_driver small_drivers[] = {
	{"removed-under-a-reader", removed_under_a_reader},
	{"cpu-reads-what-the-device-reads", cpu_reads_what_the_device_reads},
	{"read-only-buffer-goes-back-without-sync", read_only_buffer_goes_back_without_sync},
	{"two-mappings-that-only-read", two_mappings_that_only_read},
	{"neighbours-on-a-page", neighbours_on_a_page},
	{"bidirectional-synced-one-way", bidirectional_synced_one_way},
	{"partial-syncs", partial_syncs},
	{"error-checked-late", error_checked_late},
	{"memory-that-comes-back", memory_that_comes_back},
	{"two-readers", two_readers},
	{"coherent-memory-is-shared", coherent_memory_is_shared},
	{0},
};
