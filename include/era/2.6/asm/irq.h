/* SPDX-License-Identifier: MIT */
/* Mirrors asm/irq.h: drivers included it beside <linux/interrupt.h>, which has all of it. */
#ifndef DMASIM_ERA_2_6_ASM_IRQ_H
#define DMASIM_ERA_2_6_ASM_IRQ_H
#include <linux/interrupt.h>
#endif
