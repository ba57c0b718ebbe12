/* SPDX-License-Identifier: MIT */
/* Conditions that must hold at compile time. Mirrors include/linux/build_bug.h. */
#ifndef DMASIM_LINUX_BUILD_BUG_H
#define DMASIM_LINUX_BUILD_BUG_H

#include <assert.h>

#define BUILD_BUG_ON_ZERO(e)	       ((int)(sizeof(struct { int : (-!!(e)); })))
#define BUILD_BUG_ON(condition)	       ((void)sizeof(char[1 - 2 * !!(condition)]))
#define BUILD_BUG_ON_MSG(cond, m)      _Static_assert(!(cond), m)
#define BUILD_BUG_ON_NOT_POWER_OF_2(n) BUILD_BUG_ON((n) == 0 || (((n) & ((n)-1)) != 0))

#endif
