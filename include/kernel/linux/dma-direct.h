/* SPDX-License-Identifier: MIT */
/*
 * How physical addresses become bus addresses where no IOMMU is. Mirrors include/linux/dma-direct.h.
 *
 * A device whose dma_range_map is NULL sees physical addresses unchanged; else the map's windows decide.
 */
#ifndef DMASIM_LINUX_DMA_DIRECT_H
#define DMASIM_LINUX_DMA_DIRECT_H

#include <linux/dma-mapping.h>

/* The bus address of a physical byte, or DMA_MAPPING_ERROR where no window shows it. */
static inline dma_addr_t translate_phys_to_dma(struct device *dev, phys_addr_t phys)
{
	const struct bus_dma_region *r;

	for (r = dev->dma_range_map; r->size; r++)
		if (phys >= r->cpu_start && phys - r->cpu_start < r->size)
			return (dma_addr_t)(phys - r->offset);
	return DMA_MAPPING_ERROR;
}

/* The physical address of a bus byte, or all ones where no window decodes it. */
static inline phys_addr_t translate_dma_to_phys(struct device *dev, dma_addr_t addr)
{
	const struct bus_dma_region *r;

	for (r = dev->dma_range_map; r->size; r++)
		if (addr >= r->dma_start && addr - r->dma_start < r->size)
			return (phys_addr_t)(addr + r->offset);
	return ~(phys_addr_t)0;
}

static inline dma_addr_t phys_to_dma(struct device *dev, phys_addr_t phys)
{
	return dev->dma_range_map ? translate_phys_to_dma(dev, phys) : (dma_addr_t)phys;
}

static inline phys_addr_t dma_to_phys(struct device *dev, dma_addr_t addr)
{
	return dev->dma_range_map ? translate_dma_to_phys(dev, addr) : (phys_addr_t)addr;
}

/* The last address the device can drive: the smaller of its mask and its bus's limit, whichever is set. */
static inline u64 dma_direct_limit(u64 mask, u64 bus_limit)
{
	return !mask ? bus_limit : !bus_limit || mask < bus_limit ? mask : bus_limit;
}

/* Can the device drive every address of [addr, addr + size)? */
static inline bool dma_capable(struct device *dev, dma_addr_t addr, size_t size, bool is_ram)
{
	dma_addr_t end = addr + size - 1;

	(void)is_ram;
	if (addr == DMA_MAPPING_ERROR || !dev->dma_mask || end < addr)
		return false;
	return end <= dma_direct_limit(*dev->dma_mask, dev->bus_dma_limit);
}

#endif
