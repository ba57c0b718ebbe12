/* SPDX-License-Identifier: MIT */
/* Mirrors asm/bitops.h, until 2.6.24 included by drivers themselves. */
#ifndef DMASIM_ERA_2_6_ASM_BITOPS_H
#define DMASIM_ERA_2_6_ASM_BITOPS_H
#include <linux/bitops.h>
#endif
