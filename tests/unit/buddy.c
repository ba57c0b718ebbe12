// SPDX-License-Identifier: MIT
/*
 * The page allocator against a naive oracle: one owner a page, looked through from end to end. What the allocator hands
 * out must be free, aligned and in the zones asked for; what it refuses must really not be there.
 */
#include "tests/unit/mm_fixture.h"

#define MAX_LIVE 4096

struct block {
	u32 index, nr;
	unsigned int order;
	bool exact;
};

struct model {
	struct dmasim_machine *m;
	u8 *used; /* a page: 1 handed out, 2 no RAM */
	struct block live[MAX_LIVE];
	unsigned int nr_live;
};

static int zone_of(const struct model *t, u32 index)
{
	phys_addr_t phys = mm_phys(t->m->mm, index);
	const struct sim_config *cfg = &t->m->hw->cfg;

	return phys < cfg->dma_zone_end ? 0 : phys < cfg->dma32_zone_end ? 1 : 2;
}

static int bank_of(const struct model *t, u32 index)
{
	phys_addr_t phys = mm_phys(t->m->mm, index);
	unsigned int b;

	for (b = 0; b < t->m->hw->cfg.nr_banks; b++) {
		if (phys - t->m->hw->cfg.banks[b].base < t->m->hw->cfg.banks[b].size)
			return (int)b;
	}
	return -1;
}

static void model_init(struct model *t, struct dmasim_machine *m)
{
	u32 i;

	memset(t, 0, sizeof(*t));
	t->m = m;
	t->used = calloc(m->mm->nr_frames, 1);
	for (i = 0; i < m->mm->nr_frames; i++)
		t->used[i] = bank_of(t, i) < 0 ? 2 : 0;
}

/* Is there an aligned free block of this order in a zone up to `zone`, below the bound? The highest such zone or -1. */
static int oracle(const struct model *t, unsigned int order, int zone, u64 end_pfn)
{
	u64 base = t->m->mm->base_pfn, size = 1ULL << order, pfn, i;
	int best = -1;

	for (pfn = (base + size - 1) & ~(size - 1); pfn + size <= base + t->m->mm->nr_frames; pfn += size) {
		u32 first = (u32)(pfn - base);

		if (pfn + size > end_pfn || zone_of(t, first) > zone || zone_of(t, first) <= best)
			continue;
		for (i = 0; i < size; i++) {
			if (t->used[first + i] || zone_of(t, first + (u32)i) != zone_of(t, first) ||
			    bank_of(t, first + (u32)i) != bank_of(t, first))
				break;
		}
		if (i == size)
			best = zone_of(t, first);
	}
	return best;
}

static void claim(struct model *t, u32 index, u32 nr, unsigned int order, bool exact)
{
	u32 i;

	for (i = index; i < index + nr; i++) {
		assert_int_equal(t->used[i], 0);
		t->used[i] = 1;
	}
	assert_true(t->nr_live < MAX_LIVE);
	t->live[t->nr_live++] = (struct block){index, nr, order, exact};
}

static u32 index_of(const struct model *t, const void *p)
{
	return mm_index(t->m->mm, virt_to_phys(p));
}

static void random_alloc(struct model *t, u64 *seed)
{
	static const gfp_t gfps[] = {GFP_NOWAIT, GFP_ATOMIC | GFP_DMA32, GFP_ATOMIC | GFP_DMA};
	unsigned int order = (unsigned int)(next_random(seed) % 16), z = (unsigned int)(next_random(seed) % 3);
	int expect;
	u32 index;

	order = order < 10 ? order / 3 : order - 5;
	if (next_random(seed) % 4 == 0) { /* not a power of two */
		u32 nr = (u32)(next_random(seed) % ((1U << order) + 1)) + 1;
		void *p;

		order = (unsigned int)get_order(nr * PAGE_SIZE);
		if (order > MM_MAX_ORDER)
			return;
		expect = oracle(t, order, 2 - (int)z, ~0ULL);
		p = alloc_pages_exact(nr * PAGE_SIZE - next_random(seed) % PAGE_SIZE, gfps[z]);
		assert_int_equal(!!p, expect >= 0);
		if (!p)
			return;
		index = index_of(t, p);
		assert_int_equal(zone_of(t, index), expect);
		claim(t, index, nr, order, true);
	} else if (next_random(seed) % 8 == 0) { /* below a bound, as for a device with few address lines */
		u64 limit = mm_phys(t->m->mm, (u32)(next_random(seed) % t->m->mm->nr_frames)) - 1;
		phys_addr_t phys;

		expect = oracle(t, order, 2, (limit + 1) >> PAGE_SHIFT);
		phys = mm_alloc_block(t->m, order, GFP_NOWAIT, limit, "test block", 0);
		assert_int_equal(phys != ~0ULL, expect >= 0);
		if (phys == ~0ULL)
			return;
		assert_true(phys + (PAGE_SIZE << order) - 1 <= limit);
		index = mm_index(t->m->mm, phys);
		claim(t, index, 1U << order, order, false);
		mm_free_block(t->m, phys, order, 0);
		memset(t->used + index, 0, 1U << order);
		t->nr_live--;
	} else {
		struct page *page;

		expect = oracle(t, order, 2 - (int)z, ~0ULL);
		page = alloc_pages(gfps[z], order);
		assert_int_equal(!!page, expect >= 0);
		if (!page)
			return;
		index = mm_index(t->m->mm, page_to_phys(page));
		assert_int_equal(zone_of(t, index), expect);
		assert_int_equal((t->m->mm->base_pfn + index) & ((1U << order) - 1), 0);
		assert_int_equal(page_count(page), 1);
		claim(t, index, 1U << order, order, false);
	}
}

static void random_free(struct model *t, u64 *seed)
{
	unsigned int i = (unsigned int)(next_random(seed) % t->nr_live);
	struct block b = t->live[i];
	void *p = phys_to_virt(mm_phys(t->m->mm, b.index));

	t->live[i] = t->live[--t->nr_live];
	memset(t->used + b.index, 0, b.nr);
	if (b.exact)
		free_pages_exact(p, b.nr * PAGE_SIZE);
	else if (next_random(seed) & 1)
		free_pages((unsigned long)p, b.order);
	else
		__free_pages(virt_to_page(p), b.order);
}

static void run(const char *spec, unsigned int steps)
{
	u64 seed = test_seed(spec);
	static struct model t;
	unsigned int i;

	model_init(&t, boot(spec));
	for (i = 0; i < steps; i++) {
		/* Waves, so that memory runs out and empties again. */
		bool grow = next_random(&seed) % 100 < ((i / 500) & 1 ? 30 : 70);

		if (t.nr_live && (!grow || t.nr_live == MAX_LIVE))
			random_free(&t, &seed);
		else
			random_alloc(&t, &seed);
		if (i % 50 == 0)
			mm_check(t.m);
	}
	while (t.nr_live)
		random_free(&t, &seed);
	mm_check(t.m);
	/* All is one again: each bank gives its highest blocks. */
	for (i = 0; i < 3; i++)
		assert_int_equal(oracle(&t, 9, 2 - (int)i, ~0ULL) >= 0, alloc_pages(i == 0   ? GFP_NOWAIT
										    : i == 1 ? GFP_ATOMIC | GFP_DMA32
											     : GFP_ATOMIC | GFP_DMA,
										    9) != NULL);
	free(t.used);
	shut_down();
}

static void random_one_bank(void **state)
{
	(void)state;
	run("pc,ram=32M,quarantine=0,poison=off", 3000);
}

static void random_many_banks(void **state)
{
	(void)state;
	run("pc,bank=0x3000:0x9d000,bank=0xff0000:4M,bank=0x100000000:6M,bank=0x100a00000:2M,bank=0x40001000:1M,"
	    "quarantine=0,poison=off",
	    3000);
}

static void random_no_zones(void **state)
{
	(void)state;
	run("worst,bank=0x3ff7000:7M,dma_zone=0,dma32_zone=0,quarantine=0", 2000);
}

/* The whole of memory is handed out, page by page, then comes back. */
static void until_memory_is_gone(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=16M,quarantine=64");
	u64 all = mm_free_page_count(m), n = 0;
	struct page *page, *list = NULL;

	(void)state;
	while ((page = alloc_page(GFP_NOWAIT)) != NULL) {
		page->private = (unsigned long)list;
		list = page;
		n++;
	}
	assert_int_equal(n, all);
	assert_int_equal(mm_free_page_count(m), 0);
	assert_null(kmalloc(8, GFP_ATOMIC));
	assert_null(vmalloc(1));
	mm_check(m);
	while (list) {
		page = list;
		list = (struct page *)page->private;
		__free_page(page);
	}
	assert_int_equal(mm_free_page_count(m), all);
	/* The quarantine yields to need: the biggest block is there again. */
	page = alloc_pages(GFP_NOWAIT, 10);
	assert_non_null(page);
	__free_pages(page, 10);
	shut_down();
}

static void host_limit_is_out_of_memory(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=256M,host_limit=4M,quarantine=0");
	unsigned int n = 0, i;
	void *p[2048];

	(void)state;
	while (n < 2048 && (p[n] = (void *)__get_free_page(GFP_NOWAIT)) != NULL)
		n++;
	assert_in_range(n, 512, 1024);
	for (i = 0; i < n; i++)
		free_page((unsigned long)p[i]);
	/* Touched memory can be had again. */
	p[0] = (void *)__get_free_page(GFP_NOWAIT);
	assert_non_null(p[0]);
	free_page((unsigned long)p[0]);
	mm_check(m);
	shut_down();
}

static void a_big_machine_is_cheap(void **state)
{
	struct dmasim_machine *m;
	void *p;

	(void)state;
	if (sim_arena.size < 80ULL << 30)
		skip(); /* limits, or Valgrind, leave less address space */
	m = boot("pc,ram=64G,quarantine=0");
	p = (void *)__get_free_page(GFP_NOWAIT);
	assert_true(virt_to_phys(p) >= 1ULL << 32);
	assert_true(virt_to_phys((void *)__get_dma_pages(GFP_ATOMIC, 2)) < 16 << 20);
	assert_true(virt_to_phys((void *)__get_free_page(GFP_ATOMIC | GFP_DMA32)) < 1ULL << 32);
	assert_true(virt_to_phys((void *)__get_free_page(GFP_ATOMIC | GFP_DMA32)) >= 16 << 20);
	mm_check(m);
	shut_down();
}

static void quarantine_delays_reuse(void **state)
{
	unsigned long first, p;
	unsigned int i;

	(void)state;
	boot("pc,ram=32M,quarantine=8");
	first = __get_free_page(GFP_NOWAIT);
	free_page(first);
	for (i = 0; i < 8; i++) {
		p = __get_free_page(GFP_NOWAIT);
		assert_int_not_equal(p, first);
		free_page(p);
	}
	assert_int_equal(__get_free_page(GFP_NOWAIT), first);
	shut_down();
	boot("pc,ram=32M,quarantine=0"); /* last in, first out */
	first = __get_free_page(GFP_NOWAIT);
	free_page(first);
	assert_int_equal(__get_free_page(GFP_NOWAIT), first);
	shut_down();
}

static void poison_tells_late_writes(void **state)
{
	u8 *p;
	u64 word;

	(void)state;
	boot("pc,ram=32M,quarantine=0,poison=on");
	p = (u8 *)__get_free_page(GFP_NOWAIT);
	memcpy(&word, p + 4088, 8);
	assert_int_equal(word >> 32, 0x5a5a5a5a);
	free_page((unsigned long)p);
	assert_int_equal(p[0], MM_FREED_BYTE);
	p[77] = 1;
	p[80] = 2;
	assert_int_equal((uintptr_t)__get_free_page(GFP_NOWAIT), (uintptr_t)p);
	assert_int_equal(fx.offset, 77);
	assert_int_equal(fx.size, 4);
	found("write-after-free");
	free_page((unsigned long)p);
	p = (u8 *)get_zeroed_page(GFP_NOWAIT);
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(p[i], 0);
	shut_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_one_bank),
		cmocka_unit_test(random_many_banks),
		cmocka_unit_test(random_no_zones),
		cmocka_unit_test(until_memory_is_gone),
		cmocka_unit_test(host_limit_is_out_of_memory),
		cmocka_unit_test(a_big_machine_is_cheap),
		cmocka_unit_test(quarantine_delays_reuse),
		cmocka_unit_test(poison_tells_late_writes),
	};

	return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
