/* SPDX-License-Identifier: MIT */
/* Mirrors include/linux/pci-dma-compat.h of 4.17 to 5.17: all of it is in <linux/pci.h>. */
#ifndef DMASIM_ERA_2_6_LINUX_PCI_DMA_COMPAT_H
#define DMASIM_ERA_2_6_LINUX_PCI_DMA_COMPAT_H
#include <linux/pci.h>
#endif
