// SPDX-License-Identifier: MIT
/*
 * Mapped lists against an oracle: what the device gets through the segments, in order, is what the CPU put into the
 * entries, in order, however neighbours were joined. And the values that the kernel returns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-map-ops.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "lib/check/tracker.h"

#define PAGES	64
#define ENTRIES 200

static struct dmasim_machine *machine;
static struct device *dev;
static unsigned char *pool;
static uint64_t chance;

static unsigned int below(unsigned int n)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)((chance >> 33) % n);
}

static void begin(const char *spec)
{
	const char *seed = getenv("DMASIM_TEST_SEED");

	machine = dmasim_machine_create(spec);
	assert_non_null(machine);
	dmasim_machine_use(machine);
	dev = dmasim_device_create("sg0");
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	pool = (unsigned char *)__get_free_pages(GFP_KERNEL, 6);
	assert_non_null(pool);
	chance = seed ? strtoull(seed, NULL, 0) : 1;
}

static void reported(const char *rule, size_t n)
{
	if (dmasim_violation_count() != n)
		for (size_t i = 0; dmasim_violation(i); i++)
			print_error("%s\n", dmasim_violation(i)->text);
	assert_int_equal(dmasim_violation_count(), n);
	if (n)
		assert_int_equal(dmasim_violation_count_of(rule), n);
	dmasim_violations_clear();
}

static void end(void)
{
	free_pages((unsigned long)pool, 6);
	assert_int_equal(dmasim_check_leaks(), 0);
	reported(NULL, 0);
	dmasim_machine_destroy(machine);
}

/* ---- against the oracle ---- */

static unsigned int random_list(struct sg_table *t, unsigned int n, unsigned int max)
{
	struct scatterlist *sg;
	unsigned int i, at = 0;

	assert_int_equal(sg_alloc_table(t, n, GFP_KERNEL), 0);
	for_each_sg (t->sgl, sg, n, i) {
		unsigned int room = (PAGES * 4096 - at) / (n - i), length = 1 + below(room < max ? room : max);

		/* often a neighbour, sometimes a gap: entries never overlap */
		if (room > length && !below(3))
			at += below(room - length);
		sg_set_buf(sg, pool + at, length);
		at += length;
	}
	return n;
}

static void one_list(bool merge)
{
	static unsigned char want[PAGES * 4096], got[PAGES * 4096];
	enum dma_data_direction dir = below(2) ? DMA_TO_DEVICE : DMA_BIDIRECTIONAL;
	unsigned int n = 1 + below(below(4) ? 12 : ENTRIES), max = 1 + below(3000), count, i;
	unsigned long boundary = below(2) ? ~0UL : 4096 * (1UL << below(4)) - 1;
	size_t bytes = 0, done = 0;
	struct scatterlist *sg;
	struct sg_table t;

	dma_set_max_seg_size(dev, max + below(3000));
	dma_set_seg_boundary(dev, ~0UL);
	random_list(&t, n, max);
	for (i = 0; i < sizeof(want); i++)
		pool[i] = (unsigned char)below(256);
	for_each_sg (t.sgl, sg, n, i) {
		memcpy(want + bytes, sg_virt(sg), sg->length);
		bytes += sg->length;
	}
	if (merge)
		dma_set_seg_boundary(dev, boundary);
	if (below(2)) {
		assert_int_equal(dma_map_sgtable(dev, &t, dir, 0), 0);
		count = t.nents;
	} else {
		count = dma_map_sg(dev, t.sgl, (int)n, dir);
	}
	/* entries that cross the boundary themselves are reported; not what is looked for here */
	if (dmasim_violation_count_of("segment-crosses-boundary"))
		dmasim_violations_clear();
	assert_true(count && (merge ? count <= n : count == n));
	tracker_check(machine);
	assert_int_equal(tracker_live(machine), n);
	for_each_sg (t.sgl, sg, count, i) {
		assert_true(sg_dma_len(sg) <= dma_get_max_seg_size(dev));
		assert_int_equal(dmasim_device_read(dev, sg_dma_address(sg), got + done, sg_dma_len(sg)), 0);
		done += sg_dma_len(sg);
	}
	assert_int_equal(done, bytes);
	assert_memory_equal(got, want, bytes);
	if (below(2)) { /* what was never handed over ends another way */
		dma_sync_sg_for_cpu(dev, t.sgl, (int)n, dir);
		for_each_sg (t.sgl, sg, n, i)
			dmasim_store8(sg_virt(sg), 0x5a);
		dma_sync_sgtable_for_device(dev, &t, dir);
		for_each_sg (t.sgl, sg, count, i)
			assert_int_equal(dmasim_device_read(dev, sg_dma_address(sg), got, sg_dma_len(sg)), 0);
	}
	if (below(2))
		dma_unmap_sgtable(dev, &t, dir, 0);
	else
		dma_unmap_sg(dev, t.sgl, (int)n, dir);
	assert_int_equal(tracker_live(machine), 0);
	tracker_check(machine);
	sg_free_table(&t);
	reported(NULL, 0);
}

static void on_machine(const char *spec, bool merge)
{
	begin(spec);
	print_message("seed %llu\n", (unsigned long long)chance);
	for (int i = 0; i < 120; i++)
		one_list(merge);
	end();
}

static void lists_on_pc(void **state)
{
	(void)state;
	on_machine("pc,report=none,summary=off", false);
	on_machine("pc,sg_merge=on,report=none,summary=off", true);
}

static void lists_on_worst(void **state)
{
	(void)state;
	on_machine("worst,report=none,summary=off", true);
	on_machine("worst,guard=snapshot,report=none,summary=off", true);
}

/* ---- joining ---- */

static unsigned int mapped_count(unsigned int max, unsigned long boundary)
{
	struct scatterlist list[8];
	unsigned int count;

	sg_init_table(list, 8);
	for (int i = 0; i < 8; i++)
		sg_set_buf(&list[i], pool + i * 512, 512);
	dma_set_max_seg_size(dev, max);
	dma_set_seg_boundary(dev, boundary);
	count = dma_map_sg(dev, list, 8, DMA_TO_DEVICE);
	if (count < 8) {
		assert_true(sg_dma_address(&list[count]) == DMA_MAPPING_ERROR);
		assert_int_equal(sg_dma_len(&list[count]), 0);
	}
	assert_int_equal(list[7].length, 512);
	dma_unmap_sg(dev, list, 8, DMA_TO_DEVICE);
	return count;
}

static void neighbours_are_joined(void **state)
{
	(void)state;
	begin("worst,report=none,summary=off");
	assert_int_equal(mapped_count(65536, ~0UL), 1);
	assert_int_equal(mapped_count(1024, ~0UL), 4);
	assert_int_equal(mapped_count(1535, ~0UL), 4);
	assert_int_equal(mapped_count(65536, 2047), 2);
	end();
	begin("pc,report=none,summary=off");
	assert_int_equal(mapped_count(65536, ~0UL), 8);
	end();
}

/* ---- the classic mistakes, which show where neighbours are joined ---- */

static void counts_are_confused(void **state)
{
	struct scatterlist list[3], *sg;
	unsigned int count;
	char data[512];
	int i;

	(void)state;
	begin("worst,report=none,summary=off");
	sg_init_table(list, 3);
	sg_set_buf(&list[0], pool, 512);
	sg_set_buf(&list[1], pool + 512, 512);
	sg_set_buf(&list[2], pool + 8192, 100);
	count = dma_map_sg(dev, list, 3, DMA_TO_DEVICE);
	assert_int_equal(count, 2);
	for_each_sg (list, sg, 3, i)
		dmasim_device_read(dev, sg_dma_address(sg), data, 16);
	reported("sg-nents-vs-count", 1);
	/* the second segment, with the length of the second entry */
	dmasim_device_read(dev, sg_dma_address(&list[1]), data, list[1].length);
	reported("sg-nents-vs-count", 1);
	dma_sync_sg_for_cpu(dev, list, (int)count, DMA_TO_DEVICE);
	reported("sg-nents-vs-count", 1);
	dma_unmap_sg(dev, list, (int)count, DMA_TO_DEVICE);
	reported("unmap-sg-wrong-nents", 1);
	assert_int_equal(tracker_live(machine), 0);
	end();
}

/* ---- results ---- */

static void results_are_the_kernels(void **state)
{
	struct scatterlist list[2], loop[3];
	struct sg_table t = {list, 2, 2}, none = {NULL, 0, 0};

	(void)state;
	begin("pc,report=none,summary=off");
	sg_init_table(list, 2);
	sg_set_buf(&list[0], pool, 10);
	sg_set_buf(&list[1], pool + 100, 10);
	assert_int_equal(dma_map_sg(NULL, list, 2, DMA_TO_DEVICE), 0);
	assert_int_equal(dma_map_sgtable(NULL, &t, DMA_TO_DEVICE, 0), -EINVAL);
	reported(NULL, 0);
	assert_int_equal(dma_map_sg(dev, list, 0, DMA_TO_DEVICE), 0);
	reported("map-bad-size", 1);
	assert_int_equal(dma_map_sg(dev, list, -1, DMA_TO_DEVICE), 0);
	reported("map-bad-size", 1);
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_NONE), 0);
	reported("invalid-direction", 1);
	assert_int_equal(dma_map_sg(dev, NULL, 2, DMA_TO_DEVICE), 0);
	reported("sg-list-broken", 1);
	assert_int_equal(dma_map_sgtable(dev, &none, DMA_TO_DEVICE, 0), -EIO);
	reported("map-bad-size", 1);
	assert_int_equal(dma_map_sg(dev, list, 3, DMA_TO_DEVICE), 0);
	reported("sg-list-too-short", 1);
	sg_init_table(loop, 3);
	sg_set_buf(&loop[0], pool, 10);
	sg_set_buf(&loop[1], pool + 10, 10);
	sg_chain(loop, 3, loop);
	assert_int_equal(dma_map_sg(dev, loop, 1 << 30, DMA_TO_DEVICE), 0);
	reported("sg-list-broken", 1);
	sg_init_table(loop, 2);
	assert_int_equal(dma_map_sg(dev, loop, 2, DMA_TO_DEVICE), 0); /* entries without a page */
	reported("sg-list-broken", 1);
	dmasim_fail_call("dma_map_sgtable", 1);
	assert_int_equal(dma_map_sgtable(dev, &t, DMA_TO_DEVICE, 0), -ENOMEM);
	assert_int_equal(t.nents, 2);
	dmasim_fail_call("dma_map_sg", 1);
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 0);
	assert_true(sg_dma_address(&list[0]) == DMA_MAPPING_ERROR);
	dma_unmap_sg(dev, NULL, 2, DMA_TO_DEVICE);
	reported("sg-list-broken", 1);
	assert_int_equal(tracker_live(machine), 0);
	end();
}

static void failure_undoes_the_rest(void **state)
{
	struct scatterlist list[2];
	struct sg_table t = {list, 2, 2};
	unsigned char *low;

	(void)state;
	begin("worst,ram=2G,swiotlb=off,report=none,summary=off");
	low = (unsigned char *)__get_free_page(GFP_DMA32);
	assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(32)), 0);
	sg_init_table(list, 2);
	sg_set_buf(&list[0], low, 10);
	sg_set_buf(&list[1], pool, 10);
	if (sg_phys(&list[1]) >= 8ULL << 30) {
		assert_int_equal(dma_map_sgtable(dev, &t, DMA_TO_DEVICE, 0), -EIO);
		assert_true(sg_dma_address(&list[0]) == DMA_MAPPING_ERROR);
		assert_int_equal(tracker_live(machine), 0);
	}
	free_page((unsigned long)low);
	end();
}

/* ---- other memory, other operations ---- */

static void host_memory(void **state)
{
	static unsigned char adopted[8192] __attribute__((aligned(4096)));
	unsigned char stack[2][64];
	struct scatterlist list[2];

	(void)state;
	begin("worst,report=none,summary=off");
	assert_int_equal(dmasim_adopt_memory(adopted, sizeof(adopted)), 0);
	sg_init_table(list, 2);
	sg_set_buf(&list[0], adopted, 100);
	sg_set_buf(&list[1], adopted + 4096, 100);
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
	reported(NULL, 0);
	sg_set_buf(&list[0], stack[0], 64);
	sg_set_buf(&list[1], stack[1], 64);
	assert_true(dma_map_sg(dev, list, 2, DMA_TO_DEVICE));
	dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
	reported("map-stack", 1);
	end();
}

static int calls;

static int own_map_sg(struct device *d, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		      unsigned long attrs)
{
	(void)d;
	(void)sgl;
	(void)nents;
	(void)dir;
	calls++;
	return attrs ? -EBUSY : -ENOMEM;
}

static void own_operations(void **state)
{
	static struct dma_map_ops ops;
	struct scatterlist list[1];
	struct sg_table t = {list, 1, 1};

	(void)state;
	begin("pc,report=none,summary=off");
	ops = *get_dma_ops(dev);
	ops.map_sg = own_map_sg;
	set_dma_ops(dev, &ops);
	sg_init_one(list, pool, 64);
	assert_int_equal(dma_map_sgtable(dev, &t, DMA_TO_DEVICE, 0), -ENOMEM);
	/* a value that the kernel does not let through */
	assert_int_equal(dma_map_sgtable(dev, &t, DMA_TO_DEVICE, DMA_ATTR_WEAK_ORDERING), -EIO);
	assert_int_equal(calls, 2);
	/* without one: piece by piece */
	ops.map_sg = NULL;
	assert_int_equal(dma_map_sgtable(dev, &t, DMA_TO_DEVICE, 0), 0);
	dma_unmap_sgtable(dev, &t, DMA_TO_DEVICE, 0);
	set_dma_ops(dev, NULL);
	end();
}

/* ---- lists that are none, or stop being one ---- */

static void lists_that_cannot_be(void **state)
{
	struct scatterlist list[3], *heap;
	unsigned long flags;

	(void)state;
	for (unsigned int worst = 0; worst < 2; worst++) {
		begin(worst ? "worst,report=none,summary=off" : "pc,report=none,summary=off");
		/* a circle, walked for more entries than it has */
		sg_init_table(list, 3);
		sg_set_buf(&list[0], pool, 64);
		sg_set_buf(&list[1], pool + 64, 64);
		sg_chain(list, 3, list);
		assert_int_equal(dma_map_sg(dev, list, 1000, DMA_TO_DEVICE), 0);
		reported("sg-list-broken", 1);
		/* more entries than the list has */
		sg_init_table(list, 2);
		sg_set_buf(&list[0], pool, 64);
		sg_set_buf(&list[1], pool + 128, 64);
		assert_int_equal(dma_map_sg(dev, list, 3, DMA_TO_DEVICE), 0);
		reported("sg-list-too-short", 1);
		/* lengths and offsets that leave memory, or wrap */
		sg_set_page(&list[1], virt_to_page(pool), 0xffffffff, 0xfffff000);
		assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 0);
		assert_int_equal(dmasim_violation_count(), 1);
		dmasim_violations_clear();
		/* where interrupts are off all of it is legal */
		sg_set_buf(&list[1], pool + 128, 64);
		local_irq_save(flags);
		assert_int_equal(dma_map_sg(dev, list, 2, DMA_FROM_DEVICE), 2);
		dma_sync_sg_for_cpu(dev, list, 2, DMA_FROM_DEVICE);
		dma_sync_sg_for_device(dev, list, 2, DMA_FROM_DEVICE);
		dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
		local_irq_restore(flags);
		reported(NULL, 0);
		/* made a circle while it is mapped: what was mapped ends all the same */
		assert_int_equal(dma_map_sg(dev, list, 2, DMA_FROM_DEVICE), 2);
		sg_chain(list, 2, list);
		dma_sync_sg_for_cpu(dev, list, 2, DMA_FROM_DEVICE);
		dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
		reported("sg-changed-while-mapped", 1);
		assert_int_equal(tracker_live(machine), 0);
		/* freed while it is mapped */
		heap = kcalloc(2, sizeof(*heap), GFP_KERNEL);
		sg_init_table(heap, 2);
		sg_set_buf(&heap[0], pool, 64);
		sg_set_buf(&heap[1], pool + 128, 64);
		assert_int_equal(dma_map_sg(dev, heap, 2, DMA_FROM_DEVICE), 2);
		memset(heap, 0, 2 * sizeof(*heap));
		kfree(heap);
		dma_unmap_sg(dev, heap, 2, DMA_FROM_DEVICE);
		reported("sg-changed-while-mapped", 1);
		assert_int_equal(tracker_live(machine), 0);
		end();
	}
}

/* Both views are split; the whole is unmapped by the list that was mapped. */
static void split_while_mapped(void **state)
{
	const size_t sizes[2] = {100, 300};
	struct scatterlist list[2], *out[2], *sg;
	unsigned char byte = 0x5a;
	int mapped[2], count, i;
	size_t at = 0;

	(void)state;
	for (unsigned int worst = 0; worst < 2; worst++) {
		begin(worst ? "worst,report=none,summary=off" : "pc,report=none,summary=off");
		sg_init_table(list, 2);
		sg_set_buf(&list[0], pool, 256);
		sg_set_buf(&list[1], pool + 256, 256);
		count = (int)dma_map_sg(dev, list, 2, DMA_FROM_DEVICE);
		assert_int_equal(count, worst ? 1 : 2);
		assert_int_equal(sg_split(list, count, 0, 2, sizes, out, mapped, GFP_KERNEL), 0);
		at = 0;
		for (unsigned int k = 0; k < 2; k++)
			for_each_sg (out[k], sg, mapped[k], i) {
				assert_int_equal(dmasim_device_write(dev, sg_dma_address(sg), &byte, 1), 0);
				assert_true(sg_dma_len(sg) <= sizes[k]);
				at += sg_dma_len(sg);
			}
		assert_int_equal(at, 400);
		kfree(out[0]);
		kfree(out[1]);
		dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
		assert_int_equal(pool[0], 0x5a);
		assert_int_equal(pool[100], 0x5a);
		reported(NULL, 0);
		end();
	}
}

/* A segment is one range of bus addresses, whatever pieces it was joined from. */
static void segments_are_synced_whole(void **state)
{
	static const char *const specs[] = {"pc,sg_merge=on,report=none,summary=off", "worst,report=none,summary=off"};
	struct scatterlist list[3];
	unsigned char byte = 0x5a;
	dma_addr_t bus;

	(void)state;
	for (unsigned int m = 0; m < 2; m++) {
		begin(specs[m]);
		sg_init_table(list, 3);
		for (int i = 0; i < 3; i++)
			sg_set_buf(&list[i], pool + 256 * i, 256);
		assert_int_equal(dma_map_sg(dev, list, 3, DMA_FROM_DEVICE), 1);
		bus = sg_dma_address(list);
		assert_int_equal(dmasim_device_write(dev, bus + 700, &byte, 1), 0);
		dma_sync_single_for_cpu(dev, bus, sg_dma_len(list), DMA_FROM_DEVICE);
		assert_int_equal(dmasim_load8(pool + 700), 0x5a);
		dma_sync_single_for_device(dev, bus, sg_dma_len(list), DMA_FROM_DEVICE);
		dma_sync_single_for_cpu(dev, bus + 300, 300, DMA_FROM_DEVICE);
		(void)dmasim_load8(pool + 599);
		dma_sync_single_for_device(dev, bus + 300, 300, DMA_FROM_DEVICE);
		reported(NULL, 0);
		dma_sync_single_for_cpu(dev, bus + 300, 469, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_violation(0)->buffer_offset, 512); /* of the piece */
		assert_int_equal(dmasim_violation(0)->size, 1);
		reported("sync-out-of-range", 1);
		dma_unmap_sg(dev, list, 3, DMA_FROM_DEVICE);
		end();
	}
}

/* The array ends with its last entry, and nothing says so: what is behind it is not looked at. */
static void arrays_without_an_end(void **state)
{
	static const char *const specs[] = {
		"pc,report=none,summary=off", "worst,report=none,summary=off", "pc,dma_ops=arm,report=none,summary=off",
		"pc-swiotlb,sg_merge=on,report=none,summary=off", "pc,checks=off,report=none,summary=off"};
	struct scatterlist *list;

	(void)state;
	for (unsigned int m = 0; m < sizeof(specs) / sizeof(*specs); m++) {
		begin(specs[m]);
		list = calloc(3, sizeof(*list)); /* for sanitizers to watch */
		assert_non_null(list);
		for (int i = 0; i < 3; i++)
			sg_set_buf(&list[i], pool + 5000 * i, 256);
		assert_true(dma_map_sg(dev, list, 3, DMA_BIDIRECTIONAL) > 0);
		dma_sync_sg_for_cpu(dev, list, 3, DMA_BIDIRECTIONAL);
		dma_sync_sg_for_device(dev, list, 3, DMA_BIDIRECTIONAL);
		dma_unmap_sg(dev, list, 3, DMA_BIDIRECTIONAL);
		free(list);
		end();
	}
}

/* One list, two mistakes: neither hides the other. */
static void changed_and_written(void **state)
{
	struct scatterlist list[2];

	(void)state;
	begin("pc,report=none,summary=off");
	sg_init_table(list, 2);
	sg_set_buf(&list[0], pool, 256);
	sg_set_buf(&list[1], pool + 5000, 256);
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_FROM_DEVICE), 2);
	dma_sync_sg_for_cpu(dev, list, 2, DMA_FROM_DEVICE);
	dmasim_store8(pool, 1);
	list[1].length = 128;
	dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_violation_count_of("sg-changed-while-mapped"), 1);
	assert_int_equal(dmasim_violation_count_of("cpu-write-lost"), 1);
	dmasim_violations_clear();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_on_pc),
		cmocka_unit_test(lists_on_worst),
		cmocka_unit_test(neighbours_are_joined),
		cmocka_unit_test(counts_are_confused),
		cmocka_unit_test(results_are_the_kernels),
		cmocka_unit_test(failure_undoes_the_rest),
		cmocka_unit_test(host_memory),
		cmocka_unit_test(lists_that_cannot_be),
		cmocka_unit_test(split_while_mapped),
		cmocka_unit_test(own_operations),
		cmocka_unit_test(segments_are_synced_whole),
		cmocka_unit_test(arrays_without_an_end),
		cmocka_unit_test(changed_and_written),
	};

	return cmocka_run_group_tests_name("dma_sg", tests, NULL, NULL);
}
