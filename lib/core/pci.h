/* SPDX-License-Identifier: MIT */
/* A PCI function: shared by pci.c (configuration space, enabling, interrupts) and pci_driver.c (drivers, BARs). */
#ifndef LIB_CORE_PCI_H
#define LIB_CORE_PCI_H

#include <linux/pci.h>
#include "lib/core/device.h"

#define PCI_MAX_VECTORS 32

struct k_pci {
	struct pci_dev pdev; /* what drivers see */
	struct pci_bus bus;
	struct dmasim_device_private *p;
	u8 config[256];
	unsigned int intx; /* line of the pin */
	unsigned int msi_offered, nr_vectors, vectors[PCI_MAX_VECTORS];
	unsigned int claimed, claimed_managed; /* BARs, a bit each */
	void __iomem *table[PCI_STD_NUM_BARS]; /* pcim_iomap() */
};

/* NULL, with dmasim_last_error(), if pdev is no PCI function of the current machine. */
struct k_pci *k_pci_of(const struct pci_dev *pdev, const char *function);
void k_pci_regions_release(struct k_pci *pci, unsigned int bars);

#endif
