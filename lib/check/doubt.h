/* SPDX-License-Identifier: MIT */
/* Lints: what is legal, or works here, and is doubtful all the same. See doubt.c. */
#ifndef LIB_CHECK_DOUBT_H
#define LIB_CHECK_DOUBT_H

#include "lib/check/call.h"

/* Called where c->doubts is set: by lint=on or portability=on. */

/* A mapping or allocation was made; act: who made it. */
void doubt_map(struct check *c, struct extent *e, stack_id act) CALL_COLD;
/* [lo, hi) of e is about to change hands. */
void doubt_sync(struct check *c, struct extent *e, u64 lo, u64 hi, enum track_sync_side side,
		const struct stamp *by) CALL_COLD;
/* A sync by a call that is not for what e is: memory that needs none. */
void doubt_sync_kind(struct check *c, const struct track_op *op, struct extent *e) CALL_COLD;
/* e ends. */
void doubt_end(struct check *c, struct extent *e, const struct stamp *by) CALL_COLD;
/* For the summary: what this run did not put to the test. */
void doubt_summary(struct check *c);

#endif
