// SPDX-License-Identifier: MIT
/*
 * The tracker's records and indices against a plain array of mappings that is searched from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/check/extent.h"

#define LIVE  400
#define STEPS 60000

struct model {
	bool live;
	u32 dev;
	dma_addr_t bus;
	phys_addr_t phys;
	u64 size, order;
	struct extent *e;
};

static struct dmasim_machine machine;
static struct check check;
static struct dmasim_device_private devices[3];
static const struct stamp ended = {.time = 2, .stack = 2};
static u64 random_state;

static u32 rnd(u32 n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(random_state >> 33) % n;
}

static int boot(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	memset(&check, 0, sizeof(check));
	machine.hw = sim_machine_create("worst,ram=64M");
	if (!machine.hw)
		return -1;
	for (u32 i = 0; i < 3; i++)
		devices[i].id = i + 1;
	return extents_init(&check, &machine);
}

static int shut_down(void **state)
{
	(void)state;
	extents_check(&check);
	extents_exit(&check);
	sim_machine_destroy(machine.hw);
	return 0;
}

static struct extent *add(u32 dev, phys_addr_t phys, u64 size, enum dma_data_direction dir)
{
	struct track_op op = {
		.dev = &devices[dev],
		.kind = EXTENT_SINGLE,
		.dir = dir,
		.phys = phys,
		.size = size,
		.function = "dma_map_single",
	};
	uint64_t len;

	assert_true(sim_phys_to_bus(machine.hw, phys, &op.bus, &len));
	return extent_add(&check, &op, 1, 1);
}

/* Sizes as drivers have them: mostly small, some of many pages, a few of megabytes; places that collide often. */
static void place(phys_addr_t *phys, u64 *size)
{
	u32 kind = rnd(20);
	u64 ram = machine.hw->ram.base + 0x100000;

	*size = 1 + (kind < 12 ? rnd(600) : kind < 17 ? rnd(20000) : kind < 19 ? rnd(200000) : rnd(6 << 20));
	*phys = ram + (u64)rnd(64) * 0x10000 + (rnd(2) ? rnd(0x10000) : rnd(16) * 64);
}

static void compare_walk(const struct model *all, phys_addr_t lo, phys_addr_t hi)
{
	unsigned int seen = 0, expected = 0;
	struct extent_walk w;
	struct extent *e;

	for (int i = 0; i < LIVE; i++)
		expected += all[i].live && all[i].phys < hi && lo < all[i].phys + all[i].size;
	extent_walk_init(&check, &w, lo, hi);
	while ((e = extent_walk_next(&w))) {
		assert_true(e->live && e->phys < hi && lo < e->phys + e->size);
		seen++;
	}
	assert_int_equal(seen, expected);
	if ((lo & (SIM_PAGE_SIZE - 1)) + (hi - lo) <= SIM_PAGE_SIZE && expected)
		assert_false(extent_page_quiet(&check, lo, hi));
}

static void compare_lookups(const struct model *all, u32 dev, dma_addr_t bus)
{
	const struct model *newest = NULL;
	bool inside = false;
	struct extent *e;

	for (int i = 0; i < LIVE; i++) {
		if (!all[i].live || all[i].dev != dev)
			continue;
		inside |= bus - all[i].bus < all[i].size;
		if (all[i].bus == bus && (!newest || all[i].order > newest->order))
			newest = &all[i];
	}
	assert_ptr_equal(extent_exact(&check, dev, bus, NULL), newest ? newest->e : NULL);
	e = extent_containing(&check, dev, bus, rnd(2));
	assert_int_equal(e != NULL, inside);
	if (e)
		assert_true(e->dev == dev && bus - e->bus < e->size);
}

static void random_mappings(void **state)
{
	static struct model all[LIVE];
	const char *chosen = getenv("DMASIM_TEST_SEED");
	u64 seed = chosen ? strtoull(chosen, NULL, 0) : 1, order = 0;

	(void)state;
	print_message("DMASIM_TEST_SEED=%llu\n", seed);
	random_state = seed;
	memset(all, 0, sizeof(all));
	for (int step = 0; step < STEPS; step++) {
		struct model *x = &all[rnd(LIVE)];
		phys_addr_t phys;
		u64 size;

		if (x->live) {
			extent_remove(&check, x->e, &ended);
			x->live = false;
			assert_true(extent_dead(&check, x->dev, x->bus + x->size - 1, false) != NULL);
		} else {
			u32 dev = rnd(3);

			place(&phys, &size);
			if (rnd(4) == 0) /* the same place again */
				for (int i = rnd(LIVE); i < LIVE; i++)
					if (all[i].live) {
						phys = all[i].phys;
						break;
					}
			x->e = add(dev, phys, size, rnd(3));
			assert_non_null(x->e);
			*x = (struct model){true, devices[dev].id, x->e->bus, phys, size, ++order, x->e};
		}
		if (step % 8)
			continue;
		place(&phys, &size);
		compare_walk(all, phys, phys + (rnd(3) ? 1 + rnd(64) : size));
		x = &all[rnd(LIVE)];
		compare_lookups(all, devices[rnd(3)].id, x->bus + (rnd(2) ? 0 : rnd(5000)));
		if (step % 4096 == 0)
			extents_check(&check);
	}
	extents_check(&check);
	for (int i = 0; i < LIVE; i++)
		if (all[i].live)
			extent_remove(&check, all[i].e, &ended);
	assert_int_equal(check.live, 0);
	assert_int_equal(check.dropped, 0);
}

static void hash_grows(void **state)
{
	enum { N = 50000 }; /* fewer than Valgrind is given records */
	struct extent **e = calloc(N, sizeof(*e));
	phys_addr_t base = machine.hw->ram.base + 0x100000;

	(void)state;
	assert_non_null(e);
	for (u32 i = 0; i < N; i++)
		assert_non_null(e[i] = add(i % 3, base + (u64)i * 256, 200, DMA_TO_DEVICE));
	extents_check(&check);
	assert_true(check.home_mask + 1 >= N / 2);
	for (u32 i = 0; i < N; i++)
		assert_ptr_equal(extent_exact(&check, devices[i % 3].id, e[i]->bus, NULL), e[i]);
	for (u32 i = 0; i < N; i++)
		extent_remove(&check, e[(u64)i * 7919 % N], &ended);
	assert_int_equal(check.live, 0);
	free(e);
}

static void neighbours_on_a_page_are_quiet(void **state)
{
	phys_addr_t base = machine.hw->ram.base + 0x200000;
	struct extent *a = add(0, base + 128, 64, DMA_FROM_DEVICE), *b = add(0, base + 1024, 100, DMA_FROM_DEVICE);

	(void)state;
	assert_true(extent_page_quiet(&check, base, base + 128));
	assert_false(extent_page_quiet(&check, base, base + 129));
	assert_false(extent_page_quiet(&check, base + 191, base + 192));
	assert_true(extent_page_quiet(&check, base + 192, base + 1024));
	extent_remove(&check, a, &ended);
	assert_true(extent_page_quiet(&check, base, base + 1024));
	assert_false(extent_page_quiet(&check, base + 1024, base + 1025));
	extent_remove(&check, b, &ended);
	assert_true(extent_page_quiet(&check, base, base + 4096));
}

static void a_ghost_is_seen_only_when_asked_for(void **state)
{
	phys_addr_t base = machine.hw->ram.base + 0x300000;
	struct extent *e = add(0, base, 256, DMA_FROM_DEVICE);
	struct extent_walk w;

	(void)state;
	extent_haunt(&check, e, &ended);
	assert_int_equal(check.live, 0);
	assert_null(extent_exact(&check, devices[0].id, e->bus, NULL));
	extent_walk_init(&check, &w, base, base + 1);
	assert_null(extent_walk_next(&w));
	extent_walk_init(&check, &w, base, base + 1);
	w.ghosts = true;
	assert_ptr_equal(extent_walk_next(&w), e);
	extents_check(&check);
	extent_lay(&check, e);
	extent_walk_init(&check, &w, base, base + 1);
	w.ghosts = true;
	assert_null(extent_walk_next(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(neighbours_on_a_page_are_quiet, boot, shut_down),
		cmocka_unit_test_setup_teardown(a_ghost_is_seen_only_when_asked_for, boot, shut_down),
		cmocka_unit_test_setup_teardown(hash_grows, boot, shut_down),
		cmocka_unit_test_setup_teardown(random_mappings, boot, shut_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
