/* SPDX-License-Identifier: MIT */
/* Device numbers: 12 bits of major, 20 of minor. Mirrors include/linux/kdev_t.h. */
#ifndef DMASIM_LINUX_KDEV_T_H
#define DMASIM_LINUX_KDEV_T_H

#include_next <linux/kdev_t.h>
#include <linux/types.h>

#undef MAJOR
#undef MINOR
#undef MKDEV
#define MINORBITS     20
#define MINORMASK     ((1U << MINORBITS) - 1)
#define MAJOR(dev)    ((unsigned int)((dev) >> MINORBITS))
#define MINOR(dev)    ((unsigned int)((dev)&MINORMASK))
#define MKDEV(ma, mi) ((dev_t)(ma) << MINORBITS | (mi))

#endif
