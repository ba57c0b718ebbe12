// SPDX-License-Identifier: MIT
/* CONTEXT: called where, or with flags, it may not be. */
#include "tests/museum/museum.h"

/* DB-318, rdma/hfi1 and others, litepcie: flags that ask for a zone, or for a compound page, of coherent memory. */
static void flags_for_pages(bool fixed)
{
	dma_addr_t h;
	void *v = ACT(dma_alloc_coherent(chip, 8192, &h, fixed ? GFP_KERNEL : GFP_KERNEL | __GFP_COMP));

	if (v)
		dma_free_coherent(chip, 8192, v, h);
}

/* DB-319, dmaengine/dma-axi-dmac: a descriptor is freed by the tasklet of its channel. */
static struct {
	void *v;
	dma_addr_t h;
	bool keep;
	struct tasklet_struct tasklet;
} desc;

static void channel_tasklet(struct tasklet_struct *t)
{
	(void)t;
	if (!desc.keep)
		ACT(dma_free_coherent(chip, 256, desc.v, desc.h));
}

static void freed_by_the_tasklet(bool fixed)
{
	desc.keep = fixed;
	desc.v = dma_alloc_coherent(chip, 256, &desc.h, GFP_KERNEL);
	tasklet_setup(&desc.tasklet, channel_tasklet);
	tasklet_schedule(&desc.tasklet);
	tasklet_kill(&desc.tasklet);
	if (fixed) /* where it may sleep */
		dma_free_coherent(chip, 256, desc.v, desc.h);
}

const struct museum_record context_records[] = {
	RECORD("DB-318", "flags that coherent memory does not take", "kernel-warning", flags_for_pages),
	RECORD("DB-319", "coherent memory is freed by a tasklet", "coherent-free-in-atomic", freed_by_the_tasklet),
	{.id = NULL},
};
