// SPDX-License-Identifier: MIT
/* Memory that is mapped: RAM from an allocator, all of it allocated, once, and for as long as it is mapped. */
#include <linux/vmalloc.h>
#include "tests/rules/rules.h"

#define N 256

static uint8_t variable[N];
static const uint8_t constant[N] = {1};

/* Map what must not be mapped; where the mapping works all the same it is ended. */
static void map_and_end(struct shot *s, void *p, size_t size)
{
	dma_addr_t bus;

	s->size = size;
	bus = AT(s->act, dma_map_single(dev, p, size, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, size, DMA_TO_DEVICE);
}

static void stack_wrong(struct shot *s)
{
	uint8_t local[N];

	local[0] = 1;
	map_and_end(s, local, N);
}

/* The same by its page, as virt_to_page() gives it without complaint. */
static void page_and_end(struct shot *s, void *p, size_t size)
{
	dma_addr_t bus;

	s->size = size;
	bus = AT(s->act, dma_map_page(dev, virt_to_page(p), offset_in_page(p), size, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, size, DMA_TO_DEVICE);
}

static void stack_page_wrong(struct shot *s)
{
	uint8_t local[N];

	local[0] = 1;
	page_and_end(s, local, N);
}

static void foreign_page_wrong(struct shot *s)
{
	page_and_end(s, variable, N);
}

static void adopted_page_legal(void)
{
	static uint8_t own[N];
	dma_addr_t bus;

	dmasim_adopt_memory(own, N);
	bus = dma_map_page(dev, virt_to_page(own), offset_in_page(own), N, DMA_TO_DEVICE);
	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, N, DMA_TO_DEVICE);
}

static void vmalloc_wrong(struct shot *s)
{
	void *p = vmalloc(2 * N);

	map_and_end(s, p, N);
	vfree(p);
}

static void text_wrong(struct shot *s)
{
	map_and_end(s, (void *)constant, N);
}

static void foreign_wrong(struct shot *s)
{
	map_and_end(s, variable, N);
}

static void null_wrong(struct shot *s)
{
	map_and_end(s, NULL, N);
}

static void page_pointer_wrong(struct shot *s)
{
	struct page *page = alloc_page(GFP_KERNEL);

	map_and_end(s, page, 32);
	__free_page(page);
}

static void freed_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	kfree(buf);
	s->mapped = s->handed = ANY_LINE;
	map_and_end(s, buf, N);
}

static void while_mapped_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	s->handed = s->mapped;
	s->size = N;
	if (dma_mapping_error(dev, bus))
		return;
	AT(s->act, kfree(buf));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
}

static void beyond_wrong(struct shot *s)
{
	uint8_t *buf = AT(s->mapped, kmalloc(100, GFP_KERNEL));

	map_and_end(s, buf, 4096);
	s->offset = 100;
	s->size = 4096 - 100;
	kfree(buf);
}

static void beyond_legal(void)
{
	uint8_t *buf = kmalloc(100, GFP_KERNEL);
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	dma_addr_t a = dma_map_single(dev, buf, 100, DMA_TO_DEVICE),
		   b = dma_map_page(dev, page, 4000, 4192, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, a))
		dma_unmap_single(dev, a, 100, DMA_TO_DEVICE);
	if (!dma_mapping_error(dev, b))
		dma_unmap_page(dev, b, 4192, DMA_TO_DEVICE);
	__free_pages(page, 1);
	kfree(buf);
}

static void resource_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	s->size = N;
	bus = AT(s->act, dma_map_resource(dev, virt_to_phys(buf), N, DMA_TO_DEVICE, 0));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_resource(dev, bus, N, DMA_TO_DEVICE, 0);
	kfree(buf);
}

static void resource_legal(void)
{
	phys_addr_t registers = 0xfe000000; /* a PCI hole on every preset */
	dma_addr_t bus = dma_map_resource(dev, registers, N, DMA_TO_DEVICE, 0);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_resource(dev, bus, N, DMA_TO_DEVICE, 0);
}

static void overlap_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t a = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE)), b;

	if (dma_mapping_error(dev, a))
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	b = AT(s->act, dma_map_single(dev, buf + 64, 64, DMA_FROM_DEVICE));
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, 64, DMA_FROM_DEVICE);
	dma_unmap_single(dev, a, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void overlap_legal(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t a = dma_map_single(dev, buf, N, DMA_TO_DEVICE), b = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, a))
		dma_unmap_single(dev, a, N, DMA_TO_DEVICE);
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, N, DMA_TO_DEVICE);
	a = dma_map_single(dev, buf, N / 2, DMA_FROM_DEVICE); /* neighbours on one page share no byte */
	b = dma_map_single(dev, buf + N / 2, N / 2, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, a))
		dma_unmap_single(dev, a, N / 2, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, N / 2, DMA_FROM_DEVICE);
	kfree(buf);
}

static void allocated_legal(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void adopted_legal(void)
{
	dma_addr_t bus;

	dmasim_adopt_memory(variable, N);
	bus = dma_map_single(dev, variable, N, DMA_TO_DEVICE);
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
}

const struct scenario memory_scenarios[] = {
	{"map-stack", stack_wrong, allocated_legal, NULL, false},
	{"map-stack", stack_page_wrong, allocated_legal, NULL, false},
	{"map-foreign-memory", foreign_page_wrong, adopted_page_legal, NULL, false},
	{"map-vmalloc", vmalloc_wrong, allocated_legal, NULL, false},
	{"map-text", text_wrong, allocated_legal, NULL, false},
	{"map-foreign-memory", foreign_wrong, adopted_legal, NULL, false},
	{"map-bad-address", null_wrong, allocated_legal, NULL, false},
	{"map-bad-address", page_pointer_wrong, allocated_legal, NULL, false},
	{"map-freed-memory", freed_wrong, allocated_legal, NULL, false},
	{"free-while-mapped", while_mapped_wrong, allocated_legal, NULL, false},
	{"map-beyond-allocation", beyond_wrong, beyond_legal, NULL, false},
	{"map-resource-of-ram", resource_wrong, resource_legal, NULL, false},
	{"map-overlap", overlap_wrong, overlap_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
