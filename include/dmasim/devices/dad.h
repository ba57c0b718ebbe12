/* SPDX-License-Identifier: MIT */
/* The DMA Acquisition Device, an emulated PCI function; its data sheet is <dmasim/devices/dad_regs.h>. */
#ifndef DMASIM_DEVICES_DAD_H
#define DMASIM_DEVICES_DAD_H

#include <dmasim/types.h>

/** struct dmasim_dad_config - variations of the device; zero is the standard one */
struct dmasim_dad_config {
	const char *name;	   /* "dad0" if NULL */
	unsigned int address_bits; /* address lines it drives; 0 means 64. Older boards had 24 */
	uint64_t latency_ns;	   /* from ENABLEDMA to the end of a transfer; 0 means 10 us, varied by a choice */
	uint64_t block_ns;	   /* between two blocks in announce and ring mode; 0 means 50 us */
};

/**
 * dmasim_dad_create() - plug a device into the current machine
 * @config: NULL for the standard one
 *
 * A driver that matches DAD_VENDOR_ID, DAD_DEVICE_ID is probed at once if one is loaded, else when it is.
 *
 * Return: the device; NULL and errno.
 */
DMASIM_API struct device *dmasim_dad_create(const struct dmasim_dad_config *config);

/**
 * dmasim_dad_output() - what the device received in its last memory-to-device transfer
 * @dst: room for @n bytes
 *
 * Return: how many bytes it received; at most @n are copied.
 */
DMASIM_API size_t dmasim_dad_output(struct device *dev, void *dst, size_t n);

/** dmasim_dad_check_block() - is this a whole block as the device makes it? Its number is stored, if not NULL */
DMASIM_API bool dmasim_dad_check_block(const void *block, size_t n, uint32_t *number);

#endif
