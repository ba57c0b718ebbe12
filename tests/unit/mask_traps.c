// SPDX-License-Identifier: MIT
/*
 * Setting masks as drivers and books do it: each idiom that is right beside its twin with the test turned round. What is
 * right is silent and works on every machine; of the twin, the right rule says so.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <linux/dma-direct.h>
#include <linux/slab.h>
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

static const char *const machines[] = {
	"pc",	       "worst", "pc,ram=8M", "pc,bank=0:64M,bank=0x100000000:64M,swiotlb=off", "pc,dma_zone=off",
	"worst,ram=8M"};
#define NR (sizeof(machines) / sizeof(*machines))

/* One mapping, whatever becomes of it. */
static bool transfer(void)
{
	u8 *buf = kmalloc(256, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, 256, DMA_TO_DEVICE);
	bool ok = !dma_mapping_error(dev, bus);

	if (ok)
		dma_unmap_single(dev, bus, 256, DMA_TO_DEVICE);
	kfree(buf);
	return ok;
}

static void only(const char *rule, size_t n)
{
	assert_int_equal(dmasim_violation_count_of(rule), n);
	assert_int_equal(dmasim_violation_count(), n);
	dmasim_violations_clear();
}

/* 64 bits, else 32, else no driver. */
static int probe_wide(void)
{
	if (!dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)))
		return 64;
	if (!dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		return 32;
	return 0;
}

static void wide_probe(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR; i++) {
		begin(machines[i]);
		assert_int_equal(probe_wide(), 64);
		assert_true(transfer());
		assert_int_equal(dmasim_fail_call("dma_set_mask_and_coherent", 1), 0);
		assert_int_equal(probe_wide(), 32);
		assert_int_equal(transfer(), !dma_addressing_limited(dev));
		assert_int_equal(dmasim_violation_count(), 0);
		assert_int_equal(dmasim_fail_from("dma_set_mask_and_coherent", 1), 0);
		assert_int_equal(probe_wide(), 0); /* gives up: uses nothing */
		end(0);

		/* its twin goes on all the same */
		begin(machines[i]);
		assert_int_equal(dmasim_fail_from("dma_set_mask_and_coherent", 1), 0);
		probe_wide();
		transfer();
		only("mask-ignored-failure", 1);
		end(0);
	}
}

/* A card with 24 address lines: DMA where the machine can promise memory so low, else the processor copies. */
static bool probe_24(bool inverted)
{
	int answer = dma_set_mask(dev, DMA_BIT_MASK(24));

	return inverted ? answer != 0 : answer == 0; /* is DMA used? */
}

static void programmed_io(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR; i++) {
		bool dma;

		begin(machines[i]);
		dmasim_device_set_address_bits(dev, 24);
		dma = probe_24(false);
		if (dma)
			transfer(); /* fails where kmalloc() gave memory above, and says so */
		assert_int_equal(dmasim_violation_count(), 0);
		end(0);

		/* as old books print it: non-zero taken for success */
		begin(machines[i]);
		assert_true(probe_24(true) != dma);
		if (!dma) {
			transfer();
			only("mask-ignored-failure", 1);
		} /* else it copies, on a machine that would do DMA: slow, and not wrong */
		end(0);
	}
}

static void no_place_for_a_mask(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR; i++) {
		u64 *place;

		begin(machines[i]);
		place = dev->dma_mask;
		dev->dma_mask = NULL;
		assert_int_equal(dma_set_mask(dev, DMA_BIT_MASK(32)), -EIO);
		assert_true(dma_get_mask(dev) == DMA_BIT_MASK(32));
		assert_false(transfer());
		only("mask-missing", 1);
		/* the way out */
		assert_int_equal(dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
		assert_ptr_equal(dev->dma_mask, &dev->coherent_dma_mask);
		assert_int_equal(transfer(), !dma_addressing_limited(dev));
		dev->dma_mask = place;
		end(0);
	}
}

static void zero_mask(void **state)
{
	dma_addr_t handle;

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		begin(machines[i]);
		/* No machine promises memory at 0. The twin goes on. */
		assert_int_equal(dma_set_mask_and_coherent(dev, 0), -EIO);
		transfer();
		only("mask-ignored-failure", 1);
		/* Written past the calls: 0 counts as 32 bits for streaming, and as none for coherent memory. */
		assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
		*dev->dma_mask = 0;
		assert_true(dma_get_mask(dev) == DMA_BIT_MASK(32));
		dev->coherent_dma_mask = 0;
		assert_null(dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL));
		only("mask-missing", 1);
		end(0);
	}
}

/* A mask with a hole where the buffer's address has its lowest bit: accepted, and not kept. */
static void holes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR; i++) {
		u8 *buf;
		dma_addr_t bus;
		u64 bit;

		begin(machines[i]);
		buf = kmalloc(256, GFP_KERNEL);
		bus = phys_to_dma(dev, virt_to_phys(buf));
		bit = bus & ~(u64)0xfff;
		bit &= ~bit + 1;
		assert_int_equal(dma_set_mask(dev, ~bit), 0);
		if (!dma_mapping_error(dev, dma_map_single(dev, buf, 256, DMA_TO_DEVICE)))
			dma_unmap_single(dev, bus, 256, DMA_TO_DEVICE);
		assert_non_null(strstr(dmasim_violation(0)->text, "has holes"));
		only("device-address-beyond-mask", 1);
		/* one that the address is equal under */
		assert_int_equal(dma_set_mask(dev, ~(u64)0 & ~(1ULL << 62)), 0);
		assert_int_equal(dmasim_violation_count(), 0);
		bus = dma_map_single(dev, buf, 256, DMA_TO_DEVICE);
		assert_false(dma_mapping_error(dev, bus));
		dma_unmap_single(dev, bus, 256, DMA_TO_DEVICE);
		kfree(buf);
		end(0);
	}
	/* as a real one, with four lines missing: RAM of this machine lies there */
	begin("pc");
	assert_int_equal(dma_set_mask_and_coherent(dev, 0xc3ffffff), 0);
	assert_true(transfer());
	only("device-address-beyond-mask", 1);
	end(0);
	begin("pc,ram=32M");
	assert_int_equal(dma_set_mask_and_coherent(dev, 0xc3ffffff), 0);
	assert_true(transfer());
	end(0);
}

/* The bus between is narrower than device and driver: the map call fails, and says so. */
static void bus_limit(void **state)
{
	(void)state;
	begin("pc,ram=256M,bus_bits=27");
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	assert_true(dma_addressing_limited(dev));
	assert_false(transfer()); /* kmalloc() gives memory from above first */
	end(0);
}

struct slot {
	char before;
	DEFINE_DMA_UNMAP_ADDR(addr);
	DEFINE_DMA_UNMAP_LEN(len);
	char behind;
};

static void unmap_state(void **state)
{
	struct slot s = {.before = 1, .behind = 2};

	(void)state;
	assert_true(sizeof(((struct slot *)0)->addr) == sizeof(dma_addr_t) && sizeof(((struct slot *)0)->len) == 4);
	dma_unmap_addr_set(&s, addr, ~0ULL - 1);
	dma_unmap_len_set(&s, len, 0xfffffffe);
	assert_true(dma_unmap_addr(&s, addr) == ~0ULL - 1 && dma_unmap_len(&s, len) == 0xfffffffe);
	assert_true(s.before == 1 && s.behind == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_probe),  cmocka_unit_test(programmed_io), cmocka_unit_test(no_place_for_a_mask),
		cmocka_unit_test(zero_mask),   cmocka_unit_test(holes),		cmocka_unit_test(bus_limit),
		cmocka_unit_test(unmap_state),
	};

	return cmocka_run_group_tests_name("mask_traps", tests, NULL, NULL);
}
