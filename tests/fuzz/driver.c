// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target without libFuzzer: inputs from a seed until enough operations were done, or the files named as
 * arguments. When one crashes, its seed is said last: DMASIM_TEST_SEED=<it> DMASIM_FUZZ_RUNS=1 repeats it alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/fuzz/fuzz.h"

#define MAX_INPUT 2048

static unsigned long long seed;

static void crashed(int sig)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "\nfuzz: signal %d, DMASIM_TEST_SEED=%llu DMASIM_FUZZ_RUNS=1\n", sig,
			 seed);

	if (write(STDERR_FILENO, text, (size_t)n) != n)
		_exit(98);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	return LLVMFuzzerTestOneInput(data, n);
}

int main(int argc, char **argv)
{
	const char *chosen = getenv("DMASIM_TEST_SEED"), *wanted = getenv("DMASIM_FUZZ_RUNS");
	unsigned long long first = seed = chosen ? strtoull(chosen, NULL, 0) : 1;
	unsigned long runs = wanted ? strtoul(wanted, NULL, 0) : 20000;

	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	if (argc > 1)
		return 0;
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
	signal(SIGFPE, crashed);
	signal(SIGABRT, crashed);
	for (; fuzz_operations < runs; seed++) {
		static uint8_t data[MAX_INPUT];
		unsigned long long x = seed * 0x9e3779b97f4a7c15u + 1;
		size_t n;

		for (n = 0; n < MAX_INPUT; n++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			data[n] = (uint8_t)(x >> 56);
		}
		LLVMFuzzerTestOneInput(data, 64 + (size_t)(x >> 33) % (MAX_INPUT - 64));
	}
	printf("%lu operations, DMASIM_TEST_SEED=%llu\n", fuzz_operations, first);
	return 0;
}
