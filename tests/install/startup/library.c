// SPDX-License-Identifier: MIT
/* The library's side of the start-up test, without a library. With REFUSE it is one of another version. */
#include <dmasim/instrument_abi.h>
#include <dmasim/machine.h>

char arena[64];
int accesses;

static void on_access(const volatile void *p, size_t n, bool write, void *pc, void *frame)
{
	(void)p;
	(void)n;
	(void)write;
	(void)pc;
	(void)frame;
	accesses++;
}

const char *dmasim_last_error(void)
{
	return "another version";
}

int dmasim_instrument_attach(struct dmasim_instrument_abi *abi)
{
#ifdef REFUSE
	return -1;
#endif
	abi->arena_base = (uintptr_t)arena;
	abi->arena_size = sizeof(arena);
	abi->on_access = on_access;
	return 0;
}
