// SPDX-License-Identifier: MIT
/*
 * kmalloc() and kmem_cache: a random model of live objects whose bytes must stay what they were, and one small test for
 * each mistake, beside the nearest legal code.
 */
#include "tests/unit/mm_fixture.h"
#include "lib/mm/slab.h"

#define MAX_LIVE 2000

struct thing {
	u8 *p;
	size_t size, room; /* asked, and what may be used */
	struct kmem_cache *cache;
	u8 tag;
};

static size_t random_size(u64 *seed)
{
	u64 r = next_random(seed);

	switch (r % 8) {
	case 0:
		return 1 + (r >> 8) % 40000;
	case 1:
		return (size_t)1 << (r >> 8) % 15;
	case 2:
		return (PAGE_SIZE << (r >> 8) % 5) - ((r >> 16) % 3);
	default:
		return 1 + (r >> 8) % 600;
	}
}

static void fill(struct thing *t, u64 *seed)
{
	t->tag = (u8)next_random(seed);
	memset(t->p, t->tag, t->size);
}

static void verify(const struct thing *t)
{
	size_t i;

	for (i = 0; i < t->size; i++)
		assert_int_equal(t->p[i], t->tag);
}

static bool is_power_of_two(size_t n)
{
	return n && !(n & (n - 1));
}

static void run(const char *spec, unsigned int steps)
{
	struct dmasim_machine *m = boot(spec);
	static struct thing live[MAX_LIVE];
	struct kmem_cache *caches[3] = {kmem_cache_create("a", 40, 0, 0, NULL),
					kmem_cache_create("b", 200, 64, SLAB_CACHE_DMA, NULL),
					kmem_cache_create("c", 5000, 0, SLAB_HWCACHE_ALIGN, NULL)};
	static const size_t cache_sizes[3] = {40, 200, 5000};
	unsigned int nr = 0, i, k;
	u64 seed = test_seed(spec);
	struct mm_object o;

	for (i = 0; i < steps; i++) {
		bool grow = next_random(&seed) % 100 < ((i / 1000) & 1 ? 35 : 65);
		struct thing *t;

		if (i % 200 == 0)
			mm_check(m);
		if (nr < MAX_LIVE && (grow || !nr)) {
			bool zeroed = next_random(&seed) & 1;
			gfp_t gfp = GFP_ATOMIC | (next_random(&seed) % 8 ? 0 : GFP_DMA) | (zeroed ? __GFP_ZERO : 0);

			t = &live[nr];
			t->cache = NULL;
			if (next_random(&seed) % 4) {
				t->size = random_size(&seed);
				t->p = kmalloc(t->size, gfp);
			} else {
				k = (unsigned int)(next_random(&seed) % 3);
				t->cache = caches[k];
				t->size = cache_sizes[k];
				t->p = kmem_cache_alloc(t->cache, gfp & ~GFP_DMA);
			}
			if (!t->p)
				continue;
			nr++;
			if (!t->cache && is_power_of_two(t->size) && t->size <= PAGE_SIZE << MM_MAX_ORDER)
				assert_int_equal((uintptr_t)t->p & (t->size - 1), 0);
			assert_int_equal((uintptr_t)t->p & 7, 0);
			if (t->cache == caches[1])
				assert_int_equal((uintptr_t)t->p & 63, 0);
			if (!t->cache && gfp & GFP_DMA)
				assert_true(virt_to_phys(t->p) + t->size <= m->hw->cfg.dma_zone_end);
			for (k = 0; zeroed && k < t->size; k++)
				assert_int_equal(t->p[k], 0);
			mm_object_at(m, virt_to_phys(t->p + t->size - 1), &o);
			assert_int_equal(o.state, MM_ALLOCATED);
			assert_int_equal(o.start, virt_to_phys(t->p));
			assert_int_equal(o.size, t->size);
			fill(t, &seed);
		} else if (nr) {
			k = (unsigned int)(next_random(&seed) % nr);
			t = &live[k];
			verify(t);
			if (!t->cache && next_random(&seed) % 4 == 0) {
				size_t size = random_size(&seed), keep = size < t->size ? size : t->size, j;
				u8 *p = krealloc(t->p, size, GFP_ATOMIC);

				if (!p)
					continue;
				for (j = 0; j < keep; j++)
					assert_int_equal(p[j], t->tag);
				t->p = p;
				t->size = size;
				fill(t, &seed);
				continue;
			}
			if (t->cache)
				kmem_cache_free(t->cache, t->p);
			else
				kfree(t->p);
			*t = live[--nr];
		}
		if (fx.findings)
			fail_msg("%s: %s at step %u", fx.rule, fx.text, i);
	}
	while (nr--) {
		verify(&live[nr]);
		kfree(live[nr].p); /* also legal for objects of a cache */
	}
	for (k = 0; k < 3; k++)
		kmem_cache_destroy(caches[k]);
	mm_check(m);
	mm_drain(m->mm);
	assert_int_equal(m->mm->pages_live, 0);
	shut_down();
}

static void random_plain(void **state)
{
	(void)state;
	run("pc,ram=64M,quarantine=0,poison=off", 12000);
}

static void random_harsh(void **state)
{
	(void)state;
	run("worst,ram=32M,dma_zone=0x40800000,quarantine=100,poison=on", 8000);
}

static void random_unchecked(void **state)
{
	(void)state;
	run("pc,ram=24M,checks=off", 6000);
}

static void random_out_of_memory(void **state)
{
	(void)state;
	run("pc,ram=2M,quarantine=300,poison=on", 6000);
}

static void sizes_at_the_edges(void **state)
{
	void *p;

	(void)state;
	boot("pc,ram=64M");
	assert_ptr_equal(kmalloc(0, GFP_ATOMIC), ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	assert_int_equal(ksize(ZERO_SIZE_PTR), 0);
	assert_null(kmalloc_array(SIZE_MAX, 2, GFP_ATOMIC));
	assert_null(kcalloc(SIZE_MAX / 2, 3, GFP_ATOMIC));
	assert_null(kmalloc(SIZE_MAX, GFP_ATOMIC | __GFP_NOWARN));
	assert_int_equal(fx.findings, 0);
	assert_null(kmalloc(SIZE_MAX, GFP_ATOMIC));
	found("alloc-order-too-big");
	assert_null(kmalloc((4 << 20) + 1, GFP_ATOMIC));
	found("alloc-order-too-big");
	p = kmalloc(4 << 20, GFP_ATOMIC);
	assert_non_null(p);
	kfree(p);
	p = krealloc(NULL, 10, GFP_ATOMIC);
	assert_ptr_equal(krealloc(p, 0, GFP_ATOMIC), ZERO_SIZE_PTR);
	kfree(kmemdup("abc", 4, GFP_ATOMIC));
	p = kstrdup("abc", GFP_ATOMIC);
	assert_string_equal(p, "abc");
	kfree_sensitive(p);
	assert_null(kstrdup(NULL, GFP_ATOMIC));
	p = kstrndup("abcdef", 3, GFP_ATOMIC);
	assert_string_equal(p, "abc");
	kfree(p);
	shut_down();
}

static void wrong_frees(void **state)
{
	static int variable;
	struct page *page;
	char stack[8], *p, *q;
	void *host;

	(void)state;
	boot("pc,ram=64M,quarantine=4");
	p = kmalloc(100, GFP_ATOMIC);
	kfree(p);
	kfree(p);
	found("double-free");
	p = kmalloc(100, GFP_ATOMIC);
	kfree(p + 8);
	found("invalid-free");
	kfree(p + 100);
	found("invalid-free");
	free_page((unsigned long)p & PAGE_MASK);
	found("invalid-free");
	kfree(p);
	kfree(stack);
	found("invalid-free");
	kfree(&variable);
	found("invalid-free");
	host = malloc(10);
	kfree(host);
	found("invalid-free");
	free(host);
	kfree((void *)0xdeadbeef000);
	found("invalid-free");
	kfree((void *)-1L);
	found("invalid-free");
	kfree((void *)~0x8000000000000000UL);
	found("invalid-free");
	p = (void *)__get_free_pages(GFP_ATOMIC, 1);
	kfree(p);
	found("invalid-free");
	free_pages((unsigned long)p, 1); /* it is free now, as in the kernel */
	found("double-free");
	p = kmalloc(20000, GFP_ATOMIC);
	free_pages((unsigned long)p, 3);
	found("invalid-free");
	kfree(p + 4096);
	found("invalid-free");
	kfree(p);
	kfree(p);
	found("double-free");
	p = (void *)__get_free_pages(GFP_ATOMIC, 2);
	free_pages((unsigned long)p, 1);
	found("free-wrong-order");
	p = (void *)__get_free_pages(GFP_ATOMIC, 2);
	free_pages((unsigned long)p + 4096, 0);
	found("invalid-free");
	free_pages((unsigned long)p + 1, 2);
	found("invalid-free");
	free_pages((unsigned long)p, 2);
	free_pages((unsigned long)p, 2);
	found("double-free");
	p = alloc_pages_exact(3 * 4096, GFP_ATOMIC);
	free_pages_exact(p, 2 * 4096);
	found("free-wrong-order");
	p = alloc_pages_exact(3 * 4096, GFP_ATOMIC);
	free_pages((unsigned long)p, 2);
	found("free-wrong-order");
	__free_page(NULL);
	found("invalid-free");
	page = alloc_page(GFP_ATOMIC);
	__free_page((struct page *)((char *)page + 4));
	assert_true(fx.findings == 1 || page_count(page) == 0);
	fx.findings = 0;
	p = vmalloc(5000);
	vfree(p + 4096);
	found("invalid-free");
	kfree(p);
	found("invalid-free");
	q = page_address(vmalloc_to_page(p));
	free_page((unsigned long)q);
	found("invalid-free");
	vfree(p);
	vfree(p);
	found("double-free");
	shut_down();
}

static void overruns(void **state)
{
	static const size_t sizes[] = {1, 7, 8, 64, 96, 100, 128, 192, 4000, 4096, 8192, 8193, 12288, 16384, 20000};
	unsigned int i;
	u8 *p;

	(void)state;
	boot("pc,ram=64M");
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		p = kzalloc(sizes[i], GFP_ATOMIC);
		p[sizes[i] - 1] = 1; /* legal */
		kfree(p);
		assert_int_equal(fx.findings, 0);
		p = kmalloc(sizes[i], GFP_ATOMIC);
		p[sizes[i]] = 0;
		p[sizes[i] + 3] = 0;
		kfree(p);
		assert_int_equal(fx.offset, sizes[i]);
		assert_int_equal(fx.size, 4);
		found("heap-overrun");
		/* Once ksize() was asked the rest is the caller's. */
		p = kmalloc(sizes[i], GFP_ATOMIC);
		memset(p, 1, ksize(p));
		kfree(p);
		assert_int_equal(fx.findings, 0);
	}
	shut_down();
}

/* What a device did out of bounds has its report: the broken red zone and filling are consequences. */
static void known_damage(void **state)
{
	struct dmasim_machine *m;
	u8 *p, *big;

	(void)state;
	m = boot("pc,ram=64M,quarantine=0,poison=on");
	p = kmalloc(100, GFP_ATOMIC);
	big = kmalloc(20000, GFP_ATOMIC);
	memset(p, 0, 104);
	memset(big, 0, 20004);
	mm_damage_known(m, virt_to_phys(p), 104);
	mm_damage_known(m, virt_to_phys(big) + 20000, 4);
	kfree(p);
	kfree(big);
	p[5] = 1;
	big[4096] = 1;
	mm_damage_known(m, virt_to_phys(p) + 5, 1);
	mm_damage_known(m, virt_to_phys(big) + 4096, 1);
	assert_ptr_equal(kmalloc(100, GFP_ATOMIC), p);
	assert_non_null(kmalloc(20000, GFP_ATOMIC));
	mm_damage_known(m, ~0ULL, 1);
	mm_damage_known(m, 0, ~0UL >> 44);
	shut_down();
}

static void late_writes(void **state)
{
	u8 *p, *q;

	(void)state;
	boot("pc,ram=64M,quarantine=0,poison=on");
	p = kmalloc(64, GFP_ATOMIC);
	kfree(p);
	p[10] = 5;
	q = kmalloc(64, GFP_ATOMIC);
	assert_ptr_equal(p, q);
	assert_int_equal(fx.offset, 10);
	assert_int_equal(fx.size, 1);
	found("write-after-free");
	kfree(q);
	q = kmalloc(64, GFP_ATOMIC);
	kfree(q);
	shut_down();
	boot("pc,ram=64M,quarantine=10,poison=on");
	p = kmalloc(64, GFP_ATOMIC);
	kfree(p);
	assert_ptr_not_equal(kmalloc(64, GFP_ATOMIC), p);
	p[63] = 5;
	mm_drain(k_thread.current->mm);
	q = kmalloc(64, GFP_ATOMIC);
	assert_ptr_equal(p, q);
	found("write-after-free");
	shut_down();
}

static void late_writes_show_at_the_end(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=64M,quarantine=10,poison=on");
	u8 *p = kmalloc(64, GFP_ATOMIC), *page = (u8 *)__get_free_page(GFP_NOWAIT);

	(void)state;
	kfree(p);
	free_page((unsigned long)page);
	mm_leaks(m); /* clean, and watched on */
	p[3] = 1;
	mm_leaks(m);
	assert_int_equal(fx.offset, 3);
	found("write-after-free");
	page[9] = 1;
	mm_leaks(m);
	assert_int_equal(fx.offset, 9);
	found("write-after-free");
	mm_leaks(m); /* once each */
	shut_down();
}

static unsigned int constructed;

static void construct(void *p)
{
	constructed++;
	memset(p, 0x42, 24);
}

static void caches(void **state)
{
	struct kmem_cache *c, *other;
	u8 *p, *q;

	(void)state;
	boot("pc,ram=64M,quarantine=0,poison=on");
	assert_null(kmem_cache_create("none", 0, 0, 0, NULL));
	assert_null(kmem_cache_create("odd", 8, 24, 0, NULL));
	assert_null(kmem_cache_create(NULL, 8, 0, 0, NULL));
	c = kmem_cache_create("dad_req", 24, 0, 0, construct);
	other = kmem_cache_create("other", 24, 0, 0, NULL);
	p = kmem_cache_alloc(c, GFP_ATOMIC);
	assert_int_equal(constructed, 1);
	assert_int_equal(p[23], 0x42);
	p[0] = 0x43;
	kmem_cache_free(c, p);
	q = kmem_cache_alloc(c, GFP_ATOMIC);
	assert_ptr_equal(p, q);
	assert_int_equal(constructed, 1); /* objects keep their state */
	assert_int_equal(q[0], 0x43);
	kmem_cache_free(other, q);
	assert_non_null(strstr(fx.text, "other"));
	found("invalid-free");
	kmem_cache_free(c, q);
	found("double-free");
	q = kmalloc(24, GFP_ATOMIC);
	kmem_cache_free(c, q);
	found("invalid-free");
	p = kmem_cache_zalloc(other, GFP_ATOMIC);
	p[24] = 1;
	kmem_cache_free(other, p);
	assert_int_equal(fx.offset, 24);
	found("heap-overrun");
	p = kmem_cache_alloc(other, GFP_ATOMIC);
	kmem_cache_destroy(other);
	found("cache-busy-at-destroy");
	kmem_cache_free(other, p);
	kmem_cache_destroy(other);
	assert_null(kmem_cache_alloc(other, GFP_ATOMIC));
	found("cache-invalid");
	assert_null(kmem_cache_alloc((struct kmem_cache *)0x1234, GFP_ATOMIC));
	found("cache-invalid");
	kmem_cache_destroy(NULL);
	kmem_cache_destroy(c);
	shut_down();
}

static void zones(void **state)
{
	void *p;

	(void)state;
	boot("pc,ram=64M");
	p = kmalloc(10, GFP_ATOMIC);
	assert_true(virt_to_phys(p) >= 16 << 20);
	kfree(p);
	p = kmalloc(10000, GFP_ATOMIC | GFP_DMA);
	assert_true(virt_to_phys(p) < 16 << 20);
	kfree(p);
	p = kmalloc(10, GFP_ATOMIC | GFP_DMA32);
	found("gfp-zone-conflict");
	kfree(p);
	p = kmalloc(10, GFP_ATOMIC | __GFP_HIGHMEM);
	found("gfp-zone-conflict");
	kfree(p);
	assert_null(alloc_page(GFP_ATOMIC | GFP_DMA | GFP_DMA32));
	found("gfp-zone-conflict");
	assert_null(alloc_pages(GFP_ATOMIC, 11));
	found("alloc-order-too-big");
	assert_int_equal(__get_free_pages(GFP_ATOMIC, ~0U), 0);
	found("alloc-order-too-big");
	shut_down();
}

static void hooks_see_what_was_asked(void **state)
{
	void *p;

	(void)state;
	boot("pc,ram=64M");
	p = kmalloc(77, GFP_ATOMIC);
	kfree(p);
	assert_int_equal(fx.freeing, 1);
	assert_int_equal(fx.last_freeing, virt_to_phys(p));
	assert_int_equal(fx.last_freeing_size, 77);
	p = (void *)__get_free_pages(GFP_ATOMIC, 1);
	free_pages((unsigned long)p, 1);
	assert_int_equal(fx.last_freeing_size, 8192);
	shut_down();
}

static void leaks_are_listed(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=64M");

	(void)state;
	kmalloc(10, GFP_ATOMIC);
	assert_int_equal(mm_leaks(m), 0); /* legal */
	shut_down();
	m = boot("pc,ram=64M,lint=on");
	assert_int_equal(mm_leaks(m), 0);
	kmalloc(10, GFP_ATOMIC);
	alloc_page(GFP_ATOMIC);
	kmalloc(10000, GFP_ATOMIC);
	assert_int_equal(mm_leaks(m), 3);
	assert_int_equal(fx.findings, 3);
	assert_string_equal(fx.rule, "memory-leak");
	fx.findings = 0;
	shut_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_plain),
		cmocka_unit_test(random_harsh),
		cmocka_unit_test(random_unchecked),
		cmocka_unit_test(random_out_of_memory),
		cmocka_unit_test(sizes_at_the_edges),
		cmocka_unit_test(wrong_frees),
		cmocka_unit_test(overruns),
		cmocka_unit_test(known_damage),
		cmocka_unit_test(late_writes),
		cmocka_unit_test(late_writes_show_at_the_end),
		cmocka_unit_test(caches),
		cmocka_unit_test(zones),
		cmocka_unit_test(hooks_see_what_was_asked),
		cmocka_unit_test(leaks_are_listed),
	};

	return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
