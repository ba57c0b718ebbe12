/* SPDX-License-Identifier: MIT */
/*
 * The user's side of a driver: open the character device that it registered, and read, write, control, map it, as a
 * program would through system calls. There is one user program a machine.
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

/**
 * dmasim_mmap() - map what the driver shows into the user program
 * @length: bytes, rounded up to pages
 * @prot:   PROT_READ, PROT_WRITE, PROT_NONE of <sys/mman.h>
 * @flags:  MAP_SHARED or MAP_PRIVATE
 * @offset: of the first byte, a multiple of the page size: the driver sees it as vma->vm_pgoff
 *
 * The driver's mmap decides what lies there. Plain loads and stores through the result reach that very memory, within
 * @prot, and are accesses of the CPU to it for the checker. Pages that a driver leaves to its fault handler are asked for
 * at once. Where it maps nothing, or registers, an access faults.
 *
 * Return: the first byte, until dmasim_munmap(); NULL and errno: EINVAL (no length, offset not aligned, flags), EACCES (the
 *         file was not opened so), ENODEV (the driver has no mmap), ENOMEM, EBADF, or what the driver's mmap returned.
 */
DMASIM_API void *dmasim_mmap(struct dmasim_file *file, size_t length, int prot, int flags, long long offset);

/**
 * dmasim_munmap() - end a mapping or part of one
 *
 * The driver's vm_ops->close is called; vm_ops->open before, for what stays, if the rest is in two pieces or one. The file
 * stays open for the driver until its last mapping has gone. What is left mapped at machine destroy is unmapped, and
 * counted.
 *
 * Return: 0; -EINVAL (not aligned, no length, nothing of the program's is mapped there).
 */
DMASIM_API int dmasim_munmap(void *addr, size_t length);

/** dmasim_close() - the driver's release, or once the last mapping has gone; NULL is ignored. Files left open are closed, and counted, at machine destroy */
DMASIM_API int dmasim_close(struct dmasim_file *file);

#endif
