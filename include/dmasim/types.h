/* SPDX-License-Identifier: MIT */
/*
 * Address types and annotations shared by the native API and the kernel lookalikes.
 *
 * Three kinds of number must never be confused: what the CPU dereferences (a pointer), where a byte lies in
 * physical memory (phys_addr_t), and what a device puts on its bus (dma_addr_t). On most machines of this
 * library the three ranges are disjoint, so that a mix-up always shows.
 */
#ifndef DMASIM_TYPES_H
#define DMASIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long long dma_addr_t;	/* bus address: what the device uses */
typedef unsigned long long phys_addr_t; /* CPU physical address */

#ifndef __iomem
#define __iomem /* a cookie for readl() and friends, never to be dereferenced */
#endif

struct device;
struct dmasim_machine;

/* Kernel-named functions live under this library's own symbol names, so that they cannot collide at link time
 * with anything else a program defines, however ordinary the word (complete, schedule, up, panic). */
#define DMASIM_SYM(name) __asm__("dmasim_k_" #name)

#define DMASIM_API		 __attribute__((visibility("default")))
#define DMASIM_NODISCARD	 __attribute__((warn_unused_result))
#define DMASIM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
