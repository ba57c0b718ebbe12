// SPDX-License-Identifier: MIT
/*
 * The arena: one reserved range of addresses that holds every machine's CPU windows.
 *
 * Instrumented code asks of each access whether it concerns a machine. With all windows in one range the answer is
 * one compare for memory outside, and one table index for memory inside: a window starts on a granule of 256 MiB and
 * fills whole granules, and each granule points to a copy of its window's description. The copies live in a table
 * that is never freed, so a lookup takes no lock and cannot touch freed memory, even while another thread gives
 * a window back. The range is asked for at a fixed address, so that addresses are the same in every run.
 *
 * Invariants: a granule is shown only if it is taken; all granules of a window point to the slot of its first one.
 * Weakness: a machine with little RAM still takes a whole granule for each window; where only a small range can be
 * reserved (a limit on address space), only few machines fit.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "sim/private.h"
#include "sim/valgrind.h"

#define GRANULE	   (1UL << SIM_GRANULE_SHIFT)
#define ARENA_HINT ((void *)0x200000000000UL)
#define RESERVED   (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define GIB(n)	   ((size_t)(n) << 30)

struct sim_arena sim_arena;

/* Guards everything below, and the writing of sim_arena.granules. Never held while calling out. */
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_region *slots; /* one for each granule that starts a window; never freed */
static uint8_t *taken;		 /* one for each granule */
static size_t nr_granules;
static pid_t owner; /* the process that reserved the arena: a child of fork() starts afresh */

static void lock_for_fork(void)
{
	pthread_mutex_lock(&arena_lock);
}

static void unlock_after_fork(void)
{
	pthread_mutex_unlock(&arena_lock);
}

static bool reserve(void)
{
	/* Valgrind's own address space is small, and it walks what is reserved. */
	static const size_t native[] = {GIB(1024), GIB(256), GIB(64), GIB(32), GIB(8), GIB(2)};
	static const size_t valgrind[] = {GIB(48), GIB(8), GIB(2)};
	bool slow = RUNNING_ON_VALGRIND;
	const size_t *sizes = slow ? valgrind : native;
	size_t n = slow ? sizeof(valgrind) / sizeof(*valgrind) : sizeof(native) / sizeof(*native);

	for (size_t i = 0; i < n; i++) {
		uintptr_t start;
		void *p = mmap(ARENA_HINT, sizes[i], PROT_NONE, RESERVED | MAP_FIXED_NOREPLACE, -1, 0);

		/* Elsewhere, with a granule to spare for alignment. An old kernel takes the flag for a mere hint. */
		if (p != MAP_FAILED && p != ARENA_HINT)
			munmap(p, sizes[i]);
		if (p != ARENA_HINT)
			p = mmap(NULL, sizes[i] + GRANULE, PROT_NONE, RESERVED, -1, 0);
		if (p == MAP_FAILED)
			continue;
		start = ((uintptr_t)p + GRANULE - 1) & ~(GRANULE - 1);
		nr_granules = sizes[i] >> SIM_GRANULE_SHIFT;
		slots = calloc(nr_granules, sizeof(*slots));
		taken = calloc(nr_granules, 1);
		sim_arena.granules = calloc(nr_granules, sizeof(*sim_arena.granules));
		if (!slots || !taken || !sim_arena.granules) {
			free(slots);
			free(taken);
			free(sim_arena.granules);
			munmap(p, p == ARENA_HINT ? sizes[i] : sizes[i] + GRANULE);
			return false;
		}
		sim_arena.base = start;
		sim_arena.size = sizes[i];
		return true;
	}
	return false;
}

int sim_arena_init(void)
{
	int err = 0;

	pthread_mutex_lock(&arena_lock);
	if (owner == 0) {
		if (reserve()) {
			owner = getpid();
			pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
		} else {
			err = sim_error(ENOMEM,
					"no 2 GiB of address space can be reserved for machines: raise the limit "
					"on virtual memory (ulimit -v)");
		}
	} else if (owner != getpid()) {
		/* A forked child: the parent's windows were not inherited (see ram.c); what they left are holes. */
		if (mmap((void *)sim_arena.base, sim_arena.size, PROT_NONE, RESERVED | MAP_FIXED, -1, 0) ==
		    MAP_FAILED) {
			err = sim_error(ENOMEM, "the machines' addresses cannot be reserved again after fork(): raise "
						"the limit on virtual "
						"memory (ulimit -v)");
		} else {
			memset(taken, 0, nr_granules);
			memset(sim_arena.granules, 0, nr_granules * sizeof(*sim_arena.granules));
			owner = getpid();
		}
	}
	pthread_mutex_unlock(&arena_lock);
	return err;
}

static size_t index_of(const struct sim_region *r)
{
	return (r->start - sim_arena.base) >> SIM_GRANULE_SHIFT;
}

static size_t granules_of(const struct sim_region *r)
{
	return (r->size + GRANULE - 1) >> SIM_GRANULE_SHIFT;
}

/* First fit, for addresses that repeat from run to run. nr_granules if there is no room. */
static size_t find_run(size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < nr_granules; i++) {
		run = taken[i] ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return nr_granules;
}

int sim_region_take(struct sim_region *region, enum sim_region_kind kind, struct sim_machine *m, size_t size)
{
	size_t n = (size >> SIM_GRANULE_SHIFT) + !!(size & (GRANULE - 1)), first = nr_granules;
	int err = sim_arena_init();

	if (err)
		return err;
	if (size == 0)
		return sim_error(EINVAL, "a window of no bytes");
	for (int attempt = 0; attempt < 2; attempt++) {
		pthread_mutex_lock(&arena_lock);
		first = n <= nr_granules ? find_run(n) : nr_granules;
		if (first < nr_granules)
			memset(taken + first, 1, n);
		pthread_mutex_unlock(&arena_lock);
		/* Memory kept for later machines holds windows too. */
		if (first < nr_granules || sim_ram_pool_drain() == 0)
			break;
	}
	if (first == nr_granules)
		return sim_error(ENOMEM, "no room for a window of %zu MiB in the %zu GiB of addresses for all machines",
				 size >> 20, sim_arena.size >> 30);
	*region = (struct sim_region){
		.kind = kind,
		.start = sim_arena.base + (first << SIM_GRANULE_SHIFT),
		.size = size,
	};
	sim_region_show(region, m);
	return 0;
}

static void point_granules(const struct sim_region *region, const struct sim_region *to)
{
	size_t first = index_of(region), n = granules_of(region);

	for (size_t i = first; i < first + n; i++)
		__atomic_store_n(&sim_arena.granules[i], to, __ATOMIC_RELEASE);
}

void sim_region_show(struct sim_region *region, struct sim_machine *m)
{
	struct sim_region *slot = &slots[index_of(region)];

	region->machine = m;
	pthread_mutex_lock(&arena_lock);
	*slot = *region;
	point_granules(region, slot);
	pthread_mutex_unlock(&arena_lock);
}

void sim_region_hide(struct sim_region *region)
{
	pthread_mutex_lock(&arena_lock);
	point_granules(region, NULL);
	pthread_mutex_unlock(&arena_lock);
	region->machine = NULL;
}

void sim_region_give(struct sim_region *region)
{
	if (region->kind == REGION_NONE)
		return;
	sim_region_hide(region);
	/* Register windows were never mapped. If the rest cannot be unmapped, its addresses are not used again. */
	if (region->kind == REGION_IOMEM || mmap((void *)region->start, granules_of(region) << SIM_GRANULE_SHIFT,
						 PROT_NONE, RESERVED | MAP_FIXED, -1, 0) != MAP_FAILED) {
		pthread_mutex_lock(&arena_lock);
		memset(taken + index_of(region), 0, granules_of(region));
		pthread_mutex_unlock(&arena_lock);
	}
	*region = (struct sim_region){.kind = REGION_NONE};
}

void sim_arena_check(void)
{
	pthread_mutex_lock(&arena_lock);
	for (size_t i = 0; i < nr_granules; i++) {
		const struct sim_region *r = sim_arena.granules[i];

		if (!r)
			continue;
		assert(taken[i]);
		assert(r == &slots[index_of(r)]);
		assert(i >= index_of(r) && i < index_of(r) + granules_of(r));
		assert(r->machine && r->kind != REGION_NONE);
	}
	pthread_mutex_unlock(&arena_lock);
}
