// SPDX-License-Identifier: MIT
/*
 * The last words of a machine: what was found, how often, and what was not looked at.
 *
 * Printed when the machine is destroyed, if there is something to say: a violation, an expectation that was not met, or
 * something lost. A clean run in which something went unchecked says so in one line, a clean and complete one is silent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/report.h"

static void label(struct text *t, const char *name)
{
	text_add(t, "  " MARK_LABEL "%-10s" MARK_END " ", name);
}

static unsigned long long ull(u64 n)
{
	return n;
}

static void add_violations(struct text *t, const struct check_report *r)
{
	u64 expected = 0, repeated = 0;

	for (u32 i = 0; i < r->nr_kept; i++) {
		expected += r->kept[i]->v.expected;
		repeated += r->kept[i]->v.count - 1;
	}
	label(t, "violations");
	text_add(t, "%llu", ull(r->count));
	if (repeated)
		text_add(t, ", %llu of them repetitions, not printed", ull(repeated));
	if (expected)
		text_add(t, "; %llu expected", ull(expected));
	text_add(t, "\n");
	for (int i = 0; i < NR_RULES; i++)
		if (r->count_of[i])
			text_add(t, "    %8llu  " MARK_RULE "%s" MARK_END "\n", ull(r->count_of[i]), rules[i].id);
	if (r->count_of[NR_RULES])
		text_add(t, "    %8llu  of rules that the catalogue lacks\n", ull(r->count_of[NR_RULES]));
	if (r->beyond) {
		label(t, "not kept");
		text_add(t, "%llu after the first %d distinct ones: counted, not printed\n", ull(r->beyond),
			 REPORT_KEPT);
	}
}

static void add_counters(struct text *t, const char *name, const struct counter *table)
{
	for (unsigned int i = 0; i < REPORT_COUNTERS && table[i].name; i++)
		if (table[i].value) {
			label(t, name);
			text_add(t, "%llu  %s\n", ull(table[i].value), table[i].name);
		}
}

static bool any(const struct counter *table)
{
	for (unsigned int i = 0; i < REPORT_COUNTERS && table[i].name; i++)
		if (table[i].value)
			return true;
	return false;
}

static void print_one_line(struct check_report *r, const char *replay)
{
	const char *sep = ": nothing found; unchecked: ";
	struct text t = {0};

	text_add(&t, "dmasim: summary");
	if (r->test_name[0]) {
		text_add(&t, " of ");
		text_add_string(&t, r->test_name);
	}
	for (unsigned int i = 0; i < REPORT_COUNTERS && r->unchecked[i].name; i++) {
		if (!r->unchecked[i].value)
			continue;
		text_add(&t, "%s%llu %s", sep, ull(r->unchecked[i].value), r->unchecked[i].name);
		sep = "; ";
	}
	text_add(&t, "          %s\n", replay);
	report_print(r, &t);
	text_free(&t);
}

void report_summary(struct dmasim_machine *m)
{
	struct check_report *r = m->reports;
	size_t unmet = expect_unmet(&r->expect);
	struct text t = {0};
	char replay[1200];

	if (r->json_fd >= 0 || r->json_on_main) {
		char *line = json_summary(m);

		if (line && r->json_fd >= 0)
			report_write(r, r->json_fd, line, strlen(line));
		if (line && r->json_on_main)
			report_write(r, r->fd, line, strlen(line));
		free(line);
	}
	if (!m->hw->cfg.summary || m->hw->cfg.report != REPORT_TEXT)
		return;
	report_replay(m, replay, sizeof(replay));
	if (!r->unexpected && !unmet && !r->pending_lost && !r->write_errors && !m->hw->cfg.verbose &&
	    !any(r->untested)) {
		if (any(r->unchecked))
			print_one_line(r, replay);
		return;
	}
	text_add(&t, "dmasim: summary");
	if (r->test_name[0]) {
		text_add(&t, " of ");
		text_add_string(&t, r->test_name);
	}
	text_add(&t, "          %s\n", replay);
	if (r->count)
		add_violations(&t, r);
	for (size_t i = r->expect.head; i < r->expect.nr; i++) {
		label(&t, "unmet");
		text_add(&t, "%zu x %s expected, which did not happen\n", r->expect.queue[i].n,
			 rules[r->expect.queue[i].rule].id);
	}
	if (r->lints_dropped) {
		label(&t, "lints");
		text_add(&t, "%llu not shown; lint=1 shows them\n", ull(r->lints_dropped));
	}
	add_counters(&t, "unchecked", r->unchecked);
	add_counters(&t, "untested", r->untested);
	if (r->pending_lost) {
		label(&t, "lost");
		text_add(&t, "%llu found where nothing can be printed, more than fit in memory set aside\n",
			 ull(r->pending_lost));
	}
	if (r->write_errors) {
		label(&t, "lost");
		text_add(&t, "%llu reports could not be written\n", ull(r->write_errors));
	}
	if (r->counters_lost) {
		label(&t, "lost");
		text_add(&t, "%llu counts of things that have no room in this table\n", ull(r->counters_lost));
	}
	add_counters(&t, "fact", r->facts);
	report_print(r, &t);
	text_free(&t);
}
