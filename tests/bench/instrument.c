// SPDX-License-Identifier: MIT
/* What instrumentation costs code that does not touch simulated memory, and code that does. */
#include <stdio.h>
#include <stdlib.h>
#include <dmasim/dmasim.h>
#include <linux/slab.h>
#include "tests/bench/bench.h"
#include "tests/bench/loops.h"

static void compare(const char *name, bench_fn *subject, bench_fn *reference, struct loop *loop, uint64_t n,
		    double budget)
{
	bench_run(&(struct bench_row){
		.name = name,
		.fn = subject,
		.arg = loop,
		.n = n,
		.budget = budget,
		.reference_name = "plain",
		.reference = reference,
		.reference_arg = loop,
	});
}

int main(int argc, char **argv)
{
	struct loop outside = {.memory = calloc(4, LOOP_BYTES), .size = 64}, inside = {.size = 64};
	struct dmasim_machine *machine;

	bench_init(argc, argv, "instrument");
	/* The budget of 1 ns is for what is added to a plain access; both columns are shown. */
	compare("byte reads outside the windows", instrumented_read_bytes, plain_read_bytes, &outside, 1000000, 0);
	compare("byte writes outside the windows", instrumented_write_bytes, plain_write_bytes, &outside, 1000000, 0);
	compare("word reads outside the windows", instrumented_read_words, plain_read_words, &outside, 1000000, 0);
	compare("copies of 64 bytes outside the windows", instrumented_copy, plain_copy, &outside, 100000, 0);

	machine = dmasim_machine_create("pc,guard=instrument,summary=off");
	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		return 1;
	}
	inside.memory = kmalloc(4 * LOOP_BYTES, GFP_KERNEL);
	if (inside.memory) {
		compare("byte reads of unmapped kmalloc memory", instrumented_read_bytes, plain_read_bytes, &inside,
			100000, 0);
		compare("byte writes of unmapped kmalloc memory", instrumented_write_bytes, plain_write_bytes, &inside,
			100000, 0);
	}
	kfree(inside.memory);
	dmasim_machine_destroy(machine);
	free(outside.memory);
	return bench_finish();
}
