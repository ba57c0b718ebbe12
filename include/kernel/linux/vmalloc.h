/* SPDX-License-Identifier: MIT */
/*
 * Memory that is contiguous for the CPU only. Mirrors include/linux/vmalloc.h.
 *
 * Its pages lie scattered in RAM, on purpose: mapped for DMA as one buffer it would hit memory of others.
 */
#ifndef DMASIM_LINUX_VMALLOC_H
#define DMASIM_LINUX_VMALLOC_H

#include <linux/mm.h>

/* Whole pages, with a page behind that faults. NULL for size 0 and when memory is short. Context: may sleep. */
DMASIM_API void *vmalloc(unsigned long size) DMASIM_SYM(vmalloc);
DMASIM_API void *vzalloc(unsigned long size) DMASIM_SYM(vzalloc);
/* NULL is ignored. Context: not in interrupt context. */
DMASIM_API void vfree(const void *p) DMASIM_SYM(vfree);

#endif
