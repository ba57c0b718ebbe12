// SPDX-License-Identifier: MIT
/*
 * docs/rules/coverage.md: what the kernel asks of drivers, what its tools check, and what shows that we see it.
 *
 *	rules_coverage            compare the committed page with the state of things
 *	rules_coverage --update   write it
 *	rules_coverage --report   say what is missing, and succeed
 *
 * The rows are coverage.def's, the rules of each row the catalogue's; both must agree. Evidence is believed only if it
 * happened: the matrix runs, and says which scenario fired where; unit tests that are named run, and must have passed.
 * A row that has neither a rule or test, nor a reason, nor something it waits for, is a gap; a gap fails.
 *
 * Weakness: that a scenario is the right one for its row is for readers to judge; only that it fired for one of the
 * row's rules is checked.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/rules.h"

enum how { SEEN, WHY, WAITS, GAP };

static const struct row {
	const char *id, *meaning;
	enum how how;
	const char *evidence;
} rows[] = {
#define ROW(id, meaning, how, evidence) {#id, meaning, how, evidence},
#include "tests/rules/coverage.def"
#undef ROW
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static const struct part {
	char letter;
	unsigned int last;
	const char *title, *what;
} parts[] = {
	{'R', 132, "Rules of the kernel's documents", "what drivers must and must not do"},
	{'D', 25, "Checks of dma-debug", "`CONFIG_DMA_API_DEBUG`"},
	{'C', 20, "Other checks of the kernel and its tools", "always on, or by other options"},
	{'N', 16, "What dma-debug cannot see", "its blind spots"},
};
#define NR_PARTS (sizeof(parts) / sizeof(*parts))

static const char *const waits_for[] = {"caches",  "IOMMU",	"ordering",    "user memory",
					"ISA DMA", "dmaengine", "high memory", "non-contiguous memory"};
#define NR_WAITS (sizeof(waits_for) / sizeof(*waits_for))

static unsigned int failures;

static __attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	failures++;
}

static char *copy(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (!p)
		abort();
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0, size = 1 << 20;
	char *text;

	if (!f)
		return NULL;
	text = malloc(size);
	while (text && (n += fread(text + n, 1, size - 1 - n, f)) == size - 1)
		text = realloc(text, size *= 2);
	if (!text)
		abort();
	text[n] = '\0';
	fclose(f);
	return text;
}

/* ---- scenarios, by the names of their wrong code, and where they fired ---- */

#define MAX_PRESETS 8
#define MAX_GUARDS  8
static char *presets[MAX_PRESETS], *guards[MAX_GUARDS];

static struct shown {
	char *family, *function, *rule;
	unsigned int presets, guards; /* bits of the names above */
} shown[1024];
static size_t nr_shown;

static unsigned int bit_of(char **names, size_t max, const char *name)
{
	for (size_t i = 0; i < max; i++) {
		if (!names[i])
			names[i] = copy(name, strlen(name));
		if (!strcmp(names[i], name))
			return 1U << i;
	}
	abort();
}

/* The rows of a family's table, {"rule", wrong, ...}, in its order. */
static void read_scenarios(const char *family)
{
	char path[4096], mark[128], *text, *at, *end;

	snprintf(path, sizeof(path), "%s/tests/rules/%s.c", SOURCE_DIR, family);
	snprintf(mark, sizeof(mark), "struct scenario %s_scenarios[] = {", family);
	text = read_all(path);
	at = text ? strstr(text, mark) : NULL;
	if (!at) {
		fail("%s has no table of scenarios", path);
		free(text);
		return;
	}
	for (at += strlen(mark); (at = strchr(at, '{')) && at[1] == '"'; at = end) {
		char *rule = at + 2, *rule_end = strchr(rule, '"');
		char *function = rule_end + 1 + strspn(rule_end + 1, ", \t\n");

		end = strchr(function, '}');
		if (nr_shown == sizeof(shown) / sizeof(*shown) || !end)
			abort();
		shown[nr_shown++] = (struct shown){
			.family = copy(family, strlen(family)),
			.function = copy(function, strcspn(function, ", \t\n")),
			.rule = copy(rule, (size_t)(rule_end - rule)),
		};
	}
	free(text);
}

static struct shown *scenario(const char *family, size_t index)
{
	bool known = false;

	for (int again = 0; again < 2; again++) {
		size_t n = 0;

		for (size_t i = 0; i < nr_shown; i++) {
			if (strcmp(shown[i].family, family))
				continue;
			known = true;
			if (n++ == index)
				return &shown[i];
		}
		if (!known && !again)
			read_scenarios(family);
	}
	return NULL;
}

static void run_matrix(void)
{
	char line[1024], family[64], preset[64], guard[64];
	FILE *f = popen(MATRIX " --fired", "r");
	size_t index;
	int status;

	if (!f)
		abort();
	while (fgets(line, sizeof(line), f)) {
		struct shown *s;

		if (sscanf(line, "fired %63s %zu %63s %63s", family, &index, preset, guard) != 4)
			continue;
		s = scenario(family, index);
		if (!s) {
			fail("%s: scenario %zu is not in its table", family, index);
			continue;
		}
		s->presets |= bit_of(presets, MAX_PRESETS, preset);
		s->guards |= bit_of(guards, MAX_GUARDS, guard);
	}
	status = pclose(f);
	if (status)
		fail("%s failed", MATRIX);
}

/* ---- tests of other programs ---- */

static struct test {
	char *program, *function;
} passed[4096];
static size_t nr_passed;
static char *programs[256];
static size_t nr_programs;

static void run_program(const char *program)
{
	char command[8192], line[1024], name[256];
	FILE *f;

	if (nr_programs == sizeof(programs) / sizeof(*programs))
		abort();
	programs[nr_programs++] = copy(program, strlen(program));
	snprintf(command, sizeof(command),
		 "cd '%s' && if [ -x unit/unit_%s ]; then unit/unit_%s; else rules/rules_%s; fi 2>&1", TESTS_DIR,
		 program, program, program);
	f = popen(command, "r");
	if (!f)
		abort();
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "[ OK ] %255[^\n]", name) != 1)
			continue;
		if (nr_passed == sizeof(passed) / sizeof(*passed))
			abort();
		passed[nr_passed++] = (struct test){programs[nr_programs - 1], copy(name, strlen(name))};
	}
	if (pclose(f))
		fail("%s failed", program);
}

static bool has_passed(const char *program, const char *function)
{
	bool ran = false;

	for (size_t i = 0; i < nr_programs; i++)
		ran |= !strcmp(programs[i], program);
	if (!ran)
		run_program(program);
	for (size_t i = 0; i < nr_passed; i++)
		if (!strcmp(passed[i].program, program) && !strcmp(passed[i].function, function))
			return true;
	return false;
}

/* ---- rows ---- */

static bool stands_for(const struct rule *rule, const char *id)
{
	size_t n = strlen(id);

	for (const char *at = rule->see; (at = strstr(at, id)); at += n)
		if ((at == rule->see || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

/* Everything that the row's evidence amounts to. */
struct evidence {
	char links[4096];
	unsigned int scenarios, tests, presets, some_guards, all_guards;
	const char *remark; /* or NULL */
};

static __attribute__((format(printf, 2, 3))) void link_to(struct evidence *e, const char *fmt, ...)
{
	size_t n = strlen(e->links);
	va_list ap;

	n += (size_t)snprintf(e->links + n, sizeof(e->links) - n, "%s", n ? ", " : "");
	va_start(ap, fmt);
	vsnprintf(e->links + n, sizeof(e->links) - n, fmt, ap);
	va_end(ap);
}

static void one_scenario(const struct row *row, struct evidence *e, const char *family, const char *function)
{
	const struct shown *s = NULL;
	unsigned int where = 0, by = 0;
	bool exists = false;

	scenario(family, 0);
	for (size_t i = 0; i < nr_shown; i++) {
		if (strcmp(shown[i].family, family) || strcmp(shown[i].function, function))
			continue;
		exists = true;
		if (!stands_for(&rules[rule_find(shown[i].rule)], row->id))
			continue;
		s = &shown[i];
		where |= s->presets;
		by |= s->guards;
	}
	if (!exists)
		fail("%s: no scenario %s in %s", row->id, function, family);
	else if (!s)
		fail("%s: the rule of %s/%s does not stand for this row", row->id, family, function);
	else if (!where)
		fail("%s: %s/%s did not fire", row->id, family, function);
	e->all_guards = e->scenarios ? e->all_guards & by : by;
	e->some_guards |= by;
	e->presets |= where;
	e->scenarios++;
	link_to(e, "[%s `%s`](../../tests/rules/%s.c)", family, function, family);
}

static void one_test(const struct row *row, struct evidence *e, const char *program, const char *function)
{
	char path[4096];
	const char *room = "unit";
	FILE *f;

	if (!has_passed(program, function))
		fail("%s: no test %s of %s has passed", row->id, function, program);
	snprintf(path, sizeof(path), "%s/tests/unit/%s.c", SOURCE_DIR, program);
	f = fopen(path, "r");
	if (f)
		fclose(f);
	else
		room = "rules";
	e->tests++;
	link_to(e, "[%s `%s`](../../tests/%s/%s.c)", program, function, room, program);
}

static void weigh(const struct row *row, struct evidence *e)
{
	char text[4096], *at, *save = NULL;
	const char *end = strchr(row->evidence, ';');

	*e = (struct evidence){.scenarios = 0};
	if (end)
		e->remark = end + 1 + strspn(end + 1, " ");
	snprintf(text, sizeof(text), "%.*s", end ? (int)(end - row->evidence) : -1, row->evidence);
	for (at = strtok_r(text, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
		char *slash = strchr(at, '/'), *colon = strchr(at, ':');

		if (slash) {
			*slash = '\0';
			one_scenario(row, e, at, slash + 1);
		} else if (colon) {
			*colon = '\0';
			one_test(row, e, at, colon + 1);
		} else {
			fail("%s: what is \"%s\"?", row->id, at);
		}
	}
	if (!e->scenarios && !e->tests)
		fail("%s: seen, but no test shows it", row->id);
}

static size_t what_it_waits_for(const struct row *row)
{
	size_t n = strcspn(row->evidence, ";");

	for (size_t i = 0; i < NR_WAITS; i++)
		if (strlen(waits_for[i]) == n && !strncmp(waits_for[i], row->evidence, n))
			return i;
	fail("%s waits for \"%.*s\", which is not in the list", row->id, (int)n, row->evidence);
	return 0;
}

/* ---- the page ---- */

static void names(FILE *out, unsigned int bits, char **of, size_t max)
{
	const char *sep = "";

	for (size_t i = 0; i < max; i++)
		if (bits & 1U << i) {
			fprintf(out, "%s%s", sep, of[i]);
			sep = " ";
		}
}

/* "any" is the guard that sees least. */
static void print_guards(FILE *out, const struct evidence *e)
{
	unsigned int api = bit_of(guards, MAX_GUARDS, "api");

	if (e->all_guards & api) {
		fputs("any", out);
		return;
	}
	if (e->some_guards & api)
		fputs("in part any, all ", out);
	names(out, e->all_guards, guards, MAX_GUARDS);
}

static void print_row(FILE *out, const struct row *row)
{
	const char *sep = "";
	struct evidence e;

	fprintf(out, "| %s | %s | ", row->id, row->meaning);
	switch (row->how) {
	case SEEN:
		weigh(row, &e);
		for (const struct rule *rule = rules; rule->id; rule++)
			if (stands_for(rule, row->id)) {
				fprintf(out, "%s[%s](%s.md)", sep, rule->id, rule->id);
				sep = ", ";
			}
		if (!*sep)
			fputs("behaves as the kernel", out);
		fprintf(out, " | %s%s%s | ", e.links, e.remark ? "; " : "", e.remark ? e.remark : "");
		names(out, e.presets, presets, MAX_PRESETS);
		fputs(" | ", out);
		print_guards(out, &e);
		fputs(" |\n", out);
		break;
	case WHY:
		fprintf(out, "*not observable* | %s | | |\n", row->evidence);
		break;
	case WAITS:
		fprintf(out, "*waiting: needs %s* |%s | | |\n", waits_for[what_it_waits_for(row)],
			row->evidence + strcspn(row->evidence, ";") + 1);
		break;
	default:
		fprintf(out, "**gap** | | | |\n");
	}
	if (row->how == SEEN || row->how == GAP)
		return;
	for (const struct rule *rule = rules; rule->id; rule++)
		if (rule->presets && stands_for(rule, row->id))
			fail("%s: %s says that it stands for this row", row->id, rule->id);
}

static unsigned int count(char letter, enum how how)
{
	unsigned int n = 0;

	for (size_t i = 0; i < NR_ROWS; i++)
		n += (!letter || rows[i].id[0] == letter) && rows[i].how == how;
	return n;
}

static void print_totals(FILE *out)
{
	fputs("| | rows | detected | not observable | waiting | gaps | dma-debug |\n|---|---|---|---|---|---|---|\n",
	      out);
	for (size_t p = 0; p < NR_PARTS; p++) {
		char c = parts[p].letter;

		fprintf(out, "| [%c: %s](#%c) | %u | **%u** | %u | %u | %u | %s |\n", c, parts[p].what, tolower(c),
			parts[p].last, count(c, SEEN), count(c, WHY), count(c, WAITS), count(c, GAP),
			c == 'R'   ? "30, many in part"
			: c == 'D' ? "23, two cannot fire"
				   : "0");
	}
	fputs("\nWhat the waiting rows need: ", out);
	for (size_t w = 0, first = 1; w < NR_WAITS; w++) {
		unsigned int n = 0;

		for (size_t i = 0; i < NR_ROWS; i++)
			n += rows[i].how == WAITS && what_it_waits_for(&rows[i]) == w;
		if (n)
			fprintf(out, "%s%s %u", first ? "" : ", ", waits_for[w], n);
		first = first && !n;
	}
	fputs(".\n", out);
}

static void print_page(FILE *out)
{
	fputs("# What is detected\n\n"
	      "Written by the tests (`BUILD/tests/rules/rules_coverage --update`) from `tests/rules/coverage.def` and "
	      "the\n"
	      "catalogue of rules, after the matrix of all scenarios, presets and guards has run. A scenario that is "
	      "named here\n"
	      "has fired, on the presets and with the guards of its row; a unit test that is named has passed. *Not "
	      "observable*\n"
	      "rows say why. *Waiting* rows concern hardware and subsystems that this version does not have, and name "
	      "what they\n"
	      "need. dma-debug's own score counts the rows that it covers at all.\n\n",
	      out);
	print_totals(out);
	for (size_t p = 0; p < NR_PARTS; p++) {
		fprintf(out,
			"\n## %c\n\n%s: %s.\n\n| | kernel | rules | shown by | presets | guards "
			"|\n|---|---|---|---|---|---|\n",
			parts[p].letter, parts[p].title, parts[p].what);
		for (size_t i = 0; i < NR_ROWS; i++)
			if (rows[i].id[0] == parts[p].letter)
				print_row(out, &rows[i]);
	}
}

/* Each row once and in order, and each name in the catalogue is a row. */
static void check_tables(void)
{
	size_t i = 0;
	char id[16];

	for (size_t p = 0; p < NR_PARTS; p++) {
		unsigned int found = 0;

		for (i = 0; i < NR_ROWS; i++)
			found += rows[i].id[0] == parts[p].letter;
		if (found != parts[p].last)
			fail("%u rows %c, not %u", found, parts[p].letter, parts[p].last);
		for (unsigned int n = 1; n <= parts[p].last; n++) {
			snprintf(id, sizeof(id), "%c%u", parts[p].letter, n);
			for (i = 0; i < NR_ROWS && strcmp(rows[i].id, id); i++)
				;
			if (i == NR_ROWS)
				fail("no row %s", id);
		}
	}
	for (const struct rule *rule = rules; rule->id; rule++) {
		char see[1024], *save = NULL;

		snprintf(see, sizeof(see), "%s", rule->see);
		for (char *at = strtok_r(see, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
			for (i = 0; i < NR_ROWS && strcmp(rows[i].id, at); i++)
				;
			if (i == NR_ROWS)
				fail("%s stands for %s, which is no row", rule->id, at);
		}
	}
	for (i = 0; i < NR_ROWS; i++) {
		if (rows[i].how == WHY && !*rows[i].evidence)
			fail("%s: no reason", rows[i].id);
		if (rows[i].how == WAITS && !strchr(rows[i].evidence, ';'))
			fail("%s: what will it bring?", rows[i].id);
		if (rows[i].how == GAP)
			fail("%s: %s: neither rule and test, nor a reason", rows[i].id, rows[i].meaning);
	}
}

int main(int argc, char **argv)
{
	static const char path[] = SOURCE_DIR "/docs/rules/coverage.md";
	bool update = argc > 1 && !strcmp(argv[1], "--update");
	char *text = NULL, *committed;
	size_t size = 0;
	FILE *out;

	unsetenv("DMASIM_OPTIONS");
	setenv("CMOCKA_MESSAGE_OUTPUT", "STDOUT", 1);
	check_tables();
	run_matrix();
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	print_page(out);
	fclose(out);
	committed = read_all(path);
	if (update) {
		out = fopen(path, "w");
		if (!out || fwrite(text, 1, size, out) != size || fclose(out))
			fail("%s cannot be written", path);
	} else if (!committed || strcmp(committed, text)) {
		fail("docs/rules/coverage.md is not what the tests show: rules_coverage --update writes it");
	}
	printf("%u detected, %u not observable, %u waiting, %u gaps\n", count(0, SEEN), count(0, WHY), count(0, WAITS),
	       count(0, GAP));
	free(committed);
	free(text);
	return failures && !(argc > 1 && !strcmp(argv[1], "--report"));
}
