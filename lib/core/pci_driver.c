// SPDX-License-Identifier: MIT
/*
 * PCI drivers and the BARs they claim and map.
 *
 * Matching, probing and removing follow the kernel's order: the entry of the id table that fits first is handed to probe.
 * BARs are claimed one bit each; a claim belongs to the function, so that a driver that forgets it is found by the
 * next one. With pcim_enable_device() claims and windows are given back at unbind.
 */
#include <errno.h>
#include <stdio.h>
#include <linux/pci.h>
#include "lib/core/device.h"
#include "lib/core/pci.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

/* ---- drivers ---- */

static bool id_fits(const struct pci_device_id *id, const struct pci_dev *pdev)
{
	return (id->vendor == (u32)PCI_ANY_ID || id->vendor == pdev->vendor) &&
	       (id->device == (u32)PCI_ANY_ID || id->device == pdev->device) &&
	       (id->subvendor == (u32)PCI_ANY_ID || id->subvendor == pdev->subsystem_vendor) &&
	       (id->subdevice == (u32)PCI_ANY_ID || id->subdevice == pdev->subsystem_device) &&
	       !((id->class ^ pdev->class) & id->class_mask);
}

const struct pci_device_id *pci_match_id(const struct pci_device_id *ids, struct pci_dev *pdev)
{
	if (!ids || !pdev)
		return NULL;
	for (; ids->vendor || ids->subvendor || ids->class_mask; ids++)
		if (id_fits(ids, pdev))
			return ids;
	return NULL;
}

static int bus_match(struct device *dev, struct device_driver *drv)
{
	return pci_match_id(to_pci_driver(drv)->id_table, to_pci_dev(dev)) != NULL;
}

static int bus_probe(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct pci_driver *drv = to_pci_driver(dev->driver);
	int err;

	if (!drv->probe)
		return 0;
	pdev->driver = drv;
	err = drv->probe(pdev, pci_match_id(drv->id_table, pdev));
	if (err < 0)
		pdev->driver = NULL;
	/* The kernel warns about a positive answer and takes it for success. */
	return err > 0 ? 0 : err;
}

static void bus_remove(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);

	if (pdev->driver && pdev->driver->remove)
		pdev->driver->remove(pdev);
	pdev->driver = NULL;
}

struct bus_type pci_bus_type = {.name = "pci", .match = bus_match, .probe = bus_probe, .remove = bus_remove};

int pci_register_driver(struct pci_driver *drv)
{
	struct dmasim_machine *m = k_machine("pci_register_driver");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "pci_register_driver"))
		return -EINVAL;
	if (k_fails(m, "pci_register_driver", NULL))
		return -ENOMEM;
	k_might_sleep(m, "pci_register_driver");
	drv->driver.name = drv->name;
	drv->driver.bus = &pci_bus_type;
	return k_driver_add(m, &drv->driver);
}

void pci_unregister_driver(struct pci_driver *drv)
{
	struct dmasim_machine *m = k_machine("pci_unregister_driver");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "pci_unregister_driver"))
		return;
	k_might_sleep(m, "pci_unregister_driver");
	k_driver_remove(m, &drv->driver);
}

struct pci_dev *pci_dev_get(struct pci_dev *pdev)
{
	if (pdev)
		pdev->dev.refcount++;
	return pdev;
}

void pci_dev_put(struct pci_dev *pdev)
{
	if (pdev && pdev->dev.refcount > 1)
		pdev->dev.refcount--;
}

/* ---- claims ---- */

static bool has_bar(const struct pci_dev *pdev, int bar)
{
	return bar >= 0 && bar < PCI_STD_NUM_BARS && pdev->resource[bar].end > 0;
}

static int bar_claim(struct k_pci *pci, int bar, const char *name)
{
	const struct resource *res = &pci->pdev.resource[bar];

	if (!has_bar(&pci->pdev, bar))
		return 0;
	if (!k_region_claim(pci->p->machine, res->start, resource_size(res), name, &pci->pdev.dev))
		return -EBUSY;
	pci->claimed |= 1U << bar;
	if (pci->pdev.is_managed)
		pci->claimed_managed |= 1U << bar;
	return 0;
}

void k_pci_regions_release(struct k_pci *pci, unsigned int bars)
{
	bars &= pci->claimed;
	for (int bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (bars & 1U << bar)
			k_region_release(pci->p->machine, pci->pdev.resource[bar].start,
					 resource_size(&pci->pdev.resource[bar]));
	pci->claimed &= ~bars;
	pci->claimed_managed &= ~bars;
}

static int bars_claim(struct k_pci *pci, unsigned int bars, const char *name)
{
	for (int bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!(bars & 1U << bar) || !bar_claim(pci, bar, name))
			continue;
		k_pci_regions_release(pci, bars & ((1U << bar) - 1));
		return -EBUSY;
	}
	return 0;
}

static int claim(struct pci_dev *pdev, unsigned int bars, const char *name, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);

	if (!pci || k_model_call(pci->p->machine, function))
		return -EINVAL;
	if (k_fails(pci->p->machine, function, "pci_request_regions"))
		return -EBUSY;
	return bars_claim(pci, bars, name);
}

int pci_request_regions(struct pci_dev *pdev, const char *name)
{
	STACK_ENTER();
	return claim(pdev, 0x3f, name, "pci_request_regions");
}

int pci_request_region(struct pci_dev *pdev, int bar, const char *name)
{
	STACK_ENTER();
	return bar < 0 || bar >= PCI_STD_NUM_BARS ? -EINVAL : claim(pdev, 1U << bar, name, "pci_request_region");
}

static void release(struct pci_dev *pdev, unsigned int bars, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);
	struct finding f = {.rule = "kernel-warning", .act_verb = "release"};

	if (!pci || k_model_call(pci->p->machine, function))
		return;
	if (!(pci->claimed & bars) && pci->p->nr_mmio) {
		f.dev = &pdev->dev;
		f.more[0].label = "why";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(): not claimed, or released already", function);
		k_report(pci->p->machine, &f);
	}
	k_pci_regions_release(pci, bars);
}

void pci_release_regions(struct pci_dev *pdev)
{
	STACK_ENTER();
	release(pdev, 0x3f, "pci_release_regions");
}

void pci_release_region(struct pci_dev *pdev, int bar)
{
	STACK_ENTER();
	if (bar >= 0 && bar < PCI_STD_NUM_BARS)
		release(pdev, 1U << bar, "pci_release_region");
}

int pci_select_bars(struct pci_dev *pdev, unsigned long flags)
{
	int bars = 0;

	for (int bar = 0; pdev && bar < PCI_NUM_RESOURCES; bar++)
		if (pdev->resource[bar].flags & flags)
			bars |= 1 << bar;
	return bars;
}

/* ---- windows ---- */

static void *bar_map(struct pci_dev *pdev, int bar, unsigned long maxlen, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);
	u64 size;

	if (!pci || !has_bar(pdev, bar))
		return NULL;
	if (k_fails(pci->p->machine, function, "pci_iomap"))
		return NULL;
	size = resource_size(&pdev->resource[bar]);
	if (maxlen && maxlen < size)
		size = maxlen;
	return k_ioremap(pci->p->machine, pdev->resource[bar].start, size, &pdev->dev, "ioremap");
}

void __iomem *pci_iomap(struct pci_dev *pdev, int bar, unsigned long maxlen)
{
	STACK_ENTER();
	return bar_map(pdev, bar, maxlen, "pci_iomap");
}

void __iomem *pci_ioremap_bar(struct pci_dev *pdev, int bar)
{
	STACK_ENTER();
	return bar_map(pdev, bar, 0, "pci_ioremap_bar");
}

void pci_iounmap(struct pci_dev *pdev, void __iomem *addr)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_iounmap");

	STACK_ENTER();
	if (pci)
		k_iounmap(pci->p->machine, addr, "pci_iounmap");
}

static void managed_unmap(struct device *dev, void *data)
{
	struct k_pci *pci = k_pci_of(to_pci_dev(dev), "pcim_iomap");

	for (int bar = 0; pci && bar < PCI_STD_NUM_BARS; bar++)
		if (pci->table[bar] == data)
			pci->table[bar] = NULL;
	k_iounmap(k_thread.current, data, "pcim_iomap");
}

static void *managed_map(struct k_pci *pci, int bar, unsigned long maxlen, const char *function)
{
	void *addr;

	if (!pci || bar < 0 || bar >= PCI_STD_NUM_BARS || pci->table[bar])
		return NULL;
	addr = bar_map(&pci->pdev, bar, maxlen, function);
	if (addr && k_devres_add(&pci->pdev.dev, managed_unmap, addr)) {
		k_iounmap(pci->p->machine, addr, function);
		return NULL;
	}
	pci->table[bar] = addr;
	return addr;
}

void __iomem *pcim_iomap(struct pci_dev *pdev, int bar, unsigned long maxlen)
{
	STACK_ENTER();
	return managed_map(k_pci_of(pdev, "pcim_iomap"), bar, maxlen, "pcim_iomap");
}

void pcim_iounmap(struct pci_dev *pdev, void __iomem *addr)
{
	STACK_ENTER();
	if (addr && k_pci_of(pdev, "pcim_iounmap") && k_devres_remove(&pdev->dev, managed_unmap, addr))
		managed_unmap(&pdev->dev, addr);
}

int pcim_iomap_regions(struct pci_dev *pdev, int mask, const char *name)
{
	struct k_pci *pci = k_pci_of(pdev, "pcim_iomap_regions");
	int err = 0;

	STACK_ENTER();
	if (!pci)
		return -EINVAL;
	if (k_fails(pci->p->machine, "pcim_iomap_regions", NULL))
		return -ENOMEM;
	for (int bar = 0; bar < PCI_STD_NUM_BARS && !err; bar++) {
		if (!(mask & 1 << bar))
			continue;
		err = has_bar(pdev, bar) ? bar_claim(pci, bar, name) : -EINVAL;
		if (!err && !managed_map(pci, bar, 0, "pcim_iomap"))
			err = -ENOMEM;
		if (err) {
			k_pci_regions_release(pci, (unsigned int)mask & ((2U << bar) - 1));
			for (int b = 0; b < bar; b++) {
				void *addr = pci->table[b];

				if (mask & 1 << b && addr && k_devres_remove(&pdev->dev, managed_unmap, addr))
					managed_unmap(&pdev->dev, addr);
			}
		}
	}
	return err;
}

void __iomem *const *pcim_iomap_table(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pcim_iomap_table");

	return pci ? pci->table : NULL;
}
