/* SPDX-License-Identifier: MIT */
/*
 * struct page: one per page of memory. Mirrors include/linux/mm_types.h as far as drivers look into it.
 *
 * Page, page frame number and physical address are pure arithmetic of each other: all pages of a machine are one
 * array, RAM and foreign memory alike.
 */
#ifndef DMASIM_LINUX_MM_TYPES_H
#define DMASIM_LINUX_MM_TYPES_H

#include <linux/types.h>

struct address_space;

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

#endif
