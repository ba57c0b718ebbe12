// SPDX-License-Identifier: MIT
/* Life cycle of a mapping: every map has one unmap, with the same arguments, after the device is done. */
#include "tests/rules/rules.h"

#define N 256

static void unchecked_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_TO_DEVICE));
	kfree(buf);
}

static void checked(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void cookie_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	dmasim_fail_call("dma_map_single", 1);
	bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));
	s->handed = 0;
	s->size = N;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_TO_DEVICE));
	kfree(buf);
}

static void cookie_legal(void)
{
	dmasim_fail_call("dma_map_single", 1);
	checked();
}

static void unknown_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	s->offset = s->size = ANY_SIZE;
	s->mapped = s->handed = ANY_LINE;
	AT(s->act, dma_unmap_single(dev, bus + 16, N - 16, DMA_TO_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void double_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_TO_DEVICE));
	kfree(buf);
}

static void remapped(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);

	for (int i = 0; i < 2; i++) {
		dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

		if (!dma_mapping_error(dev, bus))
			dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	}
	kfree(buf);
}

static void kind_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_resource(dev, bus, N, DMA_BIDIRECTIONAL, 0));
	kfree(buf);
}

static void kind_legal(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t bus = dma_map_page(dev, page, 0, 4096, DMA_BIDIRECTIONAL);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, 4096, DMA_BIDIRECTIONAL); /* single and page are one to the kernel */
	__free_page(page);
}

static void single_page_wrong(struct shot *s)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_page(dev, page, 0, 4096, DMA_BIDIRECTIONAL));

	s->handed = ANY_LINE;
	s->size = 4096;
	if (!dma_mapping_error(dev, bus))
		AT(s->act, dma_unmap_single(dev, bus, 4096, DMA_BIDIRECTIONAL));
	__free_page(page);
}

static void page_legal(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t bus = dma_map_page(dev, page, 0, 4096, DMA_BIDIRECTIONAL);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_page(dev, bus, 4096, DMA_BIDIRECTIONAL);
	__free_page(page);
}

static void size_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = ANY_LINE;
	s->offset = s->size = ANY_SIZE;
	AT(s->act, dma_unmap_single(dev, bus, N / 2, DMA_TO_DEVICE));
	kfree(buf);
}

static void direction_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL));
	kfree(buf);
}

static void device_wrong(struct shot *s)
{
	struct device *other = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_unmap_single(other, bus, N, DMA_TO_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
	dmasim_device_destroy(other);
}

static void device_legal(void)
{
	struct device *other = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t a = dma_map_single(dev, buf, N, DMA_TO_DEVICE), b = dma_map_single(other, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, a))
		dma_unmap_single(dev, a, N, DMA_TO_DEVICE);
	if (!dma_mapping_error(other, b))
		dma_unmap_single(other, b, N, DMA_TO_DEVICE);
	kfree(buf);
	dmasim_device_destroy(other);
}

static uint8_t data[N];

static void active_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_start_write(dev, bus + 32, data, 64, 1000, NULL, NULL);
	s->handed = ANY_LINE;
	s->offset = 32;
	s->size = 64;
	AT(s->act, dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE));
	dmasim_device_cancel_transfers(dev);
	kfree(buf);
}

static void active_legal(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_start_write(dev, bus + 32, data, 64, 1000, NULL, NULL);
	dmasim_run_for(2000);
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void remove_wrong(struct shot *s)
{
	struct device *other = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, ANY_LINE, ANY_LINE};
	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_start_write(other, bus, data, 64, 1000, NULL, NULL);
	dmasim_device_destroy(other);
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void leak_wrong(struct shot *s)
{
	struct device *other = dmasim_device_create("dad1");
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(other, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(other, bus))
		return;
	s->handed = s->act = ANY_LINE;
	s->size = N;
	dmasim_device_destroy(other);
	kfree(buf);
}

static void direction_invalid_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	s->size = N;
	bus = AT(s->act, dma_map_single(dev, buf, N, DMA_NONE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void zero_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	bus = AT(s->act, dma_map_single(dev, buf, 0, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, 0, DMA_TO_DEVICE);
	kfree(buf);
}

static void negative_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	dma_addr_t bus;

	s->size = (size_t)-5;
	bus = AT(s->act, dma_map_single(dev, buf, (size_t)-5, DMA_TO_DEVICE));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, (size_t)-5, DMA_TO_DEVICE);
	kfree(buf);
}

static void one_byte(void)
{
	uint8_t *buf = kmalloc(1, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, 1, DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, 1, DMA_TO_DEVICE);
	kfree(buf);
}

/* No address space was granted, and the fallback is missing. */
static void iova_link_wrong(struct shot *s)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	struct dma_iova_state state;

	s->size = N;
	sink = dma_iova_try_alloc(dev, &state, virt_to_phys(buf), N);
	sink = (unsigned int)AT(s->act, dma_iova_link(dev, &state, virt_to_phys(buf), 0, N, DMA_TO_DEVICE, 0));
	kfree(buf);
}

static void iova_free_wrong(struct shot *s)
{
	struct dma_iova_state state = {0};

	s->size = ANY_SIZE;
	AT(s->act, dma_iova_free(dev, &state));
}

static void iova_fallback(void)
{
	uint8_t *buf = kmalloc(N, GFP_KERNEL);
	struct dma_iova_state state;
	dma_addr_t bus;

	if (!dma_iova_try_alloc(dev, &state, virt_to_phys(buf), N)) {
		bus = dma_map_phys(dev, virt_to_phys(buf), N, DMA_TO_DEVICE, 0);
		if (!dma_mapping_error(dev, bus))
			dma_unmap_phys(dev, bus, N, DMA_TO_DEVICE, 0);
	}
	if (dma_use_iova(&state))
		dma_iova_destroy(dev, &state, 0, DMA_TO_DEVICE, 0);
	kfree(buf);
}

const struct scenario lifecycle_scenarios[] = {
	{"map-error-unchecked", unchecked_wrong, checked, NULL, false},
	{"error-cookie-used", cookie_wrong, cookie_legal, NULL, false},
	{"unmap-unknown", unknown_wrong, checked, NULL, false},
	{"double-unmap", double_wrong, remapped, NULL, false},
	{"unmap-wrong-kind", kind_wrong, kind_legal, NULL, false},
	{"unmap-wrong-size", size_wrong, checked, NULL, false},
	{"unmap-wrong-direction", direction_wrong, checked, NULL, false},
	{"unmap-wrong-device", device_wrong, device_legal, NULL, false},
	{"unmap-single-vs-page", single_page_wrong, page_legal, "lint=on", false},
	{"unmap-while-dma-active", active_wrong, active_legal, NULL, false},
	{"dma-active-at-remove", remove_wrong, active_legal, NULL, false},
	{"mapping-leak", leak_wrong, device_legal, NULL, false},
	{"invalid-direction", direction_invalid_wrong, checked, NULL, false},
	{"map-bad-size", zero_wrong, one_byte, NULL, false},
	{"map-bad-size", negative_wrong, one_byte, NULL, false},
	{"iova-outside-reservation", iova_link_wrong, iova_fallback, NULL, false},
	{"iova-outside-reservation", iova_free_wrong, iova_fallback, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
