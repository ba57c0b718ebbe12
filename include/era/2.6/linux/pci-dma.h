/* SPDX-License-Identifier: MIT */
/* Mirrors include/linux/pci-dma.h of 2.6.35: the unmap-state macros, which are in <linux/pci.h>. */
#ifndef DMASIM_ERA_2_6_LINUX_PCI_DMA_H
#define DMASIM_ERA_2_6_LINUX_PCI_DMA_H
#include <linux/pci.h>
#endif
