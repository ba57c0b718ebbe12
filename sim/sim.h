/* SPDX-License-Identifier: MIT */
/*
 * The hardware of one machine, as the rooms above see it.
 *
 * This room knows nothing of kernels: no struct device, no mapping, no ownership. It offers RAM behind windows, a
 * bus that masters read and write through, register windows, interrupt lines, a clock with an event queue, and the
 * one source of choices. What watches it (the checker) or runs on it (the kernel software) is attached through
 * struct sim_observer.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <assert.h>
#include <stdarg.h>
#include <dmasim/types.h>
#include <dmasim/device.h>

struct sim_machine;
struct sim_master;

/* ---- errors (sim/error.c): every native call that fails says why ---- */

/* Remember the sentence for dmasim_last_error() of this thread, set errno = err, return -err. */
int sim_error(int err, const char *fmt, ...) DMASIM_PRINTF(2, 3);

/* ---- configuration (sim/config.c, config_options.c) ---- */

#define SIM_MAX_BANKS 8

struct sim_bank {
	phys_addr_t base;
	uint64_t size;
	int node;
};

enum sim_guard {		       /* bits; see "Guards" in docs/architecture.md */
		 GUARD_API = 1,	       /* accessors, API calls, device accesses: always on */
		 GUARD_SNAPSHOT = 2,   /* compare contents at hand-overs */
		 GUARD_INSTRUMENT = 4, /* listen to instrumented code */
		 GUARD_AUTO = 8,       /* instrument if instrumented code is linked in, else snapshot */
};

enum sim_action { ON_VIOLATION_CONTINUE, ON_VIOLATION_ABORT };
/* Which operations serve devices that were given none; lib/dma/ops.c has the tables. */
enum sim_dma_ops {
	SIM_OPS_DIRECT,
	SIM_OPS_ARM,
	SIM_OPS_ARM_COHERENT,
	SIM_OPS_ARM64,
	SIM_OPS_ARM64_COHERENT,
	SIM_OPS_IOMMU,
	SIM_OPS_IOMMU_COHERENT,
};
enum sim_format { REPORT_TEXT, REPORT_JSON, REPORT_NONE };
enum sim_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* A pool of bounce buffers: only where RAM lies beyond 32 bits; none; there is one; each mapping goes through it. */
enum sim_swiotlb { SIM_SWIOTLB_AUTO, SIM_SWIOTLB_OFF, SIM_SWIOTLB_ON, SIM_SWIOTLB_FORCE };
/* What is filled while it means nothing: the free slots; and the original while the device owns the slot. */
enum sim_bounce_poison { BOUNCE_POISON_OFF, BOUNCE_POISON_SLOTS, BOUNCE_POISON_ALL };
enum sim_sg_bounce { SG_BOUNCE_EACH, SG_BOUNCE_WHOLE };

/* Everything a spec string can say. One table in config_options.c names each key, parses it and documents it. */
struct sim_config {
	const char *preset; /* static string */
	char spec[1024];    /* as given, for the replay token */

	/* memory */
	struct sim_bank banks[SIM_MAX_BANKS]; /* sorted, disjoint, page aligned */
	unsigned int nr_banks;
	phys_addr_t dma_zone_end;   /* ZONE_DMA: below this physical address; 0 = no such zone */
	phys_addr_t dma32_zone_end; /* ZONE_DMA32 likewise */
	phys_addr_t foreign_base;   /* window of physical addresses for host memory that is not RAM; like RAM the bus */
	uint64_t foreign_size;	    /* windows reach it, and it lies below 4 GiB on every preset */
	phys_addr_t mmio_base;	    /* the hole of physical addresses in which register windows are placed */
	uint64_t mmio_size;
	uint64_t host_limit;	 /* touched bytes of RAM the host may be charged; above: out of memory */
	bool poison;		 /* fill freed and fresh memory */
	unsigned int quarantine; /* pages (and slab objects) kept from reuse after free; 0 = LIFO reuse */
	bool pool_quirk;	 /* dma_pools waste the last block of each boundary window */
	bool pool_redzone;	 /* they keep a red zone between blocks even where that costs capacity */
	bool uncached_alias;	 /* coherent allocations are handed out through a second window */

	/* DMA */
	enum sim_dma_ops dma_ops;
	uint64_t cma_size;	/* the default area for contiguous allocations; 0: none */
	phys_addr_t cma_base;	/* 4 MiB aligned, within one bank */
	uint64_t coherent_pool; /* first size of each atomic pool; 0: by the size of RAM */

	/* bus */
	int64_t bus_offset;    /* bus = physical + offset */
	bool isolate;	       /* the bus refuses what is not mapped for the device in that direction */
	unsigned int bus_bits; /* address lines of the bus, 64 */
	bool sg_merge;	       /* neighbours in a list become one segment */

	/* bounce buffers */
	enum sim_swiotlb swiotlb;
	enum sim_bounce_poison swiotlb_poison;
	uint64_t swiotlb_size;	    /* bytes; less if memory is short */
	unsigned int swiotlb_areas; /* a power of two */
	bool swiotlb_dynamic;	    /* more memory is taken when it is full */
	enum sim_sg_bounce sg_bounce;

	/* time and chance */
	uint64_t seed;
	bool chaos;		 /* choices vary with the seed; false: always the first, plainest alternative */
	uint64_t latency_ns;	 /* typical device latency, for models that ask */
	unsigned int watchdog_s; /* host seconds without a safe point while spinning; 0 = off */

	/* checking */
	bool checks;	       /* false: no tracker at all */
	unsigned int guard;    /* enum sim_guard bits */
	bool lint;	       /* report lints too */
	bool portability;      /* and what works only on machines like this one */
	bool need_sync_honest; /* dma_need_sync() tells the truth */
	bool dma_debug;	       /* say in the kernel's words too what its DMA debugging would say */
	unsigned int dma_debug_entries;
	char dma_debug_driver[64]; /* only of this driver; "" = of all */
	enum sim_action on_violation;
	int exitcode; /* exit status of the process if there were violations; 0 = untouched */
	enum sim_format report;
	enum sim_colour colour;
	char log[256];		/* path of the report; "" = stderr */
	char json[256];		/* path of JSON lines, beside the text; "" = none */
	unsigned int log_level; /* kernel messages of lower levels go to stderr too; 0: none */
	bool summary;		/* print the summary at destroy */
	bool verbose;		/* print expected violations too, and the summary always */
};

/* Parse spec with DMASIM_OPTIONS as environment gives it (may be NULL). 0 or sim_error(). */
int sim_config_parse(struct sim_config *cfg, const char *spec, const char *environment);
/* The whole configuration as a spec that gives it again, preset first. As snprintf(): the length it needs. */
size_t sim_config_print(const struct sim_config *cfg, char *buf, size_t size);
/* The ith key of a spec, NULL past the last, with its valid values and one line on what it does. */
const char *sim_config_key(size_t i, const char **valid, const char **help);
/* The ith preset's name, NULL past the last. */
const char *sim_config_preset(size_t i);

/* ---- the arena and its windows (sim/memory/arena.c) ---- */

#define SIM_PAGE_SHIFT	  12
#define SIM_PAGE_SIZE	  4096UL
#define SIM_GRANULE_SHIFT 28 /* windows start on and are rounded to 256 MiB: lookup is one table index */

enum sim_region_kind {
	REGION_NONE,
	REGION_LINEAR,	 /* kernel logical addresses: constant offset from physical */
	REGION_UNCACHED, /* the same RAM a second time: coherent memory on machines that alias */
	REGION_VMEMMAP,	 /* struct page array (host memory behind; owned by lib/mm) */
	REGION_IOMEM,	 /* register windows: never backed by memory, a dereference faults */
	REGION_COOKIE,	 /* handles of memory without a kernel mapping: likewise */
	REGION_VMALLOC,	 /* pages of RAM mapped one by one (lib/mm) */
	REGION_USER,	 /* the same, for the user program (lib/mm) */
};

struct sim_region {
	enum sim_region_kind kind;
	struct sim_machine *machine;
	uintptr_t start;
	size_t size;
	phys_addr_t phys; /* physical address of start (LINEAR, UNCACHED, IOMEM) */
};

/* The process-wide reserved range that holds every machine's windows. Written once, before the first machine. */
struct sim_arena {
	uintptr_t base;
	size_t size;
	const struct sim_region **granules; /* size >> SIM_GRANULE_SHIFT entries; NULL where no window is */
};
extern struct sim_arena sim_arena;

static inline bool sim_arena_contains(const volatile void *p)
{
	return (uintptr_t)p - sim_arena.base < sim_arena.size;
}

/* The window that holds p, or NULL. p may be any value. */
static inline const struct sim_region *sim_region_of(const volatile void *p)
{
	const struct sim_region *r;

	if (!sim_arena_contains(p))
		return NULL;
	r = sim_arena.granules[((uintptr_t)p - sim_arena.base) >> SIM_GRANULE_SHIFT];
	return r && (uintptr_t)p - r->start < r->size ? r : NULL;
}

/* Reserve the arena if not done; 0 or sim_error(). Thread safe. */
int sim_arena_init(void);
/* Take a window of the arena (size rounded up to granules), PROT_NONE. Fills region; 0 or sim_error(). */
int sim_region_take(struct sim_region *region, enum sim_region_kind kind, struct sim_machine *m, size_t size);
void sim_region_give(struct sim_region *region);
/* A pooled window stays reserved but is hidden: pointers into it are nobody's until it is shown to a machine again. */
void sim_region_hide(struct sim_region *region);
void sim_region_show(struct sim_region *region, struct sim_machine *m);

/* ---- RAM (sim/memory/ram.c) ---- */

struct sim_ram {
	int fd;			    /* one memfd, banks back to back */
	phys_addr_t base, end;	    /* of the banks; base is rounded down to 4 MiB, so that windows keep alignment */
	struct sim_region linear;   /* CPU view of base .. end, holes PROT_NONE */
	struct sim_region uncached; /* kind REGION_NONE when the machine has no alias */
	uint8_t *dram;		    /* private always-writable alias: dram[phys - base]; holes PROT_NONE */
	const uint64_t *touched;    /* one bit a page from base on: charged already */
	/* ... private to ram.c behind these */
	struct sim_ram_private *priv;
};

/* Is the whole of [phys, phys + n) RAM? n > 0; wraps are refused. */
static inline bool sim_ram_contains(const struct sim_machine *m, phys_addr_t phys, uint64_t n);
/* The library's own pointer to RAM: never faults, is never checked or guarded. phys must be RAM. */
static inline void *sim_ram_ptr(const struct sim_machine *m, phys_addr_t phys);
/* Say that bytes were or may be written, so that they are cleared before the memory serves another machine. */
static inline void sim_ram_touch(struct sim_machine *m, phys_addr_t phys, uint64_t n);
/* As sim_ram_touch(), but charged against host_limit first; false = over the limit, nothing changed. */
static inline bool sim_ram_charge(struct sim_machine *m, phys_addr_t phys, uint64_t n);

/* Copy from and to host memory that may not be there: never faults. Bytes copied before the first bad one. */
size_t sim_host_read(void *dst, const void *host_src, size_t n);
size_t sim_host_write(void *host_dst, const void *src, size_t n);

/* CPU address to physical, for any RAM window; false if p is in none. *kind may be NULL. */
bool sim_virt_to_phys(const struct sim_machine *m, const volatile void *p, phys_addr_t *phys,
		      enum sim_region_kind *kind);
/* The linear (kernel logical) address of RAM; NULL if phys is not RAM. */
void *sim_phys_to_virt(const struct sim_machine *m, phys_addr_t phys);
/* The uncached alias, or the linear address on machines without one. */
void *sim_phys_to_uncached(const struct sim_machine *m, phys_addr_t phys);

/* ---- choices (sim/choice.c) ---- */

/* One of n alternatives, 0 .. n-1. Each kind has its own stream from the seed. Without cfg.chaos: 0. */
unsigned int sim_choice(struct sim_machine *m, const char *kind, const void *site, unsigned int n);
/* As sim_choice() but always random, chaos or not (the public dmasim_choice(), for tests and models). */
unsigned int sim_random(struct sim_machine *m, const char *kind, unsigned int n);

/* ---- clock and events (sim/clock.c) ---- */

struct sim_event {
	uint64_t when, order; /* equal times run in order of posting, or as a choice says under chaos */
	void (*fn)(void *arg);
	void *arg;
	unsigned int index; /* in the heap, +1; 0 = not queued */
	/* What the observer's cause() said when it was posted, and when; an event posted by an event inherits both. */
	uint32_t cause;
	uint64_t cause_time;
};

static inline uint64_t sim_now(const struct sim_machine *m);
/* Events posted by pointer: the caller owns *event, which must stay until run or cancelled. 0, -EBUSY if it is queued
 * already, -ENOMEM. From inside an event the delay is at least 1 ns, so that time always passes. */
int sim_event_post(struct sim_machine *m, struct sim_event *event, uint64_t delay_ns);
bool sim_event_cancel(struct sim_machine *m, struct sim_event *event); /* true if it was queued */
/* One-shot: the library owns the event. -ENOMEM. */
int sim_after(struct sim_machine *m, uint64_t delay_ns, void (*fn)(void *), void *arg);
/* Let time pass: advances to now + ns, running due events in order at their own time. Not reentrant: from inside
 * an event only the clock's offset moves and nothing runs. */
static inline void sim_advance(struct sim_machine *m, uint64_t ns);
/* Time of the next queued event; false if there is none. */
bool sim_next_event(const struct sim_machine *m, uint64_t *when);
/* True while an event callback runs. */
static inline bool sim_in_event(const struct sim_machine *m);
size_t sim_events_pending(const struct sim_machine *m);

/* ---- interrupt lines (sim/irq.c) ---- */

#define SIM_NR_IRQS 256

/* Lines only hold state; who delivers them, and when, is the software's business (sim_irq_pending/ack). */
int sim_irq_alloc(struct sim_machine *m); /* a free line number from 16, or -ENOSPC */
void sim_irq_free(struct sim_machine *m, unsigned int irq);
void sim_irq_raise(struct sim_machine *m, unsigned int irq);		/* edge: latches */
void sim_irq_level(struct sim_machine *m, unsigned int irq, bool high); /* level: pending while high */
void sim_irq_mask(struct sim_machine *m, unsigned int irq, bool masked);
/* The next line to deliver: pending and not masked; which of several is a choice. -1 if none. */
static inline int sim_irq_next(struct sim_machine *m);
void sim_irq_ack(struct sim_machine *m, unsigned int irq); /* unlatch an edge */
bool sim_irq_is_pending(const struct sim_machine *m, unsigned int irq);

/* ---- the bus (sim/bus/bus.c) ---- */

/* A bus window, as a bridge decodes it: bus [bus, bus + size) answers as physical [phys, phys + size). */
struct sim_window {
	dma_addr_t bus;
	phys_addr_t phys;
	uint64_t size;
};

struct sim_master {
	struct sim_machine *machine;
	void *owner; /* the software's handle (struct device *); the observer gets it back */
	char name[64];
	unsigned int address_bits; /* lines the hardware drives, 1 .. 64 */
	bool enabled;		   /* bus mastering */
	unsigned int in_flight;	   /* transfers started and not done */
	/* statistics */
	uint64_t reads, writes, bytes_read, bytes_written, refused;
	struct sim_master *next;	/* all masters of the machine */
	struct sim_transfer *transfers; /* in flight */
};

/* A transfer that takes time; kept by the bus until done or cancelled. */
struct sim_transfer {
	struct sim_event event;
	struct sim_master *master;
	struct sim_transfer *next;
	dma_addr_t bus;
	void *host;
	size_t n;
	bool write;
	void (*done)(void *arg, int err);
	void *arg;
	uint64_t started;
};

void sim_master_init(struct sim_master *master, struct sim_machine *m, const char *name, void *owner);
void sim_master_exit(struct sim_master *master); /* cancels transfers */
/* Move bytes now. 0, -EFAULT, -EINVAL. Steps in bus.c; the observer sees the access before and after. */
int sim_bus_read(struct sim_master *master, dma_addr_t bus, void *dst, size_t n);
int sim_bus_write(struct sim_master *master, dma_addr_t bus, const void *src, size_t n);
int sim_bus_start(struct sim_master *master, dma_addr_t bus, void *host, size_t n, bool write, uint64_t delay_ns,
		  void (*done)(void *, int), void *arg);
unsigned int sim_bus_cancel(struct sim_master *master);
/* Through the bridge windows; false where no window decodes. *len: how far the same window goes on from there. */
bool sim_bus_to_phys(const struct sim_machine *m, dma_addr_t bus, phys_addr_t *phys, uint64_t *len);
bool sim_phys_to_bus(const struct sim_machine *m, phys_addr_t phys, dma_addr_t *bus, uint64_t *len);
/* The machine's windows, e.g. for a dma_range_map: number of them, *windows set. */
unsigned int sim_bus_windows(const struct sim_machine *m, const struct sim_window **windows);

/* ---- register windows (sim/memory/mmio.c) ---- */

struct sim_mmio {
	phys_addr_t phys;
	uint64_t size;
	const struct dmasim_mmio_ops *ops;
	void *ctx;
	struct sim_master *master; /* whose registers; may be NULL */
	unsigned int busy;	   /* callbacks running: not freed meanwhile */
	bool dead;		   /* removed while busy: freed by the last callback */
};

/* Place a window in the machine's MMIO hole (power of two, natural alignment). NULL and sim_error(). */
struct sim_mmio *sim_mmio_add(struct sim_machine *m, size_t size, const struct dmasim_mmio_ops *ops, void *ctx,
			      struct sim_master *master);
void sim_mmio_remove(struct sim_machine *m, struct sim_mmio *mmio); /* calls ops->release */
struct sim_mmio *sim_mmio_find(const struct sim_machine *m, phys_addr_t phys);
uint64_t sim_mmio_read(struct sim_mmio *mmio, uint64_t offset, unsigned int size);
void sim_mmio_write(struct sim_mmio *mmio, uint64_t offset, unsigned int size, uint64_t value);
/* The __iomem window: cookie for a physical address in the MMIO hole and back. NULL / false outside. */
void *sim_mmio_cookie(const struct sim_machine *m, phys_addr_t phys);
bool sim_mmio_phys(const struct sim_machine *m, const volatile void *cookie, phys_addr_t *phys);

/* ---- the machine (sim/machine.c) ---- */

/*
 * The software above watches and is called through these. All may be NULL. None may change hardware state, except
 * that dma_access decides what an isolating bus lets through.
 */
struct sim_observer {
	/* Before a burst moves. Reports what is wrong with it; returns how many bytes from the start are legitimate
	 * (an isolating bus stops there). */
	size_t (*dma_access)(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);
	/* After n bytes (less than asked when refused) moved: what the device read or wrote is now known. */
	void (*dma_done)(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);
	/* Physical bytes in the foreign window: the host address behind, NULL for none; *len: how far it goes on. */
	void *(*foreign)(void *soft, phys_addr_t phys, size_t *len);
	/* An event is posted, not from inside an event: who set it going? Any number; sim->cause gives it back when the
	 * event runs. */
	uint32_t (*cause)(void *soft);
	/* A master was told to move bytes while bus mastering is off. */
	void (*dma_disabled)(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write);
};

struct sim_machine {
	/* What every safe point asks; clock.c and irq.c keep it true. */
	uint64_t now;
	uint64_t next_event; /* when the next one is due; UINT64_MAX if none is queued */
	bool in_event;	     /* an event's callback runs */
	bool irq_ready;	     /* a line is pending and not masked */
	struct sim_config cfg;
	struct sim_ram ram;
	struct sim_region iomem;
	const struct sim_observer *observer;
	void *soft; /* the software's handle, given to the observer */
	/* While an event runs: what set it going, and the frame below which (in calls made by the event) it runs. */
	uint32_t cause;
	uint64_t cause_time;
	void *event_frame;
	struct sim_master *masters;
	/* one pointer for each file's private state */
	struct sim_clock *clock;
	struct sim_irqs *irqs;
	struct sim_choices *choices;
	struct sim_mmios *mmios;
	struct sim_bus *bus;
};

static inline uint64_t sim_now(const struct sim_machine *m)
{
	return m->now;
}

static inline bool sim_in_event(const struct sim_machine *m)
{
	return m->in_event;
}

bool sim_ram_contains_slow(const struct sim_machine *m, phys_addr_t phys, uint64_t n);
static inline bool sim_ram_contains(const struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	for (unsigned int i = 0; i < m->cfg.nr_banks; i++) {
		uint64_t offset = phys - m->cfg.banks[i].base;

		if (offset < m->cfg.banks[i].size && n - 1 < m->cfg.banks[i].size - offset)
			return true;
	}
	return m->cfg.nr_banks > 1 && sim_ram_contains_slow(m, phys, n);
}

static inline void *sim_ram_ptr(const struct sim_machine *m, phys_addr_t phys)
{
	assert(phys - m->ram.base < m->ram.end - m->ram.base);
	return m->ram.dram + (phys - m->ram.base);
}

/* Bytes of one page that is charged already? */
static inline bool sim_ram_is_charged(const struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	uint64_t page = (phys - m->ram.base) >> SIM_PAGE_SHIFT;

	return phys - m->ram.base < m->ram.end - m->ram.base && (phys & (SIM_PAGE_SIZE - 1)) + n <= SIM_PAGE_SIZE &&
	       m->ram.touched[page / 64] >> (page % 64) & 1;
}

void sim_ram_touch_slow(struct sim_machine *m, phys_addr_t phys, uint64_t n);
static inline void sim_ram_touch(struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	if (!sim_ram_is_charged(m, phys, n))
		sim_ram_touch_slow(m, phys, n);
}

bool sim_ram_charge_slow(struct sim_machine *m, phys_addr_t phys, uint64_t n);
static inline bool sim_ram_charge(struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	return sim_ram_is_charged(m, phys, n) || sim_ram_charge_slow(m, phys, n);
}

void sim_advance_slow(struct sim_machine *m, uint64_t ns);
static inline void sim_advance(struct sim_machine *m, uint64_t ns)
{
	uint64_t target = m->now + ns;

	if (__builtin_expect(target < m->next_event && target >= ns, 1))
		m->now = target;
	else
		sim_advance_slow(m, ns);
}

int sim_irq_next_slow(struct sim_machine *m);
static inline int sim_irq_next(struct sim_machine *m)
{
	return __builtin_expect(m->irq_ready, 0) ? sim_irq_next_slow(m) : -1;
}

/* Parse, allocate, wire. NULL and sim_error(). */
struct sim_machine *sim_machine_create(const char *spec);
/* Everything above must be gone: masters exited. RAM goes back to the pool with touched pages cleared. */
void sim_machine_destroy(struct sim_machine *m);
/* Assert the invariants of every file's state: for tests, slow. */
void sim_machine_check(const struct sim_machine *m);

#endif
