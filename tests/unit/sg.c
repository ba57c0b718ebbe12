// SPDX-License-Identifier: MIT
/*
 * Scatterlists against an oracle that is an array: every byte of a list is known by page, offset and length.
 *
 * Random lists are built in random ways (one array, chained arrays, tables, tables from pages), and everything that
 * walks, counts, copies or cuts them must agree with the array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define ENTRIES 300
#define POOL	64 /* pages, one block: neighbours exist */

static struct dmasim_machine *machine;
static unsigned char *pool;
static uint64_t state_of_chance;

static unsigned int below(unsigned int n)
{
	state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)((state_of_chance >> 33) % n);
}

static int setup(void **state)
{
	const char *seed = getenv("DMASIM_TEST_SEED");

	(void)state;
	machine = dmasim_machine_create("pc,report=none,summary=off");
	dmasim_machine_use(machine);
	pool = (unsigned char *)__get_free_pages(GFP_KERNEL, 6);
	state_of_chance = seed ? strtoull(seed, NULL, 0) : 1;
	return !machine || !pool;
}

static int teardown(void **state)
{
	(void)state;
	free_pages((unsigned long)pool, 6);
	for (size_t i = 0; dmasim_violation(i); i++)
		print_error("%s\n", dmasim_violation(i)->text);
	assert_int_equal(dmasim_violation_count(), 0);
	return dmasim_machine_destroy(machine);
}

/* ---- the oracle ---- */

struct piece {
	unsigned int at, length; /* in the pool */
};

struct model {
	unsigned int n;
	struct piece piece[ENTRIES];
};

static size_t total(const struct model *o)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < o->n; i++)
		bytes += o->piece[i].length;
	return bytes;
}

static unsigned char *byte_of(const struct model *o, size_t k)
{
	for (unsigned int i = 0; i < o->n; i++) {
		if (k < o->piece[i].length)
			return pool + o->piece[i].at + k;
		k -= o->piece[i].length;
	}
	return NULL;
}

static void random_pieces(struct model *o, unsigned int n)
{
	o->n = n;
	for (unsigned int i = 0; i < n; i++) {
		o->piece[i].length = 1 + below(below(4) ? 100 : 9000);
		o->piece[i].at = below(POOL * 4096 - o->piece[i].length);
	}
}

static void agrees(const struct model *o, struct scatterlist *sgl)
{
	struct scatterlist *sg;
	size_t bytes = 0;
	unsigned int i;

	assert_int_equal(sg_nents(sgl), o->n);
	for_each_sg (sgl, sg, o->n, i) {
		assert_ptr_equal(sg_virt(sg), pool + o->piece[i].at);
		assert_int_equal(sg_phys(sg), virt_to_phys(pool + o->piece[i].at));
		assert_int_equal(sg->length, o->piece[i].length);
		bytes += sg->length;
		assert_int_equal(sg_nents_for_len(sgl, bytes), i + 1);
	}
	assert_null(sg);
	assert_int_equal(sg_nents_for_len(sgl, bytes + 1), -EINVAL);
	assert_true(sg_is_last(sg_last(sgl, o->n)));
}

/* ---- building in several ways; a table owns what it has ---- */

struct built {
	struct scatterlist *sgl;
	struct scatterlist *arrays[ENTRIES];
	unsigned int nr;
	struct sg_table table;
};

static void fill(const struct model *o, struct scatterlist *sgl)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg (sgl, sg, o->n, i)
		sg_set_buf(sg, pool + o->piece[i].at, o->piece[i].length);
}

static void build(const struct model *o, struct built *b)
{
	struct scatterlist *before = NULL;
	unsigned int left = o->n, room = 0;

	memset(b, 0, sizeof(*b));
	if (below(2)) {
		assert_int_equal(sg_alloc_table(&b->table, o->n, GFP_KERNEL), 0);
		assert_int_equal(b->table.nents, o->n);
		b->sgl = b->table.sgl;
	} else {
		while (left) {
			unsigned int n = 1 + below(left + left / 2), entries;

			n = n < left ? n : left;
			entries = n + (n < left);
			b->arrays[b->nr] = kmalloc(entries * sizeof(struct scatterlist), GFP_KERNEL);
			sg_init_table(b->arrays[b->nr], entries);
			if (before)
				sg_chain(before, room, b->arrays[b->nr]);
			before = b->arrays[b->nr++];
			room = entries;
			left -= n;
		}
		b->sgl = b->arrays[0];
	}
	fill(o, b->sgl);
}

static void unbuild(struct built *b)
{
	sg_free_table(&b->table);
	assert_null(b->table.sgl);
	for (unsigned int i = 0; i < b->nr; i++)
		kfree(b->arrays[i]);
}

/* ---- against the oracle ---- */

static void copies(const struct model *o, struct scatterlist *sgl)
{
	static unsigned char buf[1 << 21], shadow[POOL * 4096];
	size_t bytes = total(o), skip = below(bytes + 10), n = below(bytes + 10), expected, k;

	expected = skip >= bytes ? 0 : bytes - skip < n ? bytes - skip : n;
	for (k = 0; k < POOL * 4096; k++)
		pool[k] = (unsigned char)below(256);
	assert_int_equal(sg_pcopy_to_buffer(sgl, o->n, buf, n, (off_t)skip), expected);
	for (k = 0; k < expected; k += 1 + below(500))
		assert_int_equal(buf[k], *byte_of(o, skip + k));
	/* and back: pieces may overlap, so in order */
	memcpy(shadow, pool, sizeof(shadow));
	for (k = 0; k < expected; k++)
		buf[k] ^= 0x55;
	assert_int_equal(sg_pcopy_from_buffer(sgl, o->n, buf, n, (off_t)skip), expected);
	for (k = 0; k < expected; k++)
		shadow[byte_of(o, skip + k) - pool] = buf[k];
	assert_memory_equal(pool, shadow, sizeof(shadow));
	assert_int_equal(sg_zero_buffer(sgl, o->n, n, (off_t)skip), expected);
	for (k = 0; k < expected; k++)
		shadow[byte_of(o, skip + k) - pool] = 0;
	assert_memory_equal(pool, shadow, sizeof(shadow));
}

static void pages(const struct model *o, struct scatterlist *sgl)
{
	struct sg_page_iter iter;
	unsigned int i = 0, page = 0;

	for_each_sg_page(sgl, &iter, o->n, 0)
	{
		unsigned long first = o->piece[i].at / 4096, last = (o->piece[i].at + o->piece[i].length - 1) / 4096;

		assert_ptr_equal(sg_page_iter_page(&iter), virt_to_page(pool) + first + page);
		if (first + page++ == last) {
			page = 0;
			i++;
		}
	}
	assert_int_equal(i, o->n);
}

static void pieces(const struct model *o, struct scatterlist *sgl)
{
	size_t bytes = total(o), at = below(bytes), take;
	struct sg_mapping_iter miter;

	sg_miter_start(&miter, sgl, o->n, SG_MITER_FROM_SG | SG_MITER_ATOMIC);
	assert_true(sg_miter_skip(&miter, (off_t)at));
	while (sg_miter_next(&miter)) {
		assert_ptr_equal(miter.addr, byte_of(o, at));
		assert_true(miter.length && ((uintptr_t)miter.addr & 4095) + miter.length <= 4096);
		assert_ptr_equal(miter.page, virt_to_page(miter.addr));
		take = below(3) ? miter.length : 1 + below((unsigned int)miter.length);
		miter.consumed = take;
		at += take;
	}
	sg_miter_stop(&miter);
	assert_int_equal(at, bytes);
}

static void splits(const struct model *o, struct scatterlist *sgl)
{
	size_t bytes = total(o), skip = below(bytes), left = bytes - skip, sizes[4], at = skip;
	struct scatterlist *out[4], *sg;
	int nr = 0, mapped[4], err;
	unsigned int i;

	while (left && nr < 4) {
		sizes[nr] = 1 + below((unsigned int)left);
		left -= sizes[nr++];
	}
	/* a mapped view of its own: one segment for all */
	sg_dma_address(sgl) = 0x100000;
	sg_dma_len(sgl) = (unsigned int)bytes;
	err = sg_split(sgl, 1, (off_t)skip, nr, sizes, out, mapped, GFP_KERNEL);
	assert_int_equal(err, 0);
	for (int p = 0; p < nr; p++) {
		size_t got = 0;

		assert_int_equal(mapped[p], 1);
		assert_int_equal(sg_dma_address(out[p]), 0x100000 + at);
		assert_int_equal(sg_dma_len(out[p]), sizes[p]);
		for_each_sg (out[p], sg, (unsigned int)sg_nents(out[p]), i) {
			assert_ptr_equal(sg_virt(sg), byte_of(o, at));
			at += sg->length;
			got += sg->length;
		}
		assert_int_equal(got, sizes[p]);
		kfree(out[p]);
	}
	sizes[0] = bytes + 1;
	assert_int_equal(sg_split(sgl, 0, 0, 1, sizes, out, NULL, GFP_KERNEL), -EINVAL);
}

static void lists_agree_with_arrays(void **state)
{
	static struct model o;
	static struct built b;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)state_of_chance);
	for (int round = 0; round < 150; round++) {
		random_pieces(&o, 1 + below(round % 10 ? 20 : ENTRIES - 1));
		build(&o, &b);
		agrees(&o, b.sgl);
		copies(&o, b.sgl);
		pages(&o, b.sgl);
		pieces(&o, b.sgl);
		splits(&o, b.sgl);
		unbuild(&b);
	}
}

/* ---- tables from pages ---- */

static void tables_from_pages(void **state)
{
	static struct page *array[200];
	static struct model o;

	(void)state;
	for (int round = 0; round < 300; round++) {
		unsigned int n = 1 + below(round % 10 ? 30 : 200), offset = below(4096), max = 4096 * (1 + below(5)), p;
		size_t size = (size_t)n * 4096 - offset - below(4096 - offset), left = size;
		struct sg_table t;

		p = below(POOL);
		for (unsigned int i = 0; i < n; i++) {
			p = below(3) ? (p + 1) % POOL : below(POOL);
			array[i] = virt_to_page(pool) + p;
		}
		/* the oracle merges as long as pages follow each other and max allows */
		o.n = 0;
		for (unsigned int i = 0, run; i < n && left; i += run) {
			struct piece *q = &o.piece[o.n++];
			size_t bytes;

			for (run = 1; i + run < n && (run + 1) * 4096 <= max && array[i + run] == array[i] + run; run++)
				;
			q->at = (unsigned int)(array[i] - virt_to_page(pool)) * 4096 + (i ? 0 : offset);
			bytes = run * 4096UL - (i ? 0 : offset);
			q->length = (unsigned int)(bytes < left ? bytes : left);
			left -= q->length;
		}
		assert_int_equal(
			sg_alloc_table_from_pages_segment(&t, array, n, offset, size, max + below(4096), GFP_KERNEL),
			0);
		assert_int_equal(t.orig_nents, o.n);
		agrees(&o, t.sgl);
		sg_free_table(&t);
	}
}

static void tables_that_grow(void **state)
{
	struct sg_append_table t = {.prv = NULL};
	struct page *first = virt_to_page(pool), *a[3] = {first, first + 1, first + 5}, *b[2] = {first + 6, first + 9};
	const struct model o = {3, {{0, 8192}, {5 * 4096, 8192}, {9 * 4096, 100}}};

	(void)state;
	assert_int_equal(sg_alloc_append_table_from_pages(&t, a, 3, 0, 3 * 4096, ~0U, 2, GFP_KERNEL), 0);
	assert_int_equal(sg_alloc_append_table_from_pages(&t, b, 2, 0, 4096 + 100, ~0U, 0, GFP_KERNEL), 0);
	assert_int_equal(t.sgt.nents, 3);
	agrees(&o, t.sgt.sgl);
	sg_free_append_table(&t);
	assert_null(t.sgt.sgl);
}

/* ---- results and failures ---- */

static void table_arguments(void **state)
{
	static struct page *array[1];
	struct scatterlist first[4];
	struct sg_table t;

	(void)state;
	assert_int_equal(sg_alloc_table(&t, 0, GFP_KERNEL), -EINVAL);
	sg_free_table(&t);
	array[0] = virt_to_page(pool);
	assert_int_equal(sg_alloc_table_from_pages_segment(&t, array, 1, 0, 4096, 4095, GFP_KERNEL), -EINVAL);
	assert_int_equal(sg_alloc_table_from_pages(&t, array, 0, 0, 0, GFP_KERNEL), -EINVAL);
	dmasim_violations_clear();
	dmasim_fail_call("sg_alloc_table", 1);
	assert_int_equal(sg_alloc_table(&t, 5, GFP_KERNEL), -ENOMEM);
	assert_null(t.sgl);
	sg_free_table(&t);
	assert_int_equal(sg_alloc_table_chained(&t, 4, first, 4), 0);
	assert_ptr_equal(t.sgl, first);
	sg_free_table_chained(&t, 4);
	assert_int_equal(sg_alloc_table_chained(&t, 400, first, 4), 0);
	assert_int_equal(sg_nents(t.sgl), 400);
	sg_free_table_chained(&t, 4);
}

static void lists_with_memory(void **state)
{
	unsigned int n;
	struct scatterlist *sgl = sgl_alloc(10000, GFP_KERNEL, &n), other;

	(void)state;
	assert_int_equal(n, 3);
	assert_int_equal(sg_nents_for_len(sgl, 10000), 3);
	sgl_free(sgl);
	sgl = sgl_alloc_order(100000, 2, true, GFP_KERNEL, &n);
	assert_int_equal(n, 7);
	assert_int_equal(sg_nents_for_len(sgl, 100000), 7);
	assert_int_equal(sg_nents(sgl), 8); /* the spare one has the end mark */
	sgl_free_order(sgl, 2);
	sgl = sgl_alloc_order(8192, 0, true, GFP_KERNEL, &n);
	sg_init_one(&other, page_address(sg_page(sgl)), 4);
	sg_chain(sgl, n + 1, &other);
	assert_int_equal(sg_nents(sgl), 3);
	assert_ptr_equal(sg_last(sgl, 3), &other);
	sgl_free_n_order(sgl, (int)n, 0);
	assert_null(sgl_alloc(0, GFP_KERNEL, &n));
	sgl_free(NULL);
}

/* ---- chunks of one's own ---- */

static unsigned int chunks_left, chunk_entries;

static struct scatterlist *take_chunk(unsigned int nents, gfp_t gfp)
{
	if (!chunks_left)
		return NULL;
	chunks_left--;
	chunk_entries += nents;
	return kmalloc(nents * sizeof(struct scatterlist), gfp);
}

static void give_chunk(struct scatterlist *sgl, unsigned int nents)
{
	chunk_entries -= nents;
	kfree(sgl);
}

static void own_chunks(void **state)
{
	struct scatterlist first[3];
	struct sg_table t;

	(void)state;
	for (unsigned int inside = 0; inside <= 3; inside += 3)
		for (unsigned int n = 1; n < 40; n++) {
			chunks_left = 100;
			assert_int_equal(__sg_alloc_table(&t, n, 8, first, inside, GFP_KERNEL, take_chunk), 0);
			assert_int_equal(sg_nents(t.sgl), n);
			assert_int_equal(t.orig_nents, n);
			__sg_free_table(&t, 8, inside, give_chunk, t.orig_nents);
			assert_int_equal(chunk_entries, 0);
		}
	/* What it got is the caller's to free. */
	for (unsigned int n = 0; n < 4; n++) {
		chunks_left = n;
		assert_int_equal(__sg_alloc_table(&t, 40, 8, NULL, 0, GFP_KERNEL, take_chunk), -ENOMEM);
		assert_int_equal(chunk_entries, 8 * n);
		__sg_free_table(&t, 8, 0, give_chunk, t.orig_nents);
		assert_int_equal(chunk_entries, 0);
	}
	assert_int_equal(__sg_alloc_table(&t, 0, 8, NULL, 0, GFP_KERNEL, take_chunk), -EINVAL);
	assert_int_equal(__sg_alloc_table(&t, 9, 1, NULL, 0, GFP_KERNEL, take_chunk), -EINVAL);
	assert_int_equal(__sg_alloc_table(&t, 9, 8, NULL, 0, GFP_KERNEL, NULL), -EINVAL);
	__sg_free_table(NULL, 0, 0, NULL, 0);
}

/* ---- what must not hang or crash ---- */

static void reported(const char *rule, size_t n)
{
	assert_int_equal(dmasim_violation_count_of(rule), n);
	assert_int_equal(dmasim_violation_count(), n);
	dmasim_violations_clear();
}

static void bad_lists(void **state)
{
	struct scatterlist a[4], b[4], *in_ram = kmalloc(4 * sizeof(*in_ram), GFP_KERNEL);
	char buf[64];

	(void)state;
	sg_init_table(a, 4);
	sg_init_table(b, 4);
	sg_chain(a, 4, b);
	sg_chain(b, 4, a + 1);
	assert_true(sg_nents(a) >= 6);
	reported("sg-list-broken", 1);
	assert_null(sg_last(a, 1000000000));
	reported("sg-list-broken", 1);
	assert_int_equal(sg_copy_to_buffer(a, 1000, buf, sizeof(buf)), 0);
	reported("sg-list-broken", 1);
	a[3].page_link = 0x7ffffffff000 | SG_CHAIN; /* just beyond what a process may map */
	assert_int_equal(sg_nents(a), 3);
	reported("sg-list-broken", 1);
	assert_int_equal(sg_nents(NULL), 0);
	assert_null(sg_next(NULL));
	sg_init_table(NULL, 3);
	reported("sg-list-broken", 1);
	sg_init_table(a, 0);
	reported("sg-list-broken", 1);
	sg_init_table(a, 2);
	assert_null(sg_last(a, 3));
	reported("sg-list-too-short", 1);
	sg_free_table(NULL);
	reported("sg-list-broken", 1);
	sg_set_buf(a, (void *)16, 5);
	reported("address-not-linear", 1);
	memset(in_ram, 0, 4 * sizeof(*in_ram)); /* no end mark: not into the next allocation */
	assert_int_equal(sg_nents(in_ram), 4);
	reported("sg-list-broken", 1);
	sg_init_table(in_ram, 4);
	kfree(in_ram);
	assert_int_equal(sg_nents(in_ram), 0);
	reported("sg-list-broken", 1);
	assert_int_equal(sg_split(NULL, 0, 0, 0, NULL, NULL, NULL, GFP_KERNEL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_agree_with_arrays, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_from_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_that_grow, setup, teardown),
		cmocka_unit_test_setup_teardown(table_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_with_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(own_chunks, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_lists, setup, teardown),
	};

	return cmocka_run_group_tests_name("sg", tests, NULL, NULL);
}
