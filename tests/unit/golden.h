/* SPDX-License-Identifier: MIT */
/*
 * Texts compared with files in tests/unit/golden.
 *
 * What changes from run to run is filtered first: numbers in hexadecimal, times, line numbers, directories. With
 * UPDATE_GOLDEN=1 in the environment the files are written instead; read the difference before committing it.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The whole of a file, malloc'd; NULL if it cannot be read. */
static inline char *golden_read(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0, size = 4096;
	char *p = f ? malloc(size + 1) : NULL;

	while (p && !feof(f) && !ferror(f)) {
		if (n == size)
			p = realloc(p, (size *= 2) + 1);
		if (p)
			n += fread(p + n, 1, size - n, f);
	}
	if (f)
		fclose(f);
	if (p)
		p[n] = 0;
	return p;
}

static inline bool golden_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '/' || c == '+';
}

/* malloc'd: hexadecimal numbers become 0xX, times T, "dir/file.c:12" becomes "file.c:N". */
static inline char *golden_filter(const char *in)
{
	char *out = malloc(strlen(in) * 4 + 1), *o = out;

	while (*in) {
		const char *end = in, *name = in;

		if (!golden_word(*in)) {
			*o++ = *in++;
			continue;
		}
		while (golden_word(*end))
			end++;
		if (end - in > 2 && !strncmp(in, "0x", 2)) {
			o += sprintf(o, "0xX");
		} else if (*end == ':' && isdigit((unsigned char)end[1]) && end - in > 2 &&
			   (!strncmp(end - 2, ".c", 2) || !strncmp(end - 2, ".h", 2))) {
			for (const char *s = in; s < end; s++)
				if (*s == '/')
					name = s + 1;
			o += sprintf(o, "%.*s:N", (int)(end - name), name);
			for (end++; isdigit((unsigned char)*end); end++)
				;
		} else if (isdigit((unsigned char)*in) && !strncmp(end, " us", 3)) {
			o += sprintf(o, "T");
		} else {
			memcpy(o, in, (size_t)(end - in));
			o += end - in;
		}
		in = end;
	}
	*o = 0;
	return out;
}

/* Does the text, filtered, equal golden/NAME? Says where it does not. */
static inline bool golden_equal(const char *text, const char *name)
{
	char path[512], *want, *have = golden_filter(text);
	bool equal;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(path, "w");

		equal = f && fputs(have, f) >= 0;
		if (f)
			fclose(f);
		free(have);
		return equal;
	}
	want = golden_read(path);
	equal = want && !strcmp(want, have);
	if (!equal)
		fprintf(stderr, "---- %s says:\n%s---- but this is:\n%s----\n", path, want ? want : "(nothing)\n",
			have);
	free(want);
	free(have);
	return equal;
}

#endif
