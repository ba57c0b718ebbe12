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
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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
	m->hooks.settle(m);
	report_guess_test(m, stack_entry(m));
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
	struct check_report *r;
	int index;

	STACK_ENTER();
	r = checked("dmasim_expect_violation", rule, &index);
	if (r)
		expect(r, index, 1);
}

void dmasim_expect_violations(const char *rule, size_t n)
{
	struct check_report *r;
	int index;

	STACK_ENTER();
	r = checked("dmasim_expect_violations", rule, &index);
	if (r)
		expect(r, index, n);
}

void dmasim_allow_violation(const char *rule)
{
	struct check_report *r;
	int index;

	STACK_ENTER();
	r = checked("dmasim_allow_violation", rule, &index);
	if (r)
		r->expect.allowed[index] = true;
}

size_t dmasim_unmet_expectations(void)
{
	struct dmasim_machine *m = k_thread.current;

	if (!m || !m->reports)
		return 0;
	m->hooks.settle(m);
	return expect_unmet(&m->reports->expect);
}

/* ---- the verdict ---- */

/* One text a thread: of the machine it asked about last, or destroyed last. Freed when the thread ends. */
static pthread_key_t verdict_key;
static pthread_once_t verdict_once = PTHREAD_ONCE_INIT;

static void free_verdict(void *p)
{
	text_free(p);
	free(p);
}

static void make_verdict_key(void)
{
	pthread_key_create(&verdict_key, free_verdict);
}

static struct text *thread_verdict(void)
{
	struct text *t;

	pthread_once(&verdict_once, make_verdict_key);
	t = pthread_getspecific(verdict_key);
	if (!t) {
		t = calloc(1, sizeof(*t));
		pthread_setspecific(verdict_key, t);
	}
	return t;
}

void report_forget_verdict(void)
{
	struct text *t = thread_verdict();

	if (t)
		t->len = 0;
}

/* In full where nobody has read it yet. */
static void add_violation(struct text *t, const struct dmasim_violation *v, bool shown)
{
	if (!shown) {
		text_add(t, "%s", v->text);
		return;
	}
	text_add(t, "  %s", v->rule);
	if (v->act.function) {
		text_add(t, " in ");
		text_add_string(t, v->act.function);
	}
	if (v->act.file) {
		text_add(t, " at ");
		text_add_string(t, v->act.file);
		text_add(t, ":%d", v->act.line);
	}
	text_add(t, "\n");
}

const char *report_verdict(struct dmasim_machine *m)
{
	struct check_report *r = m->reports;
	size_t unmet = expect_unmet(&r->expect);
	struct text *t = thread_verdict();
	/* Reports that went to the standard error output stand right above. */
	bool shown = r->fd == STDERR_FILENO && m->hw->cfg.report == REPORT_TEXT && !r->write_errors;

	if (t)
		t->len = 0;
	if (!r->unexpected && !unmet)
		return NULL;
	if (!t)
		return "violations, and no host memory to say more";
	text_add(t, "dmasim: ");
	if (r->test_name[0]) {
		text_add_string(t, r->test_name);
		text_add(t, ": ");
	}
	if (r->unexpected)
		text_add(t, "%llu unexpected violation%s%s", (unsigned long long)r->unexpected,
			 r->unexpected == 1 ? "" : "s", unmet ? ", and " : "");
	if (unmet)
		text_add(t, "%zu expected violation%s did not happen", unmet, unmet == 1 ? "" : "s");
	text_add(t, "\n");
	for (u32 i = 0; i < r->nr_kept; i++)
		if (!r->kept[i]->v.expected)
			add_violation(t, &r->kept[i]->v, shown);
	for (size_t i = r->expect.head; i < r->expect.nr; i++)
		text_add(t, "  expected %zu x %s\n", r->expect.queue[i].n, rules[r->expect.queue[i].rule].id);
	return t->p;
}

const char *dmasim_verdict(void)
{
	struct dmasim_machine *m = k_thread.current;
	struct text *t;

	if (m && m->reports) {
		m->hooks.settle(m);
		return report_verdict(m);
	}
	t = thread_verdict();
	return t && t->len ? t->p : NULL;
}

void dmasim_test_name(const char *name)
{
	struct dmasim_machine *m = k_thread.current;

	if (m && m->reports)
		snprintf(m->reports->test_name, sizeof(m->reports->test_name), "%s", name ? name : "");
}
