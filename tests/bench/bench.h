/* SPDX-License-Identifier: MIT */
/*
 * Measure operations of a few nanoseconds on a machine that does other things too.
 *
 * A subject and its reference are run in turns, so that both see the same machine; each figure is the median of the
 * turns. A ratio to something everybody knows (memcpy, a plain loop) in the same run travels between machines, a
 * number of nanoseconds does not.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does n operations. */
typedef void bench_fn(void *arg, uint64_t n);

/* --json FILE, --csv FILE (rows with a series, for curves), --smoke (tiny counts: does it run?), --filter TEXT (rows whose
 * name holds TEXT). Anything else ends the program with status 2. */
void bench_init(int argc, char **argv, const char *topic);
bool bench_smoke(void);
/* Is this row wanted? Ask before a costly set-up. */
bool bench_wants(const char *name);

struct bench_row {
	const char *name;
	const char *series; /* rows that differ only in x are a curve; NULL = none */
	double x;
	bench_fn *fn;
	void *arg;
	uint64_t n;		    /* operations a turn */
	double budget;		    /* ns an operation, 0 = none */
	const char *reference_name; /* NULL = none */
	bench_fn *reference;
	void *reference_arg;
	double min_speed; /* budget as share of the reference's speed, e.g. 0.9; 0 = none */
};

/* Runs and prints it; returns the median in ns an operation, 0 if filtered out. */
double bench_run(const struct bench_row *row);

/* One single operation, for what happens only once in a process. */
void bench_once(const char *name, bench_fn *fn, void *arg);

/* Writes JSON and CSV. Returns the exit status: budgets are shown, never enforced. */
int bench_finish(void);

/* The compiler may not drop what produced v. */
#define bench_keep(v) __asm__ volatile("" : : "g"(v) : "memory")

#endif
