/* SPDX-License-Identifier: MIT */
/* Registers of configuration space. Mirrors include/uapi/linux/pci_regs.h. */
#ifndef DMASIM_LINUX_PCI_REGS_H
#define DMASIM_LINUX_PCI_REGS_H

#include_next <linux/pci_regs.h>

#endif
