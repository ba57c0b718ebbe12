// SPDX-License-Identifier: MIT
/* Registers: by their accessors, aligned, inside the window, while it is mapped. */
#include <linux/io.h>
#include <linux/pci.h>
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

static void raw_wrong(struct shot *s)
{
	uint8_t __iomem *win = dmasim_device_add_mmio(dev, N, &ops, NULL);

	*s = here;
	faults_return(true);
	if (!sigsetjmp(fault, 1))
		sink = AT(s->act, GET(win + 4));
	faults_return(false);
}

static struct pci_dev *plugged(void)
{
	static const struct dmasim_pci_config config = {.name = "dad1", .vendor = 0x1234, .device = 0x11e8};
	struct device *d = dmasim_pci_device_create(&config);

	dmasim_device_add_mmio(d, N, &ops, NULL);
	return pci_enable_device(to_pci_dev(d)) ? NULL : to_pci_dev(d);
}

static void unplug(struct pci_dev *pdev)
{
	pci_disable_device(pdev);
	dmasim_device_destroy(&pdev->dev);
}

static void unmapped_wrong(struct shot *s)
{
	struct pci_dev *pdev = plugged();
	uint8_t __iomem *regs = pci_iomap(pdev, 0, 0);

	*s = here;
	pci_iounmap(pdev, regs);
	sink = AT(s->act, readl(regs));
	unplug(pdev);
}

static void leak_wrong(struct shot *s)
{
	struct pci_dev *pdev = plugged();

	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, ANY_LINE, ANY_LINE};
	sink = pci_iomap(pdev, 0, 0) != NULL;
	unplug(pdev);
}

static void mapped_legal(void)
{
	struct pci_dev *pdev = plugged();
	uint8_t __iomem *regs = pci_iomap(pdev, 0, 0);

	sink = readl(regs + 4);
	pci_iounmap(pdev, regs);
	unplug(pdev);
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
	{"mmio-raw-access", raw_wrong, inside_legal, NULL, false},
	{"mmio-after-unmap", unmapped_wrong, mapped_legal, NULL, false},
	{"iomap-leak", leak_wrong, mapped_legal, "lint=on", false},
	{"mmio-misaligned", aligned_wrong, inside_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
