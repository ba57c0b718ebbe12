// SPDX-License-Identifier: MIT
/* Driver code with one mistake that only instrumentation can see: it writes what the device owns. */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

int driver_run(struct device *dev);

int driver_run(struct device *dev)
{
	unsigned char *buffer = kmalloc(256, GFP_KERNEL);
	dma_addr_t bus;

	if (!buffer)
		return -1;
	bus = dma_map_single(dev, buffer, 256, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, bus)) {
		kfree(buffer);
		return -1;
	}
	buffer[128] = 1;
	dma_unmap_single(dev, bus, 256, DMA_FROM_DEVICE);
	kfree(buffer);
	return 0;
}
