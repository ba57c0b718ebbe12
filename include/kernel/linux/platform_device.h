/* SPDX-License-Identifier: MIT */
/* Devices that no bus can enumerate. Mirrors include/linux/platform_device.h. Functions may sleep. */
#ifndef DMASIM_LINUX_PLATFORM_DEVICE_H
#define DMASIM_LINUX_PLATFORM_DEVICE_H

#include <dmasim/types.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>
#include <linux/stddef.h>
#include <linux/container_of.h>

#define PLATFORM_DEVID_NONE (-1)
#define PLATFORM_DEVID_AUTO (-2)

struct platform_device {
	const char *name;
	int id;
	bool id_auto;
	struct device dev;
	u64 platform_dma_mask;
	u32 num_resources;
	struct resource *resource;
	const struct platform_device_id *id_entry;
};

struct platform_driver {
	int (*probe)(struct platform_device *pdev);
	int (*remove)(struct platform_device *pdev);
	void (*remove_new)(struct platform_device *pdev);
	void (*shutdown)(struct platform_device *pdev);
	struct device_driver driver;
	const struct platform_device_id *id_table;
};

DMASIM_API extern struct bus_type platform_bus_type DMASIM_SYM(platform_bus_type);
#define to_platform_device(d)	container_of((d), struct platform_device, dev)
#define to_platform_driver(drv) container_of((drv), struct platform_driver, driver)
#define dev_is_platform(d)	((d)->bus == &platform_bus_type)

static inline void *platform_get_drvdata(const struct platform_device *pdev)
{
	return dev_get_drvdata(&pdev->dev);
}

static inline void platform_set_drvdata(struct platform_device *pdev, void *data)
{
	dev_set_drvdata(&pdev->dev, data);
}

/* Matches by id_table, else by driver.name. 0, -EBUSY, -EINVAL, -ENOMEM. */
DMASIM_API int __must_check platform_driver_register(struct platform_driver *drv) DMASIM_SYM(platform_driver_register);
DMASIM_API void platform_driver_unregister(struct platform_driver *drv) DMASIM_SYM(platform_driver_unregister);
#define module_platform_driver(drv) module_driver(drv, platform_driver_register, platform_driver_unregister)

/* The caller's own struct. 0, -EINVAL, -ENOMEM. */
DMASIM_API int platform_device_register(struct platform_device *pdev) DMASIM_SYM(platform_device_register);
DMASIM_API void platform_device_unregister(struct platform_device *pdev) DMASIM_SYM(platform_device_unregister);
/* A struct of the library's, with a copy of the resources; ERR_PTR() on failure. Ended by platform_device_unregister(). */
DMASIM_API struct platform_device *platform_device_register_simple(const char *name, int id, const struct resource *res,
								   unsigned int num)
	DMASIM_SYM(platform_device_register_simple);

/* The nth resource of a type, or NULL. */
DMASIM_API struct resource *platform_get_resource(struct platform_device *pdev, unsigned int type, unsigned int n)
	DMASIM_SYM(platform_get_resource);
DMASIM_API struct resource *platform_get_resource_byname(struct platform_device *pdev, unsigned int type,
							 const char *name) DMASIM_SYM(platform_get_resource_byname);
/* The nth interrupt line; -ENXIO. */
DMASIM_API int platform_get_irq(struct platform_device *pdev, unsigned int n) DMASIM_SYM(platform_get_irq);
DMASIM_API int platform_get_irq_optional(struct platform_device *pdev, unsigned int n)
	DMASIM_SYM(platform_get_irq_optional);
/* devm_ioremap_resource() of the nth memory resource. */
DMASIM_API void __iomem *devm_platform_ioremap_resource(struct platform_device *pdev, unsigned int n)
	DMASIM_SYM(devm_platform_ioremap_resource);

#endif
