/* SPDX-License-Identifier: MIT */
/* Mirrors asm/dma.h as far as memory goes: where the DMA zone ends. The ISA controller is no part of it. */
#ifndef DMASIM_ERA_2_6_ASM_DMA_H
#define DMASIM_ERA_2_6_ASM_DMA_H

#include <asm/page.h>

/* The first kernel logical address that ISA cannot reach: of the byte behind the first 16 MiB. */
#define MAX_DMA_ADDRESS ((unsigned long)__va(0xffffff) + 1)

#endif
