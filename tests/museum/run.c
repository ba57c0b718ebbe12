// SPDX-License-Identifier: MIT
/*
 * Runs the museum: each record on each machine, with each guard, as it was and as it should have been.
 *
 *	museum_run CLASS            the tests of one class (the name of its file)
 *	museum_run index            each of the 166 bugs is either shown or waiting
 *	museum_run page FILE        is this page what the run gives?
 *	museum_run --update FILE    write the page
 *
 * The right report is one alone, of the record's rule, whose places are the marked lines. A guard that cannot see the
 * rule (rules.def) must be silent. Drivers are compiled with instrumentation and access memory plainly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/check/rules.h"
#include "tests/museum/museum.h"

#define MAX_TESTS 256

struct spot spot;
struct device *chip;
u8 wire[8192];
volatile unsigned long sink;

const struct museum_class museum_classes[] = {
#define CLASS(name, class, group, what) {#name, class, group, what, name##_records},
#include "tests/museum/classes.def"
#undef CLASS
	{NULL, NULL, NULL, NULL, NULL},
};

const struct museum_bug museum_index[] = {
#define REAL_BUG(id, class, source, year, today, waits) {id, class, source, year, today, waits},
#include "tests/museum/index.def"
#undef REAL_BUG
	{NULL, NULL, NULL, 0, NULL, NULL},
};

/* Worst last: what only it can show is the more welcome. High: next to no RAM below 4 GiB. */
const struct column museum_columns[NR_COLUMNS] = {
	{"pc", "pc", RULE_ON_PC},
	{"pc, RAM above 4 GiB", "pc,bank=0:4M,bank=0x100000000:64M,swiotlb=off", RULE_ON_PC},
	{"pc-swiotlb", "pc-swiotlb", RULE_ON_BOUNCE},
	{"worst", "worst", RULE_ON_WORST},
};

static const struct {
	const char *name;
	unsigned int bit, rule_bits;
} guards[] = {
	{"api", BY_API, RULE_BY_ANY},
	{"snapshot", BY_SNAPSHOT, RULE_BY_ANY | RULE_BY_SNAPSHOT},
	{"instrument", BY_INSTRUMENT, RULE_BY_ANY | RULE_BY_INSTRUMENT},
};

static jmp_buf stopped;

static void stop(const char *why, void *arg)
{
	(void)arg;
	print_error("stopped: %s\n", why);
	longjmp(stopped, 1);
}

static struct dmasim_machine *begin(const char *spec, const char *guard, const char *options)
{
	struct dmasim_machine *m;
	char text[512];

	snprintf(text, sizeof(text), "%s,guard=%s,report=none,summary=off,log_level=0%s%s", spec, guard,
		 options ? "," : "", options ? options : "");
	m = dmasim_machine_create(text);
	if (!m) {
		print_error("%s: %s\n", text, dmasim_last_error());
		abort();
	}
	dmasim_on_stop(stop, NULL);
	spot = (struct spot){0, 0};
	chip = dmasim_device_create("chip0");
	if (!chip || dma_set_mask_and_coherent(chip, DMA_BIT_MASK(64)))
		abort();
	return m;
}

/* The driver's life on its machine; what it did is told by the violations, which are still to be read. */
static bool live(const struct museum_record *r, bool fixed)
{
	if (setjmp(stopped))
		return false;
	r->drive(fixed);
	dmasim_device_destroy(chip);
	dmasim_check_leaks();
	return true;
}

static bool place_is(const struct dmasim_place *p, int line, const char *which, const char *file)
{
	const char *name = p->file ? strrchr(p->file, '/') : NULL;
	size_t n = strlen(file);

	name = name ? name + 1 : p->file;
	if (!line || (p->line == line && name && !strncmp(name, file, n) && !strcmp(name + n, ".c")))
		return true;
	print_error("%s is %s:%d, not %s.c:%d\n", which, p->file ? p->file : "-", p->line, file, line);
	return false;
}

/* Nothing but what is wanted, and what this guard sees, comes after the first. */
static bool followed_by(const char *rule, unsigned int seen_by)
{
	const struct dmasim_violation *v = dmasim_violation(1);

	if (rule && !(rules[rule_find(rule)].guards & seen_by))
		rule = NULL;
	return rule ? v && !strcmp(v->rule, rule) && !dmasim_violation(2) : !v;
}

/* The one report that is wanted, or none: says what is wrong with what there is. */
static bool reported_rightly(const struct museum_class *class, const struct museum_record *r, bool wanted,
			     bool compare_act, unsigned int seen_by)
{
	const struct dmasim_violation *v = dmasim_violation(0);
	bool ok = true;

	if (!wanted)
		ok = !v;
	else if (!v || strcmp(v->rule, r->rule) || !followed_by(r->then, seen_by))
		ok = false;
	else if (!spot.act && !spot.mapped)
		ok = (print_error("no statement is marked\n"), false);
	else if (!place_is(&v->mapped, spot.mapped, "mapped", class->file))
		ok = false;
	else
		ok = place_is(&v->act, compare_act ? spot.act : 0, "act", class->file);
	if (ok)
		return true;
	print_error("%s: wanted %s, got %s\n", r->id, wanted ? r->rule : "silence", v ? "this:" : "silence");
	for (size_t i = 0; (v = dmasim_violation(i)); i++)
		print_error("  %s at %s:%d (%s), mapped at line %d\n", v->rule, v->act.file ? v->act.file : "-",
			    v->act.line, v->act.function ? v->act.function : "-", v->mapped.line);
	if (getenv("MUSEUM_TEXT") && dmasim_violation(0))
		fprintf(stderr, "%s\n", dmasim_violation(0)->text);
	return false;
}

bool museum_run(const struct museum_class *class, const struct museum_record *record, unsigned int column,
		unsigned int *seen_by)
{
	const struct column *c = &museum_columns[column];
	struct museum_record on_this = *record, *r = &on_this;
	const struct rule *rule;
	bool here, all = true;

	if (r->elsewhere && !(rules[rule_find(r->rule)].presets & c->rule_bit))
		r->rule = r->elsewhere;
	rule = r->rule ? &rules[rule_find(r->rule)] : NULL;
	here = rule && (rule->presets & c->rule_bit) && !(r->not_on & (1U << column));

	*seen_by = 0;
	for (size_t g = 0; g < ARRAY_SIZE(guards); g++) {
		bool wanted = here && (rule->guards & guards[g].rule_bits);

		for (int fixed = 0; fixed < 2; fixed++) {
			struct dmasim_machine *m = begin(c->spec, guards[g].name, r->options);
			bool ok = live(r, fixed);

			/* A snapshot finds what changed between two calls: it knows no line. */
			ok &= reported_rightly(class, r, wanted && !fixed,
					       guards[g].bit != BY_SNAPSHOT || (rule && rule->guards & RULE_BY_ANY),
					       guards[g].rule_bits);
			if (!ok)
				print_error("%s, %s, on %s, guard %s\n", r->id, fixed ? "the fixed twin" : "the bug",
					    c->spec, guards[g].name);
			else if (!fixed && (wanted || !r->rule))
				*seen_by |= guards[g].bit;
			all &= ok;
			dmasim_violations_clear();
			if (dmasim_machine_destroy(m))
				abort();
		}
	}
	return all;
}

/* ---- tests ---- */

struct run {
	const struct museum_class *class;
	const struct museum_record *record;
	unsigned int column;
};

static void exhibit(void **state)
{
	const struct run *run = *state;
	unsigned int seen_by;

	assert_true(museum_run(run->class, run->record, run->column, &seen_by));
}

static int run_class(const struct museum_class *class)
{
	static struct CMUnitTest tests[MAX_TESTS];
	static struct run runs[MAX_TESTS];
	static char names[MAX_TESTS][64];
	size_t n = 0;

	for (const struct museum_record *r = class->records; r->id; r++) {
		for (unsigned int c = 0; c < NR_COLUMNS && n < MAX_TESTS; c++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s on %s", r->id, museum_columns[c].name);
			runs[n] = (struct run){class, r, c};
			tests[n] = (struct CMUnitTest){names[n], exhibit, NULL, NULL, &runs[n]};
		}
	}
	return _cmocka_run_group_tests(class->name, tests, n, NULL, NULL);
}

static const struct museum_bug *find_bug(const char *id)
{
	for (const struct museum_bug *b = museum_index; b->id; b++)
		if (!strcmp(b->id, id))
			return b;
	return NULL;
}

static unsigned int shown(const struct museum_bug *b)
{
	unsigned int n = 0;

	for (const struct museum_class *c = museum_classes; c->file; c++)
		for (const struct museum_record *r = c->records; r->id; r++)
			n += !strcmp(r->id, b->id) && !strcmp(c->name, b->class);
	return n;
}

static void none_is_forgotten(void **state)
{
	unsigned int bugs = 0, bad = 0;

	(void)state;
	for (const struct museum_bug *b = museum_index; b->id; b++, bugs++) {
		unsigned int n = shown(b);

		if (find_bug(b->id) != b || n != (b->waits == NULL)) {
			print_error("%s is shown %u times%s%s\n", b->id, n, b->waits ? ", and waits for " : "",
				    b->waits ? b->waits : "");
			bad++;
		}
	}
	assert_int_equal(bugs, 166);
	for (const struct museum_class *c = museum_classes; c->file; c++)
		for (const struct museum_record *r = c->records; r->id; r++) {
			if (!find_bug(r->id) || (r->rule && !dmasim_rule_exists(r->rule)) ||
			    (r->elsewhere && !dmasim_rule_exists(r->elsewhere))) {
				print_error("%s: not in the index, or unknown rule\n", r->id);
				bad++;
			}
		}
	assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest index[] = {cmocka_unit_test(none_is_forgotten)};

	if (argc == 3 && (!strcmp(argv[1], "page") || !strcmp(argv[1], "--update")))
		return museum_page(argv[2], argv[1][0] == '-');
	if (argc == 2 && !strcmp(argv[1], "index"))
		return cmocka_run_group_tests(index, NULL, NULL);
	for (const struct museum_class *c = museum_classes; c->file; c++)
		if (argc == 2 && !strcmp(argv[1], c->file))
			return run_class(c);
	fprintf(stderr, "usage: %s CLASS | index | page FILE | --update FILE\n", argv[0]);
	return 2;
}
