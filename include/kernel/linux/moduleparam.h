/* SPDX-License-Identifier: MIT */
/*
 * Module parameters. Mirrors include/linux/moduleparam.h: the variable keeps its initial value; tests set it directly,
 * as it is a static variable in the same program.
 */
#ifndef DMASIM_LINUX_MODULEPARAM_H
#define DMASIM_LINUX_MODULEPARAM_H

#define module_param(name, type, perm)				_Static_assert(sizeof(name), "")
#define module_param_named(name, value, type, perm)		_Static_assert(sizeof(value), "")
#define module_param_string(name, string, len, perm)		_Static_assert(sizeof(string), "")
#define module_param_array(name, type, nump, perm)		_Static_assert(sizeof(name), "")
#define module_param_array_named(name, array, type, nump, perm) _Static_assert(sizeof(array), "")
#define MODULE_PARM_DESC(name, text)				_Static_assert(1, text)

#endif
