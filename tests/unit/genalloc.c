// SPDX-License-Identifier: MIT
/* gen_pool: against a naive model, each algorithm, and everything it may be called with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include "lib/mm/internal.h"
#include "tests/unit/dma_fixture.h"

#define UNITS 96
#define BASE  0x10000UL

static genpool_algo_t const algos[] = {gen_pool_first_fit, gen_pool_best_fit, gen_pool_first_fit_order_align};

/* One byte a unit: 0, or the number of the allocation that has it. */
static void random_against_model(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 12; seed++) {
		uint8_t model[UNITS] = {0};
		struct {
			unsigned long addr;
			size_t size;
		} held[200] = {{0, 0}};
		struct gen_pool *pool;
		size_t used = 0;

		begin("pc");
		srand(seed);
		pool = gen_pool_create(5, -1);
		assert_int_equal(gen_pool_add_virt(pool, BASE, 0x80000, UNITS * 32, -1), 0);
		gen_pool_set_algo(pool, algos[seed % 3], NULL);
		for (int i = 0; i < 4000; i++) {
			int k = 1 + rand() % 199;

			if (held[k].size) {
				size_t nr = (held[k].size + 31) / 32;

				gen_pool_free(pool, held[k].addr, held[k].size);
				for (size_t u = 0; u < nr; u++)
					model[(held[k].addr - BASE) / 32 + u] = 0;
				used -= nr * 32;
				held[k].size = 0;
			} else {
				size_t size = 1 + (size_t)rand() % 400, nr = (size + 31) / 32;
				unsigned long addr = gen_pool_alloc(pool, size), first, run = 0, step = 1;

				while (seed % 3 == 2 && step < nr)
					step *= 2;
				for (first = 0; first < UNITS && run < nr; first++) {
					run = model[first] || (!run && first % step) ? 0 : run + 1;
					if (run == nr)
						break;
				}
				assert_int_equal(addr != 0, run == nr);
				if (!addr)
					continue;
				if (seed % 3 != 1)
					assert_int_equal(addr, BASE + (first - nr + 1) * 32);
				assert_int_equal(gen_pool_virt_to_phys(pool, addr), addr - BASE + 0x80000);
				for (size_t u = 0; u < nr; u++) {
					assert_int_equal(model[(addr - BASE) / 32 + u], 0);
					model[(addr - BASE) / 32 + u] = (uint8_t)k;
				}
				used += nr * 32;
				held[k].addr = addr;
				held[k].size = size;
			}
			assert_int_equal(gen_pool_avail(pool), UNITS * 32 - used);
			mm_check(m);
		}
		for (int k = 0; k < 200; k++)
			if (held[k].size)
				gen_pool_free(pool, held[k].addr, held[k].size);
		gen_pool_destroy(pool);
		end(0);
	}
}

static void algorithms(void **state)
{
	struct genpool_data_fixed fixed = {.offset = 0x400};
	struct genpool_data_align align = {.align = 0x1000};
	struct gen_pool *pool;
	unsigned long hole, big;
	dma_addr_t dma;

	(void)state;
	begin("pc");
	pool = gen_pool_create(8, -1);
	assert_int_equal(gen_pool_add_virt(pool, 0x20100, 0x500, 0x8000, -1), 0);
	assert_int_equal(gen_pool_alloc_algo(pool, 0x100, gen_pool_fixed_alloc, &fixed), 0x20500);
	assert_int_equal(gen_pool_alloc_algo(pool, 0x100, gen_pool_fixed_alloc, &fixed), 0);
	/* Addresses are aligned, whatever the chunk's start is. */
	assert_int_equal(gen_pool_alloc_algo(pool, 1, gen_pool_first_fit_align, &align), 0x21000);
	assert_ptr_equal(gen_pool_dma_alloc_align(pool, 0x200, &dma, 0x1000), (void *)0x22000);
	assert_int_equal(dma, 0x22000 - 0x20100 + 0x500);
	assert_null(gen_pool_dma_alloc_align(pool, 0x200, &dma, 3));
	/* Best fit takes the one-unit hole, not the large one in front of it. */
	big = gen_pool_alloc(pool, 0x300);
	hole = gen_pool_alloc(pool, 0x100);
	assert_true(big && hole);
	gen_pool_free(pool, 0x20500, 0x100);
	assert_int_equal(gen_pool_alloc_algo(pool, 0x100, gen_pool_best_fit, NULL), 0x20500);
	assert_true(gen_pool_has_addr(pool, 0x20100, 0x8000));
	assert_false(gen_pool_has_addr(pool, 0x20100, 0x8001));
	assert_false(gen_pool_has_addr(pool, 0x20100, 0));
	assert_int_equal(gen_pool_size(pool), 0x8000);
	dmasim_violations_clear();
	gen_pool_destroy(pool);
	assert_int_equal(dmasim_violation_count_of("pool-busy-at-destroy"), 1);
	end(1);
}

static unsigned long mad(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr, void *data,
			 struct gen_pool *pool, unsigned long start_addr)
{
	(void)map;
	(void)size;
	(void)start;
	(void)nr;
	(void)pool;
	(void)start_addr;
	return (unsigned long)data;
}

static void bad_calls(void **state)
{
	struct gen_pool *pool;
	unsigned long a;
	void *owner;

	(void)state;
	begin("pc");
	assert_null(gen_pool_create(-1, -1));
	assert_null(gen_pool_create(64, -1));
	pool = gen_pool_create(4, -1);
	assert_int_equal(gen_pool_alloc(pool, 16), 0);
	assert_int_equal(gen_pool_add(pool, 0x1000, 0, -1), -EINVAL);
	assert_int_equal(gen_pool_add(pool, 0x1000, 15, -1), -EINVAL);
	assert_int_equal(gen_pool_add(pool, ~0UL - 64, 4096, -1), -EINVAL);
	assert_int_equal(gen_pool_add_owner(pool, 0x1000, 0, 256, -1, dev), 0);
	assert_int_equal(gen_pool_alloc(pool, 0), 0);
	assert_int_equal(gen_pool_alloc(pool, SIZE_MAX), 0);
	assert_int_equal(gen_pool_alloc_algo(pool, 32, mad, (void *)15), 0);
	assert_int_equal(gen_pool_alloc_algo(pool, 32, mad, (void *)~0UL), 0);
	a = gen_pool_alloc_owner(pool, 32, &owner);
	assert_int_equal(a, 0x1000);
	assert_ptr_equal(owner, dev);
	assert_int_equal(gen_pool_alloc_algo(pool, 32, mad, (void *)1), 0);
	gen_pool_free(pool, 0x5000, 16);
	gen_pool_free(pool, a + 1, 16);
	gen_pool_free(pool, a, 0);
	gen_pool_free(pool, a, SIZE_MAX);
	gen_pool_free(pool, a, 4096);
	assert_int_equal(dmasim_violation_count_of("invalid-free"), 5);
	gen_pool_free(pool, a, 48);
	assert_int_equal(dmasim_violation_count_of("double-free"), 1);
	gen_pool_free(pool, a, 32);
	gen_pool_free(pool, a, 32);
	assert_int_equal(dmasim_violation_count_of("double-free"), 2);
	assert_int_equal(gen_pool_virt_to_phys(pool, 0x5000), -1);
	gen_pool_destroy(NULL);
	gen_pool_destroy(pool);
	dmasim_violations_clear();
	gen_pool_destroy(pool);
	assert_int_equal(gen_pool_alloc(pool, 1), 0);
	assert_int_equal(gen_pool_avail((struct gen_pool *)dev), 0);
	assert_true(dmasim_violation_count() >= 2); /* no pools any more */
	dmasim_violations_clear();
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

static void managed_and_injected(void **state)
{
	struct gen_pool *pool;
	phys_addr_t phys;
	dma_addr_t dma;
	uint8_t *p;

	(void)state;
	begin("worst");
	assert_int_equal(dmasim_fail_call("gen_pool_create", 1), 0);
	assert_true(IS_ERR(devm_gen_pool_create(dev, 6, -1, "sram")));
	pool = devm_gen_pool_create(dev, 6, -1, "sram");
	assert_false(IS_ERR_OR_NULL(pool));
	assert_ptr_equal(gen_pool_get(dev, "sram"), pool);
	assert_null(gen_pool_get(dev, "other"));
	assert_int_equal(PTR_ERR(devm_gen_pool_create(dev, 6, -1, "sram")), -EINVAL);
	assert_int_equal(dmasim_reserve_ram(8192, &phys), 0);
	p = sim_phys_to_virt(m->hw, phys);
	memset(p, 0x55, 8192);
	assert_int_equal(dmasim_fail_call("gen_pool_add", 1), 0);
	assert_int_equal(gen_pool_add_virt(pool, (unsigned long)p, phys, 8192, -1), -ENOMEM);
	assert_int_equal(gen_pool_add_virt(pool, (unsigned long)p, phys, 8192, -1), 0);
	assert_int_equal(dmasim_fail_call("gen_pool_dma_alloc", 1), 0);
	assert_null(gen_pool_dma_zalloc(pool, 100, &dma));
	p = gen_pool_dma_zalloc(pool, 5000, &dma);
	assert_non_null(p);
	assert_int_equal(dma, phys);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(p[5000], 0x55);
	gen_pool_free(pool, (unsigned long)p, 5000);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_against_model),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(bad_calls),
		cmocka_unit_test(managed_and_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
