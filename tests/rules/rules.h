/* SPDX-License-Identifier: MIT */
/*
 * One scenario a rule: the smallest driver code that breaks it, and the nearest code that does not.
 *
 * The same scenarios are run twice. rules.c runs one family on one preset and compares each report to the byte and to
 * the line; matrix.c runs all of them, instrumented, on every preset and guard, and demands what the catalogue says.
 * Each file of scenarios exports one table; a scenario leaves nothing behind.
 */
#ifndef TESTS_RULES_RULES_H
#define TESTS_RULES_RULES_H

#include <setjmp.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#define ANY_LINE (-1)	      /* this place is not compared */
#define ANY_SIZE (~(size_t)0) /* nor these bytes */

/* What the report of the scenario must say. A line of 0: there must be no such place. */
struct shot {
	size_t offset, size;
	int act, mapped, handed;
};

struct scenario {
	const char *rule;
	void (*wrong)(struct shot *s);
	void (*legal)(void);
	const char *options; /* of the machine, besides the preset and the guard; NULL: none */
	bool ends;	     /* wrong() does not return: the machine ends it */
};

/* Families; each table ends with a NULL rule. */
extern const struct scenario lifecycle_scenarios[], sync_scenarios[], cpu_scenarios[], device_scenarios[],
	memory_scenarios[], heap_scenarios[], mask_scenarios[], coherent_scenarios[], context_scenarios[],
	mmio_scenarios[], scatterlist_scenarios[], pool_scenarios[], blind_scenarios[], portability_scenarios[],
	user_scenarios[], bounce_scenarios[], policy_scenarios[];

/* The device under test: fresh for each run, its mask set. */
extern struct device *dev;

/* Remember the line of a call: AT(s->act, dma_unmap_single(...)). The call must stand on one line. */
#define AT(line, call) ((line) = __LINE__, (call))

/* One CPU access of the calling line: an accessor, or plain code that only instrumentation sees. */
extern bool plain_accesses;
#define PUT(p, value) (plain_accesses ? (void)(*(uint8_t *)(p) = (value)) : dmasim_store8((p), (value)))
#define GET(p)	      (plain_accesses ? *(const uint8_t *)(p) : dmasim_load8(p))

/* An access that ends in a fault once it has been reported: between faults_return(true) and (false), after
 * sigsetjmp(fault, 1). */
extern sigjmp_buf fault;
extern bool faulted; /* in this scenario */
void faults_return(bool on);

/* Keep what was read. */
extern volatile unsigned int sink;

/* The rest is the runner's (run.c). */
void scenario_begin(const char *preset, const char *guard, const char *options);
void scenario_end(void);
/* Run wrong(); false if the machine should have ended it and did not, or the reverse. */
bool scenario_wrong(const struct scenario *sc, struct shot *s);

#endif
