// SPDX-License-Identifier: MIT
/* Spec strings: presets, layers, values, and what is said about bad ones. */
#include "tests/unit/sim_test.h"

static struct sim_config parsed(const char *spec, const char *environment)
{
	struct sim_config c;

	if (sim_config_parse(&c, spec, environment))
		fail_msg("%s: %s", spec ? spec : "NULL", dmasim_last_error());
	return c;
}

static void refused(const char *spec, const char *environment, const char *because)
{
	struct sim_config c;

	memset(&c, 0x5a, sizeof(c));
	assert_int_equal(sim_config_parse(&c, spec, environment), -EINVAL);
	assert_int_equal(errno, EINVAL);
	if (!strstr(dmasim_last_error(), because))
		fail_msg("\"%s\" does not say \"%s\"", dmasim_last_error(), because);
	assert_int_equal(c.nr_banks, 0x5a5a5a5a); /* the caller's is untouched */
}

static void pc_looks_like_a_pc(void **state)
{
	struct sim_config c = parsed("pc", NULL);

	(void)state;
	assert_string_equal(c.preset, "pc");
	assert_int_equal(c.nr_banks, 2); /* no page 0, no legacy hole */
	assert_int_equal(c.banks[0].base, 0x1000);
	assert_int_equal(c.banks[0].base + c.banks[0].size, 0xa0000);
	assert_int_equal(c.banks[1].base, 0x100000);
	assert_int_equal(c.banks[1].base + c.banks[1].size, 256 << 20);
	assert_int_equal(c.dma_zone_end, 16 << 20);
	assert_int_equal(c.dma32_zone_end, 1ULL << 32);
	assert_int_equal(c.bus_offset, 0);
	assert_int_equal(c.foreign_base, 0xd0000000);
	assert_int_equal(c.mmio_base, 0xe0000000);
	assert_false(c.isolate || c.sg_merge || c.uncached_alias || c.poison || c.chaos);
	assert_int_equal(c.quarantine, 0);

	c = parsed("pc,ram=4G", NULL);
	assert_int_equal(c.nr_banks, 3);
	assert_int_equal(c.banks[1].base + c.banks[1].size, 3ULL << 30);
	assert_int_equal(c.banks[2].base, 4ULL << 30);
	assert_int_equal(c.banks[2].size, 1ULL << 30);
}

static void null_is_worst(void **state)
{
	struct sim_config c = parsed(NULL, NULL), same = parsed("", NULL);

	(void)state;
	assert_string_equal(c.preset, "worst");
	assert_string_equal(c.spec, "worst");
	assert_string_equal(same.preset, "worst");
	assert_int_equal(c.nr_banks, 1);
	assert_int_equal(c.banks[0].base, 0x40000000);
	assert_int_equal(c.foreign_base, 0x50000000);
	assert_int_equal(c.bus_offset, 0x40000000);
	assert_int_equal(c.dma_zone_end, 0);
	assert_true(c.isolate && c.sg_merge && c.uncached_alias && c.poison && c.chaos);
	assert_int_equal(c.quarantine, 256);
	assert_int_equal(c.seed, 1);
	assert_true(c.mmio_base + c.mmio_size <= c.banks[0].base);
}

static void key_value_alone_changes_worst(void **state)
{
	struct sim_config c = parsed("seed=7", NULL);

	(void)state;
	assert_string_equal(c.preset, "worst");
	assert_string_equal(c.spec, "seed=7");
	assert_int_equal(c.seed, 7);
}

static void values(void **state)
{
	struct sim_config c =
		parsed("pc, ram=64M ,seed=0x10,isolate=YES,poison=1,lint=on,checks=no,latency=3us,exitcode=9,"
		       "guard=snapshot+instrument,report=json,color=never,on_error=abort,need_sync=honest,"
		       "log=/tmp/a=b,json=,dma_zone=off,dma32_zone=2G,bus_offset=-0x0,host_limit=8M,bus_bits=40",
		       NULL);

	(void)state;
	assert_int_equal(c.banks[1].base + c.banks[1].size, 64 << 20);
	assert_int_equal(c.seed, 16);
	assert_true(c.isolate && c.poison && c.lint && !c.checks && c.need_sync_honest);
	assert_int_equal(c.latency_ns, 3000);
	assert_int_equal(c.exitcode, 9);
	assert_int_equal(c.guard, GUARD_API | GUARD_SNAPSHOT | GUARD_INSTRUMENT);
	assert_int_equal(c.report, REPORT_JSON);
	assert_int_equal(c.colour, COLOUR_NEVER);
	assert_int_equal(c.on_violation, ON_VIOLATION_ABORT);
	assert_string_equal(c.log, "/tmp/a=b");
	assert_string_equal(c.json, "");
	assert_int_equal(c.dma_zone_end, 0);
	assert_int_equal(c.dma32_zone_end, 2ULL << 30);
	assert_int_equal(c.host_limit, 8 << 20);
	assert_int_equal(c.bus_bits, 40);
}

static void banks_are_sorted_and_replace_the_presets(void **state)
{
	struct sim_config c = parsed("pc,bank=0xc0000000:1M,bank=16M:1M,bank=17M:4K", "bank=1G:1G");

	(void)state;
	assert_int_equal(c.nr_banks, 3);
	assert_int_equal(c.banks[0].base, 16 << 20);
	assert_int_equal(c.banks[1].base, 17 << 20);
	assert_int_equal(c.banks[2].base, 0xc0000000);
	c = parsed("pc,bank=1G:1G,ram=8M", NULL); /* the later one counts */
	assert_int_equal(c.banks[c.nr_banks - 1].base + c.banks[c.nr_banks - 1].size, 8 << 20);
	refused("pc,bank=1M:2M,bank=2M:1M", NULL, "overlaps");
	refused("pc,bank=1M", NULL, "BASE:SIZE");
	refused("pc,bank=1:4K", NULL, "BASE:SIZE");
	refused("pc,bank=0:0", NULL, "BASE:SIZE");
	refused("pc,bank=0xfffffffffffff000:8K", NULL, "BASE:SIZE");
	refused("bank=0:4K,bank=4K:4K,bank=8K:4K,bank=12K:4K,bank=16K:4K,bank=20K:4K,bank=24K:4K,bank=28K:4K,bank=32K:"
		"4K",
		NULL, "more than 8 banks");
}

static void environment_goes_before_and_after(void **state)
{
	struct sim_config c = parsed("pc,seed=7", "seed=3,lint=on");

	(void)state;
	assert_int_equal(c.seed, 7);
	assert_true(c.lint);
	c = parsed("pc,seed=7", "force.seed=3");
	assert_int_equal(c.seed, 3);
	assert_string_equal(parsed("pc", "force.machine=worst").preset, "worst");
	assert_string_equal(parsed("pc", "machine=worst").preset, "pc");
	assert_string_equal(parsed(NULL, "machine=pc").preset, "pc");
	assert_string_equal(parsed("seed=1", "machine=pc,seed=2").preset, "pc");
	refused("pc", "pc", "is no key=value");
	refused("pc", "force.sed=1", "did you mean \"seed\"");
	refused("pc", "force.machine=pcc", "unknown preset");
	refused("pc", "force.=1", "unknown option");
}

static void bad_specs_say_what_is_valid(void **state)
{
	(void)state;
	refused("pd", NULL, "did you mean \"pc\"? Valid are pc, pc-swiotlb, worst");
	refused("arm", NULL, "unknown preset \"arm\": valid are pc, pc-swiotlb, worst");
	refused("pc,pc", NULL, "is no key=value");
	refused("pc,,seed=1", NULL, "empty entry");
	refused(",", NULL, "empty entry");
	refused("pc,quarentine=1", NULL, "did you mean \"quarantine\"");
	refused("pc,xyzzy=1", NULL, "valid are ram, bank,");
	refused("pc,=1", NULL, "unknown option");
	refused("pc,isolate=maybe", NULL, "valid is on, off");
	refused("pc,ram=", NULL, "valid is");
	refused("pc,ram=-4M", NULL, "valid is");
	refused("pc,ram=1M", NULL, "valid is");
	refused("pc,ram=4097K", NULL, "valid is");
	refused("pc,ram=99999999999999999999", NULL, "valid is");
	refused("pc,ram=0x", NULL, "valid is");
	refused("pc,ram=17179869184G", NULL, "valid is"); /* wraps to 0 */
	refused("pc,exitcode=256", NULL, "valid is");
	refused("pc,guard=api+", NULL, "valid is api, snapshot");
	refused("pc,latency=1h", NULL, "valid is");
	refused("pc,bus_bits=8", NULL, "valid is");
	refused("worst,bus_offset=-1G", NULL, "below bus address 0");
	refused("pc,bus_offset=1", NULL, "valid is");
}

static void long_texts(void **state)
{
	char path[2000] = "pc,log=";

	(void)state;
	memset(path + 7, 'x', 300);
	refused(path, NULL, "longer than 255");
	memset(path + 7, 'x', 1990);
	refused(path, NULL, "an entry of");
	strcpy(path, "pc");
	for (int i = 0; i < 200; i++)
		strcat(path, ",seed=1");
	refused(path, NULL, "the spec is longer");
}

static bool apart(phys_addr_t a, uint64_t na, phys_addr_t b, uint64_t nb)
{
	return a + na <= b || b + nb <= a;
}

/* Banks, foreign window and MMIO hole never share an address, and worst's bus addresses are nobody's physical ones. */
static void layouts_are_disjoint(void **state)
{
	static const char *const specs[] = {
		"pc",
		"pc,ram=64G",
		"pc,bank=0xc0000000:1G",
		"pc,bank=0:4G",
		"pc,bank=0xd0000000:512M",
		"worst",
		"worst,ram=1G",
		"worst,ram=2M",
		"worst,bank=0x20000000:512M",
		"worst,bank=0xc0000000:256M",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct sim_config c = parsed(specs[i], NULL);

		assert_true(apart(c.foreign_base, c.foreign_size, c.mmio_base, c.mmio_size));
		for (unsigned int b = 0; b < c.nr_banks; b++) {
			const struct sim_bank *bank = &c.banks[b];

			assert_true(apart(bank->base, bank->size, c.foreign_base, c.foreign_size));
			assert_true(apart(bank->base, bank->size, c.mmio_base, c.mmio_size));
			if (strncmp(specs[i], "worst", 5) != 0)
				continue;
			for (unsigned int o = 0; o < c.nr_banks; o++)
				assert_true(apart(bank->base + (uint64_t)c.bus_offset, bank->size, c.banks[o].base,
						  c.banks[o].size));
			assert_true(
				apart(bank->base + (uint64_t)c.bus_offset, bank->size, c.foreign_base, c.foreign_size));
		}
	}
}

/* With all of RAM or only its low bank in reach of 32-bit bus addresses, ZONE_DMA32 says which. */
static void worst_is_reachable_with_32_bits(void **state)
{
	struct sim_config c = parsed("worst,ram=1G", NULL);

	(void)state;
	assert_true(c.banks[0].base + c.banks[0].size + (uint64_t)c.bus_offset <= 1ULL << 32);
	assert_true(c.foreign_base + c.foreign_size + (uint64_t)c.bus_offset <= 1ULL << 32);
	assert_int_equal(c.dma32_zone_end, 0);
	c = parsed("worst,ram=64G", NULL);
	assert_true(c.banks[0].base + c.banks[0].size + (uint64_t)c.bus_offset <= 1ULL << 32);
	assert_int_equal(c.dma32_zone_end + (uint64_t)c.bus_offset, 1ULL << 32);
	c = parsed("worst,ram=64G,dma32_zone=off", NULL);
	assert_int_equal(c.dma32_zone_end, 0);
}

static void printed_specs_parse_to_the_same(void **state)
{
	static const char *const specs[] = {
		NULL,
		"pc",
		"pc,ram=8G",
		"worst,ram=3G,seed=99,guard=instrument",
		"pc,bank=1G:4K,bank=2G:1M,log=x,colour=always",
		"worst,bus_offset=16G,dma32_zone=8M,latency=2ms,summary=off,report=none",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct sim_config a = parsed(specs[i], NULL), b;
		char text[2048], spec[sizeof(a.spec)];

		assert_true(sim_config_print(&a, text, sizeof(text)) < sizeof(text));
		assert_int_equal(sim_config_print(&a, NULL, 0), strlen(text));
		assert_int_equal(sim_config_print(&a, spec, 10), strlen(text));
		assert_int_equal(strlen(spec), 9);
		b = parsed(text, NULL);
		memcpy(b.spec, a.spec, sizeof(b.spec)); /* the one field that differs */
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void the_table_names_everything(void **state)
{
	const char *valid, *help, *key;
	size_t n;

	(void)state;
	for (n = 0; (key = sim_config_key(n, &valid, &help)) != NULL; n++)
		assert_true(key[0] && valid && valid[0] && help && help[0]);
	assert_true(n >= 25);
	assert_string_equal(sim_config_preset(0), "pc");
	assert_null(sim_config_preset(3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pc_looks_like_a_pc),
		cmocka_unit_test(null_is_worst),
		cmocka_unit_test(key_value_alone_changes_worst),
		cmocka_unit_test(values),
		cmocka_unit_test(banks_are_sorted_and_replace_the_presets),
		cmocka_unit_test(environment_goes_before_and_after),
		cmocka_unit_test(bad_specs_say_what_is_valid),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(layouts_are_disjoint),
		cmocka_unit_test(worst_is_reachable_with_32_bits),
		cmocka_unit_test(printed_specs_parse_to_the_same),
		cmocka_unit_test(the_table_names_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
