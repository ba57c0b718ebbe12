// SPDX-License-Identifier: MIT
/* Registers: by their accessors, aligned, inside the window, while it is mapped. */
#include <linux/io.h>
#include "tests/rules/rules.h"

#define N 256

static uint64_t read_register(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)size;
	return offset;
}

static const struct dmasim_mmio_ops ops = {.read = read_register};
static const struct shot here = {ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};

static void address_wrong(struct shot *s)
{
	void __iomem *win = dmasim_device_add_mmio(dev, N, &ops, NULL);

	*s = here;
	s->act = __LINE__ + 1;
	writel((u32)(uintptr_t)win, (void __iomem *)0x10); /* value and address swapped */
}

static void range_wrong(struct shot *s)
{
	uint8_t __iomem *win = dmasim_device_add_mmio(dev, N, &ops, NULL);

	*s = here;
	sink = AT(s->act, readl(win + N));
}

static void aligned_wrong(struct shot *s)
{
	uint8_t __iomem *win = dmasim_device_add_mmio(dev, N, &ops, NULL);

	*s = here;
	sink = AT(s->act, readl(win + 2));
}

static void inside_legal(void)
{
	uint8_t __iomem *win = dmasim_device_add_mmio(dev, N, &ops, NULL);

	sink = readl(win + N - 4);
	sink = readb(win + N - 1);
	writew(1, win + 2);
}

const struct scenario mmio_scenarios[] = {
	{"mmio-bad-address", address_wrong, inside_legal, NULL, false},
	{"mmio-out-of-range", range_wrong, inside_legal, NULL, false},
	{"mmio-misaligned", aligned_wrong, inside_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
