/* SPDX-License-Identifier: MIT */
/*
 * From an address in code to what a person can open: module, function, file and line.
 */
#ifndef LIB_CHECK_SYMBOLS_H
#define LIB_CHECK_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#define SYMBOL_INLINED 4

enum symbol_role {
	SYMBOL_DRIVER,	/* code under test, or the test itself */
	SYMBOL_LIBRARY, /* of this library or its headers */
	SYMBOL_BOTTOM,	/* the C library's start code or a test framework: nothing above it concerns the driver */
	SYMBOL_NOWHERE, /* in no module: the walk has lost its way */
};

/* One line of a stack. With inlining, one address is several lines. NULL and 0 where unknown. */
struct symbol_line {
	const char *function, *file;
	int line;
	enum symbol_role role;
};

struct symbol {
	const void *pc;
	const char *module; /* file name without directories, "" in none */
	uintptr_t offset;   /* in the module */
	unsigned int nr;    /* >= 1; innermost first */
	struct symbol_line lines[SYMBOL_INLINED];
};

/*
 * What lies before this return address. Never NULL; good for the life of the process. Takes a lock and, the first
 * time, allocates and reads files: never from a signal handler.
 */
const struct symbol *symbol_of(const void *return_address);

/* One line for the user on why some address has no line, or NULL. */
const char *symbol_hint(const struct symbol *s);

#endif
