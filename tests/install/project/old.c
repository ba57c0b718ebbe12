// SPDX-License-Identifier: MIT
/* The same driver as of Linux 2.6: one-argument mapping error, a mask by its old name, and the same mistake. */
#include <linux/config.h>
#include <linux/pci.h>

int driver_run(struct device *dev);

int driver_run(struct device *dev)
{
	unsigned char *buffer;
	dma_addr_t bus;

	if (dma_set_mask(dev, DMA_32BIT_MASK))
		return -1;
	buffer = kmalloc(256, SLAB_KERNEL);
	if (!buffer)
		return -1;
	bus = dma_map_single(dev, buffer, 256, PCI_DMA_FROMDEVICE);
	if (dma_mapping_error(bus)) {
		kfree(buffer);
		return -1;
	}
	buffer[128] = 1;
	dma_sync_single(dev, bus, 256, PCI_DMA_FROMDEVICE);
	dma_unmap_single(dev, bus, 256, PCI_DMA_FROMDEVICE);
	kfree(buffer);
	return 0;
}
