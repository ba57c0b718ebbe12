// SPDX-License-Identifier: MIT
/* DEV-UAF: unmapped or freed while the device can still use it. */
#include "tests/museum/museum.h"

#define N 512

/* A device that does what it was told some time ago. */
static struct late {
	dma_addr_t h;
	size_t n;
	bool reset;
} late;

static void late_write(void *arg)
{
	struct late *l = arg;

	if (!l->reset)
		dmasim_device_write(chip, l->h, wire, l->n);
}

static void late_read(void *arg)
{
	struct late *l = arg;

	if (!l->reset)
		dmasim_device_read(chip, l->h, wire, l->n);
}

/* DB-024, net/enetc: a command times out and its buffer is freed, though the hardware has not given it up. */
static void command_times_out(bool fixed)
{
	dma_addr_t h;
	u32 *v = MAP(dma_alloc_coherent(chip, 64, &h, GFP_KERNEL));

	if (!v)
		return;
	dmasim_device_start_write(chip, h, wire, 64, 3000000, NULL, NULL);
	for (int ms = 0; ms < 2 && !READ_ONCE(v[0]); ms++)
		msleep(1);
	if (fixed)
		dmasim_device_cancel_transfers(chip); /* the ring is disabled */
	ACT(dma_free_coherent(chip, 64, v, h));
}

/* DB-041, net/stmmac: one mapping for three descriptors, cleaned up with the first of them. */
static void first_of_three(bool fixed)
{
	u8 *skb = kzalloc(3 * N, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, skb, 3 * N, DMA_TO_DEVICE)), unmap_with[3] = {0};

	if (dma_mapping_error(chip, h))
		return;
	unmap_with[fixed ? 2 : 0] = h;
	for (int i = 0; i < 3; i++) {
		ACT(dmasim_device_read(chip, h + i * N, wire, N)); /* and its descriptor is done */
		if (unmap_with[i])
			dma_unmap_single(chip, unmap_with[i], 3 * N, DMA_TO_DEVICE);
	}
	kfree(skb);
}

/* DB-044, spi/tegra114: after a timeout neither the channel nor the controller is stopped. */
static int spi_transfer(u8 *rx, bool fixed)
{
	DECLARE_COMPLETION_ONSTACK(done);
	dma_addr_t h = MAP(dma_map_single(chip, rx, N, DMA_FROM_DEVICE));
	int err = 0;

	if (dma_mapping_error(chip, h))
		return -ENOMEM;
	dmasim_device_start_write(chip, h, wire, N, 20000000, NULL, NULL);
	if (!wait_for_completion_timeout(&done, msecs_to_jiffies(10))) {
		err = -ETIMEDOUT;
		if (fixed)
			dmasim_device_cancel_transfers(chip);
	}
	ACT(dma_unmap_single(chip, h, N, DMA_FROM_DEVICE));
	return err;
}

static void transfer_not_stopped(bool fixed)
{
	u8 *rx = kzalloc(N, GFP_KERNEL);

	if (spi_transfer(rx, fixed) == -ETIMEDOUT)
		msleep(15);
	kfree(rx);
}

/* DB-060, net/ravb, ioc3-eth: remove frees the ring before the interface, and with it the hardware, is stopped. */
static void poll_ring(void *arg)
{
	struct late *l = arg;

	if (l->reset)
		return;
	dmasim_device_read(chip, l->h, wire, 16);
	dmasim_device_after(chip, 1000, poll_ring, l);
}

static void ring_freed_first(bool fixed)
{
	void *ring = MAP(dma_alloc_coherent(chip, 4096, &late.h, GFP_KERNEL));

	late.reset = false;
	poll_ring(&late);
	udelay(5);
	late.reset = fixed;
	dma_free_coherent(chip, 4096, ring, late.h);
	udelay(5); /* what else there is to undo */
	late.reset = true;
}

/* DB-096, usb/dwc3, uvc gadget: requests go back to their owner while the command that ends the transfer is pending. */
static void given_back_early(bool fixed)
{
	u8 *req = kzalloc(1024, GFP_KERNEL);

	late = (struct late){.n = 64};
	late.h = MAP(dma_map_single(chip, req, 1024, DMA_FROM_DEVICE));
	if (dma_mapping_error(chip, late.h))
		return;
	dmasim_device_after(chip, 2000, late_write, &late);
	/* unplugged: "end transfer" is issued, and takes 5 us */
	if (fixed)
		udelay(5);
	dma_unmap_single(chip, late.h, 1024, DMA_FROM_DEVICE);
	udelay(5);
	kfree(req);
}

/* DB-097, net/ll_temac: the packet hangs on the first of its descriptors, and dies with it. */
static void dies_with_the_first(bool fixed)
{
	u8 *skb = kzalloc(2 * N, GFP_KERNEL);
	dma_addr_t head = dma_map_single(chip, skb, N, DMA_TO_DEVICE), frag;

	if (dma_mapping_error(chip, head))
		return;
	frag = MAP(dma_map_single(chip, skb + N, N, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, frag))
		return;
	dmasim_device_read(chip, head, wire, N);
	dma_unmap_single(chip, head, N, DMA_TO_DEVICE);
	if (!fixed)
		ACT(kfree(skb));
	dmasim_device_read(chip, frag, wire, N);
	dma_unmap_single(chip, frag, N, DMA_TO_DEVICE);
	if (fixed)
		kfree(skb);
}

/* DB-154, drm/nouveau gsp: what was freed after the start is what the firmware reads when it wakes up again. */
static void read_again_at_resume(bool fixed)
{
	dma_addr_t h;
	void *image = MAP(dma_alloc_coherent(chip, 4096, &h, GFP_KERNEL));

	if (!image)
		return;
	dmasim_device_read(chip, h, wire, 4096); /* it starts */
	if (!fixed)
		dma_free_coherent(chip, 4096, image, h);
	ACT(dmasim_device_read(chip, h + 256, wire, 64)); /* it resumes */
	if (fixed)
		dma_free_coherent(chip, 4096, image, h);
}

/* DB-155, mmc/sdhci: a command's error unmaps the data, and only then is the data engine reset. */
static void unmapped_before_reset(bool fixed)
{
	u8 *block = kzalloc(N, GFP_KERNEL);
	struct scatterlist sg;

	sg_init_one(&sg, block, N);
	if (!MAP(dma_map_sg(chip, &sg, 1, DMA_FROM_DEVICE)))
		return;
	dmasim_device_start_write(chip, sg_dma_address(&sg), wire, N, 4000, NULL, NULL);
	udelay(1); /* the command fails */
	if (fixed)
		dmasim_device_cancel_transfers(chip);
	ACT(dma_unmap_sg(chip, &sg, 1, DMA_FROM_DEVICE));
	dmasim_device_cancel_transfers(chip);
	kfree(block);
}

/* DB-165, wifi/mt76: recovery frees what is queued to be sent, and then resets the part that sends it. */
static void recovery(bool fixed)
{
	u8 *skb = kzalloc(N, GFP_KERNEL);

	late = (struct late){.n = N};
	late.h = MAP(dma_map_single(chip, skb, N, DMA_TO_DEVICE));
	if (dma_mapping_error(chip, late.h))
		return;
	dmasim_device_after(chip, 1500, late_read, &late);
	if (fixed)
		late.reset = true;
	dma_unmap_single(chip, late.h, N, DMA_TO_DEVICE);
	kfree(skb);
	usleep_range(10, 20); /* the firmware is told */
	late.reset = true;
}

/* DB-274, dmaengine/idxd: completion records are freed, then the work that refers to them is flushed. */
static void records_freed_then_flushed(bool fixed)
{
	struct dma_pool *pool = dma_pool_create("records", chip, 32, 32, 0);
	u8 status = 1;
	dma_addr_t h;
	u8 *record = MAP(dma_pool_zalloc(pool, GFP_KERNEL, &h));

	if (!fixed)
		dma_pool_free(pool, record, h);
	ACT(dmasim_device_write(chip, h, &status, 1)); /* pending work ends */
	if (fixed)
		dma_pool_free(pool, record, h);
	dma_pool_destroy(pool);
}

/* DB-275, wifi/wcn36xx: the ring's buffers are freed with their descriptors armed. */
static void buffers_of_an_armed_ring(bool fixed)
{
	struct {
		dma_addr_t h;
		u8 *skb;
		bool armed;
	} ring[4];

	for (int i = 0; i < 4; i++) {
		ring[i].skb = kzalloc(N, GFP_KERNEL);
		ring[i].h = MAP(dma_map_single(chip, ring[i].skb, N, DMA_FROM_DEVICE));
		ring[i].armed = !dma_mapping_error(chip, ring[i].h);
	}
	for (int i = 0; i < 4; i++) {
		if (fixed)
			ring[i].armed = false; /* the channel is reset */
		dma_unmap_single(chip, ring[i].h, N, DMA_FROM_DEVICE);
		kfree(ring[i].skb);
	}
	if (ring[2].armed)
		ACT(dmasim_device_write(chip, ring[2].h, wire, 200));
}

/* DB-295, usb/core: the test sends SETUP, unmaps the request, and 15 s later has the controller do the rest of it. */
static void one_step_at_a_time(bool fixed)
{
	u8 *urb = kzalloc(18, GFP_KERNEL);
	dma_addr_t h = MAP(dma_map_single(chip, urb, 18, DMA_FROM_DEVICE));

	if (dma_mapping_error(chip, h))
		return;
	if (!fixed)
		dma_unmap_single(chip, h, 18, DMA_FROM_DEVICE);
	msleep(15000);
	ACT(dmasim_device_write(chip, h, wire, 18));
	if (fixed)
		dma_unmap_single(chip, h, 18, DMA_FROM_DEVICE);
	kfree(urb);
}

const struct museum_record dev_uaf_records[] = {
	RECORD("DB-024", "a command times out, its buffer is freed", "unmap-while-dma-active", command_times_out),
	RECORD("DB-041", "one mapping, three descriptors, cleaned up with the first", "device-access-after-unmap",
	       first_of_three),
	RECORD("DB-044", "nothing is stopped after a timeout", "unmap-while-dma-active", transfer_not_stopped),
	RECORD("DB-060", "the ring is freed before the hardware stops", "device-access-after-unmap", ring_freed_first),
	RECORD("DB-096", "given back while the end of the transfer is pending", "device-access-after-unmap",
	       given_back_early),
	RECORD("DB-097", "the packet dies with its first descriptor", "free-while-mapped", dies_with_the_first),
	RECORD("DB-154", "freed after the start, read again at resume", "device-access-after-unmap",
	       read_again_at_resume),
	RECORD("DB-155", "unmapped before the engine is reset", "unmap-while-dma-active", unmapped_before_reset),
	RECORD("DB-165", "freed before the reset", "device-access-after-unmap", recovery),
	RECORD("DB-274", "records freed before pending work is flushed", "device-access-after-unmap",
	       records_freed_then_flushed),
	RECORD("DB-275", "the ring is armed, its buffers are freed", "device-access-after-unmap",
	       buffers_of_an_armed_ring),
	RECORD("DB-295", "unmapped between two stages of one request", "device-access-after-unmap", one_step_at_a_time),
	{.id = NULL},
};
