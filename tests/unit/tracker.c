// SPDX-License-Identifier: MIT
/*
 * The tracker's rules, called as lib/dma and the bus call them; each where it fires and beside it the nearest legal
 * code. Weakness: one rule at a time; what they make of each other's traces is tracker_random.c's.
 */
#include "tests/unit/tracker_fixture.h"

/* ---- life cycle ---- */

static void a_clean_life_is_silent(void **state)
{
	dma_addr_t bus = map(100, 1500, DMA_FROM_DEVICE);

	(void)state;
	assert_int_equal(device_write(bus, 1500), 0);
	sync_dir(bus, 1500, DMA_FROM_DEVICE, SYNC_FOR_CPU);
	cpu_read(100, 1500);
	sync_dir(bus, 1500, DMA_FROM_DEVICE, SYNC_FOR_DEVICE);
	assert_int_equal(device_write(bus + 64, 64), 0);
	assert_true(unmap(bus, 1500, DMA_FROM_DEVICE));
	cpu_read(100, 1500);
	cpu_write(100, 1500, 1);
	silent();
	assert_int_equal(tracker_live(&machine), 0);
}

static void unmap_mistakes(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_TO_DEVICE);
	struct track_op op;

	(void)state;
	assert_true(unmap(bus, 200, DMA_FROM_DEVICE));
	assert_non_null(strstr(seen.more, "direction"));
	found("unmap-wrong-size");
	assert_int_equal(track_leaks(&machine), 0);

	assert_false(unmap(bus, 256, DMA_TO_DEVICE));
	found("double-unmap");

	bus = map(0, 256, DMA_TO_DEVICE);
	assert_true(unmap(bus, 256, DMA_BIDIRECTIONAL));
	found("unmap-wrong-direction");

	bus = map(0, 256, DMA_TO_DEVICE);
	assert_false(unmap(bus + 16, 240, DMA_TO_DEVICE));
	found("unmap-unknown");
	assert_non_null(strstr(seen.more, "+16 in a single mapping of 256 bytes"));
	op = op_of(1, bus, 256, DMA_TO_DEVICE);
	assert_false(unmap_op(op));
	found("unmap-wrong-device");
	op = op_of(0, bus, 256, DMA_TO_DEVICE);
	op.kind = EXTENT_SG;
	assert_true(unmap_op(op));
	found("unmap-wrong-kind");
	assert_false(unmap(bus + 0x5000, 1, DMA_TO_DEVICE));
	found("unmap-unknown");

	bus = map(0, 256, DMA_TO_DEVICE); /* single and page are one kind */
	op = op_of(0, bus, 256, DMA_TO_DEVICE);
	op.kind = EXTENT_PAGE;
	assert_true(unmap_op(op));
	silent();
}

static void the_best_of_equal_addresses_is_unmapped(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_TO_DEVICE);

	(void)state;
	map(0, 128, DMA_TO_DEVICE);
	assert_true(unmap(bus, 256, DMA_TO_DEVICE));
	assert_true(unmap(bus, 128, DMA_TO_DEVICE));
	silent();
}

static void unchecked_mapping_error(void **state)
{
	dma_addr_t bus = map_attrs(0, 0, 64, DMA_TO_DEVICE, 0), second;

	(void)state;
	silent();
	device_read(bus, 64);
	found("map-error-unchecked");
	device_read(bus, 64);
	assert_true(unmap(bus, 64, DMA_TO_DEVICE));
	silent();

	bus = map_attrs(0, 0, 64, DMA_TO_DEVICE, 0);
	second = map_attrs(0, 0, 64, DMA_TO_DEVICE, 0);
	track_mapping_error(&machine, &dev[0], second);
	unmap(second, 64, DMA_TO_DEVICE);
	silent();
	unmap(bus, 64, DMA_TO_DEVICE);
	found("map-error-unchecked");
}

static void error_cookie(void **state)
{
	struct track_op op = op_of(0, ERROR_COOKIE, 64, DMA_TO_DEVICE);

	(void)state;
	track_map_failed(&machine, &op);
	silent();
	assert_false(unmap(ERROR_COOKIE, 64, DMA_TO_DEVICE));
	found("error-cookie-used");
	assert_false(unmap(ERROR_COOKIE, 64, DMA_TO_DEVICE));
	device_read(ERROR_COOKIE, 1);
	silent();
	track_map_failed(&machine, &op);
	track_dma_access(&machine, &dev[0].master, ERROR_COOKIE, 64, false);
	found("error-cookie-used");
}

static void leaks(void **state)
{
	dma_addr_t bus = map(0, 64, DMA_TO_DEVICE);

	(void)state;
	assert_int_equal(track_leaks(&machine), 1);
	found("mapping-leak");
	assert_int_equal(track_leaks(&machine), 1);
	silent();
	unmap(bus, 64, DMA_TO_DEVICE);
	map(0, 64, DMA_TO_DEVICE);
	assert_int_equal(track_device_released(&machine, &kdev[1], true), 0);
	assert_int_equal(track_device_released(&machine, &kdev[0], false), 1);
	found("mapping-leak");
	assert_int_equal(track_device_released(&machine, &kdev[0], true), 1);
	silent();
	assert_int_equal(tracker_live(&machine), 0);
}

static void done(void *arg, int err)
{
	*(int *)arg = err ? err : 1;
}

static void unmapped_in_flight(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_FROM_DEVICE);
	static u8 data[64];
	int result = 0;

	(void)state;
	assert_int_equal(sim_bus_start(&dev[0].master, bus + 32, data, 64, true, 1000, done, &result), 0);
	assert_true(unmap(bus, 256, DMA_FROM_DEVICE));
	found("unmap-while-dma-active");
	sim_advance(machine.hw, 2000);
	assert_true(result != 0);
	silent(); /* the late access is the same mistake */
}

static void overlaps(void **state)
{
	dma_addr_t a = map(0, 256, DMA_TO_DEVICE), b = map(128, 256, DMA_TO_DEVICE), c;

	(void)state;
	silent(); /* only reads */
	/* what begins in both and ends behind one of them is the other's */
	sync_dir(b, 256, DMA_TO_DEVICE, SYNC_FOR_CPU);
	sync_dir(b + 64, 192, DMA_TO_DEVICE, SYNC_FOR_DEVICE);
	sync_dir(a + 130, 126, DMA_TO_DEVICE, SYNC_FOR_CPU);
	sync_dir(a + 130, 126, DMA_TO_DEVICE, SYNC_FOR_DEVICE);
	sync_dir(b, 256, DMA_TO_DEVICE, SYNC_FOR_DEVICE);
	silent();
	sync_dir(b + 64, 200, DMA_TO_DEVICE, SYNC_FOR_DEVICE);
	found("sync-out-of-range");
	unmap(a, 256, DMA_TO_DEVICE);
	unmap(b, 256, DMA_TO_DEVICE);
	a = map(0, 100, DMA_FROM_DEVICE);
	b = map(100, 100, DMA_FROM_DEVICE); /* the same line, other bytes */
	c = map_attrs(0, 0, 4096, DMA_BIDIRECTIONAL, SKIP);
	track_mapping_error(&machine, &dev[0], c);
	silent();
	unmap_op((struct track_op){.dev = &dev[0], .bus = c, .size = 4096, .attrs = SKIP, .function = "x"});
	c = map(50, 100, DMA_TO_DEVICE);
	found("map-overlap");
	unmap(a, 100, DMA_FROM_DEVICE);
	unmap(b, 100, DMA_FROM_DEVICE);
	unmap(c, 100, DMA_TO_DEVICE);
	silent();
}

static void freed_memory(void **state)
{
	phys_addr_t other = mm_alloc_block(&machine, 0, 0, ~0ULL, "page block", 0);
	struct track_op op = op_of(0, bus_of(other), 64, DMA_FROM_DEVICE);

	(void)state;
	op.phys = other;
	track_map(&machine, &op);
	track_mapping_error(&machine, &dev[0], op.bus);
	track_memory_freeing(&machine, other, 4096);
	found("free-while-mapped");
	device_write(op.bus, 64);
	assert_true(unmap(op.bus, 64, DMA_FROM_DEVICE));
	silent();
	mm_free_block(&machine, other, 0, 0);
	track_map(&machine, &op);
	found("map-freed-memory");
	assert_true(unmap(op.bus, 64, DMA_FROM_DEVICE));
	silent();
}

static void coherent(void **state)
{
	struct track_op op = op_of(0, bus_of(block), 1000, DMA_BIDIRECTIONAL);
	struct track_unmapped real;
	dma_addr_t bus;

	(void)state;
	op.kind = EXTENT_COHERENT;
	op.phys = block;
	op.cpu = cpu(0);
	op.function = "dma_alloc_coherent";
	track_map(&machine, &op);
	device_write(op.bus, 64);
	cpu_read(0, 64);
	cpu_write(0, 64, 5);
	device_read(op.bus, 64);
	silent();
	bus = map(512, 16, DMA_TO_DEVICE);
	found("coherent-streaming-mix");
	unmap(bus, 16, DMA_TO_DEVICE);
	op.bus += 0x1000; /* the handle */
	op.size = 900;
	track_unmap(&machine, &op, &real);
	found("coherent-free-mismatch");
	assert_true(real.found && real.size == 1000 && real.phys == block && real.cpu == cpu(0));
	op.bus -= 0x1000;
	track_unmap(&machine, &op, &real);
	found("coherent-double-free");
	assert_false(real.found);
}

/* ---- hand-overs and the CPU ---- */

static void sync_mistakes(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_FROM_DEVICE);

	(void)state;
	assert_false(sync_dir(bus + 200, 100, DMA_FROM_DEVICE, SYNC_FOR_CPU));
	found("sync-out-of-range");
	assert_true(sync_dir(bus, 256, DMA_TO_DEVICE, SYNC_FOR_CPU));
	found("sync-wrong-direction");
	assert_true(sync_dir(bus + 100, 50, DMA_FROM_DEVICE, SYNC_FOR_CPU));
	assert_false(sync_dir(bus + 0x9000, 4, DMA_FROM_DEVICE, SYNC_FOR_CPU) && seen.n == 1);
	found("sync-unknown");
	unmap(bus, 256, DMA_FROM_DEVICE);
	assert_false(sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_CPU));
	found("sync-after-unmap");
}

static void cpu_touches_the_devices_bytes(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_FROM_DEVICE);

	(void)state;
	cpu_read(10, 4);
	assert_int_equal(seen.last.offset, 10);
	assert_int_equal(seen.last.size, 4);
	found("cpu-read-while-device-owns");
	cpu_read(14, 4);
	silent(); /* a loop is one mistake */
	cpu_write(20, 4, 9);
	assert_int_equal(seen.last.nr_value, 4);
	assert_int_equal(seen.last.new_value[0], 9);
	found("cpu-write-while-device-owns");
	sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_CPU);
	cpu_read(10, 4);
	sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_DEVICE);
	silent();
	cpu_read(10, 4);
	found("cpu-read-while-device-owns"); /* another period */
	unmap(bus, 256, DMA_FROM_DEVICE);

	bus = map(0, 256, DMA_TO_DEVICE);
	cpu_read(0, 256);
	silent();
	cpu_write(0, 1, 1);
	found("cpu-write-while-device-owns");
	unmap(bus, 256, DMA_TO_DEVICE);
}

static void write_not_handed_over(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_TO_DEVICE);

	(void)state;
	sync_dir(bus, 256, DMA_TO_DEVICE, SYNC_FOR_CPU);
	cpu_write(9, 1, 0x5a);
	device_read(bus, 8);
	silent();
	device_read(bus, 64);
	assert_int_equal(seen.last.offset, 9);
	assert_int_equal(seen.last.size, 1);
	found("cpu-write-not-flushed");
	device_read(bus, 64);
	silent();
	sync_dir(bus, 256, DMA_TO_DEVICE, SYNC_FOR_DEVICE);
	device_read(bus, 64);
	unmap(bus, 256, DMA_TO_DEVICE);
	silent();
}

static void stale_reads(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_FROM_DEVICE);

	(void)state;
	sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_CPU);
	cpu_read(0, 256);
	device_write(bus + 64, 64); /* handed back without a sync: legal as long as it was only read */
	silent();
	cpu_read(0, 64);
	silent();
	cpu_read(60, 8);
	assert_int_equal(seen.last.offset, 64);
	found("cpu-read-stale");
	sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_CPU);
	cpu_read(0, 256);
	device_write(bus + 64, 64);
	unmap(bus, 256, DMA_FROM_DEVICE);
	cpu_read(0, 256);
	silent();
}

static void skipped_syncs(void **state)
{
	dma_addr_t bus = map_attrs(0, 0, 256, DMA_FROM_DEVICE, SKIP);
	struct track_op op;

	(void)state;
	track_mapping_error(&machine, &dev[0], bus);
	cpu_read(0, 256);
	silent();
	device_write(bus, 64);
	cpu_read(64, 64);
	silent();
	cpu_read(0, 4);
	found("cpu-read-stale");
	sync_dir(bus, 64, DMA_FROM_DEVICE, SYNC_FOR_CPU);
	cpu_read(0, 64);
	silent();
	device_write(bus + 128, 32);
	op = op_of(0, bus, 256, DMA_FROM_DEVICE);
	op.attrs = SKIP;
	assert_true(unmap_op(op));
	cpu_read(0, 128);
	silent();
	cpu_read(128, 4);
	found("cpu-read-stale");
	bus = map(0, 256, DMA_FROM_DEVICE); /* a new mapping hands over anew */
	unmap(bus, 256, DMA_FROM_DEVICE);
	cpu_read(128, 4);
	silent();
}

static void bidirectional_half_syncs(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_BIDIRECTIONAL);

	(void)state;
	device_write(bus, 16);
	sync_dir(bus, 256, DMA_TO_DEVICE, SYNC_FOR_CPU); /* legal; brings nothing back */
	silent();
	cpu_read(0, 4);
	found("cpu-read-stale");
	cpu_read(100, 4);
	silent();
	cpu_write(100, 4, 7);
	sync_dir(bus, 256, DMA_FROM_DEVICE, SYNC_FOR_DEVICE); /* carries nothing over */
	silent();
	device_read(bus + 96, 16);
	found("cpu-write-not-flushed");
	unmap(bus, 256, DMA_BIDIRECTIONAL);
	silent();
}

/* ---- the device ---- */

static void device_directions(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_TO_DEVICE);

	(void)state;
	assert_true(device_write(bus, 16) < 0);
	found("device-write-of-to-device");
	device_write(bus + 16, 16);
	silent();
	unmap(bus, 256, DMA_TO_DEVICE);
	bus = map(0, 256, DMA_FROM_DEVICE);
	device_read(bus, 16);
	found("device-read-of-from-device");
	unmap(bus, 256, DMA_FROM_DEVICE);
}

static void device_out_of_bounds(void **state)
{
	dma_addr_t bus = map(0, 1500, DMA_FROM_DEVICE), next;

	(void)state;
	device_write(bus + 1490, 20);
	assert_int_equal(seen.last.offset, 1500);
	assert_int_equal(seen.last.size, 10);
	found("device-out-of-bounds");
	device_write(bus + 1600, 64);
	silent();
	next = map(1500, 500, DMA_FROM_DEVICE);
	assert_int_equal(device_write(bus, 2000), 0); /* two mappings, one burst */
	silent();
	unmap(next, 500, DMA_FROM_DEVICE);
	unmap(bus, 1500, DMA_FROM_DEVICE);
	bus = map(0, 1500, DMA_FROM_DEVICE);
	device_write(bus + 5000, 8);
	found("device-out-of-bounds");
	device_write(bus + 9000, 8);
	found("device-access-unmapped");
	unmap(bus, 1500, DMA_FROM_DEVICE);
}

static void device_wrong_addresses(void **state)
{
	dma_addr_t bus = map(0, 256, DMA_FROM_DEVICE), other;

	(void)state;
	device_write(block + 8, 8);
	found("device-used-physical-address");
	device_write((u32)(uintptr_t)cpu(8), 8);
	found("device-used-virtual-address");
	mask[0] = kdev[0].coherent_dma_mask = ~0ULL;
	device_write((dma_addr_t)(uintptr_t)cpu(16), 8);
	found("device-used-virtual-address");
	mask[0] = kdev[0].coherent_dma_mask = 0xffffffff;
	device_write((dma_addr_t)(uintptr_t)cpu(40), 8);
	found("device-address-beyond-mask");
	other = map_attrs(1, 8192, 64, DMA_FROM_DEVICE, 0);
	device_write(other, 8);
	found("device-access-unmapped");
	assert_non_null(strstr(seen.more, "of dev1"));
	dev[0].master.address_bits = 16;
	device_write(bus, 8);
	found("device-address-beyond-mask");
	dev[0].master.address_bits = 64;
	dev[0].master.enabled = false;
	device_write(bus, 8);
	found("bus-master-off");
	dev[0].master.enabled = true;
	unmap(bus, 256, DMA_FROM_DEVICE);
	device_write(bus, 8);
	found("device-access-after-unmap");
	device_write(bus + 16, 8);
	silent();
}

/* ---- the snapshot guard ---- */

static void raw_write(u64 offset, u8 value)
{
	*(u8 *)sim_ram_ptr(machine.hw, block + offset) = value;
}

static void snapshot_sees_values(void **state)
{
	dma_addr_t bus = map(0, 3000, DMA_BIDIRECTIONAL);

	(void)state;
	device_write(bus + 100, 64);
	sync_dir(bus, 3000, DMA_BIDIRECTIONAL, SYNC_FOR_CPU);
	silent();
	raw_write(7, 0x77);
	sync_dir(bus, 3000, DMA_BIDIRECTIONAL, SYNC_FOR_DEVICE);
	device_read(bus, 3000);
	silent();
	raw_write(8, 0x78);
	raw_write(12, 0x78);
	sync_dir(bus, 3000, DMA_BIDIRECTIONAL, SYNC_FOR_CPU);
	assert_true(seen.last.interval);
	assert_int_equal(seen.last.offset, 8);
	assert_int_equal(seen.last.size, 5);
	found("cpu-write-while-device-owns");
	raw_write(9, 0x79);
	device_read(bus, 3000);
	found("cpu-write-not-flushed");
	sync_dir(bus, 3000, DMA_BIDIRECTIONAL, SYNC_FOR_DEVICE);
	cpu_write(20, 4, 0x55); /* an accessor's write is reported once */
	found("cpu-write-while-device-owns");
	unmap(bus, 3000, DMA_BIDIRECTIONAL);
	silent();
}

static void snapshot_is_not_fooled_by_devices(void **state)
{
	dma_addr_t bus = map(0, 4096, DMA_FROM_DEVICE), stray;

	(void)state;
	machine.hw->cfg.isolate = false;
	stray = map_attrs(1, 5000, 100, DMA_TO_DEVICE, 0);
	track_mapping_error(&machine, &dev[1], stray);
	device_write(bus + 4090, 1000); /* past the end, into the other mapping */
	found("device-out-of-bounds");
	unmap_op(op_of(1, stray, 100, DMA_TO_DEVICE));
	unmap(bus, 4096, DMA_FROM_DEVICE);
	silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_life_is_silent),
		TEST(unmap_mistakes),
		TEST(the_best_of_equal_addresses_is_unmapped),
		TEST(unchecked_mapping_error),
		TEST(error_cookie),
		TEST(leaks),
		TEST(unmapped_in_flight),
		TEST(overlaps),
		TEST(freed_memory),
		TEST(coherent),
		TEST(sync_mistakes),
		TEST(cpu_touches_the_devices_bytes),
		TEST(write_not_handed_over),
		TEST(stale_reads),
		TEST(skipped_syncs),
		TEST(bidirectional_half_syncs),
		TEST(device_directions),
		TEST(device_out_of_bounds),
		TEST(device_wrong_addresses),
		cmocka_unit_test_setup_teardown(snapshot_sees_values, boot_snapshot, shut_down),
		cmocka_unit_test_setup_teardown(snapshot_is_not_fooled_by_devices, boot_snapshot, shut_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
