// SPDX-License-Identifier: MIT
/* DIR-WRONG: the device does what the direction forbids. */
#include "tests/museum/museum.h"

/* DB-202, net/airoha: the mailbox is mapped to be read, and the firmware writes its answer into it. */
static void answer_in_place(bool fixed)
{
	enum dma_data_direction dir = fixed ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
	u32 *mail = kzalloc(24, GFP_KERNEL), answer = 0x600d;
	dma_addr_t h;

	mail[0] = 0x11;
	h = MAP(dma_map_single(chip, mail, 24, dir));
	if (dma_mapping_error(chip, h))
		return;
	dmasim_device_read(chip, h, wire, 24);
	ACT(dmasim_device_write(chip, h + 20, &answer, 4));
	dma_unmap_single(chip, h, 24, dir);
	sink = mail[5];
	kfree(mail);
}

/* DB-238, accel/xdna: the firmware reads back the events that it writes. */
static void events_are_read_back(bool fixed)
{
	enum dma_data_direction dir = fixed ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE;
	u8 *events = kzalloc(4096, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, events, 4096, dir));

	if (dma_mapping_error(chip, h))
		return;
	for (unsigned int head = 0; head < 192; head += 64) {
		ACT(dmasim_device_read(chip, h + 4080, wire, 16)); /* where was I? */
		dmasim_device_write(chip, h + head, wire, 64);
	}
	dma_unmap_single(chip, h, 4096, dir);
	kfree(events);
}

/* DB-316, scsi/mpt3sas: for some commands the controller fetches what it has just stored, and changes it. */
static void controller_changes_data(bool fixed)
{
	enum dma_data_direction dir = fixed ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE;
	struct page *pages[2] = {alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL)};
	struct scatterlist sg[2];
	int n;

	sg_init_table(sg, 2);
	for (int i = 0; i < 2; i++)
		sg_set_page(&sg[i], pages[i], 512, 0);
	n = MAP(dma_map_sg(chip, sg, 2, dir));
	for (int i = 0; i < n; i++)
		dmasim_device_write(chip, sg_dma_address(&sg[i]), wire, sg_dma_len(&sg[i]));
	if (n)
		ACT(dmasim_device_read(chip, sg_dma_address(&sg[0]) + 128, wire, 32));
	dma_unmap_sg(chip, sg, 2, dir);
	for (int i = 0; i < 2; i++)
		__free_page(pages[i]);
}

const struct museum_record dir_wrong_records[] = {
	RECORD("DB-202", "the answer comes where the question was", "device-write-of-to-device", answer_in_place),
	RECORD("DB-238", "the firmware reads its own events", "device-read-of-from-device", events_are_read_back),
	RECORD("DB-316", "the controller fetches what it stored", "device-read-of-from-device",
	       controller_changes_data),
	{.id = NULL},
};
