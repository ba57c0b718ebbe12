// SPDX-License-Identifier: MIT
/*
 * Every public function with arbitrary arguments: one input is one machine's life. The library may report whatever it
 * likes, but it must not crash, hang or leave a machine behind.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/fuzz/api.h"

unsigned long fuzz_operations;

static jmp_buf stopped;

static void on_stop(const char *why, void *arg)
{
	(void)why;
	(void)arg;
	longjmp(stopped, 1);
}

static void life(struct api *a)
{
	static const struct api_group *const groups[] = {&api_memory, &api_devices, &api_kernel, &api_mapping};
	const struct api_group *group;

	while (a->in.size) {
		group = groups[fuzz_below(&a->in, 4)];
		fuzz_operations++;
		group->calls[fuzz_below(&a->in, group->nr)](a);
	}
}

static struct dmasim_machine *create(struct fuzz_input *in)
{
	static const char *const specs[] = {
		"pc,ram=64M,summary=off,report=none",
		"worst,ram=64M,summary=off,report=none",
		"pc,ram=64M,summary=off,report=text,log=/dev/null,guard=snapshot",
		"worst,ram=64M,summary=on,report=json,log=/dev/null,chaos=on,seed=3",
		"pc,ram=64M,checks=off,summary=off",
		"pc-swiotlb,ram=64M,summary=off,report=none,swiotlb=force",
		"pc-swiotlb,ram=64M,summary=off,report=none,checks=off",
		"worst,ram=64M,summary=off,report=none,dma_ops=arm,cma=16M,dma_debug=on",
		"pc,ram=64M,summary=off,report=none,dma_ops=arm64,cma=8M",
		"pc,ram=64M,summary=off,report=text,log=/dev/null,dma_ops=arm64-coherent,dma_debug=on",
		"pc,ram=64M,summary=off,report=none,dma_ops=iommu",
	};
	char nonsense[64];
	unsigned int n = fuzz_below(in, sizeof(nonsense));

	if (fuzz_below(in, 8) == 0) { /* any bytes at all */
		struct dmasim_machine *machine;

		for (unsigned int i = 0; i < n; i++)
			nonsense[i] = "pcworst,=ram0123456789abcKMG:x_-.\xff"[fuzz_below(in, 33)];
		nonsense[n] = 0;
		machine = dmasim_machine_create(nonsense);
		if (machine)
			dmasim_machine_destroy(machine);
		else if (!*dmasim_last_error())
			abort();
	}
	return dmasim_machine_create(specs[fuzz_below(in, sizeof(specs) / sizeof(specs[0]))]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct api *a; /* static: survives longjmp */
	static struct dmasim_machine *machine;
	static unsigned int lives;
	char on_stack[2 * AROUND];

	a = calloc(1, sizeof(*a));
	if (!a)
		return 0;
	a->life = ++lives;
	a->in.data = data;
	a->in.size = size;
	machine = create(&a->in);
	if (!machine) {
		fprintf(stderr, "%s\n", dmasim_last_error());
		abort();
	}
	a->devices[1] = &a->embedded;
	a->stack = on_stack + AROUND;
	dmasim_on_stop(on_stop, NULL);
	if (!setjmp(stopped)) {
		a->devices[2] = dmasim_device_create("fuzz2");
		a->devices[3] = dmasim_device_create("fuzz3");
		life(a);
	}
	dmasim_machine_use(machine);
	if (dmasim_machine_destroy(machine))
		abort();
	if (dmasim_machine_current())
		abort();
	free(a);
	return 0;
}
