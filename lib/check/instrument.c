// SPDX-License-Identifier: MIT
/*
 * Where instrumented code meets the checker.
 *
 * The runtime behind -fsanitize=thread hands over one structure (dmasim/instrument_abi.h); the arena is reserved at that
 * moment, because the runtime compares addresses with it from then on. Accesses arrive here only for the arena.
 *
 * Weakness: an access by a thread that does not hold the machine cannot be judged, as the tracker's state is not its to
 * read; it is counted.
 */
#include <errno.h>
#include <dmasim/instrument_abi.h>
#include "lib/check/instrument.h"
#include "lib/check/extent.h"
#include "lib/core/sched.h"

static struct dmasim_instrument_abi *attached; /* set once, before machines run */

static void on_access(const volatile void *p, size_t n, bool write, void *pc, void *frame)
{
	struct dmasim_machine *m = k_thread.current;
	const struct sim_region *r;

	if (k_likely(m != NULL)) {
		if (k_likely(m->check && m->check->instrument))
			check_cpu_access(m, p, n, write, pc, frame);
		return;
	}
	r = sim_region_of(p);
	m = r ? r->machine->soft : NULL;
	if (m && m->check)
		__atomic_fetch_add(&m->check->unheld, 1, __ATOMIC_RELAXED);
}

static void on_safe_point(void)
{
	struct dmasim_machine *m = k_thread.current;

	if (m)
		k_safe_point(m, 1);
}

int dmasim_instrument_attach(struct dmasim_instrument_abi *abi)
{
	if (!abi || abi->version != DMASIM_INSTRUMENT_ABI || abi->size != sizeof(*abi))
		return sim_error(EINVAL, "libdmasim and the instrumentation runtime are of different versions");
	if (sim_arena_init())
		return -ENOMEM;
	abi->arena_base = sim_arena.base;
	abi->arena_size = sim_arena.size;
	abi->on_access = on_access;
	abi->safe_point = on_safe_point;
	attached = abi;
	return 0;
}

bool check_instrument_attached(void)
{
	return attached && attached->translation_units > 0;
}
