// SPDX-License-Identifier: MIT
/* Lists: which entries there are, which the device may have, and what is said when they are given back. */
#include <linux/scatterlist.h>
#include "tests/rules/rules.h"

/* ---- lists as such ---- */

static void broken_wrong(struct shot *s)
{
	struct scatterlist list[3];

	sg_init_table(list, 3);
	sg_chain(list, 3, list); /* the last entry points back at the first */
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	sink = (unsigned int)AT(s->act, sg_nents(list));
}

static void chained_legal(void)
{
	struct scatterlist head[3], tail[2], *sg;
	int i;

	sg_init_table(head, 3);
	sg_init_table(tail, 2);
	sg_chain(head, 3, tail);
	sink = (unsigned int)sg_nents(head);
	for_each_sg (head, sg, 4, i)
		sink = sg->length;
}

static void short_wrong(struct shot *s)
{
	struct scatterlist list[2], *sg;
	int i;

	sg_init_table(list, 2);
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	for_each_sg (list, sg, AT(s->act, 3), i)
		sink = sg->length;
}

/* ---- mapped lists ---- */

#define N     4
#define BYTES 256

static struct scatterlist list[N];
static uint8_t *pieces;

/* N pieces of one allocation, neighbours where gap is 0. */
static void begin(unsigned int gap)
{
	pieces = kzalloc(N * (BYTES + gap), GFP_KERNEL);
	sg_init_table(list, N);
	for (unsigned int i = 0; i < N; i++)
		sg_set_buf(&list[i], pieces + i * (BYTES + gap), BYTES);
}

static void failure_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	dmasim_fail_call("dma_map_sg", 1);
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	AT(s->act, dma_sync_sg_for_cpu(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void failure_device_wrong(struct shot *s)
{
	char data[BYTES];

	begin(64);
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	dmasim_fail_call("dma_map_sg", 1);
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_TO_DEVICE));
	sink = (unsigned int)AT(s->act, dmasim_device_read(dev, sg_dma_address(list), data, BYTES));
	kfree(pieces);
}

static void failure_legal(void)
{
	begin(64);
	dmasim_fail_call("dma_map_sg", 1);
	if (!dma_map_sg(dev, list, N, DMA_FROM_DEVICE) && dma_map_sg(dev, list, N, DMA_FROM_DEVICE)) {
		dma_sync_sg_for_cpu(dev, list, N, DMA_FROM_DEVICE);
		dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	}
	kfree(pieces);
}

static void nents_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	AT(s->act, dma_unmap_sg(dev, list, N - 1, DMA_FROM_DEVICE));
	kfree(pieces);
}

/* Joined on machines that join: fewer segments, and every use of the list as it should be. */
static void whole_legal(void)
{
	struct scatterlist *sg;
	uint8_t data[N * BYTES] = {0};
	unsigned int count, i;

	begin(0);
	count = dma_map_sg(dev, list, N, DMA_FROM_DEVICE);
	if (!count)
		return;
	for_each_sg (list, sg, count, i)
		sink = (unsigned int)dmasim_device_write(dev, sg_dma_address(sg), data, sg_dma_len(sg));
	dma_sync_sg_for_cpu(dev, list, N, DMA_FROM_DEVICE);
	for (i = 0; i < N * BYTES; i += 64)
		sink = GET(pieces + i);
	dma_sync_sg_for_device(dev, list, N, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void count_wrong(struct shot *s)
{
	struct scatterlist *sg;
	uint8_t data[BYTES] = {0};
	int i;

	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N - 2, DMA_FROM_DEVICE));
	for_each_sg (list, sg, N, i)
		sink = (unsigned int)AT(s->act, dmasim_device_write(dev, sg_dma_address(sg), data, BYTES));
	dma_unmap_sg(dev, list, N - 2, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void count_sync_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	AT(s->act, dma_sync_sg_for_cpu(dev, list, N - 1, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void again_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	sink = AT(s->act, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void again_legal(void)
{
	begin(64);
	for (int i = 0; i < 2; i++) {
		sink = dma_map_sg(dev, list, N, DMA_FROM_DEVICE);
		dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	}
	kfree(pieces);
}

static void long_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, 0};
	dma_set_max_seg_size(dev, BYTES - 1);
	sink = AT(s->act, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void long_legal(void)
{
	begin(0);
	dma_set_max_seg_size(dev, BYTES);
	sink = dma_map_sg(dev, list, N, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void boundary_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, 0};
	dma_set_seg_boundary(dev, 127);
	sink = AT(s->act, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void boundary_legal(void)
{
	begin(0); /* 1 KiB objects lie on multiples of it */
	dma_set_seg_boundary(dev, 2 * BYTES - 1);
	sink = dma_map_sg(dev, list, N, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

/* ---- the rules of single mappings, broken with lists ---- */

static void sync_unmapped_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	AT(s->act, dma_sync_sg_for_cpu(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void single_unmap_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	for (int i = 0; i < N; i++)
		AT(s->act, dma_unmap_single(dev, sg_dma_address(&list[i]), BYTES, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void list_unmap_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, ANY_LINE, ANY_LINE};
	for (int i = 0; i < N; i++) {
		sg_dma_address(&list[i]) = dma_map_single(dev, sg_virt(&list[i]), BYTES, DMA_FROM_DEVICE);
		if (dma_mapping_error(dev, sg_dma_address(&list[i])))
			return;
	}
	AT(s->act, dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void changed_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	list[N - 1].length = 100; /* what the device has really written */
	AT(s->act, dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void changed_sync_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	list[1].offset += 16; /* past a header */
	AT(s->act, dma_sync_sg_for_cpu(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void changed_dma_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	sg_dma_address(&list[2]) += 64; /* used as a cursor */
	sg_dma_len(&list[2]) -= 64;
	AT(s->act, dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void changed_again_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	sg_init_table(list, N); /* for the next request, too early */
	AT(s->act, dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

/* Changed when it is not mapped, and behind what is. */
static void changed_legal(void)
{
	begin(64);
	if (!dma_map_sg(dev, list, N - 1, DMA_FROM_DEVICE))
		return;
	list[N - 1].length = 100;
	dma_sync_sg_for_cpu(dev, list, N - 1, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, N - 1, DMA_FROM_DEVICE);
	list[0].length = 100;
	list[1].offset += 16;
	if (dma_map_sg(dev, list, N, DMA_FROM_DEVICE))
		dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

static void twice_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	AT(s->act, dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE));
	kfree(pieces);
}

static void leak_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, ANY_LINE, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	dmasim_check_leaks();
}

static void free_wrong(struct shot *s)
{
	begin(64);
	*s = (struct shot){0, BYTES, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	AT(s->act, kfree(pieces));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
}

static void read_wrong(struct shot *s)
{
	begin(0);
	*s = (struct shot){3, 1, 0, 0, ANY_LINE};
	sink = AT(s->mapped, dma_map_sg(dev, list, N, DMA_FROM_DEVICE));
	sink = AT(s->act, GET(pieces + 2 * BYTES + 3));
	dma_unmap_sg(dev, list, N, DMA_FROM_DEVICE);
	kfree(pieces);
}

const struct scenario scatterlist_scenarios[] = {
	{"map-sg-failure-ignored", failure_wrong, failure_legal, NULL, false},
	{"map-sg-failure-ignored", failure_device_wrong, failure_legal, NULL, false},
	{"unmap-sg-wrong-nents", nents_wrong, whole_legal, NULL, false},
	{"sg-nents-vs-count", count_wrong, whole_legal, NULL, false},
	{"sg-nents-vs-count", count_sync_wrong, whole_legal, NULL, false},
	{"sg-already-mapped", again_wrong, again_legal, NULL, false},
	{"segment-too-long", long_wrong, long_legal, NULL, false},
	{"segment-crosses-boundary", boundary_wrong, boundary_legal, NULL, false},
	{"sg-changed-while-mapped", changed_wrong, changed_legal, NULL, false},
	{"sg-changed-while-mapped", changed_sync_wrong, changed_legal, NULL, false},
	{"sg-changed-while-mapped", changed_dma_wrong, changed_legal, NULL, false},
	{"sg-changed-while-mapped", changed_again_wrong, changed_legal, NULL, false},
	{"sg-list-broken", broken_wrong, chained_legal, NULL, false},
	{"sg-list-too-short", short_wrong, chained_legal, NULL, false},
	{"sync-unknown", sync_unmapped_wrong, whole_legal, NULL, false},
	{"unmap-wrong-kind", single_unmap_wrong, whole_legal, NULL, false},
	{"unmap-wrong-kind", list_unmap_wrong, whole_legal, NULL, false},
	{"double-unmap", twice_wrong, again_legal, NULL, false},
	{"mapping-leak", leak_wrong, whole_legal, NULL, false},
	{"free-while-mapped", free_wrong, whole_legal, NULL, false},
	{"cpu-read-while-device-owns", read_wrong, whole_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
