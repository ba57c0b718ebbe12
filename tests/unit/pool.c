// SPDX-License-Identifier: MIT
/*
 * dma_pool: layout, capacity, contents, statistics, failure; and a random test against the simplest oracle there is, a
 * list of what was handed out.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include "lib/dma/pool.h"
#include "tests/unit/dma_fixture.h"

/* ---- arguments ---- */

static void arguments_are_the_kernels(void **state)
{
	static const struct {
		size_t size, align, boundary;
		bool good;
	} cases[] = {
		{0, 0, 0, false},
		{1, 0, 0, true},
		{64, 48, 0, false},
		{64, 3, 0, false},
		{64, 1, 0, true},
		{64, 64, 32, false},
		{64, 64, 64, true},
		{65, 64, 64, false}, /* rounded up to 128 */
		{65, 64, 128, true},
		{64, 64, 96, false},
		{4096, 4096, 4096, true},
		{4097, 0, 4096, false},
		{4097, 0, 8192, true},
		{(size_t)INT_MAX + 1, 0, 0, false},
		{SIZE_MAX, 0, 0, false},
		{64, (size_t)1 << 40, 0, false},
		{64, 64, (size_t)1 << 40, true},
	};

	(void)state;
	begin("pc");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dma_pool *pool = dma_pool_create("p", dev, cases[i].size, cases[i].align, cases[i].boundary);

		if (!pool == cases[i].good)
			fail_msg("size %zu align %zu boundary %zu", cases[i].size, cases[i].align, cases[i].boundary);
		dma_pool_destroy(pool);
	}
	assert_null(dma_pool_create("p", NULL, 64, 0, 0));
	end(0);
}

/* ---- capacity ---- */

/* How many blocks come from one page? */
static unsigned int capacity(const char *spec, size_t size, size_t align, size_t boundary)
{
	struct dma_pool *pool;
	unsigned int n;

	begin(spec);
	pool = dma_pool_create("p", dev, size, align, boundary);
	assert_non_null(pool);
	n = pool->per_page;
	for (unsigned int i = 0; i < n + 1; i++) {
		dma_addr_t bus;
		char *p = dma_pool_zalloc(pool, GFP_KERNEL, &bus);

		assert_non_null(p);
		assert_int_equal(pool->nr_pages, i < n ? 1 : 2);
		assert_int_equal(bus % (align ? align : 1), 0);
		if (boundary)
			assert_int_equal(bus / boundary, (bus + size - 1) / boundary);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(p[k], 0);
	}
	pool_check(pool);
	dmasim_violations_clear();
	dma_pool_destroy(pool);
	assert_int_equal(dmasim_violation_count_of("pool-busy-at-destroy"), 1);
	dmasim_violations_clear();
	end(0);
	return n;
}

static void every_block_of_a_page_is_used(void **state)
{
	(void)state;
	assert_int_equal(capacity("pc", 64, 64, 0), 64);
	assert_int_equal(capacity("worst", 64, 64, 0), 64);
	assert_int_equal(capacity("pc", 2048, 0, 0), 2);
	assert_int_equal(capacity("pc", 1, 0, 0), 256); /* never less than 16 bytes apart */
	assert_int_equal(capacity("pc", 48, 16, 0), 85);
	assert_int_equal(capacity("pc", 96, 32, 256), 32); /* two in each window */
	assert_int_equal(capacity("worst", 96, 32, 512), 40);
	assert_int_equal(capacity("pc", 4096, 0, 0), 1);
	assert_int_equal(capacity("pc", 5000, 0, 0), 1);
	assert_int_equal(capacity("pc", 100000, 0, 0), 1);
}

static void the_quirk_wastes_the_last_block(void **state)
{
	(void)state;
	assert_int_equal(capacity("pc,pool_quirk=on", 64, 64, 0), 63);
	assert_int_equal(capacity("pc,pool_quirk=on", 2048, 0, 0), 1);
	assert_int_equal(capacity("pc,pool_quirk=on", 48, 16, 0), 85); /* the page ends behind the last one anyway */
	assert_int_equal(capacity("pc,pool_quirk=on", 64, 64, 256), 48);
	assert_int_equal(capacity("pc,pool_quirk=on", 64, 64, 64), 64);
	assert_int_equal(capacity("pc,pool_quirk=on", 1, 0, 0), 1023);
	assert_int_equal(capacity("pc,pool_quirk=on", 5000, 0, 0), 1);
}

/* The kernel's loops, word by word: how many blocks would they find on a page? */
static unsigned int naive(size_t size, size_t align, size_t boundary, bool quirk)
{
	size_t allocation, edge, offset = 0, next;
	unsigned int n = 0;

	size = size < (quirk ? 4 : 16) ? (quirk ? 4 : 16) : size;
	size = (size + align - 1) / align * align;
	allocation = size > 4096 ? size : 4096;
	if (!boundary || boundary > allocation)
		boundary = allocation;
	edge = boundary;
	if (quirk) {
		do {
			n++;
			next = offset + size;
			if (next + size >= edge) {
				next = edge;
				edge += boundary;
			}
			offset = next;
		} while (offset < allocation);
		return n;
	}
	while (offset + size <= allocation) {
		if (offset + size > edge) {
			offset = edge;
			edge += boundary;
			continue;
		}
		n++;
		offset += size;
	}
	return n;
}

static void capacity_is_the_kernels(void **state)
{
	(void)state;
	for (int quirk = 0; quirk < 2; quirk++) {
		begin(quirk ? "pc,pool_quirk=on" : "pc");
		for (size_t size = 1; size < 4200; size += size < 300 ? 1 : 97)
			for (size_t align = 1; align <= 4096; align *= 4)
				for (size_t boundary = 0; boundary <= 16384; boundary = boundary ? 2 * boundary : 16) {
					struct dma_pool *pool = dma_pool_create("p", dev, size, align, boundary);

					if (pool && pool->per_page != naive(size, align, boundary, quirk))
						fail_msg("size %zu align %zu boundary %zu: %u", size, align, boundary,
							 pool->per_page);
					dma_pool_destroy(pool);
				}
		end(0);
	}
}

static void red_zones_on_demand(void **state)
{
	(void)state;
	assert_int_equal(capacity("pc,pool_redzone=on", 64, 64, 0), 32);
	assert_int_equal(capacity("pc,pool_redzone=on", 64, 16, 0), 51);
	assert_int_equal(capacity("pc,pool_redzone=on", 64, 64, 64), 64); /* no room */
	assert_int_equal(capacity("pc,pool_redzone=on", 4096, 0, 0), 1);
}

/* ---- contents ---- */

static void contents(void **state)
{
	struct dma_pool *pool;
	dma_addr_t bus, again;
	uint8_t *p, byte;

	(void)state;
	begin("worst,quarantine=0");
	pool = dma_pool_create("p", dev, 32, 32, 0);
	p = dma_pool_alloc(pool, GFP_KERNEL, &bus);
	for (int i = 0; i < 32; i++)
		assert_int_equal(p[i], POOL_FRESH_BYTE);
	p[31] = 0x5a;
	assert_int_equal(dmasim_device_read(dev, bus + 31, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
	dma_pool_free(pool, p, bus);
	for (int i = 0; i < 32; i++)
		assert_int_equal(p[i], POOL_FREED_BYTE);
	assert_ptr_equal(dma_pool_alloc(pool, GFP_KERNEL | __GFP_ZERO, &again), p); /* last freed, first out */
	assert_int_equal(again, bus);
	for (int i = 0; i < 32; i++)
		assert_int_equal(p[i], 0);
	dma_pool_free(pool, p, bus);
	dma_pool_destroy(pool);
	end(0);
}

static void freed_blocks_rest(void **state)
{
	struct dma_pool *pool;
	dma_addr_t bus[8];
	void *p[8];

	(void)state;
	begin("pc,quarantine=2");
	pool = dma_pool_create("p", dev, 64, 64, 0);
	for (int i = 0; i < 4; i++)
		p[i] = dma_pool_alloc(pool, GFP_KERNEL, &bus[i]);
	for (int i = 0; i < 4; i++)
		dma_pool_free(pool, p[i], bus[i]);
	assert_int_equal(pool->resting, 2);
	pool_check(pool);
	assert_ptr_equal(dma_pool_alloc(pool, GFP_KERNEL, &bus[4]), p[1]); /* 2 and 3 rest */
	dma_pool_free(pool, p[1], bus[4]);
	dma_pool_destroy(pool);
	end(0);
}

/* ---- failure ---- */

static void calls_can_be_made_to_fail(void **state)
{
	struct dma_pool *pool;
	dma_addr_t bus;
	void *p;

	(void)state;
	begin("pc");
	dmasim_fail_call("dma_pool_create", 1);
	assert_null(dma_pool_create("p", dev, 64, 0, 0));
	dmasim_fail_call("dmam_pool_create", 1);
	assert_null(dmam_pool_create("p", dev, 64, 0, 0));
	pool = dma_pool_create_node("p", dev, 64, 0, 0, 0);
	assert_non_null(pool);
	dmasim_fail_call("dma_pool_alloc", 2);
	p = dma_pool_alloc(pool, GFP_KERNEL, &bus);
	assert_non_null(p);
	assert_null(dma_pool_zalloc(pool, GFP_KERNEL, &bus)); /* is a dma_pool_alloc() too */
	dmasim_fail_call("dma_pool_zalloc", 1);
	assert_null(dma_pool_zalloc(pool, GFP_KERNEL, &bus));
	dma_pool_free(pool, p, bus);
	dma_pool_destroy(pool);
	end(0);
}

static void no_memory_is_null(void **state)
{
	struct dma_pool *pool, *huge;
	static dma_addr_t bus[4096];
	static void *p[4096];
	unsigned int n = 0;

	(void)state;
	begin("pc,ram=8M,dma_zone=off");
	pool = dma_pool_create("p", dev, 4096, 0, 0);
	while (n < 4096 && (p[n] = dma_pool_alloc(pool, GFP_KERNEL, &bus[n])))
		n++;
	assert_in_range(n, 100, 2048);
	for (unsigned int i = 0; i < n; i++)
		dma_pool_free(pool, p[i], bus[i]);
	dma_pool_destroy(pool);
	huge = dma_pool_create("huge", dev, INT_MAX, 0, 0);
	assert_non_null(huge);
	assert_null(dma_pool_alloc(huge, GFP_KERNEL, &bus[0]));
	dma_pool_destroy(huge);
	end(0);
}

/* ---- wrong frees free nothing wrong ---- */

static void wrong_frees_are_harmless(void **state)
{
	struct dma_pool *one, *two;
	dma_addr_t a, b, c;
	void *pa, *pb, *pc;

	(void)state;
	begin("pc");
	one = dma_pool_create("one", dev, 64, 64, 0);
	two = dma_pool_create("two", dev, 64, 64, 0);
	pa = dma_pool_alloc(one, GFP_KERNEL, &a);
	pb = dma_pool_alloc(one, GFP_KERNEL, &b);
	pc = dma_pool_alloc(two, GFP_KERNEL, &c);
	dma_pool_free(one, pa, c); /* the pointer counts */
	assert_int_equal(one->live, 1);
	assert_int_equal(two->live, 1);
	dma_pool_free(one, NULL, b); /* where it says nothing, the handle */
	assert_int_equal(one->live, 0);
	dma_pool_free(one, pc, c); /* goes home */
	assert_int_equal(two->live, 0);
	dma_pool_free(one, pb, 0xdead000);
	dma_pool_free(one, &state, 16);
	dma_pool_free((struct dma_pool *)(void *)&state, pb, b);
	dma_pool_free((struct dma_pool *)(void *)((char *)one + 8), pb, b);
	pool_check(one);
	pool_check(two);
	assert_int_equal(dmasim_violation_count_of("pool-wrong-pool"), 3);
	assert_int_equal(dmasim_violation_count_of("pool-double-free"), 1);
	assert_int_equal(dmasim_violation_count_of("pool-free-unknown"), 1);
	assert_int_equal(dmasim_violation_count_of("pool-use-after-destroy"), 2);
	dmasim_violations_clear();
	dma_pool_destroy(one);
	dma_pool_destroy(two);
	end(0);
}

/* The same without any checks: nothing is said, and nothing wrong freed. */
static void unchecked_too(void **state)
{
	struct dma_pool *pool;
	dma_addr_t a;
	void *p;

	(void)state;
	begin("worst,checks=off");
	pool = dma_pool_create("p", dev, 60, 64, 0);
	p = dma_pool_alloc(pool, GFP_KERNEL, &a);
	dma_pool_free(pool, p, a + 64);
	dma_pool_free(pool, p, a);
	dma_pool_free(pool, p, a);
	pool_check(pool);
	dma_pool_destroy(pool);
	dma_pool_destroy(pool);
	assert_null(dma_pool_alloc(pool, GFP_KERNEL, &a));
	end(0);
}

static void a_device_may_go_first(void **state)
{
	struct dma_pool *pool;
	dma_addr_t a;
	void *p;

	(void)state;
	begin("pc");
	pool = dma_pool_create("p", dev, 64, 64, 0);
	p = dma_pool_alloc(pool, GFP_KERNEL, &a);
	dmasim_device_destroy(dev);
	assert_int_equal(dmasim_violation_count_of("pool-leak"), 1);
	dma_pool_free(pool, p, a); /* consequences */
	assert_null(dma_pool_alloc(pool, GFP_KERNEL, &a));
	dma_pool_destroy(pool);
	end(1);
}

/* Blocks that outlive their pool may come back, while others rest in quarantine or are gone with their page. */
static void blocks_may_outlive_the_pool(void **state)
{
	struct dma_pool *pool;
	dma_addr_t bus[130];
	void *p[130];

	(void)state;
	begin("worst,quarantine=20");
	pool = dma_pool_create("p", dev, 64, 64, 0);
	for (int i = 0; i < 130; i++)
		p[i] = dma_pool_alloc(pool, GFP_KERNEL, &bus[i]);
	for (int i = 10; i < 130; i++)
		dma_pool_free(pool, p[i], bus[i]);
	dma_pool_destroy(pool);
	assert_int_equal(dmasim_violation_count_of("pool-busy-at-destroy"), 1);
	for (int i = 0; i < 10; i++)
		dma_pool_free(pool, p[i], bus[i]);
	end(1);
}

/* A device that runs over the last block's end is told once, however long the bytes lie there. */
static void damage_is_told_once(void **state)
{
	static const char *const presets[] = {"pc", "worst,quarantine=0,isolate=off"};
	uint8_t data[160] = {0};
	struct dma_pool *pool;
	dma_addr_t bus[42];
	void *p[42];

	(void)state;
	for (int k = 0; k < 2; k++) {
		begin(presets[k]);
		pool = dma_pool_create("p", dev, 96, 32, 0); /* 64 bytes remain at the end of the page */
		assert_int_equal(pool->per_page, 42);
		for (int i = 0; i < 42; i++)
			p[i] = dma_pool_alloc(pool, GFP_KERNEL, &bus[i]);
		assert_int_equal(bus[41] % 4096, 41 * 96);
		dmasim_device_write(dev, bus[41], data, sizeof(data));
		assert_int_equal(dmasim_violation_count_of("device-out-of-bounds"), 1);
		dma_pool_free(pool, p[41], bus[41]);
		p[41] = dma_pool_alloc(pool, GFP_KERNEL, &bus[41]);
		for (int i = 0; i < 42; i++)
			dma_pool_free(pool, p[i], bus[i]);
		dma_pool_destroy(pool);
		end(1);
	}
}

/* ---- statistics ---- */

static void statistics(void **state)
{
	struct dma_pool *pool, *other;
	dma_addr_t bus[70], c;
	char text[512];
	void *p[70], *q;
	size_t n;

	(void)state;
	begin("pc");
	pool = dma_pool_create("descriptors", dev, 60, 64, 0);
	other = dma_pool_create("a name of more than sixteen", dev, 2048, 0, 0);
	for (int i = 0; i < 70; i++)
		p[i] = dma_pool_alloc(pool, GFP_KERNEL, &bus[i]);
	q = dma_pool_alloc(other, GFP_KERNEL, &c);
	n = dmasim_dump_pools(dev, text, sizeof(text));
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "poolinfo - 0.1\n"
				  "descriptors        70  128   64  2\n"
				  "a name of more than sixteen    1    2 2048  1\n");
	assert_int_equal(dmasim_dump_pools(NULL, NULL, 0), n);
	assert_int_equal(dmasim_dump_pools(dev, text, 5), n);
	assert_string_equal(text, "pool");
	for (int i = 0; i < 70; i++)
		dma_pool_free(pool, p[i], bus[i]);
	dma_pool_free(other, q, c);
	dma_pool_destroy(pool);
	dma_pool_destroy(other);
	end(0);
}

/* ---- the oracle ---- */

#define MODEL 600

struct model {
	struct dma_pool *pool;
	uint8_t *p;
	dma_addr_t bus;
	size_t size;
	uint8_t value; /* all its bytes */
};

static uint64_t state_of_chance;

static unsigned int below(unsigned int n)
{
	state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)((state_of_chance >> 33) % n);
}

static void life(const char *spec, uint64_t seed)
{
	static struct model live[MODEL];
	struct dma_pool *pools[4] = {NULL};
	size_t sizes[4], aligns[4], bounds[4];
	unsigned int n = 0;

	state_of_chance = seed;
	begin(spec);
	for (int step = 0; step < 6000; step++) {
		unsigned int k = below(4), what = below(100);

		if (!pools[k]) {
			sizes[k] = below(8) ? 1 + below(300) : 1 + below(9000);
			aligns[k] = (size_t)1 << below(9);
			bounds[k] = below(2) ? 0 : (size_t)1 << below(14);
			pools[k] = dma_pool_create("p", dev, sizes[k], aligns[k], bounds[k]);
		} else if (what < 55 && n < MODEL) {
			struct model *b = &live[n];

			b->p = below(2) ? dma_pool_alloc(pools[k], GFP_ATOMIC, &b->bus)
					: dma_pool_zalloc(pools[k], GFP_ATOMIC, &b->bus);
			assert_non_null(b->p);
			b->pool = pools[k];
			b->size = sizes[k];
			b->value = (uint8_t)below(256);
			assert_int_equal(b->bus % aligns[k], 0);
			if (bounds[k])
				assert_int_equal(b->bus / bounds[k], (b->bus + b->size - 1) / bounds[k]);
			for (unsigned int i = 0; i < n; i++)
				assert_true(b->bus + b->size <= live[i].bus || live[i].bus + live[i].size <= b->bus);
			memset(b->p, b->value, b->size);
			n++;
		} else if (what < 95 && n) {
			unsigned int i = below(n);
			uint8_t byte = (uint8_t)~live[i].value;
			size_t at = below((unsigned int)live[i].size);

			assert_int_equal(dmasim_device_read(dev, live[i].bus + at, &byte, 1), 0);
			assert_int_equal(byte, live[i].value);
			for (size_t b = 0; b < live[i].size; b++)
				assert_int_equal(live[i].p[b], live[i].value);
			dma_pool_free(live[i].pool, live[i].p, live[i].bus);
			live[i] = live[--n];
		} else if (what >= 97) {
			for (unsigned int i = n; i-- > 0;)
				if (live[i].pool == pools[k]) {
					dma_pool_free(live[i].pool, live[i].p, live[i].bus);
					live[i] = live[--n];
				}
			pool_check(pools[k]);
			dma_pool_destroy(pools[k]);
			pools[k] = NULL;
		}
		if (step % 64 == 0)
			for (unsigned int i = 0; i < 4; i++)
				if (pools[i])
					pool_check(pools[i]);
	}
	while (n-- > 0)
		dma_pool_free(live[n].pool, live[n].p, live[n].bus);
	for (unsigned int i = 0; i < 4; i++)
		dma_pool_destroy(pools[i]);
	end(0);
}

static void random_lives(void **state)
{
	static const char *const specs[] = {
		"pc", "worst", "pc,pool_quirk=on,poison=on", "worst,pool_redzone=on,quarantine=7", "pc,checks=off",
	};
	const char *seed = getenv("DMASIM_TEST_SEED");
	uint64_t s = seed ? strtoull(seed, NULL, 0) : 1;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)s);
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++)
		for (uint64_t k = 0; k < 3; k++)
			life(specs[i], s * 100 + k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_the_kernels),
		cmocka_unit_test(every_block_of_a_page_is_used),
		cmocka_unit_test(the_quirk_wastes_the_last_block),
		cmocka_unit_test(capacity_is_the_kernels),
		cmocka_unit_test(red_zones_on_demand),
		cmocka_unit_test(contents),
		cmocka_unit_test(freed_blocks_rest),
		cmocka_unit_test(calls_can_be_made_to_fail),
		cmocka_unit_test(no_memory_is_null),
		cmocka_unit_test(wrong_frees_are_harmless),
		cmocka_unit_test(unchecked_too),
		cmocka_unit_test(a_device_may_go_first),
		cmocka_unit_test(blocks_may_outlive_the_pool),
		cmocka_unit_test(damage_is_told_once),
		cmocka_unit_test(statistics),
		cmocka_unit_test(random_lives),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
