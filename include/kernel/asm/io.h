/* SPDX-License-Identifier: MIT */
/* Mirrors asm/io.h: everything is in <linux/io.h>. */
#ifndef DMASIM_ASM_IO_H
#define DMASIM_ASM_IO_H
#include <linux/io.h>
#endif
