/* SPDX-License-Identifier: MIT */
/*
 * The device model. Mirrors include/linux/device.h as far as drivers of this library need it.
 *
 * A struct device may be the library's (inside a pci_dev or platform_device, or from dmasim_device_create()) or the
 * user's own, embedded anywhere: the first call that needs it registers it.
 */
#ifndef DMASIM_LINUX_DEVICE_H
#define DMASIM_LINUX_DEVICE_H

#include <stdarg.h>
#include <dmasim/types.h>
#include <linux/compiler_types.h>
#include <linux/kern_levels.h>
#include <linux/mod_devicetable.h>
#include <linux/types.h>

struct attribute_group;
struct class;
struct cma;
struct dev_pm_ops;
struct device;
struct device_driver;
struct device_node;
struct dma_map_ops;
struct io_tlb_mem;
struct module;

/* A kind of bus: how devices and drivers find each other. */
struct bus_type {
	const char *name;
	int (*match)(struct device *dev,
		     struct device_driver *drv); /* > 0: the driver is for the device; NULL: any is */
	int (*probe)(struct device *dev);	 /* NULL: the driver's own is called */
	void (*remove)(struct device *dev);
	void (*shutdown)(struct device *dev);
};

struct device_driver {
	const char *name;
	struct bus_type *bus;
	struct module *owner;
	const char *mod_name;
	bool suppress_bind_attrs;
	int probe_type;
	const struct of_device_id *of_match_table;
	const struct acpi_device_id *acpi_match_table;
	int (*probe)(struct device *dev);
	int (*remove)(struct device *dev);
	void (*shutdown)(struct device *dev);
	const struct attribute_group **groups;
	const struct attribute_group **dev_groups;
	const struct dev_pm_ops *pm;
};

/* Limits of a device's scatter/gather hardware; dev->dma_parms points at one or is NULL. */
struct device_dma_parameters {
	unsigned int max_segment_size;
	unsigned int min_align_mask;
	unsigned long segment_boundary_mask;
};

/* One bus window of a device as seen from the CPU; arrays end with size 0. */
struct bus_dma_region {
	phys_addr_t cpu_start;
	dma_addr_t dma_start;
	u64 size;
	u64 offset; /* cpu_start - dma_start */
};

struct device {
	struct device *parent;
	const char *init_name;
	struct bus_type *bus;
	struct device_driver *driver;
	void *platform_data;
	void *driver_data; /* dev_set_drvdata() */
	void (*release)(struct device *dev);
	struct device_node *of_node;
	struct class *class;
	const struct attribute_group **groups;
	dev_t devt;
	u32 id;
	int refcount; /* get_device(); 0 = not initialised */

	/* the DMA layer's view, as drivers and buses of the kernel set it */
	u64 *dma_mask;
	u64 coherent_dma_mask;
	u64 bus_dma_limit;
	const struct bus_dma_region *dma_range_map;
	struct device_dma_parameters *dma_parms;
	const struct dma_map_ops *dma_ops;
	struct cma *cma_area;		   /* contiguous memory of its own; NULL: the default area's */
	bool dma_ops_bypass : 1;	   /* direct operations once the mask covers all memory */
	struct io_tlb_mem *dma_io_tlb_mem; /* to look at: see <linux/swiotlb.h>; NULL: none */

	/* handle of this library's record of the device: 0 until registration or the first call that needs it */
	unsigned long long dmasim;
};

/* ---- names, data, references ---- */

/* Never NULL. Context: any. */
DMASIM_API const char *dev_name(const struct device *dev) DMASIM_SYM(dev_name);
DMASIM_API int dev_set_name(struct device *dev, const char *fmt, ...) DMASIM_SYM(dev_set_name) DMASIM_PRINTF(2, 3);
DMASIM_API const char *dev_driver_string(const struct device *dev) DMASIM_SYM(dev_driver_string);

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

static inline void *dev_get_platdata(const struct device *dev)
{
	return dev->platform_data;
}

static inline int dev_to_node(struct device *dev)
{
	(void)dev;
	return 0;
}

static inline void set_dev_node(struct device *dev, int node)
{
	(void)dev;
	(void)node;
}

/* The device; NULL stays NULL. */
DMASIM_API struct device *get_device(struct device *dev) DMASIM_SYM(get_device);
/* At the last reference dev->release() runs. Library-made devices live until they are unplugged. */
DMASIM_API void put_device(struct device *dev) DMASIM_SYM(put_device);

/* ---- registration: for devices and buses of the driver's own ---- */

DMASIM_API void device_initialize(struct device *dev) DMASIM_SYM(device_initialize);
DMASIM_API int __must_check device_add(struct device *dev) DMASIM_SYM(device_add);
/* device_initialize() and device_add(): drivers of dev->bus are probed. 0, -EINVAL without a name, -ENOMEM. */
DMASIM_API int __must_check device_register(struct device *dev) DMASIM_SYM(device_register);
DMASIM_API void device_del(struct device *dev) DMASIM_SYM(device_del);
DMASIM_API void device_unregister(struct device *dev) DMASIM_SYM(device_unregister);
DMASIM_API int __must_check bus_register(struct bus_type *bus) DMASIM_SYM(bus_register);
DMASIM_API void bus_unregister(struct bus_type *bus) DMASIM_SYM(bus_unregister);
DMASIM_API int __must_check driver_register(struct device_driver *drv) DMASIM_SYM(driver_register);
DMASIM_API void driver_unregister(struct device_driver *drv) DMASIM_SYM(driver_unregister);
/* Unbind the driver now, as a write to sysfs does; the device may be bound again by device_attach(). */
DMASIM_API void device_release_driver(struct device *dev) DMASIM_SYM(device_release_driver);
/* 1 bound, 0 no driver, or what probe refused with. */
DMASIM_API int __must_check device_attach(struct device *dev) DMASIM_SYM(device_attach);

/* ---- classes: names for device numbers ---- */

DMASIM_API struct class *dmasim_class_create(const char *name);
/* clang-format off */
#define DMASIM_CLASS_PICK(a, b, picked, ...) picked
#define DMASIM_CLASS_OLD(owner, name) dmasim_class_create(((void)(owner), (name))) /* until 6.3 */
#define class_create(...) DMASIM_CLASS_PICK(__VA_ARGS__, DMASIM_CLASS_OLD, dmasim_class_create, 0)(__VA_ARGS__)
/* clang-format on */
DMASIM_API void class_destroy(struct class *cls) DMASIM_SYM(class_destroy);
/* A node with that name for devt; ERR_PTR() on failure. Context: may sleep. */
DMASIM_API struct device *device_create(struct class *cls, struct device *parent, dev_t devt, void *drvdata,
					const char *fmt, ...) DMASIM_SYM(device_create) DMASIM_PRINTF(5, 6);
DMASIM_API void device_destroy(struct class *cls, dev_t devt) DMASIM_SYM(device_destroy);

/* ---- managed resources: released in reverse order when the driver is unbound or its probe fails ---- */

DMASIM_API void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp) DMASIM_SYM(devm_kmalloc)
	__attribute__((__malloc__));
DMASIM_API void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp) DMASIM_SYM(devm_kzalloc)
	__attribute__((__malloc__));
DMASIM_API void *devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp) DMASIM_SYM(devm_kcalloc)
	__attribute__((__malloc__));
DMASIM_API void *devm_kmalloc_array(struct device *dev, size_t n, size_t size, gfp_t gfp) DMASIM_SYM(devm_kmalloc_array)
	__attribute__((__malloc__));
DMASIM_API void *devm_kmemdup(struct device *dev, const void *src, size_t size, gfp_t gfp) DMASIM_SYM(devm_kmemdup);
DMASIM_API char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp) DMASIM_SYM(devm_kstrdup);
DMASIM_API char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...) DMASIM_SYM(devm_kasprintf)
	DMASIM_PRINTF(3, 4);
DMASIM_API void devm_kfree(struct device *dev, const void *p) DMASIM_SYM(devm_kfree);

/* Run action(data) at unbind. 0 or -ENOMEM; the _or_reset form then runs it at once. */
DMASIM_API int __must_check devm_add_action(struct device *dev, void (*action)(void *), void *data)
	DMASIM_SYM(devm_add_action);
DMASIM_API int __must_check devm_add_action_or_reset(struct device *dev, void (*action)(void *), void *data)
	DMASIM_SYM(devm_add_action_or_reset);
DMASIM_API void devm_remove_action(struct device *dev, void (*action)(void *), void *data)
	DMASIM_SYM(devm_remove_action);
DMASIM_API void devm_release_action(struct device *dev, void (*action)(void *), void *data)
	DMASIM_SYM(devm_release_action);

/* ---- messages with the driver's and the device's name ---- */

DMASIM_API void dev_printk_level(const char *level, const struct device *dev, const char *fmt, ...)
	DMASIM_SYM(dev_printk) DMASIM_PRINTF(3, 4);
/* The message at error level, or for -EPROBE_DEFER at debug level; returns err. */
DMASIM_API int dev_err_probe(const struct device *dev, int err, const char *fmt, ...) DMASIM_SYM(dev_err_probe)
	DMASIM_PRINTF(3, 4);

#ifndef dev_fmt
#define dev_fmt(fmt) fmt
#endif
#define dev_printk(level, dev, fmt, ...) dev_printk_level(level, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_emerg(dev, fmt, ...)	 dev_printk_level(KERN_EMERG, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_alert(dev, fmt, ...)	 dev_printk_level(KERN_ALERT, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_crit(dev, fmt, ...)		 dev_printk_level(KERN_CRIT, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_err(dev, fmt, ...)		 dev_printk_level(KERN_ERR, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_warn(dev, fmt, ...)		 dev_printk_level(KERN_WARNING, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_notice(dev, fmt, ...)	 dev_printk_level(KERN_NOTICE, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_info(dev, fmt, ...)		 dev_printk_level(KERN_INFO, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_dbg(dev, fmt, ...)		 dev_printk_level(KERN_DEBUG, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_vdbg			 dev_dbg
#define dev_err_once			 dev_err
#define dev_warn_once			 dev_warn
#define dev_info_once			 dev_info
#define dev_dbg_once			 dev_dbg
#define dev_err_ratelimited		 dev_err
#define dev_warn_ratelimited		 dev_warn
#define dev_info_ratelimited		 dev_info
#define dev_dbg_ratelimited		 dev_dbg

#endif
