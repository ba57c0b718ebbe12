// SPDX-License-Identifier: MIT
/* Coherent memory: freed whole, once, with its own values, where interrupts are on; never mapped a second way. */
#include <linux/irqflags.h>
#include <linux/highmem.h>
#include <linux/interrupt.h>
#include "tests/rules/rules.h"

#define N 4096

static void mismatch_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	AT(s->act, dma_free_coherent(dev, N / 2, ring, handle));
}

static void handle_wrong(struct shot *s)
{
	dma_addr_t a, b;
	void *one = dma_alloc_coherent(dev, N, &a, GFP_KERNEL), *two = dma_alloc_coherent(dev, N, &b, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dma_free_coherent(dev, N, one, b)); /* ends what the handle names, as in the kernel */
	dma_free_coherent(dev, N, one, a);
	(void)two;
}

static void managed_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = dmam_alloc_coherent(dev, N, &handle, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, N, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dma_free_coherent(dev, N, ring, handle));
}

static void pair_legal(void)
{
	dma_addr_t a, b, c;
	uint8_t *one = dma_alloc_coherent(dev, N + 1, &a, GFP_KERNEL);
	void *two = dma_alloc_wc(dev, 100, &b, GFP_ATOMIC), *three = dmam_alloc_coherent(dev, 64, &c, GFP_KERNEL);

	if (one)
		PUT(one + N, 1);
	dma_free_coherent(dev, N, NULL, a);
	dma_free_coherent(dev, N + 1, one, a);
	dma_free_wc(dev, 100, two, b);
	dmam_free_coherent(dev, 64, three, c);
}

static void twice_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));

	s->size = N;
	s->handed = ANY_LINE;
	dma_free_coherent(dev, N, ring, handle);
	AT(s->act, dma_free_coherent(dev, N, ring, handle));
}

static void mix_wrong(struct shot *s)
{
	dma_addr_t handle, bus;
	uint8_t *ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));

	bus = AT(s->act, dma_map_single(dev, ring, 256, DMA_TO_DEVICE));
	s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, 256, DMA_TO_DEVICE);
	dma_free_coherent(dev, N, ring, handle);
}

static void atomic_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);
	unsigned long flags;

	*s = (struct shot){ANY_SIZE, N, 0, ANY_LINE, ANY_LINE};
	local_irq_save(flags);
	AT(s->act, dma_free_coherent(dev, N, ring, handle));
	local_irq_restore(flags);
}

static void atomic_legal(void)
{
	dma_addr_t handle;
	unsigned long flags;
	void *ring;

	local_irq_save(flags);
	ring = dma_alloc_coherent(dev, N, &handle, GFP_ATOMIC);
	local_irq_restore(flags);
	dma_free_coherent(dev, N, ring, handle);
}

static void noncoherent_size_wrong(struct shot *s)
{
	dma_addr_t bus;
	struct page *page = AT(s->mapped, dma_alloc_pages(dev, 2 * N, &bus, DMA_TO_DEVICE, GFP_KERNEL));

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	AT(s->act, dma_free_pages(dev, N, page, bus, DMA_TO_DEVICE));
}

static void noncoherent_direction_wrong(struct shot *s)
{
	dma_addr_t bus;
	struct page *page = AT(s->mapped, dma_alloc_pages(dev, N, &bus, DMA_TO_DEVICE, GFP_KERNEL));

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	AT(s->act, dma_free_pages(dev, N, page, bus, DMA_FROM_DEVICE));
}

static void noncoherent_kind_wrong(struct shot *s)
{
	dma_addr_t bus;
	void *buf = AT(s->mapped, dma_alloc_noncoherent(dev, N, &bus, DMA_TO_DEVICE, GFP_KERNEL));

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	AT(s->act, dma_free_coherent(dev, N, buf, bus));
}

static void attrs_wrong(struct shot *s)
{
	struct sg_table *sgt;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, 0, 0};
	sgt = AT(s->act, dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE));
	sink = sgt != NULL;
}

static void view_kept_wrong(struct shot *s)
{
	struct sg_table *sgt = dma_alloc_noncontiguous(dev, N, DMA_TO_DEVICE, GFP_KERNEL, 0);
	void *view = sgt ? dma_vmap_noncontiguous(dev, N, sgt) : NULL;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, 0, 0};
	sink = view != NULL;
	AT(s->act, dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE));
}

static void view_read_wrong(struct shot *s)
{
	struct sg_table *sgt = AT(s->mapped, dma_alloc_noncontiguous(dev, N, DMA_FROM_DEVICE, GFP_KERNEL, 0));
	uint8_t *view = dma_vmap_noncontiguous(dev, N, sgt);

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	dma_sync_sgtable_for_device(dev, sgt, DMA_FROM_DEVICE);
	AT(s->act, sink = GET(view + 5));
	dma_sync_sgtable_for_cpu(dev, sgt, DMA_FROM_DEVICE);
	dma_vunmap_noncontiguous(dev, view);
	dma_free_noncontiguous(dev, N, sgt, DMA_FROM_DEVICE);
}

static void list_freed_short(struct shot *s)
{
	struct sg_table *sgt = AT(s->mapped, dma_alloc_noncontiguous(dev, 4 * N, DMA_TO_DEVICE, GFP_KERNEL, 0));

	s->offset = s->size = ANY_SIZE;
	s->handed = ANY_LINE;
	AT(s->act, dma_free_noncontiguous(dev, N, sgt, DMA_TO_DEVICE));
}

static void noncontiguous_legal(void)
{
	struct sg_table *sgt =
		dma_alloc_noncontiguous(dev, 3 * N, DMA_BIDIRECTIONAL, GFP_KERNEL, DMA_ATTR_ALLOC_SINGLE_PAGES);
	uint8_t data[16] = {1}, *view = sgt ? dma_vmap_noncontiguous(dev, 3 * N, sgt) : NULL;

	if (!view)
		return;
	dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
	PUT(view, 1);
	flush_kernel_vmap_range(view, 3 * N);
	dma_sync_sgtable_for_device(dev, sgt, DMA_BIDIRECTIONAL);
	dmasim_device_read(dev, sg_dma_address(sgt->sgl), data, sizeof(data));
	dmasim_device_write(dev, sg_dma_address(sgt->sgl), data, sizeof(data));
	dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
	invalidate_kernel_vmap_range(view, 3 * N);
	sink = GET(view);
	dma_vunmap_noncontiguous(dev, view);
	dma_free_noncontiguous(dev, 3 * N, sgt, DMA_BIDIRECTIONAL);
}

static void zone_wrong(struct shot *s)
{
	dma_addr_t bus;
	struct page *page;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, 0, 0};
	page = AT(s->act, dma_alloc_pages(dev, N, &bus, DMA_TO_DEVICE, GFP_KERNEL | __GFP_DMA));
	sink = page != NULL;
}

static void noncoherent_legal(void)
{
	uint8_t data[16] = {1}, *buf;
	dma_addr_t bus;

	buf = dma_alloc_noncoherent(dev, N, &bus, DMA_BIDIRECTIONAL, GFP_KERNEL);
	if (!buf)
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_BIDIRECTIONAL); /* before filling it, as in every later round */
	PUT(buf, 1);
	dma_sync_single_for_device(dev, bus, N, DMA_BIDIRECTIONAL);
	dmasim_device_read(dev, bus, data, sizeof(data));
	dmasim_device_write(dev, bus, data, sizeof(data));
	dma_sync_single_for_cpu(dev, bus, N, DMA_BIDIRECTIONAL);
	sink = GET(buf);
	dma_free_noncoherent(dev, N, buf, bus, DMA_BIDIRECTIONAL);
	/* the older contract */
	buf = dma_alloc_attrs(dev, N, &bus, GFP_KERNEL, DMA_ATTR_NON_CONSISTENT);
	if (!buf)
		return;
	PUT(buf, 2);
	dma_cache_sync(dev, buf, N, DMA_TO_DEVICE);
	dmasim_device_read(dev, bus, data, sizeof(data));
	dmasim_device_write(dev, bus, data, sizeof(data));
	dma_cache_sync(dev, buf, N, DMA_FROM_DEVICE);
	sink = GET(buf);
	dma_free_attrs(dev, N, buf, bus, DMA_ATTR_NON_CONSISTENT);
}

/* A plain access ends in a fault, after the report. */
static void cookie_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *cookie = dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);

	*s = (struct shot){ANY_SIZE, 1, 0, ANY_LINE, ANY_LINE};
	faults_return(true);
	if (!sigsetjmp(fault, 1))
		sink = AT(s->act, GET((uint8_t *)cookie));
	faults_return(false);
	dma_free_attrs(dev, N, cookie, handle, DMA_ATTR_NO_KERNEL_MAPPING);
}

static void cookie_legal(void)
{
	dma_addr_t handle;
	void *cookie = dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);
	uint8_t data[16];

	dmasim_device_read(dev, handle, data, sizeof(data));
	dma_free_attrs(dev, N, cookie, handle, DMA_ATTR_NO_KERNEL_MAPPING);
}

static struct {
	struct tasklet_struct tasklet;
	void *v;
	dma_addr_t bus;
	int line;
} soft;

static void free_in_tasklet(struct tasklet_struct *t)
{
	(void)t;
	if (soft.v)
		AT(soft.line, dma_free_coherent(dev, N, soft.v, soft.bus));
}

static void tasklet_wrong(struct shot *s)
{
	soft.v = dma_alloc_coherent(dev, N, &soft.bus, GFP_KERNEL);
	tasklet_setup(&soft.tasklet, free_in_tasklet);
	tasklet_schedule(&soft.tasklet);
	tasklet_kill(&soft.tasklet);
	*s = (struct shot){ANY_SIZE, N, soft.line, ANY_LINE, ANY_LINE};
}

static void tasklet_legal(void)
{
	void *v = dma_alloc_coherent(dev, N, &soft.bus, GFP_KERNEL);

	soft.v = NULL;
	tasklet_setup(&soft.tasklet, free_in_tasklet);
	tasklet_schedule(&soft.tasklet);
	tasklet_kill(&soft.tasklet);
	dma_free_coherent(dev, N, v, soft.bus);
}

static void compound_wrong(struct shot *s)
{
	dma_addr_t bus;
	void *v = AT(s->act, dma_alloc_coherent(dev, N, &bus, GFP_KERNEL | __GFP_COMP));

	s->size = ANY_SIZE;
	if (v)
		dma_free_coherent(dev, N, v, bus);
}

static void zone_legal(void) /* stripped without a word */
{
	dma_addr_t bus;
	void *v = dma_alloc_coherent(dev, N, &bus, GFP_KERNEL | GFP_DMA32);

	if (v)
		dma_free_coherent(dev, N, v, bus);
}

const struct scenario coherent_scenarios[] = {
	{"coherent-free-in-atomic", tasklet_wrong, tasklet_legal, NULL, false},
	{"kernel-warning", compound_wrong, zone_legal, NULL, false},
	{"coherent-free-mismatch", mismatch_wrong, pair_legal, NULL, false},
	{"coherent-free-mismatch", handle_wrong, pair_legal, NULL, false},
	{"coherent-free-mismatch", managed_wrong, pair_legal, NULL, false},
	{"coherent-free-mismatch", noncoherent_size_wrong, noncoherent_legal, NULL, false},
	{"unmap-wrong-direction", noncoherent_direction_wrong, noncoherent_legal, NULL, false},
	{"unmap-wrong-kind", noncoherent_kind_wrong, noncoherent_legal, NULL, false},
	{"gfp-zone-conflict", zone_wrong, noncoherent_legal, NULL, false},
	{"kernel-warning", attrs_wrong, noncontiguous_legal, NULL, false},
	{"kernel-warning", view_kept_wrong, noncontiguous_legal, NULL, false},
	{"cpu-read-while-device-owns", view_read_wrong, noncontiguous_legal, NULL, false},
	{"coherent-free-mismatch", list_freed_short, noncontiguous_legal, NULL, false},
	{"coherent-double-free", twice_wrong, pair_legal, NULL, false},
	{"coherent-streaming-mix", mix_wrong, pair_legal, NULL, false},
	{"coherent-free-in-atomic", atomic_wrong, atomic_legal, NULL, false},
	{"coherent-no-kernel-mapping-access", cookie_wrong, cookie_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
