// SPDX-License-Identifier: MIT
/* docs/museum.md, written from a run of everything: nothing on it is typed in by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/museum/museum.h"

static const char intro[] = "# The museum of real bugs\n"
			    "\n"
			    "166 DMA bugs that were found in real drivers, each as the shortest driver that makes the "
			    "same mistake, beside the\n"
			    "same driver without it. The first must earn exactly one report: the right rule, at the "
			    "marked line; the second must\n"
			    "stay silent on every machine. This page is written by the run (`museum_run --update "
			    "docs/museum.md`), and a test\n"
			    "compares the two.\n"
			    "\n";

static const char adding[] =
	"\n## Adding a record\n"
	"\n"
	"1. Take the `REAL_BUG()` line of the record in `tests/museum/index.def` (or add one) and set its last column "
	"to `NULL`.\n"
	"2. Write the driver in the file of its class: one function of 10 to 25 lines, in your own words, with the "
	"shape of the\n"
	"   real one. `if (fixed)` holds the fix. `MAP()` marks the statement that mapped, `ACT()` the one that is "
	"wrong.\n"
	"3. Add it to the table at the end of the file: id, mistake, rule, function. A new class is a file, a line in\n"
	"   `tests/museum/classes.def` and one in `tests/museum/CMakeLists.txt`.\n"
	"4. `ctest -R museum/`, then `museum_run --update docs/museum.md`.\n"
	"\n"
	"A bug that is not reported, a report of another rule or line, and a twin that is not silent are defects of "
	"the\n"
	"library.\n";

static const struct {
	const char *name, *group, *what;
} classes[] = {
#define CLASS(name, class, group, what) {class, group, what},
#define EMPTY_CLASS(class, group, what) {class, group, what},
#include "tests/museum/classes.def"
#undef CLASS
#undef EMPTY_CLASS
};

static const struct {
	char group;
	const char *what;
} groups[] = {
	{'A', "pairing and lifetime"},	    {'B', "failure handling"},	    {'C', "ownership of the bytes"},
	{'D', "what memory, what address"}, {'E', "limits and arithmetic"}, {'F', "descriptors and rings"},
	{'G', "platform and trust"},
};

#define MAX_RECORDS 256

static struct result {
	const struct museum_class *class;
	const struct museum_record *record;
	unsigned int seen_by[NR_COLUMNS];
} results[MAX_RECORDS];
static unsigned int nr_results;

static unsigned int run_all(void)
{
	unsigned int bad = 0;

	for (const struct museum_class *c = museum_classes; c->file; c++)
		for (const struct museum_record *r = c->records; r->id && nr_results < MAX_RECORDS; r++) {
			struct result *result = &results[nr_results++];

			result->class = c;
			result->record = r;
			for (unsigned int i = 0; i < NR_COLUMNS; i++)
				bad += !museum_run(c, r, i, &result->seen_by[i]);
		}
	return bad;
}

static const struct museum_bug *bug_of(const struct result *r)
{
	const struct museum_bug *b = museum_index;

	while (b->id && strcmp(b->id, r->record->id) != 0)
		b++;
	return b;
}

/* Reported on one column, of one class or (NULL) of all. */
static unsigned int count(const char *class, unsigned int column)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr_results; i++)
		n += (!class || !strcmp(class, results[i].class->name)) && results[i].seen_by[column];
	return n;
}

static unsigned int bugs_of(const char *class, const char *today)
{
	unsigned int n = 0;

	for (const struct museum_bug *b = museum_index; b->id; b++)
		n += (!class || !strcmp(class, b->class)) && (!today || !strcmp(today, b->today));
	return n;
}

static void score(FILE *out)
{
	static const char *const today[][2] = {
		{"yes", "a tool reports it at or next to the call, once the code runs"},
		{"sometimes", "dma-debug, where the machine happens to make the difference visible"},
		{"late only", "a count of leaks when the driver is unbound, or an indirect warning"},
		{"IOMMU fault only", "nothing but the fault of a strict IOMMU"},
		{"maybe", "a fault or KASAN, depending on page granularity or reuse"},
		{"no", "nothing"},
		{"false positive", "legal code that a tool complains about"},
	};

	fputs("## Score\n\n| machine | reported rightly, of 166 |\n|---|---|\n", out);
	for (unsigned int c = 0; c < NR_COLUMNS; c++)
		fprintf(out, "| %s | %u |\n", museum_columns[c].name, count(NULL, c));
	fprintf(out, "\n%u have their driver here, %u wait. What today's tools say to the 166:\n\n", nr_results,
		bugs_of(NULL, NULL) - nr_results);
	fputs("| caught today | bugs | means | of them reported here |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(today); i++) {
		unsigned int here = 0;

		for (unsigned int r = 0; r < nr_results; r++) {
			bool seen = false;

			for (unsigned int c = 0; c < NR_COLUMNS; c++)
				seen |= results[r].seen_by[c] != 0;
			here += seen && !strcmp(bug_of(&results[r])->today, today[i][0]);
		}
		fprintf(out, "| %s | %u | %s | %u |\n", today[i][0], bugs_of(NULL, today[i][0]), today[i][1], here);
	}
}

static void print_guards(FILE *out, unsigned int seen_by)
{
	static const char *const names[] = {"api", "snapshot", "instrument"};
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (seen_by & (1U << i)) {
			fprintf(out, "%s%s", between, names[i]);
			between = ", ";
		}
}

/* The rules that reported records of a class, each once. */
static void print_rules(FILE *out, const char *class)
{
	const char *between = "";

	for (unsigned int i = 0; i < nr_results; i++) {
		const char *rule = results[i].record->rule;
		bool new = rule && !strcmp(results[i].class->name, class);

		for (unsigned int k = 0; new &&k < i; k++)
			new = strcmp(results[k].class->name, class) || !results[k].record->rule ||
			      strcmp(results[k].record->rule, rule);
		if (new) {
			fprintf(out, "%s[%s](rules/%s.md)", between, rule, rule);
			between = ", ";
		}
	}
}

static void by_class(FILE *out)
{
	fputs("\n## Classes\n\n| class | what | bugs | here", out);
	for (unsigned int c = 0; c < NR_COLUMNS; c++)
		fprintf(out, " | %s", museum_columns[c].name);
	fputs(" | rules | guards |\n|---|---|---|---|", out);
	for (unsigned int c = 0; c < NR_COLUMNS; c++)
		fputs("---|", out);
	fputs("---|---|\n", out);
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		fprintf(out, "| **%c** | *%s* |", groups[g].group, groups[g].what);
		for (unsigned int c = 0; c < NR_COLUMNS + 4; c++)
			fputs(" |", out);
		fputc('\n', out);
		for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
			unsigned int here = 0, seen_by = 0;

			if (classes[i].group[0] != groups[g].group)
				continue;
			for (unsigned int r = 0; r < nr_results; r++)
				if (!strcmp(results[r].class->name, classes[i].name)) {
					here++;
					for (unsigned int c = 0; c < NR_COLUMNS; c++)
						seen_by |= results[r].seen_by[c];
				}
			fprintf(out, "| %s | %s | %u | %u", classes[i].name, classes[i].what,
				bugs_of(classes[i].name, NULL), here);
			for (unsigned int c = 0; c < NR_COLUMNS; c++)
				fprintf(out, " | %u", count(classes[i].name, c));
			fputs(" | ", out);
			print_rules(out, classes[i].name);
			fputs(" | ", out);
			print_guards(out, seen_by);
			fputs(" |\n", out);
		}
	}
}

static void by_record(FILE *out)
{
	fputs("\n## Records\n\nA guard that is not named cannot see the accesses in question, and counts them as "
	      "unchecked. In brackets: options of the machine; a second rule is what the same mistake leaves "
	      "behind; elsewhere: the lint, where nothing bounces.\n\n| id | class | driver, year | mistake | today | "
	      "rule",
	      out);
	for (unsigned int c = 0; c < NR_COLUMNS; c++)
		fprintf(out, " | %s", museum_columns[c].name);
	fputs(" | guards |\n|---|---|---|---|---|---|", out);
	for (unsigned int c = 0; c < NR_COLUMNS; c++)
		fputs("---|", out);
	fputs("---|\n", out);
	for (unsigned int i = 0; i < nr_results; i++) {
		const struct result *r = &results[i];
		const struct museum_bug *b = bug_of(r);
		unsigned int seen_by = 0;

		fprintf(out, "| %s | %s | %s, %d | %s | %s | %s", b->id, b->class, b->source, b->year,
			r->record->mistake, b->today, r->record->rule ? r->record->rule : "none: it is legal");
		if (r->record->then)
			fprintf(out, ", then %s", r->record->then);
		if (r->record->elsewhere)
			fprintf(out, ", elsewhere %s", r->record->elsewhere);
		if (r->record->options)
			fprintf(out, " (%s)", r->record->options);
		for (unsigned int c = 0; c < NR_COLUMNS; c++) {
			fprintf(out, " | %s", r->seen_by[c] ? (r->record->rule ? "reported" : "silent") : "-");
			seen_by |= r->seen_by[c];
		}
		fputs(" | ", out);
		print_guards(out, seen_by);
		fputs(" |\n", out);
	}
}

static void waiting(FILE *out)
{
	fputs("\n## Waiting\n\n| id | class | driver, year | today | waits for |\n|---|---|---|---|---|\n", out);
	for (const struct museum_bug *b = museum_index; b->id; b++)
		if (b->waits)
			fprintf(out, "| %s | %s | %s, %d | %s | %s |\n", b->id, b->class, b->source, b->year, b->today,
				b->waits);
}

/* True if the file holds exactly these bytes. */
static bool file_is(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	char *have = malloc(size + 2);
	size_t n = f && have ? fread(have, 1, size + 2, f) : 0;
	bool same = f && n == size && !memcmp(have, text, size);

	free(have);
	if (f)
		fclose(f);
	return same;
}

int museum_page(const char *path, bool update)
{
	unsigned int bad = run_all();
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size), *f;
	bool same;

	if (!out)
		return 1;
	fputs(intro, out);
	score(out);
	by_class(out);
	by_record(out);
	waiting(out);
	fputs(adding, out);
	fclose(out);
	if (bad)
		fprintf(stderr, "%u runs were not as they should be\n", bad);
	if (update && !bad) {
		f = fopen(path, "w");
		if (!f || fwrite(text, 1, size, f) != size || fclose(f))
			bad++;
	}
	same = file_is(path, text, size);
	if (!same)
		fprintf(stderr, "%s is not what the run gives: museum_run --update %s\n", path, path);
	free(text);
	return bad || !same;
}
