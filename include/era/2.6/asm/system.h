/* SPDX-License-Identifier: MIT */
/* Mirrors asm/system.h, until 3.3 the place of barriers and interrupt flags. */
#ifndef DMASIM_ERA_2_6_ASM_SYSTEM_H
#define DMASIM_ERA_2_6_ASM_SYSTEM_H
#include <asm/barrier.h>
#include <linux/irqflags.h>
#endif
