// SPDX-License-Identifier: MIT
/*
 * The kernel-compatible reporter: its files, and the list of live mappings.
 *
 * The kernel keeps records of its own, in a table of 16,384 buckets; here the tracker's records stand for them, in the
 * order in which that table would be read: by bucket, and in a bucket the oldest first. Pieces of memory that a list joins
 * into one segment are one record there.
 *
 * Weakness: numbers of free records count the tracker's, in which a joined segment is several.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* qsort_r() */
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/device.h>
#include <linux/dma-debug.h>
#include "lib/check/dma_debug.h"
#include "lib/check/phase.h"
#include "lib/check/sg_list.h"
#include "lib/core/debugfs.h"
#include "lib/core/device.h"
#include "lib/core/stack.h"

const char *const dma_debug_kinds[NR_EXTENT_KINDS] = {
	[EXTENT_SINGLE] = "single",	 [EXTENT_PAGE] = "single",
	[EXTENT_SG] = "scather-gather",	 [EXTENT_COHERENT] = "coherent",
	[EXTENT_RESOURCE] = "resource",	 [EXTENT_POOL] = "coherent",
	[EXTENT_NONCOHERENT] = "single", [EXTENT_NONCONTIGUOUS] = "scather-gather",
};

/* ---- records ---- */

static int by_bucket(const void *a, const void *b, void *check)
{
	const struct check *c = check;
	const struct extent *x = *(const struct extent *const *)a, *y = *(const struct extent *const *)b;
	unsigned int i = dma_debug_bucket(x->bus), j = dma_debug_bucket(y->bus);

	if (i != j)
		return i < j ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return extent_made(c, x) < extent_made(c, y) ? -1 : 1;
}

struct extent **dma_debug_records(struct dmasim_machine *m, const struct dmasim_device_private *dev, size_t *n)
{
	struct check *c = m->check;
	struct extent **all;

	*n = 0;
	if (!c || !c->live)
		return NULL;
	all = malloc(c->live * sizeof(struct extent *));
	if (!all)
		return NULL;
	for (u32 id = 0; (id = extent_next(c, id));) {
		struct extent *e = extent_at(c, id);

		if (e->live && !e->ghost && !e->joined && (!dev || e->dev == dev->id) && *n < c->live)
			all[(*n)++] = e;
	}
	qsort_r(all, *n, sizeof(struct extent *), by_bucket, c);
	return all;
}

/* ---- dump ---- */

bool dma_debug_asks(unsigned int kind)
{
	return kind == EXTENT_SINGLE || kind == EXTENT_PAGE || kind == EXTENT_RESOURCE;
}

static void line(struct dmasim_machine *m, const struct extent *e, char *buf, size_t size)
{
	bool asks = dma_debug_asks(e->kind);

	snprintf(buf, size, "%s idx %u P=%llx N=%llx D=%llx L=%llx %s %s", dma_debug_kinds[e->kind],
		 dma_debug_bucket(e->bus), (unsigned long long)e->phys, (unsigned long long)e->phys >> SIM_PAGE_SHIFT,
		 (unsigned long long)e->bus, (unsigned long long)sg_list_segment_size(m->check, e),
		 direction_name(e->dir),
		 !asks	    ? "dma map error check not applicable"
		 : e->asked ? "dma map error checked"
			    : "dma map error not checked");
}

static const struct device *device_of(struct dmasim_machine *m, const struct extent *e)
{
	const struct dmasim_device_private *p = check_device(m->check, e->dev);

	return p ? p->dev : NULL;
}

static void dump_file(struct dmasim_machine *m, FILE *out)
{
	size_t n;
	struct extent **all = dma_debug_on(m) ? dma_debug_records(m, NULL, &n) : NULL;
	char text[256];

	for (size_t i = 0; all && i < n; i++) {
		const struct device *dev = device_of(m, all[i]);

		line(m, all[i], text, sizeof(text));
		fprintf(out, "%s %s %s\n", dev ? dev_driver_string(dev) : "", dma_debug_name(dev), text);
	}
	free(all);
}

void debug_dma_dump_mappings(struct device *dev)
{
	struct dmasim_machine *m = k_machine("debug_dma_dump_mappings");
	struct dmasim_device_private *p = m && dev ? k_device(dev, "debug_dma_dump_mappings") : NULL;
	struct extent **all;
	char text[256];
	size_t n;

	STACK_ENTER();
	if (!m || !dma_debug_on(m) || (dev && !p))
		return;
	all = dma_debug_records(m, p, &n);
	for (size_t i = 0; all && i < n; i++) {
		const struct device *owner = device_of(m, all[i]);

		line(m, all[i], text, sizeof(text));
		k_log(m, 6, "%s %s: %s", owner ? dev_driver_string(owner) : "", dma_debug_name(owner), text);
	}
	free(all);
}

/* ---- numbers ---- */

static u64 peak(const struct dmasim_machine *m)
{
	return dma_debug_on(m) ? m->check->peak : 0;
}

/* Of all that were ever made: the first lot, and a page whenever none was left. */
static u64 total(const struct dmasim_machine *m)
{
	u64 more = peak(m) > m->dma_debug->preallocated ? peak(m) - m->dma_debug->preallocated : 0;

	if (!dma_debug_on(m))
		return 0;
	return m->dma_debug->preallocated + (more + DMA_DEBUG_BATCH - 1) / DMA_DEBUG_BATCH * DMA_DEBUG_BATCH;
}

static void read_disabled(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%s\n", dma_debug_on(m) ? "N" : "Y");
}

static void read_error_count(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%llu\n", (unsigned long long)m->dma_debug->error_count);
}

static void read_all_errors(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%llu\n", (unsigned long long)m->dma_debug->all_errors);
}

static void read_num_errors(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%llu\n", (unsigned long long)m->dma_debug->num_errors);
}

static void read_free(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%llu\n", dma_debug_on(m) ? (unsigned long long)(total(m) - m->check->live) : 0ULL);
}

static void read_min_free(struct dmasim_machine *m, FILE *out)
{
	u64 most = peak(m), first = m->dma_debug->preallocated;

	fprintf(out, "%llu\n", dma_debug_on(m) && most < first ? (unsigned long long)(first - most) : 0ULL);
}

static void read_total(struct dmasim_machine *m, FILE *out)
{
	fprintf(out, "%llu\n", (unsigned long long)total(m));
}

static void read_filter(struct dmasim_machine *m, FILE *out)
{
	if (m->dma_debug->filter[0])
		fprintf(out, "%s\n", m->dma_debug->filter);
}

static int write_number(const char *text, u64 *to)
{
	unsigned long long value;

	if (!k_debugfs_number(text, 0xffffffff, &value))
		return -EINVAL;
	*to = value;
	return 0;
}

static int write_all_errors(struct dmasim_machine *m, const char *text)
{
	return write_number(text, &m->dma_debug->all_errors);
}

static int write_num_errors(struct dmasim_machine *m, const char *text)
{
	return write_number(text, &m->dma_debug->num_errors);
}

static int write_filter(struct dmasim_machine *m, const char *text)
{
	dma_debug_filter(m, text);
	return 0;
}

static const struct k_debugfs_file files[] = {
	{"dma-api/disabled", read_disabled, NULL},
	{"dma-api/error_count", read_error_count, NULL},
	{"dma-api/all_errors", read_all_errors, write_all_errors},
	{"dma-api/num_errors", read_num_errors, write_num_errors},
	{"dma-api/num_free_entries", read_free, NULL},
	{"dma-api/min_free_entries", read_min_free, NULL},
	{"dma-api/nr_total_entries", read_total, NULL},
	{"dma-api/driver_filter", read_filter, write_filter},
	{"dma-api/dump", dump_file, NULL},
};

int dma_debug_files(struct dmasim_machine *m)
{
	return k_debugfs_add(m, files, sizeof(files) / sizeof(*files));
}
