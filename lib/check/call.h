/* SPDX-License-Identifier: MIT */
/* What is wrong with a driver's call, and how to say so: private to tracker.c and call.c. */
#ifndef LIB_CHECK_CALL_H
#define LIB_CHECK_CALL_H

#include "lib/check/phase.h"

#define CALL_COLD __attribute__((__cold__))

static inline bool kind_is_coherent(unsigned int kind)
{
	return kind == EXTENT_COHERENT || kind == EXTENT_POOL;
}

/* allocated and mapped at once, and handed over like a mapping */
static inline bool kind_is_noncoherent(unsigned int kind)
{
	return kind == EXTENT_NONCOHERENT || kind == EXTENT_NONCONTIGUOUS;
}

/* made by an allocation, not from memory of the driver's */
static inline bool kind_is_allocated(unsigned int kind)
{
	return kind_is_coherent(kind) || kind_is_noncoherent(kind);
}

/* whose bytes change hands */
static inline bool kind_is_streaming(unsigned int kind)
{
	return kind <= EXTENT_NONCOHERENT;
}

/* single and page are one kind since the kernel made one of the other */
static inline bool same_kind(unsigned int a, unsigned int b)
{
	return a == b || (a <= EXTENT_PAGE && b <= EXTENT_PAGE);
}

static inline bool kind_differs(const struct track_op *op, const struct extent *e)
{
	return !same_kind(op->kind, e->kind);
}

static inline bool cpu_differs(const struct check *c, const struct track_op *op, const struct extent *e)
{
	return kind_is_allocated(e->kind) && op->cpu && e->more && extent_more(c, e)->cpu != op->cpu;
}

/* Attributes by which a free finds out what it frees. The others may be given or left out. */
static inline bool attrs_differ(const struct track_op *op, const struct extent *e)
{
	return (op->attrs ^ e->attrs) & (ATTR_NO_KERNEL_MAPPING | ATTR_FORCE_CONTIGUOUS);
}

/* The finding of a driver's call; add what it is about. */
struct finding call_finding(struct dmasim_machine *m, const struct track_op *op, const char *rule,
			    const char *verb) CALL_COLD;

/* What the kernel would compare: the call, and the record it finds; e NULL: none. */
void call_facts(struct check *c, struct finding *f, const struct track_op *op, enum k_dma_call call,
		const struct extent *e) CALL_COLD;

/* What the guard in use does not see of a buffer that the device now owns. Instrumentation sees the windows only:
 * host memory that was mapped or adopted lies outside of them. */
static inline void count_handover(struct check *c, phys_addr_t phys, unsigned int dir)
{
	const struct sim_config *cfg = &c->m->hw->cfg;

	if (k_likely(c->instrument) && k_likely(phys - cfg->foreign_base >= cfg->foreign_size))
		return;
	c->unchecked_reads += dir != DMA_TO_DEVICE;
	c->unchecked_writes += !c->snapshot;
}

/* ---- tracker.c, for usual.c and sg_list.c ---- */

/* Any map and unmap, also the unusual ones. */
void tracker_map(struct dmasim_machine *m, const struct track_op *op);
void tracker_unmap(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real);

/* track_map() with the caller's stack; *overlap: whether overlaps are looked for, and then whether one was found. */
struct extent *tracker_record(struct dmasim_machine *m, const struct track_op *op, stack_id stack, bool *overlap);
/* allocation.c: allocated memory found by the CPU's address, for a call with another handle. */
struct extent *tracker_by_cpu(struct check *c, const struct track_op *op);
/* What was mapped or allocated. */
void tracker_describe(const struct check *c, const struct extent *e, struct track_unmapped *real);
/* The end of e: what is to be undone, and where its record goes. */
void tracker_end(struct check *c, struct extent *e, unsigned long attrs, const struct stamp *by,
		 struct track_unmapped *real);
/* Bytes [lo, hi) of e change hands. */
void tracker_hand_over(struct check *c, struct extent *e, u64 lo, u64 hi, enum dma_data_direction dir,
		       enum track_sync_side side, const struct stamp *by);

/* What follows reports. The first use of a mapping whose success nobody asked for, once: */
void call_error_unchecked(struct dmasim_machine *m, const struct track_op *op, struct extent *e,
			  const char *verb) CALL_COLD;
/* A new mapping of bytes that e maps already. */
void call_overlaps(struct dmasim_machine *m, const struct track_op *op, struct extent *e, const char *rule) CALL_COLD;
/* A new mapping of memory that is not allocated; true if it is so, and reported. */
bool call_maps_freed(struct dmasim_machine *m, const struct track_op *op);

/* An unmap or free that does not fit e, which it surely means. */
void call_mismatch(struct dmasim_machine *m, const struct track_op *op, struct extent *e) CALL_COLD;
/* One for which nothing of the device is mapped: says what the address is. */
void call_unmaps_nothing(struct dmasim_machine *m, const struct track_op *op) CALL_COLD;
/* One while a transfer uses e; true if it is so, and reported. */
bool call_unmaps_in_flight(struct dmasim_machine *m, const struct track_op *op, struct extent *e) CALL_COLD;
/* A call of another family for a page of a pool, which stays. */
void call_ends_pool(struct dmasim_machine *m, const struct track_op *op, struct extent *e) CALL_COLD;
/* Lint: single and page calls mixed. */
void call_unmaps_page_as_single(struct dmasim_machine *m, const struct track_op *op, struct extent *e) CALL_COLD;

/*
 * What the CPU wrote in its own phase, and the hand-over to the CPU that comes now throws away: a bounce buffer is copied
 * over it, an invalidated line loses it. True if there is such a byte.
 */
bool call_loses_writes(struct check *c, struct extent *e, u64 lo, u64 hi, const char *verb,
		       const struct stamp *by) CALL_COLD;

/* A sync where nothing of the device is mapped, */
void call_syncs_nothing(struct dmasim_machine *m, const struct track_op *op) CALL_COLD;
/* one that takes a DAC address for a mapping, or the reverse, */
void call_syncs_kind(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi) CALL_COLD;
/* one that does not fit e, of which it names [lo, hi); inside: of which it leaves no byte out, */
void call_sync_mismatch(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi,
			bool inside) CALL_COLD;
/* and, lint, one for bytes that already belong to that side. */
void call_syncs_again(struct dmasim_machine *m, const struct track_op *op, struct extent *e, u64 lo, u64 hi,
		      enum track_sync_side side) CALL_COLD;

#endif
