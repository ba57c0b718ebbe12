/* SPDX-License-Identifier: MIT */
/* Numbers of ioctl commands. Mirrors include/linux/ioctl.h. */
#ifndef DMASIM_LINUX_IOCTL_H
#define DMASIM_LINUX_IOCTL_H

#include_next <linux/ioctl.h>

#endif
