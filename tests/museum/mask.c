// SPDX-License-Identifier: MIT
/* MASK: the mask is missing, wrong, late, or changed. */
#include "tests/museum/museum.h"

#define N 4096

/* DB-025, dmaengine/ptdma: the right mask is set, and then a wider one over it. The engine drives 48 address lines, here 40. */
static void second_mask(bool fixed)
{
	struct device *engine = dmasim_device_create("ptdma0");
	dma_addr_t h;
	void *v;

	dmasim_device_set_address_bits(engine, 40);
	if (dma_set_mask_and_coherent(engine, DMA_BIT_MASK(40)))
		return;
	if (!fixed && dma_set_mask_and_coherent(engine, DMA_BIT_MASK(64)))
		return;
	v = MAP(dma_alloc_coherent(engine, N, &h, GFP_KERNEL));
	if (!v)
		return;
	ACT(dmasim_device_read(engine, h, wire, 64));
	dma_free_coherent(engine, N, v, h);
}

/* DB-104, usb/xhci-tegra: the firmware loader has a limit of its own, and the driver never sets a mask. */
static void no_mask(bool fixed)
{
	struct device *xusb = dmasim_device_create("xusb0");
	void *firmware = kzalloc(N, GFP_KERNEL);
	dma_addr_t h;

	if (fixed && dma_set_mask_and_coherent(xusb, DMA_BIT_MASK(40)))
		return;
	h = ACT(dma_map_single(xusb, firmware, N, DMA_TO_DEVICE));
	if (!dma_mapping_error(xusb, h)) {
		dmasim_device_read(xusb, h, wire, 64);
		dma_unmap_single(xusb, h, N, DMA_TO_DEVICE);
	}
	kfree(firmware);
}

/* DB-105, crypto/qat: a mask of 64 bits for hardware with fewer address lines: rings of requests and answers. */
static void wider_than_the_hardware(bool fixed)
{
	struct device *qat = dmasim_device_create("qat0");
	u8 *key = kzalloc(64, GFP_KERNEL);
	dma_addr_t h;

	dmasim_device_set_address_bits(qat, 40);
	if (dma_set_mask_and_coherent(qat, DMA_BIT_MASK(fixed ? 40 : 64)))
		return;
	h = MAP(dma_map_single(qat, key, 64, DMA_TO_DEVICE));
	if (!dma_mapping_error(qat, h)) {
		ACT(dmasim_device_read(qat, h, wire, 64));
		dma_unmap_single(qat, h, 64, DMA_TO_DEVICE);
	}
	kfree(key);
}

/* DB-125, usb/cdns3: the host half of a shared device widens the mask under the gadget half, which has 32 bits. */
static void widened_by_the_other_role(bool fixed)
{
	struct device *otg = dmasim_device_create("cdns3");
	dma_addr_t h;
	void *trbs;

	dmasim_device_set_address_bits(otg, 32);
	if (dma_set_mask_and_coherent(otg, DMA_BIT_MASK(32)))
		return;
	trbs = dma_alloc_coherent(otg, N, &h, GFP_KERNEL | GFP_DMA32); /* the gadget's */
	if (!trbs)
		return;
	if (!fixed && ACT(dma_set_mask_and_coherent(otg, DMA_BIT_MASK(64)))) /* the host starts */
		return;
	dmasim_device_read(otg, h, wire, 64);
	dma_free_coherent(otg, N, trbs, h);
}

/* DB-212, net/mlx5: the command queue is allocated before the mask is set. */
static int core_init(struct device *core, bool fixed)
{
	dma_addr_t h;
	void *queue;
	int err;

	if (fixed && (err = dma_set_mask_and_coherent(core, DMA_BIT_MASK(64))))
		return err;
	queue = dma_alloc_coherent(core, N, &h, GFP_KERNEL);
	if (!queue)
		return -ENOMEM;
	if (!fixed && (err = ACT(dma_set_mask_and_coherent(core, DMA_BIT_MASK(64)))))
		return err;
	dmasim_device_write(core, h, wire, 64);
	dma_free_coherent(core, N, queue, h);
	return 0;
}

static void allocated_before_the_mask(bool fixed)
{
	core_init(dmasim_device_create("mlx5"), fixed);
}

/* Bus addresses with more than 40 bits. */
#define FAR "bus_offset=0x10000000000"

const struct museum_record mask_records[] = {
	RECORD("DB-025", "a wider mask over the right one", "device-address-beyond-mask", second_mask, .options = FAR),
	RECORD("DB-104", "no mask is ever set", "mask-unset", no_mask, .options = "lint=on"),
	RECORD("DB-105", "a mask wider than the hardware", "device-address-beyond-mask", wider_than_the_hardware,
	       .options = FAR),
	RECORD("DB-125", "another role changes the mask", "mask-changed-while-mapped", widened_by_the_other_role),
	RECORD("DB-212", "allocated before the mask is set", "mask-changed-while-mapped", allocated_before_the_mask),
	{.id = NULL},
};
