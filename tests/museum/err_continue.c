// SPDX-License-Identifier: MIT
/* ERR-CONTINUE: failure is noticed, and the device started all the same. */
#include "tests/museum/museum.h"

#define N 512

/* DB-021, mmc/sdhci: the bounce buffer cannot be mapped; its size is set to 0, but its pointer stays and is looked at. */
struct host {
	u8 *bounce;
	dma_addr_t bounce_h;
	size_t bounce_size;
};

static void host_init(struct host *host, bool fixed)
{
	host->bounce = kzalloc(N, GFP_KERNEL);
	host->bounce_size = N;
	host->bounce_h = MAP(dma_map_single(chip, host->bounce, N, DMA_BIDIRECTIONAL));
	if (!dma_mapping_error(chip, host->bounce_h))
		return;
	host->bounce_size = 0;
	if (fixed) {
		kfree(host->bounce);
		host->bounce = NULL;
	}
}

static void pointer_is_kept(bool fixed)
{
	struct host host;

	dmasim_fail_call("dma_map_single", 1);
	host_init(&host, fixed);
	if (host.bounce) {
		memset(host.bounce, 0xff, 64);
		ACT(dmasim_device_read(chip, host.bounce_h, wire, 64));
	}
}

/* DB-235, net/vmxnet3: the optional data ring could not be allocated, yet the device is told that it has one. */
static void ring_of_nothing(bool fixed)
{
	struct {
		u64 addr;
		u32 size;
	} shared = {0, 0};
	dma_addr_t h = 0;
	void *ring;

	dmasim_fail_call("dma_alloc_coherent", 1);
	ring = dma_alloc_coherent(chip, 128 * 16, &h, GFP_KERNEL);
	shared.addr = ring ? h : 0;
	shared.size = fixed && !ring ? 0 : 128;
	if (shared.size)
		ACT(dmasim_device_write(chip, shared.addr, wire, shared.size));
}

const struct museum_record err_continue_records[] = {
	RECORD("DB-021", "mapping failed, the pointer is still used", "error-cookie-used", pointer_is_kept),
	RECORD("DB-235", "a ring that could not be allocated is announced", "device-access-unmapped", ring_of_nothing),
	{.id = NULL},
};
