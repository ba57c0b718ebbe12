/* SPDX-License-Identifier: MIT */
/* Mirrors asm/semaphore.h, until 2.6.26 the place of semaphores. */
#ifndef DMASIM_ERA_2_6_ASM_SEMAPHORE_H
#define DMASIM_ERA_2_6_ASM_SEMAPHORE_H
#include <linux/semaphore.h>
#endif
