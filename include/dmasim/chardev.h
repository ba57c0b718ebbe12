/* SPDX-License-Identifier: MIT */
/*
 * The user's side of a driver: open the character device that it registered, and read, write, control it, as a
 * program would through system calls.
 */
#ifndef DMASIM_CHARDEV_H
#define DMASIM_CHARDEV_H

#include <dmasim/types.h>

struct dmasim_file;

/**
 * dmasim_open() - open a character device of the current machine
 * @name:  as the driver registered it (misc_register(), cdev with device_create()), with or without "/dev/"
 * @flags: O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK ... of <fcntl.h>: the driver sees them in file->f_flags
 *
 * Return: the open file, to be given to dmasim_close(); NULL and errno: ENOENT, ENODEV (no current machine), ENOMEM, or
 *         what the driver's open returned.
 */
DMASIM_API struct dmasim_file *dmasim_open(const char *name, int flags);

/** dmasim_read() - bytes read at the file's position, which moves; or the driver's negative errno. May sleep */
DMASIM_API long dmasim_read(struct dmasim_file *file, void *buf, size_t n);

/** dmasim_write() - bytes written at the file's position, which moves; or the driver's negative errno. May sleep */
DMASIM_API long dmasim_write(struct dmasim_file *file, const void *buf, size_t n);

/** dmasim_ioctl() - the driver's unlocked_ioctl; -ENOTTY if it has none */
DMASIM_API long dmasim_ioctl(struct dmasim_file *file, unsigned int command, void *arg);

/** dmasim_close() - the driver's release; NULL is ignored. Files left open are closed, and counted, at machine destroy */
DMASIM_API int dmasim_close(struct dmasim_file *file);

#endif
