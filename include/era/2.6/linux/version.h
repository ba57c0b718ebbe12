/* SPDX-License-Identifier: MIT */
/*
 * The version that these headers pretend to be: 2.6.18, the last one of handlers with registers, work with data, and
 * scatterlists filled by hand. Drivers for several versions choose by it; define DMASIM_ERA_VERSION for another.
 */
#ifndef DMASIM_ERA_2_6_LINUX_VERSION_H
#define DMASIM_ERA_2_6_LINUX_VERSION_H

#include_next <linux/version.h>

#ifndef DMASIM_ERA_VERSION
#define DMASIM_ERA_VERSION 132626 /* KERNEL_VERSION(2, 6, 18) */
#endif
#undef LINUX_VERSION_CODE
#undef KERNEL_VERSION
#define LINUX_VERSION_CODE	DMASIM_ERA_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))

#endif
