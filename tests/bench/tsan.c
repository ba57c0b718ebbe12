// SPDX-License-Identifier: MIT
/*
 * The same loops under the real ThreadSanitizer, whose hooks the instrumented driver code calls too: the peer of
 * bench_instrument. A program of its own, because the two runtimes cannot live in one.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"
#include "tests/bench/loops.h"

static void row(const char *name, bench_fn *subject, bench_fn *reference, struct loop *loop, uint64_t n)
{
	bench_run(&(struct bench_row){
		.name = name,
		.fn = subject,
		.arg = loop,
		.n = n,
		.reference_name = "plain",
		.reference = reference,
		.reference_arg = loop,
	});
}

int main(int argc, char **argv)
{
	struct loop loop = {.memory = calloc(4, LOOP_BYTES), .size = 64};

	bench_init(argc, argv, "tsan");
	row("byte reads under TSan", tsan_read_bytes, plain_read_bytes, &loop, 1000000);
	row("byte writes under TSan", tsan_write_bytes, plain_write_bytes, &loop, 1000000);
	row("word reads under TSan", tsan_read_words, plain_read_words, &loop, 1000000);
	row("copies of 64 bytes under TSan", tsan_copy, plain_copy, &loop, 100000);
	free(loop.memory);
	return bench_finish();
}
