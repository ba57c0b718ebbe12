/* SPDX-License-Identifier: MIT */
/* Everything is linked into one program: exporting does nothing. Mirrors include/linux/export.h. */
#ifndef DMASIM_LINUX_EXPORT_H
#define DMASIM_LINUX_EXPORT_H

#define EXPORT_SYMBOL(name)	       _Static_assert(1, "")
#define EXPORT_SYMBOL_GPL(name)	       _Static_assert(1, "")
#define EXPORT_SYMBOL_NS(name, ns)     _Static_assert(1, "")
#define EXPORT_SYMBOL_NS_GPL(name, ns) _Static_assert(1, "")

#endif
