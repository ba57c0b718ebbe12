// SPDX-License-Identifier: MIT
/* NENTS: entries of a list confused with mapped segments. Only a machine that joins entries tells the two apart. */
#include "tests/museum/museum.h"

#define N 1024

static u8 *data;

/* Two pieces of one buffer, one behind the other. */
static void neighbours(struct scatterlist sg[2])
{
	data = kzalloc(2 * N, GFP_KERNEL);
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], data, N);
	sg_set_buf(&sg[1], data + N, N);
}

/* DB-124, serial/fsl_lpuart, imx: the descriptors are built from as many entries as the list has. */
static void as_many_as_entries(bool fixed)
{
	struct {
		u64 addr;
		u32 len;
	} desc[2];
	struct scatterlist sg[2];
	int n, count;

	neighbours(sg);
	n = MAP(dma_map_sg(chip, sg, 2, DMA_TO_DEVICE));
	if (!n)
		return;
	count = fixed ? n : 2;
	for (int i = 0; i < count; i++) {
		desc[i].addr = sg_dma_address(&sg[i]);
		desc[i].len = min_t(u32, sg_dma_len(&sg[i]), N);
	}
	for (int i = 0; i < count; i++)
		ACT(dmasim_device_read(chip, desc[i].addr, wire, desc[i].len ? desc[i].len : N));
	dma_unmap_sg(chip, sg, 2, DMA_TO_DEVICE);
	kfree(data);
}

/* DB-151, eid-hermes: the table has room for more entries than are used, and all of them go to the device. */
static void as_many_as_room(bool fixed)
{
	struct sg_table table;
	struct scatterlist *sg;
	int n, i;

	data = kzalloc(N, GFP_KERNEL);
	if (sg_alloc_table(&table, 4, GFP_KERNEL))
		return;
	sg_set_buf(table.sgl, data, N);
	n = MAP(dma_map_sg(chip, table.sgl, 1, DMA_TO_DEVICE));
	for_each_sg (table.sgl, sg, fixed ? n : 2, i)
		ACT(dmasim_device_read(chip, sg_dma_address(sg), wire, N));
	dma_unmap_sg(chip, table.sgl, 1, DMA_TO_DEVICE);
	sg_free_table(&table);
	kfree(data);
}

/* DB-197, ksmbd, sun8i-ce and others: the number of segments is stored over that of entries, and used to unmap. */
static void stored_over(bool fixed)
{
	struct sg_table table;
	unsigned int n;

	if (sg_alloc_table(&table, 2, GFP_KERNEL))
		return;
	neighbours(table.sgl);
	n = MAP(dma_map_sg(chip, table.sgl, table.orig_nents, DMA_TO_DEVICE));
	if (!n)
		return;
	table.nents = n;
	dmasim_device_read(chip, sg_dma_address(table.sgl), wire, sg_dma_len(table.sgl));
	ACT(dma_unmap_sg(chip, table.sgl, fixed ? table.orig_nents : table.nents, DMA_TO_DEVICE));
	sg_free_table(&table);
	kfree(data);
}

/* DB-315, serial/pch_uart: one number is used to prepare, to sync and to unmap. */
static void one_number_for_all(bool fixed)
{
	struct scatterlist sg[2];
	int n;

	neighbours(sg);
	n = MAP(dma_map_sg(chip, sg, 2, DMA_TO_DEVICE));
	if (!n)
		return;
	for (int i = 0; i < n; i++)
		dmasim_device_read(chip, sg_dma_address(&sg[i]), wire, sg_dma_len(&sg[i]));
	ACT(dma_sync_sg_for_device(chip, sg, fixed ? 2 : n, DMA_TO_DEVICE));
	dma_unmap_sg(chip, sg, fixed ? 2 : n, DMA_TO_DEVICE);
	kfree(data);
}

const struct museum_record nents_records[] = {
	RECORD("DB-124", "a descriptor for each entry", "sg-nents-vs-count", as_many_as_entries,
	       .not_on = ON_PC | ON_HIGH | ON_BOUNCE),
	RECORD("DB-151", "entries that were not mapped go to the device", "sg-nents-vs-count", as_many_as_room),
	RECORD("DB-197", "unmapped with the number of segments", "unmap-sg-wrong-nents", stored_over,
	       .not_on = ON_PC | ON_HIGH | ON_BOUNCE),
	RECORD("DB-315", "synced and unmapped with the number of segments", "sg-nents-vs-count", one_number_for_all,
	       .not_on = ON_PC | ON_HIGH | ON_BOUNCE, .then = "unmap-sg-wrong-nents"),
	{.id = NULL},
};
