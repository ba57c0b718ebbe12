/* SPDX-License-Identifier: MIT */
/* Mapped lists: private to lib/check. See sg_list.c, and sg_device.c for what devices make of them. */
#ifndef LIB_CHECK_SG_LIST_H
#define LIB_CHECK_SG_LIST_H

#include "lib/check/phase.h"

/* Mistakes with a list as a whole that have been told. */
enum {
	TOLD_LIST_KIND = 1,   /* its entries are ended one by one */
	TOLD_LIST_FREED = 2,  /* memory of it was freed */
	TOLD_LIST_LEAKED = 4, /* also by LIST_KIND */
	TOLD_LIST_OVERLAP = 8,
	TOLD_LIST_COUNT = 16, /* the device went through more entries than segments */
	TOLD_LIST_ACTIVE = 32,
	TOLD_LIST_CHANGED = 64, /* also: its entries are not, or cannot be, compared with what was mapped */
	TOLD_LIST_LOST = 128,	/* what the CPU wrote was thrown away */
};

/* A mapped list, and all of them; records are found by index. */
struct sg_list {
	const struct scatterlist *sgl;
	u32 next; /* in its hash chain; of free records */
	u32 dev;
	u32 first, last; /* extents; 0: none */
	int nents, count;
	u64 time;
	stack_id mapped;
	enum dma_data_direction dir;
	u8 fn, told;
	bool live;
};

struct sg_lists {
	struct sg_list *list; /* [0] is nobody's */
	u32 used, room, free;
	u32 *hash;	     /* heads, room of them */
	struct stamp by;     /* of the unmap that is going on, */
	unsigned long attrs; /* and what it said */
	struct extent model; /* a piece of the map that is going on, made in the usual way; not live: none yet */
};

static inline struct sg_list *sg_list_at(const struct check *c, u32 id)
{
	return &c->lists->list[id];
}

void sg_lists_exit(struct check *c);
/* Was this told of the list that e belongs to? It is now. */
bool sg_list_told(struct check *c, const struct extent *e, unsigned int told);
/* Is e the first of its list that lives? */
bool sg_list_first(struct check *c, const struct extent *e);
/* e is about to end by itself: out of its list, which ends with its last entry. */
void sg_list_drop(struct check *c, struct extent *e);
/* The same by an unmap call for one mapping: the wrong kind, reported once a list. */
void sg_list_leaves(struct dmasim_machine *m, const struct track_op *op, struct extent *e);
/* A device uses an address that a list has behind its segments: reported, true. */
bool sg_list_count_ignored(struct check *c, struct dmasim_device_private *dev, struct finding *f);
/* A burst [bus, bus + n) leaves the mapping e: was it the length of an entry, not of a segment? Reported, true. */
bool sg_list_length_ignored(struct check *c, struct extent *e, struct finding *f, dma_addr_t bus, size_t n);
/* Bus address and length of the i-th segment of a mapped list; false past the last. */
bool sg_list_segment(struct check *c, u32 list, unsigned int i, dma_addr_t *bus, u64 *size);
/* The piece that the same segment goes on with; NULL: none. */
static inline struct extent *sg_list_joined(const struct check *c, const struct extent *e)
{
	struct extent *next = e->list && e->list_next ? extent_at(c, e->list_next) : NULL;

	return next && next->joined ? next : NULL;
}

/* Bytes of the segment from the piece e on. */
u64 sg_list_segment_size(const struct check *c, const struct extent *e);
/* What of a list is not as it was mapped. */
struct sg_change {
	const struct extent *e; /* the piece; NULL: all is as it was */
	char text[160];
	bool segment; /* its DMA address and length differ: what they are now */
	dma_addr_t bus;
	u64 size;
};
/* Compare the driver's list with the pieces that were mapped, which begin with `first_piece`. False: no difference. */
bool sg_list_find_change(struct check *c, struct scatterlist *sgl, u32 first_piece, struct sg_change *ch);
/* Where e stands in its list, as a line of a report. */
void sg_list_describe(struct check *c, struct finding *f, const struct extent *e);

#endif
