// SPDX-License-Identifier: MIT
/*
 * Life cycle of the DMA layer, and what a new device starts with.
 *
 * Firmware and buses of a real machine tell the kernel how each device sees memory. Here the machine's bridge windows
 * do: unless they show every address unchanged, each device gets them as its dma_range_map.
 */
#include <errno.h>
#include <stdlib.h>
#include <linux/dma-direct.h>
#include "lib/dma/swiotlb.h"

#define MAX_WINDOWS 8 /* one less than a device's range map holds: the last entry ends it */

static const struct bus_dma_region *range_map(struct dmasim_device_private *p)
{
	const struct sim_window *w;
	unsigned int i, n = sim_bus_windows(p->machine->hw, &w);
	bool identity = true;

	for (i = 0; i < n; i++)
		identity &= w[i].bus == w[i].phys;
	if (identity)
		return NULL;
	if (n > MAX_WINDOWS)
		n = MAX_WINDOWS;
	for (i = 0; i < n; i++)
		p->range_map[i] = (struct bus_dma_region){
			.cpu_start = w[i].phys,
			.dma_start = w[i].bus,
			.size = w[i].size,
			.offset = w[i].phys - w[i].bus,
		};
	p->range_map[n] = (struct bus_dma_region){0};
	return p->range_map;
}

/*
 * Hook: a device appears. One that the library makes gets what PCI and platform buses give: 32-bit masks and
 * parameters. One that a driver embeds and nobody registered keeps its own, or has none, as in the kernel.
 */
static void device_setup(struct dmasim_machine *m, struct device *dev)
{
	struct dmasim_device_private *p = m->device_slots[(u32)dev->dmasim];

	if (p->ours) {
		p->streaming_mask = DMA_BIT_MASK(32);
		if (!dev->dma_mask)
			dev->dma_mask = &p->streaming_mask;
		if (!dev->coherent_dma_mask)
			dev->coherent_dma_mask = DMA_BIT_MASK(32);
		if (!dev->dma_parms)
			dev->dma_parms = &p->parms;
	}
	if (m->hw->cfg.bus_bits < 64 && !dev->bus_dma_limit)
		dev->bus_dma_limit = DMA_BIT_MASK(m->hw->cfg.bus_bits);
	/* Always: what a driver's own struct carries may point into a machine that is gone. */
	dev->dma_range_map = range_map(p);
	dev->dma_io_tlb_mem = m->dma->tlb && m->dma->tlb->machine ? &m->dma->tlb->machine->pub : NULL;
}

int dma_direct_set_offset(struct device *dev, phys_addr_t cpu_start, dma_addr_t dma_start, u64 size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_direct_set_offset");

	if (!p || dev->dma_range_map || !size)
		return -EINVAL;
	if (cpu_start == dma_start)
		return 0;
	p->range_map[0] = (struct bus_dma_region){cpu_start, dma_start, size, cpu_start - dma_start};
	p->range_map[1] = (struct bus_dma_region){0};
	dev->dma_range_map = p->range_map;
	return 0;
}

int dma_init(struct dmasim_machine *m)
{
	const struct sim_config *cfg = &m->hw->cfg;
	struct dma *dma = calloc(1, sizeof(*dma));
	int err;

	if (!dma)
		return sim_error(ENOMEM, "no memory for the DMA layer");
	for (unsigned int i = 0; i < cfg->nr_banks; i++)
		if (cfg->banks[i].base + cfg->banks[i].size > dma->last_page)
			dma->last_page = cfg->banks[i].base + cfg->banks[i].size;
	dma->last_page -= SIM_PAGE_SIZE;
	m->dma = dma;
	dma->ops = dma_ops_by_config(m);
	m->hooks.device_setup = device_setup;
	err = dma_memory_init(m);
	return err ? err : bounce_init(m);
}

void dma_exit(struct dmasim_machine *m)
{
	if (!m->dma)
		return;
	dma_managed_exit(m);
	dma_noncontiguous_exit(m);
	dma_pools_exit(m);
	bounce_exit(m);
	dma_memory_exit(m);
	if (m->dma->has_cookies)
		sim_region_give(&m->dma->cookies);
	free(m->dma);
	m->dma = NULL;
}
