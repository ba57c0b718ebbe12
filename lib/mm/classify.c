// SPDX-License-Identifier: MIT
/*
 * What kind of address is this? For any number a driver may pass where a pointer belongs.
 *
 * Windows of the arena are one table lookup. For host memory the program headers of everything loaded tell code,
 * read-only data and variables; stacks are known by their bounds; the rest is probed by a copy that cannot fault.
 * The list of segments is kept until the loader says that it has changed.
 *
 * Weakness: stacks of host threads that are no tasks, and anonymous memory of libraries, are "foreign".
 */
#include <link.h>
#include <stdlib.h>
#include "lib/core/task.h"
#include "lib/mm/internal.h"

struct segment {
	uintptr_t start, end;
	bool writable;
};

struct mm_segments {
	unsigned long long adds, subs;
	unsigned int nr, max;
	struct segment s[];
};

struct walk {
	struct mm *mm;
	bool fresh, failed;
};

/* One loaded object. The first call tells whether anything was loaded since; if not, the walk ends. */
static int collect(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct walk *w = arg;
	struct mm_segments *t = w->mm->segments;
	unsigned int i;

	(void)size;
	if (t && !w->fresh) {
		if (t->adds == info->dlpi_adds && t->subs == info->dlpi_subs)
			return 1;
		t->nr = 0;
	}
	w->fresh = true;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type != PT_LOAD && ph->p_type != PT_GNU_RELRO)
			continue;
		if (!t || t->nr == t->max) {
			unsigned int max = t ? t->max * 2 : 64;
			struct mm_segments *grown = realloc(t, sizeof(*t) + max * sizeof(t->s[0]));

			if (!grown) {
				w->failed = true;
				return 1;
			}
			if (!t)
				grown->nr = 0;
			grown->max = max;
			w->mm->segments = t = grown;
		}
		t->adds = info->dlpi_adds;
		t->subs = info->dlpi_subs;
		t->s[t->nr].start = info->dlpi_addr + ph->p_vaddr;
		t->s[t->nr].end = info->dlpi_addr + ph->p_vaddr + ph->p_memsz;
		t->s[t->nr].writable = ph->p_type == PT_LOAD && ph->p_flags & PF_W && !(ph->p_flags & PF_X);
		t->nr++;
	}
	return 0;
}

static bool in_program(struct mm *mm, uintptr_t p, enum mm_address_kind *kind)
{
	struct walk w = {.mm = mm};
	bool found = false;
	unsigned int i;

	dl_iterate_phdr(collect, &w);
	if (w.failed || !mm->segments)
		return false;
	for (i = 0; i < mm->segments->nr; i++) {
		const struct segment *s = &mm->segments->s[i];

		if (p < s->start || p >= s->end)
			continue;
		found = true;
		*kind = ADDR_STATIC;
		if (!s->writable) {
			*kind = ADDR_TEXT; /* also data that relocation made read-only */
			break;
		}
	}
	return found;
}

void classify_exit(struct mm *mm)
{
	free(mm->segments);
	mm->segments = NULL;
}

static phys_addr_t in_arena(struct dmasim_machine *m, const volatile void *p, enum mm_address_kind *kind)
{
	const struct sim_region *r = sim_region_of(p);
	phys_addr_t phys = ~(phys_addr_t)0;
	bool coherent;

	*kind = ADDR_BAD;
	if (!r)
		return phys;
	if (r->machine != m->hw) {
		u8 byte;

		/* Another machine's: for this one it is host memory like any other. */
		*kind = sim_host_read(&byte, (const void *)p, 1) ? ADDR_FOREIGN : ADDR_BAD;
		return foreign_phys(m->mm, p);
	}
	switch (r->kind) {
	case REGION_VMALLOC:
		phys = vmalloc_phys(m->mm, (uintptr_t)p, &coherent);
		*kind = phys == ~(phys_addr_t)0 ? ADDR_BAD : coherent ? ADDR_UNCACHED : ADDR_VMALLOC;
		break;
	case REGION_USER:
		phys = user_phys(m->mm, (uintptr_t)p);
		*kind = ADDR_USER;
		break;
	case REGION_VMEMMAP:
		*kind = ADDR_VMEMMAP;
		break;
	case REGION_IOMEM:
		*kind = ADDR_IOMEM;
		if (!sim_mmio_phys(m->hw, p, &phys))
			phys = ~(phys_addr_t)0;
		break;
	default:
		break;
	}
	return phys;
}

phys_addr_t mm_classify(struct dmasim_machine *m, const volatile void *p, enum mm_address_kind *kind)
{
	enum sim_region_kind window;
	phys_addr_t phys;
	u8 byte;

	if (k_likely(sim_virt_to_phys(m->hw, p, &phys, &window))) {
		*kind = window == REGION_UNCACHED ? ADDR_UNCACHED : ADDR_LINEAR;
		return phys;
	}
	if ((uintptr_t)p < SIM_PAGE_SIZE) {
		*kind = ADDR_NULL;
		return ~(phys_addr_t)0;
	}
	if (sim_arena_contains(p))
		return in_arena(m, p, kind);
	if (mm_is_adopted(m, (const void *)p, 1))
		*kind = ADDR_ADOPTED;
	else if (stack_contains((const void *)p) || k_on_waiters_stack(m, (const void *)p))
		*kind = ADDR_STACK;
	else if (!sim_host_read(&byte, (const void *)p, 1))
		*kind = ADDR_BAD;
	else if (!in_program(m->mm, (uintptr_t)p, kind))
		*kind = ADDR_FOREIGN;
	return *kind == ADDR_BAD ? ~(phys_addr_t)0 : foreign_phys(m->mm, p);
}

const char *mm_address_kind_name(enum mm_address_kind kind)
{
	static const char *const names[] = {
		[ADDR_LINEAR] = "kernel logical memory",
		[ADDR_UNCACHED] = "coherent memory",
		[ADDR_VMALLOC] = "vmalloc memory",
		[ADDR_KMAP] = "a temporary kernel mapping",
		[ADDR_USER] = "an address of the user program",
		[ADDR_IOMEM] = "a device's registers",
		[ADDR_VMEMMAP] = "a struct page",
		[ADDR_STACK] = "a stack",
		[ADDR_TEXT] = "code or read-only data of the program",
		[ADDR_STATIC] = "a static variable of the program",
		[ADDR_FOREIGN] = "host memory that is not RAM of the machine",
		[ADDR_ADOPTED] = "adopted memory",
		[ADDR_NULL] = "a NULL pointer",
		[ADDR_BAD] = "no memory at all",
	};

	return (unsigned int)kind < sizeof(names) / sizeof(*names) ? names[kind] : "unknown";
}
