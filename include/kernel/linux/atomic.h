/* SPDX-License-Identifier: MIT */
/* Atomic integers. Mirrors linux/atomic.h. */
#ifndef DMASIM_LINUX_ATOMIC_H
#define DMASIM_LINUX_ATOMIC_H

#include <asm/atomic.h>

#endif
