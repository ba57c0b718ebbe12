// SPDX-License-Identifier: MIT
/*
 * The two-step API: reserve bus address space once, link ranges of memory into it, make them visible at the end.
 *
 * Only an IOMMU can promise one range of bus addresses for memory that is scattered. No machine of this version has one,
 * so dma_iova_try_alloc() is false, as it legally is on half of all real machines, and the driver maps each range by
 * itself. A device's own operations may grant one: struct dma_map_ops has the members, and what the driver says of a
 * range is checked here before they see it.
 *
 * Weakness: what such operations link is their own affair; the tracker does not know it.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/core/stack.h"
#include "lib/dma/dma.h"

bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state, phys_addr_t phys, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_try_alloc");
	const struct dma_map_ops *ops;

	if (!p || !state)
		return false;
	STACK_ENTER();
	*state = (struct dma_iova_state){0};
	ops = dma_ops_of(p);
	if (!ops->iova_alloc || !size || k_fails(p->machine, "dma_iova_try_alloc", NULL))
		return false;
	if (!ops->iova_alloc(dev, state, phys, size))
		*state = (struct dma_iova_state){0};
	return dma_use_iova(state);
}

/* Does [offset, offset + size) lie in what was reserved? Else reported. */
static bool inside(struct dmasim_device_private *p, const struct dma_iova_state *state, size_t offset, size_t size,
		   const char *function, const char *verb)
{
	size_t reserved = state ? dma_iova_size(state) : 0;
	struct finding f = {
		.rule = "iova-outside-reservation",
		.dev = p->dev,
		.size = size,
		.act_verb = verb,
	};

	if (reserved && offset <= reserved && size <= reserved - offset)
		return true;
	f.more[0].label = "call";
	if (reserved) {
		f.bus = state->addr + offset;
		f.has_bus = true;
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(): +%zu to +%zu of %zu bytes", function, offset,
			 offset + size, reserved);
	} else {
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(): %s", function,
			 state ? "nothing is reserved: dma_use_iova() is false" : "the state is NULL");
	}
	dma_report(p->machine, &f);
	return false;
}

int dma_iova_link(struct device *dev, struct dma_iova_state *state, phys_addr_t phys, size_t offset, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_link");
	struct track_op op = {
		.dev = p,
		.kind = EXTENT_PAGE,
		.dir = dir,
		.bus = DMA_MAPPING_ERROR,
		.phys = DMA_BAD_PHYS,
		.size = size,
		.function = "dma_iova_link",
	};

	if (!p)
		return -EINVAL;
	STACK_ENTER();
	if (!dma_direction_ok(p, &op, "map"))
		return -EINVAL;
	if (!inside(p, state, offset, size, op.function, "map"))
		return -EIO;
	if (!dma_ops_of(p)->iova_link)
		return -EIO;
	if (k_fails(p->machine, "dma_iova_link", NULL))
		return -ENOMEM;
	return dma_ops_of(p)->iova_link(dev, state, phys, offset, size, dir, attrs);
}

int dma_iova_sync(struct device *dev, struct dma_iova_state *state, size_t offset, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_sync");

	if (!p)
		return -EINVAL;
	STACK_ENTER();
	if (!inside(p, state, offset, size, "dma_iova_sync", "sync"))
		return -EIO;
	if (k_fails(p->machine, "dma_iova_sync", NULL))
		return -ENOMEM;
	return dma_ops_of(p)->iova_sync ? dma_ops_of(p)->iova_sync(dev, state, offset, size) : 0;
}

static bool unlink_range(struct dmasim_device_private *p, struct dma_iova_state *state, size_t offset, size_t size,
			 enum dma_data_direction dir, unsigned long attrs, const char *function)
{
	if (!inside(p, state, offset, size, function, "unmap"))
		return false;
	if (size && dma_ops_of(p)->iova_unlink)
		dma_ops_of(p)->iova_unlink(p->dev, state, offset, size, dir, attrs);
	return true;
}

static void give_back(struct dmasim_device_private *p, struct dma_iova_state *state)
{
	if (dma_ops_of(p)->iova_free)
		dma_ops_of(p)->iova_free(p->dev, state);
	*state = (struct dma_iova_state){0};
}

void dma_iova_unlink(struct device *dev, struct dma_iova_state *state, size_t offset, size_t size,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_unlink");

	if (!p)
		return;
	STACK_ENTER();
	unlink_range(p, state, offset, size, dir, attrs, "dma_iova_unlink");
}

void dma_iova_free(struct device *dev, struct dma_iova_state *state)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_free");

	if (!p)
		return;
	STACK_ENTER();
	if (inside(p, state, 0, 0, "dma_iova_free", "free"))
		give_back(p, state);
}

void dma_iova_destroy(struct device *dev, struct dma_iova_state *state, size_t mapped_len, enum dma_data_direction dir,
		      unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_iova_destroy");

	if (!p)
		return;
	STACK_ENTER();
	if (unlink_range(p, state, 0, mapped_len, dir, attrs, "dma_iova_destroy"))
		give_back(p, state);
}

bool dma_need_unmap(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_need_unmap");

	/* While checks are on each mapping wants its end, as with the kernel's DMA debugging. */
	return !p || p->machine->checks || dma_ops_of(p) != &dma_direct_ops;
}
