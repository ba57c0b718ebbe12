/* SPDX-License-Identifier: MIT */
/*
 * A machine with nothing but a tracker, two devices and a block of RAM; what a driver and a device do with them, called
 * as lib/dma and the bus call the tracker; and what it found since the last look. Included by one .c of each program.
 */
#ifndef TESTS_UNIT_TRACKER_FIXTURE_H
#define TESTS_UNIT_TRACKER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/check/phase.h"
#include "lib/check/tracker.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

#define SKIP ATTR_SKIP_CPU_SYNC

static struct dmasim_machine machine;
static struct dmasim_device_private dev[2];
static struct device kdev[2];
static u64 mask[2];
static phys_addr_t block; /* 16 pages of RAM */
static struct {
	unsigned int n;
	char rules[8][48];
	struct finding last;
	char more[600];
} seen;

static inline void on_report(struct dmasim_machine *m, const struct finding *f)
{
	(void)m;
	if (seen.n < 8)
		snprintf(seen.rules[seen.n], sizeof(seen.rules[0]), "%s", f->rule);
	seen.n++;
	seen.last = *f;
	seen.more[0] = 0;
	for (int i = 0; i < 6 && f->more[i].label; i++)
		snprintf(seen.more + strlen(seen.more), sizeof(seen.more) - strlen(seen.more), "%s: %s\n",
			 f->more[i].label, f->more[i].text);
}

static inline void on_count(struct dmasim_machine *m, const char *name, u64 n)
{
	(void)m;
	(void)name;
	(void)n;
}

static const struct sim_observer observer = {
	.dma_access = track_dma_access,
	.dma_done = track_dma_done,
	.dma_disabled = track_dma_disabled,
};

static inline void boot_spec(const char *spec)
{
	struct dmasim_machine *m = &machine;

	memset(m, 0, sizeof(*m));
	memset(&seen, 0, sizeof(seen));
	memset(dev, 0, sizeof(dev));
	memset(kdev, 0, sizeof(kdev));
	m->hw = sim_machine_create(spec);
	assert_non_null(m->hw);
	m->hw->soft = m;
	m->serial = 1;
	m->checks = true;
	m->hooks.report = on_report;
	m->hooks.unchecked = m->hooks.fact = on_count;
	k_thread.current = m;
	assert_int_equal(k_stacks_init(m), 0);
	assert_int_equal(mm_init(m), 0);
	assert_int_equal(tracker_init(m), 0);
	m->hw->observer = &observer;
	block = mm_alloc_block(m, 4, 0, ~0ULL, "page block", 0);
	assert_true(block != ~0ULL);
	memset(sim_ram_ptr(m->hw, block), 0, 16 * SIM_PAGE_SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		char name[8];

		snprintf(name, sizeof(name), "dev%u", i);
		dev[i].machine = m;
		dev[i].dev = &kdev[i];
		dev[i].id = i + 1;
		snprintf(dev[i].name, sizeof(dev[i].name), "%s", name);
		mask[i] = 0xffffffff;
		kdev[i].dma_mask = &mask[i];
		kdev[i].coherent_dma_mask = mask[i];
		sim_master_init(&dev[i].master, m->hw, name, &kdev[i]);
		dev[i].master.enabled = true;
	}
}

static inline int boot(void **state)
{
	(void)state;
	boot_spec("worst,ram=64M");
	return 0;
}

static inline int boot_snapshot(void **state)
{
	(void)state;
	boot_spec("worst,ram=64M");
	machine.check->snapshot = machine.check->closely = true;
	return 0;
}

static inline int shut_down(void **state)
{
	struct dmasim_machine *m = &machine;

	(void)state;
	check_settle(m);
	if (seen.n)
		fail_msg("unexpected %s (%u): %s", seen.rules[0], seen.n, seen.more);
	tracker_check(m);
	for (unsigned int i = 0; i < 2; i++)
		sim_master_exit(&dev[i].master);
	tracker_exit(m);
	mm_free_block(m, block, 4, 0);
	mm_exit(m);
	k_stacks_exit(m);
	sim_machine_destroy(m->hw);
	k_thread.current = NULL;
	return 0;
}

/* Exactly one finding since the last look, of this rule. */
static inline void found(const char *rule)
{
	check_settle(&machine);
	if (seen.n != 1 || strcmp(seen.rules[0], rule))
		fail_msg("expected %s, got %u: %s %s", rule, seen.n, seen.n ? seen.rules[0] : "",
			 seen.n > 1 ? seen.rules[1] : "");
	seen.n = 0;
}

static inline void silent(void)
{
	check_settle(&machine);
	if (seen.n)
		fail_msg("expected silence, got %s", seen.rules[0]);
}

/* ---- what a driver and a device do ---- */

static inline struct track_op op_of(unsigned int d, dma_addr_t bus, size_t size, enum dma_data_direction dir)
{
	return (struct track_op){
		.dev = &dev[d],
		.kind = EXTENT_SINGLE,
		.dir = dir,
		.bus = bus,
		.size = size,
		.function = "dma_map_single",
		.frame = __builtin_frame_address(0),
	};
}

static inline dma_addr_t bus_of(phys_addr_t phys)
{
	dma_addr_t bus;
	uint64_t len;

	assert_true(sim_phys_to_bus(machine.hw, phys, &bus, &len));
	return bus;
}

static inline dma_addr_t map_attrs(unsigned int d, u64 offset, size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	struct track_op op = op_of(d, bus_of(block + offset), size, dir);

	op.phys = block + offset;
	op.attrs = attrs;
	track_map(&machine, &op);
	return op.bus;
}

static inline dma_addr_t map(u64 offset, size_t size, enum dma_data_direction dir)
{
	dma_addr_t bus = map_attrs(0, offset, size, dir, 0);

	track_mapping_error(&machine, &dev[0], bus);
	return bus;
}

static inline bool unmap_op(struct track_op op)
{
	struct track_unmapped real;

	op.function = "dma_unmap_single";
	track_unmap(&machine, &op, &real);
	return real.found;
}

static inline bool unmap(dma_addr_t bus, size_t size, enum dma_data_direction dir)
{
	return unmap_op(op_of(0, bus, size, dir));
}

static inline bool sync_dir(dma_addr_t bus, size_t size, enum dma_data_direction dir, enum track_sync_side side)
{
	struct track_op op = op_of(0, bus, size, dir);
	phys_addr_t phys;

	op.function = side == SYNC_FOR_CPU ? "dma_sync_single_for_cpu" : "dma_sync_single_for_device";
	return track_sync(&machine, &op, side, &phys);
}

static inline void *cpu(u64 offset)
{
	return sim_phys_to_virt(machine.hw, block + offset);
}

static inline void cpu_write(u64 offset, size_t n, u8 value)
{
	check_cpu_access(&machine, cpu(offset), n, true, NULL, NULL);
	memset(sim_ram_ptr(machine.hw, block + offset), value, n);
	check_settle(&machine);
}

static inline void cpu_read(u64 offset, size_t n)
{
	check_cpu_access(&machine, cpu(offset), n, false, NULL, NULL);
}

static inline int device_write(dma_addr_t bus, size_t n)
{
	static u8 data[70000];

	memset(data, 0xd0, n);
	return sim_bus_write(&dev[0].master, bus, data, n);
}

static inline int device_read(dma_addr_t bus, size_t n)
{
	static u8 data[70000];

	return sim_bus_read(&dev[0].master, bus, data, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, shut_down)

#endif
