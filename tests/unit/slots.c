// SPDX-License-Identifier: MIT
/*
 * Free slots of bounce buffers against a naive oracle: what was handed out was free and fits, and a request is refused
 * only where trying every place finds none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/dma/slots.h"
#include "tests/unit/sim_test.h"

#define MAX_LIVE 4096

struct oracle {
	bool *busy;
	struct slots s;
	struct {
		u32 first, n;
	} live[MAX_LIVE];
	u32 nr_live;
};

static void begin(struct oracle *o, u32 nr, u32 areas)
{
	*o = (struct oracle){0};
	assert_int_equal(slots_init(&o->s, nr, areas), 0);
	o->busy = calloc(o->s.nr, sizeof(bool));
	assert_non_null(o->busy);
}

static void end(struct oracle *o)
{
	slots_exit(&o->s);
	free(o->busy);
}

static bool is_free(const struct oracle *o, u32 first, u32 n)
{
	for (u32 i = first; i < first + n; i++)
		if (i >= o->s.nr || o->busy[i])
			return false;
	return true;
}

static bool possible(const struct oracle *o, const struct slots_request *r)
{
	for (u32 i = 0; i < o->s.nr; i++)
		if (slots_fit(r, i) && is_free(o, i, r->n))
			return true;
	return false;
}

static u32 take(struct oracle *o, const struct slots_request *r)
{
	u32 at = slots_take(&o->s, r);

	if (at == SLOTS_NONE) {
		assert_false(possible(o, r));
		return at;
	}
	assert_true(slots_fit(r, at));
	assert_true(is_free(o, at, r->n));
	memset(o->busy + at, true, r->n);
	o->live[o->nr_live].first = at;
	o->live[o->nr_live++].n = r->n;
	return at;
}

static void give(struct oracle *o, u32 i)
{
	slots_give(&o->s, o->live[i].first, o->live[i].n);
	memset(o->busy + o->live[i].first, false, o->live[i].n);
	o->live[i] = o->live[--o->nr_live];
}

static u32 pick(unsigned long *seed, u32 n)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return (u32)(*seed >> 33) % n;
}

/* Requests as mappings make them: any size, low bits kept, aligned, with a boundary; fill levels that wander. */
static struct slots_request request(unsigned long *seed, u64 base)
{
	static const u64 boundaries[] = {~0ULL, ~0ULL, 0xffffffff, 0x3ffff, 0xffff, 0x1fff, 0x7ff};
	struct slots_request r = {.base = base, .boundary = boundaries[pick(seed, 7)], .area = pick(seed, 8)};

	r.n = pick(seed, 3) ? 1 + pick(seed, 4) : 1 + pick(seed, SLOTS_SEGMENT);
	if (!pick(seed, 3)) {
		r.mask = ((1ULL << (SLOT_SHIFT + pick(seed, 9))) - 1) & ~(u64)(SLOT_SIZE - 1);
		r.value = pick(seed, 2) ? ((u64)pick(seed, 4096) << SLOT_SHIFT) & r.mask : 0;
	}
	return r;
}

static void model(void **state)
{
	static const struct {
		u32 nr, areas;
		u64 base;
	} pools[] = {
		{128, 1, 0}, {1024, 4, 1ULL << 32}, {128 * 65, 16, 0x40000000}, {640, 2, 0x40001000}, {384, 64, 0x1800},
	};
	unsigned long seed = test_seed();
	struct oracle o;

	(void)state;
	for (size_t p = 0; p < sizeof(pools) / sizeof(*pools); p++) {
		u32 refused = 0;

		begin(&o, pools[p].nr, pools[p].areas);
		for (u32 step = 0; step < 6000; step++) {
			u32 more = step / 500 % 2 ? 35 : 65; /* per cent */
			struct slots_request r = request(&seed, pools[p].base);

			if (o.nr_live < MAX_LIVE && (pick(&seed, 100) < more || !o.nr_live))
				refused += take(&o, &r) == SLOTS_NONE;
			else
				give(&o, pick(&seed, o.nr_live));
			if (step % 64 == 0)
				slots_check(&o.s);
		}
		assert_true(refused > 0);
		while (o.nr_live)
			give(&o, 0);
		slots_check(&o.s);
		end(&o);
	}
}

/* All of it can be had, in the pieces that it has, and then nothing. */
static void to_the_last_slot(void **state)
{
	struct slots_request whole = {.n = SLOTS_SEGMENT, .boundary = ~0ULL}, one = {.n = 1, .boundary = ~0ULL};
	struct oracle o;

	(void)state;
	begin(&o, 1024, 2);
	for (u32 i = 0; i < 8; i++)
		assert_int_not_equal(take(&o, &whole), SLOTS_NONE);
	assert_int_equal(take(&o, &one), SLOTS_NONE);
	while (o.nr_live)
		give(&o, 0);
	for (u32 i = 0; i < 1024; i++)
		assert_int_not_equal(take(&o, &one), SLOTS_NONE);
	assert_int_equal(take(&o, &one), SLOTS_NONE);
	slots_check(&o.s);
	end(&o);
}

/* A slot given back rests until all others of its area were used. */
static void reuse_is_late(void **state)
{
	struct slots_request one = {.n = 1, .boundary = ~0ULL};
	struct oracle o;
	u32 first;

	(void)state;
	begin(&o, 256, 1);
	first = take(&o, &one);
	give(&o, 0);
	for (u32 i = 1; i < 256; i++) {
		assert_int_not_equal(take(&o, &one), first);
		give(&o, 0);
	}
	assert_int_equal(take(&o, &one), first);
	end(&o);
}

static void impossible_requests(void **state)
{
	struct slots_request r[] = {
		{.n = 0, .boundary = ~0ULL},
		{.n = SLOTS_SEGMENT + 1, .boundary = ~0ULL},
		{.n = 1, .boundary = ~0ULL, .mask = 0x7ff},
		{.n = 1, .boundary = ~0ULL, .value = 0x800},
		{.n = 3, .boundary = 0xfff},
	};
	struct slots s;

	(void)state;
	assert_int_equal(slots_init(&s, 1, 1024), 0);
	assert_int_equal(s.nr, SLOTS_SEGMENT);
	assert_int_equal(s.nareas, 1);
	for (size_t i = 0; i < sizeof(r) / sizeof(*r); i++)
		assert_int_equal(slots_take(&s, &r[i]), SLOTS_NONE);
	slots_exit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),
		cmocka_unit_test(to_the_last_slot),
		cmocka_unit_test(reuse_is_late),
		cmocka_unit_test(impossible_requests),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
