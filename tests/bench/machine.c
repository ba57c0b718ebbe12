// SPDX-License-Identifier: MIT
/* A fresh machine and its end: the first of the process, which reserves everything, and those after it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <dmasim/dmasim.h>
#include <linux/slab.h>
#include "tests/bench/bench.h"

static void create_destroy(void *spec, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct dmasim_machine *machine = dmasim_machine_create(spec);

		if (!machine || dmasim_machine_destroy(machine))
			abort();
	}
}

static void create_use_destroy(void *spec, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct dmasim_machine *machine = dmasim_machine_create(spec);
		void *p = machine ? kzalloc(64 << 10, GFP_KERNEL) : NULL;

		if (!p)
			abort();
		kfree(p);
		dmasim_machine_destroy(machine);
	}
}

static void memfd(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++) {
		int fd = memfd_create("bench", MFD_CLOEXEC);
		void *p;

		if (fd < 0 || ftruncate(fd, 256 << 20))
			abort();
		p = mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
		if (p == MAP_FAILED)
			abort();
		munmap(p, 256 << 20);
		close(fd);
	}
}

static void row(const char *name, bench_fn *fn, const char *spec, uint64_t n, double budget)
{
	bench_run(&(struct bench_row){
		.name = name,
		.fn = fn,
		.arg = (void *)spec,
		.n = n,
		.budget = budget,
		.reference_name = "bare memfd",
		.reference = memfd,
	});
}

int main(int argc, char **argv)
{
	bench_init(argc, argv, "machine");
	bench_once("create+destroy pc, first of the process", create_destroy, (void *)"pc,summary=off");
	row("create+destroy pc, warm", create_destroy, "pc,summary=off", 20, 100000);
	row("create+destroy worst, warm", create_destroy, "worst,summary=off", 20, 100000);
	row("create, 64 KiB used, destroy, pc, warm", create_use_destroy, "pc,summary=off", 20, 100000);
	return bench_finish();
}
