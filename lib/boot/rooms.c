// SPDX-License-Identifier: MIT
/*
 * Which rooms a machine has above the core, in the order they are built.
 *
 * The only file that knows them all: boot.c, at the bottom, walks this table, so that nothing below has to point
 * upward. A room finds every hook it calls either installed by one before it or harmless.
 */
#include "lib/check/check.h"
#include "lib/core/kernel.h"
#include "lib/dma/dma.h"
#include "lib/mm/mm.h"

const struct k_room k_rooms[] = {
	{"memory", mm_init, mm_exit, mm_leaks},
	{"checker", check_init, check_exit, check_leaks},
	{"dma", dma_init, dma_exit, NULL},
	{NULL, NULL, NULL, NULL},
};
