/* SPDX-License-Identifier: MIT */
/*
 * Scatterlists that drivers fill by hand: sg[i].page, .offset and .length. Mirrors include/linux/scatterlist.h up to
 * 2.6.23. Such a list is an array and ends after the number of entries given to the map call; it has no end mark and no
 * links. Lists made with sg_init_table() work too.
 */
#ifndef DMASIM_ERA_2_6_LINUX_SCATTERLIST_H
#define DMASIM_ERA_2_6_LINUX_SCATTERLIST_H

/* The entry's page has a name of its own: see struct scatterlist. */
#define DMASIM_KERNEL_2_6
#include_next <linux/scatterlist.h>

#endif
