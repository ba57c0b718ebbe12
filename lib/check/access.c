// SPDX-License-Identifier: MIT
/*
 * The public accessors: check, then access as asked, whatever the check said.
 *
 * The access itself is volatile and packed: one access of that width, at any alignment. The new value of a wrong write is
 * known right after it, so its report need not wait.
 */
#include <string.h>
#include <dmasim/access.h>
#include "lib/check/phase.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

static inline void before(const volatile void *p, size_t n, bool write)
{
	struct dmasim_machine *m = k_thread.current;

	if (k_likely(m && m->check))
		check_cpu_access(m, p, n, write, NULL, NULL);
}

static inline void after(void)
{
	struct dmasim_machine *m = k_thread.current;

	if (k_likely(m != NULL))
		check_settle(m);
}

/* Unaligned pointers are as legal as in a driver: each access is one of a packed member. */
#define ACCESSORS(bits)                                                     \
	struct packed##bits {                                               \
		uint##bits##_t value;                                       \
	} __attribute__((packed, may_alias));                               \
	uint##bits##_t dmasim_load##bits(const volatile void *p)            \
	{                                                                   \
		STACK_ENTER();                                              \
		before(p, bits / 8, false);                                 \
		return ((const volatile struct packed##bits *)p)->value;    \
	}                                                                   \
	void dmasim_store##bits(volatile void *p, uint##bits##_t new_value) \
	{                                                                   \
		STACK_ENTER();                                              \
		before(p, bits / 8, true);                                  \
		((volatile struct packed##bits *)p)->value = new_value;     \
		after();                                                    \
	}

ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
ACCESSORS(64)

void dmasim_load(void *dst, const volatile void *src, size_t n)
{
	STACK_ENTER();
	if (!n)
		return;
	before(src, n, false);
	before(dst, n, true);
	memmove(dst, (const void *)(uintptr_t)src, n);
	after();
}

void dmasim_store(volatile void *dst, const void *src, size_t n)
{
	STACK_ENTER();
	if (!n)
		return;
	before(src, n, false);
	before(dst, n, true);
	memmove((void *)(uintptr_t)dst, src, n);
	after();
}
