/* SPDX-License-Identifier: MIT */
/*
 * The kernel's DMA debugging, for bus and debugging code; drivers need nothing of it. Mirrors include/linux/dma-debug.h
 * of kernels before 5.10 and the same names in linux/dma-map-ops.h since. Switched on by machine option dma_debug=on:
 * without it these calls do nothing. See docs/dma-debug.md.
 */
#ifndef DMASIM_LINUX_DMA_DEBUG_H
#define DMASIM_LINUX_DMA_DEBUG_H

#include <dmasim/types.h>

struct bus_type;
struct device;

/**
 * dma_debug_add_bus() - tell of mappings that drivers of this bus leave behind when they are unbound
 *
 * The bus of PCI is known from the start, as in the kernel; drivers of other buses are told of only after this call. Ours
 * are all told of by mapping-leak.
 */
DMASIM_API void dma_debug_add_bus(const struct bus_type *bus) DMASIM_SYM(dma_debug_add_bus);

/** debug_dma_dump_mappings() - one line for each live mapping of the device, NULL: of all, to the kernel log */
DMASIM_API void debug_dma_dump_mappings(struct device *dev) DMASIM_SYM(debug_dma_dump_mappings);

#endif
