/* SPDX-License-Identifier: MIT */
/* Mirrors asm/delay.h. */
#ifndef DMASIM_ERA_2_6_ASM_DELAY_H
#define DMASIM_ERA_2_6_ASM_DELAY_H
#include <linux/delay.h>
#endif
