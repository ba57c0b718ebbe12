/* SPDX-License-Identifier: MIT */
/* Character devices by number. Mirrors include/linux/cdev.h. device_create() gives the number a name for dmasim_open(). */
#ifndef DMASIM_LINUX_CDEV_H
#define DMASIM_LINUX_CDEV_H

#include <dmasim/types.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>

struct cdev {
	struct module *owner;
	const struct file_operations *ops;
	dev_t dev;
	unsigned int count;
	bool allocated; /* by cdev_alloc() */
};

DMASIM_API void cdev_init(struct cdev *cdev, const struct file_operations *fops) DMASIM_SYM(cdev_init);
DMASIM_API struct cdev *cdev_alloc(void) DMASIM_SYM(cdev_alloc);
/* Live at once. 0, -EINVAL, -EBUSY (number taken), -ENOMEM. */
DMASIM_API int cdev_add(struct cdev *cdev, dev_t dev, unsigned int count) DMASIM_SYM(cdev_add);
DMASIM_API void cdev_del(struct cdev *cdev) DMASIM_SYM(cdev_del);

#endif
