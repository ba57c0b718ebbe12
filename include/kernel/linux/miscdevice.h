/* SPDX-License-Identifier: MIT */
/* Character devices with one number each. Mirrors include/linux/miscdevice.h. open() finds the miscdevice in private_data. */
#ifndef DMASIM_LINUX_MISCDEVICE_H
#define DMASIM_LINUX_MISCDEVICE_H

#include <dmasim/types.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/list.h>

#define MISC_MAJOR	   10
#define MISC_DYNAMIC_MINOR 255

struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	struct list_head list;
	struct device *parent;
	struct device *this_device;
	const struct attribute_group **groups;
	const char *nodename;
	unsigned short mode;
};

/* Live at once. 0, -EINVAL (no name or operations), -EBUSY (name or minor taken), -ENOMEM. Context: may sleep. */
DMASIM_API int misc_register(struct miscdevice *misc) DMASIM_SYM(misc_register);
DMASIM_API void misc_deregister(struct miscdevice *misc) DMASIM_SYM(misc_deregister);
#define module_misc_device(misc) module_driver(misc, misc_register, misc_deregister)

#endif
