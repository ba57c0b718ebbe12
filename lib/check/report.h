/* SPDX-License-Identifier: MIT */
/*
 * What the files of the reporting half share: report.c (findings to violations), text.c and json.c (their forms),
 * expect.c (expectations), summary.c (the summary at destroy).
 */
#ifndef LIB_CHECK_REPORT_H
#define LIB_CHECK_REPORT_H

#include "lib/check/check.h"
#include "lib/check/rules.h"
#include "lib/check/symbols.h"
#include "lib/core/stack.h"

#define REPORT_KEPT	1000 /* distinct violations kept */
#define REPORT_COUNTERS 64   /* names of unchecked counters, and of facts */
#define REPORT_PENDING	64   /* findings that wait for a safe point */
#define REPORT_MISTAKES 4096 /* tokens remembered */
#define REPORT_STACK	32   /* lines of a stack, inlined ones included */

/* ---- places and stacks (text.c) ---- */

/* The lines of a stack that concern the driver: the library's own on top and what is below main are gone. */
struct stack_lines {
	struct symbol_line lines[REPORT_STACK];
	const struct symbol *symbols[REPORT_STACK];
	unsigned int nr;
	bool truncated;
	const char *hint; /* one line on how to see more, or NULL */
	const char *test; /* function that CMocka called, or NULL */
};
void report_stack_lines(struct dmasim_machine *m, stack_id id, struct stack_lines *out);

/* ---- growing text ---- */

struct text {
	char *p;
	size_t len, size;
	bool failed; /* out of host memory: what is there is cut */
};
void text_add(struct text *t, const char *fmt, ...) DMASIM_PRINTF(2, 3);
/* A string from outside: control characters become '?'. */
void text_add_string(struct text *t, const char *s);
void text_free(struct text *t);

/*
 * Colours are marks in the text, taken out or turned into escape sequences when it leaves: the text that is kept and
 * the text on a terminal come from one formatting.
 */
#define MARK_RULE  "\001"
#define MARK_LABEL "\002"
#define MARK_PLACE "\003"
#define MARK_VALUE "\004"
#define MARK_END   "\005"
/* A malloc'd copy without marks, or with colours; NULL if memory is out. */
char *text_render(const struct text *t, bool colour);

/* ---- one violation, as kept ---- */

struct violation {
	struct dmasim_violation v; /* first: the public view; its strings belong to this record */
	u64 key[4];		   /* rule, device, act's place, mapping's place: equal = the same violation */
	int rule;		   /* index into rules[], or -1 for an id that the catalogue lacks */
	u32 next;		   /* of the same hash, index + 1 */
	u64 time;
	bool interval;
	char *device, *text;
	char task[32];	   /* "" = not in a task */
	char context[160]; /* "" = ordinary code of a task */
};

/* Everything about one violation that its text and its JSON need. */
struct report_view {
	const struct finding *f;
	const struct rule *rule; /* NULL for an unknown id */
	const struct violation *violation;
	struct stack_lines act, mapped, handed;
	u64 time;
};
void report_text(struct dmasim_machine *m, struct text *t, const struct report_view *view);

/* ---- JSON lines (json.c) ---- */

/* True if built with json-c. */
bool json_available(void);
/* One line each, with its newline; malloc'd, NULL if memory is out or json-c is not built in. */
char *json_violation(struct dmasim_machine *m, const struct report_view *view);
char *json_summary(struct dmasim_machine *m);

/* ---- expectations (expect.c) ---- */

struct expectation {
	int rule;
	size_t n;
};

struct expectations {
	struct expectation *queue;
	size_t head, nr, size;
	bool allowed[NR_RULES];
};
/* Did the test expect or allow this distinct violation? Takes it off the queue. */
bool expect_take(struct expectations *e, int rule);
size_t expect_unmet(const struct expectations *e);
void expect_free(struct expectations *e);
/* CMocka does not say which test runs: the outermost function that it called, in a stack, names it. */
void report_guess_test(struct dmasim_machine *m, stack_id id);
/* What dmasim_verdict() says of this machine; the thread remembers it beyond the machine's end. */
const char *report_verdict(struct dmasim_machine *m);
void report_forget_verdict(void);

/* ---- the state of one machine ---- */

struct counter {
	const char *name;
	u64 value;
};

/* Where and when a finding was made; of one that had to wait: noted then. */
struct report_moment {
	u64 time;
	stack_id act;
	char task[32], context[160];
};

struct pending;

struct check_report {
	struct violation *kept[REPORT_KEPT];
	u32 nr_kept;
	u32 hash[2048];			   /* index + 1 of the first one */
	u64 count, count_of[NR_RULES + 1]; /* the last: ids that the catalogue lacks */
	u64 beyond;			   /* distinct or not: came after the table was full */
	u64 unexpected;			   /* distinct ones */
	u64 lints_dropped;
	struct counter unchecked[REPORT_COUNTERS], facts[REPORT_COUNTERS], untested[REPORT_COUNTERS];
	u64 counters_lost;
	struct {
		u64 token;
		int rule;
	} mistakes[REPORT_MISTAKES];
	struct expectations expect;
	char test_name[96];

	/* output */
	int fd, json_fd;
	bool colour, json_on_main;
	u64 write_errors;

	/* policy */
	void (*callback)(const struct dmasim_violation *v, void *arg);
	void *callback_arg;

	/* findings that came where nothing may be printed, see report.c */
	bool busy; /* a report is being made, below this frame: */
	uintptr_t busy_frame;
	struct pending *pending;
	u32 pending_head, pending_tail;
	u64 pending_lost;
};

/* Write the whole of it with one write(2); failures are counted. */
void report_write(struct check_report *r, int fd, const char *p, size_t n);
void report_print(struct check_report *r, const struct text *t);
void report_summary(struct dmasim_machine *m);
/* Drop all violations and their counts. */
void report_forget(struct check_report *r);
/* Is a report being made further up the stack that `frame` is on? */
bool report_is_busy(const struct check_report *r, const void *frame);
/* "replay=worst.7,ram=64M": preset, seed, and the overrides that matter. */
void report_replay(struct dmasim_machine *m, char *out, size_t n);

#endif
