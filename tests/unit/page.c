// SPDX-License-Identifier: MIT
/* struct page: its arithmetic, its references, and vmalloc areas, whose pages are found through it. */
#include <linux/highmem.h>
#include "tests/unit/mm_fixture.h"

static void arithmetic(void **state)
{
	struct dmasim_machine *m = boot("worst,ram=64M");
	char *p = (char *)__get_free_pages(GFP_ATOMIC, 2), *foreign = malloc(100);
	struct page *page = virt_to_page(p), *other;
	char stack[8];

	(void)state;
	assert_ptr_equal(page_address(page), p);
	assert_ptr_equal(page_address(page + 3), p + 3 * PAGE_SIZE);
	assert_ptr_equal(virt_to_page(p + 2 * PAGE_SIZE + 17), page + 2);
	assert_int_equal(page_to_pfn(page + 1), page_to_pfn(page) + 1);
	assert_ptr_equal(pfn_to_page(page_to_pfn(page)), page);
	assert_int_equal(page_to_phys(page), virt_to_phys(p));
	assert_int_equal(virt_to_phys(p + 5), __pa(p) + 5);
	assert_ptr_equal(__va(__pa(p) + 5), p + 5);
	assert_int_equal(PFN_PHYS(virt_to_pfn(p)), virt_to_phys(p));
	assert_int_equal(offset_in_page(p + 77), 77);
	assert_true(virt_addr_valid(p));
	assert_false(virt_addr_valid(stack));
	assert_false(virt_addr_valid(NULL));
	assert_true(pfn_valid(page_to_pfn(page)));
	assert_false(pfn_valid(m->mm->base_pfn + m->mm->nr_frames));
	assert_false(pfn_valid(~0UL));
	assert_ptr_equal(kmap(page), p);
	kunmap(page);
	assert_ptr_equal(kmap_local_page(page), p);
	kunmap_local(p);
	/* Foreign memory has pages too: what is wrong with it is said when it is mapped. */
	other = virt_to_page(foreign);
	assert_non_null(other);
	assert_ptr_equal((char *)page_address(other) + offset_in_page(foreign), foreign);
	assert_int_equal(page_to_phys(other) + offset_in_page(foreign), virt_to_phys(foreign));
	assert_non_null(virt_to_page(stack));
	assert_int_equal(fx.findings, 0);
	assert_null(virt_to_page(NULL));
	found("address-not-linear");
	assert_int_equal(virt_to_phys((void *)-1L), ~0ULL);
	found("address-not-linear");
	assert_int_equal(virt_to_phys(page), ~0ULL);
	found("address-not-linear");
	assert_null(pfn_to_page(~0UL));
	assert_null(page_address(NULL));
	assert_null(phys_to_virt(~0ULL));
	free(foreign);
	free_pages((unsigned long)p, 2);
	shut_down();
}

static void orders(void **state)
{
	(void)state;
	assert_int_equal(get_order(1), 0);
	assert_int_equal(get_order(4096), 0);
	assert_int_equal(get_order(4097), 1);
	assert_int_equal(get_order(4 << 20), 10);
	assert_int_equal(PAGE_ALIGN(1UL), 4096);
	assert_int_equal(PFN_UP(4097), 2);
	assert_int_equal(PFN_DOWN(4097), 1);
}

static void references(void **state)
{
	struct dmasim_machine *m = boot("pc,ram=64M,quarantine=0");
	u64 all = mm_free_page_count(m);
	struct page *page = alloc_page(GFP_ATOMIC);

	(void)state;
	get_page(page);
	assert_int_equal(page_count(page), 2);
	__free_page(page); /* only one reference: it lives on */
	assert_int_equal(mm_free_page_count(m), all - 1);
	put_page(page);
	assert_int_equal(mm_free_page_count(m), all);
	assert_int_equal(page_count(page), 0);
	put_page(page);
	found("double-free");
	get_page(page);
	found("page-refcount");
	put_page(NULL);
	found("page-refcount");
	page = alloc_pages(GFP_ATOMIC | __GFP_COMP, 2);
	assert_ptr_equal(compound_head(page + 3), page);
	assert_int_equal(compound_order(page), 2);
	assert_int_equal(page_size(page), 4 * PAGE_SIZE);
	get_page(page + 2);
	assert_int_equal(page_count(page), 2);
	__free_pages(page, 2);
	put_page(page + 1);
	assert_int_equal(mm_free_page_count(m), all);
	page = alloc_pages(GFP_ATOMIC, 1);
	assert_ptr_equal(compound_head(page + 1), page + 1);
	assert_int_equal(compound_order(page), 0);
	__free_pages(page, 1);
	shut_down();
}

static void scattered(void **state)
{
	struct dmasim_machine *m = boot("worst,ram=64M,quarantine=0");
	u64 all = mm_free_page_count(m), seed = test_seed("vmalloc");
	unsigned int i, k, runs = 0;
	struct {
		u8 *p;
		size_t n;
		u8 tag;
	} live[32];
	unsigned int nr = 0;

	(void)state;
	assert_null(vmalloc(0));
	assert_null(vmalloc(~0UL));
	for (i = 0; i < 2000; i++) {
		if (nr < 32 && (!nr || next_random(&seed) & 1)) {
			size_t n = 1 + next_random(&seed) % (12 * PAGE_SIZE);
			u8 *p = next_random(&seed) & 1 ? vmalloc(n) : vzalloc(n);

			assert_non_null(p);
			assert_true(is_vmalloc_addr(p) && !virt_addr_valid(p));
			live[nr].p = p;
			live[nr].n = n;
			live[nr].tag = (u8)next_random(&seed);
			memset(p, live[nr].tag, n);
			for (k = 1; k < PFN_UP(n); k++)
				runs += vmalloc_to_pfn(p + k * PAGE_SIZE) ==
					vmalloc_to_pfn(p + (k - 1) * PAGE_SIZE) + 1;
			/* The same bytes through the kernel logical window. */
			p = page_address(vmalloc_to_page(p + n - 1));
			assert_int_equal(p[(n - 1) & ~PAGE_MASK], live[nr].tag);
			nr++;
		} else {
			k = (unsigned int)(next_random(&seed) % nr);
			for (size_t j = 0; j < live[k].n; j++)
				assert_int_equal(live[k].p[j], live[k].tag);
			if (i & 1)
				vfree(live[k].p);
			else
				kvfree(live[k].p);
			live[k] = live[--nr];
		}
	}
	assert_int_equal(runs, 0);
	while (nr--)
		vfree(live[nr].p);
	mm_drain(m->mm);
	assert_int_equal(mm_free_page_count(m), all);
	kvfree(kvmalloc(100000, GFP_KERNEL));
	kvfree(kvcalloc(10, 10, GFP_KERNEL));
	assert_int_equal(virt_to_phys(live[0].p), ~0ULL);
	found("address-not-linear");
	shut_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(orders),
		cmocka_unit_test(references),
		cmocka_unit_test(scattered),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
