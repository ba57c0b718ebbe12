/* SPDX-License-Identifier: MIT */
/* Pages as drivers of 2.6 wrote them: free_page() is also given pointers. */
#ifndef DMASIM_ERA_2_6_LINUX_GFP_H
#define DMASIM_ERA_2_6_LINUX_GFP_H

#include_next <linux/gfp.h>

#undef free_page
#define free_page(addr)		(free_pages)((unsigned long)(addr), 0)
#define free_pages(addr, order) (free_pages)((unsigned long)(addr), order)

#endif
