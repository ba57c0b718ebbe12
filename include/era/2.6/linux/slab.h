/* SPDX-License-Identifier: MIT */
/* The heap as drivers of 2.6 wrote it: SLAB_ names of the allocation flags, until 2.6.19. */
#ifndef DMASIM_ERA_2_6_LINUX_SLAB_H
#define DMASIM_ERA_2_6_LINUX_SLAB_H

#include_next <linux/slab.h>

#define SLAB_ATOMIC GFP_ATOMIC
#define SLAB_KERNEL GFP_KERNEL
#define SLAB_NOIO   GFP_NOIO
#define SLAB_NOFS   GFP_NOFS
#define SLAB_USER   GFP_USER
#define SLAB_DMA    GFP_DMA

typedef struct kmem_cache kmem_cache_t; /* until 2.6.19 */

/* With a destructor, until 2.6.22, which nothing calls: give NULL. Or today's five arguments. */
#define DMASIM_ERA_CACHE(name, size, align, flags, ctor, ...) kmem_cache_create(name, size, align, flags, ctor)
#define kmem_cache_create(...)				      DMASIM_ERA_CACHE(__VA_ARGS__, )

#endif
