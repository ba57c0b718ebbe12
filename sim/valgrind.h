/* SPDX-License-Identifier: MIT */
/* What is said to Valgrind, if this library was built beside its headers; nothing otherwise. */
#ifndef SIM_VALGRIND_H
#define SIM_VALGRIND_H

#ifdef HAVE_VALGRIND
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND		 0
#define VALGRIND_DISABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING	 ((void)0)
#define VALGRIND_MAKE_MEM_DEFINED(p, n) \
	do {                            \
		(void)(p);              \
		(void)(n);              \
	} while (0)
#endif

#endif
