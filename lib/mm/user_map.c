// SPDX-License-Identifier: MIT
/*
 * What a driver's mmap calls to show memory to the user program.
 *
 * Which memory may be shown is for the driver to know, and the kernel believes it: it maps whatever the numbers say. Here
 * they are compared with what is allocated. Part of a page that belongs to the allocation is all of it, as nothing
 * smaller can be mapped.
 *
 * Weakness: a driver that shows an allocation of somebody else's, whole, is not found out.
 */
#include <errno.h>
#include <stdio.h>
#include <linux/mm.h>
#include "lib/mm/internal.h"

static void refuse(struct dmasim_machine *m, const struct vm_area_struct *vma, const char *function, const char *why)
{
	struct finding f = {.rule = "user-map-outside-mmap", .cpu = vma, .act_verb = "map"};

	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() of %s", function, why);
	k_report(m, &f);
}

bool mm_user_may_map(struct dmasim_machine *m, const struct vm_area_struct *vma, const char *function)
{
	const struct mm_vma *v = user_vma(m->mm, vma);

	k_might_sleep(m, function);
	if (v && v->mapping)
		return true;
	refuse(m, vma, function, v ? "a range whose mmap is over" : "something that is no range of the user program");
	return false;
}

/* The pages of [addr, addr + size) in the range. */
static bool pages_of(const struct mm_vma *v, unsigned long addr, unsigned long size, u32 *first, u32 *nr)
{
	unsigned long at = addr - v->start, room = (unsigned long)v->nr << SIM_PAGE_SHIFT;

	if (addr & (SIM_PAGE_SIZE - 1) || !size || at >= room || size > room - at)
		return false;
	*first = (u32)(at >> SIM_PAGE_SHIFT);
	*nr = (u32)((size + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT);
	return true;
}

int mm_user_map(struct dmasim_machine *m, struct vm_area_struct *vma, unsigned long addr, phys_addr_t phys,
		size_t pages, unsigned long prot, const char *function)
{
	struct mm_vma *v = user_vma(m->mm, vma);
	bool ram = sim_ram_contains(m->hw, phys, (u64)pages << SIM_PAGE_SHIFT);
	struct finding f = {.rule = "kernel-bug", .act_verb = "map"};
	u32 first, nr;

	(void)prot; /* the memory type changes nothing in what is seen */
	if (!v || !pages_of(v, addr, pages << SIM_PAGE_SHIFT, &first, &nr))
		return -EINVAL;
	/* Copied on write, the page table could not say which frame a page had. */
	if (!v->shared && vma->vm_flags & VM_MAYWRITE) {
		if (first || nr != v->nr)
			return -EINVAL;
		vma->vm_pgoff = (unsigned long)(phys >> SIM_PAGE_SHIFT);
	}
	if (!ram && (sim_ram_contains(m->hw, phys, 1) || !sim_mmio_find(m->hw, phys)))
		return sim_error(EINVAL, "%s: at 0x%llx is neither RAM, nor a register window", function, phys);
	for (u32 i = 0; i < nr; i++) {
		if (!(v->entries[first + i] & USER_PRESENT))
			continue;
		f.more[0].label = "page";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() over page %u of the range, which is mapped",
			 function, first + i);
		k_report(m, &f);
		return -EBUSY;
	}
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	return user_set(m, v, first, phys, nr, ram ? 0 : USER_REGISTERS);
}

/* Does [phys, phys + size) leave what is allocated? Then reported, once: the user program sees it all the same. */
static void check_memory(struct dmasim_machine *m, phys_addr_t phys, u64 size, const char *function)
{
	struct mm_object o = {.size = 0}, first = {.size = 0};
	phys_addr_t at = phys, end = phys + size;
	struct finding f;

	while (at < end) {
		phys_addr_t stop;

		mm_object_at(m, at, &o);
		if (o.state == MM_RESERVED && first.size) { /* between the objects of a slab */
			at = (at | (SIM_PAGE_SIZE - 1)) + 1;
			continue;
		}
		if (o.state != MM_ALLOCATED || !o.size)
			break;
		if (!first.size)
			first = o;
		stop = (o.start + o.size + SIM_PAGE_SIZE - 1) & ~(phys_addr_t)(SIM_PAGE_SIZE - 1);
		if (stop <= at)
			break;
		at = stop;
	}
	if (at >= end)
		return;
	f = (struct finding){
		.rule = "user-map-beyond-buffer",
		.phys = at,
		.has_phys = true,
		.cpu = sim_phys_to_virt(m->hw, at),
		.size = end - at,
		.buffer_size = first.size,
		.buffer_kind = first.size ? first.kind : NULL,
		.offset = first.size ? at - first.start : 0,
		.act_verb = "map",
		.mapped = first.allocated,
		.mapped_time = first.allocated_time,
		.mapped_verb = "allocated",
	};
	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() of %llu bytes at physical 0x%llx; from 0x%llx on: %s",
		 function, (unsigned long long)size, phys, at, o.kind ? o.kind : "nothing");
	k_report(m, &f);
}

static int remap(struct dmasim_machine *m, struct vm_area_struct *vma, unsigned long addr, phys_addr_t phys,
		 unsigned long size, pgprot_t prot, const char *function)
{
	size_t pages = (size + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT;
	int err;

	if (!mm_user_may_map(m, vma, function))
		return -EINVAL;
	if (!pages || phys + ((u64)pages << SIM_PAGE_SHIFT) < phys)
		return -EINVAL;
	err = mm_user_map(m, vma, addr, phys, pages, pgprot_val(prot), function);
	if (!err && m->checks && sim_ram_contains(m->hw, phys, 1))
		check_memory(m, phys, size, function);
	return err;
}

/* ---- public names ---- */

int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size,
		    pgprot_t prot)
{
	struct dmasim_machine *m = k_machine("remap_pfn_range");

	STACK_ENTER();
	if (!m || k_model_call(m, "remap_pfn_range") || pfn > ~0ULL >> SIM_PAGE_SHIFT)
		return -EINVAL;
	if (k_fails(m, "remap_pfn_range", "io_remap_pfn_range"))
		return -ENOMEM;
	return remap(m, vma, addr, (phys_addr_t)pfn << SIM_PAGE_SHIFT, size, prot, "remap_pfn_range");
}

int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start, unsigned long len)
{
	struct dmasim_machine *m = k_machine("vm_iomap_memory");
	unsigned long pages, room, first;

	STACK_ENTER();
	if (!m || k_model_call(m, "vm_iomap_memory"))
		return -EINVAL;
	if (k_fails(m, "vm_iomap_memory", NULL))
		return -ENOMEM;
	if (!mm_user_may_map(m, vma, "vm_iomap_memory") || start + len < start)
		return -EINVAL;
	len += start & (SIM_PAGE_SIZE - 1);
	first = (unsigned long)(start >> SIM_PAGE_SHIFT);
	pages = (len + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT;
	room = vma_pages(vma);
	if (vma->vm_pgoff > pages || room > pages - vma->vm_pgoff)
		return -EINVAL;
	return remap(m, vma, vma->vm_start, (phys_addr_t)(first + vma->vm_pgoff) << SIM_PAGE_SHIFT,
		     room << SIM_PAGE_SHIFT, vma->vm_page_prot, "vm_iomap_memory");
}

static int insert_page(struct dmasim_machine *m, struct vm_area_struct *vma, unsigned long addr, struct page *page,
		       const char *function)
{
	struct mm_vma *v = user_vma(m->mm, vma);
	phys_addr_t phys = page_to_phys(page);
	u32 first, nr, index;

	k_might_sleep(m, function);
	if (!v || (!v->mapping && !v->faulting)) {
		refuse(m, vma, function,
		       v ? "a range whose mmap is over" : "something that is no range of the user program");
		return -EINVAL;
	}
	if (!pages_of(v, addr & ~(SIM_PAGE_SIZE - 1), SIM_PAGE_SIZE, &first, &nr))
		return -EFAULT;
	if (phys == ~(phys_addr_t)0 || !sim_ram_contains(m->hw, phys, SIM_PAGE_SIZE))
		return -EINVAL;
	index = mm_index(m->mm, phys);
	if (!page_count(page) || (index != MM_NONE && m->mm->frames[index].state == FRAME_SLAB))
		return -EINVAL;
	if (v->entries[first] & USER_PRESENT)
		return -EBUSY;
	vma->vm_flags |= VM_MIXEDMAP;
	return user_set_held(m, v, first, page);
}

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	struct dmasim_machine *m = k_machine("vm_insert_page");

	STACK_ENTER();
	if (!m || k_model_call(m, "vm_insert_page"))
		return -EINVAL;
	return k_fails(m, "vm_insert_page", NULL) ? -ENOMEM : insert_page(m, vma, addr, page, "vm_insert_page");
}

/* pages[offset ...] into the whole range. */
static int map_pages(struct dmasim_machine *m, struct vm_area_struct *vma, struct page **pages, unsigned long num,
		     unsigned long offset, const char *function)
{
	unsigned long count;
	int err = 0;

	if (!mm_user_may_map(m, vma, function))
		return -EINVAL;
	count = vma_pages(vma);
	if (offset >= num || count > num - offset)
		return -ENXIO;
	m->hooks.cpu_access(m, pages + offset, count * sizeof(*pages), false);
	for (unsigned long i = 0; !err && i < count; i++) {
		struct page *page;

		if (sim_host_read(&page, pages + offset + i, sizeof(page)) != sizeof(page))
			return -EFAULT;
		err = insert_page(m, vma, vma->vm_start + (i << SIM_PAGE_SHIFT), page, function);
	}
	return err;
}

int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num)
{
	struct dmasim_machine *m = k_machine("vm_map_pages");

	STACK_ENTER();
	if (!m || !vma || k_model_call(m, "vm_map_pages"))
		return -EINVAL;
	if (k_fails(m, "vm_map_pages", NULL))
		return -ENOMEM;
	return map_pages(m, vma, pages, num, user_vma(m->mm, vma) ? vma->vm_pgoff : 0, "vm_map_pages");
}

int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long num)
{
	struct dmasim_machine *m = k_machine("vm_map_pages_zero");

	STACK_ENTER();
	if (!m || k_model_call(m, "vm_map_pages_zero"))
		return -EINVAL;
	if (k_fails(m, "vm_map_pages_zero", "vm_map_pages"))
		return -ENOMEM;
	return map_pages(m, vma, pages, num, 0, "vm_map_pages_zero");
}
