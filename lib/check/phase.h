/* SPDX-License-Identifier: MIT */
/* Who owns which bytes of one mapping, and how to say so in a report. See phase.c. */
#ifndef LIB_CHECK_PHASE_H
#define LIB_CHECK_PHASE_H

#include "lib/check/extent.h"

/* Mistakes with bytes that have been told since their last hand-over (struct stamp) ... */
enum { TOLD_CPU_READ = 1, TOLD_CPU_WRITE = 2, TOLD_STALE = 4, TOLD_NOT_FLUSHED = 8 };
/* ... and with a mapping as a whole (struct extent) */
enum {
	TOLD_DEVICE_READ = 1,
	TOLD_DEVICE_WRITE = 2,
	TOLD_OUT_OF_BOUNDS = 4,
	TOLD_BEYOND_MASK = 8,
	TOLD_NOT_ENDED = 16, /* its unmap missed it, or it was mapped over itself: that nobody ends it is no news */
};

static inline bool extent_is_streaming(const struct extent *e)
{
	return e->kind <= EXTENT_NONCOHERENT;
}

static inline struct runs *extent_runs(const struct check *c, const struct extent *e)
{
	struct runs *r;

	if (!e->more)
		return NULL;
	r = &extent_more(c, e)->runs;
	return r->n ? r : NULL;
}

/* Change bytes [lo, hi): state = state & ~clear | set; a hand-over if by is given. */
void extent_change_slow(struct check *c, struct extent *e, u64 lo, u64 hi, u8 clear, u8 set, const struct stamp *by);
static inline void extent_change(struct check *c, struct extent *e, u64 lo, u64 hi, u8 clear, u8 set,
				 const struct stamp *by)
{
	struct extent_more *more = extent_more(c, e);

	/* A mapping handed over as a whole, and not for the first time. */
	if (by && e->more && !more->runs.n && !lo && hi == e->size &&
	    (more->written_lo >= more->written_hi || clear & BYTE_DEV_WROTE)) {
		more->handed = *by;
		more->written_lo = more->written_hi = 0;
		e->state = (u8)((e->state & ~clear) | set);
		return;
	}
	extent_change_slow(c, e, lo, hi, clear, set, by);
}
/* The device has written them. */
void extent_device_wrote_slow(struct check *c, struct extent *e, u64 lo, u64 hi);
static inline void extent_device_wrote(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	const struct extent_more *more = extent_more(c, e);

	/* Known already: written again, as rings and polled words are. */
	if (e->more && !more->runs.n &&
	    (e->state & BYTE_DEV_WROTE || (lo >= more->written_lo && hi <= more->written_hi)))
		return;
	extent_device_wrote_slow(c, e, lo, hi);
}

/* What was found in a range: the hull of the bytes that match, and the hand-over of the first. */
struct span {
	u64 lo, hi;
	struct stamp by;
	u8 state, told; /* of the first; told: by all of them */
};
/* Bytes of [lo, hi) for which match(state) holds; false if there are none. */
bool extent_find(struct check *c, struct extent *e, u64 lo, u64 hi, bool (*match)(u8 state), struct span *found);
/* A mistake with these bytes has been told: it is not told again before they are handed over. */
void extent_tell(struct check *c, struct extent *e, const struct span *s, u8 told);
/* State of one byte. */
u8 extent_state(struct check *c, struct extent *e, u64 offset, struct stamp *by);

/* ---- rules shared by calls and device accesses (call.c) ---- */

/* The error cookie was used: true if a map call of the device had failed; reported once for each failed call. */
bool tracker_cookie_used(struct check *c, struct dmasim_device_private *dev, struct finding *f);
/* First use of a mapping whose success nobody asked for: reported, once. f: the act. */
void tracker_error_unchecked(struct check *c, struct extent *e, struct finding *f);

/* ---- findings ---- */

/* Fill in what is known of bytes [lo, hi) of a mapping: everything but the rule and the act. map: 33 bytes that live
 * as long as f, or NULL. */
void finding_of(struct check *c, struct finding *f, struct extent *e, u64 lo, u64 hi, char *map);
/* The same of a mapping that ended: who mapped and who unmapped it. */
void finding_of_dead(struct check *c, struct finding *f, const struct dead *d, u64 lo, u64 hi);
void finding_more(struct finding *f, const char *label, const char *fmt, ...) DMASIM_PRINTF(3, 4);
const char *extent_kind_name(unsigned int kind);
const char *direction_name(int dir);
/* "1500 bytes, DMA_FROM_DEVICE, by dma_map_single" */
void extent_describe(struct check *c, const struct extent *e, char *buf, size_t size);
struct dmasim_device_private *check_device(struct check *c, u32 id);
/* Report. What waits to be reported first is settled first. */
void check_found(struct check *c, const struct finding *f);
/* A write whose new value is not known yet: reported at the next library entry. f->map must be NULL or pending's. */
void check_found_later(struct check *c, const struct finding *f, phys_addr_t phys, size_t n);
void check_settle_slow(struct dmasim_machine *m);
static inline void check_settle(struct dmasim_machine *m)
{
	if (k_unlikely(m->check && m->check->unsettled.waiting))
		check_settle_slow(m);
}

#endif
