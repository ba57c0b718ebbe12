/* SPDX-License-Identifier: MIT */
/*
 * One machine with one device, for tests of lib/dma: begin(spec), then end(violations). Define FIXTURE_MASK before the
 * include for another mask than 32 bits; 0 leaves the device's masks alone.
 */
#ifndef TESTS_UNIT_DMA_FIXTURE_H
#define TESTS_UNIT_DMA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>

#ifndef FIXTURE_MASK
#define FIXTURE_MASK DMA_BIT_MASK(32)
#endif

static struct dmasim_machine *m;
static struct device *dev;

static void begin(const char *spec)
{
	char full[200];

	snprintf(full, sizeof(full), "%s,report=none,summary=off", spec);
	m = dmasim_machine_create(full);
	if (!m)
		print_error("%s: %s\n", full, dmasim_last_error());
	assert_non_null(m);
	dmasim_machine_use(m);
	dev = dmasim_device_create("dad0");
	assert_non_null(dev);
	if (FIXTURE_MASK)
		assert_int_equal(dma_set_mask_and_coherent(dev, FIXTURE_MASK), 0);
}

static void end(size_t violations)
{
	if (dmasim_violation_count() != violations)
		for (size_t i = 0; dmasim_violation(i); i++)
			print_error("%s\n", dmasim_violation(i)->text);
	assert_int_equal(dmasim_violation_count(), violations);
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

#endif
