/* SPDX-License-Identifier: MIT */
/* Mirrors include/linux/pgtable.h. */
#ifndef DMASIM_LINUX_PGTABLE_H
#define DMASIM_LINUX_PGTABLE_H

#include <asm/pgtable.h>

#endif
