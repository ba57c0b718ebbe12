// SPDX-License-Identifier: MIT
/* What the device touches: only what is mapped for it, in that direction, by the address the map call returned. */
#include <linux/dma-direct.h>
#include <asm/page.h>
#include "tests/rules/rules.h"

#define N 256

static uint8_t data[2 * N];
static uint8_t *buf;
static dma_addr_t bus;

static bool mapped(enum dma_data_direction dir)
{
	buf = kzalloc(N, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, dir);
	return !dma_mapping_error(dev, bus);
}

static void unmapped(enum dma_data_direction dir)
{
	dma_unmap_single(dev, bus, N, dir);
	kfree(buf);
}

static void mask_wrong(struct shot *s)
{
	if (!mapped(DMA_TO_DEVICE))
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	dmasim_device_set_address_bits(dev, 12);
	AT(s->act, dmasim_device_read(dev, bus, data, 16));
	dmasim_device_set_address_bits(dev, 64);
	unmapped(DMA_TO_DEVICE);
}

static void inside_legal(void)
{
	if (!mapped(DMA_TO_DEVICE))
		return;
	dmasim_device_read(dev, bus, data, N);
	dmasim_device_read(dev, bus + N - 1, data, 1);
	unmapped(DMA_TO_DEVICE);
	if (!mapped(DMA_FROM_DEVICE))
		return;
	dmasim_device_write(dev, bus, data, N);
	unmapped(DMA_FROM_DEVICE);
	if (!mapped(DMA_BIDIRECTIONAL))
		return;
	dmasim_device_read(dev, bus + 1, data, N - 1);
	dmasim_device_write(dev, bus + 1, data, N - 1);
	unmapped(DMA_BIDIRECTIONAL);
}

static void after_wrong(struct shot *s)
{
	uint8_t *b = kzalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	s->offset = 8;
	s->size = 16;
	s->handed = ANY_LINE;
	AT(s->act, dmasim_device_write(dev, d + 8, data, 16));
	kfree(b);
}

static void bounds_wrong(struct shot *s)
{
	uint8_t *b = kzalloc(2 * N, GFP_KERNEL); /* what it hits is the driver's own */
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	s->handed = s->mapped;
	s->offset = N;
	s->size = 16;
	AT(s->act, dmasim_device_write(dev, d + N - 16, data, 32));
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

static void physical_wrong(struct shot *s)
{
	if (!mapped(DMA_FROM_DEVICE))
		return;
	*s = (struct shot){ANY_SIZE, 16, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_write(dev, virt_to_phys(buf), data, 16));
	unmapped(DMA_FROM_DEVICE);
}

static void virtual_wrong(struct shot *s)
{
	if (dma_set_mask(dev, DMA_BIT_MASK(64)) || !mapped(DMA_FROM_DEVICE))
		return;
	*s = (struct shot){ANY_SIZE, 16, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_write(dev, (uintptr_t)buf, data, 16));
	unmapped(DMA_FROM_DEVICE);
}

static void nowhere_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, 16, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_write(dev, 0x3000, data, 16));
}

/* A descriptor that was armed before it was filled. */
static void zero_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, 16, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_write(dev, 0, data, 16));
}

static void read_wrong(struct shot *s)
{
	uint8_t *b = kzalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	s->handed = s->mapped;
	s->offset = 4;
	s->size = 16;
	AT(s->act, dmasim_device_read(dev, d + 4, data, 16));
	dma_unmap_single(dev, d, N, DMA_FROM_DEVICE);
	kfree(b);
}

static void write_wrong(struct shot *s)
{
	uint8_t *b = kzalloc(N, GFP_KERNEL);
	dma_addr_t d = AT(s->mapped, dma_map_single(dev, b, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, d))
		return;
	s->handed = s->mapped;
	s->offset = 4;
	s->size = 16;
	AT(s->act, dmasim_device_write(dev, d + 4, data, 16));
	dma_unmap_single(dev, d, N, DMA_TO_DEVICE);
	kfree(b);
}

static struct device *pci_function(void)
{
	static const struct dmasim_pci_config config = {.name = "dad1", .vendor = 0x1234, .device = 0x11e8};

	return dmasim_pci_device_create(&config);
}

/* A PCI function masters the bus only after pci_set_master(). */
static void master_wrong(struct shot *s)
{
	struct device *pci = pci_function();
	uint8_t *b = kzalloc(N, GFP_KERNEL);
	dma_addr_t d;

	if (dma_set_mask_and_coherent(pci, DMA_BIT_MASK(32)))
		return;
	d = dma_map_single(pci, b, N, DMA_TO_DEVICE);
	*s = (struct shot){ANY_SIZE, 16, 0, ANY_LINE, ANY_LINE};
	if (dma_mapping_error(pci, d))
		return;
	AT(s->act, dmasim_device_read(pci, d, data, 16));
	dma_unmap_single(pci, d, N, DMA_TO_DEVICE);
	kfree(b);
	dmasim_device_destroy(pci);
}

static void protocol_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_protocol_error(dev, "the length register was written while a transfer runs"));
}

const struct scenario device_scenarios[] = {
	{"device-address-beyond-mask", mask_wrong, inside_legal, NULL, false},
	{"device-access-after-unmap", after_wrong, inside_legal, NULL, false},
	{"device-out-of-bounds", bounds_wrong, inside_legal, NULL, false},
	{"device-used-physical-address", physical_wrong, inside_legal, NULL, false},
	{"device-used-virtual-address", virtual_wrong, inside_legal, NULL, false},
	{"device-access-unmapped", nowhere_wrong, inside_legal, NULL, false},
	{"device-access-unmapped", zero_wrong, inside_legal, NULL, false},
	{"device-read-of-from-device", read_wrong, inside_legal, NULL, false},
	{"device-write-of-to-device", write_wrong, inside_legal, NULL, false},
	{"bus-master-off", master_wrong, inside_legal, NULL, false},
	{"device-protocol-violation", protocol_wrong, inside_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
