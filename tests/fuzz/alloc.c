// SPDX-License-Identifier: MIT
/*
 * Allocations and frees in any order, right and wrong ones: the bytes of live objects stay what they were, and legal
 * calls are never reported. A wrong call may be; it must not damage anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "tests/fuzz/fuzz.h"

unsigned long fuzz_operations;

#define MAX_LIVE 64

enum kind { KMALLOC, PAGES, EXACT, VMALLOC, NR_KINDS };

struct thing {
	unsigned char *p, tag;
	size_t size;
	enum kind kind;
	unsigned int order;
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz alloc: %s (%s)\n", what, dmasim_violation(0) ? dmasim_violation(0)->text : "no report");
	abort();
}

static int intact(const struct thing *t)
{
	size_t i;

	for (i = 0; i < t->size; i++) {
		if (t->p[i] != t->tag)
			return 0;
	}
	return 1;
}

static void release(const struct thing *t)
{
	must(intact(t), "bytes of a live object changed");
	switch (t->kind) {
	case KMALLOC:
		kfree(t->p);
		break;
	case PAGES:
		free_pages((unsigned long)t->p, t->order);
		break;
	case EXACT:
		free_pages_exact(t->p, t->size);
		break;
	default:
		vfree(t->p);
		break;
	}
}

static void allocate(struct fuzz_input *in, struct thing *t)
{
	gfp_t gfp = GFP_KERNEL | (fuzz_byte(in) & 1 ? __GFP_ZERO : 0) | (fuzz_byte(in) & 7 ? 0 : GFP_DMA);

	t->kind = (enum kind)fuzz_below(in, NR_KINDS);
	t->size = 1 + fuzz_below(in, fuzz_byte(in) & 3 ? 300 : 40000);
	t->order = fuzz_below(in, 4);
	switch (t->kind) {
	case KMALLOC:
		t->p = kmalloc(t->size, gfp);
		break;
	case PAGES:
		t->size = PAGE_SIZE << t->order;
		t->p = (unsigned char *)__get_free_pages(gfp, t->order);
		break;
	case EXACT:
		t->p = alloc_pages_exact(t->size, gfp);
		break;
	default:
		t->p = vmalloc(t->size);
		break;
	}
	t->tag = fuzz_byte(in);
	if (t->p)
		memset(t->p, t->tag, t->size);
}

/* A free that cannot be right: of something inside an object, or by the counterpart of another call. */
static void wrong_free(struct fuzz_input *in, const struct thing *t)
{
	size_t at = 1 + fuzz_below(in, 4000) % t->size;

	if (fuzz_byte(in) & 1)
		kfree(t->p + at);
	else if (t->kind == KMALLOC || t->kind == VMALLOC)
		free_pages((unsigned long)t->p, fuzz_byte(in));
	else
		vfree(t->p);
	must(dmasim_violation_count() > 0, "a wrong free was not reported");
	dmasim_violations_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	static const char *const specs[] = {
		"pc,ram=4M,quarantine=0,report=none,summary=off",
		"worst,ram=4M,report=none,summary=off",
		"pc,ram=4M,quarantine=100,poison=on,report=none,summary=off",
		"pc,ram=64M,host_limit=2M,report=none,summary=off",
	};
	struct dmasim_machine *m = dmasim_machine_create(specs[fuzz_below(&in, 4)]);
	struct thing live[MAX_LIVE], *t;
	unsigned int nr = 0;

	if (!m)
		abort();
	while (in.size) {
		unsigned int what = fuzz_below(&in, 16);

		fuzz_operations++;
		t = nr ? &live[fuzz_below(&in, nr)] : NULL;
		if (what < 8 || !t) {
			if (nr == MAX_LIVE)
				continue;
			allocate(&in, &live[nr]);
			nr += live[nr].p != NULL;
		} else if (what < 14) {
			release(t);
			*t = live[--nr];
		} else if (what == 14) {
			wrong_free(&in, t);
		} else if (t->kind == KMALLOC) {
			size_t room = 1 + fuzz_below(&in, 10000);
			unsigned char *p = krealloc(t->p, room, GFP_KERNEL);

			if (!p)
				continue;
			t->p = p;
			t->size = room < t->size ? room : t->size;
			must(intact(t), "bytes lost by krealloc");
		}
		must(dmasim_violation_count() == 0, "a legal call was reported");
	}
	while (nr)
		release(&live[--nr]);
	must(dmasim_violation_count() == 0, "a legal call was reported");
	dmasim_machine_destroy(m);
	return 0;
}
