// SPDX-License-Identifier: MIT
/*
 * What a device can address: masks, and what follows from them.
 *
 * Return values are the kernel's. Beyond that each device remembers which call of its driver was refused: going on
 * with DMA after that is a mistake even when the memory happens to lie low, and it is reported at the first use.
 * A later call that succeeds settles it, because trying a smaller mask is what a good driver does.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/dma-direct.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"

/* ---- complaints ---- */

void dma_mask_missing(struct dmasim_device_private *p, const char *function, bool coherent)
{
	struct finding f = {.rule = "mask-missing", .dev = p->dev, .act_verb = coherent ? "allocate" : "map"};

	f.dma.call = DMA_CALL_MAP;
	f.dma.ref.kind = coherent				 ? EXTENT_COHERENT
			 : strstr(function, "sg")		 ? EXTENT_SG
			 : !strcmp(function, "dma_map_resource") ? EXTENT_RESOURCE
								 : EXTENT_PAGE;
	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() fails: %s", function,
		 coherent ? "dev->coherent_dma_mask is 0" : "dev->dma_mask is NULL");
	dma_report(p->machine, &f);
}

void dma_mask_at_use(struct dmasim_device_private *p, const char *function, bool coherent)
{
	struct finding f = {.dev = p->dev, .act_verb = coherent ? "allocate" : "map"};

	if ((coherent ? p->coherent_mask_failed : p->mask_failed) && !p->mask_failure_reported) {
		p->mask_failure_reported = true;
		f.rule = "mask-ignored-failure";
		f.mapped = p->mask_failed_at;
		f.mapped_time = p->mask_failed_time;
		f.mapped_verb = "refused";
		f.more[0].label = "mask";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "0x%llx was refused with -EIO; %s() uses 0x%llx",
			 p->mask_refused, function,
			 coherent ? (unsigned long long)p->dev->coherent_dma_mask : dma_get_mask(p->dev));
		dma_report(p->machine, &f);
	} else if (!p->mask_set && !p->mask_failed && !p->coherent_mask_failed && !p->mask_unset_reported) {
		p->mask_unset_reported = true;
		f.rule = "mask-unset";
		dma_report(p->machine, &f);
	}
}

/*
 * The kernel asks whether the last address is beyond the mask, as if masks were 2^n - 1. One with holes in it, for
 * address lines that the hardware lacks, is accepted and then not kept: the device drives another address.
 */
void dma_mask_holes(struct dmasim_device_private *p, const char *function, dma_addr_t bus, size_t size, bool coherent)
{
	u64 mask = coherent ? p->dev->coherent_dma_mask : dma_get_mask(p->dev);
	u64 hole = ~mask & (mask + 1), last = bus + size - 1;
	struct finding f = {
		.rule = "device-address-beyond-mask",
		.dev = p->dev,
		.bus = bus,
		.has_bus = true,
		.size = size,
		.act_verb = coherent ? "allocate" : "map",
	};

	/* With both ends in the mask a range meets a hole only if it is longer than the lowest one. */
	if (p->mask_holes_reported || (!((bus | last) & ~mask) && size <= hole))
		return;
	p->mask_holes_reported = true;
	f.more[0].label = "mask";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "0x%llx has holes, and the kernel only asks whether an address is above it: %s() took this one, which "
		 "the device would drive as 0x%llx",
		 mask, function, bus & mask);
	dma_report(p->machine, &f);
}

static void note_holes(struct dmasim_device_private *p, u64 mask)
{
	/* Without its highest bit a mask of 2^n - 1 is one too, and no bit of one is missing. */
	p->mask_holes |= mask & (mask + 1) && mask;
}

/* ---- setting ---- */

bool dma_mask_supported(struct dmasim_device_private *p, u64 mask)
{
	const struct dma_map_ops *ops = dma_ops_of(p);

	return !ops->dma_supported || ops->dma_supported(p->dev, mask) > 0;
}

static int refused(struct dmasim_device_private *p, u64 mask)
{
	p->mask_failed_at = p->machine->checks ? stack_entry(p->machine) : 0;
	p->mask_failed_time = sim_now(p->machine->hw);
	p->mask_refused = mask;
	p->mask_failure_reported = false;
	return -EIO;
}

static int set_streaming(struct dmasim_device_private *p, u64 mask, const char *function, void *frame)
{
	if (!p->dev->dma_mask || !dma_mask_supported(p, mask)) {
		p->mask_failed = true;
		return refused(p, mask);
	}
	if (p->machine->checks && *p->dev->dma_mask != mask)
		track_mask_changed(p->machine, p, function, frame);
	*p->dev->dma_mask = mask;
	note_holes(p, mask);
	p->mask_set = true;
	p->mask_failed = false;
	/* A coherent mask within an accepted streaming mask needs no test of its own. */
	if (p->dev->coherent_dma_mask <= mask)
		p->coherent_mask_failed = false;
	return 0;
}

static int set_coherent(struct dmasim_device_private *p, u64 mask)
{
	if (!dma_mask_supported(p, mask)) {
		p->coherent_mask_failed = true;
		return refused(p, mask);
	}
	p->dev->coherent_dma_mask = mask;
	note_holes(p, mask);
	p->coherent_mask_failed = false;
	return 0;
}

/* Streaming first; the coherent mask is at most as wide as one that was accepted, so its result needs no test. */
static int set_both(struct dmasim_device_private *p, u64 mask, const char *function, void *frame)
{
	int err = set_streaming(p, mask, function, frame);

	if (err)
		p->coherent_mask_failed = true;
	else
		set_coherent(p, mask);
	return err;
}

enum { STREAMING = 1, COHERENT = 2 };

/* What every setter begins with: 0, or its failure. An injected failure must not be ignored either. */
static int enter(const struct dma_call *call, unsigned int masks, u64 mask)
{
	struct dmasim_device_private *p = call->dev;

	if (!p)
		return -EIO;
	k_thread.entry = call->frame;
	if (k_model_call(p->machine, call->function))
		return -EIO;
	if (!k_fails(p->machine, call->function, call->alias))
		return 0;
	p->mask_failed |= !!(masks & STREAMING);
	p->coherent_mask_failed |= !!(masks & COHERENT);
	return refused(p, mask);
}

int dma_set_mask_as(const struct dma_call *call, u64 mask)
{
	int err = enter(call, STREAMING, mask);

	return err ? err : set_streaming(call->dev, mask, call->function, call->frame);
}

int dma_set_coherent_mask_as(const struct dma_call *call, u64 mask)
{
	int err = enter(call, COHERENT, mask);

	return err ? err : set_coherent(call->dev, mask);
}

int dma_set_mask(struct device *dev, u64 mask)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_set_mask"), "dma_set_mask", NULL);

	return dma_set_mask_as(&call, mask);
}

int dma_set_coherent_mask(struct device *dev, u64 mask)
{
	struct dma_call call = DMA_CALL(k_device(dev, "dma_set_coherent_mask"), "dma_set_coherent_mask", NULL);

	return dma_set_coherent_mask_as(&call, mask);
}

int dma_set_mask_and_coherent(struct device *dev, u64 mask)
{
	struct dma_call call =
		DMA_CALL(k_device(dev, "dma_set_mask_and_coherent"), "dma_set_mask_and_coherent", "dma_set_mask");
	int err = enter(&call, STREAMING | COHERENT, mask);

	return err ? err : set_both(call.dev, mask, call.function, call.frame);
}

int dma_coerce_mask_and_coherent(struct device *dev, u64 mask)
{
	struct dma_call call =
		DMA_CALL(k_device(dev, "dma_coerce_mask_and_coherent"), "dma_set_mask_and_coherent", "dma_set_mask");
	int err = enter(&call, STREAMING | COHERENT, mask);

	if (err)
		return err;
	dev->dma_mask = &dev->coherent_dma_mask;
	return set_both(call.dev, mask, "dma_coerce_mask_and_coherent", call.frame);
}

/* ---- asking ---- */

u64 dma_get_mask(struct device *dev)
{
	return dev && dev->dma_mask && *dev->dma_mask ? *dev->dma_mask : DMA_BIT_MASK(32);
}

u64 dma_get_required_mask(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_get_required_mask");

	if (!p)
		return DMA_BIT_MASK(32);
	return dma_ops_of(p)->get_required_mask ? dma_ops_of(p)->get_required_mask(dev) : DMA_BIT_MASK(32);
}

bool dma_addressing_limited(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_addressing_limited");

	return p && dma_direct_limit(dma_get_mask(dev), dev->bus_dma_limit) < dma_get_required_mask(dev);
}

size_t dma_max_mapping_size(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_max_mapping_size");

	if (p)
		p->asked_max_mapping = true;
	return p && dma_ops_of(p)->max_mapping_size ? dma_ops_of(p)->max_mapping_size(dev) : SIZE_MAX;
}

size_t dma_opt_mapping_size(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_opt_mapping_size");
	size_t max = dma_max_mapping_size(dev), opt = SIZE_MAX;

	if (p && dma_ops_of(p)->opt_mapping_size)
		opt = dma_ops_of(p)->opt_mapping_size();
	return opt < max ? opt : max;
}

bool dma_need_sync(struct device *dev, dma_addr_t addr)
{
	struct dmasim_device_private *p = k_device(dev, "dma_need_sync");

	if (p)
		track_need_sync_asked(p->machine);
	if (!p || (p->machine->checks && !p->machine->hw->cfg.need_sync_honest))
		return true;
	if (dma_ops_of(p) == &swiotlb_dma_ops)
		return dma_bounced(p, addr);
	return dma_ops_of(p)->sync_single_for_cpu || dma_ops_of(p)->sync_single_for_device;
}

unsigned long dma_get_merge_boundary(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_get_merge_boundary");

	return p && dma_ops_of(p)->get_merge_boundary ? dma_ops_of(p)->get_merge_boundary(dev) : 0;
}

int dma_get_cache_alignment(void)
{
	return 1; /* every machine of this version keeps its caches coherent with DMA */
}
