// SPDX-License-Identifier: MIT
/*
 * Cache maintenance for DMA: the one place where the DMA layer says that a cache should be cleaned or invalidated.
 *
 * The machines of this version keep caches coherent with their devices, so there is nothing to do, and nothing is
 * pretended: the calls are counted. Operations of machines that are not coherent make them all the same, at the points
 * and in the order in which such a kernel does: before the device gets a buffer, after it gave it back, and before
 * memory whose cached alias was used is handed out as coherent.
 */
#include <linux/mm.h>
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

void dma_maintain_for_device(struct dmasim_machine *m, phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	(void)phys;
	(void)size;
	(void)dir;
	m->dma->memory->for_device++;
}

void dma_maintain_for_cpu(struct dmasim_machine *m, phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	(void)phys;
	(void)size;
	/* Reading what a TO_DEVICE mapping holds needs no invalidation. */
	if (dir != DMA_TO_DEVICE)
		m->dma->memory->for_cpu++;
}

void dma_maintain_prepare(struct dmasim_machine *m, phys_addr_t phys, size_t size)
{
	(void)phys;
	(void)size;
	m->dma->memory->prepared++;
}

/* ---- as operations of one's own call them ---- */

void arch_sync_dma_for_device(phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	struct dmasim_machine *m = k_machine("arch_sync_dma_for_device");

	if (m)
		dma_maintain_for_device(m, phys, size, dir);
}

void arch_sync_dma_for_cpu(phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	struct dmasim_machine *m = k_machine("arch_sync_dma_for_cpu");

	if (m)
		dma_maintain_for_cpu(m, phys, size, dir);
}

void arch_dma_prep_coherent(struct page *page, size_t size)
{
	struct dmasim_machine *m = k_machine("arch_dma_prep_coherent");

	if (m)
		dma_maintain_prepare(m, page_to_phys(page), size);
}
