/* SPDX-License-Identifier: MIT */
/* Error numbers, and those that never leave the kernel. Mirrors include/linux/errno.h. */
#ifndef DMASIM_LINUX_ERRNO_H
#define DMASIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

#define ERESTARTSYS    512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ENOIOCTLCMD    515
#define EPROBE_DEFER   517 /* driver core: try the probe again later */
#define EOPENSTALE     518
#define ENOPARAM       519
#define ENOTSUPP       524 /* not EOPNOTSUPP */
#define EIOCBQUEUED    529

#endif
