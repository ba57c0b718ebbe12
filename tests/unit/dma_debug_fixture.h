/* SPDX-License-Identifier: MIT */
/* One machine with one bound device, for tests of the kernel-compatible reporter: begin(spec), then end(). */
#ifndef TESTS_UNIT_DMA_DEBUG_FIXTURE_H
#define TESTS_UNIT_DMA_DEBUG_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/debugfs.h>
#include <dmasim/dmasim.h>
#include <dmasim/log.h>
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>
#include <linux/vmalloc.h>

static struct dmasim_machine *m;
static struct device *dev;
static struct device_driver driver = {.name = "dad"};
static char *buf;
static struct scatterlist list[4];

static void begin(const char *spec)
{
	char full[256];

	snprintf(full, sizeof(full), "%s,report=none,summary=off", spec);
	m = dmasim_machine_create(full);
	if (!m)
		print_error("%s: %s\n", full, dmasim_last_error());
	assert_non_null(m);
	dev = dmasim_device_create("dad0");
	dev->driver = &driver;
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
	buf = kmalloc(4096, GFP_KERNEL);
	assert_non_null(buf);
}

static void end(void)
{
	dev->driver = NULL;
	kfree(buf);
	dmasim_check_leaks();
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

static inline dma_addr_t mapped(size_t n, enum dma_data_direction dir)
{
	dma_addr_t bus = dma_map_single(dev, buf, n, dir);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	return bus;
}

/* Two entries that no backend joins. */
static inline struct scatterlist *two(void)
{
	sg_init_table(list, 2);
	sg_set_buf(&list[0], buf, 256);
	sg_set_buf(&list[1], buf + 1024, 512);
	return list;
}

/* One mistake that dma-debug has one text for. */
static inline void d2(void)
{
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
}

#endif
