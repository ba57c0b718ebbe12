// SPDX-License-Identifier: MIT
/*
 * Failure on demand: the nth call of a function fails as in life.
 *
 * inject_names.def lists the names that can fail, in alphabetical order; each has a counter that runs only while a
 * failure of it is asked for. A call counts under every name that driver source may know it by: kzalloc() is also a
 * kmalloc(). One flag in the machine keeps all of this off the path of calls when nothing is asked for.
 *
 * Weakness: calls that the library makes for its own purposes are not failed; they are not the driver's.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/machine.h>
#include "lib/core/kernel.h"

static const char *const names[] = {
#include "lib/core/inject_names.def"
};
#define NR_NAMES (sizeof(names) / sizeof(*names))

struct k_inject {
	struct {
		u64 calls; /* since armed */
		u64 first; /* which one fails; 0 = not armed */
		bool from; /* and all after it */
	} armed[NR_NAMES];
	u64 failed;
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

static int find(const char *name)
{
	const char *const *p = name ? bsearch(name, names, NR_NAMES, sizeof(*names), compare) : NULL;

	return p ? (int)(p - names) : -1;
}

int k_inject_init(struct dmasim_machine *m)
{
	for (size_t i = 1; i < NR_NAMES; i++)
		assert(strcmp(names[i - 1], names[i]) < 0);
	m->inject = calloc(1, sizeof(*m->inject));
	return m->inject ? 0 : sim_error(ENOMEM, "no memory for failures");
}

void k_inject_exit(struct dmasim_machine *m)
{
	free(m->inject);
	m->inject = NULL;
	m->inject_armed = false;
}

static bool any_armed(const struct k_inject *x)
{
	for (size_t i = 0; i < NR_NAMES; i++) {
		if (x->armed[i].first)
			return true;
	}
	return false;
}

/* One more call of this name: does it fail? A failure that comes only once is disarmed with it. */
static bool count(struct k_inject *x, int i)
{
	if (i < 0 || !x->armed[i].first || ++x->armed[i].calls < x->armed[i].first)
		return false;
	if (!x->armed[i].from)
		x->armed[i].first = 0;
	return true;
}

bool k_fails_slow(struct dmasim_machine *m, const char *name, const char *alias)
{
	int i = find(name), j = alias && strcmp(alias, name) != 0 ? find(alias) : -1;
	bool fails = count(m->inject, i);

	fails |= count(m->inject, j);
	if (fails) {
		m->inject->failed++;
		m->inject_armed = any_armed(m->inject);
		m->hooks.fact(m, "calls failed on demand", m->inject->failed);
	}
	return fails;
}

static int arm(const char *function, unsigned int nth, bool from)
{
	struct dmasim_machine *m = k_thread.current;
	int i = find(function);

	if (!m)
		return sim_error(ENODEV, "no current machine");
	if (i < 0) {
		char list[1200];
		size_t n = 0;

		list[0] = '\0';
		for (size_t k = 0; k < NR_NAMES && n < sizeof(list); k++)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", k ? ", " : "", names[k]);
		return sim_error(EINVAL, "%s cannot fail; these can: %s", function ? function : "(null)", list);
	}
	m->inject->armed[i].calls = 0;
	m->inject->armed[i].first = nth;
	m->inject->armed[i].from = from;
	m->inject_armed = any_armed(m->inject);
	return 0;
}

int dmasim_fail_call(const char *function, unsigned int nth)
{
	return arm(function, nth, false);
}

int dmasim_fail_from(const char *function, unsigned int nth)
{
	return arm(function, nth, true);
}
