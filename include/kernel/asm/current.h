/* SPDX-License-Identifier: MIT */
/* The running task. Mirrors asm/current.h: `current` is the simulated task whose code calls. */
#ifndef DMASIM_ASM_CURRENT_H
#define DMASIM_ASM_CURRENT_H

#include <dmasim/types.h>

struct task_struct;

/* Never NULL: without a machine a static task named "none". Any context; in an interrupt: the interrupted task. */
DMASIM_API struct task_struct *get_current(void) DMASIM_SYM(get_current);
#define current get_current()

#endif
