/* SPDX-License-Identifier: MIT */
/*
 * Records of mappings, and the ways to find them. No rules here: those are in tracker.c, cpu_access.c and
 * device_access.c.
 */
#ifndef LIB_CHECK_EXTENT_H
#define LIB_CHECK_EXTENT_H

#include "lib/check/check.h"
#include "lib/check/runs.h"
#include "lib/check/tracker.h"

#define ATTR_WRITE_COMBINE     (1 << 2)
#define ATTR_NON_CONSISTENT    (1 << 3)
#define ATTR_NO_KERNEL_MAPPING (1 << 4)
#define ATTR_SKIP_CPU_SYNC     (1 << 5)
#define ATTR_FORCE_CONTIGUOUS  (1 << 6)
#define ATTR_IGNORE_CACHELINES (1 << 11)
#define ERROR_COOKIE	       (~(dma_addr_t)0)
#define EXTENT_MAX_SIZE	       ((1ULL << 40) - 1)
#define EXTENT_SMALL_PAGES     16 /* more pages than these: linked by chunk */
#define CHUNK_SHIFT	       21
#define QUARANTINE	       4096
#define FAILURES	       64
#define WRONG_ACCESSES	       8

/*
 * One live mapping, in one cache line. Found by its id: an index that never moves. `state` is that of all its bytes
 * unless more->runs says otherwise. What few mappings need is in struct extent_more.
 */
struct extent {
	u64 bus, phys;
	u64 size : 40;
	u64 kind : 4;
	u64 dir : 2;
	u64 told : 6;	 /* mistakes of the mapping as a whole that have been told */
	u64 fn : 8;	 /* name of the map call, see extent_function() */
	u64 joined : 1;	 /* EXTENT_SG: goes on in the segment of the entry before it */
	u64 asked : 1;	 /* with dma_debug: dma_mapping_error() was called, whatever was reported */
	u64 bounced : 1; /* the device works on a copy */
	u64 unused : 1;
	u64 time; /* of the map call */
	u32 dev;
	u32 next_hash; /* id; also links free records */
	stack_id mapped;
	u32 more;	     /* 0: none */
	u32 links;	     /* nodes for the further pages or chunks; paged: it has none, and this is its age */
	u32 list, list_next; /* EXTENT_SG: the mapped list it is an entry of, and the next entry's record; sg_list.c */
	u16 attrs : 13;
	u16 homed : 1; /* lies where its address leads, and is not in the hash */
	u16 paged : 1; /* the entry of its page says that it is there, not a list */
	/* What changes while it lives has bytes of its own: a load of the size must not wait for a store beside it. */
	u8 checked : 1; /* dma_mapping_error() was called, or its lack has been reported, or need not be */
	u8 freed : 1;	/* its memory was freed: reported, everything later is a consequence */
	u8 leaked : 1;	/* reported as a leak */
	u8 wide : 1;	/* in the lists of chunks, not of pages */
	u8 outside : 1; /* not in indexed physical space: in the list of outsiders */
	u8 live : 1;
	u8 ghost : 1; /* ended, its bytes still stale: only in the lists of places */
	u8 moved : 1; /* the bus does not show its bytes at its bus address: in the index of moved.c */
	u8 state;
};
_Static_assert(sizeof(struct extent) == 64, "an extent is one cache line");

struct extent_more {
	u32 next_free;
	u32 snapshot_class;	     /* of the buffer at snapshot */
	u64 serial;		     /* names the mapping among all of the machine: mistake tokens */
	struct stamp handed;	     /* last hand-over of all bytes; without runs */
	u64 written_lo, written_hi;  /* what the device wrote since it owns all; empty, or one range; without runs */
	struct runs runs;	     /* n = 0: none */
	u8 *snapshot;		     /* bytes as the device may see them, NULL: none */
	const void *cpu;	     /* of allocated kinds: the address handed out */
	struct pool_page *pool_page; /* EXTENT_POOL: its blocks, see pool.h */
};

/* A mapping that ended: what reports say of it, in one cache line. */
struct dead {
	u64 bus, phys;
	u64 size : 40; /* this word is copied from the extent as it is */
	u64 kind : 4;
	u64 dir : 2;
	u64 told : 6; /* the device used it since, or was about to when it ended */
	u64 fn : 8;
	u64 joined : 1;
	u64 asked : 1;
	u64 bounced : 1;
	u64 unused : 1;
	u64 time;
	u32 dev;
	stack_id mapped;
	struct stamp by; /* who ended it */
};

/* A map call that failed. */
struct failure {
	u32 dev;
	u8 fn, told;
	stack_id stack;
	u64 time, size;
	const void *list; /* of dma_map_sg(); NULL: another call's */
};

/* A device access that was wrong: the next burst of the same transfer is the same mistake. */
struct wrong {
	u32 dev;
	dma_addr_t next; /* where that burst will start */
};

struct records { /* never-moving array of equal records with a free list through their first four bytes */
	char *base;
	size_t stride;
	u32 used, max, free;
};

struct page_entry {
	u64 granules;	/* 64-byte pieces of the page that small extents may touch: clear bits are sure, set ones not */
	u32 head;	/* those that `homes` does not name */
	u16 homes;	/* units of 256 bytes in which an extent of `dev` begins that lies at its home */
	u16 dev : 15;	/* stays when homes gets 0 */
	u16 shared : 1; /* extents on it may share a granule: bits stay until the page is empty */
};

struct chunk_entry {
	u32 head;  /* wide extents */
	u32 small; /* how many small extents touch pages of the chunk */
};

/*
 * Place of a record in the list of its first page or chunk; see place.c. prev 0: first. Beside the records, by id, so that
 * taking one out touches no other record.
 */
struct extent_link {
	u32 next, prev;
	u32 made; /* counts mappings: age, of those that are not paged */
	u32 unused;
};

struct link_node {
	u32 extent, next, prev, sibling;
	u32 place; /* index of the page or chunk */
};

/* A finding that waits for the value that is being written; see finding.c. */
struct unsettled {
	bool waiting;
	struct finding f;
	phys_addr_t phys;
	u8 old_value[16], new_value[16];
	char map[64];
};

/* The check room of one machine (m->check). */
struct check {
	struct dmasim_machine *m;
	struct records extents, more, nodes;
	struct extent_link *links; /* by id of the extent */
	u32 home_base, home_mask;  /* ids of homes: home_base .. home_base + home_mask */
	u32 home_shift, max_homes;
	u32 paged_devs; /* devices of smaller ids may be page_entry.dev */
	u32 *hash;	/* heads, of those that are not at home; never moves, grows in place */
	u32 hash_mask, hashed;
	size_t hash_reserved;
	u64 live, made, peak, serial;

	uintptr_t linear; /* the machine's window of kernel logical addresses */
	u64 linear_size;
	phys_addr_t linear_phys;
	phys_addr_t foreign_base;
	u64 foreign_size;
	phys_addr_t base, end; /* indexed physical space */
	u64 shift;	       /* physical minus bus address of what the bridge shows; all else has moved */
	struct moved *moved;   /* their index; NULL: none was ever mapped */
	u64 guess;	       /* physical minus bus address of the last mapping: only to fetch early */
	struct page_entry *pages;
	struct chunk_entry *chunks;
	u64 nr_pages, nr_chunks;
	u32 outsiders; /* list head */
	u32 foreign;   /* live extents over foreign memory */

	struct dead *quarantine;
	u64 nr_dead; /* ever */
	struct failure failures[FAILURES];
	u64 nr_failures;

	struct dmasim_device_private **devices; /* by id; NULL = gone */
	u32 nr_devices;
	struct wrong wrong[WRONG_ACCESSES];
	u32 nr_wrong;
	u32 last;		/* id of the extent that the last device access hit, or 0 */
	struct sg_lists *lists; /* NULL: no list was ever mapped */

	const char *functions[256]; /* names of map calls; 0 = none */
	struct {
		const char *name;
		u8 index;
	} function_cache[64]; /* by address of the string */

	bool snapshot, instrument; /* guards in use */
	bool doubts;		   /* lint=on or portability=on: doubt.c */
	bool closely;		   /* device accesses are looked at one by one: snapshot or doubts */
	u64 highest_bus, widest_mask, asked_need_sync; /* with doubts */
	u64 snapshot_bytes, snapshot_refused;
	void *snapshot_free[24]; /* by size class */
	u64 unchecked_reads, unchecked_writes, unchecked_overlaps, dropped;
	u64 unheld;		/* instrumented accesses by threads that do not hold the machine; atomic */
	struct dma_pool *pools; /* that were not destroyed */
	struct unsettled unsettled;
};

int extents_init(struct check *c, struct dmasim_machine *m);
void extents_exit(struct check *c);

static inline struct extent *extent_at(const struct check *c, u32 id)
{
	return (struct extent *)(void *)c->extents.base + id;
}

static inline u32 extent_id(const struct check *c, const struct extent *e)
{
	return (u32)(e - (struct extent *)(void *)c->extents.base);
}

static inline struct extent_more *extent_more(const struct check *c, const struct extent *e)
{
	return (struct extent_more *)(void *)c->more.base + e->more;
}

static inline struct link_node *link_node_at(const struct check *c, u32 id)
{
	return (struct link_node *)(void *)c->nodes.base + id;
}

/* The side record, made on first need; NULL when there are too many. */
struct extent_more *extent_need_more(struct check *c, struct extent *e);

/* A new record for op, in all indices; NULL when there are too many: counted as dropped. */
struct extent *extent_add(struct check *c, const struct track_op *op, stack_id stack, u64 now);
/* Out of all indices, into quarantine. */
void extent_remove(struct check *c, struct extent *e, const struct stamp *by);
/* The same, but its bytes keep their state: unmapped with SKIP_CPU_SYNC, what the device wrote is still stale. */
void extent_haunt(struct check *c, struct extent *e, const struct stamp *by);
/* The end of such a ghost. */
void extent_lay(struct check *c, struct extent *e);

/* Index of a static string; 0 when there are too many. In call.c. */
u8 extent_function_slow(struct check *c, const char *name);
static inline unsigned int extent_function_slot(const char *name)
{
	return (u32)(uintptr_t)name * 0x9e3779b1U >> 26;
}

static inline u8 extent_function(struct check *c, const char *name)
{
	unsigned int slot = extent_function_slot(name);

	return k_likely(name == c->function_cache[slot].name) ? c->function_cache[slot].index
							      : extent_function_slow(c, name);
}

/* Each record there is room for, live or not, in no order: the id after `id`, from 0; 0: that was the last. */
static inline u32 extent_next(const struct check *c, u32 id)
{
	if (++id == c->extents.used)
		id = c->home_base;
	return id <= c->home_base + c->home_mask ? id : 0;
}

/* How many mappings were made before it. */
static inline u32 extent_made(const struct check *c, const struct extent *e)
{
	return e->paged ? e->links : c->links[extent_id(c, e)].made;
}

/*
 * Live mappings, oldest first. Those that end meanwhile are left out. Usage:
 *	struct extent_ages w;
 *	extent_ages_init(c, &w);
 *	while ((e = extent_ages_next(&w))) ...
 *	extent_ages_exit(&w);
 */
struct extent_ages {
	struct check *c;
	u32 *ids; /* NULL: no memory for them, in no order */
	u32 nr, at;
};
void extent_ages_init(struct check *c, struct extent_ages *w);
struct extent *extent_ages_next(struct extent_ages *w);
void extent_ages_exit(struct extent_ages *w);

/* ---- finding ---- */

static inline u32 extent_hash(const struct check *c, u32 dev, dma_addr_t bus)
{
	u64 x = (bus ^ ((u64)dev << 48)) * 0x9e3779b97f4a7c15ULL;

	return (u32)(x >> 32) & c->hash_mask;
}

/* Is this bus address of the device in the mapping? */
static inline bool extent_holds(const struct extent *e, u32 dev, dma_addr_t bus)
{
	return e->dev == dev && bus - e->bus < e->size;
}

/* Does its direction let the device do it? */
static inline bool extent_lets(const struct extent *e, bool write)
{
	return e->dir == DMA_BIDIRECTIONAL || e->dir == (write ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
}

/*
 * Where the record of that mapping lies, if it is at home. Homes are groups of sixteen, one for what begins in each 256
 * bytes of a page; neighbouring pages have neighbouring groups. Where pages share a group because there are few, or
 * much is mapped far apart, they begin at different places in it: so rings and slabs of one size do not collide, and do
 * not fall on the same sets of a cache.
 */
static inline u32 extent_home(const struct check *c, u32 dev, dma_addr_t bus)
{
	u32 page = (u32)(bus >> SIM_PAGE_SHIFT) + dev * 0x9e3779b1U;
	u32 place = (u32)(bus >> 8) + page + (page >> c->home_shift);

	return c->home_base + ((page << 4 & c->home_mask) | (place & 15));
}

/* The newest live mapping of the device that starts exactly there, or the next older one behind `after`. One at home is
 * newer than all in the hash. */
static inline struct extent *extent_exact(const struct check *c, u32 dev, dma_addr_t bus, const struct extent *after)
{
	u32 id;

	if (!after) {
		struct extent *e = extent_at(c, extent_home(c, dev, bus));

		if (k_likely(e->bus == bus && e->dev == dev && e->homed))
			return e;
	}
	id = after && !after->homed ? after->next_hash : c->hash[extent_hash(c, dev, bus)];
	while (id) {
		struct extent *e = extent_at(c, id);

		if (e->bus == bus && e->dev == dev)
			return e;
		id = e->next_hash;
	}
	return NULL;
}

/*
 * Visit the extents that touch physical bytes [lo, hi): each once, in no order. Usage:
 *	struct extent_walk w;
 *	extent_walk_init(c, &w, lo, hi);
 *	while ((e = extent_walk_next(&w))) ...
 * The extent just returned may be removed.
 */
struct extent_walk {
	struct check *c;
	u64 lo, hi;		/* physical, clipped to indexed space */
	u64 first, last, place; /* page or chunk numbers */
	u32 link;		/* what to look at next in the current list, */
	u32 homes;		/* and before that in the page's own homes */
	bool ghosts;		/* visit ghosts too: set after the init */
	u8 list;		/* 0 page lists, 1 chunk lists, 2 outsiders, 3 done */
};
void extent_walk_init(struct check *c, struct extent_walk *w, phys_addr_t lo, phys_addr_t hi);
struct extent *extent_walk_next(struct extent_walk *w);

/* Fetch early what an operation on this address will look at. */
static inline void extent_prefetch(const struct check *c, u32 dev, dma_addr_t bus, phys_addr_t phys)
{
	u64 page = (phys - c->base) >> SIM_PAGE_SHIFT;
	u32 home = extent_home(c, dev, bus);

	__builtin_prefetch(extent_at(c, home), 1);
	if (k_likely(page < c->nr_pages))
		__builtin_prefetch(&c->pages[page], 1);
}

/* Quick and sure no: does any extent touch a byte of [lo, hi), all on one page? */
static inline bool extent_page_quiet(const struct check *c, phys_addr_t lo, phys_addr_t hi)
{
	u64 page = (lo - c->base) >> SIM_PAGE_SHIFT;
	const struct page_entry *p;

	if (k_unlikely(page >= c->nr_pages))
		return !c->outsiders;
	if (k_unlikely(c->chunks[page >> (CHUNK_SHIFT - SIM_PAGE_SHIFT)].head))
		return false;
	p = &c->pages[page];
	if (k_likely(!p->head && !p->homes))
		return true;
	return !(p->granules & (~0ULL << ((lo >> 6) & 63)) & (~0ULL >> (63 - (((hi - 1) >> 6) & 63))));
}

/* A live mapping of the device that holds bus; one that lets it read or write, if there are several. */
struct extent *extent_containing(struct check *c, u32 dev, dma_addr_t bus, bool write);
/* The youngest dead mapping of the device that held bus (exact: that began there), or NULL. */
struct dead *extent_dead(struct check *c, u32 dev, dma_addr_t bus, bool exact);

void extents_check(struct check *c);

#endif
