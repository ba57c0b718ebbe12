// SPDX-License-Identifier: MIT
/*
 * The user program's addresses: ranges that a driver's mmap fills.
 *
 * Ranges lie in one window of the arena, apart from everything else of the machine, so that an address tells whose it is.
 * A page that is mapped is one of the file that backs RAM, seen a third time: loads and stores of the program reach
 * that RAM. A table of each range says what every page shows; it is asked when an access is checked, when memory is
 * freed, and when the range ends. What a driver writes into its struct vm_area_struct changes nothing here.
 *
 * New ranges go behind the last one until the window's end is reached, so that a late access faults.
 *
 * Weakness: there is one program a machine, and it faults its pages in when it maps them, not when it touches them. A
 * private mapping that was written shows the program's own pages, which the checker takes for the driver's.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <dmasim/chardev.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include "lib/core/device.h"
#include "lib/mm/internal.h"

#define WINDOW	  (1UL << 30)
#define MAX_PAGES 16384U /* of all ranges: the host allows about 32,700 isolated mappings */

#define PAGES(n) ((size_t)(n) << SIM_PAGE_SHIFT)

static struct mm_user *user_of(struct mm *mm)
{
	struct mm_user *u = mm->user;

	if (u)
		return u;
	u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	if (sim_region_take(&u->window, REGION_USER, mm->machine->hw, WINDOW)) {
		free(u);
		return NULL;
	}
	u->cursor = u->window.start;
	mm->user = u;
	return u;
}

static struct mm_vma *find(struct mm *mm, uintptr_t p)
{
	struct mm_vma *v = mm->user ? mm->user->all : NULL;

	while (v && p - v->start >= PAGES(v->nr))
		v = v->next;
	return v;
}

struct mm_vma *user_vma(struct mm *mm, const struct vm_area_struct *vma)
{
	struct mm_vma *v = mm->user ? mm->user->all : NULL;

	while (v && &v->pub != vma)
		v = v->next;
	return v;
}

phys_addr_t user_phys(struct mm *mm, uintptr_t p)
{
	const struct mm_vma *v = find(mm, p);
	u64 entry = v ? v->entries[(p - v->start) >> SIM_PAGE_SHIFT] : 0;

	if (!(entry & USER_PRESENT) || entry & USER_REGISTERS)
		return ~(phys_addr_t)0;
	return (entry & ~(u64)(SIM_PAGE_SIZE - 1)) + (p & (SIM_PAGE_SIZE - 1));
}

/* ---- pages ---- */

static void hide(uintptr_t start, size_t nr)
{
	mmap((void *)start, PAGES(nr), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* RAM behind a run of pages; whole banks are contiguous in the file. */
static bool show(struct dmasim_machine *m, const struct mm_vma *v, u32 first, phys_addr_t phys, u32 nr)
{
	void *want = (void *)(v->start + PAGES(first));

	/* What the program writes must be cleared before the memory serves another machine. */
	sim_ram_touch(m->hw, phys, PAGES(nr));
	return mmap(want, PAGES(nr), v->prot, (v->shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, m->hw->ram.fd,
		    vmalloc_file_offset(m->hw, phys)) != MAP_FAILED;
}

int user_set(struct dmasim_machine *m, struct mm_vma *v, u32 first, phys_addr_t phys, u32 nr, unsigned long flags)
{
	struct mm_user *u = m->mm->user;

	if (nr > MAX_PAGES || u->pages + nr > MAX_PAGES) {
		m->hooks.unchecked(m, "user mappings refused for want of host mappings", 1);
		return -ENOMEM;
	}
	if (!(flags & USER_REGISTERS) && !show(m, v, first, phys, nr)) {
		hide(v->start + PAGES(first), nr);
		return -ENOMEM;
	}
	for (u32 i = 0; i < nr; i++)
		v->entries[first + i] = (phys + PAGES(i)) | USER_PRESENT | flags;
	u->pages += nr;
	u->frames += flags & (USER_REFERENCED | USER_REGISTERS) ? 0 : nr;
	return 0;
}

/*
 * A page of another owner (vmalloc, coherent memory) is given back by that owner whatever its count: it is not held here,
 * and its free is not taken for a mistake, because the kernel would keep it.
 */
int user_set_held(struct dmasim_machine *m, struct mm_vma *v, u32 first, struct page *page)
{
	bool held = mm_hold_page(m, page);
	int err = user_set(m, v, first, page_to_phys(page), 1, held ? USER_REFERENCED : USER_TOLD);

	if (err && held)
		mm_put_page(m, page, "mmap");
	return err;
}

static void clear(struct dmasim_machine *m, struct mm_vma *v, const char *function)
{
	struct mm_user *u = m->mm->user;

	hide(v->start, v->nr);
	for (u32 i = 0; i < v->nr; i++) {
		u64 entry = v->entries[i];

		if (!(entry & USER_PRESENT))
			continue;
		u->pages--;
		u->frames -= !(entry & (USER_REFERENCED | USER_REGISTERS));
		v->entries[i] = 0;
		if (entry & USER_REFERENCED)
			mm_put_page(m, page_of_pfn(m->mm, entry >> SIM_PAGE_SHIFT), function);
	}
}

void user_memory_freed_slow(struct mm *mm, phys_addr_t phys, size_t size)
{
	struct dmasim_machine *m = mm->machine;
	struct mm_vma *shown = NULL;
	struct mm_object o;
	struct finding f;
	u32 nr = 0;

	for (struct mm_vma *v = mm->user->all; v; v = v->next)
		for (u32 i = 0; i < v->nr; i++) {
			phys_addr_t at = v->entries[i] & ~(u64)(SIM_PAGE_SIZE - 1);

			if (!(v->entries[i] & USER_PRESENT) || v->entries[i] & (USER_REFERENCED | USER_REGISTERS) ||
			    at + SIM_PAGE_SIZE <= phys || at >= phys + size)
				continue;
			if (!(v->entries[i] & USER_TOLD))
				shown = v;
			v->entries[i] |= USER_TOLD;
			nr++;
		}
	if (!shown)
		return;
	mm_object_at(m, phys, &o);
	f = (struct finding){
		.rule = "free-while-user-mapped",
		.phys = phys,
		.has_phys = true,
		.cpu = sim_phys_to_virt(m->hw, phys),
		.buffer_size = o.size,
		.buffer_kind = o.kind,
		.size = size,
		.act_verb = "free",
		.mapped = shown->stack,
		.mapped_time = shown->time,
		.mapped_verb = "mapped",
	};
	f.more[0].label = "user";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "sees %u page%s of it at 0x%lx, by mmap of %s", nr,
		 nr == 1 ? "" : "s", (unsigned long)shown->start, shown->name);
	k_report(m, &f);
}

/* ---- ranges ---- */

static void insert(struct mm_user *u, struct mm_vma *v)
{
	struct mm_vma **link = &u->all;

	while (*link && (*link)->start < v->start)
		link = &(*link)->next;
	v->next = *link;
	*link = v;
}

/* The driver may have changed everything but these. */
static void restore(struct mm_vma *v)
{
	v->pub.vm_start = v->start;
	v->pub.vm_end = v->start + PAGES(v->nr);
	v->pub.vm_file = v->file;
}

/* Out of the list, unmapped, the driver told if it had ever agreed. */
static void end(struct dmasim_machine *m, struct mm_vma *v, bool tell)
{
	struct mm_vma **link = &m->mm->user->all;

	restore(v);
	clear(m, v, "munmap");
	while (*link != v)
		link = &(*link)->next;
	*link = v->next; /* before the driver is told: what it then unmaps itself is not this one */
	if (tell && v->pub.vm_ops && v->pub.vm_ops->close) {
		k_callback_enter(m, v->name);
		v->pub.vm_ops->close(&v->pub);
		k_callback_exit(m);
	}
	k_file_put(m, v->file);
	free(v->entries);
	free(v);
}

static uintptr_t gap(const struct mm_user *u, uintptr_t from, size_t bytes)
{
	uintptr_t limit = u->window.start + u->window.size;

	for (const struct mm_vma *v = u->all; v; v = v->next) {
		if (v->start >= from && v->start - from >= bytes + SIM_PAGE_SIZE)
			break;
		if (v->start + PAGES(v->nr) + SIM_PAGE_SIZE > from)
			from = v->start + PAGES(v->nr) + SIM_PAGE_SIZE; /* a page between that faults */
	}
	return from < limit && limit - from >= bytes + SIM_PAGE_SIZE ? from : 0;
}

/* A range for the driver to fill; NULL: no room. The file's reference becomes its own. */
static struct mm_vma *make(struct dmasim_machine *m, size_t length, int prot, int flags, unsigned long pgoff,
			   struct file *file, const char *name)
{
	struct mm_user *u = user_of(m->mm);
	size_t bytes = (length + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
	struct mm_vma *v;

	if (!u || bytes < length || bytes > WINDOW / 2)
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->nr = (u32)(bytes >> SIM_PAGE_SHIFT);
	v->entries = calloc(v->nr, sizeof(*v->entries));
	v->start = gap(u, u->cursor, bytes);
	if (!v->start)
		v->start = gap(u, u->window.start, bytes);
	if (!v->entries || !v->start) {
		free(v->entries);
		free(v);
		return NULL;
	}
	u->cursor = v->start + bytes + SIM_PAGE_SIZE;
	v->prot = prot & (PROT_READ | PROT_WRITE);
	v->shared = flags & MAP_SHARED;
	v->file = file;
	v->name = name;
	v->stack = stack_entry(m);
	v->time = sim_now(m->hw);
	v->pub.vm_pgoff = pgoff;
	v->pub.vm_flags = VM_MAYREAD | VM_MAYEXEC | (prot & PROT_READ ? VM_READ : 0) |
			  (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0) |
			  (v->shared ? VM_SHARED | VM_MAYSHARE : 0) |
			  (!v->shared || file->f_mode & FMODE_WRITE ? VM_MAYWRITE : 0);
	v->pub.vm_page_prot =
		__pgprot((prot & PROT_READ ? DMASIM_PROT_READ : 0) | (prot & PROT_WRITE ? DMASIM_PROT_WRITE : 0) |
			 (prot & PROT_EXEC ? DMASIM_PROT_EXEC : 0));
	restore(v);
	insert(u, v);
	return v;
}

/* Ask the driver for each page that it left open: what a touch of the page would do. */
static void fault_in(struct dmasim_machine *m, struct mm_vma *v)
{
	const struct vm_operations_struct *ops = v->pub.vm_ops;
	u32 refused = 0;

	for (u32 i = 0; ops && ops->fault && i < v->nr; i++) {
		struct vm_fault vmf = {
			.vma = &v->pub,
			.pgoff = v->pub.vm_pgoff + i,
			.address = v->start + PAGES(i),
		};
		vm_fault_t result;

		if (v->entries[i] & USER_PRESENT)
			continue;
		v->faulting = true;
		k_callback_enter(m, v->name);
		result = ops->fault(&vmf);
		k_callback_exit(m);
		v->faulting = false;
		if (result & (VM_FAULT_ERROR | VM_FAULT_RETRY | VM_FAULT_NOPAGE) || !vmf.page) {
			refused += !(result & VM_FAULT_NOPAGE);
			continue;
		}
		if (page_to_phys(vmf.page) == ~(phys_addr_t)0 ||
		    !sim_ram_contains(m->hw, page_to_phys(vmf.page), SIM_PAGE_SIZE)) {
			refused++;
			continue;
		}
		refused += user_set_held(m, v, i, vmf.page) != 0;
		mm_put_page(m, vmf.page, "fault"); /* the handler's reference */
	}
	if (refused)
		m->hooks.fact(m, "pages that a fault handler refused", refused);
}

void *dmasim_mmap(struct dmasim_file *f, size_t length, int prot, int flags, long long offset)
{
	struct dmasim_machine *m = k_thread.current;
	const char *name;
	struct file *file;
	struct mm_vma *v;
	int err;

	STACK_ENTER();
	file = k_file_get(f, "dmasim_mmap", &name);
	if (!file)
		return NULL;
	if (!length || offset < 0 || offset & (SIM_PAGE_SIZE - 1) || !(flags & MAP_SHARED) == !(flags & MAP_PRIVATE))
		err = sim_error(EINVAL,
				"dmasim_mmap: length %zu, offset %lld, flags 0x%x: no bytes, an offset that is no "
				"multiple of the page size, or not one of MAP_SHARED and MAP_PRIVATE",
				length, offset, (unsigned int)flags);
	else if (!(file->f_mode & FMODE_READ) ||
		 (flags & MAP_SHARED && prot & PROT_WRITE && !(file->f_mode & FMODE_WRITE)))
		err = sim_error(EACCES, "dmasim_mmap: %s is not open for that", name);
	else if (!file->f_op->mmap)
		err = sim_error(ENODEV, "dmasim_mmap: the driver of %s has no mmap", name);
	else
		err = 0;
	v = err ? NULL : make(m, length, prot, flags, (unsigned long)(offset >> SIM_PAGE_SHIFT), file, name);
	if (!v) {
		k_file_put(m, file);
		if (!err)
			sim_error(ENOMEM, "dmasim_mmap: no room for %zu bytes", length);
		return NULL;
	}
	k_might_sleep(m, "dmasim_mmap");
	v->mapping = true;
	k_callback_enter(m, v->name);
	err = file->f_op->mmap(file, &v->pub);
	k_callback_exit(m);
	v->mapping = false;
	restore(v);
	if (err) {
		end(m, v, false);
		sim_error(err < 0 ? -err : EIO, "dmasim_mmap: the driver's mmap of %s returned %d", name, err);
		return NULL;
	}
	fault_in(m, v);
	return (void *)v->start;
}

/* Cut v before page `at`: what lies behind becomes a range of its own, of which the driver is told. */
static bool split(struct dmasim_machine *m, struct mm_vma *v, u32 at)
{
	struct mm_vma *rest = malloc(sizeof(*rest));
	u64 *entries = rest ? malloc((v->nr - at) * sizeof(*entries)) : NULL;

	if (!entries) {
		free(rest);
		return false;
	}
	*rest = *v;
	rest->entries = memcpy(entries, v->entries + at, (v->nr - at) * sizeof(*entries));
	rest->start = v->start + PAGES(at);
	rest->nr = v->nr - at;
	rest->pub.vm_pgoff += at;
	v->nr = at;
	restore(v);
	restore(rest);
	insert(m->mm->user, rest);
	k_file_dup(rest->file);
	if (rest->pub.vm_ops && rest->pub.vm_ops->open) {
		v->faulting = rest->faulting = true; /* not to be ended meanwhile */
		k_callback_enter(m, rest->name);
		rest->pub.vm_ops->open(&rest->pub);
		k_callback_exit(m);
		v->faulting = rest->faulting = false;
	}
	return true;
}

int dmasim_munmap(void *addr, size_t length)
{
	struct dmasim_machine *m = k_machine("dmasim_munmap");
	uintptr_t start = (uintptr_t)addr, stop;
	struct mm_vma *v, *next;
	bool any = false;

	STACK_ENTER();
	if (!m || k_model_call(m, "dmasim_munmap"))
		return -EINVAL;
	stop = start + ((length + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1));
	if (start & (SIM_PAGE_SIZE - 1) || stop <= start)
		return sim_error(EINVAL, "dmasim_munmap: %p, %zu bytes: not aligned, or no bytes", addr, length);
	k_might_sleep(m, "dmasim_munmap");
	for (v = m->mm->user ? m->mm->user->all : NULL; v && v->start < stop; v = next) {
		if (v->start + PAGES(v->nr) <= start || v->mapping || v->faulting) {
			next = v->next;
			continue;
		}
		if (v->start < start) { /* what lies before stays; go on with what lies behind */
			if (!split(m, v, (u32)((start - v->start) >> SIM_PAGE_SHIFT)))
				return sim_error(ENOMEM, "dmasim_munmap: no memory to cut a mapping");
			next = m->mm->user->all;
			continue;
		}
		if (v->start + PAGES(v->nr) > stop && !split(m, v, (u32)((stop - v->start) >> SIM_PAGE_SHIFT)))
			return sim_error(ENOMEM, "dmasim_munmap: no memory to cut a mapping");
		end(m, v, true);
		next = m->mm->user->all; /* the driver was told, and may have ended the one behind */
		any = true;
	}
	return any ? 0 : sim_error(EINVAL, "dmasim_munmap: nothing is mapped at %p", addr);
}

/* ---- life cycle ---- */

void user_exits(struct dmasim_machine *m)
{
	u64 n = 0;

	while (m->mm->user && m->mm->user->all) {
		end(m, m->mm->user->all, true);
		n++;
	}
	if (n)
		m->hooks.fact(m, "user mappings left", n);
}

/* Without the driver: it has gone. */
void user_exit(struct mm *mm)
{
	struct mm_user *u = mm->user;

	if (!u)
		return;
	while (u->all) {
		struct mm_vma *v = u->all;

		u->all = v->next;
		free(v->entries);
		free(v);
	}
	sim_region_give(&u->window);
	free(u);
	mm->user = NULL;
}

void user_check(struct mm *mm)
{
	const struct mm_user *u = mm->user;
	u64 frames = 0;
	u32 pages = 0;

	if (!u)
		return;
	for (const struct mm_vma *v = u->all; v; v = v->next) {
		assert(v->nr && v->start - u->window.start < u->window.size);
		assert(!v->next || v->start + PAGES(v->nr) <= v->next->start);
		for (u32 i = 0; i < v->nr; i++) {
			pages += !!(v->entries[i] & USER_PRESENT);
			frames += v->entries[i] & USER_PRESENT && !(v->entries[i] & (USER_REFERENCED | USER_REGISTERS));
		}
	}
	assert(pages == u->pages && frames == u->frames);
}
