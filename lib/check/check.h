/* SPDX-License-Identifier: MIT */
/*
 * The checker's front for the rooms above it (lib/dma) and for the accessors and instrumentation.
 */
#ifndef LIB_CHECK_CHECK_H
#define LIB_CHECK_CHECK_H

#include "lib/core/kernel.h"

/* Life cycle of the room: reports first, then the tracker, which makes them. */
int check_init(struct dmasim_machine *m);
void check_exit(struct dmasim_machine *m);
size_t check_leaks(struct dmasim_machine *m);

/* ---- report.c: findings become violations ---- */
struct check_report;
int report_init(struct dmasim_machine *m);
void report_exit(struct dmasim_machine *m);				/* prints the summary (cfg.summary) */
void report_finding(struct dmasim_machine *m, const struct finding *f); /* = hooks.report */
/* Print what had to wait: findings of signal handlers, of other threads, of report callbacks. Part of hooks.settle. */
void report_settle(struct dmasim_machine *m);
/* Counters of what was not checked, printed in the summary under "unchecked". name: static string, stable. */
void report_unchecked(struct dmasim_machine *m, const char *name, u64 n);
/* What this machine never put to the test: printed under "untested" (portability=on). */
void report_untested(struct dmasim_machine *m, const char *name, u64 n);
/* Facts for the summary ("mappings made", "peak live"): set or add. */
void report_fact(struct dmasim_machine *m, const char *name, u64 value);

/* ---- a CPU access seen by an accessor, a lookalike or instrumentation ---- */
/* p lies in a window of m (or anywhere, for accessors: then nothing happens). pc/frame: where. Before the access. */
void check_cpu_access(struct dmasim_machine *m, const volatile void *p, size_t n, bool write, void *pc, void *frame);

#endif
