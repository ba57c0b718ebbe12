/* SPDX-License-Identifier: MIT */
/* The snapshot guard: contents of mappings compared at hand-overs. See snapshot.c. */
#ifndef LIB_CHECK_SNAPSHOT_H
#define LIB_CHECK_SNAPSHOT_H

#include "lib/check/extent.h"

/* Remember [lo, hi) of e as the device may see it now. The first call for a mapping covers all of it. */
void snapshot_take(struct check *c, struct extent *e, u64 lo, u64 hi);
/* The CPU gets [lo, hi) back: what it changed while the device owned it is reported. Then as snapshot_take(). */
void snapshot_compare_owned(struct check *c, struct extent *e, u64 lo, u64 hi, bool keep);
/* The device fetches [lo, hi): what the CPU changed in its own phase and did not hand over is reported. */
void snapshot_compare_fetched(struct check *c, struct extent *e, u64 lo, u64 hi);
/* [lo, hi) has gone to the device without what the CPU wrote there: noted as its writes that were not handed over. */
void snapshot_note_kept(struct check *c, struct extent *e, u64 lo, u64 hi);
/* The CPU is about to get [lo, hi) anew: does it differ where it is the CPU's, unannounced? The hull of these bytes. */
bool snapshot_cpu_wrote(struct check *c, struct extent *e, u64 lo, u64 hi, u64 *first, u64 *end);
/* What is said of them; `verb` is the call's. */
void snapshot_report(struct check *c, struct extent *e, const char *rule, u64 lo, u64 hi, const char *verb);
/* A device has written physical [phys, phys + n), through whatever mapping or none. */
void snapshot_device_wrote(struct check *c, phys_addr_t phys, u64 n);
void snapshot_drop(struct check *c, struct extent_more *more);
void snapshots_exit(struct check *c);

#endif
