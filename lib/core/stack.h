/* SPDX-License-Identifier: MIT */
/*
 * Call stacks of driver code: captured by walking frame pointers, interned so that a record needs four bytes.
 */
#ifndef LIB_CORE_STACK_H
#define LIB_CORE_STACK_H

#include "lib/core/kernel.h"

#define STACK_FRAMES 8

/*
 * Capture the stack above `frame`, the frame address of a public entry point: frame 0 is the line that called it.
 * Every access is checked against the bounds of the thread's (or task's) stack; a stack that cannot be followed to
 * a sensible end is marked truncated. Equal stacks get equal ids for the machine's life.
 */
stack_id stack_capture(struct dmasim_machine *m, void *frame);
/* The same, from a known return address (instrumentation hooks know the pc of the access). */
stack_id stack_capture_pc(struct dmasim_machine *m, void *pc, void *frame);

/* In a public function: the caller's stack. */
#define STACK_HERE(m) stack_capture((m), __builtin_frame_address(0))

/*
 * Error paths deep inside need the entry point's stack: public functions whose callees may report set it first.
 * STACK_ENTER() costs one store; nested entries (a lookalike built on another) keep the outermost frame if they use
 * the internal functions, which is what they should do.
 */
#define STACK_ENTER() (k_thread.entry = __builtin_frame_address(0))
stack_id stack_entry(struct dmasim_machine *m); /* the caller of the entry point set last */

/* Frames of an id: return addresses, innermost first; number of frames (<= STACK_FRAMES). */
unsigned int stack_frames(struct dmasim_machine *m, stack_id id, void **pcs, bool *truncated);

/* Is the calling code an asynchronous signal handler, or called by one? No allocation, no lock. */
bool stack_in_signal(void);

/* Asserts the table's invariants; called by tests. */
void stack_check(struct dmasim_machine *m);

/* Is p in the calling thread's (or the running simulated task's) stack? */
bool stack_contains(const void *p);

#endif
