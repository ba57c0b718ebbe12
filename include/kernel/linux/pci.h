/* SPDX-License-Identifier: MIT */
/* PCI functions and their drivers. Mirrors include/linux/pci.h. Functions may sleep unless said otherwise. */
#ifndef DMASIM_LINUX_PCI_H
#define DMASIM_LINUX_PCI_H

#include_next <linux/pci.h>
#include <dmasim/types.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>
#include <linux/pci_ids.h>
#include <linux/types.h>

#define PCI_STD_NUM_BARS     6
#define PCI_NUM_RESOURCES    7
#define PCI_ROM_RESOURCE     6
#define PCI_STD_RESOURCE_END 5

struct pci_driver;

struct pci_bus {
	unsigned char number;
	struct device *bridge;
};

struct pci_dev {
	struct pci_bus *bus;
	unsigned int devfn;
	unsigned short vendor, device, subsystem_vendor, subsystem_device;
	unsigned int class; /* base class, sub-class, interface */
	u8 revision;
	u8 pin; /* INTA is 1 */
	struct pci_driver *driver;
	u64 dma_mask;
	struct device dev;
	int cfg_size;
	unsigned int irq; /* the line of the pin, or of the first vector while MSI is enabled */
	struct resource resource[PCI_NUM_RESOURCES];
	unsigned int is_busmaster : 1, msi_enabled : 1, msix_enabled : 1, is_managed : 1;
	int enable_cnt; /* pci_enable_device() less pci_disable_device() */
};

struct pci_driver {
	const char *name;
	const struct pci_device_id *id_table; /* ends with zeroes; NULL: matches nothing */
	int (*probe)(struct pci_dev *dev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *dev);
	void (*shutdown)(struct pci_dev *dev);
	const struct pci_error_handlers *err_handler;
	const struct attribute_group **groups;
	struct device_driver driver;
	bool driver_managed_dma;
};

/* clang-format off */
#define PCI_DEVICE(vend, dev) \
	.vendor = (vend), .device = (dev), .subvendor = (u32)PCI_ANY_ID, .subdevice = (u32)PCI_ANY_ID
#define PCI_DEVICE_SUB(vend, dev, subvend, subdev) \
	.vendor = (vend), .device = (dev), .subvendor = (subvend), .subdevice = (subdev)
#define PCI_DEVICE_CLASS(dev_class, dev_class_mask) \
	.class = (dev_class), .class_mask = (dev_class_mask), .vendor = (u32)PCI_ANY_ID, .device = (u32)PCI_ANY_ID, \
	.subvendor = (u32)PCI_ANY_ID, .subdevice = (u32)PCI_ANY_ID
#define PCI_VDEVICE(vend, dev) \
	.vendor = PCI_VENDOR_ID_##vend, .device = (dev), .subvendor = (u32)PCI_ANY_ID, .subdevice = (u32)PCI_ANY_ID, 0, 0
#define PCI_DEVICE_DATA(vend, dev, data) \
	.vendor = PCI_VENDOR_ID_##vend, .device = PCI_DEVICE_ID_##vend##_##dev, .subvendor = (u32)PCI_ANY_ID, \
	.subdevice = (u32)PCI_ANY_ID, 0, 0, .driver_data = (kernel_ulong_t)(data)
#define DEFINE_PCI_DEVICE_TABLE(table) const struct pci_device_id table[] /* until 4.7 */
/* clang-format on */

DMASIM_API extern struct bus_type pci_bus_type DMASIM_SYM(pci_bus_type);
#define to_pci_dev(n)	   container_of(n, struct pci_dev, dev)
#define to_pci_driver(drv) container_of(drv, struct pci_driver, driver)
#define dev_is_pci(d)	   ((d)->bus == &pci_bus_type)

static inline const char *pci_name(const struct pci_dev *pdev)
{
	return dev_name(&pdev->dev);
}

static inline void *pci_get_drvdata(struct pci_dev *pdev)
{
	return dev_get_drvdata(&pdev->dev);
}

static inline void pci_set_drvdata(struct pci_dev *pdev, void *data)
{
	dev_set_drvdata(&pdev->dev, data);
}

/* ---- drivers ---- */

/* Probes matching devices that are there, in the order plugged, and from now on new ones. 0, -EBUSY, -EINVAL, -ENOMEM. */
DMASIM_API int __must_check pci_register_driver(struct pci_driver *drv) DMASIM_SYM(pci_register_driver);
/* Unbinds it from its devices. */
DMASIM_API void pci_unregister_driver(struct pci_driver *drv) DMASIM_SYM(pci_unregister_driver);
#define module_pci_driver(drv) module_driver(drv, pci_register_driver, pci_unregister_driver)
DMASIM_API const struct pci_device_id *pci_match_id(const struct pci_device_id *ids, struct pci_dev *pdev)
	DMASIM_SYM(pci_match_id);
/* References of the struct, which lives until the device is unplugged. */
DMASIM_API struct pci_dev *pci_dev_get(struct pci_dev *pdev) DMASIM_SYM(pci_dev_get);
DMASIM_API void pci_dev_put(struct pci_dev *pdev) DMASIM_SYM(pci_dev_put);

/* ---- the function ---- */

/* Memory decoding and the pin come on; counted. Negative errno on failure. */
DMASIM_API int __must_check pci_enable_device(struct pci_dev *pdev) DMASIM_SYM(pci_enable_device);
DMASIM_API int __must_check pci_enable_device_mem(struct pci_dev *pdev) DMASIM_SYM(pci_enable_device_mem);
/* As pci_enable_device(); disabled, and regions and pcim_iomap() windows given back, when the driver is unbound. */
DMASIM_API int __must_check pcim_enable_device(struct pci_dev *pdev) DMASIM_SYM(pcim_enable_device);
/* At the last one bus mastering goes off. Registers go on answering, as the kernel leaves decoding on. */
DMASIM_API void pci_disable_device(struct pci_dev *pdev) DMASIM_SYM(pci_disable_device);
/* Context: any. */
DMASIM_API void pci_set_master(struct pci_dev *pdev) DMASIM_SYM(pci_set_master);
DMASIM_API void pci_clear_master(struct pci_dev *pdev) DMASIM_SYM(pci_clear_master);

static inline int pci_is_enabled(struct pci_dev *pdev)
{
	return pdev->enable_cnt > 0;
}

/* where: offset in configuration space, aligned. 0, or PCIBIOS_BAD_REGISTER_NUMBER. Context: any. */
DMASIM_API int pci_read_config_byte(const struct pci_dev *pdev, int where, u8 *val) DMASIM_SYM(pci_read_config_byte);
DMASIM_API int pci_read_config_word(const struct pci_dev *pdev, int where, u16 *val) DMASIM_SYM(pci_read_config_word);
DMASIM_API int pci_read_config_dword(const struct pci_dev *pdev, int where, u32 *val) DMASIM_SYM(pci_read_config_dword);
DMASIM_API int pci_write_config_byte(const struct pci_dev *pdev, int where, u8 val) DMASIM_SYM(pci_write_config_byte);
DMASIM_API int pci_write_config_word(const struct pci_dev *pdev, int where, u16 val) DMASIM_SYM(pci_write_config_word);
DMASIM_API int pci_write_config_dword(const struct pci_dev *pdev, int where, u32 val)
	DMASIM_SYM(pci_write_config_dword);
DMASIM_API int pci_find_capability(struct pci_dev *pdev, int cap) DMASIM_SYM(pci_find_capability);
#define PCIBIOS_SUCCESSFUL	    0x00
#define PCIBIOS_BAD_REGISTER_NUMBER 0x87

/* ---- BARs ---- */

#define pci_resource_start(pdev, bar) ((pdev)->resource[bar].start)
#define pci_resource_end(pdev, bar)   ((pdev)->resource[bar].end)
#define pci_resource_flags(pdev, bar) ((pdev)->resource[bar].flags)
#define pci_resource_len(pdev, bar) \
	((pci_resource_end(pdev, bar) == 0) ? 0 : (pci_resource_end(pdev, bar) - pci_resource_start(pdev, bar) + 1))

/* Claim all BARs: 0, or -EBUSY and none claimed. */
DMASIM_API int __must_check pci_request_regions(struct pci_dev *pdev, const char *name) DMASIM_SYM(pci_request_regions);
DMASIM_API void pci_release_regions(struct pci_dev *pdev) DMASIM_SYM(pci_release_regions);
DMASIM_API int __must_check pci_request_region(struct pci_dev *pdev, int bar, const char *name)
	DMASIM_SYM(pci_request_region);
DMASIM_API void pci_release_region(struct pci_dev *pdev, int bar) DMASIM_SYM(pci_release_region);
#define pci_request_mem_regions(pdev, name) pci_request_regions((pdev), (name))
#define pci_release_mem_regions(pdev)	    pci_release_regions(pdev)
/* Bit mask of the BARs that have all of `flags`. */
DMASIM_API int pci_select_bars(struct pci_dev *pdev, unsigned long flags) DMASIM_SYM(pci_select_bars);

/* Map a BAR: at most maxlen bytes, 0 for all. NULL: no such BAR, no memory. */
DMASIM_API void __iomem *pci_iomap(struct pci_dev *pdev, int bar, unsigned long maxlen) DMASIM_SYM(pci_iomap);
DMASIM_API void pci_iounmap(struct pci_dev *pdev, void __iomem *addr) DMASIM_SYM(pci_iounmap);
DMASIM_API void __iomem *pci_ioremap_bar(struct pci_dev *pdev, int bar) DMASIM_SYM(pci_ioremap_bar);
DMASIM_API void __iomem *pcim_iomap(struct pci_dev *pdev, int bar, unsigned long maxlen) DMASIM_SYM(pcim_iomap);
DMASIM_API void pcim_iounmap(struct pci_dev *pdev, void __iomem *addr) DMASIM_SYM(pcim_iounmap);
/* Claim and map the BARs in mask. 0 or negative errno; the windows are then in pcim_iomap_table()[bar]. */
DMASIM_API int __must_check pcim_iomap_regions(struct pci_dev *pdev, int mask, const char *name)
	DMASIM_SYM(pcim_iomap_regions);
DMASIM_API void __iomem *const *pcim_iomap_table(struct pci_dev *pdev) DMASIM_SYM(pcim_iomap_table);

/* ---- interrupts ---- */

#define PCI_IRQ_LEGACY	  (1 << 0)
#define PCI_IRQ_INTX	  PCI_IRQ_LEGACY
#define PCI_IRQ_MSI	  (1 << 1)
#define PCI_IRQ_MSIX	  (1 << 2)
#define PCI_IRQ_AFFINITY  (1 << 3)
#define PCI_IRQ_ALL_TYPES (PCI_IRQ_LEGACY | PCI_IRQ_MSI | PCI_IRQ_MSIX)

/* Between min and max vectors, the best kind in flags that the function has. How many; -ENOSPC, -EINVAL, -ENODEV. */
DMASIM_API int pci_alloc_irq_vectors(struct pci_dev *pdev, unsigned int min, unsigned int max, unsigned int flags)
	DMASIM_SYM(pci_alloc_irq_vectors);
/* After free_irq() of each. */
DMASIM_API void pci_free_irq_vectors(struct pci_dev *pdev) DMASIM_SYM(pci_free_irq_vectors);
/* The line of a vector, for request_irq(); -EINVAL. Context: any. */
DMASIM_API int pci_irq_vector(struct pci_dev *pdev, unsigned int nr) DMASIM_SYM(pci_irq_vector);
/* pdev->irq becomes the message's line. 0 or -EINVAL. */
DMASIM_API int __must_check pci_enable_msi(struct pci_dev *pdev) DMASIM_SYM(pci_enable_msi);
DMASIM_API void pci_disable_msi(struct pci_dev *pdev) DMASIM_SYM(pci_disable_msi);
DMASIM_API void pci_intx(struct pci_dev *pdev, int enable) DMASIM_SYM(pci_intx);

#endif
