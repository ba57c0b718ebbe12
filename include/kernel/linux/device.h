/* SPDX-License-Identifier: MIT */
/* The device model. Mirrors include/linux/device.h as far as drivers of this library need it. */
#ifndef DMASIM_LINUX_DEVICE_H
#define DMASIM_LINUX_DEVICE_H

#include <linux/types.h>

struct bus_type;
struct device_driver;
struct dma_map_ops;

/* Limits of a device's scatter/gather hardware; dev->dma_parms points at one or is NULL. */
struct device_dma_parameters {
	unsigned int max_segment_size;
	unsigned int min_align_mask;
	unsigned long segment_boundary_mask;
};

/* One bus window of a device as seen from the CPU; arrays end with size 0. */
struct bus_dma_region {
	phys_addr_t cpu_start;
	dma_addr_t dma_start;
	u64 size;
	u64 offset; /* cpu_start - dma_start */
};

struct device {
	struct device *parent;
	const char *init_name;
	struct bus_type *bus;
	struct device_driver *driver;
	void *platform_data;
	void *driver_data; /* dev_set_drvdata() */
	void (*release)(struct device *dev);

	/* the DMA layer's view, as drivers and buses of the kernel set it */
	u64 *dma_mask;
	u64 coherent_dma_mask;
	u64 bus_dma_limit;
	const struct bus_dma_region *dma_range_map;
	struct device_dma_parameters *dma_parms;
	const struct dma_map_ops *dma_ops;

	/* handle of this library's record of the device: 0 until registration or the first call that needs it */
	unsigned long long dmasim;
};

#endif
