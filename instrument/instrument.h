/* SPDX-License-Identifier: MIT */
/*
 * Inside the instrumentation runtime: the one structure that the hooks look at, and how a hook hands an access on.
 *
 * An access outside the arena costs one subtraction and one compare with two words of static memory. Inside, the hook
 * calls on_access with its own return address, which lies in the accessing function, and its own frame, whose saved
 * frame pointer is that function's.
 */
#ifndef INSTRUMENT_H
#define INSTRUMENT_H

#include <dmasim/instrument_abi.h>

/* Zero until attached: an arena of size 0 contains nothing, so hooks that run early are silent. */
extern struct dmasim_instrument_abi dmasim_instrument_state __attribute__((visibility("hidden")));

/* memory.c: find libc's own functions, for big copies at full speed */
void instrument_memory_init(void);
/* The function libc gives that name; *where stays as it is when there is none. */
void instrument_find(const char *name, void *where);
/* string.c: the same for strings */
void instrument_string_init(void);
/* probe.c: one instrumented write of one byte */
void instrument_probe(char *byte);

#define in_arena(p) \
	__builtin_expect((uintptr_t)(p)-dmasim_instrument_state.arena_base < dmasim_instrument_state.arena_size, 0)

/* Not the last thing the function does, or the frame it hands on would be gone when it is read. */
#define INSIDE(p, n, write)                                                                       \
	do {                                                                                      \
		dmasim_instrument_state.hits++;                                                   \
		dmasim_instrument_state.on_access((p), (n), (write), __builtin_return_address(0), \
						  __builtin_frame_address(0));                    \
		__asm__ volatile("");                                                             \
	} while (0)

/* In a hook, or in a function that has been inlined into one. */
#define SEE(p, n, write)                     \
	do {                                 \
		if (in_arena(p))             \
			INSIDE(p, n, write); \
	} while (0)

/* A jump: the callee sees the return address and the saved frame that the caller would have seen. */
#if defined(__has_attribute) && __has_attribute(musttail)
#define TAIL_CALL(call) __attribute__((musttail)) return call
#else
#define TAIL_CALL(call) call
#endif

/* Time passes: loops that poll a flag, in simulated memory or not, must let devices and interrupts go on. */
static inline void instrument_safe_point(void)
{
	if (dmasim_instrument_state.safe_point)
		dmasim_instrument_state.safe_point();
}

#endif
