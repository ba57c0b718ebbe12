/* SPDX-License-Identifier: MIT */
/*
 * Messages. Mirrors include/linux/printk.h, with the kernel's %p extensions that drivers use: %pK, %px, %pa[p] and
 * %pad (pointer to an address), %pe (error pointer), %pM and %*ph (bytes), %pR (struct resource), %pV. Messages go to the
 * machine's log, which tests read through <dmasim/log.h>; machine option log_level= also prints them.
 */
#ifndef DMASIM_LINUX_PRINTK_H
#define DMASIM_LINUX_PRINTK_H

#include <stdarg.h>
#include <dmasim/types.h>
#include <linux/kern_levels.h>

struct va_format {
	const char *fmt;
	va_list *va;
};

/* Context: any. Return: characters of the message. */
DMASIM_API int printk(const char *fmt, ...) DMASIM_SYM(printk) DMASIM_PRINTF(1, 2);
DMASIM_API int vprintk(const char *fmt, va_list args) DMASIM_SYM(vprintk) DMASIM_PRINTF(1, 0);
DMASIM_API void dump_stack(void) DMASIM_SYM(dump_stack);
/* One message for each row of bytes, as hexadecimal: prefix, then 16 bytes. rowsize, groupsize and ascii as the kernel's. */
DMASIM_API void print_hex_dump(const char *level, const char *prefix, int prefix_type, int rowsize, int groupsize,
			       const void *buf, size_t len, bool ascii) DMASIM_SYM(print_hex_dump);

#define DUMP_PREFIX_NONE    0
#define DUMP_PREFIX_ADDRESS 1
#define DUMP_PREFIX_OFFSET  2

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define pr_emerg(fmt, ...)   printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)   printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)    printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)     printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)    printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warning	     pr_warn
#define pr_notice(fmt, ...)  printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)    printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)    printk(KERN_CONT fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)   printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_devel(fmt, ...)   printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define no_printk(fmt, ...)  ((void)(0 && printk(fmt, ##__VA_ARGS__)))
#define printk_once	     printk
#define pr_err_once	     pr_err
#define pr_warn_once	     pr_warn
#define pr_info_once	     pr_info
#define printk_ratelimited   printk
#define pr_err_ratelimited   pr_err
#define pr_warn_ratelimited  pr_warn
#define pr_info_ratelimited  pr_info
#define pr_debug_ratelimited pr_debug
#define printk_ratelimit()   (1)

#endif
