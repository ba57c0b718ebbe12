/* SPDX-License-Identifier: MIT */
/* Mirrors asm/dma-mapping.h: all of it is in <linux/dma-mapping.h>. */
#ifndef DMASIM_ERA_2_6_ASM_DMA_MAPPING_H
#define DMASIM_ERA_2_6_ASM_DMA_MAPPING_H
#include <linux/dma-mapping.h>
#endif
