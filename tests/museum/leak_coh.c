// SPDX-License-Identifier: MIT
/* LEAK-COH: coherent memory or a pool outlives its owner. Told when the device goes away. */
#include "tests/museum/museum.h"

#define RING (256 * 16)

/* DB-016, net/libwx: the ring is there, but the pool of its buffers cannot be made. */
static int ring_setup(bool fixed)
{
	dma_addr_t h;
	void *descs = MAP(dma_alloc_coherent(chip, RING, &h, GFP_KERNEL));
	void *buffers;

	if (!descs)
		return -ENOMEM;
	dmasim_fail_call("kmalloc", 1);
	buffers = kcalloc(256, sizeof(void *), GFP_KERNEL);
	if (!buffers) {
		if (fixed)
			dma_free_coherent(chip, RING, descs, h);
		return -ENOMEM;
	}
	kfree(buffers);
	dma_free_coherent(chip, RING, descs, h);
	return 0;
}

static void no_pool_for_the_ring(bool fixed)
{
	ring_setup(fixed);
}

/* DB-035, fbdev/sh7760fb: the helper that frees looks at a field that is set only at the very end. */
struct screen {
	void *base; /* what the frame buffer core shows: set when all is well */
	void *mem;
	dma_addr_t h;
};

static void free_mem(struct screen *s, bool fixed)
{
	if (!fixed && !s->base)
		return;
	dma_free_coherent(chip, 4 * PAGE_SIZE, s->mem, s->h);
	s->mem = NULL;
}

static void free_does_nothing(bool fixed)
{
	struct screen s = {.base = NULL};
	int err = -EINVAL; /* the mode does not suit the panel */

	s.mem = MAP(dma_alloc_coherent(chip, 4 * PAGE_SIZE, &s.h, GFP_KERNEL));
	if (!s.mem)
		return;
	if (err)
		goto fail;
	s.base = s.mem;
	return;
fail:
	free_mem(&s, fixed);
}

/* DB-059, scsi/mpi3mr: remove frees the queues and forgets the page for configuration requests. */
struct adapter {
	void *queue[2], *config;
	dma_addr_t queue_h[2], config_h;
};

static void adapter_remove(struct adapter *a, bool fixed)
{
	for (int i = 0; i < 2; i++)
		dma_free_coherent(chip, RING, a->queue[i], a->queue_h[i]);
	if (fixed)
		dma_free_coherent(chip, 1024, a->config, a->config_h);
}

static void config_page_forgotten(bool fixed)
{
	struct adapter a;

	for (int i = 0; i < 2; i++)
		a.queue[i] = dma_alloc_coherent(chip, RING, &a.queue_h[i], GFP_KERNEL);
	a.config = MAP(dma_alloc_coherent(chip, 1024, &a.config_h, GFP_KERNEL));
	dmasim_device_write(chip, a.config_h, wire, 256);
	adapter_remove(&a, fixed);
}

/* DB-109, drm/nouveau gsp: buffers that the firmware needs to boot are never given back. */
static void boot_buffers(bool fixed)
{
	static const size_t sizes[] = {4096, 65536, 8192};
	dma_addr_t h[3];
	void *v[3];

	for (int i = 0; i < 3; i++) {
		v[i] = MAP(dma_alloc_coherent(chip, sizes[i], &h[i], GFP_KERNEL));
		if (!v[i])
			return;
		dmasim_device_read(chip, h[i], wire, 4096);
	}
	for (int i = 0; i < 3 && fixed; i++)
		dma_free_coherent(chip, sizes[i], v[i], h[i]);
}

/* DB-329, dmaengine/omap-dma: the device cannot be registered, and the pool of descriptors stays. */
static int engine_probe(bool fixed)
{
	struct dma_pool *pool = MAP(dma_pool_create("descs", chip, 64, 32, 0));
	void *table;

	if (!pool)
		return -ENOMEM;
	dmasim_fail_call("kzalloc", 1);
	table = kzalloc(512, GFP_KERNEL);
	if (!table) {
		if (fixed)
			dma_pool_destroy(pool);
		return -ENOMEM;
	}
	kfree(table);
	dma_pool_destroy(pool);
	return 0;
}

static void pool_after_failed_probe(bool fixed)
{
	engine_probe(fixed);
}

const struct museum_record leak_coh_records[] = {
	RECORD("DB-016", "the ring stays when its buffers fail", "mapping-leak", no_pool_for_the_ring),
	RECORD("DB-035", "the helper that frees does nothing yet", "mapping-leak", free_does_nothing),
	RECORD("DB-059", "remove forgets one buffer", "mapping-leak", config_page_forgotten),
	RECORD("DB-109", "boot buffers are never freed", "mapping-leak", boot_buffers),
	RECORD("DB-329", "the pool stays when probe fails", "pool-leak", pool_after_failed_probe),
	{.id = NULL},
};
