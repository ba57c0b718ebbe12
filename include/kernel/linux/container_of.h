/* SPDX-License-Identifier: MIT */
/* From a member to the structure around it. Mirrors include/linux/container_of.h. */
#ifndef DMASIM_LINUX_CONTAINER_OF_H
#define DMASIM_LINUX_CONTAINER_OF_H

#include <linux/stddef.h>

#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(void *)(ptr)-offsetof(type, member)))
#endif

#endif
