// SPDX-License-Identifier: MIT
/* BADCHECK: the result of mapping is asked, but in the wrong way. */
#include "tests/museum/museum.h"

#define N 512

/* DB-005, usb/tegra-xudc: a helper that says 0 for "no such address", and a caller that knows another failure value. */
struct trb_ring {
	u8 *v;
	dma_addr_t h;
};

static dma_addr_t trb_address(const struct trb_ring *r, const u8 *trb)
{
	if (trb < r->v || trb >= r->v + N)
		return 0;
	return r->h + (dma_addr_t)(trb - r->v);
}

static void zero_for_failure(bool fixed)
{
	struct trb_ring r;
	dma_addr_t a;

	r.v = dma_alloc_coherent(chip, N, &r.h, GFP_KERNEL);
	if (!r.v)
		return;
	a = trb_address(&r, r.v + N);
	if (fixed ? a != 0 : !dma_mapping_error(chip, a))
		ACT(dmasim_device_read(chip, a, wire, 16));
	dma_free_coherent(chip, N, r.v, r.h);
}

/* DB-055, linuxkpi: the wrapper turns a count of segments into an error number, and no segments into success. */
static int map_table(struct sg_table *t, bool fixed)
{
	int n = MAP(dma_map_sg(chip, t->sgl, (int)t->orig_nents, DMA_TO_DEVICE));

	if (fixed && n == 0)
		return -ENOMEM;
	t->nents = (unsigned int)n;
	return 0;
}

static void failure_becomes_success(bool fixed)
{
	u8 *buf = kzalloc(N, GFP_KERNEL);
	struct sg_table t;

	if (sg_alloc_table(&t, 1, GFP_KERNEL))
		return;
	sg_set_buf(t.sgl, buf, N);
	dmasim_fail_call("dma_map_sg", 1);
	if (!map_table(&t, fixed))
		ACT(dmasim_device_read(chip, sg_dma_address(t.sgl), wire, N));
	sg_free_table(&t);
	kfree(buf);
}

/* DB-192, scsi/myrs, drm/tegra: coherent memory is asked for by its handle, which failure leaves as it was. */
static void coherent_asked_by_handle(bool fixed)
{
	dma_addr_t h = 0;
	u32 *mailbox;

	dmasim_fail_call("dma_alloc_coherent", 1);
	mailbox = dma_alloc_coherent(chip, N, &h, GFP_KERNEL);
	if (fixed ? !mailbox : dma_mapping_error(chip, h))
		return;
	ACT(dmasim_device_write(chip, h, wire, 16));
	if (mailbox)
		dma_free_coherent(chip, N, mailbox, h);
}

/* DB-254, serial/msm: the count of segments is taken for an error number, so success looks like failure. */
static int start_rx(struct scatterlist *sg, bool fixed)
{
	int ret = MAP(dma_map_sg(chip, sg, 1, DMA_FROM_DEVICE));

	if (fixed ? ret == 0 : ret != 0)
		return -EIO;
	dmasim_device_write(chip, sg_dma_address(sg), wire, 64);
	dma_unmap_sg(chip, sg, 1, DMA_FROM_DEVICE);
	return 0;
}

static void success_looks_like_failure(bool fixed)
{
	u8 *fifo = kzalloc(N, GFP_KERNEL);
	struct scatterlist sg;

	sg_init_one(&sg, fifo, N);
	start_rx(&sg, fixed);
	ACT(kfree(fifo));
}

const struct museum_record badcheck_records[] = {
	RECORD("DB-005", "0 for failure, and a check for another value", "device-access-unmapped", zero_for_failure),
	RECORD("DB-055", "a wrapper makes success of failure", "map-sg-failure-ignored", failure_becomes_success),
	RECORD("DB-192", "the handle of a failed allocation is asked", "device-access-unmapped",
	       coherent_asked_by_handle),
	RECORD("DB-254", "a count taken for an error number", "free-while-mapped", success_looks_like_failure),
	{.id = NULL},
};
