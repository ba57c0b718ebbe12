/* SPDX-License-Identifier: MIT */
/* Driver of the DMA Acquisition Device: what it offers to programs (ioctl) and to other kernel code. */
#ifndef EXAMPLES_DAD_H
#define EXAMPLES_DAD_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Acquisition: the device pushes blocks without being asked, read() fetches what has accumulated. */
enum dad_mode { DAD_MODE_IDLE, DAD_MODE_ANNOUNCE, DAD_MODE_RING };

#define DAD_IOC_SET_MODE _IOW('D', 1, int)	/* argument: enum dad_mode */
#define DAD_IOC_OVERRUNS _IOR('D', 2, unsigned) /* result: blocks lost since the mode was set */

struct dad_dev;

/* The nth device, from 0; NULL if there is none. */
struct dad_dev *dad_find(unsigned int n);

/*
 * Start moving count bytes between buffer (kmalloc'd, the caller's until dad_wait() returns) and the device. Any
 * context. 0; -EBUSY while another transfer runs; -EINVAL; -EIO if the buffer cannot be mapped.
 */
int dad_start(struct dad_dev *dad, bool write, void *buffer, size_t count);

/* Sleep until the transfer is finished. 0, or -EIO if the device had an error. */
int dad_wait(struct dad_dev *dad);

#endif
