/* SPDX-License-Identifier: MIT */
/* Mirrors asm/uaccess.h: everything is in <linux/uaccess.h>. */
#ifndef DMASIM_ASM_UACCESS_H
#define DMASIM_ASM_UACCESS_H
#include <linux/uaccess.h>
#endif
