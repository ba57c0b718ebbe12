/* SPDX-License-Identifier: MIT */
/*
 * Slots of a bounce buffer: which are free. See slots.c. Knows nothing of memory or devices: a slot is an index, a
 * request is a number of slots and what must hold of the bus address of the first.
 */
#ifndef LIB_DMA_SLOTS_H
#define LIB_DMA_SLOTS_H

#include "lib/core/kernel.h"

#define SLOT_SHIFT	   11
#define SLOT_SIZE	   (1U << SLOT_SHIFT)
#define SLOTS_SEGMENT	   128 /* slots; no request crosses a segment */
#define SLOTS_CLASSES	   8   /* of segments by their longest free run: at least 1, 2, 4 ... 128 */
#define SLOTS_NONE	   (~0U)
#define SLOT_SEGMENT_BYTES ((u64)SLOTS_SEGMENT << SLOT_SHIFT)

struct slots_area {
	u32 first, nr; /* segments */
	u32 hint;      /* slot at which the next search starts */
	u32 used;      /* slots */
};

struct slots {
	u32 nr, segments, nareas, words; /* words of 64 segments in a bitmap of segments */
	u64 (*free)[2];			 /* by segment: one bit a slot */
	u8 *class;			 /* by segment: how many of the bitmaps below it is in */
	u64 *runs[SLOTS_CLASSES];	 /* segments with a free run of at least 2^k slots */
	struct slots_area *area;
};

struct slots_request {
	u32 n;	      /* slots, 1 .. 128 */
	u64 base;     /* bus address of slot 0 */
	u64 mask;     /* these bits of the bus address of the first slot ... */
	u64 value;    /* ... are these */
	u64 boundary; /* a span may not cross a multiple of this + 1 */
	u32 area;     /* where to look first */
};

/* nr: slots, rounded down to whole segments, at least one; nareas: a power of two, made smaller until each has a
 * segment. 0 or -ENOMEM. */
int slots_init(struct slots *s, u32 nr, u32 nareas);
void slots_exit(struct slots *s);
/* The first slot of a free run that fits; SLOTS_NONE. */
u32 slots_take(struct slots *s, const struct slots_request *r);
void slots_give(struct slots *s, u32 first, u32 n);
bool slots_fit(const struct slots_request *r, u32 first); /* all but being free */
void slots_check(const struct slots *s);		  /* asserts the invariants */

#endif
