// SPDX-License-Identifier: MIT
/*
 * dmabounce: arm's bounce buffers for devices with a defect, as platform code of that time registered them.
 *
 * A device is registered with two sizes and a function that says which mappings its hardware cannot do. Those get a safe
 * buffer of coherent memory: from a stock of small ones, of large ones, or of its own. What is mapped for the device is
 * copied in, what it wrote is copied back, at syncs as at the unmap, by the mapping's direction.
 *
 * The safe buffers are in no list of the driver's: to the checks such a mapping is what it is with any bounce buffer, the
 * original's bytes under the safe buffer's bus address.
 *
 * Weakness: a live safe buffer is found by walking all of the device's. Memory of the stocks is kept until the device is
 * unregistered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/dma-direct.h>
#include "lib/core/stack.h"
#include "lib/dma/memory.h"

enum { SMALL, LARGE, OWN, NR_STOCKS };

struct safe {
	struct safe *next;
	struct dma_piece piece;
	size_t size; /* of the mapping */
	phys_addr_t orig;
	unsigned int stock;
};

struct stock {
	size_t size;	    /* of one buffer; 0: there is none */
	struct safe *free;  /* buffers of it */
	struct safe *first; /* pieces that were cut into buffers */
};

struct dmabounce {
	struct stock stock[NR_STOCKS];
	struct safe *live;
	int (*needs_bounce)(struct device *dev, dma_addr_t addr, size_t size);
	const struct dma_map_ops *before;
	struct dmasim_dmabounce_stats stats;
};

/* ---- safe buffers ---- */

static size_t piece_size(size_t buffer)
{
	return dma_whole_pages(buffer);
}

/* A page cut into buffers, which are free. */
static bool restock(struct dmasim_device_private *p, struct stock *s, unsigned int which)
{
	size_t size = piece_size(s->size), step = (s->size + 63) & ~63UL;
	struct safe *whole = calloc(1, sizeof(*whole));

	if (!whole || !dma_piece_alloc(p, size, GFP_ATOMIC, 0, &whole->piece) ||
	    !dma_is_ram(p->machine, whole->piece.phys, size)) {
		free(whole);
		return false;
	}
	whole->size = size;
	whole->next = s->first;
	s->first = whole;
	for (size_t at = 0; at + step <= size || !at; at += step) {
		struct safe *b = calloc(1, sizeof(*b));

		if (!b)
			break;
		b->piece = whole->piece;
		b->piece.cpu = (char *)b->piece.cpu + at;
		b->piece.bus += at;
		b->piece.phys += at;
		b->stock = which;
		b->next = s->free;
		s->free = b;
	}
	return s->free != NULL;
}

static struct safe *take(struct dmasim_device_private *p, size_t size)
{
	struct dmabounce *d = p->dmabounce;
	struct safe *b;

	for (unsigned int i = SMALL; i <= LARGE; i++) {
		struct stock *s = &d->stock[i];

		if (size > s->size || (!s->free && !restock(p, s, i)))
			continue;
		b = s->free;
		s->free = b->next;
		*(i == SMALL ? &d->stats.small : &d->stats.large) += 1;
		return b;
	}
	b = calloc(1, sizeof(*b));
	if (!b || !dma_piece_alloc(p, size, GFP_ATOMIC, 0, &b->piece) || !dma_is_ram(p->machine, b->piece.phys, size)) {
		free(b);
		return NULL;
	}
	b->stock = OWN;
	d->stats.own++;
	return b;
}

static void give(struct dmasim_device_private *p, struct safe *b)
{
	struct stock *s = &p->dmabounce->stock[b->stock];

	if (b->stock == OWN) {
		dma_piece_free(p, b->size, &b->piece, 0);
		free(b);
		return;
	}
	b->next = s->free;
	s->free = b;
}

/* The live one that holds the bus address. */
static struct safe **find(const struct dmasim_device_private *p, dma_addr_t bus)
{
	struct safe **link = p->dmabounce ? &p->dmabounce->live : NULL;

	while (link && *link && bus - (*link)->piece.bus >= (*link)->size)
		link = &(*link)->next;
	return link && *link ? link : NULL;
}

bool dmabounce_holds(const struct dmasim_device_private *p, dma_addr_t bus)
{
	return find(p, bus) != NULL;
}

phys_addr_t dmabounce_original(const struct dmasim_device_private *p, dma_addr_t bus)
{
	struct safe **link = find(p, bus);

	return link ? (*link)->orig + (bus - (*link)->piece.bus) : DMA_BAD_PHYS;
}

static void copy_in(struct dmasim_machine *m, const struct safe *b, u64 at, size_t n)
{
	mm_phys_read(m, b->orig + at, sim_ram_ptr(m->hw, b->piece.phys + at), n);
}

static void copy_out(struct dmasim_machine *m, const struct safe *b, u64 at, size_t n)
{
	mm_phys_write(m, b->orig + at, sim_ram_ptr(m->hw, b->piece.phys + at), n);
	if (m->checks)
		track_memory_changed(m, b->orig + at, n);
}

/* ---- operations ---- */

/* 1, 0, or a negative error: what the mask says, then what the platform says. */
static int needs_bounce(struct dmasim_device_private *p, dma_addr_t addr, size_t size)
{
	u64 mask = *p->dev->dma_mask, limit = (mask + 1) & ~mask;

	if (limit && size > limit) {
		k_log(p->machine, 3, "%s %s: DMA mapping too big (requested %#zx mask %#llx)",
		      dev_driver_string(p->dev), k_device_name(p->dev), size, (unsigned long long)mask);
		return -E2BIG;
	}
	if ((addr | (addr + size - 1)) & ~mask)
		return 1;
	return p->dmabounce->needs_bounce ? !!p->dmabounce->needs_bounce(p->dev, addr, size) : 0;
}

static dma_addr_t bounce_map(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			     unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.map_phys");
	dma_addr_t addr;
	struct safe *b;
	int bounce;

	if (!p || !size || !dev->dma_mask)
		return DMA_MAPPING_ERROR;
	if (!p->dmabounce || attrs & DMA_ATTR_MMIO)
		return dma_direct_ops.map_phys(dev, phys, size, dir, attrs);
	p->dmabounce->stats.maps++;
	addr = phys_to_dma(dev, phys);
	bounce = addr == DMA_MAPPING_ERROR ? 1 : needs_bounce(p, addr, size);
	if (bounce < 0 || (bounce && attrs & DMA_ATTR_REQUIRE_COHERENT))
		return DMA_MAPPING_ERROR;
	if (!bounce) {
		addr = arm_dma_ops.map_phys(dev, phys, size, dir, attrs);
		return addr;
	}
	b = take(p, size);
	if (!b) {
		k_log(p->machine, 3, "%s %s: no safe buffer of %zu bytes", dev_driver_string(dev), k_device_name(dev),
		      size);
		return DMA_MAPPING_ERROR;
	}
	b->size = size;
	b->orig = phys;
	b->next = p->dmabounce->live;
	p->dmabounce->live = b;
	p->dmabounce->stats.bounced++;
	p->dmabounce->stats.live++;
	if (dir != DMA_FROM_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		copy_in(p->machine, b, 0, size);
	return b->piece.bus;
}

static void bounce_unmap(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.unmap_phys");
	struct safe **link = p ? find(p, addr) : NULL, *b;

	if (!p)
		return;
	if (!link) {
		arm_dma_ops.unmap_phys(dev, addr, size, dir, attrs);
		return;
	}
	b = *link;
	*link = b->next;
	p->dmabounce->stats.live--;
	if (dir != DMA_TO_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		copy_out(p->machine, b, 0, b->size);
	give(p, b);
}

static void bounce_sync(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir, bool for_cpu)
{
	struct dmasim_device_private *p = k_device(dev, "dma_map_ops.sync_single");
	struct safe **link = p ? find(p, addr) : NULL;
	u64 at;

	if (!p)
		return;
	if (!link) {
		(for_cpu ? arm_dma_ops.sync_single_for_cpu : arm_dma_ops.sync_single_for_device)(dev, addr, size, dir);
		return;
	}
	at = addr - (*link)->piece.bus;
	if (size > (*link)->size - at)
		size = (*link)->size - at;
	if (for_cpu && dir != DMA_TO_DEVICE)
		copy_out(p->machine, *link, at, size);
	else if (!for_cpu && dir != DMA_FROM_DEVICE)
		copy_in(p->machine, *link, at, size);
}

static void bounce_sync_for_cpu(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	bounce_sync(dev, addr, size, dir, true);
}

static void bounce_sync_for_device(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
{
	bounce_sync(dev, addr, size, dir, false);
}

static void *bounce_alloc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
{
	return arm_dma_ops.alloc(dev, size, handle, gfp, attrs);
}

static void bounce_free(struct device *dev, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs)
{
	arm_dma_ops.free(dev, size, cpu, handle, attrs);
}

/* A mask narrower than RAM is what safe buffers are for. */
static int bounce_supported(struct device *dev, u64 mask)
{
	return dma_direct_ops.dma_supported(dev, mask);
}

static u64 bounce_required_mask(struct device *dev)
{
	return dma_direct_ops.get_required_mask(dev);
}

static struct page *bounce_alloc_pages(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				       gfp_t gfp)
{
	return arm_dma_ops.alloc_pages_op(dev, size, handle, dir, gfp);
}

static void bounce_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			      enum dma_data_direction dir)
{
	arm_dma_ops.free_pages(dev, size, page, handle, dir);
}

const struct dma_map_ops dmabounce_ops = {
	.alloc = bounce_alloc,
	.free = bounce_free,
	.alloc_pages_op = bounce_alloc_pages,
	.free_pages = bounce_free_pages,
	.map_phys = bounce_map,
	.unmap_phys = bounce_unmap,
	.sync_single_for_cpu = bounce_sync_for_cpu,
	.sync_single_for_device = bounce_sync_for_device,
	.dma_supported = bounce_supported,
	.get_required_mask = bounce_required_mask,
};

/* ---- registration ---- */

int dmabounce_register_dev(struct device *dev, unsigned long small_buffer_size, unsigned long large_buffer_size,
			   int (*needs)(struct device *dev, dma_addr_t addr, size_t size))
{
	struct dmasim_device_private *p = k_device(dev, "dmabounce_register_dev");
	struct dmabounce *d;

	if (!p)
		return -EINVAL;
	if (!small_buffer_size || small_buffer_size > 1UL << 22 || large_buffer_size > 1UL << 22)
		return sim_error(EINVAL, "safe buffers of %lu and %lu bytes for %s", small_buffer_size,
				 large_buffer_size, p->name);
	if (p->dmabounce)
		return sim_error(EBUSY, "%s has safe buffers already", p->name);
	if (k_fails(p->machine, "dmabounce_register_dev", NULL))
		return -ENOMEM;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->stock[SMALL].size = small_buffer_size;
	d->stock[LARGE].size = large_buffer_size;
	d->needs_bounce = needs;
	d->before = dev->dma_ops;
	p->dmabounce = d;
	dev->dma_ops = &dmabounce_ops;
	return 0;
}

/* What is live stays usable for nobody: its original is the driver's again. */
static void end(struct dmasim_device_private *p)
{
	struct dmabounce *d = p->dmabounce;
	struct safe *b;

	while ((b = d->live)) {
		d->live = b->next;
		give(p, b);
	}
	for (unsigned int i = SMALL; i <= LARGE; i++) {
		while ((b = d->stock[i].free)) {
			d->stock[i].free = b->next;
			free(b);
		}
		while ((b = d->stock[i].first)) {
			d->stock[i].first = b->next;
			dma_piece_free(p, b->size, &b->piece, 0);
			free(b);
		}
	}
	free(d);
	p->dmabounce = NULL;
}

void dmabounce_unregister_dev(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dmabounce_unregister_dev");
	struct finding f = {.rule = "pool-busy-at-destroy", .dev = dev, .act_verb = "unregister"};

	if (!p)
		return;
	STACK_ENTER();
	if (!p->dmabounce) {
		k_log(p->machine, 4, "%s %s: never registered with dmabounce, or unregistered already",
		      dev_driver_string(dev), k_device_name(dev));
		return;
	}
	if (p->dmabounce->live) {
		f.bus = p->dmabounce->live->piece.bus;
		f.has_bus = true;
		f.size = p->dmabounce->live->size;
		f.more[0].label = "buffers";
		snprintf(f.more[0].text, sizeof(f.more[0].text),
			 "%llu mappings of the device still use safe buffers; the first is shown",
			 (unsigned long long)p->dmabounce->stats.live);
		dma_report(p->machine, &f);
	}
	dev->dma_ops = p->dmabounce->before;
	end(p);
}

void dmabounce_device_gone(struct dmasim_device_private *p)
{
	if (p->dmabounce)
		end(p);
}

bool dmasim_dmabounce_stats(struct device *dev, struct dmasim_dmabounce_stats *stats)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_dmabounce_stats");

	if (!p || !p->dmabounce || !stats)
		return false;
	*stats = p->dmabounce->stats;
	return true;
}
