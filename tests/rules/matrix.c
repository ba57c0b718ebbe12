// SPDX-License-Identifier: MIT
/*
 * Every rule on every preset with every guard, against the catalogue's own claims.
 *
 * The scenarios are compiled with instrumentation and access memory plainly, as driver code does; one column more uses
 * the accessors. Where the row of rules.def says that a rule fires it must fire, alone and once; elsewhere the run must be
 * silent, and if that is because the guard cannot see the access, the summary must admit it as unchecked. Legal code is
 * silent everywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/check/rules.h"
#include "tests/rules/rules.h"

/* By the names of their files. */
static const struct family {
	const char *name;
	const struct scenario *table;
} families[] = {
	{"lifecycle", lifecycle_scenarios},
	{"sync", sync_scenarios},
	{"cpu", cpu_scenarios},
	{"device", device_scenarios},
	{"memory", memory_scenarios},
	{"heap", heap_scenarios},
	{"mask", mask_scenarios},
	{"coherent", coherent_scenarios},
	{"context", context_scenarios},
	{"mmio", mmio_scenarios},
	{"scatterlist", scatterlist_scenarios},
	{"pool", pool_scenarios},
	{"blind", blind_scenarios},
	{"portability", portability_scenarios},
	{"user", user_scenarios},
	{"bounce", bounce_scenarios},
	{"policy", policy_scenarios},
};

/* Print what fired where, for coverage.c. */
static bool print_fired;

static const struct {
	const char *name;
	unsigned int bit;
} presets[] = {{"pc", RULE_ON_PC}, {"pc-swiotlb", RULE_ON_BOUNCE}, {"worst", RULE_ON_WORST}};
#define NR_PRESETS (sizeof(presets) / sizeof(*presets))

static const struct column {
	const char *name, *guard;
	unsigned int bits; /* rules that carry one of these fire */
	bool plain;
} columns[] = {
	{"api", "api", RULE_BY_ANY, true},
	{"accessor", "api", RULE_BY_ANY | RULE_BY_ACCESSOR, false},
	{"snapshot", "snapshot", RULE_BY_ANY | RULE_BY_SNAPSHOT, true},
	{"instrument", "instrument", RULE_BY_ANY | RULE_BY_INSTRUMENT, true},
};

/* The first number of each "unchecked" in the summary, added up; the file is emptied. */
static unsigned long unchecked_in(const char *log)
{
	unsigned long sum = 0;
	char line[2048], *at;
	FILE *f = fopen(log, "r+");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		for (at = line; (at = strstr(at, "unchecked")); at++)
			sum += strtoul(at + strcspn(at, "0123456789"), NULL, 10);
	assert_int_equal(ftruncate(fileno(f), 0), 0);
	fclose(f);
	return sum;
}

/* What was found and is not the one expected violation, printed; true if all is as it should be. */
static bool as_expected(const struct scenario *sc, bool fire, const char *preset, const char *column)
{
	size_t n = dmasim_violation_count();

	if (fire ? n == 1 && dmasim_violation_count_of(sc->rule) == 1 : n == 0)
		return true;
	print_error("%s on %s, %s: %s, but %zu violations\n", sc->rule, preset, column,
		    fire ? "should fire once" : "should be silent", n);
	for (size_t i = 0; dmasim_violation(i); i++)
		print_error("%s\n", dmasim_violation(i)->text);
	return false;
}

static void wrong_code_is_found(void **state)
{
	char log[] = "/tmp/dmasim-matrix-XXXXXX", options[256];
	unsigned int bad = 0, fired = 0, quiet = 0;
	int fd = mkstemp(log);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++)
		for (const struct scenario *sc = families[f].table; sc->rule; sc++)
			for (size_t p = 0; p < NR_PRESETS; p++)
				for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
					const struct rule *rule = &rules[rule_find(sc->rule)];
					bool here = rule->presets & presets[p].bit;
					bool seen = rule->guards & columns[c].bits, ok;
					struct shot s = {.offset = 0};

					snprintf(options, sizeof(options), "report=text,summary=on,log=%s%s%s", log,
						 sc->options ? "," : "", sc->options ? sc->options : "");
					plain_accesses = columns[c].plain;
					scenario_begin(presets[p].name, columns[c].guard, options);
					ok = scenario_wrong(sc, &s) || !(here && seen);
					ok &= as_expected(sc, here && seen, presets[p].name, columns[c].name);
					dmasim_violations_clear();
					scenario_end();
					/* A fault stops the driver there and then: nothing goes unnoticed. */
					if (unchecked_in(log) == 0 && here && !seen && !faulted) {
						print_error("%s on %s, %s: not seen, and not counted as unchecked\n",
							    sc->rule, presets[p].name, columns[c].name);
						ok = false;
					}
					if (print_fired && ok && here && seen)
						printf("fired %s %zu %s %s\n", families[f].name,
						       (size_t)(sc - families[f].table), presets[p].name,
						       columns[c].name);
					bad += !ok;
					fired += here && seen;
					quiet += !(here && seen);
				}
	unlink(log);
	print_message("%u runs fired, %u were silent\n", fired, quiet);
	assert_int_equal(bad, 0);
}

static void legal_code_is_silent(void **state)
{
	unsigned int bad = 0;

	(void)state;
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++)
		for (const struct scenario *sc = families[f].table; sc->rule; sc++)
			for (size_t p = 0; p < NR_PRESETS; p++)
				for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
					plain_accesses = columns[c].plain;
					scenario_begin(presets[p].name, columns[c].guard, sc->options);
					sc->legal();
					dmasim_check_leaks();
					bad += !as_expected(sc, false, presets[p].name, columns[c].name);
					dmasim_violations_clear();
					scenario_end();
				}
	assert_int_equal(bad, 0);
}

/* A rule without a scenario is a rule that nobody has seen fire. */
static void every_rule_has_a_scenario(void **state)
{
	/* Temporary mappings of this version are kernel logical addresses; a spin is ended by host time, which no test
	 * waits for here. */
	static const char *const elsewhere[] = {"map-kmap", "spin-without-safe-point"};
	unsigned int missing = 0;

	(void)state;
	for (const struct rule *rule = rules; rule->id; rule++) {
		bool found = false;

		for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++)
			for (const struct scenario *sc = families[f].table; sc->rule; sc++)
				found |= !strcmp(sc->rule, rule->id);
		for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
			found |= !strcmp(elsewhere[i], rule->id);
		if (!found)
			print_error("%s has no scenario\n", rule->id);
		missing += !found;
	}
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++)
		for (const struct scenario *sc = families[f].table; sc->rule; sc++)
			assert_true(dmasim_rule_exists(sc->rule));
	assert_int_equal(missing, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_a_scenario),
		cmocka_unit_test(wrong_code_is_found),
		cmocka_unit_test(legal_code_is_silent),
	};

	print_fired = argc > 1 && !strcmp(argv[1], "--fired");
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
