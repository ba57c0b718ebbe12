/* SPDX-License-Identifier: MIT */
/* Debug files: rooms add theirs at boot, <dmasim/debugfs.h> shows them to the program. */
#ifndef LIB_CORE_DEBUGFS_H
#define LIB_CORE_DEBUGFS_H

#include <stdio.h>
#include "lib/core/kernel.h"

struct k_debugfs_file {
	const char *path;
	/* Write the text to the stream, which is memory. NULL: cannot be read. */
	void (*read)(struct dmasim_machine *m, FILE *out);
	/* 0 or a negative errno. NULL: cannot be written. */
	int (*write)(struct dmasim_machine *m, const char *text);
};

/* Add files, n of them in an array that lives as long as the machine. 0 or sim_error(). */
int k_debugfs_add(struct dmasim_machine *m, const struct k_debugfs_file *files, size_t n);
/* A whole number, decimal or hexadecimal, with at most a newline behind it. False: it is none. */
bool k_debugfs_number(const char *text, unsigned long long max, unsigned long long *value);

#endif
