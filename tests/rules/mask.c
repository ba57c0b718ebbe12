// SPDX-License-Identifier: MIT
/* Masks: set once, in probe, to what the device can, and believed. */
#include "tests/rules/rules.h"

#define N 256

static void use(struct device *d)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(d, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(d, bus))
		dma_unmap_single(d, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void unset_wrong(struct shot *s)
{
	struct device *d = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->act, dma_map_single(d, buf, N, DMA_TO_DEVICE));

	if (!dma_mapping_error(d, bus))
		dma_unmap_single(d, bus, N, DMA_TO_DEVICE);
	kfree(buf);
	use(d); /* said once */
	dmasim_device_destroy(d);
}

static void set_legal(void)
{
	struct device *d = dmasim_device_create("dad1");

	if (!dma_set_mask_and_coherent(d, DMA_BIT_MASK(64)))
		use(d);
	dmasim_device_destroy(d);
}

static struct device embedded; /* by a driver, and never registered */

static void missing_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	embedded = (struct device){.init_name = "dad1"};
	s->size = ANY_SIZE;
	bus = AT(s->act, dma_map_single(&embedded, buf, N, DMA_TO_DEVICE));
	if (!dma_mapping_error(&embedded, bus))
		dma_unmap_single(&embedded, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void missing_legal(void)
{
	embedded = (struct device){.init_name = "dad1"};
	if (!dma_coerce_mask_and_coherent(&embedded, DMA_BIT_MASK(32)))
		use(&embedded);
}

static void ignored_wrong(struct shot *s)
{
	struct device *d = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	dmasim_fail_call("dma_set_mask", 1);
	AT(s->mapped, dma_set_mask(d, DMA_BIT_MASK(64)));
	bus = AT(s->act, dma_map_single(d, buf, N, DMA_TO_DEVICE));
	if (!dma_mapping_error(d, bus))
		dma_unmap_single(d, bus, N, DMA_TO_DEVICE);
	kfree(buf);
	use(d); /* said once */
	dmasim_device_destroy(d);
}

static void fallback_legal(void)
{
	struct device *d = dmasim_device_create("dad1");
	dma_addr_t handle;
	void *ring;

	dmasim_fail_call("dma_set_mask_and_coherent", 1);
	if (dma_set_mask_and_coherent(d, DMA_BIT_MASK(64)) && dma_set_mask(d, DMA_BIT_MASK(32)))
		return;
	use(d);
	ring = dma_alloc_coherent(d, N, &handle, GFP_KERNEL);
	dma_free_coherent(d, N, ring, handle);
	dmasim_device_destroy(d);
}

static void changed_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, (void)dma_set_mask(dev, DMA_BIT_MASK(36)));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void changed_legal(void)
{
	use(dev);
	(void)dma_set_mask(dev, DMA_BIT_MASK(36));
	use(dev);
}

const struct scenario mask_scenarios[] = {
	{"mask-unset", unset_wrong, set_legal, "lint=on", false},
	{"mask-missing", missing_wrong, missing_legal, NULL, false},
	{"mask-ignored-failure", ignored_wrong, fallback_legal, NULL, false},
	{"mask-changed-while-mapped", changed_wrong, changed_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
