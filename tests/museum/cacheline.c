// SPDX-License-Identifier: MIT
/* CACHELINE: a cache line shared with what the CPU writes. */
#include "tests/museum/museum.h"

/* DB-004, mcuxsdk usdhc (another system): the CPU moves the block itself, and the end invalidates it all the same. */
static void invalidated_all_the_same(bool fixed)
{
	u8 *block = kzalloc(512, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, block, 512, DMA_FROM_DEVICE));
	bool engine = false; /* its descriptors could not be set up */

	if (dma_mapping_error(chip, h))
		return;
	if (fixed && !engine)
		dma_unmap_single(chip, h, 512, DMA_FROM_DEVICE);
	for (int i = 0; i < 512; i++)
		ACT(block[i] = (u8)(i + 1));
	if (!fixed)
		dma_unmap_single(chip, h, 512, DMA_FROM_DEVICE);
	kfree(block);
}

/* Mapped, filled and unmapped, while the CPU uses what lies beside it. */
static void receive(void *buf, size_t n, u32 *beside)
{
	dma_addr_t h = MAP(ACT(dma_map_single(chip, buf, n, DMA_FROM_DEVICE)));

	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_write(chip, h, wire, n);
	++*beside;
	dma_unmap_single(chip, h, n, DMA_FROM_DEVICE);
}

/* DB-237, SOF, Circle, lk2nd (other systems): a heap of 8-byte alignment, whose headers lie on the buffers' lines. */
struct header {
	u32 size, used;
};

static void buffer_behind_a_header(bool fixed)
{
	const size_t align = fixed ? 128 : sizeof(struct header);
	u8 *heap = kzalloc(1024, GFP_KERNEL);
	u8 *buf = heap + ALIGN(256 + sizeof(struct header), align);
	struct header *next = (struct header *)(buf + ALIGN(200, align));

	receive(buf, fixed ? 256 : 200, &next->used);
	kfree(heap);
}

/* DB-243, spi/spidev: the transfers of one message are packed into one buffer, one behind the other. */
static void packed_transfers(bool fixed)
{
	const size_t step = fixed ? 128 : 10;
	u8 *bounce = kzalloc(4096, GFP_KERNEL);
	dma_addr_t h[2];

	for (int i = 0; i < 2; i++) {
		h[i] = MAP(ACT(dma_map_single(chip, bounce + i * step, fixed ? 128 : 10, DMA_FROM_DEVICE)));
		if (dma_mapping_error(chip, h[i]))
			return;
	}
	for (int i = 0; i < 2; i++) {
		dmasim_device_write(chip, h[i], wire, 10);
		dma_unmap_single(chip, h[i], fixed ? 128 : 10, DMA_FROM_DEVICE);
	}
	kfree(bounce);
}

/* DB-252, media/igorplugusb: the buffer of a control request lies in the device's structure, before its state. */
static void request_in_the_structure(bool fixed)
{
	struct {
		u8 request[8];
		u32 state;
	} *ir = kzalloc(sizeof(*ir), GFP_KERNEL);
	u8 *buf = fixed ? kzalloc(8, GFP_KERNEL) : ir->request;

	receive(buf, 8, &ir->state);
	if (fixed)
		kfree(buf);
	kfree(ir);
}

/* DB-302, hwmon/powerz: the transfer buffer is a member between others, the lock behind it is taken meanwhile. */
static void buffer_beside_a_lock(bool fixed)
{
	struct {
		void *usb;
		u8 buf[64];
		u32 lock;
	} *apart = kzalloc(sizeof(*apart), GFP_KERNEL);
	struct {
		u8 buf[64] __aligned(128);
		u32 lock __aligned(128);
	} *aligned = kzalloc(sizeof(*aligned), GFP_KERNEL);

	receive(fixed ? aligned->buf : apart->buf, 64, fixed ? &aligned->lock : &apart->lock);
	kfree(aligned);
	kfree(apart);
}

const struct museum_record cacheline_records[] = {
	RECORD("DB-004", "moved by the CPU, invalidated at the end", "cpu-write-while-device-owns",
	       invalidated_all_the_same),
	RECORD("DB-237", "a header of the heap on the line of a buffer", "cache-line-shared", buffer_behind_a_header,
	       .options = "portability=on"),
	RECORD("DB-243", "transfers packed into one buffer", "cache-line-shared", packed_transfers,
	       .options = "portability=on"),
	RECORD("DB-252", "a request buffer before the state", "cache-line-shared", request_in_the_structure,
	       .options = "portability=on"),
	RECORD("DB-302", "a buffer beside a lock", "cache-line-shared", buffer_beside_a_lock,
	       .options = "portability=on"),
	{.id = NULL},
};
