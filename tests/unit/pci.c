// SPDX-License-Identifier: MIT
/* PCI functions: probing in the kernel's order, what COMMAND bits switch, regions, vectors, managed forms, and unwinding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <dmasim/dmasim.h>
#include <linux/delay.h>
#include <linux/pci.h>
#include "lib/core/device.h"
#include "lib/core/io.h"
#include "lib/core/irq.h"

static struct dmasim_machine *m;
static u32 reg;
static int interrupts, probes, removes, refuse;
static unsigned long data_seen;

static uint64_t reg_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)size;
	return offset == 0 ? reg : 0;
}

static void reg_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)size;
	if (offset == 0)
		reg = (u32)value;
	if (offset == 4)
		dmasim_device_raise_irq(*(struct device **)ctx);
}

static const struct dmasim_mmio_ops ops = {.read = reg_read, .write = reg_write};
static struct device *hw;

static int setup(void **state)
{
	(void)state;
	m = dmasim_machine_create("pc,report=none,summary=off,lint=on");
	assert_non_null(m);
	reg = 5;
	interrupts = probes = removes = refuse = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	k_devices_check(m);
	k_irqs_check(m);
	k_io_check(m);
	return dmasim_machine_destroy(m);
}

static struct pci_dev *plug(unsigned int msi)
{
	struct dmasim_pci_config c = {.name = "x0",
				      .vendor = 0x1234,
				      .device = 0x5678,
				      .class_code = 0x118000,
				      .msi_vectors = msi,
				      .revision = 3};

	hw = dmasim_pci_device_create(&c);
	assert_non_null(hw);
	assert_non_null(dmasim_device_add_mmio(hw, 256, &ops, &hw));
	assert_int_equal(dmasim_device_plug(hw), 0);
	return to_pci_dev(hw);
}

static irqreturn_t handler(int irq, void *data)
{
	(void)irq;
	(void)data;
	interrupts++;
	return IRQ_HANDLED;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void __iomem *regs;

	probes++;
	data_seen = id->driver_data;
	if (pcim_enable_device(pdev) || pcim_iomap_regions(pdev, 1, "x"))
		return -EIO;
	regs = pcim_iomap_table(pdev)[0];
	if (readl(regs) != reg || refuse)
		return refuse ? refuse : -EIO;
	return devm_request_irq(&pdev->dev, pdev->irq, handler, 0, "x", pdev);
}

static void remove_fn(struct pci_dev *pdev)
{
	(void)pdev;
	removes++;
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1234, 1)}, {PCI_DEVICE(0x1234, 0x5678), .driver_data = 7}, {}};
static struct pci_driver driver = {.name = "x", .id_table = ids, .probe = probe, .remove = remove_fn};

static void driver_before_device(void **state)
{
	(void)state;
	assert_int_equal(pci_register_driver(&driver), 0);
	assert_int_equal(pci_register_driver(&driver), -EBUSY);
	plug(0);
	assert_int_equal(probes, 1);
	assert_int_equal(data_seen, 7);
	pci_unregister_driver(&driver);
	assert_int_equal(removes, 1);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void device_before_driver_and_unplugged(void **state)
{
	(void)state;
	plug(0);
	assert_int_equal(pci_register_driver(&driver), 0);
	assert_int_equal(probes, 1);
	dmasim_device_destroy(hw);
	assert_int_equal(removes, 1);
	plug(0);
	assert_int_equal(probes, 2);
	pci_unregister_driver(&driver);
	assert_int_equal(removes, 2);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void failed_probe_unwinds(void **state)
{
	struct pci_dev *pdev;

	(void)state;
	refuse = -ENOMEM;
	assert_int_equal(pci_register_driver(&driver), 0);
	hw = NULL;
	pdev = to_pci_dev(dmasim_pci_device_create(&(struct dmasim_pci_config){.vendor = 0x1234, .device = 0x5678}));
	hw = &pdev->dev;
	dmasim_device_add_mmio(hw, 256, &ops, &hw);
	assert_int_equal(dmasim_device_plug(hw), -ENOMEM);
	assert_null(hw->driver);
	assert_int_equal(pdev->enable_cnt, 0);
	refuse = 0;
	assert_int_equal(device_attach(hw), 1);
	pci_unregister_driver(&driver);
	assert_int_equal(dmasim_violation_count(), 0);
}

/* Every failable call on the way makes probe fail, and leaves nothing behind. */
static void injected_failures_unwind(void **state)
{
	static const char *const calls[] = {"pci_enable_device", "pcim_iomap_regions", "devm_request_irq"};

	(void)state;
	assert_int_equal(pci_register_driver(&driver), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(dmasim_fail_call(calls[i], 1), 0);
		hw = dmasim_pci_device_create(&(struct dmasim_pci_config){.vendor = 0x1234, .device = 0x5678});
		dmasim_device_add_mmio(hw, 256, &ops, &hw);
		assert_true(dmasim_device_plug(hw) < 0);
		dmasim_device_destroy(hw);
	}
	pci_unregister_driver(&driver);
	assert_int_equal(dmasim_violation_count(), 0);
}

static void command_register(void **state)
{
	struct pci_dev *pdev = plug(0);
	void __iomem *regs = pci_iomap(pdev, 0, 0);
	u16 command;
	u32 id;

	(void)state;
	assert_int_equal(pci_read_config_dword(pdev, PCI_VENDOR_ID, &id), 0);
	assert_int_equal(id, 0x56781234);
	assert_int_equal(pci_read_config_dword(pdev, 2, &id), PCIBIOS_BAD_REGISTER_NUMBER);
	assert_int_equal(readl(regs), 0xffffffff);
	assert_int_equal(dmasim_violation_count_of("mmio-bad-address"), 1);
	assert_int_equal(pci_enable_device(pdev), 0);
	assert_int_equal(readl(regs), 5);
	assert_false(pdev->dev.dmasim == 0);
	assert_false(m->device_slots[(u32)hw->dmasim]->master.enabled);
	pci_set_master(pdev);
	assert_true(m->device_slots[(u32)hw->dmasim]->master.enabled);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	assert_int_equal(command, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_write_config_word(pdev, PCI_COMMAND, 0);
	assert_false(m->device_slots[(u32)hw->dmasim]->master.enabled);
	pci_set_master(pdev);
	pci_disable_device(pdev);
	assert_false(m->device_slots[(u32)hw->dmasim]->master.enabled);
	pci_disable_device(pdev);
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
	pci_iounmap(pdev, regs);
}

static void regions(void **state)
{
	struct pci_dev *pdev = plug(0);

	(void)state;
	assert_int_equal(pci_resource_len(pdev, 0), 256);
	assert_int_equal(pci_resource_len(pdev, 1), 0);
	assert_int_equal(pci_select_bars(pdev, IORESOURCE_MEM), 1);
	assert_int_equal(pci_request_regions(pdev, "x"), 0);
	assert_int_equal(pci_request_regions(pdev, "x"), -EBUSY);
	pci_release_regions(pdev);
	assert_int_equal(pci_request_region(pdev, 0, "x"), 0);
	pci_release_regions(pdev);
	assert_int_equal(dmasim_violation_count(), 0);
	pci_release_regions(pdev);
	assert_int_equal(dmasim_violation_count_of("kernel-warning"), 1);
}

static void vectors(void **state)
{
	struct pci_dev *pdev = plug(4);
	void __iomem *regs;

	(void)state;
	assert_int_equal(pci_enable_device(pdev), 0);
	regs = pci_ioremap_bar(pdev, 0);
	assert_int_equal(pci_alloc_irq_vectors(pdev, 8, 8, PCI_IRQ_MSI), -ENOSPC);
	assert_int_equal(pci_alloc_irq_vectors(pdev, 1, 2, PCI_IRQ_ALL_TYPES), 2);
	assert_int_equal(pci_irq_vector(pdev, 2), -EINVAL);
	assert_int_equal(request_irq(pci_irq_vector(pdev, 0), handler, 0, "x", pdev), 0);
	writel(1, regs + 4); /* a message without mastering is lost */
	assert_int_equal(interrupts, 0);
	assert_int_equal(dmasim_violation_count_of("bus-master-off"), 1);
	pci_set_master(pdev);
	writel(1, regs + 4);
	assert_int_equal(interrupts, 1);
	free_irq(pci_irq_vector(pdev, 0), pdev);
	pci_free_irq_vectors(pdev);
	assert_int_equal(dmasim_device_raise_irq(hw), -ENXIO);
	assert_int_equal(pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_LEGACY), 1);
	assert_int_equal(request_irq(pdev->irq, handler, IRQF_SHARED, "x", pdev), 0);
	writel(1, regs + 4);
	assert_int_equal(interrupts, 2);
	free_irq(pdev->irq, pdev);
	iounmap(regs);
	pci_disable_device(pdev);
	assert_int_equal(dmasim_violation_count(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(driver_before_device, setup, teardown),
		cmocka_unit_test_setup_teardown(device_before_driver_and_unplugged, setup, teardown),
		cmocka_unit_test_setup_teardown(failed_probe_unwinds, setup, teardown),
		cmocka_unit_test_setup_teardown(injected_failures_unwind, setup, teardown),
		cmocka_unit_test_setup_teardown(command_register, setup, teardown),
		cmocka_unit_test_setup_teardown(regions, setup, teardown),
		cmocka_unit_test_setup_teardown(vectors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
