/* SPDX-License-Identifier: MIT */
/* Register mappings: shared by io.c (who maps what) and mmio.c (accesses). */
#ifndef LIB_CORE_IO_H
#define LIB_CORE_IO_H

#include <linux/ioport.h>
#include "lib/core/kernel.h"

struct k_iomap {
	uintptr_t va;
	size_t size;
	phys_addr_t phys;
	struct device *dev; /* whose driver mapped it, NULL if unknown */
	bool dead;	    /* unmapped; kept to be recognised */
	bool answered;	    /* a device was there when it was mapped: silence later is its unplugging */
	stack_id mapped, unmapped;
	u64 mapped_at, unmapped_at;
};

struct k_claim {
	struct k_claim *next;
	struct resource res;
	struct device *dev;
	stack_id claimed;
	char name[32];
};

struct k_io {
	struct sim_region window; /* of addresses that ioremap() hands out; size 0 until the first */
	struct k_iomap *maps;
	unsigned int nr, room, last;
	struct k_claim *claims;
};

/* The mapping, live or dead, that holds va; NULL if none. Valid until the next ioremap(). */
struct k_iomap *k_iomap_find(struct k_io *io, uintptr_t va);
struct k_iomap *k_iomap_before(struct k_io *io, uintptr_t va);
void *k_devm_ioremap_resource(struct device *dev, const struct resource *res);
/* Asserts the invariants; called by tests. */
void k_io_check(const struct dmasim_machine *m);

#endif
