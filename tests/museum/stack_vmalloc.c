// SPDX-License-Identifier: MIT
/* STACK-VMALLOC: mapped memory that is not linear. */
#include "tests/museum/museum.h"

/* What a bus driver does with its client's buffer. */
static int transfer(void *buf, size_t n, enum dma_data_direction dir)
{
	dma_addr_t h = ACT(dma_map_single(chip, buf, n, dir));

	if (dma_mapping_error(chip, h))
		return -ENOMEM;
	if (dir == DMA_TO_DEVICE)
		dmasim_device_read(chip, h, wire, n);
	else
		dmasim_device_write(chip, h, wire, n);
	dma_unmap_single(chip, h, n, dir);
	return 0;
}

/* DB-019, input/bcm5974: the buffer is coherent already; the flag that says so is missing, and it is mapped again. */
struct urb {
	void *buffer;
	dma_addr_t dma;
	bool no_mapping;
};

static void submit(struct urb *urb)
{
	if (urb->no_mapping)
		dmasim_device_write(chip, urb->dma, wire, 64);
	else
		transfer(urb->buffer, 64, DMA_FROM_DEVICE);
}

static void coherent_mapped_again(bool fixed)
{
	struct urb urb = {.no_mapping = fixed};

	urb.buffer = MAP(dma_alloc_coherent(chip, 64, &urb.dma, GFP_KERNEL));
	if (!urb.buffer)
		return;
	submit(&urb);
	dma_free_coherent(chip, 64, urb.buffer, urb.dma);
}

/* DB-167, serial/max310x: commands and answers of a register access are arrays of the caller's. */
static u8 port_read(u8 reg, bool fixed)
{
	u8 on_stack[16] = {reg}, *cmd = fixed ? kmemdup(on_stack, 16, GFP_KERNEL) : on_stack;
	u8 value;

	transfer(cmd, 16, DMA_TO_DEVICE);
	value = cmd[1];
	if (fixed)
		kfree(cmd);
	return value;
}

static void register_access(bool fixed)
{
	sink = port_read(0x1f, fixed);
}

/* DB-185, rdma/cxgb4: a work request is built where the function has its variables. */
struct work_request {
	u32 op, flags;
	u8 payload[56];
};

static void work_request(bool fixed)
{
	struct work_request on_stack, *wr = fixed ? kzalloc(sizeof(*wr), GFP_KERNEL) : &on_stack;
	dma_addr_t h;

	memset(wr, 0, sizeof(*wr));
	wr->op = 5;
	h = ACT(dma_map_single(chip, wr, sizeof(*wr), DMA_TO_DEVICE));
	if (!dma_mapping_error(chip, h)) {
		dmasim_device_read(chip, h, wire, sizeof(*wr));
		dma_unmap_single(chip, h, sizeof(*wr), DMA_TO_DEVICE);
	}
	if (fixed)
		kfree(wr);
}

/* DB-259, comedi/dt9812: 32 bytes of stack are sent whatever the command's length. */
struct command {
	u8 code;
	u8 args[31];
};

static void short_command_long_transfer(bool fixed)
{
	struct command on_stack, *cmd = fixed ? kzalloc(sizeof(*cmd), GFP_KERNEL) : &on_stack;

	cmd->code = 3;
	cmd->args[0] = 1;
	transfer(cmd, sizeof(*cmd), DMA_TO_DEVICE);
	if (fixed)
		kfree(cmd);
}

/* DB-317, i2c/at91, mediatek: the bus driver maps whatever its client gives: here two bytes of a local variable. */
struct message {
	u8 *buf;
	u16 len;
	bool dma_safe;
};

static void bus_xfer(const struct message *msg, bool fixed)
{
	u8 *buf = msg->buf;

	if (fixed && !msg->dma_safe)
		buf = kmalloc(msg->len, GFP_KERNEL);
	transfer(buf, msg->len, DMA_FROM_DEVICE);
	if (buf != msg->buf) {
		memcpy(msg->buf, buf, msg->len);
		kfree(buf);
	}
}

static void clients_buffer(bool fixed)
{
	u8 temperature[2] = {0, 0};
	struct message msg = {.buf = temperature, .len = 2, .dma_safe = false};

	bus_xfer(&msg, fixed);
	sink = temperature[0];
}

const struct museum_record stack_vmalloc_records[] = {
	RECORD("DB-019", "coherent memory is mapped once more", "coherent-streaming-mix", coherent_mapped_again),
	RECORD("DB-167", "a transfer of arrays on the stack", "map-stack", register_access),
	RECORD("DB-185", "a work request on the stack", "map-stack", work_request),
	RECORD("DB-259", "a command on the stack, sent longer than it is", "map-stack", short_command_long_transfer),
	RECORD("DB-317", "the bus driver maps its client's variable", "map-stack", clients_buffer),
	{.id = NULL},
};
