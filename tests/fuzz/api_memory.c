// SPDX-License-Identifier: MIT
/* Calls of the allocators, the DMA mapping functions, string and user copies. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "tests/fuzz/api.h"

/* Allocations are bounded by the size table, and by the machine's RAM, which is small. */
static void alloc(struct api *a)
{
	size_t n = any_size(a);

	switch (fuzz_below(&a->in, 10)) {
	case 0:
		*any_slot(a) = kmalloc(n, any_gfp(a));
		break;
	case 1:
		*any_slot(a) = kzalloc(n, any_gfp(a));
		break;
	case 2:
		*any_slot(a) = kcalloc(any_size(a), n, any_gfp(a));
		break;
	case 3:
		*any_slot(a) = kmalloc_array(any_size(a), n, any_gfp(a));
		break;
	case 4:
		*any_slot(a) = (void *)__get_free_pages(any_gfp(a), fuzz_below(&a->in, 16));
		break;
	case 5:
		*any_slot(a) = vmalloc(n);
		break;
	case 6:
		*any_slot(a) = alloc_pages_exact(n, any_gfp(a));
		break;
	case 7:
		*any_slot(a) = kmemdup(a->room, any_room(a), any_gfp(a));
		break;
	case 8:
		*any_slot(a) = devm_kmalloc(any_device(a), n, any_gfp(a));
		break;
	default:
		*any_slot(a) = kvmalloc(n, any_gfp(a));
	}
}

static void release(struct api *a)
{
	void *p = any_pointer(a);

	switch (fuzz_below(&a->in, 8)) {
	case 0:
		vfree(p);
		break;
	case 1:
		free_pages((unsigned long)p, fuzz_below(&a->in, 16));
		break;
	case 2:
		free_pages_exact(p, any_size(a));
		break;
	case 3:
		kvfree(p);
		break;
	case 4:
		devm_kfree(any_device(a), p);
		break;
	default:
		kfree(p);
	}
}

static void resize(struct api *a)
{
	void *grown = krealloc(*any_slot(a), any_size(a), any_gfp(a));

	*any_slot(a) = grown;
	ksize(any_pointer(a));
}

static void caches(struct api *a)
{
	if (!a->cache) {
		a->cache = kmem_cache_create("fuzz", (unsigned int)any_size(a), (unsigned int)any_size(a), 0, NULL);
		return;
	}
	switch (fuzz_below(&a->in, 8)) {
	case 0:
		kmem_cache_destroy(a->cache);
		a->cache = NULL;
		break;
	case 1:
	case 2:
		kmem_cache_free(a->cache, any_pointer(a));
		break;
	default:
		*any_slot(a) = kmem_cache_alloc(a->cache, any_gfp(a));
	}
}

static void map(struct api *a)
{
	dma_addr_t bus = dma_map_single(any_device(a), any_pointer(a), any_size(a), any_direction(a));

	a->bus[fuzz_below(&a->in, POOL)] = bus;
	if (fuzz_below(&a->in, 2))
		dma_mapping_error(any_device(a), bus);
}

/* What drivers do when they are right: without it most calls would meet only what is broken already. */
static void map_rightly(struct api *a)
{
	void *p = kmalloc(2048, GFP_KERNEL);
	struct device *dev = a->devices[2];
	dma_addr_t bus;

	if (!p || !dev)
		return;
	*any_slot(a) = p;
	bus = dma_map_single(dev, p, 2048, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(dev, bus))
		a->bus[fuzz_below(&a->in, POOL)] = bus;
}

static void map_page(struct api *a)
{
	void *p = *any_slot(a);
	struct page *page = virt_addr_valid(p) ? virt_to_page(p) : NULL;
	dma_addr_t bus = dma_map_page(any_device(a), page, any_size(a), any_size(a), any_direction(a));

	a->bus[fuzz_below(&a->in, POOL)] = bus;
}

static void map_phys(struct api *a)
{
	a->bus[fuzz_below(&a->in, POOL)] =
		dma_map_resource(any_device(a), fuzz_u64(&a->in), any_size(a), any_direction(a), 0);
	dma_unmap_resource(any_device(a), any_bus(a), any_size(a), any_direction(a), 0);
}

static void unmap(struct api *a)
{
	dma_unmap_single(any_device(a), any_bus(a), any_size(a), any_direction(a));
}

static void unmap_page(struct api *a)
{
	dma_unmap_page(any_device(a), any_bus(a), any_size(a), any_direction(a));
}

static void hand_over(struct api *a)
{
	switch (fuzz_below(&a->in, 4)) {
	case 0:
		dma_sync_single_for_cpu(any_device(a), any_bus(a), any_size(a), any_direction(a));
		break;
	case 1:
		dma_sync_single_for_device(any_device(a), any_bus(a), any_size(a), any_direction(a));
		break;
	case 2:
		dma_sync_single_range_for_cpu(any_device(a), any_bus(a), any_size(a), any_size(a), any_direction(a));
		break;
	default:
		dma_sync_single_range_for_device(any_device(a), any_bus(a), any_size(a), any_size(a), any_direction(a));
	}
}

static void coherent_alloc(struct api *a)
{
	unsigned int i = fuzz_below(&a->in, POOL);

	a->coherent[i].device = fuzz_below(&a->in, 4);
	a->coherent[i].size = any_size(a);
	a->coherent[i].cpu = dma_alloc_coherent(a->devices[a->coherent[i].device], a->coherent[i].size,
						&a->coherent[i].bus, any_gfp(a));
}

static void coherent_free(struct api *a)
{
	unsigned int i = fuzz_below(&a->in, POOL);

	if (fuzz_below(&a->in, 2))
		dma_free_coherent(a->devices[a->coherent[i].device], a->coherent[i].size, a->coherent[i].cpu,
				  a->coherent[i].bus);
	else
		dma_free_coherent(any_device(a), any_size(a), any_pointer(a), any_bus(a));
}

static void masks(struct api *a)
{
	struct device *dev = any_device(a);
	u64 mask = fuzz_below(&a->in, 2) ? DMA_BIT_MASK(1 + fuzz_below(&a->in, 63)) : fuzz_u64(&a->in);

	(void)dma_set_mask(dev, mask);
	(void)dma_set_coherent_mask(dev, mask);
	if (dma_set_mask_and_coherent(any_device(a), DMA_BIT_MASK(32)))
		dma_get_mask(dev);
	dma_get_required_mask(dev);
	dma_max_mapping_size(dev);
	dma_need_sync(dev, any_bus(a));
}

static void addresses(struct api *a)
{
	void *p = any_pointer(a);

	virt_addr_valid(p);
	is_vmalloc_addr(p);
	pfn_valid(fuzz_u64(&a->in));
	virt_to_phys(p);
	phys_to_virt(fuzz_u64(&a->in));
}

static void user_copies(struct api *a)
{
	size_t n = any_room(a);

	/* the user's side may be anything, the kernel's is real */
	if (copy_from_user(a->room, any_pointer(a), n))
		n /= 2;
	if (clear_user(a->room, n) || copy_to_user(any_pointer(a), a->room, n % 16))
		return;
}

static void accesses(struct api *a)
{
	unsigned char *p = a->room + fuzz_below(&a->in, ROOM / 2);

	dmasim_store8(p, 1);
	dmasim_store64(p, dmasim_load64(p));
	dmasim_store(p, a->room, any_room(a) % 64);
	dmasim_load(a->room, p, any_room(a) % 64);
}

static void foreign(struct api *a)
{
	static unsigned char memory[4096 + 2 * AROUND];

	dmasim_adopt_memory(fuzz_below(&a->in, 4) ? memory + AROUND : NULL, any_size(a) % 4097);
}

static api_call *const calls[] = {
	alloc,	    map,	 map_rightly, map_rightly, map_page,	   map_phys,	  unmap,
	unmap_page, hand_over,	 release,     resize,	   coherent_alloc, coherent_free, masks,
	addresses,  user_copies, accesses,    foreign,	   caches,
};

const struct api_group api_memory = {calls, sizeof(calls) / sizeof(calls[0])};
