// SPDX-License-Identifier: MIT
/*
 * The kernel-compatible reporter's files: how errors are counted, printed and filtered, what is said of records, and the
 * list of live mappings.
 */
#include "tests/unit/dma_debug_fixture.h"

static dma_addr_t left;

/* ---- counting and filtering ---- */

static void file_is(const char *path, const char *want)
{
	char text[64];

	assert_int_equal(dmasim_debugfs_read(path, text, sizeof(text)), strlen(want));
	assert_string_equal(text, want);
}

static unsigned int lines_with(const char *part)
{
	unsigned int n = 0;
	const char *line;

	for (size_t i = 0; (line = dmasim_log_line(i, NULL, NULL)); i++)
		n += strstr(line, part) != NULL;
	return n;
}

/* One call, several mistakes: all said, in the kernel's order, of each segment. */
static void in_order(void **state)
{
	static const char *const want[] = {"different size", "wrong function", "different direction",
					   "failed to check map error"};
	size_t next = 0;
	const char *line;

	(void)state;
	begin("pc,dma_debug=on");
	assert_int_equal(dmasim_debugfs_write("dma-api/all_errors", "1\n"), 2);
	left = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	dma_unmap_resource(dev, left, 32, DMA_FROM_DEVICE, 0);
	for (size_t i = 0; (line = dmasim_log_line(i, NULL, NULL)); i++)
		next += next < 4 && strstr(line, want[next]);
	assert_int_equal(next, 4);
	file_is("dma-api/error_count", "4\n");
	dmasim_log_clear();
	assert_int_equal(dma_map_sg(dev, two(), 2, DMA_FROM_DEVICE), 2);
	dma_sync_sg_for_device(dev, list, 1, DMA_TO_DEVICE);
	file_is("dma-api/error_count", "7\n"); /* direction, write-only, count: of one entry */
	dma_unmap_sg(dev, list, 3, DMA_TO_DEVICE);
	file_is("dma-api/error_count", "11\n"); /* count, direction: of both */
	assert_int_equal(lines_with("[size=256 bytes]"), 3);
	assert_int_equal(lines_with("[size=512 bytes]"), 1);
	end();
}

static void one_error_is_printed(void **state)
{
	(void)state;
	begin("pc,dma_debug=on");
	file_is("dma-api/disabled", "N\n");
	file_is("dma-api/num_errors", "1\n");
	d2();
	d2();
	file_is("dma-api/error_count", "2\n");
	file_is("dma-api/num_errors", "0\n");
	assert_int_equal(lines_with("has not allocated"), 1);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", "2"), 1);
	d2();
	file_is("dma-api/num_errors", "1\n");
	assert_int_equal(lines_with("has not allocated"), 2);
	end();
}

static void filter(void **state)
{
	(void)state;
	begin("pc,dma_debug=on,dma_debug_driver=other");
	file_is("dma-api/driver_filter", "other\n");
	d2();
	assert_int_equal(lines_with("has not allocated"), 0);
	file_is("dma-api/error_count", "1\n");
	file_is("dma-api/num_errors", "0\n"); /* counted off all the same */
	assert_int_equal(dmasim_debugfs_write("dma-api/all_errors", "1"), 1);
	d2();
	assert_int_equal(lines_with("has not allocated"), 0);
	assert_int_equal(dmasim_debugfs_write("dma-api/driver_filter", "dad rest\n"), 9);
	assert_true(dmasim_log_contains("DMA-API: enable driver filter for driver [dad]"));
	file_is("dma-api/driver_filter", "dad\n");
	d2();
	assert_int_equal(lines_with("has not allocated"), 1);
	dev->driver = NULL; /* not bound: never passes */
	d2();
	dev->driver = &driver;
	assert_int_equal(lines_with("has not allocated"), 1);
	assert_int_equal(dmasim_debugfs_write("dma-api/driver_filter", "\n"), 1);
	assert_true(dmasim_log_contains("DMA-API: switching off dma-debug driver filter"));
	file_is("dma-api/driver_filter", "");
	end();
}

static void files(void **state)
{
	char small[4] = "abc";
	unsigned int n = 0;
	const char *name;

	(void)state;
	begin("pc,dma_debug=on,dma_debug_entries=33");
	assert_true(dmasim_log_contains("DMA-API: preallocated 64 debug entries"));
	assert_true(dmasim_log_contains("DMA-API: debugging enabled by kernel config"));
	file_is("dma-api/nr_total_entries", "64\n");
	file_is("dma-api/num_free_entries", "64\n");
	left = mapped(64, DMA_TO_DEVICE);
	file_is("dma-api/num_free_entries", "63\n");
	dma_unmap_single(dev, left, 64, DMA_TO_DEVICE);
	file_is("dma-api/num_free_entries", "64\n");
	file_is("dma-api/min_free_entries", "63\n");
	for (unsigned int i = 0; i < 129; i++)
		dma_mapping_error(dev, dma_map_single(dev, buf + 8 * i, 8, DMA_TO_DEVICE));
	assert_true(dmasim_log_contains("DMA-API: dma_debug_entry pool grown to 128 (200%)"));
	file_is("dma-api/nr_total_entries", "160\n");
	file_is("dma-api/min_free_entries", "0\n");
	file_is("dma-api/num_free_entries", "31\n");
	assert_int_equal(dmasim_debugfs_read("dma-api/disabled", small, 2), 2);
	assert_string_equal(small, "N");
	assert_int_equal(dmasim_debugfs_read("dma-api/disabled", NULL, 0), 2);
	while ((name = dmasim_debugfs_name(n)))
		n += dmasim_debugfs_read(name, NULL, 0) != -ENOENT;
	assert_true(n >= 9);
	assert_int_equal(dmasim_debugfs_read("dma-api/none", small, 4), -ENOENT);
	assert_int_equal(dmasim_debugfs_read(NULL, small, 4), -ENOENT);
	assert_int_equal(dmasim_debugfs_write("dma-api/dump", "1"), -EACCES);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", "+7\n"), 3);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", "+-7"), -EINVAL);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", "-1"), -EINVAL);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", "4294967296"), -EINVAL);
	assert_int_equal(dmasim_debugfs_write("dma-api/num_errors", NULL), -EINVAL);
	end();
	begin("pc");
	file_is("dma-api/disabled", "Y\n");
	file_is("dma-api/nr_total_entries", "0\n");
	file_is("dma-api/dump", "");
	end();
}

/* ---- live mappings ---- */

static void dump(void **state)
{
	char text[2000], want[2000];
	dma_addr_t single, coherent, entry;
	phys_addr_t phys = 0;
	void *cpu;

	(void)state;
	for (unsigned int worst = 0; worst < 2; worst++) {
		begin(worst ? "worst,dma_debug=on" : "pc,dma_debug=on");
		single = dma_map_single(dev, buf, 100, DMA_FROM_DEVICE);
		phys = virt_to_phys(buf);
		cpu = dma_alloc_coherent(dev, 8192, &coherent, GFP_KERNEL);
		snprintf(want, sizeof(want), "dad dad0: single idx %llu P=%llx N=%llx D=%llx L=64 DMA_FROM_DEVICE %s",
			 single >> 13 & 16383, phys, phys >> 12, single, "dma map error not checked");
		debug_dma_dump_mappings(dev);
		assert_true(dmasim_log_contains(want));
		assert_int_equal(dma_mapping_error(dev, single), 0);
		/* neighbours, which one machine joins: one record there, two here */
		sg_init_table(list, 2);
		sg_set_buf(&list[0], buf + 1024, 256);
		sg_set_buf(&list[1], buf + 1280, 256);
		assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), worst ? 1 : 2);
		entry = sg_dma_address(list);
		assert_true(dmasim_debugfs_read("dma-api/dump", text, sizeof(text)) > 0);
		snprintf(want, sizeof(want),
			 "dad dad0 scather-gather idx %llu P=%llx N=%llx D=%llx L=%x DMA_TO_DEVICE "
			 "dma map error check not applicable\n",
			 entry >> 13 & 16383, phys + 1024, phys >> 12, entry, worst ? 512 : 256);
		assert_non_null(strstr(text, want));
		snprintf(want, sizeof(want),
			 "dad dad0 single idx %llu P=%llx N=%llx D=%llx L=64 DMA_FROM_DEVICE dma map error checked\n",
			 single >> 13 & 16383, phys, phys >> 12, single);
		assert_non_null(strstr(text, want));
		assert_non_null(strstr(text, "dad dad0 coherent idx "));
		assert_non_null(strstr(text, " L=2000 DMA_BIDIRECTIONAL dma map error check not applicable\n"));
		dmasim_log_clear();
		debug_dma_dump_mappings(NULL);
		assert_int_equal(lines_with("dad dad0: "), worst ? 3 : 4);
		dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
		dma_free_coherent(dev, 8192, cpu, coherent);
		dma_unmap_single(dev, single, 100, DMA_FROM_DEVICE);
		assert_int_equal(dmasim_debugfs_read("dma-api/dump", text, sizeof(text)), 0);
		end();
	}
}

/* ---- where it is silent, and we are not, and the reverse ---- */

static void silent(void **state)
{
	dma_addr_t bus, other;

	(void)state;
	begin("pc,dma_debug=on");
	/* a list that is not mapped */
	dma_sync_sg_for_cpu(dev, two(), 2, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_violation_count_of("sync-unknown"), 1);
	/* overlaps that do not start in one cache line */
	bus = mapped(1024, DMA_FROM_DEVICE);
	other = dma_map_single(dev, buf + 512, 64, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, other), 0);
	assert_int_equal(dmasim_violation_count_of("map-overlap"), 1);
	dma_unmap_single(dev, other, 64, DMA_FROM_DEVICE);
	/* the device is told too early, but the driver asks before it unmaps */
	dma_unmap_single(dev, bus, 1024, DMA_FROM_DEVICE);
	bus = dma_map_single(dev, buf, 64, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_device_write(dev, bus, "x", 1), 0);
	assert_int_equal(dmasim_violation_count_of("map-error-unchecked"), 1);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_single(dev, bus, 64, DMA_FROM_DEVICE);
	file_is("dma-api/error_count", "0\n");
	/* neighbours on one line, which it would complain of: legal */
	dmasim_violations_clear();
	bus = mapped(16, DMA_FROM_DEVICE);
	other = dma_map_single(dev, buf + 16, 16, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(dev, other), 0);
	dma_unmap_single(dev, other, 16, DMA_FROM_DEVICE);
	dma_unmap_single(dev, bus, 16, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_violation_count(), 0);
	file_is("dma-api/error_count", "0\n");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order), cmocka_unit_test(one_error_is_printed),
		cmocka_unit_test(filter),   cmocka_unit_test(files),
		cmocka_unit_test(dump),	    cmocka_unit_test(silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
