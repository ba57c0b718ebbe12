// SPDX-License-Identifier: MIT
/*
 * Snapshot guard: for driver code that is not instrumented.
 *
 * A host copy of each streaming buffer as the device is entitled to see it: taken when the device gets it, kept up
 * with what devices write. When the CPU gets bytes back that differ from the copy, the CPU wrote them while it did not
 * own them: somewhere between hand-over and detection, so the report names the interval. When the device fetches bytes
 * that the CPU owns and that differ, the CPU's write was not handed over.
 *
 * Buffers come from lists by power of two, so that a ring of mappings allocates nothing.
 * Weakness: a write that does not change a value, or is undone in time, leaves no trace, and reads leave none at all;
 * both are counted as unchecked.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/check/phase.h"
#include "lib/check/snapshot.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

#define SNAPSHOT_LIMIT (256ULL << 20) /* bytes of copies that exist at once; beyond: counted */
#define SMALLEST       6	      /* 64 bytes */
#define CLASSES	       24

static unsigned int class_of(u64 size)
{
	return size <= 1ULL << SMALLEST ? 0 : 64 - (unsigned int)__builtin_clzll(size - 1) - SMALLEST;
}

static u8 *buffer_get(struct check *c, u64 size, u32 *class)
{
	unsigned int k = class_of(size);
	void *p;

	if (k >= CLASSES || c->snapshot_bytes + (1ULL << (k + SMALLEST)) > SNAPSHOT_LIMIT)
		return NULL;
	p = c->snapshot_free[k];
	if (p)
		memcpy(&c->snapshot_free[k], p, sizeof(p));
	else
		p = malloc(1ULL << (k + SMALLEST));
	if (p)
		c->snapshot_bytes += 1ULL << (k + SMALLEST);
	*class = k;
	return p;
}

void snapshot_drop(struct check *c, struct extent_more *more)
{
	u8 *p = more->snapshot;

	if (!p)
		return;
	memcpy(p, &c->snapshot_free[more->snapshot_class], sizeof(void *));
	c->snapshot_free[more->snapshot_class] = p;
	c->snapshot_bytes -= 1ULL << (more->snapshot_class + SMALLEST);
	more->snapshot = NULL;
}

void snapshots_exit(struct check *c)
{
	for (unsigned int k = 0; k < CLASSES; k++)
		while (c->snapshot_free[k]) {
			void *p = c->snapshot_free[k];

			memcpy(&c->snapshot_free[k], p, sizeof(p));
			free(p);
		}
}

/* n bytes of memory now. */
static void fetch(struct check *c, phys_addr_t phys, u8 *to, u64 n)
{
	if (k_likely(sim_ram_contains(c->m->hw, phys, n)))
		memcpy(to, sim_ram_ptr(c->m->hw, phys), n);
	else
		mm_phys_read(c->m, phys, to, n);
}

void snapshot_take(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	struct extent_more *more = extent_need_more(c, e);

	if (!more)
		return;
	if (!more->snapshot) {
		more->snapshot = buffer_get(c, e->size, &more->snapshot_class);
		if (!more->snapshot) {
			c->snapshot_refused++;
			return;
		}
		lo = 0;
		hi = e->size;
	}
	fetch(c, e->phys + lo, more->snapshot + lo, hi - lo);
}

/*
 * First byte of [lo, hi) that differs from the copy and is in a state that concerns us, and the end of the last such.
 * Memory is compared as a whole first; only where it differs are states looked at.
 */
static bool differs(struct check *c, struct extent *e, u64 lo, u64 hi, bool (*concerns)(u8 state), u64 *first, u64 *end)
{
	const u8 *copy = extent_more(c, e)->snapshot;
	bool any = false, ram = sim_ram_contains(c->m->hw, e->phys, e->size);
	u8 foreign[SIM_PAGE_SIZE];

	for (u64 at = lo, n; at < hi; at += n) {
		const u8 *now = foreign;

		n = hi - at < sizeof(foreign) ? hi - at : sizeof(foreign);
		if (ram)
			now = sim_ram_ptr(c->m->hw, e->phys + at);
		else if (mm_phys_read(c->m, e->phys + at, foreign, n) < n)
			return any;
		if (k_likely(!memcmp(now, copy + at, n)))
			continue;
		for (u64 i = 0; i < n; i++) {
			if (now[i] == copy[at + i] || !concerns(extent_state(c, e, at + i, NULL)))
				continue;
			*first = any ? *first : at + i;
			*end = at + i + 1;
			any = true;
		}
	}
	return any;
}

static bool device_owned_unseen(u8 state)
{
	return (state & BYTE_OWNER) == BYTE_DEVICE && !(state & BYTE_SEEN);
}

static bool cpu_owned_unseen(u8 state)
{
	return (state & BYTE_OWNER) == BYTE_CPU && !(state & (BYTE_CPU_WROTE | BYTE_SEEN));
}

void snapshot_report(struct check *c, struct extent *e, const char *rule, u64 lo, u64 hi, const char *verb)
{
	const u8 *old = extent_more(c, e)->snapshot + lo;
	struct finding f = {.rule = rule, .act_verb = verb, .interval = true};
	char map[33];
	u8 now[16];

	finding_of(c, &f, e, lo, hi, map);
	f.nr_value = hi - lo < sizeof(now) ? hi - lo : sizeof(now);
	fetch(c, e->phys + lo, now, f.nr_value);
	f.old_value = old;
	f.new_value = now;
	f.act = stack_entry(c->m);
	finding_more(&f, "when", "between %llu ns (hand-over) and %llu ns (found)", (unsigned long long)f.handed_time,
		     (unsigned long long)sim_now(c->m->hw));
	check_found(c, &f);
}

void snapshot_compare_owned(struct check *c, struct extent *e, u64 lo, u64 hi, bool keep)
{
	u64 first, end;

	if (e->freed || !e->more || !extent_more(c, e)->snapshot)
		return;
	if (differs(c, e, lo, hi, device_owned_unseen, &first, &end)) {
		snapshot_report(c, e, "cpu-write-while-device-owns", first, end, "write");
		fetch(c, e->phys + first, extent_more(c, e)->snapshot + first, end - first);
	}
	if (keep)
		snapshot_take(c, e, lo, hi);
}

void snapshot_compare_fetched(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	struct span s;
	u64 first, end;

	if (!e->more || !extent_more(c, e)->snapshot || e->freed ||
	    ((e->state & BYTE_OWNER) == BYTE_DEVICE && !extent_runs(c, e)))
		return;
	if (!differs(c, e, lo, hi, cpu_owned_unseen, &first, &end))
		return;
	if (!extent_find(c, e, first, end, cpu_owned_unseen, &s) || s.told & TOLD_NOT_FLUSHED)
		return;
	snapshot_report(c, e, "cpu-write-not-flushed", first, end, "fetch");
	extent_tell(c, e, &s, TOLD_NOT_FLUSHED);
}

bool snapshot_cpu_wrote(struct check *c, struct extent *e, u64 lo, u64 hi, u64 *first, u64 *end)
{
	return e->more && extent_more(c, e)->snapshot && !e->freed &&
	       differs(c, e, lo, hi, cpu_owned_unseen, first, end);
}

void snapshot_note_kept(struct check *c, struct extent *e, u64 lo, u64 hi)
{
	u64 first, end, byte, next;

	if (!e->more || !extent_more(c, e)->snapshot || e->freed)
		return;
	/* Byte by byte inside the hull: what lies between two writes was handed over as it was. */
	while (lo < hi && differs(c, e, lo, hi, device_owned_unseen, &first, &end)) {
		for (byte = first; byte < end && differs(c, e, byte, byte + 1, device_owned_unseen, &next, &next);)
			byte++;
		extent_change(c, e, first, byte, BYTE_DEV_WROTE, BYTE_CPU_WROTE | BYTE_SEEN, NULL);
		lo = byte;
	}
}

void snapshot_device_wrote(struct check *c, phys_addr_t phys, u64 n)
{
	struct extent_walk w;
	struct extent *e;

	extent_walk_init(c, &w, phys, phys + n);
	while ((e = extent_walk_next(&w))) {
		u64 lo = phys > e->phys ? phys - e->phys : 0;
		u64 hi = phys + n < e->phys + e->size ? phys + n - e->phys : e->size;

		if (e->more && extent_more(c, e)->snapshot)
			fetch(c, e->phys + lo, extent_more(c, e)->snapshot + lo, hi - lo);
	}
}

void track_memory_changed(struct dmasim_machine *m, phys_addr_t phys, size_t n)
{
	if (m->check && m->check->snapshot)
		snapshot_device_wrote(m->check, phys, n);
}
