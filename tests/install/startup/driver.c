// SPDX-License-Identifier: MIT
/* The instrumented part of the start-up test: one access, one copy. */
#include <stdio.h>
#include <string.h>

extern char arena[64];
extern int accesses;

int main(void)
{
	char copy[64];
	volatile size_t n = sizeof(copy);

	arena[7] = 1;
	if (accesses == 1)
		puts("one access seen");
	memcpy(copy, arena, n);
	return accesses == 2 && copy[7] == 1 ? 0 : 1;
}
