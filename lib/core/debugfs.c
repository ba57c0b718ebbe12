// SPDX-License-Identifier: MIT
/*
 * Debug files by name.
 *
 * Rooms add tables of files at boot; a read lets the file write itself into a stream in memory, so that no file has a
 * length to get wrong, and gives the caller what fits.
 *
 * Weakness: a flat list searched from the front; there are a few dozen files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/debugfs.h>
#include "lib/core/debugfs.h"

#define TABLES 16

struct k_debugfs {
	struct {
		const struct k_debugfs_file *files;
		size_t n;
	} tables[TABLES];
	size_t n;
};

int k_debugfs_init(struct dmasim_machine *m)
{
	m->debugfs = calloc(1, sizeof(*m->debugfs));
	return m->debugfs ? 0 : sim_error(ENOMEM, "no host memory for debug files");
}

void k_debugfs_exit(struct dmasim_machine *m)
{
	free(m->debugfs);
	m->debugfs = NULL;
}

int k_debugfs_add(struct dmasim_machine *m, const struct k_debugfs_file *files, size_t n)
{
	struct k_debugfs *d = m->debugfs;

	if (d->n == TABLES)
		return sim_error(ENOSPC, "too many tables of debug files");
	d->tables[d->n].files = files;
	d->tables[d->n++].n = n;
	return 0;
}

static const struct k_debugfs_file *at(const struct k_debugfs *d, size_t i)
{
	for (size_t t = 0; t < d->n; i -= d->tables[t++].n)
		if (i < d->tables[t].n)
			return &d->tables[t].files[i];
	return NULL;
}

static const struct k_debugfs_file *find(const struct k_debugfs *d, const char *path)
{
	const struct k_debugfs_file *f;

	for (size_t i = 0; path && (f = at(d, i)); i++)
		if (!strcmp(f->path, path))
			return f;
	return NULL;
}

bool k_debugfs_number(const char *text, unsigned long long max, unsigned long long *value)
{
	char *end;

	text += *text == '+';
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && *value <= max && (!*end || !strcmp(end, "\n"));
}

ssize_t dmasim_debugfs_read(const char *path, char *buf, size_t size)
{
	struct dmasim_machine *m = k_machine("dmasim_debugfs_read");
	const struct k_debugfs_file *f = m ? find(m->debugfs, path) : NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	if (buf && size)
		buf[0] = 0;
	if (!m)
		return -EINVAL;
	if (!f)
		return sim_error(ENOENT, "there is no debug file \"%s\"", path ? path : "(null)");
	if (!f->read)
		return sim_error(EACCES, "debug file %s can only be written", path);
	out = open_memstream(&text, &n);
	if (!out)
		return sim_error(ENOMEM, "no host memory to read %s", path);
	f->read(m, out);
	if (fclose(out)) {
		free(text);
		return sim_error(ENOMEM, "no host memory to read %s", path);
	}
	if (buf && size) {
		size_t fits = n < size ? n : size - 1;

		memcpy(buf, text, fits);
		buf[fits] = 0;
	}
	free(text);
	return (ssize_t)n;
}

ssize_t dmasim_debugfs_write(const char *path, const char *text)
{
	struct dmasim_machine *m = k_machine("dmasim_debugfs_write");
	const struct k_debugfs_file *f = m ? find(m->debugfs, path) : NULL;
	int err;

	if (!m)
		return -EINVAL;
	if (!f)
		return sim_error(ENOENT, "there is no debug file \"%s\"", path ? path : "(null)");
	if (!f->write)
		return sim_error(EACCES, "debug file %s can only be read", path);
	err = text ? f->write(m, text) : -EINVAL;
	if (err)
		return sim_error(-err, "debug file %s does not take \"%s\"", path, text ? text : "(null)");
	return (ssize_t)strlen(text);
}

const char *dmasim_debugfs_name(size_t i)
{
	struct dmasim_machine *m = k_machine("dmasim_debugfs_name");
	const struct k_debugfs_file *f = m ? at(m->debugfs, i) : NULL;

	return f ? f->path : NULL;
}
