/* SPDX-License-Identifier: MIT */
/*
 * What the kernel would print: private to dma_debug*.c, but for the calls that the rooms above make.
 *
 * dma_debug.c       how it is said: warnings, counting, the driver filter
 * dma_debug_text.c  what is said: findings in the kernel's words
 * dma_debug_fs.c    the files of dma-api/, the list of live mappings
 */
#ifndef LIB_CHECK_DMA_DEBUG_H
#define LIB_CHECK_DMA_DEBUG_H

#include "lib/check/check.h"
#include "lib/core/kernel.h"

struct bus_type;
struct dmasim_device_private;
struct extent;
struct track_op;

/* Warnings that the kernel makes once a boot: one bit for each place that makes them. */
enum dma_debug_once {
	ONCE_NO_MASK_PAGE,
	ONCE_NO_MASK_SG,
	ONCE_NO_MASK_RESOURCE,
	ONCE_NO_COHERENT_MASK,
	ONCE_VMALLOC,
	ONCE_OVERFLOW,
	ONCE_OVERFLOW_RESOURCE,
	ONCE_SG_RESULT,
	ONCE_OVERLAPS,
	ONCE_RESOURCE_OF_RAM,
	ONCE_ZONE,
	ONCE_ATTRS,
	ONCE_BOUNCE_BEFORE,
	ONCE_BOUNCE_BEYOND,
	ONCE_BOUNCE_LONGER,
	ONCE_BOUNCE_OVERFLOW,
	ONCE_BOUNCE_SIZES,
	ONCE_EVERY, /* not a bit: each time */
};

struct dma_debug {
	bool on; /* dma_debug=on, and there is a tracker */
	u32 once;
	u64 error_count, all_errors, num_errors;
	char filter[64];	 /* a driver's name; "": all speak */
	u32 preallocated, grown; /* records; times that the pool has been told to have grown */
	const struct bus_type *buses[16];
	unsigned int nr_buses;
};

int dma_debug_init(struct dmasim_machine *m);
void dma_debug_exit(struct dmasim_machine *m);

/* ---- dma_debug.c ---- */

/* A moment of the driver: where a warning points. */
struct dma_debug_at {
	struct dmasim_machine *m;
	const struct device *dev; /* NULL: unknown */
	stack_id act;
};
/* A mistake of the driver in the words of dma-debug: counted, and said if filter and numbers allow. mapped 0: no trace. */
void dma_debug_error(const struct dma_debug_at *at, stack_id mapped, const char *fmt, ...) DMASIM_PRINTF(3, 4);
/* WARN() and WARN_ONCE(); fmt NULL: WARN_ON(). */
void dma_debug_warn(const struct dma_debug_at *at, enum dma_debug_once once, const char *fmt, ...) DMASIM_PRINTF(3, 4);
/* The same of dev_WARN_ONCE(): driver and device in front. */
void dma_debug_dev_warn(const struct dma_debug_at *at, enum dma_debug_once once, const char *fmt, ...)
	DMASIM_PRINTF(3, 4);
/* dev_warn() and dev_warn_once(): a line */
void dma_debug_dev_line(struct dmasim_machine *m, const struct device *dev, enum dma_debug_once once, const char *fmt,
			...) DMASIM_PRINTF(4, 5);
/* dev_err(), pr_err() without a device */
void dma_debug_dev_err(struct dmasim_machine *m, const struct device *dev, const char *fmt, ...) DMASIM_PRINTF(3, 4);
/* BUG_ON() */
void dma_debug_bug(const struct dma_debug_at *at);
/* A device may be gone by the time its name is wanted. */
const char *dma_debug_name(const struct device *dev);
void dma_debug_filter(struct dmasim_machine *m, const char *text);

/* ---- dma_debug_text.c ---- */

/* The one place where findings become the kernel's words: each accepted finding comes by. */
void dma_debug_finding(struct dmasim_machine *m, const struct finding *f, stack_id act);
/* dma_mapping_error() was called: e is credited, or, if NULL, one that it comes too late for, but for dma-debug. */
void dma_debug_asked(struct dmasim_machine *m, const struct dmasim_device_private *dev, dma_addr_t bus,
		     struct extent *e);
/* A mapping ends: did nobody ask whether it had succeeded? Only where switched on. */
void dma_debug_unchecked(struct dmasim_machine *m, const struct track_op *op, struct extent *e);
/* A driver was unbound: what of the device's is still mapped? */
void dma_debug_unbound(struct dmasim_machine *m, struct dmasim_device_private *dev);
/* A record more than there were ever: perhaps more than preallocated. */
void dma_debug_grow(struct dmasim_machine *m, u64 live);

static inline bool dma_debug_on(const struct dmasim_machine *m)
{
	return k_unlikely(m->dma_debug && m->dma_debug->on);
}

static inline void dma_debug_peak(struct dmasim_machine *m, u64 live)
{
	if (dma_debug_on(m))
		dma_debug_grow(m, live);
}

/* ---- dma_debug_fs.c ---- */

#define DMA_DEBUG_BATCH 32 /* records in a page: the pool grows by this */
extern const char *const dma_debug_kinds[];
/* Is dma_mapping_error() to be called for mappings of this kind? */
bool dma_debug_asks(unsigned int kind);
/* Bucket of the kernel's table. */
static inline unsigned int dma_debug_bucket(dma_addr_t bus)
{
	return (unsigned int)(bus >> 13) & 16383;
}
/* Live records of a device (NULL: all) in the order of the kernel's table; malloc'd, NULL if there are none. */
struct extent **dma_debug_records(struct dmasim_machine *m, const struct dmasim_device_private *dev, size_t *n);
int dma_debug_files(struct dmasim_machine *m);

#endif
