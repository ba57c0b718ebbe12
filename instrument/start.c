// SPDX-License-Identifier: MIT
/*
 * Start-up: prove that instrumentation works, then attach to the library.
 *
 * Instrumentation fails silently in three ways: the program's hooks are answered by the compiler's own race detector
 * because -fsanitize=thread reached the link line; nothing was instrumented because compiling and linking was one
 * step and -fno-sanitize=thread, meant for the latter, undid the former; or libdmasim is of another version. In each
 * a test would pass that checks nothing, so each ends the program before main with an explanation.
 *
 * The probe, its hooks and this file are separate members of the archive: where a foreign runtime answers the hooks,
 * the linker still takes this file (its start symbol is forced by the link flags) but not our hooks, and the probe's
 * access does not arrive.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <dmasim/machine.h>
#include "instrument/instrument.h"

struct dmasim_instrument_abi dmasim_instrument_state = {
	.version = DMASIM_INSTRUMENT_ABI,
	.size = sizeof(struct dmasim_instrument_abi),
};

static char probe_byte;
static bool probe_arrived;

static void probe_access(const volatile void *p, size_t n, bool write, void *pc, void *frame)
{
	probe_arrived = p == &probe_byte && n == 1 && write && pc && frame;
}

static void __attribute__((noreturn)) give_up(const char *why)
{
	fprintf(stderr,
		"dmasim: instrumentation does not work in this program: %s\n"
		"dmasim:   compile driver code with -fsanitize=thread in a step of its own (cc -c), and link without "
		"it:\n"
		"dmasim:   $(pkg-config --libs dmasim-instrument) ends in -fno-sanitize=thread for that; with CMake "
		"use\n"
		"dmasim:   dmasim_instrument(target)\n",
		why);
	_exit(99);
}

static bool probe_works(void)
{
	dmasim_instrument_state.arena_base = (uintptr_t)&probe_byte;
	dmasim_instrument_state.arena_size = 1;
	dmasim_instrument_state.on_access = probe_access;
	instrument_probe(&probe_byte);
	dmasim_instrument_state.arena_size = 0;
	dmasim_instrument_state.on_access = NULL;
	dmasim_instrument_state.hits = 0;
	return probe_arrived;
}

/* Static programs have no dlsym(), and a foreign runtime linked into them leaves the probe unanswered anyway. */
#pragma weak dlsym
/* An older library may lack what is not part of the contract. */
#pragma weak dmasim_last_error

/*
 * Runs after the constructors of instrumented files (priorities 0 and 99) and before those of user code, which may
 * create a machine. Its name is what the link flags force into the program.
 */
void dmasim_instrument_start(void);
void __attribute__((constructor(101))) dmasim_instrument_start(void)
{
	instrument_memory_init();
	instrument_string_init();
	if (!probe_works())
		give_up("its hooks are answered by another runtime, most likely the compiler's ThreadSanitizer,\n"
			"dmasim:   because -fsanitize=thread is on the link line");
	if (dlsym && (dlsym(RTLD_DEFAULT, "__tsan_init") || dlsym(RTLD_DEFAULT, "__tsan_func_entry")))
		give_up("the compiler's ThreadSanitizer is loaded too");
	if (dmasim_instrument_state.translation_units) /* the probe's own */
		dmasim_instrument_state.translation_units--;
	if (!dmasim_instrument_state.translation_units)
		give_up("none of its code was compiled with -fsanitize=thread. Was it compiled and linked in one "
			"step?");
	if (dmasim_instrument_attach(&dmasim_instrument_state))
		give_up(dmasim_last_error ? dmasim_last_error() : "libdmasim refuses it");
}
