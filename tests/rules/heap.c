// SPDX-License-Identifier: MIT
/* The heap: free once, what was allocated, and stay inside. */
#include "tests/rules/rules.h"

#define N 100

static void double_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	kfree(buf);
	AT(s->act, kfree(buf));
}

static void invalid_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, kfree(buf + 16));
	kfree(buf);
}

static void overrun_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	PUT(buf + N, 0x5a); /* noticed at the free: the report names an interval, not a line */
	kfree(buf);
}

static void late_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, ANY_LINE, ANY_LINE};
	kfree(buf);
	PUT(buf + 20, 0x5a);
	for (int i = 0; i < 4096; i++) /* as long as it takes for the object to be looked at again */
		kfree(kmalloc(N, GFP_KERNEL));
}

static void leak_wrong(struct shot *s)
{
	uint8_t *buf = AT(s->mapped, kmalloc(N, GFP_KERNEL));

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, s->mapped, ANY_LINE};
	dmasim_check_leaks();
	kfree(buf);
}

static void tidy_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	PUT(buf + N - 1, 0x5a);
	kfree(buf);
	kfree(NULL);
}

const struct scenario heap_scenarios[] = {
	{"double-free", double_wrong, tidy_legal, NULL, false},
	{"invalid-free", invalid_wrong, tidy_legal, NULL, false},
	{"heap-overrun", overrun_wrong, tidy_legal, NULL, false},
	{"write-after-free", late_wrong, tidy_legal, NULL, false},
	{"memory-leak", leak_wrong, tidy_legal, "lint=on", false},
	{NULL, NULL, NULL, NULL, false},
};
