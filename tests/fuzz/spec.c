// SPDX-License-Identifier: MIT
/*
 * Spec strings, put together from the grammar's words and stray bytes; the first empty word ends the spec and starts the
 * environment. Whatever they say, parsing neither
 * crashes nor leaves the caller's configuration half written; what it accepts is consistent, prints to a spec that means
 * the same, and a machine of it can be made where the host has the room.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bsd/string.h>
#include <dmasim/machine.h>
#include "sim/private.h"
#include "tests/fuzz/fuzz.h"

static void check_layout(const struct sim_config *c)
{
	assert(c->nr_banks > 0 && c->nr_banks <= SIM_MAX_BANKS);
	for (unsigned int i = 0; i < c->nr_banks; i++) {
		const struct sim_bank *b = &c->banks[i];

		assert(b->size > 0 && b->size % SIM_PAGE_SIZE == 0 && b->base % SIM_PAGE_SIZE == 0);
		assert(b->base + b->size > b->base);
		assert(i == 0 || b[-1].base + b[-1].size <= b->base);
		assert(b->base + b->size <= c->foreign_base || c->foreign_base + c->foreign_size <= b->base);
		assert(b->base + b->size <= c->mmio_base || c->mmio_base + c->mmio_size <= b->base);
	}
	assert(c->guard & GUARD_API);
	assert(memchr(c->log, 0, sizeof(c->log)) && memchr(c->json, 0, sizeof(c->json)));
}

static void check_round_trip(const struct sim_config *c)
{
	struct sim_config again;
	char text[4096];

	assert(sim_config_print(c, text, sizeof(text)) < sizeof(text));
	/* A long path can make the printed spec longer than a spec may be. */
	if (sim_config_parse(&again, text, NULL)) {
		assert(strlen(text) >= sizeof(again.spec));
		return;
	}
	memcpy(again.spec, c->spec, sizeof(again.spec));
	assert(memcmp(c, &again, sizeof(again)) == 0);
}

/* "" starts the environment. */
static const char *const words[] = {
	"pc",	      "worst",	     ",",	 "=",		"ram=",
	"bank=",      "0x",	     ":",	 "64M",		"4K",
	"1G",	      "seed=",	     "force.",	 "machine=",	"bus_offset=",
	"auto",	      "-",	     "guard=",	 "api",		"+",
	"snapshot",   "instrument",  "isolate",	 "on",		"off",
	"dma_zone=",  "dma32_zone=", "latency=", "us",		"log=",
	"json=",      "host_limit=", "poison",	 "quarantine=", "255",
	"4294967296", "colour=",     "always",	 "report=",	"",
	"exitcode=",  "need_sync=",  "honest",	 " ",		"18446744073709551615",
	"summary=",
};

unsigned long fuzz_operations;

static void parse(const char *spec, const char *environment, bool make)
{
	struct sim_config c;
	int err;

	fuzz_operations++;
	memset(&c, 0x5a, sizeof(c));
	err = sim_config_parse(&c, spec, environment);
	if (err) {
		assert(err == -EINVAL && errno == EINVAL && dmasim_last_error()[0]);
		assert(c.nr_banks == 0x5a5a5a5a);
		return;
	}
	check_layout(&c);
	check_round_trip(&c);
	/* Machines are made now and then: they take system calls. */
	if (make) {
		struct sim_machine *m = sim_machine_create(spec);

		if (m)
			sim_machine_check(m);
		sim_machine_destroy(m);
		sim_ram_pool_drain();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	while (in.size > 0) {
		char text[2][1200] = {"", ""};
		unsigned int part = 0;
		bool make = fuzz_below(&in, 16) == 0;

		for (unsigned int left = fuzz_below(&in, 24); left > 0; left--) {
			const char *word = words[fuzz_below(&in, sizeof(words) / sizeof(*words))];
			char byte[2] = {(char)fuzz_byte(&in), '\0'};

			if (word[0] == '\0')
				part = 1;
			/* Most bytes are left out, so that words meet. */
			strlcat(text[part], word, sizeof(text[part]));
			if (byte[0] >= 'a' && byte[0] <= 'c')
				strlcat(text[part], byte, sizeof(text[part]));
		}
		parse(text[0], part ? text[1] : NULL, make);
	}
	return 0;
}
