// SPDX-License-Identifier: MIT
/*
 * Blind spots: the same rules, broken in ways that the kernel's own debugging does not see. Each is a mistake that real
 * drivers make and that works on most machines.
 */
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/scatterlist.h>
#include "tests/rules/rules.h"

#define N 256

static const struct shot somewhere = {ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
static uint8_t data[4 * N];

/* ---- addresses ---- */

/* The upper half goes lost in a u32 of the driver's. */
static void half_wrong(struct shot *s)
{
	uint8_t *buf;
	dma_addr_t bus;
	u32 kept;

	if (dma_set_mask(dev, DMA_BIT_MASK(64)))
		return;
	buf = kzalloc(N, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, bus))
		return;
	*s = somewhere;
	kept = (u32)bus;
	AT(s->act, dmasim_device_read(dev, kept, data, 16));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void half_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE); /* a mask of 32 bits: the half is all of it */

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_read(dev, (u32)bus, data, 16);
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* Mapped for the parent, used by the child that masters the bus. */
static void other_device_wrong(struct shot *s)
{
	struct device *parent = dmasim_device_create("parent0");
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	int line;
	dma_addr_t bus = AT(line, dma_map_single(parent, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(parent, bus))
		return;
	*s = somewhere;
	s->mapped = line; /* whose address it is, on every machine */
	AT(s->act, dmasim_device_read(dev, bus, data, 16));
	dma_unmap_single(parent, bus, N, DMA_TO_DEVICE);
	kfree(buf);
	dmasim_device_destroy(parent);
}

static void own_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_read(dev, bus, data, 16);
	dmasim_device_write(dev, bus, data, 16);
	dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

/* The widest mask set last, for a device of which one function drives fewer lines. */
static void narrow_wrong(struct shot *s)
{
	uint8_t *buf;
	dma_addr_t bus;

	if (dma_set_mask(dev, DMA_BIT_MASK(32)) || dma_set_mask(dev, DMA_BIT_MASK(64)))
		return;
	buf = kzalloc(N, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, bus))
		return;
	*s = somewhere;
	dmasim_device_set_address_bits(dev, 24);
	AT(s->act, dmasim_device_read(dev, bus, data, 16));
	dmasim_device_set_address_bits(dev, 64);
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* Registers of a peer, mapped as if they had a page. */
static void registers_wrong(struct shot *s)
{
	dma_addr_t bus;

	*s = somewhere;
	s->mapped = s->handed = 0;
	bus = AT(s->act, dma_map_phys(dev, 0xfe000000, N, DMA_TO_DEVICE, 0));
	if (!dma_mapping_error(dev, bus))
		dma_unmap_phys(dev, bus, N, DMA_TO_DEVICE, 0);
}

static void registers_legal(void)
{
	dma_addr_t bus = dma_map_phys(dev, 0xfe000000, N, DMA_TO_DEVICE, DMA_ATTR_MMIO);

	if (!dma_mapping_error(dev, bus))
		dma_unmap_phys(dev, bus, N, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/* A descriptor keeps the handle, and the device writes its status over it. */
static void read_back_wrong(struct shot *s)
{
	struct descriptor {
		u64 address, status;
	} * ring;
	dma_addr_t handle, bus;
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	ring = dma_alloc_coherent(dev, sizeof(*ring), &handle, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);
	if (!ring || dma_mapping_error(dev, bus))
		return;
	ring->address = bus;
	dmasim_device_write(dev, handle, &(u64){(u64)N << 48 | 0x1234}, 8);
	*s = somewhere;
	AT(s->act, dma_unmap_single(dev, ring->address, N, DMA_FROM_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	dma_free_coherent(dev, sizeof(*ring), ring, handle);
	kfree(buf);
}

static void read_back_legal(void)
{
	struct descriptor {
		u64 address, status;
	} * ring;
	dma_addr_t handle, bus;
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	ring = dma_alloc_coherent(dev, sizeof(*ring), &handle, GFP_KERNEL);
	bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);
	if (!ring || dma_mapping_error(dev, bus))
		return;
	ring->address = bus;
	dmasim_device_write(dev, handle + 8, &(u64){1}, 8); /* the status has a word of its own */
	dma_unmap_single(dev, bus, N, DMA_FROM_DEVICE);
	dma_free_coherent(dev, sizeof(*ring), ring, handle);
	kfree(buf);
}

/* ---- results ---- */

/* Zero and all ones are looked for by hand. */
static void by_hand_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (!bus || bus == ~(dma_addr_t)0)
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dmasim_device_read(dev, bus, data, 16));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* One buffer mapped twice at one address, for two fragments; one of the calls is asked for its error. */
static void credited_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t a = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE)), b;

	b = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, b))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	dma_unmap_single(dev, b, N, DMA_TO_DEVICE);
	AT(s->act, dma_unmap_single(dev, a, N, DMA_TO_DEVICE));
	kfree(buf);
}

static void credited_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t a = dma_map_single(dev, buf, N, DMA_TO_DEVICE), b = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, a) || dma_mapping_error(dev, b))
		return;
	dma_unmap_single(dev, a, N, DMA_TO_DEVICE);
	dma_unmap_single(dev, b, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void resource_cookie_wrong(struct shot *s)
{
	dma_addr_t bus;

	dmasim_fail_call("dma_map_resource", 1);
	bus = AT(s->mapped, dma_map_resource(dev, 0xfe000000, N, DMA_TO_DEVICE, 0));
	s->size = N;
	AT(s->act, dma_unmap_resource(dev, bus, N, DMA_TO_DEVICE, 0));
}

static void resource_cookie_legal(void)
{
	dma_addr_t bus;

	dmasim_fail_call("dma_map_resource", 1);
	bus = dma_map_resource(dev, 0xfe000000, N, DMA_TO_DEVICE, 0);
	if (!dma_mapping_error(dev, bus))
		dma_unmap_resource(dev, bus, N, DMA_TO_DEVICE, 0);
}

/* ---- error paths ---- */

static int start_two(struct device *d, uint8_t *buf, dma_addr_t bus[2], int *line, bool unwind)
{
	bus[0] = AT(*line, dma_map_single(d, buf, N, DMA_TO_DEVICE));
	if (dma_mapping_error(d, bus[0]))
		return -ENOMEM;
	bus[1] = dma_map_single(d, buf + N, N, DMA_TO_DEVICE);
	if (!dma_mapping_error(d, bus[1]))
		return 0;
	if (unwind)
		dma_unmap_single(d, bus[0], N, DMA_TO_DEVICE);
	return -ENOMEM;
}

/* The second map fails, and the first is forgotten: no device goes away, no driver is unbound. */
static void unwound_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(2 * N, GFP_KERNEL);
	dma_addr_t bus[2];

	*s = (struct shot){0, N, ANY_LINE, 0, ANY_LINE};
	dmasim_fail_call("dma_map_single", 2);
	if (start_two(dev, buf, bus, &s->mapped, false))
		dmasim_check_leaks();
	dma_unmap_single(dev, bus[0], N, DMA_TO_DEVICE);
	kfree(buf);
}

static void unwound_legal(void)
{
	uint8_t *buf = kzalloc(2 * N, GFP_KERNEL);
	dma_addr_t bus[2];
	int line;

	dmasim_fail_call("dma_map_single", 2);
	if (!start_two(dev, buf, bus, &line, true))
		dma_unmap_single(dev, bus[0], N, DMA_TO_DEVICE);
	kfree(buf);
}

/* The loop that undoes starts one too early, and ends a mapping that the last packet still has. */
static void others_mapping_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(3 * N, GFP_KERNEL);
	dma_addr_t ring[3];

	for (int i = 0; i < 3; i++) {
		ring[i] = AT(s->mapped, dma_map_single(dev, buf + i * N, N, DMA_TO_DEVICE));
		if (dma_mapping_error(dev, ring[i]))
			return;
		if (i == 0)
			s->offset = (size_t)s->mapped;
	}
	*s = (struct shot){0, 16, 0, (int)s->offset, ANY_LINE};
	for (int i = 2; i >= 0; i--) /* entry 0 is not this packet's */
		dma_unmap_single(dev, ring[i], N, DMA_TO_DEVICE);
	AT(s->act, dmasim_device_read(dev, ring[0], data, 16));
	kfree(buf);
}

static void others_mapping_legal(void)
{
	uint8_t *buf = kzalloc(3 * N, GFP_KERNEL);
	dma_addr_t ring[3];

	for (int i = 0; i < 3; i++) {
		ring[i] = dma_map_single(dev, buf + i * N, N, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, ring[i]))
			return;
	}
	for (int i = 2; i > 0; i--)
		dma_unmap_single(dev, ring[i], N, DMA_TO_DEVICE);
	dmasim_device_read(dev, ring[0], data, 16);
	dma_unmap_single(dev, ring[0], N, DMA_TO_DEVICE);
	kfree(buf);
}

/* ---- hand-overs ---- */

/* Unmapped without a hand-over, as page pools do, and read without the sync that this promises. */
static void skipped_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_write(dev, bus, data, 64);
	s->handed = ANY_LINE;
	s->offset = 8;
	s->size = 1;
	dma_unmap_single_attrs(dev, bus, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	sink = AT(s->act, GET(buf + 8));
	kfree(buf);
}

static void skipped_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_write(dev, bus, data, 64);
	dma_sync_single_for_cpu(dev, bus, 64, DMA_FROM_DEVICE);
	dma_unmap_single_attrs(dev, bus, N, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	sink = GET(buf + 8);
	kfree(buf);
}

/* Synced, but not where the device wrote: the offset of another packet. */
static void elsewhere_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(4 * N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, 4 * N, DMA_FROM_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = s->mapped;
	dmasim_device_write(dev, bus + N, data, N);
	dma_sync_single_range_for_cpu(dev, bus, 2 * N, N, DMA_FROM_DEVICE);
	s->offset = N;
	s->size = 1;
	sink = AT(s->act, GET(buf + N));
	dma_unmap_single(dev, bus, 4 * N, DMA_FROM_DEVICE);
	kfree(buf);
}

static void elsewhere_legal(void)
{
	uint8_t *buf = kzalloc(4 * N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, 4 * N, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dmasim_device_write(dev, bus + N, data, N);
	dma_sync_single_range_for_cpu(dev, bus, N, N, DMA_FROM_DEVICE);
	sink = GET(buf + N);
	dma_unmap_single(dev, bus, 4 * N, DMA_FROM_DEVICE);
	kfree(buf);
}

/* What the device only reads, synced as if it had been written. */
static void read_only_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_TO_DEVICE));

	if (dma_mapping_error(dev, bus))
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE));
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

static void read_only_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_TO_DEVICE);
	dma_sync_single_for_device(dev, bus, N, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	kfree(buf);
}

/* Both sides write, and only one way is synced: what the CPU wrote stays with the CPU. */
static void half_synced_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = AT(s->mapped, dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL));

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	PUT(buf + 4, 0x5a);
	AT(s->handed, dma_sync_single_for_device(dev, bus, N, DMA_FROM_DEVICE));
	s->offset = 4;
	s->size = 1;
	AT(s->act, dmasim_device_read(dev, bus, data, 16));
	dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

static void half_synced_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(dev, buf, N, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(dev, bus))
		return;
	dma_sync_single_for_cpu(dev, bus, N, DMA_FROM_DEVICE);
	PUT(buf + 4, 0x5a);
	dma_sync_single_for_device(dev, bus, N, DMA_TO_DEVICE);
	dmasim_device_read(dev, bus, data, 16);
	dma_unmap_single(dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
}

/* ---- memory ---- */

/* Two buffers that meet in the middle of a line far from where either starts; the first is only read. */
static void tail_wrong(struct shot *s)
{
	uint8_t *buf = kzalloc(4 * N, GFP_KERNEL);
	dma_addr_t a = AT(s->mapped, dma_map_single(dev, buf, 3 * N + 8, DMA_TO_DEVICE)), b;

	if (dma_mapping_error(dev, a))
		return;
	*s = (struct shot){3 * N, 8, 0, s->mapped, ANY_LINE};
	b = AT(s->act, dma_map_single(dev, buf + 3 * N, N, DMA_FROM_DEVICE));
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, N, DMA_FROM_DEVICE);
	dma_unmap_single(dev, a, 3 * N + 8, DMA_TO_DEVICE);
	kfree(buf);
}

static void tail_legal(void)
{
	uint8_t *buf = kzalloc(4 * N, GFP_KERNEL);
	dma_addr_t a = dma_map_single(dev, buf, 3 * N, DMA_TO_DEVICE), b;

	if (dma_mapping_error(dev, a))
		return;
	b = dma_map_single(dev, buf + 3 * N, N, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, b))
		dma_unmap_single(dev, b, N, DMA_FROM_DEVICE);
	dma_unmap_single(dev, a, 3 * N, DMA_TO_DEVICE);
	kfree(buf);
}

static struct on_stack {
	uint8_t *buf;
	int line;
} on_stack;

static int map_it(void *arg)
{
	struct on_stack *o = arg;
	dma_addr_t bus = AT(o->line, dma_map_single(dev, o->buf, N, DMA_TO_DEVICE));

	if (!dma_mapping_error(dev, bus))
		dma_unmap_single(dev, bus, N, DMA_TO_DEVICE);
	return 0;
}

static void map_in_thread(struct shot *s, uint8_t *buf)
{
	struct task_struct *task;

	on_stack.buf = buf;
	task = kthread_run(map_it, &on_stack, "mapper");
	if (IS_ERR(task))
		return;
	dmasim_run_until_idle(1000000);
	if (s)
		*s = (struct shot){0, N, on_stack.line, 0, 0};
}

/* A buffer on the stack of the task that waits for this one. */
static void waiters_stack_wrong(struct shot *s)
{
	uint8_t local[N];

	local[0] = 1;
	map_in_thread(s, local);
}

static void waiters_heap_legal(void)
{
	uint8_t *buf = kzalloc(N, GFP_KERNEL);

	map_in_thread(NULL, buf);
	kfree(buf);
}

/* ---- contexts ---- */

/* dma_free_coherent() where the streaming calls would do: in the handler that saw the last transfer end. */
static struct handler {
	void *ring;
	dma_addr_t handle;
	int line;
	bool coherent;
} handler;

static irqreturn_t free_it(int irq, void *arg)
{
	struct handler *h = arg;

	(void)irq;
	if (h->coherent)
		AT(h->line, dma_free_coherent(dev, N, h->ring, h->handle));
	else
		dma_unmap_single(dev, h->handle, N, DMA_TO_DEVICE);
	return IRQ_HANDLED;
}

static void in_handler(bool coherent)
{
	struct device *d = dmasim_device_create("dad1");
	int irq = dmasim_device_irq(d);
	void *buf = NULL;

	handler.coherent = coherent;
	if (coherent) {
		handler.ring = dma_alloc_coherent(dev, N, &handler.handle, GFP_KERNEL);
	} else {
		buf = kzalloc(N, GFP_KERNEL);
		handler.handle = dma_map_single(dev, buf, N, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, handler.handle))
			return;
	}
	if (request_irq((unsigned int)irq, free_it, 0, "dad1", &handler))
		return;
	dmasim_device_raise_irq(d);
	dmasim_run_for(1000);
	free_irq((unsigned int)irq, &handler);
	dmasim_device_destroy(d);
	kfree(buf);
}

static void freed_in_handler_wrong(struct shot *s)
{
	in_handler(true);
	*s = (struct shot){ANY_SIZE, N, handler.line, ANY_LINE, ANY_LINE};
}

static void unmapped_in_handler_legal(void)
{
	in_handler(false);
}

static void coherent_in_flight_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *ring = AT(s->mapped, dma_alloc_coherent(dev, N, &handle, GFP_KERNEL));

	if (!ring)
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, s->mapped, ANY_LINE};
	dmasim_device_start_write(dev, handle, data, 64, 1000, NULL, NULL);
	AT(s->act, dma_free_coherent(dev, N, ring, handle));
	dmasim_run_until_idle(10000);
}

static void coherent_in_flight_legal(void)
{
	dma_addr_t handle;
	void *ring = dma_alloc_coherent(dev, N, &handle, GFP_KERNEL);

	if (!ring)
		return;
	dmasim_device_start_write(dev, handle, data, 64, 1000, NULL, NULL);
	dmasim_run_until_idle(10000);
	dma_free_coherent(dev, N, ring, handle);
}

/* Allocated without a kernel mapping, freed as if it had one: the kernel takes the cookie for an address. */
static void attributes_wrong(struct shot *s)
{
	dma_addr_t handle;
	void *cookie = AT(s->mapped, dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING));

	if (!cookie)
		return;
	s->handed = ANY_LINE;
	s->size = N;
	AT(s->act, dma_free_coherent(dev, N, cookie, handle));
}

static void attributes_legal(void)
{
	dma_addr_t handle;
	void *cookie = dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_NO_KERNEL_MAPPING);
	void *frame;

	dma_free_attrs(dev, N, cookie, handle, DMA_ATTR_NO_KERNEL_MAPPING);
	frame = dma_alloc_attrs(dev, N, &handle, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE | DMA_ATTR_NO_WARN);
	dma_free_coherent(dev, N, frame, handle); /* these say nothing about what is freed */
}

/* ---- lists ---- */

/* As if an IOMMU made one piece of it: the first address, and the length of all. */
static void one_piece_wrong(struct shot *s)
{
	struct scatterlist list[4];
	uint8_t *buf = kzalloc(8 * N, GFP_KERNEL);

	sg_init_table(list, 4);
	for (unsigned int i = 0; i < 4; i++)
		sg_set_buf(&list[i], buf + 2 * i * N, N);
	*s = somewhere;
	if (!AT(s->mapped, dma_map_sg(dev, list, 4, DMA_TO_DEVICE)))
		return;
	AT(s->act, dmasim_device_read(dev, sg_dma_address(list), data, 4 * N));
	dma_unmap_sg(dev, list, 4, DMA_TO_DEVICE);
	kfree(buf);
}

static void one_piece_legal(void)
{
	struct scatterlist list[4], *sg;
	uint8_t *buf = kzalloc(8 * N, GFP_KERNEL);
	unsigned int n, i;

	sg_init_table(list, 4);
	for (i = 0; i < 4; i++)
		sg_set_buf(&list[i], buf + 2 * i * N, N);
	n = dma_map_sg(dev, list, 4, DMA_TO_DEVICE);
	for_each_sg (list, sg, n, i)
		dmasim_device_read(dev, sg_dma_address(sg), data, sg_dma_len(sg));
	dma_unmap_sg(dev, list, 4, DMA_TO_DEVICE);
	kfree(buf);
}

const struct scenario blind_scenarios[] = {
	{"device-access-unmapped", half_wrong, half_legal, "bank=0:64M,bank=0x100000000:64M,swiotlb=off", false},
	{"device-access-unmapped", other_device_wrong, own_legal, NULL, false},
	{"device-address-beyond-mask", narrow_wrong, own_legal, NULL, false},
	{"map-bad-address", registers_wrong, registers_legal, NULL, false},
	{"unmap-unknown", read_back_wrong, read_back_legal, NULL, false},
	{"map-error-unchecked", by_hand_wrong, own_legal, NULL, false},
	{"map-error-unchecked", credited_wrong, credited_legal, NULL, false},
	{"error-cookie-used", resource_cookie_wrong, resource_cookie_legal, NULL, false},
	{"mapping-leak", unwound_wrong, unwound_legal, NULL, false},
	{"device-access-after-unmap", others_mapping_wrong, others_mapping_legal, NULL, false},
	{"cpu-read-stale", skipped_wrong, skipped_legal, NULL, false},
	{"cpu-read-while-device-owns", elsewhere_wrong, elsewhere_legal, NULL, false},
	{"sync-wrong-direction", read_only_wrong, read_only_legal, NULL, false},
	{"cpu-write-not-flushed", half_synced_wrong, half_synced_legal, NULL, false},
	{"map-overlap", tail_wrong, tail_legal, NULL, false},
	{"map-stack", waiters_stack_wrong, waiters_heap_legal, NULL, false},
	{"coherent-free-in-atomic", freed_in_handler_wrong, unmapped_in_handler_legal, NULL, false},
	{"unmap-while-dma-active", coherent_in_flight_wrong, coherent_in_flight_legal, NULL, false},
	{"coherent-free-mismatch", attributes_wrong, attributes_legal, NULL, false},
	{"device-out-of-bounds", one_piece_wrong, one_piece_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
