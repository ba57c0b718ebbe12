/* SPDX-License-Identifier: MIT */
/*
 * Modules: driver code linked into the program. Mirrors include/linux/module.h.
 *
 * A constructor tells the library the init and exit functions; dmasim_load_module() runs them. The module's name is
 * KBUILD_MODNAME, which the build may define as a string; by default it is the source file's name, without directory and .c.
 */
#ifndef DMASIM_LINUX_MODULE_H
#define DMASIM_LINUX_MODULE_H

#include_next <linux/module.h>
#include <dmasim/types.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#ifndef KBUILD_MODNAME
/* "dad.c": a string literal, as pr_fmt() needs one. The library leaves out the ".c". */
#define KBUILD_MODNAME __FILE_NAME__
#endif
#ifndef KBUILD_BASENAME
#define KBUILD_BASENAME KBUILD_MODNAME
#endif

struct module;
#define THIS_MODULE ((struct module *)0)

/* One init or exit function; in the driver's static memory, known to the library while the code is loaded. */
struct dmasim_module_part {
	struct dmasim_module_part *next;
	const char *name; /* KBUILD_MODNAME as written */
	const char *file; /* parts of one file belong together */
	int (*init)(void);
	void (*exit)(void);
};
DMASIM_API void dmasim_module_add(struct dmasim_module_part *part);
DMASIM_API void dmasim_module_remove(struct dmasim_module_part *part);

#define DMASIM_MODULE_PART(tag, init_fn, exit_fn)                                            \
	static struct dmasim_module_part dmasim_module_##tag = {                             \
		.name = KBUILD_MODNAME, .file = __FILE__, .init = init_fn, .exit = exit_fn}; \
	__attribute__((__constructor__)) static void dmasim_module_add_##tag(void)           \
	{                                                                                    \
		dmasim_module_add(&dmasim_module_##tag);                                     \
	}                                                                                    \
	__attribute__((__destructor__)) static void dmasim_module_remove_##tag(void)         \
	{                                                                                    \
		dmasim_module_remove(&dmasim_module_##tag);                                  \
	}                                                                                    \
	struct dmasim_module_part /* takes the semicolon */

#define module_init(fn)	    DMASIM_MODULE_PART(init, fn, 0)
#define module_exit(fn)	    DMASIM_MODULE_PART(exit, 0, fn)
#define device_initcall(fn) module_init(fn)
#define subsys_initcall(fn) module_init(fn)
#define late_initcall(fn)   module_init(fn)

/* Init registers, exit unregisters: the whole module code of most drivers. */
#define module_driver(drv, register_fn, unregister_fn, args...) \
	static int __init drv##_init(void)                      \
	{                                                       \
		return register_fn(&(drv), ##args);             \
	}                                                       \
	module_init(drv##_init);                                \
	static void __exit drv##_exit(void)                     \
	{                                                       \
		unregister_fn(&(drv), ##args);                  \
	}                                                       \
	module_exit(drv##_exit)

#define MODULE_LICENSE(text)		_Static_assert(1, text)
#define MODULE_AUTHOR(text)		_Static_assert(1, text)
#define MODULE_DESCRIPTION(text)	_Static_assert(1, text)
#define MODULE_VERSION(text)		_Static_assert(1, text)
#define MODULE_ALIAS(text)		_Static_assert(1, text)
#define MODULE_FIRMWARE(text)		_Static_assert(1, text)
#define MODULE_SOFTDEP(text)		_Static_assert(1, text)
#define MODULE_IMPORT_NS(ns)		_Static_assert(1, "")
#define MODULE_INFO(tag, info)		_Static_assert(1, info)
#define MODULE_DEVICE_TABLE(bus, table) _Static_assert(sizeof(table), "")

static inline bool try_module_get(struct module *module)
{
	(void)module;
	return true;
}

static inline void module_put(struct module *module)
{
	(void)module;
}

#endif
