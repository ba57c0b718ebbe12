/* SPDX-License-Identifier: MIT */
/*
 * PCI as drivers of 2.6 wrote it. Mirrors include/linux/pci.h of 2.6.0 to 5.17, which brought the mapping calls with it.
 * The calls themselves are in <dmasim/era.h>.
 */
#ifndef DMASIM_ERA_2_6_LINUX_PCI_H
#define DMASIM_ERA_2_6_LINUX_PCI_H

#include_next <linux/pci.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define PCI_DMA_BIDIRECTIONAL 0
#define PCI_DMA_TODEVICE      1
#define PCI_DMA_FROMDEVICE    2
#define PCI_DMA_NONE	      3

/* pci_dma_mapping_error(addr) until 2.6.26, then pci_dma_mapping_error(pdev, addr). */
#define dmasim_era_pci_mapping_error_1(addr)	    dmasim_mapping_error(addr)
#define dmasim_era_pci_mapping_error_2(hwdev, addr) dmasim_era_pci_mapping_error(hwdev, addr)
#define pci_dma_mapping_error(...) \
	DMASIM_ERA_CALL(dmasim_era_pci_mapping_error_, DMASIM_ERA_COUNT(__VA_ARGS__))(__VA_ARGS__)
static inline int dmasim_era_pci_mapping_error(struct pci_dev *hwdev, dma_addr_t addr)
{
	return (dma_mapping_error)(hwdev ? &hwdev->dev : dmasim_isa_device(), addr);
}

/* A pool is a pool: the kernel had no more than these names either. */
#define pci_pool dma_pool
static inline struct dma_pool *pci_pool_create(const char *name, struct pci_dev *pdev, size_t size, size_t align,
					       size_t boundary)
{
	return dma_pool_create(name, pdev ? &pdev->dev : NULL, size, align, boundary);
}
#define pci_pool_destroy(pool)		   dma_pool_destroy(pool)
#define pci_pool_alloc(pool, gfp, handle)  dma_pool_alloc(pool, gfp, handle)
#define pci_pool_zalloc(pool, gfp, handle) dma_pool_zalloc(pool, gfp, handle)
#define pci_pool_free(pool, cpu, addr)	   dma_pool_free(pool, cpu, addr)

/* What unmap will need, kept in the driver's own struct. Real fields. */
#define DECLARE_PCI_UNMAP_ADDR(name)	   dma_addr_t name;
#define DECLARE_PCI_UNMAP_LEN(name)	   u32 name;
#define DEFINE_PCI_UNMAP_ADDR(name)	   dma_addr_t name
#define DEFINE_PCI_UNMAP_LEN(name)	   u32 name
#define pci_unmap_addr(ptr, name)	   ((ptr)->name)
#define pci_unmap_addr_set(ptr, name, val) (((ptr)->name) = (val))
#define pci_unmap_len(ptr, name)	   ((ptr)->name)
#define pci_unmap_len_set(ptr, name, val)  (((ptr)->name) = (val))

static inline int pci_set_dma_max_seg_size(struct pci_dev *pdev, unsigned int size)
{
	return dma_set_max_seg_size(&pdev->dev, size);
}

static inline int pci_set_dma_seg_boundary(struct pci_dev *pdev, unsigned long mask)
{
	return dma_set_seg_boundary(&pdev->dev, mask);
}

/* Until 2.6.5 there was only the sync to the CPU. */
#define pci_dac_dma_sync_single(pdev, addr, len, dir) pci_dac_dma_sync_single_for_cpu(pdev, addr, len, dir)

#define pci_module_init(drv) pci_register_driver(drv) /* until 2.6.21 */

/* The name that PCI core gives a function, and that drivers print. */
#define pci_slot_name(pdev) pci_name(pdev)

#endif
