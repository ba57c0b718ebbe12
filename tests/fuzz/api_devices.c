// SPDX-License-Identifier: MIT
/* Calls of device models, registers, interrupts, time, and of tests about violations and injected failures. */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include "tests/fuzz/api.h"

static uint64_t register_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	return offset + size;
}

static void register_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)size;
	(void)value;
}

static const struct dmasim_mmio_ops registers = {.read = register_read, .write = register_write};

static irqreturn_t handler(int irq, void *dev)
{
	(void)irq;
	(void)dev;
	return IRQ_HANDLED;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void done(void *arg, int err)
{
	(void)arg;
	(void)err;
}

static void create(struct api *a)
{
	static const char *const names[] = {"dev", "", "a name with blanks", NULL, "%s%n"};
	unsigned int i = 2 + fuzz_below(&a->in, 2);

	if (fuzz_below(&a->in, 4) == 0) {
		dmasim_device_destroy(a->devices[i]);
		a->devices[i] = NULL;
	}
	if (!a->devices[i])
		a->devices[i] = dmasim_device_create(names[fuzz_below(&a->in, 5)]);
	dmasim_device_name(any_device(a));
}

static void plug(struct api *a)
{
	struct dmasim_pci_config config = {.name = "fuzz", .vendor = 1, .device = 2, .msi_vectors = any_size(a) % 40};
	struct device *dev;

	if (a->pci) {
		dmasim_device_plug(&a->pci->dev);
		return;
	}
	dmasim_pci_device_create(NULL);
	dev = dmasim_pci_device_create(&config);
	if (!dev)
		return;
	a->cookies[fuzz_below(&a->in, 4)] = dmasim_device_add_mmio(dev, any_size(a) % (1 << 20), &registers, NULL);
	a->pci = to_pci_dev(dev);
	dmasim_device_plug(dev);
}

static void pci(struct api *a)
{
	u32 value;

	if (!a->pci)
		return;
	switch (fuzz_below(&a->in, 8)) {
	case 0:
		if (pci_enable_device(a->pci))
			return;
		break;
	case 1:
		pci_disable_device(a->pci);
		break;
	case 2:
		pci_set_master(a->pci);
		break;
	case 3:
		a->cookies[fuzz_below(&a->in, 4)] = pci_iomap(a->pci, (int)any_size(a), any_size(a));
		break;
	case 4:
		pci_iounmap(a->pci, any_pointer(a));
		break;
	case 5:
		pci_alloc_irq_vectors(a->pci, (unsigned int)any_size(a), (unsigned int)any_size(a), PCI_IRQ_ALL_TYPES);
		a->irq = (unsigned int)pci_irq_vector(a->pci, 0);
		break;
	case 6:
		pci_free_irq_vectors(a->pci);
		break;
	default:
		pci_read_config_dword(a->pci, (int)any_size(a), &value);
		pci_write_config_dword(a->pci, (int)any_size(a), value);
	}
}

static void bus_access(struct api *a)
{
	struct device *dev = any_device(a);

	if (fuzz_below(&a->in, 2))
		dmasim_device_read(dev, any_bus(a), a->room, any_room(a));
	else
		dmasim_device_write(dev, any_bus(a), a->room, any_room(a));
}

static void transfers(struct api *a)
{
	struct device *dev = any_device(a);

	switch (fuzz_below(&a->in, 4)) {
	case 0:
		dmasim_device_start_read(dev, any_bus(a), a->room, any_room(a), any_size(a) % 100000, done, a);
		break;
	case 1:
		dmasim_device_start_write(dev, any_bus(a), a->room, any_room(a), any_size(a) % 100000, done, a);
		break;
	case 2:
		dmasim_device_cancel_transfers(dev);
		break;
	default:
		dmasim_device_set_address_bits(dev, (unsigned int)any_size(a));
	}
}

static void mmio(struct api *a)
{
	struct device *dev = any_device(a);
	void __iomem *window = dmasim_device_add_mmio(dev, any_size(a), &registers, NULL);

	a->cookies[fuzz_below(&a->in, 4)] = window;
	dmasim_device_add_mmio(dev, 64, NULL, NULL);
}

static void register_access(struct api *a)
{
	void *cookie = any_pointer(a);

	switch (fuzz_below(&a->in, 8)) {
	case 0:
		readb(cookie);
		break;
	case 1:
		readw(cookie);
		break;
	case 2:
		readl(cookie);
		break;
	case 3:
		readq(cookie);
		break;
	case 4:
		writeb(1, cookie);
		break;
	case 5:
		writel((u32)any_size(a), cookie);
		break;
	case 6:
		writeq(any_size(a), cookie);
		break;
	default:
		a->cookies[fuzz_below(&a->in, 4)] = ioremap(fuzz_u64(&a->in), any_size(a));
		iounmap(any_pointer(a));
	}
}

static void interrupts(struct api *a)
{
	switch (fuzz_below(&a->in, 6)) {
	case 0:
		if (request_irq(a->irq, handler, IRQF_SHARED, "fuzz", any_pointer(a)))
			a->irq = fuzz_below(&a->in, 300);
		break;
	case 1:
		free_irq(a->irq, any_pointer(a));
		break;
	case 2:
		dmasim_device_raise_irq(any_device(a));
		break;
	case 3:
		disable_irq_nosync((unsigned int)any_size(a));
		break;
	case 4:
		enable_irq((unsigned int)any_size(a));
		break;
	default:
		a->irq = (unsigned int)dmasim_device_irq(any_device(a));
	}
}

static void time_passes(struct api *a)
{
	switch (fuzz_below(&a->in, 6)) {
	case 0:
		udelay(fuzz_below(&a->in, 100));
		break;
	case 1:
		msleep(fuzz_below(&a->in, 10));
		break;
	case 2:
		dmasim_run_until_idle(fuzz_below(&a->in, 65536));
		break;
	case 3:
		dmasim_after(any_size(a), nothing, NULL);
		break;
	case 4:
		dmasim_now();
		get_jiffies_64();
		break;
	default:
		dmasim_run_for(fuzz_below(&a->in, 65536));
	}
}

static const char *any_name(struct api *a)
{
	static const char *const names[] = {"kmalloc",		"dma_map_single", "dma_alloc_coherent",
					    "request_irq",	"kzalloc",	  "",
					    "no_such_function", "double-unmap",	  NULL};

	return names[fuzz_below(&a->in, 9)];
}

static void inject(struct api *a)
{
	dmasim_fail_call(any_name(a), fuzz_below(&a->in, 4));
	if (fuzz_below(&a->in, 8) == 0) {
		dmasim_fail_from(any_name(a), fuzz_below(&a->in, 4));
		dmasim_fail_from(any_name(a), 0);
	}
}

static void violations(struct api *a)
{
	const struct dmasim_violation *v = dmasim_violation(any_size(a));

	if (v && (!v->rule || !v->device || !v->text))
		__builtin_trap();
	dmasim_violation_count_of(any_name(a));
	dmasim_rule_exists(any_name(a));
	dmasim_rules(any_size(a));
	dmasim_choice(any_name(a), (unsigned int)any_size(a));
	dmasim_load_module("no such module");
	dmasim_unload_module(any_name(a));
	if (fuzz_below(&a->in, 8) == 0)
		dmasim_violations_clear();
	if (fuzz_below(&a->in, 8) == 0)
		dmasim_check_leaks();
}

static void machines(struct api *a)
{
	struct dmasim_machine *mine = dmasim_machine_current(), *other;

	if (fuzz_below(&a->in, 4))
		return;
	dmasim_machine_destroy((struct dmasim_machine *)a->room);
	other = dmasim_machine_create("pc,ram=32M,summary=off,report=none");
	if (!other)
		return;
	dmasim_machine_use(other);
	/* devices of one machine used on another */
	dmasim_device_read(any_device(a), any_bus(a), a->room, 16);
	dmasim_machine_use(mine);
	dmasim_machine_destroy(other);
}

static void without_machine(struct api *a)
{
	struct dmasim_machine *mine;

	if (fuzz_below(&a->in, 8))
		return;
	mine = dmasim_machine_use(NULL);
	dmasim_run_for(1);
	dmasim_check_leaks();
	dmasim_device_create("nowhere");
	dmasim_device_read(any_device(a), any_bus(a), a->room, 16);
	udelay(1);
	dmasim_machine_use(mine);
}

static api_call *const calls[] = {
	create,		 plug,	     pci,	  bus_access, bus_access, transfers, mmio,
	register_access, interrupts, time_passes, inject,     violations, machines,  without_machine,
};

const struct api_group api_devices = {calls, sizeof(calls) / sizeof(calls[0])};
