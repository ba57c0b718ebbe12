// SPDX-License-Identifier: MIT
/* The version that runs, which may be newer than the headers a program was compiled with. */
#include <dmasim/machine.h>
#include <dmasim/version.h>

const char *dmasim_version(void)
{
	return DMASIM_VERSION;
}
