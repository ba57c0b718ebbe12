/* SPDX-License-Identifier: MIT */
/* The grab bag every driver includes. Mirrors include/linux/kernel.h. */
#ifndef DMASIM_LINUX_KERNEL_H
#define DMASIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>
#include <stdarg.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define upper_32_bits(n)   ((u32)(((u64)(n)) >> 32))
#define lower_32_bits(n)   ((u32)(u64)(n))
#define upper_16_bits(n)   ((u16)((n) >> 16))
#define lower_16_bits(n)   ((u16)(n))
#define typecheck(type, x) ((void)sizeof((__typeof__(x) *)0 == (type *)0), 1)

/* libc's, and declared as libc does: kernel source expects them from this header. */
extern int abs(int value);
extern int snprintf(char *buf, size_t size, const char *fmt, ...) DMASIM_PRINTF(3, 4);
extern int sprintf(char *buf, const char *fmt, ...) DMASIM_PRINTF(2, 3);
extern int sscanf(const char *buf, const char *fmt, ...);
extern int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);

/* As snprintf() with the kernel's %p extensions, returning the characters really stored. Context: any. */
DMASIM_API int scnprintf(char *buf, size_t size, const char *fmt, ...) DMASIM_SYM(scnprintf) DMASIM_PRINTF(3, 4);
DMASIM_API int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) DMASIM_SYM(vscnprintf)
	DMASIM_PRINTF(3, 0);

/* Whole-string conversions: 0, -EINVAL (not a number, or trailing text other than one newline), -ERANGE. base 0 detects. */
DMASIM_API int kstrtoull(const char *s, unsigned int base, unsigned long long *res) DMASIM_SYM(kstrtoull);
DMASIM_API int kstrtoll(const char *s, unsigned int base, long long *res) DMASIM_SYM(kstrtoll);
DMASIM_API int kstrtouint(const char *s, unsigned int base, unsigned int *res) DMASIM_SYM(kstrtouint);
DMASIM_API int kstrtoint(const char *s, unsigned int base, int *res) DMASIM_SYM(kstrtoint);
DMASIM_API int kstrtobool(const char *s, bool *res) DMASIM_SYM(kstrtobool);

static inline int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	unsigned long long value;
	int ret = kstrtoull(s, base, &value);

	if (!ret)
		*res = value;
	return ret;
}

#endif
