/* SPDX-License-Identifier: MIT */
/*
 * The driver found that something is wrong. Mirrors include/linux/bug.h: WARN_ON() is reported as kernel-warning, BUG() as
 * kernel-bug, both with the caller's stack; BUG() ends the test. The _ONCE forms warn each time: equal
 * reports are one record with a count anyway, and there is no state to carry from one machine to the next.
 */
#ifndef DMASIM_LINUX_BUG_H
#define DMASIM_LINUX_BUG_H

#include <dmasim/types.h>
#include <linux/build_bug.h>
#include <linux/compiler_types.h>

/* condition: its source text, or NULL; fmt: NULL or a message. Context: any. */
DMASIM_API void dmasim_warn(const char *condition, const char *fmt, ...) DMASIM_PRINTF(2, 3);
DMASIM_API void dmasim_bug(const char *condition) __attribute__((noreturn));

#define BUG()		  dmasim_bug((const char *)0)
#define BUG_ON(condition) ((void)(unlikely(condition) ? (dmasim_bug(#condition), 0) : 0))
#define WARN_ON(condition)                                        \
	__extension__({                                           \
		bool dmasim_warned = !!(condition);               \
		if (unlikely(dmasim_warned))                      \
			dmasim_warn(#condition, (const char *)0); \
		unlikely(dmasim_warned);                          \
	})
#define WARN(condition, ...)                                  \
	__extension__({                                       \
		bool dmasim_warned = !!(condition);           \
		if (unlikely(dmasim_warned))                  \
			dmasim_warn(#condition, __VA_ARGS__); \
		unlikely(dmasim_warned);                      \
	})
#define WARN_ON_ONCE(condition)		  WARN_ON(condition)
#define WARN_ONCE(condition, ...)	  WARN(condition, __VA_ARGS__)
#define WARN_TAINT(condition, taint, ...) WARN(condition, __VA_ARGS__)

#endif
