// SPDX-License-Identifier: MIT
/* Arena, RAM and host copies: windows, what is kept between machines, limits, processes and threads. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sim/valgrind.h"
#include "tests/unit/sim_test.h"

/* Run fn in a child, so that limits and faults stay there: its exit status, or -signal. */
static int in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- little address space; before anything reserved the arena ---- */

static void limit_address_space(rlim_t bytes)
{
	struct rlimit limit = {bytes, bytes};
	void *p;

	setrlimit(RLIMIT_AS, &limit);
	p = mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		_exit(0); /* a sanitizer or Valgrind has taken more than that for itself */
	munmap(p, 64 << 20);
}

static void too_little_address_space(void)
{
	limit_address_space(512 << 20);
	if (sim_machine_create("worst"))
		_exit(1);
	if (errno != ENOMEM || !strstr(dmasim_last_error(), "ulimit -v"))
		_exit(2);
}

static void little_address_space(void)
{
	struct sim_machine *a, *b;

	limit_address_space(6UL << 30);
	a = sim_machine_create("worst");
	b = sim_machine_create("pc");
	if (!a || !b || sim_arena.size > 4UL << 30)
		_exit(1);
	sim_machine_destroy(a);
	sim_machine_destroy(b);
	/* What is kept makes room for what is needed. */
	a = sim_machine_create("pc,ram=1G");
	if (!a)
		_exit(2);
	sim_machine_destroy(a);
	if (sim_machine_create("pc,ram=64G") || errno != ENOMEM)
		_exit(3);
}

static void address_space_is_taken_as_there_is(void **state)
{
	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip(); /* its own memory counts against the limit, and it does not bear refusals */
	assert_int_equal(in_child(too_little_address_space), 0);
	assert_int_equal(in_child(little_address_space), 0);
}

/* ---- windows ---- */

static void windows_are_found_by_address(void **state)
{
	struct sim_machine *a = test_machine("worst"), *b = test_machine("pc");
	char *p = sim_phys_to_virt(a, 0x40001000);
	phys_addr_t phys;
	enum sim_region_kind kind;
	int local;

	(void)state;
	assert_ptr_equal(sim_region_of(p)->machine, a);
	assert_int_equal(sim_region_of(p)->kind, REGION_LINEAR);
	assert_true(sim_virt_to_phys(a, p + 5, &phys, &kind));
	assert_int_equal(phys, 0x40001005);
	assert_int_equal(kind, REGION_LINEAR);
	assert_true(sim_virt_to_phys(a, sim_phys_to_uncached(a, 0x40001000), &phys, &kind));
	assert_int_equal(phys, 0x40001000);
	assert_int_equal(kind, REGION_UNCACHED);
	assert_false(sim_virt_to_phys(b, p, &phys, NULL));
	assert_false(sim_virt_to_phys(a, &local, &phys, NULL));
	assert_false(sim_virt_to_phys(a, NULL, &phys, NULL));
	assert_null(sim_region_of(NULL));
	assert_null(sim_region_of((void *)-1));
	assert_null(sim_region_of(&local));
	assert_ptr_equal(sim_region_of(sim_mmio_cookie(b, 0xe0000000))->machine, b);
	/* one alias or none */
	assert_ptr_equal(sim_phys_to_uncached(b, 0x200000), sim_phys_to_virt(b, 0x200000));
	/* holes are no RAM */
	assert_null(sim_phys_to_virt(b, 0xa0000));
	assert_null(sim_phys_to_virt(b, 0));
	assert_null(sim_phys_to_uncached(a, 0x50000000));
	assert_false(sim_virt_to_phys(b, (void *)(b->ram.linear.start + 0xa0000), &phys, NULL));
	sim_machine_check(a);
	sim_machine_check(b);
	sim_machine_destroy(a);
	assert_null(sim_region_of(p)); /* kept for later, but nobody's */
	sim_machine_destroy(b);
	sim_arena_check();
}

static void all_views_show_the_same_bytes(void **state)
{
	struct sim_machine *m = test_machine("worst");
	uint8_t *linear = sim_phys_to_virt(m, 0x40123456), *uncached = sim_phys_to_uncached(m, 0x40123456);

	(void)state;
	sim_ram_touch(m, 0x40123456, 1);
	*linear = 1;
	assert_int_equal(*uncached, 1);
	*(uint8_t *)sim_ram_ptr(m, 0x40123456) = 2;
	assert_int_equal(*(volatile uint8_t *)linear, 2);
	sim_machine_destroy(m);
}

static void banks_that_touch_are_one(void **state)
{
	struct sim_machine *m = test_machine("pc,bank=16M:1M,bank=17M:1M,bank=19M:1M");

	(void)state;
	assert_true(sim_ram_contains(m, 16 << 20, 2 << 20));
	assert_true(sim_ram_contains(m, (17 << 20) - 1, 2));
	assert_false(sim_ram_contains(m, (17 << 20) - 1, (1 << 20) + 2));
	assert_false(sim_ram_contains(m, (16 << 20) - 1, 2));
	assert_false(sim_ram_contains(m, 18 << 20, 1));
	assert_true(sim_ram_contains(m, 19 << 20, 1 << 20));
	assert_false(sim_ram_contains(m, 19 << 20, (1 << 20) + 1));
	assert_false(sim_ram_contains(m, 19 << 20, UINT64_MAX));
	assert_false(sim_ram_contains(m, UINT64_MAX, 2));
	sim_machine_destroy(m);
}

static struct sim_machine *victim;

static void touch_hole(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)(victim->ram.linear.start + 0xa0000) = 1;
}

static void touch_cookie(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)sim_mmio_cookie(victim, 0xe0000000) = 1;
}

static void touch_inherited(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)sim_phys_to_virt(victim, 0x100000) = 1;
}

static void holes_cookies_and_inherited_windows_fault(void **state)
{
	(void)state;
	victim = test_machine("pc");
	assert_int_not_equal(in_child(touch_hole), 0);
	assert_int_not_equal(in_child(touch_cookie), 0);
	assert_int_not_equal(in_child(touch_inherited), 0);
	assert_int_equal(*(char *)sim_phys_to_virt(victim, 0x100000), 0);
	sim_machine_destroy(victim);
}

/* Random windows against a plain map of granules. */
static void windows_against_a_model(void **state)
{
	enum { WINDOWS = 24 };
	struct sim_region regions[WINDOWS] = {{.kind = REGION_NONE}};
	struct sim_machine *m = test_machine("pc");
	uint64_t random = test_seed();

	(void)state;
	for (int step = 0; step < 2000; step++) {
		struct sim_region *r = &regions[test_below(&random, WINDOWS)];

		if (r->kind != REGION_NONE) {
			sim_region_give(r);
			assert_int_equal(r->kind, REGION_NONE);
		} else {
			size_t size = 1 + test_below(&random, 3UL << SIM_GRANULE_SHIFT);

			assert_int_equal(sim_region_take(r, REGION_IOMEM, m, size), 0);
			assert_int_equal(r->start % (1UL << SIM_GRANULE_SHIFT), 0);
		}
		for (int i = 0; i < WINDOWS; i++) {
			const struct sim_region *found;

			if (regions[i].kind == REGION_NONE)
				continue;
			found = sim_region_of((void *)(regions[i].start + regions[i].size - 1));
			assert_non_null(found);
			assert_int_equal(found->start, regions[i].start);
			assert_int_equal(found->size, regions[i].size);
			found = sim_region_of((void *)(regions[i].start + regions[i].size));
			assert_true(!found || found->start != regions[i].start);
		}
	}
	sim_arena_check();
	for (int i = 0; i < WINDOWS; i++)
		sim_region_give(&regions[i]);
	assert_int_equal(sim_region_take(&regions[0], REGION_IOMEM, m, 0), -EINVAL);
	assert_int_equal(sim_region_take(&regions[0], REGION_IOMEM, m, SIZE_MAX), -ENOMEM);
	assert_int_equal(sim_region_take(&regions[0], REGION_IOMEM, m, sim_arena.size), -ENOMEM);
	sim_machine_destroy(m);
}

/* ---- kept memory ---- */

static void kept_memory_is_clean(void **state)
{
	uint64_t random = test_seed();

	(void)state;
	sim_ram_pool_drain();
	for (int life = 0; life < 50; life++) {
		struct sim_machine *m = test_machine("worst,ram=8M");

		for (int i = 0; i < 20; i++) {
			phys_addr_t phys = 0x40000000 + test_below(&random, (8 << 20) - 9000);
			uint64_t n = 1 + test_below(&random, 9000);
			uint8_t *p = sim_ram_ptr(m, phys);

			/* what no machine of this life touched reads as zero */
			if (sim_ram_touched(m) == 0) {
				sim_ram_touch(m, phys, n);
				for (uint64_t b = 0; b < n; b++)
					assert_int_equal(p[b], 0);
			}
			assert_true(sim_ram_charge(m, phys, n));
			memset(p, 0xff, n);
		}
		sim_machine_check(m);
		sim_machine_destroy(m);
	}
}

static void a_stray_write_is_not_inherited(void **state)
{
	struct sim_machine *m;

	(void)state;
	sim_ram_pool_drain();
	m = test_machine("worst");
	*(volatile char *)sim_phys_to_virt(m, 0x48000000) = 1; /* nobody was told */
	sim_machine_destroy(m);
	assert_int_equal(sim_ram_pool_drain(), 0); /* not kept */
	m = test_machine("worst");
	assert_int_equal(*(char *)sim_phys_to_virt(m, 0x48000000), 0);
	sim_machine_destroy(m);
}

static void much_touched_memory_is_not_kept(void **state)
{
	struct sim_machine *m;

	(void)state;
	sim_ram_pool_drain();
	m = test_machine("pc");
	assert_true(sim_ram_charge(m, 1 << 20, 64 << 20));
	sim_machine_destroy(m);
	assert_int_equal(sim_ram_pool_drain(), 0);
	sim_machine_destroy(test_machine("pc"));
	assert_int_equal(sim_ram_pool_drain(), 1);
}

static void the_pool_is_bounded(void **state)
{
	struct sim_machine *m[8];

	(void)state;
	sim_ram_pool_drain();
	for (int i = 0; i < 8; i++)
		m[i] = test_machine(i % 2 ? "pc" : "worst");
	for (int i = 0; i < 8; i++)
		sim_machine_destroy(m[i]);
	assert_int_equal(sim_ram_pool_drain(), 4);
}

static void the_same_layout_gets_the_same_addresses(void **state)
{
	struct sim_machine *m = test_machine("worst");
	uintptr_t first = m->ram.linear.start;

	(void)state;
	sim_machine_destroy(m);
	m = test_machine("worst,seed=9");
	assert_int_equal(m->ram.linear.start, first);
	sim_machine_destroy(m);
}

/* ---- limits ---- */

static void host_limit_is_charged_by_page(void **state)
{
	struct sim_machine *m = test_machine("pc,host_limit=1M");

	(void)state;
	for (int life = 0; life < 2; life++) { /* kept pages are charged again */
		assert_true(sim_ram_charge(m, 0x100000, 1));
		assert_true(sim_ram_charge(m, 0x100000, 4096));
		assert_int_equal(sim_ram_touched(m), 1);
		assert_true(sim_ram_charge(m, 0x100fff, 2));
		assert_int_equal(sim_ram_touched(m), 2);
		assert_false(sim_ram_charge(m, 0x100000, (1 << 20) + 1));
		assert_int_equal(sim_ram_touched(m), 2); /* nothing changed */
		assert_true(sim_ram_charge(m, 0x100000, 1 << 20));
		assert_false(sim_ram_charge(m, 0x200000, 1));
		assert_true(sim_ram_charge(m, 0x1fffff, 1));
		assert_true(sim_ram_charge(m, 0, 0));
		assert_true(sim_ram_charge(m, UINT64_MAX, UINT64_MAX)); /* not RAM: costs nothing */
		memset(sim_ram_ptr(m, 0x100000), 1, 1 << 20);
		sim_machine_check(m);
		sim_machine_destroy(m);
		m = test_machine("pc,host_limit=1M");
	}
	sim_machine_destroy(m);
}

static void a_huge_machine_costs_what_it_touches(void **state)
{
	struct sim_machine *m;

	(void)state;
	m = sim_machine_create("pc,ram=64G");
	if (!m) {
		print_message("skipped: %s\n", dmasim_last_error()); /* little address space, as under Valgrind */
		return;
	}
	assert_true(sim_ram_contains(m, 64ULL << 30, 1 << 30));
	assert_true(sim_ram_charge(m, 64ULL << 30, 4096));
	memset(sim_ram_ptr(m, 64ULL << 30), 7, 4096);
	assert_int_equal(*(char *)sim_phys_to_virt(m, (64ULL << 30) + 4095), 7);
	sim_machine_destroy(m);
}

static void no_descriptors(void)
{
	struct rlimit limit = {0, 0};

	sim_ram_pool_drain();
	setrlimit(RLIMIT_NOFILE, &limit);
	if (sim_machine_create("worst"))
		_exit(1);
	if (errno != EAGAIN || !strstr(dmasim_last_error(), "no memfd"))
		_exit(2);
}

static void small_files(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	signal(SIGXFSZ, SIG_IGN);
	sim_ram_pool_drain();
	setrlimit(RLIMIT_FSIZE, &limit);
	if (sim_machine_create("worst"))
		_exit(1);
	if (errno != ENOMEM || !strstr(dmasim_last_error(), "ulimit -f"))
		_exit(2);
}

static void fresh_in_child(void)
{
	struct sim_machine *m = sim_machine_create("worst");

	if (!m)
		_exit(1);
	if (!sim_ram_charge(m, 0x40000000, 4096))
		_exit(2);
	*(char *)sim_phys_to_virt(m, 0x40000000) = 1;
	sim_machine_check(m);
	sim_machine_destroy(m);
	m = sim_machine_create("worst");
	if (*(char *)sim_phys_to_virt(m, 0x40000000))
		_exit(3);
	sim_machine_destroy(m);
}

static void limits_are_explained(void **state)
{
	(void)state;
	if (!RUNNING_ON_VALGRIND) /* whose own limit on descriptors is another */
		assert_int_equal(in_child(no_descriptors), 0);
	assert_int_equal(in_child(small_files), 0);
}

static void a_forked_child_makes_its_own(void **state)
{
	struct sim_machine *m = test_machine("worst");

	(void)state;
	sim_machine_destroy(test_machine("pc"));
	assert_int_equal(in_child(fresh_in_child), 0);
	sim_ram_touch(m, 0x40000000, 1);
	assert_int_equal(*(char *)sim_phys_to_virt(m, 0x40000000), 0);
	sim_machine_destroy(m);
}

static void too_much_ram_is_explained(void **state)
{
	(void)state;
	assert_null(sim_machine_create("worst,bank=0:60T"));
	assert_int_equal(errno, ENOMEM);
	assert_non_null(strstr(dmasim_last_error(), "no room for a window"));
}

/* ---- threads ---- */

static void *live_in_thread(void *arg)
{
	for (int i = 0; i < 100; i++) {
		struct sim_machine *m = sim_machine_create(i & 1 ? "pc,ram=8M" : "worst,ram=4M");
		phys_addr_t phys;

		if (!m)
			return "create";
		phys = m->cfg.banks[m->cfg.nr_banks - 1].base;
		if (sim_region_of(sim_phys_to_virt(m, phys))->machine != m)
			return "region";
		if (*(char *)sim_ram_ptr(m, phys))
			return "not clean";
		sim_ram_touch(m, phys, 4096);
		memset(sim_phys_to_virt(m, phys), 1 + *(int *)arg, 4096);
		sim_advance(m, 1);
		if (*(char *)sim_ram_ptr(m, phys) != 1 + *(int *)arg)
			return "shared";
		sim_machine_destroy(m);
	}
	return NULL;
}

static void machines_in_threads(void **state)
{
	pthread_t threads[4];
	int number[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		number[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, live_in_thread, &number[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		if (wrong)
			fail_msg("%s", (char *)wrong);
	}
	sim_arena_check();
}

/* ---- host memory ---- */

static void host_copies_stop_at_what_is_not_there(void **state)
{
	uint8_t *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), buf[8192];

	(void)state;
	assert_true(p != MAP_FAILED);
	memset(buf, 0, sizeof(buf));
	memset(p, 7, 3 * 4096);
	assert_int_equal(mprotect(p + 4096, 4096, PROT_READ), 0);
	assert_int_equal(munmap(p + 8192, 4096), 0);
	assert_int_equal(sim_host_read(buf, p, 8192), 8192);
	assert_int_equal(buf[8191], 7);
	assert_int_equal(sim_host_read(buf, p + 8192 - 100, 200), 100);
	assert_int_equal(sim_host_read(buf, p + 8192, 1), 0);
	memset(buf, 9, sizeof(buf));
	assert_int_equal(sim_host_write(p + 4096 - 50, buf, 100), 50); /* read only */
	assert_int_equal(p[4095], 9);
	assert_int_equal(p[4096], 7);
	assert_int_equal(sim_host_write(p + 8192, buf, 1), 0);
	assert_int_equal(sim_host_read(buf, NULL, 10), 0);
	assert_int_equal(sim_host_write(NULL, buf, 10), 0);
	assert_int_equal(sim_host_read(buf, (void *)-16, 64), 0);
	assert_int_equal(sim_host_read(buf, p, 0), 0);
	munmap(p, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_space_is_taken_as_there_is),
		cmocka_unit_test(windows_are_found_by_address),
		cmocka_unit_test(all_views_show_the_same_bytes),
		cmocka_unit_test(banks_that_touch_are_one),
		cmocka_unit_test(holes_cookies_and_inherited_windows_fault),
		cmocka_unit_test(windows_against_a_model),
		cmocka_unit_test(kept_memory_is_clean),
		cmocka_unit_test(a_stray_write_is_not_inherited),
		cmocka_unit_test(much_touched_memory_is_not_kept),
		cmocka_unit_test(the_pool_is_bounded),
		cmocka_unit_test(the_same_layout_gets_the_same_addresses),
		cmocka_unit_test(host_limit_is_charged_by_page),
		cmocka_unit_test(a_huge_machine_costs_what_it_touches),
		cmocka_unit_test(limits_are_explained),
		cmocka_unit_test(a_forked_child_makes_its_own),
		cmocka_unit_test(too_much_ram_is_explained),
		cmocka_unit_test(machines_in_threads),
		cmocka_unit_test(host_copies_stop_at_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
