/* SPDX-License-Identifier: MIT */
/*
 * Registers, and the conversions that drivers made before there was a DMA API. Mirrors asm/io.h up to 5.x.
 *
 * virt_to_bus() returns a physical address, as it did: where the bus sees memory elsewhere, or an IOMMU stands between,
 * a device that is given one is reported as device-used-physical-address.
 */
#ifndef DMASIM_ERA_2_6_ASM_IO_H
#define DMASIM_ERA_2_6_ASM_IO_H

#include_next <asm/io.h>
#include <asm/page.h>

#define virt_to_bus(p)	      ((unsigned long)virt_to_phys(p))
#define bus_to_virt(addr)     phys_to_virt((phys_addr_t)(addr))
#define isa_virt_to_bus(p)    virt_to_bus(p)
#define isa_bus_to_virt(addr) bus_to_virt(addr)
#define isa_page_to_bus(page) ((unsigned long)page_to_phys(page))

#endif
