/* SPDX-License-Identifier: MIT */
/*
 * A machine with nothing above the memory manager: hardware, stacks, context and lib/mm. Findings are recorded instead
 * of reported, so that these tests hold whatever the rooms above do.
 */
#ifndef TESTS_MM_FIXTURE_H
#define TESTS_MM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "lib/mm/internal.h"

struct fixture {
	struct dmasim_machine machine;
	unsigned int findings;
	char rule[64]; /* of the last finding */
	char text[200];
	size_t offset, size;
	u64 freeing; /* calls of the hook */
	phys_addr_t last_freeing;
	size_t last_freeing_size;
	unsigned int expected;
};
static struct fixture fx;

static void on_report(struct dmasim_machine *m, const struct finding *f)
{
	(void)m;
	fx.findings++;
	snprintf(fx.rule, sizeof(fx.rule), "%s", f->rule);
	snprintf(fx.text, sizeof(fx.text), "%s", f->more[0].label ? f->more[0].text : "");
	fx.offset = f->offset;
	fx.size = f->size;
}

static void on_freeing(struct dmasim_machine *m, phys_addr_t phys, size_t size)
{
	struct mm_object o;

	mm_object_at(m, phys, &o);
	assert_int_equal(o.state, MM_ALLOCATED);
	fx.freeing++;
	fx.last_freeing = phys;
	fx.last_freeing_size = size;
}

static void on_cpu_access(struct dmasim_machine *m, const volatile void *p, size_t n, bool write)
{
	(void)m;
	(void)p;
	(void)n;
	(void)write;
}

static void on_count(struct dmasim_machine *m, const char *name, u64 n)
{
	(void)m;
	(void)name;
	(void)n;
}

static inline struct dmasim_machine *boot(const char *spec)
{
	struct dmasim_machine *m = &fx.machine;

	memset(&fx, 0, sizeof(fx));
	m->hw = sim_machine_create(spec);
	if (!m->hw)
		fail_msg("sim_machine_create(%s) failed", spec);
	m->hw->soft = m;
	m->serial = 1;
	m->checks = m->hw->cfg.checks;
	m->hooks.report = on_report;
	m->hooks.memory_freeing = on_freeing;
	m->hooks.cpu_access = on_cpu_access;
	m->hooks.unchecked = on_count;
	m->hooks.fact = on_count;
	k_thread.current = m;
	assert_int_equal(k_stacks_init(m), 0);
	assert_int_equal(k_sched_init(m), 0);
	assert_int_equal(mm_init(m), 0);
	return m;
}

static inline void shut_down(void)
{
	struct dmasim_machine *m = &fx.machine;

	if (fx.findings)
		fail_msg("unexpected %s: %s", fx.rule, fx.text);
	mm_check(m);
	mm_exit(m);
	k_sched_exit(m);
	k_stacks_exit(m);
	sim_machine_destroy(m->hw);
	k_thread.current = NULL;
}

/* Exactly one finding since the last look, of this rule. */
static inline void found(const char *rule)
{
	if (fx.findings != 1 || strcmp(fx.rule, rule))
		fail_msg("%u findings, last %s (%s), instead of %s", fx.findings, fx.rule, fx.text, rule);
	fx.findings = 0;
	fx.rule[0] = 0;
}

static inline u64 next_random(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* The seed of a random test: DMASIM_TEST_SEED, or a fixed one. Printed, so that a failure can be repeated. */
static inline u64 test_seed(const char *test)
{
	const char *s = getenv("DMASIM_TEST_SEED");
	u64 seed = s ? strtoull(s, NULL, 0) : 1;

	print_message("%s: DMASIM_TEST_SEED=%llu\n", test, seed);
	return seed;
}

#endif
