// SPDX-License-Identifier: MIT
/*
 * Rules of what a device may touch: called by the bus for every burst, before and after it moves.
 *
 * A burst is cut where mappings begin and end, not into bytes: each piece lies in one mapping, and a mapping in one
 * state is checked by one comparison. A piece that lies in none is diagnosed: what could this address have been? The
 * first answer that applies names the mistake: beyond the mask, a mapping that has ended, past the end of one, a
 * physical address, a pointer, or simply nothing mapped. Bursts that go on where a wrong one stopped, and repeated
 * accesses past the same mapping, are the same mistake and say nothing.
 *
 * Weakness: diagnosis looks through all live mappings once it gets to the last answers. That is an error path.
 */
#include <stddef.h>
#include "lib/check/moved.h"
#include "lib/check/phase.h"
#include "lib/check/pool.h"
#include "lib/check/sg_list.h"
#include "lib/check/snapshot.h"
#include "lib/mm/mm.h"

static struct dmasim_device_private *device_of(struct sim_master *master)
{
	return (struct dmasim_device_private *)(void *)((char *)master -
							offsetof(struct dmasim_device_private, master));
}

static struct finding access_finding(struct dmasim_device_private *dev, const char *rule, dma_addr_t bus, size_t n,
				     bool write)
{
	struct sim_machine *hw = dev->machine->hw;
	struct finding f = {
		.rule = rule,
		.dev = dev->dev,
		.bus = bus,
		.has_bus = true,
		.size = n,
		.act_verb = write ? "write" : "read",
	};

	/* The act's line is then the one that set the device going. */
	if (sim_in_event(hw) && hw->cause)
		finding_more(&f, "started", "by this call at %llu.%03llu us; the bytes move now",
			     (unsigned long long)hw->cause_time / 1000, (unsigned long long)hw->cause_time % 1000);
	return f;
}

static void more_burst(struct finding *f, dma_addr_t bus, size_t n, bool write)
{
	finding_more(f, "burst", "the device %s %zu bytes from bus 0x%llx", write ? "writes" : "reads", n, bus);
}

/* ---- inside a mapping ---- */

static bool cpu_wrote(u8 state)
{
	return state & BYTE_CPU_WROTE;
}

static void check_direction(struct check *c, struct extent *e, struct dmasim_device_private *dev, u64 lo, u64 hi,
			    bool write)
{
	unsigned int told = write ? TOLD_DEVICE_WRITE : TOLD_DEVICE_READ;
	struct finding f;
	char map[33];

	if (e->told & told)
		return;
	e->told |= told;
	f = access_finding(dev, write ? "device-write-of-to-device" : "device-read-of-from-device", e->bus + lo,
			   hi - lo, write);
	finding_of(c, &f, e, lo, hi, map);
	check_found(c, &f);
}

/* The driver's bytes are not what the device gets, or will not be what the device has put there. */
static void check_flushed(struct check *c, struct extent *e, struct dmasim_device_private *dev, u64 lo, u64 hi,
			  bool write)
{
	u8 value[16];
	struct finding f;
	struct span s;
	char map[33];

	if (!extent_find(c, e, lo, hi, cpu_wrote, &s) || s.told & TOLD_NOT_FLUSHED)
		return;
	f = access_finding(dev, "cpu-write-not-flushed", e->bus + s.lo, s.hi - s.lo, write);
	finding_of(c, &f, e, s.lo, s.hi, map);
	f.nr_value = mm_phys_read(c->m, e->phys + s.lo, value, s.hi - s.lo < 16 ? s.hi - s.lo : 16);
	f.new_value = value;
	if (write)
		finding_more(&f, "loss",
			     "the device overwrites them; where caches are not coherent, a late write-back of "
			     "the CPU's bytes destroys the device's");
	check_found(c, &f);
	extent_tell(c, e, &s, TOLD_NOT_FLUSHED);
}

static void check_lines(struct check *c, struct extent *e, struct sim_master *master, dma_addr_t bus, size_t n,
			bool write)
{
	struct finding f;

	if (e->told & TOLD_BEYOND_MASK)
		return;
	e->told |= TOLD_BEYOND_MASK;
	f = access_finding(device_of(master), "device-address-beyond-mask", bus, n, write);
	finding_of(c, &f, e, bus - e->bus, bus - e->bus + n, NULL);
	finding_more(&f, "limit", "the hardware drives %u address lines", master->address_bits);
	check_found(c, &f);
}

/* Address lines of the hardware; the driver's mask is the business of the map calls as long as something is mapped. */
static inline dma_addr_t top_line(const struct sim_master *master)
{
	return master->address_bits >= 64 ? ~(dma_addr_t)0 : (1ULL << master->address_bits) - 1;
}

/* n bytes at bus, all in e. False where an isolating bus stops. */
static bool check_piece(struct check *c, struct extent *e, struct sim_master *master, dma_addr_t bus, size_t n,
			bool write)
{
	struct dmasim_device_private *dev = device_of(master);
	u64 lo = bus - e->bus, hi = lo + n;

	if (k_unlikely(e->freed))
		return true;
	if (k_unlikely(bus + n - 1 > top_line(master))) {
		check_lines(c, e, master, bus, n, write);
		return false;
	}
	if (k_unlikely(!e->checked)) {
		struct finding f = access_finding(dev, NULL, bus, n, write);

		tracker_error_unchecked(c, e, &f);
	}
	if (!extent_is_streaming(e) && e->kind != EXTENT_RESOURCE)
		return true;
	if (k_unlikely(!extent_lets(e, write))) {
		check_direction(c, e, dev, lo, hi, write);
		return false;
	}
	if (k_unlikely(c->doubts) && e->dir == DMA_BIDIRECTIONAL) /* never told for it: free to say how it is used */
		e->told |= write ? TOLD_DEVICE_WRITE : TOLD_DEVICE_READ;
	if (k_unlikely(e->state & BYTE_CPU_WROTE || extent_runs(c, e)))
		check_flushed(c, e, dev, lo, hi, write);
	if (k_unlikely(c->snapshot)) {
		/* What the CPU wrote too early: a device write would cover its traces. */
		snapshot_compare_owned(c, e, lo, hi, false);
		if (!write)
			snapshot_compare_fetched(c, e, lo, hi);
	}
	return true;
}

/* ---- outside of all mappings ---- */

/* The nearest live mapping of the device that ends at most a page before bus. */
static struct extent *ends_before(struct check *c, u32 dev, dma_addr_t bus)
{
	struct extent *e, *best;
	struct extent_walk w;
	phys_addr_t phys;
	dma_addr_t from = bus > SIM_PAGE_SIZE ? bus - SIM_PAGE_SIZE : 1;
	uint64_t len;

	best = moved_ends_before(c, dev, bus, NULL);
	if (!bus || !sim_bus_to_phys(c->m->hw, from - 1, &phys, &len))
		return best;
	extent_walk_init(c, &w, phys, phys + (bus - from) + 1);
	while ((e = extent_walk_next(&w)))
		if (e->dev == dev && e->bus + e->size <= bus && bus - (e->bus + e->size) <= SIM_PAGE_SIZE &&
		    (!best || e->bus + e->size > best->bus + best->size))
			best = e;
	return best;
}

/* Whose memory lies behind the end? */
static void more_neighbours(struct check *c, struct finding *f, dma_addr_t bus)
{
	struct mm_object o;
	phys_addr_t phys;
	uint64_t len;

	if (!sim_bus_to_phys(c->m->hw, bus, &phys, &len))
		return;
	mm_object_at(c->m, phys, &o);
	if (o.state == MM_ALLOCATED)
		finding_more(f, "hits", "+%llu in a %s of %zu bytes", phys - o.start, o.kind ? o.kind : "block",
			     o.size);
	else if (o.state == MM_FREE || o.state == MM_QUARANTINED)
		finding_more(f, "hits", "free memory");
	else if (o.state == MM_NOT_RAM)
		finding_more(f, "hits", "no memory");
}

static void out_of_bounds(struct check *c, struct extent *e, struct dmasim_device_private *dev, dma_addr_t burst,
			  dma_addr_t bus, size_t n, bool write)
{
	struct finding f;

	if (e->told & TOLD_OUT_OF_BOUNDS || e->freed)
		return;
	e->told |= TOLD_OUT_OF_BOUNDS;
	f = access_finding(dev, "device-out-of-bounds", bus, n, write);
	finding_of(c, &f, e, e->size - 1, e->size, NULL);
	f.bus = bus;
	f.phys = e->phys + (bus - e->bus);
	f.cpu = NULL;
	f.offset = bus - e->bus;
	f.size = n;
	more_burst(&f, burst, (size_t)(bus - burst) + n, write);
	if (e->list)
		sg_list_length_ignored(c, e, &f, burst, (size_t)(bus - burst) + n);
	finding_more(&f, "extent", "the %s ends at bus 0x%llx", extent_kind_name(e->kind), e->bus + e->size);
	more_neighbours(c, &f, bus);
	check_found(c, &f);
}

/* A live mapping over this physical byte, of the device if there is one, else of any. */
static struct extent *mapped_at(struct check *c, u32 dev, phys_addr_t phys)
{
	struct extent *e, *any = NULL;
	struct extent_walk w;

	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w))) {
		if (e->dev == dev)
			return e;
		any = e;
	}
	return any;
}

static void would_have_been(struct check *c, struct finding *f, struct extent *e, u64 lo)
{
	dma_addr_t bus = f->bus;
	struct device *dev = f->dev;
	size_t n = f->size;

	finding_of(c, f, e, lo, lo + 1, NULL);
	f->dev = dev;
	f->bus = bus;
	f->size = n;
	finding_more(f, "meant", "bus 0x%llx, as %s() returned it%s", e->bus + lo,
		     c->functions[e->fn] ? c->functions[e->fn] : "the map call", lo ? ", and an offset" : "");
}

static bool used_physical(struct check *c, struct finding *f, u32 dev)
{
	struct extent *e = mapped_at(c, dev, f->bus);

	if (!e || e->bus + (f->bus - e->phys) == f->bus)
		return false;
	f->rule = "device-used-physical-address";
	would_have_been(c, f, e, f->bus - e->phys);
	return true;
}

/* A CPU address of the machine's memory, whole or only its low half? *lost: only the low half. */
static struct extent *mapped_pointer(struct check *c, u32 dev, dma_addr_t bus, phys_addr_t *phys, bool *lost)
{
	const struct sim_region *windows[2] = {&c->m->hw->ram.linear, &c->m->hw->ram.uncached};
	enum mm_address_kind kind;
	struct extent *e;

	*lost = false;
	for (unsigned int i = 0; i < 2; i++) {
		const struct sim_region *r = windows[i];
		u64 at = (r->start & ~0xffffffffULL) | bus;

		if (r->kind == REGION_NONE)
			continue;
		if (bus - r->start < r->size) {
			*phys = r->phys + (bus - r->start);
			return mapped_at(c, dev, *phys);
		}
		for (; bus >> 32 == 0 && at < r->start + r->size; at += 1ULL << 32) {
			*phys = r->phys + (at - r->start);
			e = at >= r->start ? mapped_at(c, dev, *phys) : NULL;
			if (e) {
				*lost = true;
				return e;
			}
		}
	}
	*phys = mm_classify(c->m, (const void *)(uintptr_t)bus, &kind);
	return *phys == ~0ULL ? NULL : mapped_at(c, dev, *phys);
}

static bool used_virtual(struct check *c, struct finding *f, u32 dev)
{
	dma_addr_t bus = f->bus;
	phys_addr_t phys;
	bool lost;
	struct extent *e = mapped_pointer(c, dev, bus, &phys, &lost);

	if (!e && !sim_arena_contains((const void *)(uintptr_t)bus))
		return false;
	f->rule = "device-used-virtual-address";
	if (e)
		would_have_been(c, f, e, phys - e->phys);
	else
		finding_more(f, "address", "a pointer to memory that is not mapped for DMA");
	if (lost)
		finding_more(f, "address", "the low 32 bits of a pointer to it");
	return true;
}

/* A mapping of another device whose bus address this is. */
static struct extent *mapped_for_another(struct check *c, u32 dev, dma_addr_t bus)
{
	phys_addr_t phys;
	struct extent_walk w;
	struct extent *e = moved_of_other(c, dev, bus);
	uint64_t len;

	if (e || !sim_bus_to_phys(c->m->hw, bus, &phys, &len))
		return e;
	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w)))
		if (e->dev != dev && bus - e->bus < e->size)
			return e;
	return NULL;
}

/* Is it the lower half of a good address? */
static bool more_lost_half(struct check *c, struct finding *f, u32 dev)
{
	struct extent_ages w;
	struct extent *e;
	u64 lo;

	if (f->bus >> 32)
		return false;
	extent_ages_init(c, &w);
	while ((e = extent_ages_next(&w))) {
		lo = (u32)f->bus - (u32)e->bus;
		if (e->dev != dev || lo >= e->size || lo > 0xffffffffULL || !(e->bus >> 32))
			continue;
		would_have_been(c, f, e, (u32)lo);
		finding_more(f, "address", "the low 32 bits of that; the upper half, 0x%llx, was lost", e->bus >> 32);
		break;
	}
	extent_ages_exit(&w);
	return e != NULL;
}

static bool beyond_driver_mask(struct check *c, struct finding *f, struct dmasim_device_private *dev,
			       const struct sim_master *master)
{
	u64 mask = dev->dev->dma_mask ? *dev->dev->dma_mask : 0;

	if (dev->dev->coherent_dma_mask > mask)
		mask = dev->dev->coherent_dma_mask;
	if (f->bus > top_line(master))
		finding_more(f, "limit", "the hardware drives %u address lines", master->address_bits);
	else if (mask && f->bus > mask)
		finding_more(f, "limit", "the driver's mask is 0x%llx%s", mask,
			     dev->mask_set ? "" : ", the default: it never set one");
	else
		return false;
	f->rule = "device-address-beyond-mask";
	(void)c;
	return true;
}

/* The same transfer going on after a wrong access? Otherwise remember it. */
static bool goes_on(struct check *c, u32 dev, dma_addr_t bus, size_t n)
{
	/* Nothing goes on at 0: there the slots that are not used yet would match. */
	for (unsigned int i = 0; bus && i < WRONG_ACCESSES; i++)
		if (c->wrong[i].dev == dev && c->wrong[i].next == bus) {
			c->wrong[i].next = bus + n;
			return true;
		}
	c->wrong[c->nr_wrong++ % WRONG_ACCESSES] = (struct wrong){dev, bus + n};
	return false;
}

/* The first byte of a burst is in no live mapping of the device. */
static void diagnose(struct check *c, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	struct dmasim_device_private *dev = device_of(master);
	struct finding f = access_finding(dev, "device-access-unmapped", bus, n, write);
	bool beyond, known, lost;
	struct extent *e;
	struct dead *d;
	char what[160];

	if (k_unlikely(c->lists != NULL) && sg_list_count_ignored(c, dev, &f))
		return;
	/* a device with 32-bit registers cuts the cookie short */
	if ((bus == ERROR_COOKIE || bus == (u32)ERROR_COOKIE) && tracker_cookie_used(c, dev, &f))
		return;
	if (goes_on(c, dev->id, bus, n))
		return;
	beyond = beyond_driver_mask(c, &f, dev, master);
	if (!beyond) {
		d = extent_dead(c, dev->id, bus, false);
		if (d && !d->told) {
			f.rule = "device-access-after-unmap";
			finding_of_dead(c, &f, d, bus - d->bus, bus - d->bus + n);
			more_neighbours(c, &f, bus);
			check_found(c, &f);
		}
		if (d) {
			d->told = 1;
			return;
		}
		e = ends_before(c, dev->id, bus);
		if (e) {
			out_of_bounds(c, e, dev, bus, bus, n, write);
			return;
		}
	}
	/* A bus address, though another device's, before other readings of the number; half of a bus address before
	 * half of a pointer: where both fit, the driver did use what the map returned. */
	e = mapped_for_another(c, dev->id, bus);
	known = !e && used_physical(c, &f, dev->id);
	lost = !e && !known && !beyond && more_lost_half(c, &f, dev->id);
	known = known || (!e && !lost && used_virtual(c, &f, dev->id));
	if (beyond) {
		f.rule = "device-address-beyond-mask";
	} else if (!known) {
		f.rule = "device-access-unmapped";
		if (e) {
			extent_describe(c, e, what, sizeof(what));
			finding_of(c, &f, e, bus - e->bus, bus - e->bus + n, NULL);
			f.dev = dev->dev;
			f.size = n;
			finding_more(&f, "address", "+%llu in a %s", bus - e->bus, what);
		} else {
			more_neighbours(c, &f, bus);
		}
	}
	check_found(c, &f);
}

/* n bytes at bus, in the page of a pool, then `more` behind its end: how many of them lie in one live block. */
static size_t check_pool(struct check *c, struct extent *e, struct dmasim_device_private *dev, dma_addr_t bus, size_t n,
			 size_t more, bool write)
{
	struct pool_page *page = e->more ? extent_more(c, e)->pool_page : NULL;
	u64 lo = bus - e->bus;
	struct finding f;

	if (k_unlikely(!page) || (k_likely(pool_range_ok(page, lo, n)) && !more))
		return n;
	f = access_finding(dev, NULL, bus, n, write);
	return pool_device_wrong(c->m, page, &f, lo, n + more, write, goes_on(c, dev->id, bus, n + more));
}

/* ---- the bus observer ---- */

static inline struct extent *find(struct check *c, u32 dev, dma_addr_t bus, bool write)
{
	struct extent *e;

	if (c->last) {
		e = extent_at(c, c->last);
		if (k_likely(extent_holds(e, dev, bus) && extent_lets(e, write)))
			return e;
	}
	e = extent_containing(c, dev, bus, write);
	c->last = e ? extent_id(c, e) : 0;
	return e;
}

/*
 * The ordinary burst: where the last one was, all in one mapping in one state, and nothing to say about it. What is left
 * out here is what check_piece() looks at.
 */
static inline bool ordinary(const struct check *c, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	const struct extent *e = extent_at(c, c->last);

	return c->last && extent_holds(e, device_of(master)->id, bus) && n <= e->size - (bus - e->bus) &&
	       extent_lets(e, write) && e->checked && !e->freed && !(e->state & BYTE_CPU_WROTE) && !extent_runs(c, e) &&
	       !c->closely && bus + n - 1 <= top_line(master);
}

size_t track_dma_access(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	struct dmasim_machine *m = soft;
	struct check *c = m->check;
	struct dmasim_device_private *dev;
	struct extent *e = NULL, *before;
	size_t done = 0;

	if (k_unlikely(!c || !n))
		return n;
	check_settle(m);
	if (k_likely(ordinary(c, master, bus, n, write)))
		return n;
	dev = device_of(master);
	if (bus + n - 1 < bus) /* wraps: nothing moves, but the driver may have handed out the error cookie */
		n = (size_t)(~(dma_addr_t)0 - bus) + 1;
	while (done < n) {
		size_t piece;

		before = e;
		e = find(c, dev->id, bus + done, write);
		if (k_unlikely(!e)) {
			if (before)
				out_of_bounds(c, before, dev, bus, bus + done, n - done, write);
			else
				diagnose(c, master, bus, n, write);
			return done;
		}
		piece = e->size - (bus + done - e->bus) < n - done ? e->size - (bus + done - e->bus) : n - done;
		if (k_unlikely(!check_piece(c, e, master, bus + done, piece, write)))
			return done;
		if (k_unlikely(e->kind == EXTENT_POOL)) {
			size_t ok = check_pool(c, e, dev, bus + done, piece, n - done - piece, write);

			if (ok < n - done)
				return done + ok;
		}
		done += piece;
	}
	return n;
}

void track_dma_done(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	struct dmasim_machine *m = soft;
	struct check *c = m->check;
	struct dmasim_device_private *dev;
	size_t done = 0;

	if (!c || !write || !n)
		return;
	dev = device_of(master);
	while (done < n) {
		struct extent *e = find(c, dev->id, bus + done, true);
		phys_addr_t phys;
		uint64_t len = n - done;

		if (e) {
			u64 lo = bus + done - e->bus;

			if (len > e->size - lo)
				len = e->size - lo;
			if (extent_is_streaming(e))
				extent_device_wrote(c, e, lo, lo + len);
			phys = e->phys + lo;
			if (k_unlikely(e->freed))
				mm_damage_known(m, phys, len);
		} else {
			uint64_t window;

			/* a stray write: how far it goes on to no mapping is not worth knowing */
			if (!sim_bus_to_phys(m->hw, bus + done, &phys, &window))
				return;
			len = SIM_PAGE_SIZE - (phys & (SIM_PAGE_SIZE - 1));
			len = len < n - done ? len : n - done;
			/* told before it moved: red zones and poison that it hit are not mistakes of their own */
			mm_damage_known(m, phys, len);
		}
		if (c->snapshot && !(e && e->bounced)) /* of a bounced mapping the CPU's bytes have not changed */
			snapshot_device_wrote(c, phys, len);
		done += len;
	}
}

void track_dma_disabled(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	struct dmasim_machine *m = soft;
	struct check *c = m->check;
	struct dmasim_device_private *dev = device_of(master);
	struct finding f = access_finding(dev, "bus-master-off", bus, n, write);
	struct extent *e;

	if (!c)
		return;
	check_settle(m);
	if (goes_on(c, dev->id, bus, n))
		return;
	e = extent_containing(c, dev->id, bus, write);
	if (e) {
		finding_of(c, &f, e, bus - e->bus, e->size, NULL);
		f.size = n;
	}
	check_found(c, &f);
}
