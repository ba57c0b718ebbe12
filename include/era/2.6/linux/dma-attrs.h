/* SPDX-License-Identifier: MIT */
/* Attributes of mappings in a struct. Mirrors include/linux/dma-attrs.h of 2.6.27 to 4.7; later they are plain bits. */
#ifndef DMASIM_ERA_2_6_LINUX_DMA_ATTRS_H
#define DMASIM_ERA_2_6_LINUX_DMA_ATTRS_H

#include <linux/stddef.h>
#include <linux/types.h>

struct dma_attrs {
	unsigned long flags[1];
};

#define DEFINE_DMA_ATTRS(x) struct dma_attrs x = {{0}}

static inline void init_dma_attrs(struct dma_attrs *attrs)
{
	attrs->flags[0] = 0;
}

/* attr: DMA_ATTR_*. NULL for attrs: nothing. */
static inline void dma_set_attr(unsigned long attr, struct dma_attrs *attrs)
{
	if (attrs)
		attrs->flags[0] |= attr;
}

static inline int dma_get_attr(unsigned long attr, struct dma_attrs *attrs)
{
	return attrs && attrs->flags[0] & attr;
}

static inline unsigned long dmasim_era_attrs_in(const void *attrs)
{
	return attrs ? ((const struct dma_attrs *)attrs)->flags[0] : 0;
}

static inline unsigned long dmasim_era_attrs_plain(unsigned long attrs)
{
	return attrs;
}

/* The bits of attributes in either form. */
#define dmasim_era_attrs(x) \
	_Generic((x),                            \
		struct dma_attrs *: dmasim_era_attrs_in, \
		const struct dma_attrs *: dmasim_era_attrs_in, \
		void *: dmasim_era_attrs_in, \
		default: dmasim_era_attrs_plain)(x)

#endif
