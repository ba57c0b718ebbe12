/* SPDX-License-Identifier: MIT */
/* Resources: ranges of bus address space and interrupt lines. Mirrors include/linux/ioport.h. */
#ifndef DMASIM_LINUX_IOPORT_H
#define DMASIM_LINUX_IOPORT_H

#include <dmasim/types.h>
#include <linux/types.h>

struct resource {
	resource_size_t start;
	resource_size_t end; /* the last byte, not the one behind it */
	const char *name;
	unsigned long flags;
	unsigned long desc;
	struct resource *parent, *sibling, *child;
};

#define IORESOURCE_IO	    0x00000100
#define IORESOURCE_MEM	    0x00000200
#define IORESOURCE_IRQ	    0x00000400
#define IORESOURCE_DMA	    0x00000800
#define IORESOURCE_BUS	    0x00001000
#define IORESOURCE_PREFETCH 0x00002000
#define IORESOURCE_READONLY 0x00004000
#define IORESOURCE_MEM_64   0x00100000
#define IORESOURCE_UNSET    0x20000000
#define IORESOURCE_BUSY	    0x80000000

#define DEFINE_RES_NAMED(_start, _size, _name, _flags)                                              \
	{                                                                                           \
		.start = (_start), .end = (_start) + (_size)-1, .name = (_name), .flags = (_flags), \
	}
#define DEFINE_RES_MEM(_start, _size) DEFINE_RES_NAMED((_start), (_size), NULL, IORESOURCE_MEM)
#define DEFINE_RES_IRQ(_irq)	      DEFINE_RES_NAMED((_irq), 1, NULL, IORESOURCE_IRQ)

static inline resource_size_t resource_size(const struct resource *res)
{
	return res->end - res->start + 1;
}

static inline unsigned long resource_type(const struct resource *res)
{
	return res->flags & 0x00001f00;
}

struct device;
/* Claim a range of physical address space, so that two drivers do not. NULL when part of it is claimed already. */
DMASIM_API struct resource *request_mem_region(resource_size_t start, resource_size_t n, const char *name)
	DMASIM_SYM(request_mem_region);
DMASIM_API void release_mem_region(resource_size_t start, resource_size_t n) DMASIM_SYM(release_mem_region);
DMASIM_API struct resource *devm_request_mem_region(struct device *dev, resource_size_t start, resource_size_t n,
						    const char *name) DMASIM_SYM(devm_request_mem_region);

#endif
