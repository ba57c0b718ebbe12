/* SPDX-License-Identifier: MIT */
/* Which devices a driver is for. Mirrors include/linux/mod_devicetable.h. Tables end with an all-zero entry. */
#ifndef DMASIM_LINUX_MOD_DEVICETABLE_H
#define DMASIM_LINUX_MOD_DEVICETABLE_H

#include <linux/types.h>

typedef unsigned long kernel_ulong_t;

#define PCI_ANY_ID (~0)

struct pci_device_id {
	u32 vendor, device;	  /* or PCI_ANY_ID */
	u32 subvendor, subdevice; /* or PCI_ANY_ID */
	u32 class, class_mask;	  /* class code, under the mask */
	kernel_ulong_t driver_data;
	u32 override_only;
};

#define PLATFORM_NAME_SIZE 24

struct platform_device_id {
	char name[PLATFORM_NAME_SIZE];
	kernel_ulong_t driver_data;
};

struct of_device_id {
	char name[32];
	char type[32];
	char compatible[128];
	const void *data;
};

struct acpi_device_id {
	u8 id[16];
	kernel_ulong_t driver_data;
};

#endif
