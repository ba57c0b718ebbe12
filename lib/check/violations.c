// SPDX-License-Identifier: MIT
/*
 * The public look at what was found: <dmasim/violation.h>, but for expectations.
 *
 * Every question first settles what waits, so that the answer has everything that happened before it. Without a current
 * machine the answers are those of a machine that found nothing, and dmasim_last_error() says why.
 */
#include <errno.h>
#include "lib/check/report.h"

/* Everything found so far, also what still waits. NULL and dmasim_last_error() without a machine. */
static struct check_report *reports(void)
{
	struct dmasim_machine *m = k_thread.current;

	if (!m || !m->reports) {
		sim_error(ENODEV, "no current machine");
		return NULL;
	}
	m->hooks.settle(m);
	return m->reports;
}

size_t dmasim_violation_count(void)
{
	struct check_report *r = reports();

	return r ? r->count : 0;
}

size_t dmasim_violation_count_of(const char *rule)
{
	struct check_report *r = reports();
	int i = rule_find(rule);

	if (i < 0)
		sim_error(EINVAL, "\"%s\" is no rule; dmasim_rules() lists them", rule ? rule : "(null)");
	return r && i >= 0 ? r->count_of[i] : 0;
}

const struct dmasim_violation *dmasim_violation(size_t i)
{
	struct check_report *r = reports();

	return r && i < r->nr_kept ? &r->kept[i]->v : NULL;
}

void dmasim_violations_clear(void)
{
	struct check_report *r = reports();

	if (r && !report_is_busy(r, __builtin_frame_address(0)))
		report_forget(r);
}

size_t dmasim_unexpected_violations(void)
{
	struct check_report *r = reports();

	return r ? r->unexpected : 0;
}

void dmasim_on_violation(void (*fn)(const struct dmasim_violation *violation, void *arg), void *arg)
{
	struct check_report *r = reports();

	if (!r)
		return;
	r->callback = fn;
	r->callback_arg = arg;
}

bool dmasim_rule_exists(const char *rule)
{
	return rule_find(rule) >= 0;
}

const char *dmasim_rules(size_t i)
{
	return i < NR_RULES ? rules[i].id : NULL;
}
