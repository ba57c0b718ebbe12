/* SPDX-License-Identifier: MIT */
/* Mirrors asm/pci.h, where each architecture had its mapping calls: all of it is in <linux/pci.h>. */
#ifndef DMASIM_ERA_2_6_ASM_PCI_H
#define DMASIM_ERA_2_6_ASM_PCI_H
#include <linux/pci.h>
#endif
