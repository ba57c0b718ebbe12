/* SPDX-License-Identifier: MIT */
/*
 * The state of each byte of a mapping, run-length coded: neighbours in the same state, handed over by the same call,
 * are one run. Most mappings never need one: they are in one state as a whole (see extent.h).
 */
#ifndef LIB_CHECK_RUNS_H
#define LIB_CHECK_RUNS_H

#include "lib/core/kernel.h"

/* A byte's state: who owns it, and what happened to it since. */
enum {
	BYTE_CPU = 0,
	BYTE_DEVICE = 1,
	BYTE_UNSYNCED = 2,  /* mapped with SKIP_CPU_SYNC, never synced: whoever comes first */
	BYTE_OWNER = 3,	    /* mask of the three */
	BYTE_DEV_WROTE = 4, /* by the device, since it was last handed to the CPU */
	BYTE_CPU_WROTE = 8, /* by the CPU while it owned it, not handed to the device yet */
	BYTE_SEEN = 16,	    /* a wrong CPU write that has been reported: comparing contents must not report it again */
};

/* Who handed bytes over, and which mistakes with them have been told since (bits, see phase.h). */
struct stamp {
	u64 time;
	stack_id stack;
	u8 fn; /* name of the call, an index as in extent.h */
	u8 told;
};

struct run {
	u64 end; /* offset of the first byte behind it; it starts where the one before ends */
	struct stamp by;
	u8 state;
};

struct runs {
	u32 n, room;
	struct run *run;
};

/* All of [0, size) in one state; r is zeroed or was used before: its memory is used again. 0 or -ENOMEM. */
int runs_init(struct runs *r, u64 size, u8 state, const struct stamp *by);
void runs_exit(struct runs *r);
/* In [lo, hi): state = state & ~clear | set, and a new stamp unless by is NULL. 0 or -ENOMEM: nothing changed. */
int runs_apply(struct runs *r, u64 lo, u64 hi, u8 clear, u8 set, const struct stamp *by);
/* Index of the run that holds this offset. */
u32 runs_at(const struct runs *r, u64 offset);
static inline u64 runs_start(const struct runs *r, u32 i)
{
	return i ? r->run[i - 1].end : 0;
}
/* Mistakes told of bytes that were handed over together with run i: add these to all of them. */
void runs_tell(struct runs *r, u32 i, u8 told);
void runs_check(const struct runs *r, u64 size); /* asserts the invariants */

#endif
