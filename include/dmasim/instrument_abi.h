/* SPDX-License-Identifier: MIT */
/*
 * The contract between libdmasim and the runtime behind -fsanitize=thread (libdmasim-instrument).
 *
 * The runtime is linked statically into the program, libdmasim perhaps dynamically; so the two meet through one
 * structure with a version. The runtime fills its half and hands it over once, before main; the library fills the
 * other half. From then on the runtime's hooks compare each address with the arena, inline, and call on_access for
 * those inside. Neither side frees anything.
 *
 * Not for users of the library.
 */
#ifndef DMASIM_INSTRUMENT_ABI_H
#define DMASIM_INSTRUMENT_ABI_H

#include <dmasim/types.h>

#define DMASIM_INSTRUMENT_ABI 1

struct dmasim_instrument_abi {
	/* filled by the runtime */
	uint32_t version; /* DMASIM_INSTRUMENT_ABI */
	uint32_t size;	  /* sizeof(struct dmasim_instrument_abi) */

	/* filled by the library */
	uintptr_t arena_base; /* an address p concerns the library if p - arena_base < arena_size, unsigned */
	uintptr_t arena_size;
	/*
	 * Before an access of n bytes at p. pc: return address of the hook, in the accessing function; frame: frame
	 * address of the hook, for the walk of the callers above (its saved frame is the accessing function's).
	 */
	void (*on_access)(const volatile void *p, size_t n, bool write, void *pc, void *frame);
	/* A safe point: before volatile and atomic reads of any memory, so that device models run meanwhile. */
	void (*safe_point)(void);

	/* kept up by the runtime */
	uint64_t translation_units; /* instrumented ones whose constructor has run */
	uint64_t hits;		    /* accesses handed to on_access */
};

/**
 * dmasim_instrument_attach() - the runtime presents itself
 * @abi: static storage of the runtime; both sides keep it for the life of the process
 *
 * Context: a constructor, or any time before the first machine that is to listen.
 * Return: 0; -EINVAL for a version or size that this library does not speak: the runtime then explains and ends.
 */
DMASIM_API int dmasim_instrument_attach(struct dmasim_instrument_abi *abi);

#endif
