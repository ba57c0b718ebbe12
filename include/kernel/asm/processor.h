/* SPDX-License-Identifier: MIT */
/* The pause in a polling loop. Mirrors asm/processor.h: a safe point, so that the loop can end. Any context. */
#ifndef DMASIM_ASM_PROCESSOR_H
#define DMASIM_ASM_PROCESSOR_H

#include <dmasim/types.h>

DMASIM_API void cpu_relax(void) DMASIM_SYM(cpu_relax);
#define cpu_relax_yield() cpu_relax()

#endif
