// SPDX-License-Identifier: MIT
/* OVERRUN: the device is told more bytes than are mapped, or allocated. */
#include "tests/museum/museum.h"

/* DB-013, nvmem/zynqmp: the buffer has the size of one field, the firmware answers with all of them. */
struct answer {
	u64 idcode, version, serial;
};

static void size_of_the_wrong_thing(bool fixed)
{
	const size_t n = fixed ? sizeof(struct answer) : sizeof(u64);
	dma_addr_t h;
	struct answer *v = MAP(dma_alloc_coherent(chip, n, &h, GFP_KERNEL));

	if (!v)
		return;
	ACT(dmasim_device_write(chip, h, wire, sizeof(*v)));
	dma_free_coherent(chip, n, v, h);
}

/* DB-136, net/mana: the length in the receive request is rounded up to what the hardware likes. */
static void rounded_up_for_the_hardware(bool fixed)
{
	const size_t mtu = 1500;
	u32 told = fixed ? mtu : ALIGN(mtu, 64);
	u8 *buf = kmalloc(2048, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, buf, mtu, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	ACT(dmasim_device_write(chip, h, wire, told));
	dma_unmap_single(chip, h, mtu, DMA_FROM_DEVICE);
	kfree(buf);
}

/* DB-328, sound/usb: the buffer holds what the sample rate needs, a packet may be as long as the endpoint allows. */
static void rate_and_packet(bool fixed)
{
	const unsigned int rate = 44100, packets = 8, max_packet = 72, frame_bytes = 4;
	size_t n = DIV_ROUND_UP(rate, 8000) * frame_bytes * packets;
	dma_addr_t h;
	u8 *v;

	if (fixed)
		n = max_packet * packets;
	v = MAP(dma_alloc_coherent(chip, n, &h, GFP_KERNEL));
	if (!v)
		return;
	for (unsigned int i = 0; i < packets; i++)
		ACT(dmasim_device_write(chip, h + i * (n / packets), wire, max_packet));
	dma_free_coherent(chip, n, v, h);
}

const struct museum_record overrun_records[] = {
	RECORD("DB-013", "allocated the size of one field", "device-out-of-bounds", size_of_the_wrong_thing),
	RECORD("DB-136", "the hardware is told a rounded length", "device-out-of-bounds", rounded_up_for_the_hardware),
	RECORD("DB-328", "sized by the rate, used by the packet", "device-out-of-bounds", rate_and_packet),
	{.id = NULL},
};
