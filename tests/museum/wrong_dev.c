// SPDX-License-Identifier: MIT
/* WRONG-DEV: mapped for, or asked of, a device that is not the bus master. */
#include <linux/device.h>
#include "tests/museum/museum.h"

#define N 1024

static struct device *second(const char *name)
{
	struct device *dev = dmasim_device_create(name);

	return dev && !dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)) ? dev : NULL;
}

/* DB-211, pci/epf-test: mapped for the endpoint controller, though the channel of the DMA engine moves the bytes. */
static void mapped_for_the_controller(bool fixed)
{
	struct device *channel = second("dma0chan1"), *owner = fixed ? channel : chip;
	u8 *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(owner, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(owner, h))
		return;
	ACT(dmasim_device_read(channel, h, wire, N));
	dma_unmap_single(owner, h, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* DB-226, AXCL ax650: the ring belongs to a character device without a bus; the card writes it. */
static void allocated_for_the_misc_device(bool fixed)
{
	struct device *misc = second("ax_misc"), *owner = fixed ? chip : misc;
	dma_addr_t h;
	void *ring = MAP(dma_alloc_coherent(owner, N, &h, GFP_KERNEL));

	if (!ring)
		return;
	ACT(dmasim_device_write(chip, h, wire, 64));
	dma_free_coherent(owner, N, ring, h);
}

/* DB-281, net/arc emac: mapped for the device inside the network interface, which has no mask and no bus. */
static void mapped_for_the_interface(bool fixed)
{
	struct device *interface = kzalloc(sizeof(*interface), GFP_KERNEL), *owner = fixed ? chip : interface;
	u8 *skb = kzalloc(N, GFP_KERNEL);
	dma_addr_t h;

	device_initialize(interface);
	dev_set_name(interface, "eth0");
	h = ACT(dma_map_single(owner, skb, N, DMA_TO_DEVICE));
	if (dma_mapping_error(owner, h))
		goto out;
	dmasim_device_read(chip, h, wire, N);
	dma_unmap_single(owner, h, N, DMA_TO_DEVICE);
out:
	kfree(skb);
	put_device(interface);
}

/* DB-149, virtio-blk: the limit is asked of the child, which nothing was set up for; its parent does the mapping. */
#define MOST (288u << 10)

static void limit_of_the_child(bool fixed)
{
	struct device *child = second("virtio0");
	size_t limit = dma_max_mapping_size(fixed ? chip : child), n = min_t(size_t, limit, MOST);
	dma_addr_t h;
	u8 *buf;

	if (!fixed)
		n = MOST; /* the child inherits no configuration: it knows no limit */
	buf = kzalloc(MOST, GFP_KERNEL);
	h = ACT(dma_map_single(chip, buf, n, DMA_TO_DEVICE));
	if (!dma_mapping_error(chip, h))
		dma_unmap_single(chip, h, n, DMA_TO_DEVICE);
	kfree(buf);
}

const struct museum_record wrong_dev_records[] = {
	RECORD("DB-211", "mapped for the controller, used by the channel", "device-access-unmapped",
	       mapped_for_the_controller),
	RECORD("DB-226", "allocated for a device without a bus", "device-access-unmapped",
	       allocated_for_the_misc_device),
	RECORD("DB-281", "mapped for a device that has no mask", "mask-missing", mapped_for_the_interface),
	RECORD("DB-149", "the limit asked of one device, mapped for another", "swiotlb-exhausted", limit_of_the_child,
	       .options = "portability=on", .elsewhere = "map-too-long-to-bounce"),
	{.id = NULL},
};
