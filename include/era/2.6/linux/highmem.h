/* SPDX-License-Identifier: MIT */
/* kmap_atomic() with the slot that the driver chose, until 2.6.36; today's form works too. */
#ifndef DMASIM_ERA_2_6_LINUX_HIGHMEM_H
#define DMASIM_ERA_2_6_LINUX_HIGHMEM_H

#include_next <linux/highmem.h>

enum km_type {
	KM_BOUNCE_READ,
	KM_USER0,
	KM_USER1,
	KM_BIO_SRC_IRQ,
	KM_BIO_DST_IRQ,
	KM_IRQ0,
	KM_IRQ1,
	KM_SOFTIRQ0,
	KM_SOFTIRQ1
};

#define DMASIM_ERA_FIRST(first, ...) first
#define kmap_atomic(...)	     kmap_atomic(DMASIM_ERA_FIRST(__VA_ARGS__, ))
#define kunmap_atomic(...)	     kunmap_atomic(DMASIM_ERA_FIRST(__VA_ARGS__, ))

#endif
