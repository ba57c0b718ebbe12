/* SPDX-License-Identifier: MIT */
/* offsetof, sizeof_field and friends. Mirrors include/linux/stddef.h. */
#ifndef DMASIM_LINUX_STDDEF_H
#define DMASIM_LINUX_STDDEF_H

#include_next <linux/stddef.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef sizeof_field
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#endif
#ifndef offsetofend
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))
#endif
#ifndef struct_group
#define struct_group(name, members...) __struct_group(/* no tag */, name, /* no attrs */, members)
#endif
#ifndef DECLARE_FLEX_ARRAY
#define DECLARE_FLEX_ARRAY(type, name) __DECLARE_FLEX_ARRAY(type, name)
#endif

#endif
