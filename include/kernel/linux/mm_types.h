/* SPDX-License-Identifier: MIT */
/*
 * struct page: one per page of memory; struct vm_area_struct: one per range of a user program's addresses. Mirrors
 * include/linux/mm_types.h as far as drivers look into them.
 *
 * Page, page frame number and physical address are pure arithmetic of each other: all pages of a machine are one
 * array, RAM and foreign memory alike.
 */
#ifndef DMASIM_LINUX_MM_TYPES_H
#define DMASIM_LINUX_MM_TYPES_H

#include <asm/pgtable.h>
#include <linux/types.h>

struct address_space;
struct file;
struct mm_struct;
struct vm_area_struct;

struct page {
	unsigned long flags;
	union {
		struct list_head lru;
		struct {
			unsigned long pp_magic;
			void *pp;
		};
	};
	struct address_space *mapping;
	unsigned long index;
	unsigned long private; /* the owner's, free for use */
	dma_addr_t dma_addr;
	atomic_t _mapcount;
	atomic_t _refcount; /* page_count(); 0 = free */
};

_Static_assert(sizeof(struct page) == 64, "struct page is one cache line");

/* What a fault handler answers: 0 with vmf->page set, or bits of these. */
typedef unsigned int vm_fault_t;
#define VM_FAULT_OOM	0x000001U
#define VM_FAULT_SIGBUS 0x000002U
#define VM_FAULT_NOPAGE 0x000100U /* the handler has mapped the page itself */
#define VM_FAULT_LOCKED 0x000200U
#define VM_FAULT_RETRY	0x000400U
#define VM_FAULT_ERROR	(VM_FAULT_OOM | VM_FAULT_SIGBUS)

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned int flags;
	unsigned long pgoff;   /* page of the file: vma->vm_pgoff and the page in the range */
	unsigned long address; /* the user's, page aligned */
	struct page *page;     /* set by the handler, with a reference that the mapping keeps */
};

/* What a driver wants to know of a range that it has mapped. Each may be NULL. Context: task, may sleep. */
struct vm_operations_struct {
	/* The range is there once more: a part of it was cut off. Not called by the mmap() that makes it. */
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	vm_fault_t (*fault)(struct vm_fault *vmf);
	const char *(*name)(struct vm_area_struct *vma);
};

/* A range of a user program's addresses, as a driver's mmap gets it. Addresses and file are the library's. */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end; /* the first byte behind */
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	unsigned long vm_pgoff; /* offset in the file, in pages */
	struct file *vm_file;
	void *vm_private_data; /* the driver's, free for use */
	const struct vm_operations_struct *vm_ops;
};

#endif
