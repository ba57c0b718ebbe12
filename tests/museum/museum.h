/* SPDX-License-Identifier: MIT */
/*
 * Real bugs of real drivers, each as the shortest driver that has the same mistake.
 *
 * A record is one function that is run twice: as it was (fixed is false), when it must earn exactly one report, and as
 * it should have been (fixed is true), when it must be silent. Both are one text, so the twin is always the nearest
 * legal driver; the lines behind `fixed` are the fix. Each file holds one class of bugs and exports one table; the
 * runner (run.c) gives each run a machine of its own and one bus master, `chip`, which it takes away at the end, as a
 * hot-unplug would: that is when leaks are told.
 *
 * ACT() marks the statement that breaks the rule and MAP() the one that mapped or allocated what it is about: their
 * lines must be the report's. A marked statement stands on one line.
 */
#ifndef TESTS_MUSEUM_MUSEUM_H
#define TESTS_MUSEUM_MUSEUM_H

#include <dmasim/dmasim.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

struct museum_record {
	const char *id; /* as in index.def */
	const char *mistake;
	const char *rule; /* NULL: legal code that other tools complain about; it must stay silent */
	void (*drive)(bool fixed);
	const char *options; /* of the machine, besides preset and guard; NULL: none */
	/* Columns (run.c) on which there is nothing to see; 0: where the rule's row of rules.def says so. */
	unsigned int not_on;
	/* What the same mistake leaves behind as a mistake of its own, which nobody can know to be one; NULL: nothing. */
	const char *then;
	/* The rule on columns that the first one is not for: the same mistake, where nothing comes of it. NULL: none. */
	const char *elsewhere;
};

/* A row of a table, which ends with {.id = NULL}; more fields may follow as .options = ... */
#define RECORD(i, m, r, d, ...)                                                     \
	{                                                                           \
		.id = (i), .mistake = (m), .rule = (r), .drive = (d), ##__VA_ARGS__ \
	}

/* Lines of the statements that the report must name; 0: not said. */
extern struct spot {
	int act, mapped;
} spot;

#define ACT(...) (spot.act = __LINE__, __VA_ARGS__)
#define MAP(...) (spot.mapped = __LINE__, __VA_ARGS__)

/* The bus master under test: fresh for each run, its masks 64 bits. */
extern struct device *chip;

/* Bytes that a device model sends, and a place for those it gets. */
extern u8 wire[8192];

/* Keep what was read. */
extern volatile unsigned long sink;

#define CLASS(name, class, group, what) extern const struct museum_record name##_records[];
#include "tests/museum/classes.def"
#undef CLASS

/* ---- the runner and the page ---- */

enum museum_column { ON_PC = 1, ON_HIGH = 2, ON_BOUNCE = 4, ON_WORST = 8 };
enum museum_guard { BY_API = 1, BY_SNAPSHOT = 2, BY_INSTRUMENT = 4 };

struct museum_class {
	const char *file, *name, *group, *what;
	const struct museum_record *records;
};
extern const struct museum_class museum_classes[]; /* ended by a NULL file */

struct museum_bug {
	const char *id, *class, *source;
	int year;
	const char *today;
	const char *waits; /* for what; NULL: it has its driver */
};
extern const struct museum_bug museum_index[]; /* ended by a NULL id */

#define NR_COLUMNS 4
extern const struct column {
	const char *name, *spec;
	unsigned int rule_bit; /* of rules.def */
} museum_columns[NR_COLUMNS];

/* What a record did on one column: guards that reported it rightly. False if a run was not as it should be. */
bool museum_run(const struct museum_class *class, const struct museum_record *r, unsigned int column,
		unsigned int *seen_by);

/* The page: compared with the file, or written to it. 0 if they are one. */
int museum_page(const char *path, bool update);

#endif
