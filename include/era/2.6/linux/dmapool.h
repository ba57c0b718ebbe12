/* SPDX-License-Identifier: MIT */
/* Pools for a device that may be NULL: the ISA bus. */
#ifndef DMASIM_ERA_2_6_LINUX_DMAPOOL_H
#define DMASIM_ERA_2_6_LINUX_DMAPOOL_H

#include_next <linux/dmapool.h>
#include <linux/dma-mapping.h>

#define dma_pool_create(name, dev, size, align, boundary) \
	dma_pool_create(name, dmasim_era_device(dev), size, align, boundary)

#endif
