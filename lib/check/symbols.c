// SPDX-License-Identifier: MIT
/*
 * From return addresses to lines, with libdw where it is built in.
 *
 * An address is looked up once in a process and remembered for good: driver code has few places that can break a
 * rule. The dynamic linker says which module holds it; libdw then reads that module's debug information for the line,
 * the function, and the chain of functions inlined there. Without libdw, or without debug information, the dynamic
 * linker's names and module+offset remain.
 *
 * The cache is one for the process, under a lock, like the windows' arena: debug information is as costly as it is
 * independent of any machine. The C library and CMocka are never searched, so nothing is fetched for them.
 * Weakness: a module that is unloaded and replaced by another at the same address keeps its old lines.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr() */
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#endif
#include "lib/check/symbols.h"

#define BUCKETS	    4096
#define MAX_SYMBOLS 65536 /* beyond, one record is reused: right, but no longer stable */

struct entry {
	struct symbol symbol;
	struct entry *next;
};

static struct {
	pthread_mutex_t lock;
	struct entry *buckets[BUCKETS];
	unsigned int nr;
	struct entry last; /* where the cache is full */
	char *cwd;
	size_t cwd_len;
	bool started;
	char *root; /* directory of this library's sources, as debug information spells it */
	size_t root_len;
#ifdef HAVE_LIBDW
	Dwfl *dwfl;
#endif
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

/* ---- whose code is it? ---- */

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static bool library_file(const char *file)
{
	size_t n = cache.root_len;

	if (!file)
		return false;
	if (n && !strncmp(file, cache.root, n) &&
	    (starts(file + n, "lib/") || starts(file + n, "sim/") || starts(file + n, "include/kernel/") ||
	     starts(file + n, "include/dmasim/") || starts(file + n, "instrument/")))
		return true;
	return strstr(file, "/include/dmasim-kernel/") || strstr(file, "/include/dmasim/");
}

static bool framework_module(const char *module)
{
	return starts(module, "libc.so") || starts(module, "libc-") || starts(module, "libcmocka") ||
	       starts(module, "ld-linux") || starts(module, "libpthread") || starts(module, "libtsan") ||
	       starts(module, "libasan") || starts(module, "vgpreload");
}

static enum symbol_role role_of(const struct symbol *s, const struct symbol_line *l)
{
	static const char *const bottoms[] = {"_start", "__libc_start_main", "start_thread", "clone", "clone3"};
	Dl_info here, there;

	if (!*s->module)
		return SYMBOL_NOWHERE;
	if (library_file(l->file))
		return SYMBOL_LIBRARY;
	if (framework_module(s->module))
		return SYMBOL_BOTTOM;
	for (size_t i = 0; l->function && i < sizeof(bottoms) / sizeof(*bottoms); i++)
		if (!strcmp(l->function, bottoms[i]))
			return SYMBOL_BOTTOM;
	if (l->file)
		return SYMBOL_DRIVER;
	/* No debug information: the shared library is recognised as a module, the static one by its prefix. */
	if (starts(s->module, "libdmasim") && dladdr((const void *)symbol_of, &here) && dladdr(s->pc, &there) &&
	    here.dli_fbase == there.dli_fbase)
		return SYMBOL_LIBRARY;
	return l->function && (starts(l->function, "dmasim_") || starts(l->function, "__tsan_")) ? SYMBOL_LIBRARY
												 : SYMBOL_DRIVER;
}

/* ---- names by the dynamic linker ---- */

static void by_linker(struct symbol *s, const char *at)
{
	Dl_info info;

	s->module = "";
	s->nr = 1;
	if (!dladdr(at, &info))
		return;
	s->module = strdup(base_name(info.dli_fname));
	if (!s->module)
		s->module = "";
	s->offset = (uintptr_t)at - (uintptr_t)info.dli_fbase; /* of the call, as addr2line wants it */
	if (info.dli_sname)
		s->lines[0].function = strdup(info.dli_sname);
}

/* ---- lines by libdw ---- */

#ifdef HAVE_LIBDW

/* As debug information says it, but relative to the directory the process runs in when below that. */
static const char *tidy(const char *file, const char *comp_dir)
{
	char *path = NULL;

	if (!file)
		return NULL;
	if (!cache.cwd) {
		cache.cwd = getcwd(NULL, 0);
		cache.cwd_len = cache.cwd ? strlen(cache.cwd) : 0;
	}
	if (*file != '/' && comp_dir) {
		if (asprintf(&path, "%s/%s", comp_dir, file) < 0)
			path = NULL;
	} else {
		path = strdup(file);
	}
	return path;
}

/* In place: a pointer into the middle of a block would look like a leak. */
static void make_relative(char *path)
{
	if (path && cache.cwd_len > 1 && !strncmp(path, cache.cwd, cache.cwd_len) && path[cache.cwd_len] == '/')
		memmove(path, path + cache.cwd_len + 1, strlen(path + cache.cwd_len + 1) + 1);
}

static Dwfl_Module *module_at(Dwarf_Addr addr)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	Dwfl_Module *mod = cache.dwfl ? dwfl_addrmodule(cache.dwfl, addr) : NULL;

	if (mod)
		return mod;
	/* First time, or loaded since. */
	if (!cache.dwfl)
		cache.dwfl = dwfl_begin(&callbacks);
	if (!cache.dwfl)
		return NULL;
	dwfl_report_begin_add(cache.dwfl);
	if (dwfl_linux_proc_report(cache.dwfl, getpid()) || dwfl_report_end(cache.dwfl, NULL, NULL))
		return NULL;
	return dwfl_addrmodule(cache.dwfl, addr);
}

static const char *call_file(Dwarf_Die *cu, Dwarf_Word index, const char *comp_dir)
{
	Dwarf_Files *files;
	size_t n;

	if (dwarf_getsrcfiles(cu, &files, &n) || index >= n)
		return NULL;
	return tidy(dwarf_filesrc(files, index, NULL, NULL), comp_dir);
}

static const char *comp_dir_of(Dwarf_Die *cu)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &attr));
}

/* The compilation unit; without an index of addresses, which clang does not write, by asking each. */
static Dwarf_Die *unit_of(Dwfl_Module *mod, Dwarf_Addr addr, Dwarf_Addr *bias)
{
	Dwarf_Die *cu = dwfl_module_addrdie(mod, addr, bias);

	if (cu)
		return cu;
	while ((cu = dwfl_module_nextcu(mod, cu, bias)))
		if (dwarf_haspc(cu, addr - *bias) > 0)
			return cu;
	return NULL;
}

/* Names of the functions around the address; with inlining, further lines: where each was inlined. */
static void by_scopes(struct symbol *s, Dwarf_Die *cu, Dwarf_Addr addr)
{
	Dwarf_Die *around = NULL, *scopes = NULL;
	Dwarf_Attribute attr;
	const char *name;
	int n;

	if (dwarf_getscopes(cu, addr, &around) <= 0)
		return;
	n = dwarf_getscopes_die(&around[0], &scopes);
	for (int i = 0, k = 0; i < n; i++) {
		int tag = dwarf_tag(&scopes[i]);
		Dwarf_Word file, line;

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		name = dwarf_diename(&scopes[i]);
		if (name) {
			free((char *)s->lines[k].function);
			s->lines[k].function = strdup(name);
		}
		if (tag == DW_TAG_subprogram || k + 1 == SYMBOL_INLINED ||
		    dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_line, &attr), &line) ||
		    dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_file, &attr), &file))
			break;
		k++;
		s->nr = k + 1;
		s->lines[k].file = call_file(cu, file, comp_dir_of(cu));
		s->lines[k].line = (int)line;
	}
	free(scopes);
	free(around);
}

static void by_debug_information(struct symbol *s, const char *at)
{
	Dwarf_Addr addr = (Dwarf_Addr)(uintptr_t)at;
	Dwfl_Module *mod = module_at(addr);
	const char *name;
	Dwarf_Addr bias;
	Dwarf_Line *line;
	Dwarf_Die *cu;

	if (!mod)
		return;
	name = dwfl_module_addrname(mod, addr);
	if (name) {
		free((char *)s->lines[0].function);
		s->lines[0].function = strdup(name);
	}
	cu = unit_of(mod, addr, &bias);
	line = cu ? dwarf_getsrc_die(cu, addr - bias) : NULL;
	if (!line)
		return;
	dwarf_lineno(line, &s->lines[0].line);
	s->lines[0].file = tidy(dwarf_linesrc(line, NULL, NULL), comp_dir_of(cu));
	by_scopes(s, cu, addr - bias);
}

/* So that leak checkers, who do not understand libdw's tagged pointers, have nothing to wonder about. */
static void __attribute__((destructor)) close_debug_information(void)
{
	if (pthread_mutex_trylock(&cache.lock))
		return; /* a thread is at work in there: never mind */
	if (cache.dwfl)
		dwfl_end(cache.dwfl);
	cache.dwfl = NULL;
	pthread_mutex_unlock(&cache.lock);
}

static const char how_to_get_more[] = "no debug information: compile with -g to see file and line";

#else

static void make_relative(char *path)
{
	(void)path;
}

static void by_debug_information(struct symbol *s, const char *at)
{
	(void)s;
	(void)at;
}

static const char how_to_get_more[] =
	"built without libdw: install libdw-dev and rebuild libdmasim to see file and line";

#endif

/* ---- the cache ---- */

/* Where this library was compiled: what debug information says of this very function. */
static void learn_root(void)
{
	static const char tail[] = "lib/check/symbols.c";
	struct symbol self = {.nr = 1};
	const char *file;

	by_debug_information(&self, (const char *)(uintptr_t)symbol_of);
	file = self.lines[0].file;
	if (file && strlen(file) >= sizeof(tail) && !strcmp(file + strlen(file) + 1 - sizeof(tail), tail)) {
		cache.root_len = strlen(file) + 1 - sizeof(tail);
		cache.root = strndup(file, cache.root_len);
	}
	for (unsigned int i = 0; i < self.nr; i++) {
		free((char *)self.lines[i].function);
		free((char *)self.lines[i].file);
	}
}

static void resolve(struct symbol *s, const void *return_address)
{
	/* The call ends where the return address begins: one byte before lies in it. */
	const char *at = (const char *)((uintptr_t)return_address - 1);

	memset(s, 0, sizeof(*s));
	s->pc = return_address;
	by_linker(s, at);
	if (*s->module && !framework_module(s->module))
		by_debug_information(s, at);
	for (unsigned int i = 0; i < s->nr; i++)
		s->lines[i].role = role_of(s, &s->lines[i]);
	for (unsigned int i = 0; i < s->nr; i++)
		make_relative((char *)s->lines[i].file);
}

const struct symbol *symbol_of(const void *return_address)
{
	struct entry **bucket = &cache.buckets[((uintptr_t)return_address * 0x9e3779b97f4a7c15ULL) >> 52], *e;

	pthread_mutex_lock(&cache.lock);
	if (!cache.started) {
		cache.started = true;
		learn_root();
	}
	for (e = *bucket; e; e = e->next)
		if (e->symbol.pc == return_address)
			goto out;
	e = cache.nr < MAX_SYMBOLS ? calloc(1, sizeof(*e)) : NULL;
	if (e) {
		cache.nr++;
		e->next = *bucket;
		*bucket = e;
	} else {
		e = &cache.last;
	}
	resolve(&e->symbol, return_address);
out:
	pthread_mutex_unlock(&cache.lock);
	return &e->symbol;
}

const char *symbol_hint(const struct symbol *s)
{
	return s->lines[0].file || s->lines[0].role != SYMBOL_DRIVER ? NULL : how_to_get_more;
}
