/* SPDX-License-Identifier: MIT */
/* Mirrors asm/scatterlist.h, where struct scatterlist was defined until 4.7. */
#ifndef DMASIM_ERA_2_6_ASM_SCATTERLIST_H
#define DMASIM_ERA_2_6_ASM_SCATTERLIST_H
#include <linux/scatterlist.h>
#endif
