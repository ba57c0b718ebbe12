/* SPDX-License-Identifier: MIT */
/*
 * Accesses the compiler may not cache. Mirrors linux/compiler.h. READ_ONCE() is a safe point, so that a loop that polls
 * memory lets devices act and interrupts arrive. Any context.
 */
#ifndef DMASIM_LINUX_COMPILER_H
#define DMASIM_LINUX_COMPILER_H

#include <linux/compiler_types.h>
#include <asm/barrier.h>

#ifndef READ_ONCE
#define READ_ONCE(x) (dmasim_poll(), *(const volatile __typeof__(x) *)&(x))
#endif
#ifndef WRITE_ONCE
#define WRITE_ONCE(x, value)                               \
	do {                                               \
		*(volatile __typeof__(x) *)&(x) = (value); \
	} while (0)
#endif
#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x)) /* before 3.19; its reads are not seen as safe points */

#endif
