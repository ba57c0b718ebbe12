// SPDX-License-Identifier: MIT
/*
 * What docs/errata.md claims, proven: each row's idiom is run here as books print it, against the headers of its time, on
 * two machines. The rows of the document and those of the table below are the same, and so are the rules they name.
 */
#include <linux/dma-direct.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <asm/io.h>
#include <stdlib.h>
#include <string.h>
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

#define N 256

static struct pci_dev *pdev;
static struct device *card; /* the same, for what the hardware does */
static u8 *buf;
static void __iomem *registers;

static void fetch(dma_addr_t bus)
{
	u8 value;

	dmasim_device_read(card, bus, &value, 1);
}

/* Mapped, asked for, and good. */
static dma_addr_t mapped(int direction)
{
	dma_addr_t bus = pci_map_single(pdev, buf, N, direction);

	assert_false(pci_dma_mapping_error(pdev, bus));
	return bus;
}

/* ---- masks ---- */

static void mask_result(void)
{
	dmasim_fail_call("dma_set_mask", 1);
	if (dma_set_mask(card, DMA_24BIT_MASK)) /* "the device can do DMA" */
		pci_unmap_single(pdev, mapped(PCI_DMA_TODEVICE), N, PCI_DMA_TODEVICE);
}

static void mask_late(void)
{
	dma_addr_t bus = mapped(PCI_DMA_TODEVICE);

	pci_set_dma_mask(pdev, DMA_64BIT_MASK);
	pci_unmap_single(pdev, bus, N, PCI_DMA_TODEVICE);
}

static void mask_holes(void)
{
	u64 bit = phys_to_dma(card, virt_to_phys(buf)) & ~0xfffULL;

	if (!pci_set_dma_mask(pdev, ~(bit & (~bit + 1))))
		pci_unmap_single(pdev, mapped(PCI_DMA_TODEVICE), N, PCI_DMA_TODEVICE);
}

/* ---- is it mapped? ---- */

static void zero_is_failure(void)
{
	dma_addr_t bus;

	dmasim_fail_call("pci_map_single", 1);
	bus = pci_map_single(pdev, buf, N, PCI_DMA_TODEVICE);
	if (!bus)
		return;
	fetch(bus);
}

static void never_asked(void)
{
	dma_addr_t bus = dma_map_single(card, buf, N, DMA_TO_DEVICE);

	fetch(bus);
	dma_unmap_single(card, bus, N, DMA_TO_DEVICE);
}

static void error_code_compared(void)
{
	dma_addr_t bus = dma_map_single(card, buf, N, DMA_TO_DEVICE);

	if (bus == DMA_ERROR_CODE)
		return;
	dma_unmap_single(card, bus, N, DMA_TO_DEVICE);
}

static void one_argument(void)
{
	dma_addr_t bus = dma_map_single(card, buf, N, DMA_TO_DEVICE);

	if (!dma_mapping_error(bus))
		dma_unmap_single(card, bus, N, DMA_TO_DEVICE);
}

/* ---- whose bytes ---- */

static void sync_without_way_back(void)
{
	dma_addr_t bus = mapped(PCI_DMA_TODEVICE);

	fetch(bus);
	pci_dma_sync_single(pdev, bus, N, PCI_DMA_TODEVICE);
	dmasim_store8(buf, 1); /* for the next transfer */
	fetch(bus);
	pci_unmap_single(pdev, bus, N, PCI_DMA_TODEVICE);
}

static void filled_after_map(void)
{
	dma_addr_t bus = mapped(PCI_DMA_TODEVICE);

	dmasim_store8(buf, 1);
	pci_unmap_single(pdev, bus, N, PCI_DMA_TODEVICE);
}

static void read_before_unmap(void)
{
	dma_addr_t bus = mapped(PCI_DMA_FROMDEVICE);

	dmasim_device_write(card, bus, "x", 1);
	dmasim_load8(buf);
	pci_unmap_single(pdev, bus, N, PCI_DMA_FROMDEVICE);
}

static void received_length(void)
{
	pci_unmap_single(pdev, mapped(PCI_DMA_FROMDEVICE), N / 4, PCI_DMA_FROMDEVICE);
}

static void direction_zero(void)
{
	dma_addr_t bus = pci_map_single(pdev, buf, N, 0);

	if (!pci_dma_mapping_error(pdev, bus))
		pci_unmap_single(pdev, bus, N, PCI_DMA_BIDIRECTIONAL);
}

/* ---- which memory ---- */

static void bus_by_hand(void)
{
	fetch(virt_to_bus(buf));
}

static void stack_buffer(void)
{
	u8 command[16];
	dma_addr_t bus = pci_map_single(pdev, command, sizeof(command), PCI_DMA_TODEVICE);

	if (!pci_dma_mapping_error(pdev, bus))
		pci_unmap_single(pdev, bus, sizeof(command), PCI_DMA_TODEVICE);
}

static void static_buffer(void)
{
	static u8 command[16];
	dma_addr_t bus = pci_map_single(pdev, command, sizeof(command), PCI_DMA_TODEVICE);

	if (!pci_dma_mapping_error(pdev, bus))
		pci_unmap_single(pdev, bus, sizeof(command), PCI_DMA_TODEVICE);
}

static void vmalloc_buffer(void)
{
	u8 *big = vmalloc(2 * PAGE_SIZE);
	dma_addr_t bus = pci_map_single(pdev, big, 2 * PAGE_SIZE, PCI_DMA_TODEVICE);

	if (!pci_dma_mapping_error(pdev, bus))
		pci_unmap_single(pdev, bus, 2 * PAGE_SIZE, PCI_DMA_TODEVICE);
	vfree(big);
}

static void null_device(void)
{
	dma_addr_t handle;
	u8 *cpu = pci_alloc_consistent(NULL, N, &handle);

	if (cpu)
		pci_free_consistent(NULL, N, cpu, handle);
}

static void dac_not_released(void)
{
	fetch(pci_dac_page_to_dma(pdev, virt_to_page(buf), (unsigned long)buf & ~PAGE_MASK, PCI_DMA_TODEVICE));
}

/* ---- consistent memory ---- */

static void other_size(void)
{
	dma_addr_t handle;
	u8 *cpu = pci_alloc_consistent(pdev, N, &handle);

	assert_non_null(cpu);
	pci_free_consistent(pdev, PAGE_SIZE, cpu, handle);
}

static void kernel_in_interrupt(void)
{
	unsigned long flags;
	dma_addr_t handle;
	u8 *cpu;

	local_irq_save(flags);
	cpu = dma_alloc_coherent(card, N, &handle, GFP_KERNEL);
	local_irq_restore(flags);
	if (cpu)
		dma_free_coherent(card, N, cpu, handle);
}

static void consistent_in_interrupt(void)
{
	unsigned long flags;
	dma_addr_t handle;
	u8 *cpu;

	local_irq_save(flags);
	cpu = pci_alloc_consistent(pdev, N, &handle);
	local_irq_restore(flags);
	if (cpu)
		pci_free_consistent(pdev, N, cpu, handle);
}

static void freed_in_interrupt(void)
{
	unsigned long flags;
	dma_addr_t handle;
	u8 *cpu = pci_alloc_consistent(pdev, N, &handle);

	assert_non_null(cpu);
	local_irq_save(flags);
	pci_free_consistent(pdev, N, cpu, handle);
	local_irq_restore(flags);
}

static void mapped_consistent(void)
{
	dma_addr_t handle, bus;
	u8 *cpu = pci_alloc_consistent(pdev, N, &handle);

	assert_non_null(cpu);
	bus = pci_map_single(pdev, cpu, N, PCI_DMA_TODEVICE);
	if (!pci_dma_mapping_error(pdev, bus))
		pci_unmap_single(pdev, bus, N, PCI_DMA_TODEVICE);
	pci_free_consistent(pdev, N, cpu, handle);
}

/* ---- lists ---- */

/* Two neighbours in one object: one segment where neighbours are joined. */
static int list(struct scatterlist *sg)
{
	memset(sg, 0x5a, 2 * sizeof(*sg));
	for (int i = 0; i < 2; i++) {
		sg[i].page = virt_to_page(buf);
		sg[i].offset = (unsigned int)((unsigned long)buf & ~PAGE_MASK) + (unsigned int)i * (N / 2);
		sg[i].length = N / 2;
	}
	return pci_map_sg(pdev, sg, 2, PCI_DMA_TODEVICE);
}

static void list_by_hand(void)
{
	struct scatterlist sg[2];

	assert_true(list(sg) > 0);
	pci_unmap_sg(pdev, sg, 2, PCI_DMA_TODEVICE);
}

static void returned_count(void)
{
	struct scatterlist sg[2];
	int count = list(sg);

	assert_int_equal(count, 1);
	pci_unmap_sg(pdev, sg, count, PCI_DMA_TODEVICE);
}

static void given_count(void)
{
	struct scatterlist sg[2];

	list(sg);
	for (int i = 0; i < 2; i++)
		fetch(sg_dma_address(&sg[i]));
	pci_unmap_sg(pdev, sg, 2, PCI_DMA_TODEVICE);
}

/* ---- registers ---- */

static void swapped_writeb(void)
{
	unsigned long command = (unsigned long)registers, disable = 2;

	writeb((u8)command, (void __iomem *)disable);
}

static const struct claim {
	const char *key;
	const char *rule; /* NULL: silent */
	void (*idiom)(void);
} claims[] = {
	{"mask-result", "mask-ignored-failure", mask_result},
	{"mask-late", "mask-changed-while-mapped", mask_late},
	{"mask-holes", "device-address-beyond-mask", mask_holes},
	{"zero-is-failure", "error-cookie-used", zero_is_failure},
	{"never-asked", "map-error-unchecked", never_asked},
	{"error-code-compared", "map-error-unchecked", error_code_compared},
	{"one-argument", NULL, one_argument},
	{"sync-without-way-back", "cpu-write-not-flushed", sync_without_way_back},
	{"filled-after-map", "cpu-write-while-device-owns", filled_after_map},
	{"read-before-unmap", "cpu-read-while-device-owns", read_before_unmap},
	{"received-length", "unmap-wrong-size", received_length},
	{"direction-zero", NULL, direction_zero},
	{"bus-by-hand", "device-access-unmapped", bus_by_hand},
	{"stack-buffer", "map-stack", stack_buffer},
	{"static-buffer", "map-foreign-memory", static_buffer},
	{"vmalloc-buffer", "map-vmalloc", vmalloc_buffer},
	{"null-device", NULL, null_device},
	{"dac-not-released", NULL, dac_not_released},
	{"other-size", "coherent-free-mismatch", other_size},
	{"kernel-in-interrupt", "sleep-in-atomic", kernel_in_interrupt},
	{"consistent-in-interrupt", NULL, consistent_in_interrupt},
	{"freed-in-interrupt", "coherent-free-in-atomic", freed_in_interrupt},
	{"mapped-consistent", "coherent-streaming-mix", mapped_consistent},
	{"list-by-hand", NULL, list_by_hand},
	{"returned-count", "unmap-sg-wrong-nents", returned_count},
	{"given-count", "sg-nents-vs-count", given_count},
	{"swapped-writeb", "mmio-bad-address", swapped_writeb},
};
#define NR (sizeof(claims) / sizeof(*claims))

static bool holds(const struct claim *c, const char *machine)
{
	static const struct dmasim_pci_config config = {.name = "dad1", .vendor = 0x1234, .device = 1};
	static const struct dmasim_mmio_ops ops = {.release = NULL};
	const char *rule = c->rule;
	size_t n, of_rule;

	begin(machine);
	card = dmasim_pci_device_create(&config);
	pdev = to_pci_dev(card);
	dmasim_device_add_mmio(card, 4096, &ops, NULL);
	assert_int_equal(pci_enable_device(pdev), 0);
	pci_set_master(pdev);
	assert_int_equal(pci_set_dma_mask(pdev, DMA_32BIT_MASK), 0);
	assert_int_equal(pci_set_consistent_dma_mask(pdev, DMA_32BIT_MASK), 0);
	registers = pci_iomap(pdev, 0, 0);
	assert_non_null(registers);
	buf = kmalloc(N, GFP_KERNEL);
	memset(buf, 0, N);
	c->idiom();
	dmasim_check_leaks();
	n = dmasim_violation_count();
	of_rule = rule ? dmasim_violation_count_of(rule) : 0;
	if (n != (rule != NULL) || of_rule != n) {
		print_error("%s on %s: expected %s\n", c->key, machine, rule ? rule : "silence");
		for (size_t i = 0; dmasim_violation(i); i++)
			print_error("%s\n", dmasim_violation(i)->text);
	}
	dmasim_violations_clear();
	kfree(buf);
	pci_iounmap(pdev, registers);
	end(0);
	return n == (rule != NULL) && of_rule == n;
}

static void claims_hold(void **state)
{
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		ok &= holds(&claims[i], "pc,sg_merge=on");
		ok &= holds(&claims[i], "worst,sg_merge=on");
	}
	assert_true(ok);
}

/* Rows: | `key` | ... | reports `rule` | or | silent | in the last column. */
static void document_says_so(void **state)
{
	FILE *f = fopen(ERRATA, "r");
	char line[2000];
	bool listed[NR] = {false};
	bool ok = true;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char key[64], want[96];
		size_t i = 0;

		if (sscanf(line, "| `%63[a-z-]` |", key) != 1)
			continue;
		while (i < NR && strcmp(claims[i].key, key))
			i++;
		if (i == NR) {
			print_error("docs/errata.md: nothing proves `%s`\n", key);
			ok = false;
			continue;
		}
		listed[i] = true;
		snprintf(want, sizeof(want), claims[i].rule ? "reports `%s`" : "silent", claims[i].rule);
		if (!strstr(line, want)) {
			print_error("docs/errata.md: the row of `%s` does not say: %s\n", key, want);
			ok = false;
		}
	}
	fclose(f);
	for (size_t i = 0; i < NR; i++)
		if (!listed[i]) {
			print_error("docs/errata.md: no row `%s`\n", claims[i].key);
			ok = false;
		}
	assert_true(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_hold),
		cmocka_unit_test(document_says_so),
	};

	return cmocka_run_group_tests_name("errata", tests, NULL, NULL);
}
