// SPDX-License-Identifier: MIT
/*
 * Which operations serve a device: its own (set_dma_ops()), else those of its machine (dma_ops=).
 *
 * A table is known by its address: that is how platform code and tests tell which one a device has. The tables of arm's
 * IOMMU exist by name only, as no machine of this version has that hardware: each map and each allocation fails, and
 * says why.
 *
 * A device whose own operations may be bypassed (dev->dma_ops_bypass) is served by the direct ones as soon as its mask
 * covers all memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <linux/dma-direct.h>
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

/* ---- no IOMMU ---- */

static int no_iommu(struct device *dev)
{
	return sim_error(ENODEV,
			 "%s: this machine has no IOMMU: nothing can be mapped by iommu_ops or "
			 "iommu_coherent_ops",
			 k_device_name(dev));
}

static void *no_alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	(void)size;
	(void)handle;
	(void)gfp;
	(void)attrs;
	no_iommu(dev);
	return NULL;
}

static dma_addr_t no_map(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	(void)phys;
	(void)size;
	(void)dir;
	(void)attrs;
	no_iommu(dev);
	return DMA_MAPPING_ERROR;
}

static int no_map_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
		     unsigned long attrs)
{
	(void)sg;
	(void)nents;
	(void)dir;
	(void)attrs;
	no_iommu(dev);
	return -EIO;
}

const struct dma_map_ops iommu_ops = {.alloc = no_alloc, .map_phys = no_map, .map_sg = no_map_sg};
const struct dma_map_ops iommu_coherent_ops = {.alloc = no_alloc, .map_phys = no_map, .map_sg = no_map_sg};

/* ---- choice ---- */

static const struct dma_map_ops *const tables[] = {
	[SIM_OPS_DIRECT] = &dma_direct_ops,
	[SIM_OPS_ARM] = &arm_dma_ops,
	[SIM_OPS_ARM_COHERENT] = &arm_coherent_dma_ops,
	[SIM_OPS_ARM64] = &noncoherent_swiotlb_dma_ops,
	[SIM_OPS_ARM64_COHERENT] = &coherent_swiotlb_dma_ops,
	[SIM_OPS_IOMMU] = &iommu_ops,
	[SIM_OPS_IOMMU_COHERENT] = &iommu_coherent_ops,
};
#define NR_TABLES (sizeof(tables) / sizeof(*tables))

const struct dma_map_ops *dma_ops_by_config(const struct dmasim_machine *m)
{
	return tables[m->hw->cfg.dma_ops];
}

bool dma_ops_are_own(const struct dma_map_ops *ops)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		if (ops == tables[i] || ops == &swiotlb_dma_ops || ops == &dmabounce_ops)
			return false;
	return true;
}

static bool coherent_table(const struct dma_map_ops *ops)
{
	return ops != &arm_dma_ops && ops != &dmabounce_ops && ops != &noncoherent_swiotlb_dma_ops && ops != &iommu_ops;
}

const struct dma_map_ops *dma_ops_bypassed(const struct dmasim_device_private *p, u64 mask)
{
	struct device *dev = p->dev;
	const struct dma_map_ops *ops = dev->dma_ops ? dev->dma_ops : p->machine->dma->ops;

	if (dev->dma_ops_bypass && dma_direct_limit(mask, dev->bus_dma_limit) >= dma_direct_ops.get_required_mask(dev))
		return &dma_direct_ops;
	return ops;
}

const struct dma_map_ops *get_dma_ops(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "get_dma_ops");

	if (!p)
		return NULL;
	return dev->dma_ops ? dev->dma_ops : p->machine->dma->ops;
}

const struct dma_map_ops *get_arch_dma_ops(void)
{
	struct dmasim_machine *m = k_machine("get_arch_dma_ops");

	return m ? m->dma->ops : NULL;
}

bool dev_is_dma_coherent(struct device *dev)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);

	return !ops || coherent_table(ops);
}

void arch_setup_dma_ops(struct device *dev, u64 dma_base, u64 size, const struct iommu_ops *iommu, bool coherent)
{
	struct dmasim_device_private *p = k_device(dev, "arch_setup_dma_ops");
	const struct dma_map_ops *arch = p ? p->machine->dma->ops : NULL;

	(void)dma_base;
	(void)size;
	if (!p || dev->dma_ops)
		return;
	if (iommu)
		dev->dma_ops = coherent ? &iommu_coherent_ops : &iommu_ops;
	else if (arch == &noncoherent_swiotlb_dma_ops || arch == &coherent_swiotlb_dma_ops)
		dev->dma_ops = coherent ? &coherent_swiotlb_dma_ops : &noncoherent_swiotlb_dma_ops;
	else
		dev->dma_ops = coherent ? &arm_coherent_dma_ops : &arm_dma_ops;
}

void arch_teardown_dma_ops(struct device *dev)
{
	if (k_device(dev, "arch_teardown_dma_ops"))
		dev->dma_ops = NULL;
}

/* ---- life cycle of what allocates ---- */

/* A device goes away for good: after its leaks are told, what was declared for it goes too. */
static size_t device_released(struct dmasim_machine *m, struct device *dev, bool gone)
{
	struct dmasim_device_private *p = k_device(dev, "device_del");
	size_t n = m->dma->released(m, dev, gone);

	if (p && gone) {
		dmabounce_device_gone(p);
		dma_declared_device_gone(p);
	}
	return n;
}

int dma_memory_init(struct dmasim_machine *m)
{
	m->dma->memory = calloc(1, sizeof(*m->dma->memory));
	if (!m->dma->memory)
		return sim_error(ENOMEM, "no memory for the DMA layer");
	m->dma->released = m->hooks.device_released;
	m->hooks.device_released = device_released;
	return dma_contiguous_init(m);
}

void dma_memory_exit(struct dmasim_machine *m)
{
	if (!m->dma->memory)
		return;
	dma_buffers_exit(m);
	dma_declared_exit(m);
	dma_atomic_exit(m);
	dma_contiguous_exit(m);
	free(m->dma->memory);
	m->dma->memory = NULL;
}
