// SPDX-License-Identifier: MIT
/*
 * TRUST: values that the device can change are believed.
 *
 * The device is hostile: it changes a word between the two reads of it. That the driver reads twice is no mistake that
 * anybody could see; what it does to memory with the second value is.
 */
#include "tests/museum/museum.h"

struct event {
	u32 id, length;
};

/* DB-084, usb/xhci: an event is parsed where it lies; the length that is used is not the one that was checked. */
static void length_parsed_twice(bool fixed)
{
	const u32 good = 64, evil = 80;
	dma_addr_t h;
	struct event *ev = dma_alloc_coherent(chip, 4096, &h, GFP_KERNEL);
	u8 *urb = MAP(kzalloc(72, GFP_KERNEL));
	u32 length;

	dmasim_device_write(chip, h + offsetof(struct event, length), &good, 4);
	length = READ_ONCE(ev->length);
	if (length > 72)
		return;
	dmasim_device_write(chip, h + offsetof(struct event, length), &evil, 4);
	if (!fixed)
		length = READ_ONCE(ev->length);
	for (u32 i = 0; i < length; i++)
		urb[i] = ((u8 *)(ev + 1))[i];
	kfree(urb);
	dma_free_coherent(chip, 4096, ev, h);
}

/* DB-143, net/mana hwc: the index of a request is checked, then read once more to find the request. */
static void index_read_again(bool fixed)
{
	const u32 good = 3, evil = 10;
	dma_addr_t h;
	struct event *msg = dma_alloc_coherent(chip, 4096, &h, GFP_KERNEL);
	u64 *request = MAP(kcalloc(9, sizeof(*request), GFP_KERNEL));
	u32 i;

	dmasim_device_write(chip, h, &good, 4);
	i = READ_ONCE(msg->id);
	if (i >= 9)
		return;
	dmasim_device_write(chip, h, &evil, 4);
	request[fixed ? i : READ_ONCE(msg->id)] = 1;
	kfree(request);
	dma_free_coherent(chip, 4096, msg, h);
}

const struct museum_record trust_records[] = {
	RECORD("DB-084", "a length is checked, and read again", "heap-overrun", length_parsed_twice),
	RECORD("DB-143", "an index is checked, and read again", "heap-overrun", index_read_again),
	{.id = NULL},
};
