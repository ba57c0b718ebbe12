/* SPDX-License-Identifier: MIT */
/* Finding mappings by bus page, where bus addresses do not follow from physical ones. See moved.c. */
#ifndef LIB_CHECK_MOVED_H
#define LIB_CHECK_MOVED_H

#include "lib/check/extent.h"

/* e is live and moved, and in no chain; or in chains, and leaves them. */
void moved_add(struct check *c, struct extent *e);
void moved_remove(struct check *c, struct extent *e);
/* One that holds bus: one that lets the device read or write, else `best`, else any. */
struct extent *moved_containing(struct check *c, u32 dev, dma_addr_t bus, bool write, struct extent *best);
/* One of another device that holds bus, NULL. Looks at all devices: for error paths. */
struct extent *moved_of_other(struct check *c, u32 dev, dma_addr_t bus);
/* One that ends at most a page before bus: the nearest, `best` included. */
struct extent *moved_ends_before(struct check *c, u32 dev, dma_addr_t bus, struct extent *best);
void moved_exit(struct check *c);
void moved_check(struct check *c); /* asserts the invariants */

#endif
