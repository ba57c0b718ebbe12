// SPDX-License-Identifier: MIT
/*
 * The reason of the last failure, one sentence a thread.
 *
 * A native call that fails returns NULL or a negative errno, which says what kind of failure it was; the sentence
 * says which argument, which limit, and what would have been right. Weakness: a sentence longer than the buffer is
 * cut, and says so by its ellipsis.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <dmasim/machine.h>
#include "sim/sim.h"

static __thread char last_error[1536];

int sim_error(int err, const char *fmt, ...)
{
	/* A caller may quote the previous sentence in the new one. */
	char text[sizeof(last_error)];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	memcpy(last_error, text, n < 0 ? 0 : strlen(text) + 1);
	errno = err;
	return -err;
}

const char *dmasim_last_error(void)
{
	return last_error;
}
