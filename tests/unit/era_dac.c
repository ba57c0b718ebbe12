// SPDX-License-Identifier: MIT
/*
 * DAC addresses: nothing releases them, so they never leak and end with their memory; the bytes behind them change hands
 * at the sync calls, and only bytes that both sides touch with no sync between are a mistake.
 */
#include <linux/pci.h>
#include <linux/mm.h>
#include <string.h>
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

static struct pci_dev *pdev;
static struct page *page;
static u8 *mem;

static void begin_dac(const char *spec)
{
	static const struct dmasim_pci_config config = {.name = "dac0", .vendor = 0x1234, .device = 1};

	begin(spec);
	pdev = to_pci_dev(dmasim_pci_device_create(&config));
	assert_non_null(pdev);
	assert_int_equal(pci_enable_device(pdev), 0);
	pci_set_master(pdev);
	assert_int_equal(pci_dac_dma_supported(pdev, DMA_64BIT_MASK), 1);
	assert_int_equal(pci_dac_set_dma_mask(pdev, DMA_64BIT_MASK), 0);
	assert_int_equal(pci_set_consistent_dma_mask(pdev, DMA_64BIT_MASK), 0);
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	mem = page_address(page);
}

static void end_dac(size_t violations)
{
	if (page)
		__free_page(page);
	end(violations);
}

static u8 fetch(dma64_addr_t at)
{
	u8 value = 0;

	assert_int_equal(dmasim_device_read(&pdev->dev, at, &value, 1), 0);
	return value;
}

static void reported(const char *rule, const char *text)
{
	assert_int_equal(dmasim_violation_count(), 1);
	if (strcmp(dmasim_violation(0)->rule, rule) || !strstr(dmasim_violation(0)->text, text))
		print_error("not %s with %s:\n%s\n", rule, text, dmasim_violation(0)->text);
	assert_string_equal(dmasim_violation(0)->rule, rule);
	assert_non_null(strstr(dmasim_violation(0)->text, text));
	dmasim_violations_clear();
}

static const char *const machines[] = {"pc", "worst"};

static void to_the_device(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		dma64_addr_t at;

		begin_dac(machines[i]);
		dmasim_store8(mem + 100, 1);
		at = pci_dac_page_to_dma(pdev, page, 100, PCI_DMA_TODEVICE);
		assert_ptr_equal(pci_dac_dma_to_page(pdev, at), page);
		assert_int_equal(pci_dac_dma_to_offset(pdev, at), 100);
		assert_int_equal(fetch(at), 1);
		/* taken back, changed, given again */
		pci_dac_dma_sync_single_for_cpu(pdev, at, 8, PCI_DMA_TODEVICE);
		dmasim_store8(mem + 100, 2);
		pci_dac_dma_sync_single_for_device(pdev, at, 8, PCI_DMA_TODEVICE);
		assert_int_equal(fetch(at), 2);
		/* or asked for anew */
		pci_dac_dma_sync_single_for_cpu(pdev, at, 8, PCI_DMA_TODEVICE);
		dmasim_store8(mem + 100, 3);
		assert_true(pci_dac_page_to_dma(pdev, page, 100, PCI_DMA_TODEVICE) == at);
		assert_int_equal(fetch(at), 3);
		assert_int_equal(dmasim_violation_count(), 0);

		/* not handed over */
		pci_dac_dma_sync_single_for_cpu(pdev, at, 8, PCI_DMA_TODEVICE);
		dmasim_store8(mem + 101, 4);
		fetch(at + 1);
		reported("cpu-write-not-flushed", "pci_dac_dma_sync_single_for_cpu");
		/* its bytes */
		dmasim_device_write(&pdev->dev, at, "", 1); /* refused, or not */
		reported("device-write-of-to-device", "DAC address");
		end_dac(0);
	}
}

static void from_the_device(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		dma64_addr_t at;

		begin_dac(machines[i]);
		at = pci_dac_page_to_dma(pdev, page, 0, PCI_DMA_FROMDEVICE);
		assert_int_equal(dmasim_device_write(&pdev->dev, at + 8, "\5\6", 2), 0);
		pci_dac_dma_sync_single(pdev, at + 8, 2, PCI_DMA_FROMDEVICE);
		assert_int_equal(dmasim_load8(mem + 8), 5);
		assert_int_equal(dmasim_device_write(&pdev->dev, at + 16, "\7", 1), 0);
		dmasim_load8(mem + 300); /* a neighbour of no device's */
		assert_int_equal(dmasim_violation_count(), 0);
		dmasim_load8(mem + 16);
		reported("cpu-read-stale", "DAC address");
		pci_dac_dma_sync_single_for_cpu(pdev, at, 4097, PCI_DMA_FROMDEVICE);
		reported("sync-out-of-range", "pci_dac_dma_sync_single_for_cpu");
		end_dac(0);
	}
}

/* Nothing to release: no leak, wherever it ends. What ends is told when it is used. */
static void life(void **state)
{
	dma64_addr_t at;
	void *object;

	(void)state;
	begin_dac("pc");
	at = pci_dac_page_to_dma(pdev, page, 0, PCI_DMA_BIDIRECTIONAL);
	assert_int_equal(dmasim_check_leaks(), 0);
	assert_int_equal(pci_set_dma_mask(pdev, DMA_32BIT_MASK), 0); /* no mapping that could mind */
	/* objects of one page are separate places */
	object = kmalloc(64, GFP_KERNEL);
	at = pci_dac_page_to_dma(pdev, virt_to_page(object), (unsigned long)object & ~PAGE_MASK, PCI_DMA_TODEVICE);
	fetch(at + 63);
	assert_int_equal(dmasim_violation_count(), 0);
	fetch(at + 64);
	reported("device-out-of-bounds", "DAC address");
	kfree(object);
	assert_int_equal(dmasim_violation_count(), 0);

	__free_page(page);
	page = NULL;
	assert_int_equal(dmasim_violation_count(), 0);
	fetch(at);
	reported("device-access-after-unmap", "DAC address");
	end_dac(0);
}

static void other_calls(void **state)
{
	dma64_addr_t at;
	dma_addr_t bus;

	(void)state;
	begin_dac("pc");
	at = pci_dac_page_to_dma(pdev, page, 0, PCI_DMA_TODEVICE);
	pci_unmap_page(pdev, at, PAGE_SIZE, PCI_DMA_TODEVICE);
	reported("unmap-wrong-kind", "pci_unmap_page() on what pci_dac_page_to_dma() made");
	fetch(at); /* still good */
	pci_dma_sync_single_for_cpu(pdev, at, 8, PCI_DMA_TODEVICE);
	reported("sync-unknown", "pci_dma_sync_single_for_cpu() on what pci_dac_page_to_dma() made");
	__free_page(page);
	page = alloc_page(GFP_KERNEL);
	bus = pci_map_page(pdev, page, 0, PAGE_SIZE, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(pdev, bus));
	pci_dac_dma_sync_single_for_device(pdev, bus, 8, PCI_DMA_TODEVICE);
	reported("sync-unknown", "pci_dac_dma_sync_single_for_device() on what pci_map_page() made");
	pci_unmap_page(pdev, bus, PAGE_SIZE, PCI_DMA_TODEVICE);
	assert_true(pci_dac_page_to_dma(pdev, page, 0, PCI_DMA_NONE) == ~(dma64_addr_t)0);
	reported("invalid-direction", "pci_dac_page_to_dma");
	end_dac(0);
}

static void narrow_bus(void **state)
{
	(void)state;
	begin("pc,bus_bits=32");
	pdev = to_pci_dev(dmasim_pci_device_create(&(struct dmasim_pci_config){.name = "dac0"}));
	assert_int_equal(pci_dac_dma_supported(pdev, DMA_64BIT_MASK), 0);
	assert_int_equal(pci_dac_set_dma_mask(pdev, DMA_64BIT_MASK), -EIO);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_device), cmocka_unit_test(from_the_device), cmocka_unit_test(life),
		cmocka_unit_test(other_calls),	 cmocka_unit_test(narrow_bus),
	};

	return cmocka_run_group_tests_name("era_dac", tests, NULL, NULL);
}
