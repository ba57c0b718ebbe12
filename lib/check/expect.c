// SPDX-License-Identifier: MIT
/*
 * What a test expects to go wrong.
 *
 * Expectations form a queue: the next distinct violation has to be of the rule at its head. Rules that are allowed
 * stand beside the queue and take nothing from it. Whatever neither explains is unexpected, and whatever is left in the
 * queue when the test ends has not been met; dmasim_verdict() says both in words that a test framework can print.
 *
 * Weakness: order is that of detection. A guard that finds a mistake late (snapshot) may swap two expectations.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/report.h"
#include "lib/core/sched.h"

bool expect_take(struct expectations *e, int rule)
{
	if (rule < 0)
		return false;
	if (e->head < e->nr && e->queue[e->head].rule == rule) {
		if (!--e->queue[e->head].n)
			e->head++;
		return true;
	}
	return e->allowed[rule];
}

size_t expect_unmet(const struct expectations *e)
{
	size_t n = 0;

	for (size_t i = e->head; i < e->nr; i++)
		n += e->queue[i].n;
	return n;
}

void expect_free(struct expectations *e)
{
	free(e->queue);
	memset(e, 0, sizeof(*e));
}

/* A mistake of the test itself: it must not go on as if it had asked for something. */
static void fail_at_once(struct dmasim_machine *m, const char *function, const char *rule)
{
	char why[200];

	snprintf(why, sizeof(why),
		 "%s(\"%s\"): the catalogue has no such rule; dmasim_rules() and docs/rules list them", function,
		 rule ? rule : "(null)");
	sim_error(EINVAL, "%s", why);
	k_stop(m, why);
}

static struct check_report *checked(const char *function, const char *rule, int *index)
{
	struct dmasim_machine *m = k_machine(function);

	if (!m || !m->reports)
		return NULL;
	*index = rule_find(rule);
	if (*index < 0) {
		fail_at_once(m, function, rule);
		return NULL;
	}
	/* What happened before does not count as expected now. */
	report_settle(m);
	return m->reports;
}

static void expect(struct check_report *r, int rule, size_t n)
{
	struct expectations *e = &r->expect;

	if (!n)
		return;
	if (e->nr == e->size) {
		size_t size = e->size ? e->size * 2 : 8;
		struct expectation *queue = realloc(e->queue, size * sizeof(*queue));

		if (!queue) {
			sim_error(ENOMEM, "no host memory for an expectation");
			return;
		}
		e->queue = queue;
		e->size = size;
	}
	e->queue[e->nr].rule = rule;
	e->queue[e->nr++].n = n;
}

void dmasim_expect_violation(const char *rule)
{
	int index;
	struct check_report *r = checked("dmasim_expect_violation", rule, &index);

	if (r)
		expect(r, index, 1);
}

void dmasim_expect_violations(const char *rule, size_t n)
{
	int index;
	struct check_report *r = checked("dmasim_expect_violations", rule, &index);

	if (r)
		expect(r, index, n);
}

void dmasim_allow_violation(const char *rule)
{
	int index;
	struct check_report *r = checked("dmasim_allow_violation", rule, &index);

	if (r)
		r->expect.allowed[index] = true;
}

size_t dmasim_unmet_expectations(void)
{
	struct dmasim_machine *m = k_thread.current;

	if (!m || !m->reports)
		return 0;
	report_settle(m);
	return expect_unmet(&m->reports->expect);
}

const char *dmasim_verdict(void)
{
	static __thread struct text verdict; /* kept for the thread's next call */
	struct dmasim_machine *m = k_thread.current;
	struct check_report *r;
	size_t unmet;

	if (!m || !m->reports)
		return NULL;
	report_settle(m);
	r = m->reports;
	unmet = expect_unmet(&r->expect);
	if (!r->unexpected && !unmet)
		return NULL;
	verdict.len = 0;
	if (r->unexpected) {
		text_add(&verdict, "%llu unexpected violation%s\n", (unsigned long long)r->unexpected,
			 r->unexpected == 1 ? "" : "s");
		for (u32 i = 0; i < r->nr_kept; i++)
			if (!r->kept[i]->v.expected)
				text_add(&verdict, "%s", r->kept[i]->v.text);
	}
	for (size_t i = r->expect.head; i < r->expect.nr; i++)
		text_add(&verdict, "expected %s%s, which did not happen\n", rules[r->expect.queue[i].rule].id,
			 r->expect.queue[i].n > 1 ? " several times" : "");
	return verdict.p ? verdict.p : "violations, and no host memory to say more";
}

void dmasim_test_name(const char *name)
{
	struct dmasim_machine *m = k_thread.current;

	if (m && m->reports)
		snprintf(m->reports->test_name, sizeof(m->reports->test_name), "%s", name ? name : "");
}
