/* SPDX-License-Identifier: MIT */
/*
 * What older kernels had and today's do not: the functions behind the headers of include/era, which give them the names
 * and the arguments of their time. Drivers include those, not this.
 *
 * All of them are the calls of today under another name. Reports show the name that the driver wrote; a failure that is
 * asked for by that name or by today's hits them. NULL for the device means the ISA bus, as it did then: see
 * dmasim_isa_device(). Directions are int, PCI_DMA_* have the numbers of DMA_*.
 */
#ifndef DMASIM_ERA_H
#define DMASIM_ERA_H

#include <dmasim/types.h>
#include <linux/irqreturn.h>
#include <linux/types.h>

struct page;
struct pci_dev;
struct pt_regs;
struct scatterlist;
struct work_struct;

typedef u64 dma64_addr_t;

/* ---- streaming mappings ---- */

/* Return: the bus address, or DMA_ERROR_CODE. Any context. */
DMASIM_API dma_addr_t pci_map_single(struct pci_dev *hwdev, void *ptr, size_t size, int direction)
	DMASIM_SYM(pci_map_single);
DMASIM_API void pci_unmap_single(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(pci_unmap_single);
DMASIM_API dma_addr_t pci_map_page(struct pci_dev *hwdev, struct page *page, unsigned long offset, size_t size,
				   int direction) DMASIM_SYM(pci_map_page);
DMASIM_API void pci_unmap_page(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(pci_unmap_page);
/* Return: segments for the device, 0 when nothing was mapped. The list needs no end mark: it ends after nents entries. */
DMASIM_API int pci_map_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(pci_map_sg);
DMASIM_API void pci_unmap_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(pci_unmap_sg);

DMASIM_API void pci_dma_sync_single_for_cpu(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(pci_dma_sync_single_for_cpu);
DMASIM_API void pci_dma_sync_single_for_device(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(pci_dma_sync_single_for_device);
DMASIM_API void pci_dma_sync_sg_for_cpu(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(pci_dma_sync_sg_for_cpu);
DMASIM_API void pci_dma_sync_sg_for_device(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(pci_dma_sync_sg_for_device);

/*
 * Until 2.6.5: the only sync there was, to the CPU. There was no way back: what the CPU then writes reaches the device
 * on machines with coherent caches only, and is reported as cpu-write-not-flushed.
 */
DMASIM_API void pci_dma_sync_single(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(pci_dma_sync_single);
DMASIM_API void pci_dma_sync_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(pci_dma_sync_sg);
DMASIM_API void dma_sync_single(struct device *dev, dma_addr_t addr, size_t size, int direction)
	DMASIM_SYM(dma_sync_single);
DMASIM_API void dma_sync_sg(struct device *dev, struct scatterlist *sg, int nents, int direction)
	DMASIM_SYM(dma_sync_sg);

/* dma_mapping_error() until 2.6.26, without a device: asks for the mapping of any device at this address. 1 or 0. */
DMASIM_API int dmasim_mapping_error(dma_addr_t addr);

/* ---- consistent memory: always as if with GFP_ATOMIC ---- */

DMASIM_API void *pci_alloc_consistent(struct pci_dev *hwdev, size_t size, dma_addr_t *handle)
	DMASIM_SYM(pci_alloc_consistent);
DMASIM_API void *pci_zalloc_consistent(struct pci_dev *hwdev, size_t size, dma_addr_t *handle)
	DMASIM_SYM(pci_zalloc_consistent);
DMASIM_API void pci_free_consistent(struct pci_dev *hwdev, size_t size, void *cpu, dma_addr_t handle)
	DMASIM_SYM(pci_free_consistent);

/* ---- masks ---- */

/* 0: accepted. -EIO: refused, the old mask stays. */
DMASIM_API int pci_set_dma_mask(struct pci_dev *pdev, u64 mask) DMASIM_SYM(pci_set_dma_mask);
DMASIM_API int pci_set_consistent_dma_mask(struct pci_dev *pdev, u64 mask) DMASIM_SYM(pci_set_consistent_dma_mask);
/* 1: such a mask would be accepted. 0: it would not. */
DMASIM_API int pci_dma_supported(struct pci_dev *pdev, u64 mask) DMASIM_SYM(pci_dma_supported);
DMASIM_API int dma_supported(struct device *dev, u64 mask) DMASIM_SYM(dma_supported);

/* ---- dual address cycles, until 2.6.23 ---- */

/**
 * pci_dac_page_to_dma() - the 64-bit address of a page, past any IOMMU
 *
 * There is nothing to release, so it never counts as a leak: the address is good until the memory is freed or the driver
 * goes. It names the bytes from @offset to the end of the page, or of the allocation if that ends before, and gives them
 * to the device in the sense that what the CPU has written so far is there. From then on the two hand bytes over by
 * pci_dac_dma_sync_single_for_cpu() and _for_device(); only bytes that both touch with no sync between are a mistake.
 * Pages used in two directions are taken for bidirectional.
 *
 * Any context. Return: the address; all ones for a page that is none, or a direction that is none.
 */
DMASIM_API dma64_addr_t pci_dac_page_to_dma(struct pci_dev *pdev, struct page *page, unsigned long offset,
					    int direction) DMASIM_SYM(pci_dac_page_to_dma);
DMASIM_API struct page *pci_dac_dma_to_page(struct pci_dev *pdev, dma64_addr_t addr) DMASIM_SYM(pci_dac_dma_to_page);
DMASIM_API unsigned long pci_dac_dma_to_offset(struct pci_dev *pdev, dma64_addr_t addr)
	DMASIM_SYM(pci_dac_dma_to_offset);
DMASIM_API void pci_dac_dma_sync_single_for_cpu(struct pci_dev *pdev, dma64_addr_t addr, size_t len, int direction)
	DMASIM_SYM(pci_dac_dma_sync_single_for_cpu);
DMASIM_API void pci_dac_dma_sync_single_for_device(struct pci_dev *pdev, dma64_addr_t addr, size_t len, int direction)
	DMASIM_SYM(pci_dac_dma_sync_single_for_device);
/* As pci_set_dma_mask(); refused also where the machine's bus has 32 address lines or fewer. */
DMASIM_API int pci_dac_set_dma_mask(struct pci_dev *pdev, u64 mask) DMASIM_SYM(pci_dac_set_dma_mask);
DMASIM_API int pci_dac_dma_supported(struct pci_dev *pdev, u64 mask) DMASIM_SYM(pci_dac_dma_supported);

/* ---- functions of drivers that had other arguments ---- */

/* request_irq() until 2.6.18: handlers had a third argument, which is NULL here. */
DMASIM_API int dmasim_request_irq_regs(unsigned int irq, irqreturn_t (*handler)(int, void *, struct pt_regs *),
				       unsigned long flags, const char *name, void *dev);
/* INIT_WORK() until 2.6.19: the function was given a pointer of the driver's. */
DMASIM_API void dmasim_init_work_data(struct work_struct *work, void (*func)(void *data), void *data);

#endif
