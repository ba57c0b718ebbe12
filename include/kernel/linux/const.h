/* SPDX-License-Identifier: MIT */
/* Constants usable in C and assembler. Mirrors include/linux/const.h. */
#ifndef DMASIM_LINUX_CONST_H
#define DMASIM_LINUX_CONST_H

#include_next <linux/const.h>

#endif
