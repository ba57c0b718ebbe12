// SPDX-License-Identifier: MIT
/*
 * The card that the driver of old.c is for, and its tests: right, it works and is silent on every preset; with each of its
 * bugs the report has the bug's line and the name of the call as the driver wrote it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include "tests/drivers/old.h"

static struct card {
	struct device *dev;
	uint64_t base;
	uint32_t status, doorbell;
} card;

static void work(void *arg)
{
	uint64_t at = card.base + card.doorbell * sizeof(struct old_desc);
	struct old_desc desc;
	unsigned char byte = OLD_PATTERN;

	(void)arg;
	if (dmasim_device_read(card.dev, at, &desc, sizeof(desc)))
		return;
	if (desc.len)
		dmasim_device_write(card.dev, desc.addr, &byte, 1);
	desc.status = OLD_DONE;
	dmasim_device_write(card.dev, at + offsetof(struct old_desc, status), &desc.status, sizeof(desc.status));
	card.status = OLD_IRQ;
	dmasim_device_raise_irq(card.dev);
}

static uint64_t read_register(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)size;
	return offset == OLD_STATUS ? card.status : 0;
}

static void write_register(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)size;
	if (offset == OLD_BASE_LOW)
		card.base = (card.base & ~0xffffffffULL) | (uint32_t)value;
	else if (offset == OLD_BASE_HIGH)
		card.base = (card.base & 0xffffffffULL) | value << 32;
	else if (offset == OLD_STATUS)
		card.status &= ~(uint32_t)value;
	else if (offset == OLD_DOORBELL) {
		card.doorbell = (uint32_t)value;
		dmasim_device_after(card.dev, 500, work, NULL);
	}
}

static const struct dmasim_mmio_ops registers = {.read = read_register, .write = write_register};

void old_fetch(struct device *dev, dma_addr_t addr, unsigned int len)
{
	unsigned char first = 0;

	assert_true(len >= 4096);
	assert_int_equal(dmasim_device_read(dev, addr, &first, 1), 0);
	assert_int_equal(first, OLD_PATTERN);
}

/* One life of the driver: three buffers filled, one list sent. */
static void live(const char *machine)
{
	static const struct dmasim_pci_config config = {.name = "old0", .vendor = OLD_VENDOR, .device = OLD_DEVICE};
	struct dmasim_machine *m;
	char spec[120];

	snprintf(spec, sizeof(spec), "%s,report=none,summary=off", machine);
	m = dmasim_machine_create(spec);
	assert_non_null(m);
	card = (struct card){.dev = dmasim_pci_device_create(&config)};
	assert_non_null(card.dev);
	assert_non_null(dmasim_device_add_mmio(card.dev, 64, &registers, NULL));
	assert_int_equal(dmasim_device_plug(card.dev), 0);
	old_done = 0;
	assert_int_equal(old_load(), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(old_receive(256), 0);
		dmasim_run_for(10000);
	}
	/* Where it bounces, what arrived comes with the unmap: without one it never does. */
	assert_int_equal(old_done, old_bug == OLD_LEAK && strstr(machine, "swiotlb") ? 0 : 3);
	assert_true(old_send() > 0);
	old_unload();
}

static void right(void **state)
{
	static const char *const machines[] = {"pc",
					       "pc,sg_merge=on",
					       "pc,bus_offset=0x100000000",
					       "pc,guard=snapshot",
					       "pc-swiotlb",
					       "pc-swiotlb,sg_bounce=whole",
					       "worst",
					       "worst,chaos=on,seed=7"};

	(void)state;
	old_bug = OLD_RIGHT;
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		live(machines[i]);
		for (size_t k = 0; dmasim_violation(k); k++)
			print_error("%s\n", dmasim_violation(k)->text);
		assert_int_equal(dmasim_violation_count(), 0);
		assert_int_equal(dmasim_machine_destroy(dmasim_machine_current()), 0);
	}
}

static void bugs(void **state)
{
	static const struct {
		int bug;
		const char *rule, *name;
		size_t count;
	} expected[] = {
		{OLD_WRONG_SIZE, "unmap-wrong-size", "pci_unmap_single()", 3},
		{OLD_WRONG_DIRECTION, "unmap-wrong-direction", "pci_unmap_sg()", 1},
		{OLD_LEAK, "mapping-leak", "pci_map_single", 3},
		{OLD_UNCHECKED, "map-error-unchecked", "pci_map_single", 3},
	};
	static const char *const machines[] = {"pc", "pc-swiotlb", "worst"};

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(expected) / sizeof(*expected); i++) {
		const struct dmasim_violation *v;
		size_t e = i / 3;

		old_bug = expected[e].bug;
		old_line = 0;
		live(machines[i % 3]);
		v = dmasim_violation(0);
		assert_non_null(v);
		assert_string_equal(v->rule, expected[e].rule);
		assert_int_equal(dmasim_violation_count(), dmasim_violation_count_of(v->rule));
		assert_true(dmasim_violation_count() >= 1);
		if (!strstr(v->text, expected[e].name))
			print_error("%s\n", v->text);
		assert_non_null(strstr(v->text, expected[e].name));
		if (old_line) {
			assert_int_equal(v->act.line, old_line);
			assert_non_null(strstr(v->act.file, "old.c"));
		}
		assert_int_equal(dmasim_machine_destroy(dmasim_machine_current()), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(right), cmocka_unit_test(bugs)};

	return cmocka_run_group_tests_name("old", tests, NULL, NULL);
}
