// SPDX-License-Identifier: MIT
/* The heap: free once, what was allocated, and stay inside. */
#include <linux/vmalloc.h>
#include "tests/rules/rules.h"

#define N 100

static void double_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	kfree(buf);
	AT(s->act, kfree(buf));
}

static void invalid_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, kfree(buf + 16));
	kfree(buf);
}

static void overrun_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	PUT(buf + N, 0x5a); /* noticed at the free: the report names an interval, not a line */
	kfree(buf);
}

static void late_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, ANY_LINE, ANY_LINE};
	kfree(buf);
	PUT(buf + 20, 0x5a);
	for (int i = 0; i < 4096; i++) /* as long as it takes for the object to be looked at again */
		kfree(kmalloc(N, GFP_KERNEL));
}

static void leak_wrong(struct shot *s)
{
	uint8_t *buf = AT(s->mapped, kmalloc(N, GFP_KERNEL));

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, s->mapped, ANY_LINE};
	dmasim_check_leaks();
	kfree(buf);
}

static void order_wrong(struct shot *s)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 2);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, __free_pages(pages, 1));
}

static void pages_legal(void)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 2), *low = alloc_page(GFP_KERNEL | __GFP_DMA);

	get_page(pages);
	put_page(pages);
	sink = virt_to_phys(page_address(pages)) & 1;
	__free_pages(pages, 2);
	if (low) /* not every machine has such memory */
		__free_page(low);
}

static void refcount_wrong(struct shot *s)
{
	struct page *page = alloc_page(GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	__free_page(page);
	AT(s->act, get_page(page));
}

static void cache_wrong(struct shot *s)
{
	struct kmem_cache *cache = kmem_cache_create("dad_req", 64, 0, 0, NULL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	kmem_cache_destroy(cache);
	sink = AT(s->act, kmem_cache_alloc(cache, GFP_KERNEL) != NULL);
}

static void busy_wrong(struct shot *s)
{
	struct kmem_cache *cache = kmem_cache_create("dad_req", 64, 0, 0, NULL);
	void *req = kmem_cache_alloc(cache, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, kmem_cache_destroy(cache));
	kmem_cache_free(cache, req);
	kmem_cache_destroy(cache);
}

static void cache_legal(void)
{
	struct kmem_cache *cache = kmem_cache_create("dad_req", 64, 0, 0, NULL);

	kmem_cache_free(cache, kmem_cache_zalloc(cache, GFP_KERNEL));
	kmem_cache_destroy(cache);
}

static void big_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	sink = AT(s->act, alloc_pages(GFP_KERNEL, 11) != NULL);
}

static void zone_wrong(struct shot *s)
{
	struct page *page;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	page = AT(s->act, alloc_page(GFP_KERNEL | __GFP_DMA | __GFP_DMA32));
	if (page)
		__free_page(page);
}

static void linear_wrong(struct shot *s)
{
	void *p = vmalloc(N);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	sink = AT(s->act, virt_to_phys(p) & 1);
	vfree(p);
}

static void tidy_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	PUT(buf + N - 1, 0x5a);
	kfree(buf);
	kfree(NULL);
}

static u8 *translated(dma_addr_t (*address)(dma_addr_t bus, u8 *buf), int *act, int *mapped)
{
	u8 *buf = kmalloc(256, GFP_KERNEL), *p;
	dma_addr_t bus = AT(*mapped, dma_map_single(dev, buf, 256, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return NULL;
	p = AT(*act, phys_to_virt(address(bus, buf) + 64));
	dma_unmap_single(dev, bus, 256, DMA_TO_DEVICE);
	kfree(buf);
	return p;
}

static dma_addr_t handle_itself(dma_addr_t bus, u8 *buf)
{
	(void)buf;
	return bus;
}

static dma_addr_t physical_of(dma_addr_t bus, u8 *buf)
{
	(void)bus;
	return virt_to_phys(buf);
}

static void bus_address_wrong(struct shot *s)
{
	s->handed = ANY_LINE;
	s->offset = 64;
	s->size = 1;
	translated(handle_itself, &s->act, &s->mapped);
}

static void bus_address_legal(void)
{
	int line;

	translated(physical_of, &line, &line);
}

static void coherent_linear_wrong(struct shot *s)
{
	dma_addr_t bus;
	void *v = AT(s->mapped, dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL));

	s->handed = ANY_LINE;
	s->offset = 64;
	s->size = 1;
	sink = (unsigned int)AT(s->act, virt_to_phys((u8 *)v + 64));
	dma_free_coherent(dev, 4096, v, bus);
}

/* The same page, once it is coherent memory no more. */
static void coherent_linear_legal(void)
{
	dma_addr_t bus;
	void *v = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);
	u8 *p = kmalloc(4096, GFP_KERNEL);

	sink = (unsigned int)virt_to_phys(p);
	dma_free_coherent(dev, 4096, v, bus);
	kfree(p);
}

const struct scenario heap_scenarios[] = {
	{"double-free", double_wrong, tidy_legal, NULL, false},
	{"invalid-free", invalid_wrong, tidy_legal, NULL, false},
	{"heap-overrun", overrun_wrong, tidy_legal, NULL, false},
	{"write-after-free", late_wrong, tidy_legal, NULL, false},
	{"memory-leak", leak_wrong, tidy_legal, "lint=on", false},
	{"free-wrong-order", order_wrong, pages_legal, NULL, false},
	{"page-refcount", refcount_wrong, pages_legal, NULL, false},
	{"cache-invalid", cache_wrong, cache_legal, NULL, false},
	{"cache-busy-at-destroy", busy_wrong, cache_legal, NULL, false},
	{"alloc-order-too-big", big_wrong, pages_legal, NULL, false},
	{"gfp-zone-conflict", zone_wrong, pages_legal, NULL, false},
	{"address-not-linear", linear_wrong, pages_legal, NULL, false},
	{"cpu-used-bus-address", bus_address_wrong, bus_address_legal, NULL, false},
	{"address-not-linear", coherent_linear_wrong, coherent_linear_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
