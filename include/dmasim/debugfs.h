/* SPDX-License-Identifier: MIT */
/*
 * The kernel's debug files of the current machine, which a shell would find below /sys/kernel/debug: read and written by
 * name. Each machine has dma-api/: disabled, error_count, all_errors, num_errors, num_free_entries, min_free_entries,
 * nr_total_entries, driver_filter and dump, see docs/dma-debug.md.
 */
#ifndef DMASIM_DEBUGFS_H
#define DMASIM_DEBUGFS_H

#include <sys/types.h>
#include <dmasim/types.h>

/**
 * dmasim_debugfs_read() - what a file holds now
 * @path: "dma-api/dump"
 * @buf:  gets as much as fits, ended by a 0; may be NULL if @size is 0
 * @size: of @buf, bytes
 *
 * Context: any that holds the machine, device models too.
 * Return: the length of the whole text, as snprintf(); -ENOENT for a name that is none, -EACCES if it can only be written,
 * -ENOMEM, -EINVAL without a current machine.
 */
DMASIM_API ssize_t dmasim_debugfs_read(const char *path, char *buf, size_t size);

/**
 * dmasim_debugfs_write() - write a file, as echo does
 * @path: "dma-api/driver_filter"
 * @text: a string; a newline at its end changes nothing
 *
 * Return: the length of @text; -ENOENT, -EACCES if it can only be read, -EINVAL for a text that the file does not take or
 * without a current machine.
 */
DMASIM_API ssize_t dmasim_debugfs_write(const char *path, const char *text);

/** dmasim_debugfs_name() - the @i-th name from 0, NULL past the last */
DMASIM_API const char *dmasim_debugfs_name(size_t i);

#endif
