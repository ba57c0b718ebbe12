// SPDX-License-Identifier: MIT
/*
 * DMA Acquisition Device: a PCI function that moves blocks of samples.
 *
 * Written on the public device-author API alone, as a user's own model would be. The register file is a handful of
 * variables; a commanded transfer is one dmasim_device_start_*() of the whole length; announce and ring mode are a
 * clock tick that comes every block_ns and re-arms itself. The device does what its registers say, right or wrong:
 * only what the data sheet forbids is called a protocol error.
 *
 * Weakness: a transfer moves all its bytes at one instant, so a driver never sees half of it.
 */
#include <stdlib.h>
#include <string.h>
#include <dmasim/device.h>
#include <dmasim/devices/dad.h>
#include <dmasim/devices/dad_regs.h>
#include <dmasim/machine.h>

enum dad_mode { DAD_IDLE, DAD_ANNOUNCING, DAD_RINGING };

struct dad {
	struct device *dev;
	uint64_t latency_ns, block_ns;

	/* registers */
	uint32_t addr_lo, addr_hi, length, status, int_enable, count;
	uint32_t block_length, ring_lo, ring_hi, ring_entries, lost;
	uint32_t direction; /* DAD_CMD_WR, DAD_CMD_RD, 0 before either */

	enum dad_mode mode;
	uint32_t ring_head;  /* next descriptor */
	uint32_t next_block; /* number of the next block to be sampled */
	uint32_t announced;  /* number of the block that waits */

	size_t output_n;		/* bytes received by the last transfer to the device */
	uint8_t output[DAD_MAX_LENGTH]; /* and the bytes */
	uint8_t staging[DAD_MAX_LENGTH];
};

static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = v;
	p[1] = v >> 8;
	p[2] = v >> 16;
	p[3] = v >> 24;
}

static void dad_sample(uint8_t *block, size_t n, uint32_t number)
{
	uint8_t head[4];

	put_le32(head, number);
	for (size_t i = 0; i < n; i++)
		block[i] = i < 4 ? head[i] : (uint8_t)(number + i);
}

bool dmasim_dad_check_block(const void *block, size_t n, uint32_t *number)
{
	const uint8_t *b = block;

	if (!block || n < 4)
		return false;
	for (size_t i = 4; i < n; i++)
		if (b[i] != (uint8_t)(get_le32(b) + i))
			return false;
	if (number)
		*number = get_le32(b);
	return true;
}

static void dad_interrupt(struct dad *dad, uint32_t cause)
{
	dad->status |= cause;
	if (dad->int_enable)
		dmasim_device_raise_irq(dad->dev);
}

/* ---- commanded transfers ---- */

static void dad_transfer_done(void *arg, int err)
{
	struct dad *dad = arg;

	dad->status &= ~DAD_ST_BUSY;
	if (err) {
		dad->count = 0;
		dad_interrupt(dad, DAD_ST_ERROR);
		return;
	}
	dad->count = dad->length;
	if (dad->direction == DAD_CMD_WR) {
		memcpy(dad->output, dad->staging, dad->length);
		dad->output_n = dad->length;
	}
	dad_interrupt(dad, DAD_ST_DONE);
}

static void dad_enable(struct dad *dad)
{
	dma_addr_t addr = dad->addr_lo | (dma_addr_t)dad->addr_hi << 32;
	uint64_t delay = dad->latency_ns + dmasim_choice("dad latency", 4) * dad->latency_ns / 8;
	int err;

	if (dad->status & DAD_ST_BUSY) {
		dmasim_device_protocol_error(dad->dev, "ENABLEDMA while a transfer runs: the device ignores it");
		return;
	}
	if (!dad->direction || !dad->length || dad->length > DAD_MAX_LENGTH) {
		dmasim_device_protocol_error(
			dad->dev, "ENABLEDMA without a direction, or with length %u: nothing moves", dad->length);
		dad_interrupt(dad, DAD_ST_ERROR);
		return;
	}
	dad->status |= DAD_ST_BUSY;
	if (dad->direction == DAD_CMD_WR) {
		err = dmasim_device_start_read(dad->dev, addr, dad->staging, dad->length, delay, dad_transfer_done,
					       dad);
	} else {
		uint32_t number = dad->mode == DAD_ANNOUNCING ? dad->announced : dad->next_block++;

		dad_sample(dad->staging, dad->length, number);
		err = dmasim_device_start_write(dad->dev, addr, dad->staging, dad->length, delay, dad_transfer_done,
						dad);
	}
	if (err)
		dad_transfer_done(dad, err);
}

/* ---- announce and ring mode ---- */

static void dad_announce(struct dad *dad)
{
	/* The block of the last tick still waits: it is overwritten in the device. */
	if (dad->status & (DAD_ST_ANNOUNCE | DAD_ST_BUSY)) {
		dad->lost++;
		dad->next_block++;
		return;
	}
	dad->announced = dad->next_block++;
	dad_interrupt(dad, DAD_ST_ANNOUNCE);
}

static void dad_ring_step(struct dad *dad)
{
	dma_addr_t ring = dad->ring_lo | (dma_addr_t)dad->ring_hi << 32;
	dma_addr_t at = ring + (dma_addr_t)dad->ring_head * DAD_DESC_SIZE;
	uint8_t desc[DAD_DESC_SIZE], status[4];
	uint32_t number = dad->next_block++, length;

	/* 1. Fetch the descriptor; is it ours? */
	if (dmasim_device_read(dad->dev, at, desc, sizeof(desc))) {
		dad->mode = DAD_IDLE;
		dad_interrupt(dad, DAD_ST_ERROR);
		return;
	}
	if (!(get_le32(desc + 12) & DAD_DESC_OWN)) {
		dad->lost++;
		return;
	}
	length = get_le32(desc + 8);
	if (length > dad->block_length)
		length = dad->block_length;

	/* 2. The data first, 3. then the status, so that whoever sees DONE finds the data. */
	dad_sample(dad->staging, length, number);
	if (length && dmasim_device_write(dad->dev, get_le32(desc) | (dma_addr_t)get_le32(desc + 4) << 32, dad->staging,
					  length)) {
		dad->mode = DAD_IDLE;
		dad_interrupt(dad, DAD_ST_ERROR);
		return;
	}
	put_le32(status, DAD_DESC_DONE | length);
	dmasim_device_write(dad->dev, at + 12, status, sizeof(status));

	/* 4. An interrupt a block. */
	dad->ring_head = (dad->ring_head + 1) % dad->ring_entries;
	dad_interrupt(dad, DAD_ST_RING);
}

static void dad_tick(void *arg)
{
	struct dad *dad = arg;

	if (dad->mode == DAD_ANNOUNCING)
		dad_announce(dad);
	else
		dad_ring_step(dad);
	if (dad->mode != DAD_IDLE)
		dmasim_device_after(dad->dev, dad->block_ns, dad_tick, dad);
}

static void dad_start_mode(struct dad *dad, enum dad_mode mode)
{
	if (mode == DAD_RINGING && (!dad->ring_entries || dad->ring_entries > 256)) {
		dmasim_device_protocol_error(dad->dev, "ring mode with %u descriptors: 1 to 256 are possible",
					     dad->ring_entries);
		return;
	}
	dmasim_device_cancel_timers(dad->dev);
	dad->mode = mode;
	dad->ring_head = 0;
	dad->lost = 0;
	dmasim_device_after(dad->dev, dad->block_ns, dad_tick, dad);
}

/* ---- registers ---- */

static void dad_command(struct dad *dad, uint32_t command)
{
	switch (command) {
	case DAD_CMD_DISABLEDMA:
		dmasim_device_cancel_transfers(dad->dev);
		dmasim_device_cancel_timers(dad->dev);
		dad->status &= ~DAD_ST_BUSY;
		dad->mode = DAD_IDLE;
		break;
	case DAD_CMD_WR:
	case DAD_CMD_RD:
		dad->direction = command;
		break;
	case DAD_CMD_ENABLEDMA:
		dad_enable(dad);
		break;
	case DAD_CMD_ANNOUNCE:
		dad_start_mode(dad, DAD_ANNOUNCING);
		break;
	case DAD_CMD_RING:
		dad_start_mode(dad, DAD_RINGING);
		break;
	default:
		dmasim_device_protocol_error(dad->dev, "unknown command %#x", command);
	}
}

static uint32_t *dad_register(struct dad *dad, uint64_t offset)
{
	switch (offset) {
	case DAD_ADDR_LO:
		return &dad->addr_lo;
	case DAD_ADDR_HI:
		return &dad->addr_hi;
	case DAD_LENGTH:
		return &dad->length;
	case DAD_BLOCK_LENGTH:
		return &dad->block_length;
	case DAD_RING_LO:
		return &dad->ring_lo;
	case DAD_RING_HI:
		return &dad->ring_hi;
	case DAD_RING_ENTRIES:
		return &dad->ring_entries;
	}
	return NULL;
}

static uint64_t dad_mmio_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct dad *dad = ctx;
	uint32_t *reg = dad_register(dad, offset);

	if (size != 4)
		return ~0ULL;
	if (reg)
		return *reg;
	switch (offset) {
	case DAD_STATUS:
		return dad->status;
	case DAD_INT_ENABLE:
		return dad->int_enable;
	case DAD_COUNT:
		return dad->count;
	case DAD_LOST:
		return dad->lost;
	}
	return 0;
}

static void dad_mmio_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	struct dad *dad = ctx;
	uint32_t *reg = dad_register(dad, offset);

	if (size != 4) {
		dmasim_device_protocol_error(dad->dev, "a write of %u bytes: registers are 32 bit", size);
		return;
	}
	if (reg || (offset == DAD_COMMAND && (value == DAD_CMD_WR || value == DAD_CMD_RD))) {
		if (dad->status & DAD_ST_BUSY)
			dmasim_device_protocol_error(
				dad->dev,
				"register %#x was written while DMA is enabled: the transfer in "
				"progress would go wrong; wait for the interrupt or DISABLEDMA first",
				(unsigned int)offset);
		if (reg && !(dad->status & DAD_ST_BUSY))
			*reg = value;
		if (reg)
			return;
	}
	switch (offset) {
	case DAD_COMMAND:
		dad_command(dad, value);
		break;
	case DAD_INT_ACK:
		dad->status &= ~(value & DAD_ST_IRQ);
		break;
	case DAD_INT_ENABLE:
		dad->int_enable = value & 1;
		break;
	}
}

static const struct dmasim_mmio_ops dad_ops = {
	.read = dad_mmio_read,
	.write = dad_mmio_write,
	.release = free,
};

/* The device's model by its registers: the public API hands out no private pointer, so BAR 0's context is asked. */
size_t dmasim_dad_output(struct device *dev, void *dst, size_t n)
{
	struct dad *dad = dmasim_device_mmio_context(dev, 0, &dad_ops);

	if (!dad)
		return 0;
	memcpy(dst, dad->output, dad->output_n < n ? dad->output_n : n);
	return dad->output_n;
}

struct device *dmasim_dad_create(const struct dmasim_dad_config *config)
{
	static const struct dmasim_dad_config standard;
	const struct dmasim_dad_config *c = config ? config : &standard;
	struct dmasim_pci_config pci = {
		.name = c->name ? c->name : "dad0",
		.vendor = DAD_VENDOR_ID,
		.device = DAD_DEVICE_ID,
		.class_code = 0x118000,
		.revision = c->address_bits && c->address_bits <= 24 ? 1 : 2,
		.address_bits = c->address_bits,
		.msi_vectors = 1,
	};
	struct dad *dad = calloc(1, sizeof(*dad));

	if (!dad)
		return NULL;
	dad->latency_ns = c->latency_ns ? c->latency_ns : 10000;
	dad->block_ns = c->block_ns ? c->block_ns : 50000;
	dad->block_length = 512;
	dad->dev = dmasim_pci_device_create(&pci);
	if (!dad->dev) {
		free(dad);
		return NULL;
	}
	if (!dmasim_device_add_mmio(dad->dev, DAD_REGS_SIZE, &dad_ops, dad)) {
		dmasim_device_destroy(dad->dev);
		free(dad);
		return NULL;
	}
	dmasim_device_plug(dad->dev);
	return dad->dev;
}
