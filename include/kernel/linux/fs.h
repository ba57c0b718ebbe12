/* SPDX-License-Identifier: MIT */
/*
 * Files as a driver sees them. Mirrors include/linux/fs.h, as far as character devices need it. Tests open and read them
 * through <dmasim/chardev.h>.
 */
#ifndef DMASIM_LINUX_FS_H
#define DMASIM_LINUX_FS_H

#include_next <linux/fs.h>
#include <fcntl.h>
#include <dmasim/types.h>
#include <linux/compiler_types.h>
#include <linux/errno.h>
#include <linux/ioctl.h>
#include <linux/kdev_t.h>
#include <linux/list.h>
#include <linux/types.h>

struct cdev;
struct module;
struct poll_table_struct;
struct vm_area_struct;

struct inode {
	dev_t i_rdev;
	struct cdev *i_cdev;
	void *i_private;
};

struct file {
	const struct file_operations *f_op;
	unsigned int f_flags; /* O_* as given to open */
	fmode_t f_mode;
	loff_t f_pos;
	struct inode *f_inode;
	void *private_data;
};

#define FMODE_READ  ((fmode_t)0x1)
#define FMODE_WRITE ((fmode_t)0x2)

struct file_operations {
	struct module *owner;
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	ssize_t (*read)(struct file *file, char __user *buf, size_t n, loff_t *pos);
	ssize_t (*write)(struct file *file, const char __user *buf, size_t n, loff_t *pos);
	unsigned int (*poll)(struct file *file, struct poll_table_struct *wait);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file, void *id);
	int (*release)(struct inode *inode, struct file *file);
	int (*fsync)(struct file *file, loff_t start, loff_t end, int datasync);
};

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline unsigned int iminor(const struct inode *inode)
{
	return MINOR(inode->i_rdev);
}

static inline unsigned int imajor(const struct inode *inode)
{
	return MAJOR(inode->i_rdev);
}

DMASIM_API loff_t no_llseek(struct file *file, loff_t offset, int whence) DMASIM_SYM(no_llseek);
DMASIM_API loff_t noop_llseek(struct file *file, loff_t offset, int whence) DMASIM_SYM(noop_llseek);
DMASIM_API int nonseekable_open(struct inode *inode, struct file *file) DMASIM_SYM(nonseekable_open);

/* A range of numbers with a fresh major. 0 or negative errno. Context: may sleep. */
DMASIM_API int alloc_chrdev_region(dev_t *dev, unsigned int first, unsigned int count, const char *name)
	DMASIM_SYM(alloc_chrdev_region);
/* 0, or -EBUSY when one is taken. */
DMASIM_API int register_chrdev_region(dev_t first, unsigned int count, const char *name)
	DMASIM_SYM(register_chrdev_region);
DMASIM_API void unregister_chrdev_region(dev_t first, unsigned int count) DMASIM_SYM(unregister_chrdev_region);

#endif
