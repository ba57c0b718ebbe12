// SPDX-License-Identifier: MIT
/*
 * The calls of older kernels: pci_map_single() and all that.
 *
 * Each is today's operation under the name that the driver wrote, so that reports and failures on demand know it by that
 * name. Three things differ from today. A device that is NULL stands for the ISA bus: the machine has one bus master
 * for it, made at first use, that drives 24 address lines. dma_mapping_error() without a device settles the mapping of
 * whatever device has that address. And DAC addresses are never released: the tracker knows them as a kind of their own.
 *
 * Weakness: a 32-bit or 64-bit PCI function that is given an address made for NULL is told that nothing is mapped for
 * it, although it would work where no IOMMU is.
 */
#include <errno.h>
#include <stdlib.h>
#include <dmasim/device.h>
#include <dmasim/era.h>
#include <linux/gfp.h>
#include <linux/pci.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"

/* ---- the ISA bus ---- */

static void isa_free(struct device *dev)
{
	struct dmasim_machine *m = k_thread.current;

	if (m && m->dma && m->dma->isa == dev)
		m->dma->isa = NULL;
	free(dev);
}

struct device *dmasim_isa_device(void)
{
	struct dmasim_machine *m = k_machine("dmasim_isa_device");
	struct dmasim_device_private *p;
	struct device *dev;

	if (!m || !m->dma || m->dma->isa)
		return m && m->dma ? m->dma->isa : NULL;
	dev = calloc(1, sizeof(*dev));
	p = dev ? k_device_add(m, dev, "isa", isa_free) : NULL;
	if (!p) {
		free(dev);
		return NULL;
	}
	*dev->dma_mask = dev->coherent_dma_mask = DMA_BIT_MASK(24);
	p->mask_set = true;
	p->master.address_bits = 24;
	m->dma->isa = dev;
	return dev;
}

static struct dmasim_device_private *of_device(struct device *dev, const char *function)
{
	if (!dev)
		dev = dmasim_isa_device();
	return dev ? k_device(dev, function) : NULL;
}

static struct dmasim_device_private *of_pci(struct pci_dev *pdev, const char *function)
{
	return of_device(pdev ? &pdev->dev : NULL, function);
}

#define PCI_CALL(name, alias) DMA_CALL(of_pci(hwdev, name), name, alias)
#define DEV_CALL(name)	      DMA_CALL(of_device(dev, name), name, NULL)

/* ---- streaming ---- */

dma_addr_t pci_map_single(struct pci_dev *hwdev, void *ptr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_map_single", "dma_map_single");

	return call.dev ? dma_map_single_as(&call, ptr, size, (enum dma_data_direction)direction) : DMA_MAPPING_ERROR;
}

void pci_unmap_single(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_unmap_single", NULL);

	if (call.dev)
		dma_unmap_as(&call, EXTENT_SINGLE, addr, size, (enum dma_data_direction)direction);
}

dma_addr_t pci_map_page(struct pci_dev *hwdev, struct page *page, unsigned long offset, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_map_page", "dma_map_page");

	return call.dev ? dma_map_page_as(&call, page, offset, size, (enum dma_data_direction)direction)
			: DMA_MAPPING_ERROR;
}

void pci_unmap_page(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_unmap_page", NULL);

	if (call.dev)
		dma_unmap_as(&call, EXTENT_PAGE, addr, size, (enum dma_data_direction)direction);
}

int pci_map_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = PCI_CALL("pci_map_sg", "dma_map_sg");

	return call.dev ? (int)dma_map_sg_as(&call, sg, nents, (enum dma_data_direction)direction) : 0;
}

void pci_unmap_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = PCI_CALL("pci_unmap_sg", NULL);

	if (call.dev)
		dma_unmap_sg_as(&call, sg, nents, (enum dma_data_direction)direction);
}

/* ---- hand-overs ---- */

static void hand_over(const struct dma_call *call, dma_addr_t addr, size_t size, int direction,
		      enum track_sync_side side)
{
	if (call->dev)
		dma_sync_as(call, addr, size, (enum dma_data_direction)direction, side);
}

static void hand_over_list(const struct dma_call *call, struct scatterlist *sg, int nents, int direction,
			   enum track_sync_side side)
{
	if (call->dev)
		dma_sync_sg_as(call, sg, nents, (enum dma_data_direction)direction, side);
}

void pci_dma_sync_single_for_cpu(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_single_for_cpu", NULL);

	hand_over(&call, addr, size, direction, SYNC_FOR_CPU);
}

void pci_dma_sync_single_for_device(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_single_for_device", NULL);

	hand_over(&call, addr, size, direction, SYNC_FOR_DEVICE);
}

void pci_dma_sync_sg_for_cpu(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_sg_for_cpu", NULL);

	hand_over_list(&call, sg, nents, direction, SYNC_FOR_CPU);
}

void pci_dma_sync_sg_for_device(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_sg_for_device", NULL);

	hand_over_list(&call, sg, nents, direction, SYNC_FOR_DEVICE);
}

void pci_dma_sync_single(struct pci_dev *hwdev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_single", NULL);

	hand_over(&call, addr, size, direction, SYNC_FOR_CPU);
}

void pci_dma_sync_sg(struct pci_dev *hwdev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = PCI_CALL("pci_dma_sync_sg", NULL);

	hand_over_list(&call, sg, nents, direction, SYNC_FOR_CPU);
}

void dma_sync_single(struct device *dev, dma_addr_t addr, size_t size, int direction)
{
	struct dma_call call = DEV_CALL("dma_sync_single");

	hand_over(&call, addr, size, direction, SYNC_FOR_CPU);
}

void dma_sync_sg(struct device *dev, struct scatterlist *sg, int nents, int direction)
{
	struct dma_call call = DEV_CALL("dma_sync_sg");

	hand_over_list(&call, sg, nents, direction, SYNC_FOR_CPU);
}

int dmasim_mapping_error(dma_addr_t addr)
{
	struct dmasim_machine *m = k_machine("dma_mapping_error");

	if (m && m->checks) {
		STACK_ENTER();
		track_mapping_error_any(m, addr);
	}
	return addr == DMA_MAPPING_ERROR;
}

/* ---- consistent memory ---- */

void *pci_alloc_consistent(struct pci_dev *hwdev, size_t size, dma_addr_t *handle)
{
	struct dma_call call = PCI_CALL("pci_alloc_consistent", "dma_alloc_coherent");

	if (!call.dev || k_fails(call.dev->machine, call.function, call.alias))
		return NULL;
	return dma_coherent_alloc(call.dev, size, handle, GFP_ATOMIC, 0, call.function, call.frame);
}

void *pci_zalloc_consistent(struct pci_dev *hwdev, size_t size, dma_addr_t *handle)
{
	struct dma_call call = PCI_CALL("pci_zalloc_consistent", "pci_alloc_consistent");

	if (!call.dev || k_fails(call.dev->machine, call.function, call.alias))
		return NULL;
	return dma_coherent_alloc(call.dev, size, handle, GFP_ATOMIC, 0, call.function, call.frame);
}

void pci_free_consistent(struct pci_dev *hwdev, size_t size, void *cpu, dma_addr_t handle)
{
	struct dma_call call = PCI_CALL("pci_free_consistent", NULL);

	if (call.dev)
		dma_coherent_free_as(&call, size, cpu, handle, 0);
}

/* ---- masks ---- */

int pci_set_dma_mask(struct pci_dev *hwdev, u64 mask)
{
	struct dma_call call = PCI_CALL("pci_set_dma_mask", "dma_set_mask");

	return dma_set_mask_as(&call, mask);
}

int pci_set_consistent_dma_mask(struct pci_dev *hwdev, u64 mask)
{
	struct dma_call call = PCI_CALL("pci_set_consistent_dma_mask", "dma_set_coherent_mask");

	return dma_set_coherent_mask_as(&call, mask);
}

int pci_dma_supported(struct pci_dev *hwdev, u64 mask)
{
	struct dmasim_device_private *p = of_pci(hwdev, "pci_dma_supported");

	return p && dma_mask_supported(p, mask);
}

int dma_supported(struct device *dev, u64 mask)
{
	struct dmasim_device_private *p = of_device(dev, "dma_supported");

	return p && dma_mask_supported(p, mask);
}

/* ---- dual address cycles ---- */

static bool has_dac(const struct dmasim_device_private *p)
{
	return p->machine->hw->cfg.bus_bits > 32;
}

dma64_addr_t pci_dac_page_to_dma(struct pci_dev *hwdev, struct page *page, unsigned long offset, int direction)
{
	struct dma_call call = PCI_CALL("pci_dac_page_to_dma", NULL);
	struct dmasim_device_private *p = call.dev;
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_DAC,
		.dir = (enum dma_data_direction)direction,
		.bus = DMA_MAPPING_ERROR,
		.phys = DMA_BAD_PHYS,
		.size = SIM_PAGE_SIZE - (offset & (SIM_PAGE_SIZE - 1)),
		.attrs = DMA_ATTR_SKIP_CPU_SYNC,
		.function = call.function,
		.frame = call.frame,
	};
	phys_addr_t first, end;
	struct mm_object o;

	if (!p)
		return DMA_MAPPING_ERROR;
	k_thread.entry = call.frame;
	if (!dma_direction_ok(p, &op, "map"))
		return DMA_MAPPING_ERROR;
	op.phys = dma_origin_page(p, page, &op);
	if (op.phys == DMA_BAD_PHYS)
		return DMA_MAPPING_ERROR;
	op.phys += offset;
	op.bus = phys_to_dma(p->dev, op.phys);
	if (!p->machine->checks || op.bus == DMA_MAPPING_ERROR)
		return op.bus;
	mm_object_at(p->machine, op.phys, &o);
	first = op.phys & ~(phys_addr_t)(SIM_PAGE_SIZE - 1);
	end = first + SIM_PAGE_SIZE;
	if (o.size && o.start > first)
		first = o.start;
	if (o.size && o.start + o.size < end)
		end = o.start + o.size;
	track_dac(p->machine, &op, first, end);
	return op.bus;
}

struct page *pci_dac_dma_to_page(struct pci_dev *hwdev, dma64_addr_t addr)
{
	struct dmasim_device_private *p = of_pci(hwdev, "pci_dac_dma_to_page");
	phys_addr_t phys = p ? dma_to_phys(p->dev, addr) : DMA_BAD_PHYS;

	return phys == DMA_BAD_PHYS ? NULL : pfn_to_page((unsigned long)(phys >> SIM_PAGE_SHIFT));
}

unsigned long pci_dac_dma_to_offset(struct pci_dev *hwdev, dma64_addr_t addr)
{
	(void)hwdev;
	return (unsigned long)addr & (SIM_PAGE_SIZE - 1);
}

static void dac_sync(const struct dma_call *call, dma64_addr_t addr, size_t len, int direction,
		     enum track_sync_side side)
{
	struct track_op op = {
		.dev = call->dev,
		.kind = EXTENT_DAC,
		.dir = (enum dma_data_direction)direction,
		.bus = addr,
		.size = len,
		.function = call->function,
		.frame = call->frame,
	};

	if (!call->dev)
		return;
	if (side == SYNC_FOR_CPU)
		k_safe_point(call->dev->machine, DMA_SYNC_NS);
	k_thread.entry = call->frame;
	if (len && dma_direction_ok(call->dev, &op, "sync") && call->dev->machine->checks)
		track_sync(call->dev->machine, &op, side, &op.phys);
}

void pci_dac_dma_sync_single_for_cpu(struct pci_dev *hwdev, dma64_addr_t addr, size_t len, int direction)
{
	struct dma_call call = PCI_CALL("pci_dac_dma_sync_single_for_cpu", NULL);

	dac_sync(&call, addr, len, direction, SYNC_FOR_CPU);
}

void pci_dac_dma_sync_single_for_device(struct pci_dev *hwdev, dma64_addr_t addr, size_t len, int direction)
{
	struct dma_call call = PCI_CALL("pci_dac_dma_sync_single_for_device", NULL);

	dac_sync(&call, addr, len, direction, SYNC_FOR_DEVICE);
}

int pci_dac_set_dma_mask(struct pci_dev *hwdev, u64 mask)
{
	struct dma_call call = PCI_CALL("pci_dac_set_dma_mask", "dma_set_mask");

	return call.dev && has_dac(call.dev) ? dma_set_mask_as(&call, mask) : -EIO;
}

int pci_dac_dma_supported(struct pci_dev *hwdev, u64 mask)
{
	struct dmasim_device_private *p = of_pci(hwdev, "pci_dac_dma_supported");

	return p && has_dac(p) && dma_mask_supported(p, mask);
}
