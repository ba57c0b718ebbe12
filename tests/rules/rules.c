// SPDX-License-Identifier: MIT
/*
 * One family of rules on one preset: each rule fires once, with its bytes and its lines, and the nearest legal code is
 * silent. Accesses of the CPU are made by accessors, which every guard sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/check/rules.h"
#include "tests/rules/rules.h"

#ifndef RULES_FAMILY
#error "compile with -DRULES_FAMILY=<name>"
#endif
#define GLUE2(a, b) a##b
#define GLUE(a, b)  GLUE2(a, b)
#define TEXT2(a)    #a
#define TEXT(a)	    TEXT2(a)

static const char *preset;

static bool place_is(const struct dmasim_place *p, int line, const char *which)
{
	const char *file = p->file ? strrchr(p->file, '/') : NULL;

	if (line == ANY_LINE)
		return true;
	file = file ? file + 1 : p->file;
	if (line == 0 ? p->line == 0 : p->line == line && file && !strcmp(file, TEXT(RULES_FAMILY) ".c"))
		return true;
	print_error("%s is %s:%d, not " TEXT(RULES_FAMILY) ".c:%d\n", which, p->file ? p->file : "-", p->line, line);
	return false;
}

static unsigned int preset_bit(const char *name)
{
	return !strcmp(name, "pc") ? RULE_ON_PC : !strcmp(name, "worst") ? RULE_ON_WORST : RULE_ON_BOUNCE;
}

static void fires(void **state)
{
	const struct scenario *sc = *state;
	struct shot s = {.offset = 0};
	const struct dmasim_violation *v;
	const struct rule *rule = &rules[rule_find(sc->rule)];
	bool ok;

	/* Some need instrumentation, or another machine: the matrix has them. */
	if (!(rule->guards & (RULE_BY_ANY | RULE_BY_ACCESSOR)) || !(rule->presets & preset_bit(preset)))
		skip();
	scenario_begin(preset, "api", sc->options);
	ok = scenario_wrong(sc, &s);
	v = dmasim_violation(0);
	if (!ok)
		print_error(sc->ends ? "the machine did not end it\n" : "the machine ended it\n");
	for (size_t i = 0; dmasim_violation(i); i++)
		if (dmasim_violation_count() != 1 || strcmp(dmasim_violation(i)->rule, sc->rule))
			print_error("%s\n", dmasim_violation(i)->text);
	if (dmasim_violation_count() != 1 || strcmp(v->rule, sc->rule)) {
		print_error("%zu violations\n", dmasim_violation_count());
		ok = false;
	} else {
		if ((s.offset != ANY_SIZE && v->buffer_offset != s.offset) ||
		    (s.size != ANY_SIZE && v->size != s.size)) {
			print_error("%zu bytes at +%zu, not %zu at +%zu\n", v->size, v->buffer_offset, s.size,
				    s.offset);
			ok = false;
		}
		ok &= place_is(&v->act, s.act, "act");
		ok &= place_is(&v->mapped, s.mapped, "mapped");
		ok &= place_is(&v->handed_over, s.handed, "handed over");
		if (!ok)
			print_error("%s\n", v->text);
	}
	dmasim_violations_clear();
	scenario_end();
	assert_true(ok);
}

static void silent(void **state)
{
	const struct scenario *sc = *state;
	size_t n;

	scenario_begin(preset, "api", sc->options);
	sc->legal();
	dmasim_check_leaks();
	n = dmasim_violation_count();
	for (size_t i = 0; dmasim_violation(i); i++)
		print_error("%s\n", dmasim_violation(i)->text);
	dmasim_violations_clear();
	scenario_end();
	assert_int_equal(n, 0);
}

int main(int argc, char **argv)
{
	static char names[128][96];
	static struct CMUnitTest tests[128];
	size_t n = 0;

	preset = argc > 1 ? argv[1] : "worst";
	for (const struct scenario *sc = GLUE(RULES_FAMILY, _scenarios); sc->rule; sc++) {
		for (int legal = 0; legal < 2 && n < 128; legal++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s on %s", sc->rule, legal ? "legal code" : "fires",
				 preset);
			tests[n] = (struct CMUnitTest){names[n], legal ? silent : fires, NULL, NULL, (void *)sc};
		}
	}
	return _cmocka_run_group_tests(TEXT(RULES_FAMILY), tests, n, NULL, NULL);
}
