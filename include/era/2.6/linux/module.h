/* SPDX-License-Identifier: MIT */
/* Modules as drivers of 2.6 wrote them. Parameters have their initial values, as those of today do here. */
#ifndef DMASIM_ERA_2_6_LINUX_MODULE_H
#define DMASIM_ERA_2_6_LINUX_MODULE_H

#include_next <linux/module.h>

#define MODULE_PARM(name, type)	      _Static_assert(sizeof(name), "") /* until 2.6.16 */
#define MODULE_SUPPORTED_DEVICE(name) _Static_assert(1, name)	       /* until 5.11 */
#define EXPORT_NO_SYMBOLS	      _Static_assert(1, "")
#define SET_MODULE_OWNER(owner)	      ((void)(owner))

#endif
