// SPDX-License-Identifier: MIT
/*
 * Foreign memory, adoption, and what kind of address something is: for every kind there is, and for any number at all.
 */
#include <errno.h>
#include <sys/mman.h>
#include <dmasim/access.h>
#include "tests/unit/mm_fixture.h"

static const char constant[64] = "read-only";
static int variable[100];

static enum mm_address_kind kind_of(struct dmasim_machine *m, const void *p)
{
	enum mm_address_kind kind;

	mm_classify(m, p, &kind);
	return kind;
}

static void kinds(void **state)
{
	struct dmasim_machine *m = boot("worst,ram=64M");
	char stack[16], *host = malloc(100000), *p;
	void *gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	phys_addr_t phys;
	enum mm_address_kind kind;

	(void)state;
	p = kmalloc(64, GFP_ATOMIC);
	assert_int_equal(mm_classify(m, p + 5, &kind), virt_to_phys(p) + 5);
	assert_int_equal(kind, ADDR_LINEAR);
	if (m->hw->ram.uncached.kind == REGION_UNCACHED) {
		phys = mm_classify(m, sim_phys_to_uncached(m->hw, virt_to_phys(p)), &kind);
		assert_int_equal(phys, virt_to_phys(p));
		assert_int_equal(kind, ADDR_UNCACHED);
	}
	assert_int_equal(kind_of(m, stack), ADDR_STACK);
	assert_int_equal(kind_of(m, constant), ADDR_TEXT);
	assert_int_equal(kind_of(m, (void *)(uintptr_t)kinds), ADDR_TEXT);
	assert_int_equal(kind_of(m, (void *)(uintptr_t)strlen), ADDR_TEXT);
	assert_int_equal(kind_of(m, variable), ADDR_STATIC);
	assert_int_equal(kind_of(m, host), ADDR_FOREIGN);
	assert_int_equal(kind_of(m, NULL), ADDR_NULL);
	assert_int_equal(kind_of(m, (void *)100), ADDR_NULL);
	assert_int_equal(kind_of(m, gone), ADDR_BAD);
	assert_int_equal(kind_of(m, (void *)-1L), ADDR_BAD);
	assert_int_equal(kind_of(m, (void *)0x8000000000000000UL), ADDR_BAD);
	assert_int_equal(kind_of(m, virt_to_page(p)), ADDR_VMEMMAP);
	p = vmalloc(10000);
	assert_int_equal(mm_classify(m, p + 4097, &kind), page_to_phys(vmalloc_to_page(p + 4097)) + 1);
	assert_int_equal(kind, ADDR_VMALLOC);
	assert_int_equal(kind_of(m, p + 12288), ADDR_BAD); /* the guard page */
	assert_int_equal(dmasim_adopt_memory(variable, sizeof(variable)), 0);
	phys = mm_classify(m, variable + 1, &kind);
	assert_int_equal(kind, ADDR_ADOPTED);
	assert_int_equal(phys, foreign_phys(m->mm, variable) + 4);
	munmap(gone, 4096);
	free(host);
	shut_down();
}

static void any_number(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=64M");
	u64 seed = test_seed("any_number");
	unsigned int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		u64 p = next_random(&seed) >> next_random(&seed) % 64;

		if (i % 4 == 0)
			p = sim_arena.base + p % sim_arena.size;
		assert_non_null(mm_address_kind_name(kind_of(m, (void *)p)));
		virt_addr_valid((void *)p);
		is_vmalloc_addr((void *)p);
		vmalloc_to_page((void *)p);
		page_to_pfn((void *)p);
		page_address((void *)p);
		pfn_to_page(p);
		pfn_valid(p);
		phys_to_virt(p);
		if (i % 8 == 0) {
			virt_to_phys((void *)p);
			if (kind_of(m, (void *)p) != ADDR_LINEAR)
				kfree((void *)p);
			free_pages(p & ~PAGE_MASK ? p : p + 1, (unsigned int)p);
			get_page((void *)(p | 1));
			put_page((void *)(p | 1));
		}
	}
	fx.findings = 0;
	shut_down();
}

/* ---- foreign pages against a model: one count a host page ---- */

#define PAGES	 64
#define MAX_HELD 200

struct held {
	u8 *p;
	size_t n;
	phys_addr_t phys;
};

static void random_foreign(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=16M");
	u64 seed = test_seed("random_foreign");
	static struct held held[MAX_HELD];
	u8 *area[2], buf[3 * PAGE_SIZE], *q;
	unsigned int nr = 0, i, k;
	struct held h;
	size_t len;

	(void)state;
	for (i = 0; i < 2; i++) {
		area[i] = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
		for (k = 0; k < PAGES * PAGE_SIZE; k++)
			area[i][k] = (u8)(k * 7 + k / PAGE_SIZE + i);
	}
	for (i = 0; i < 20000; i++) {
		if (nr < MAX_HELD && (!nr || next_random(&seed) & 1)) {
			h.n = 1 + next_random(&seed) % (3 * PAGE_SIZE);
			h.p = area[next_random(&seed) & 1] + next_random(&seed) % (PAGES * PAGE_SIZE - h.n);
			h.phys = mm_foreign_get(m, h.p, h.n);
			assert_int_not_equal(h.phys, ~0ULL);
			assert_int_equal(h.phys & ~PAGE_MASK, (uintptr_t)h.p & ~PAGE_MASK);
			assert_false(sim_ram_contains(m->hw, h.phys, 1));
			held[nr++] = h;
		} else {
			k = (unsigned int)(next_random(&seed) % nr);
			h = held[k];
			/* Whatever came and went meanwhile: these bytes are still where they were. */
			assert_int_equal(mm_phys_read(m, h.phys, buf, h.n), h.n);
			assert_memory_equal(buf, h.p, h.n);
			q = mm_foreign_host(m, h.phys + h.n - 1, &len);
			assert_ptr_equal(q, h.p + h.n - 1);
			assert_int_not_equal(foreign_phys(m->mm, h.p), ~0ULL);
			mm_foreign_put(m, h.phys, h.n);
			held[k] = held[--nr];
		}
		if (i % 100 == 0)
			mm_check(m);
	}
	while (nr--)
		mm_foreign_put(m, held[nr].phys, held[nr].n);
	assert_int_equal(foreign_phys(m->mm, area[0]), ~0ULL);
	free(area[0]);
	free(area[1]);
	shut_down();
}

static void same_bytes_same_address(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=16M");
	u8 *p = aligned_alloc(PAGE_SIZE, 4 * PAGE_SIZE);
	phys_addr_t a, b;
	u8 bytes[2] = {1, 2};

	(void)state;
	memset(p, 0, 4 * PAGE_SIZE);
	a = mm_foreign_get(m, p + 100, 10);
	b = mm_foreign_get(m, p + 50, 4000);
	assert_int_equal(b, a - 50);
	b = mm_foreign_get(m, p + PAGE_SIZE, 10); /* adjacent pages are adjacent physically */
	assert_int_equal(b, a - 100 + PAGE_SIZE);
	assert_int_equal(mm_phys_write(m, a - 100 + PAGE_SIZE - 1, bytes, 2), 2);
	assert_int_equal(p[PAGE_SIZE - 1], 1);
	assert_int_equal(p[PAGE_SIZE], 2);
	assert_int_equal(mm_phys_write(m, b + PAGE_SIZE - 1, bytes, 2), 1);
	mm_foreign_put(m, a, 10);
	assert_int_equal(mm_foreign_get(m, p + 100, 10), a);
	assert_int_equal(mm_foreign_get(m, p, SIZE_MAX), ~0ULL);
	assert_int_equal(mm_foreign_get(m, p, 1UL << 46), ~0ULL);
	assert_int_equal(mm_foreign_get(m, p, 0), ~0ULL);
	free(p);
	shut_down();
}

static void vanished_memory(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=16M");
	u8 *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), buf[64];
	phys_addr_t phys = mm_foreign_get(m, p + PAGE_SIZE - 32, 64);

	(void)state;
	assert_int_equal(mm_phys_read(m, phys, buf, 64), 64);
	munmap(p + PAGE_SIZE, PAGE_SIZE);
	assert_int_equal(mm_phys_read(m, phys, buf, 64), 32);
	assert_int_equal(mm_phys_write(m, phys, buf, 64), 32);
	munmap(p, PAGE_SIZE);
	assert_int_equal(mm_phys_read(m, phys, buf, 64), 0);
	mm_foreign_put(m, phys, 64);
	mm_foreign_put(m, phys, 64); /* once too often: nothing happens */
	shut_down();
}

static void adoption(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=16M");
	char *p = malloc(10000);
	struct mm_object o;

	(void)state;
	assert_int_equal(dmasim_adopt_memory(NULL, 10), -EINVAL);
	assert_int_equal(dmasim_adopt_memory(p, 0), -EINVAL);
	assert_int_equal(dmasim_adopt_memory(p, SIZE_MAX), -EINVAL);
	assert_int_equal(dmasim_adopt_memory((void *)sim_arena.base, 10), -EINVAL);
	assert_int_equal(dmasim_adopt_memory((void *)(sim_arena.base - 5), 10), -EINVAL);
	/* more than the foreign window; or, where the arena lies low, partly the machine's own */
	assert_true(dmasim_adopt_memory(p, 1UL << 46) < 0);
	assert_int_equal(dmasim_adopt_memory(p, 10000), 0);
	assert_int_equal(dmasim_adopt_memory(p + 9999, 1), -EEXIST);
	assert_true(mm_is_adopted(m, p, 10000));
	assert_false(mm_is_adopted(m, p, 10001));
	assert_false(mm_is_adopted(m, p + 10000, 1));
	mm_object_at(m, foreign_phys(m->mm, p), &o);
	assert_int_equal(o.state, MM_ALLOCATED);
	assert_string_equal(o.kind, "adopted memory");
	shut_down();
	assert_int_equal(dmasim_adopt_memory(p, 10), -ENODEV);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),	   cmocka_unit_test(any_number),
		cmocka_unit_test(random_foreign),  cmocka_unit_test(same_bytes_same_address),
		cmocka_unit_test(vanished_memory), cmocka_unit_test(adoption),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
