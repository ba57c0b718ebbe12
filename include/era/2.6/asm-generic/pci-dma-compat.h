/* SPDX-License-Identifier: MIT */
/* Mirrors asm-generic/pci-dma-compat.h, until 4.16: all of it is in <linux/pci.h>. */
#ifndef DMASIM_ERA_2_6_ASM_GENERIC_PCI_DMA_COMPAT_H
#define DMASIM_ERA_2_6_ASM_GENERIC_PCI_DMA_COMPAT_H
#include <linux/pci.h>
#endif
