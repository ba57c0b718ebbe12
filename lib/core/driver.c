// SPDX-License-Identifier: MIT
/*
 * The device model's public face: the functions of <linux/device.h>. Thin: arguments and contexts are checked here, the
 * work is in device.c.
 *
 * References are counted in the struct itself, as kernel code can see them; a library-made device lives until it is
 * unplugged whatever its count, so a count that is wrong hurts nobody but the driver.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

const char *dev_name(const struct device *dev)
{
	return k_device_name(dev);
}

int dev_set_name(struct device *dev, const char *fmt, ...)
{
	struct dmasim_device_private *p = k_device(dev, "dev_set_name");
	va_list args;

	if (!p || !fmt)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(p->name, sizeof(p->name), fmt, args);
	va_end(args);
	memcpy(p->master.name, p->name, sizeof(p->master.name));
	return 0;
}

const char *dev_driver_string(const struct device *dev)
{
	if (dev && dev->driver && dev->driver->name)
		return dev->driver->name;
	return dev && dev->bus && dev->bus->name ? dev->bus->name : "";
}

struct device *get_device(struct device *dev)
{
	if (dev)
		dev->refcount++;
	return dev;
}

void put_device(struct device *dev)
{
	struct dmasim_device_private *p;
	struct dmasim_machine *m;

	STACK_ENTER();
	if (!dev)
		return;
	p = k_device(dev, "put_device");
	if (!p)
		return;
	m = p->machine;
	if (dev->refcount <= 0) {
		k_report(m, &(struct finding){.rule = "kernel-warning",
					      .dev = dev,
					      .act_verb = "call",
					      .more = {{"call", "put_device() without a reference"}}});
		return;
	}
	if (--dev->refcount > 0 || p->ours || p->busy)
		return;
	k_device_remove(m, p);
	if (dev->release)
		dev->release(dev);
}

void device_initialize(struct device *dev)
{
	if (dev && k_device(dev, "device_initialize"))
		dev->refcount = 1;
}

int device_add(struct device *dev)
{
	struct dmasim_device_private *p;
	struct dmasim_machine *m = k_machine("device_add");
	int err;

	STACK_ENTER();
	if (!m || k_model_call(m, "device_add"))
		return -EINVAL;
	if (k_fails(m, "device_register", "device_add"))
		return -ENOMEM;
	p = k_device(dev, "device_add");
	if (!p)
		return -EINVAL;
	if (p->plugged)
		return -EEXIST;
	k_might_sleep(m, "device_register");
	err = k_device_attach(m, p);
	/* A driver that refuses does not make the device go away. */
	return err == -ENOMEM && !p->plugged ? err : 0;
}

int device_register(struct device *dev)
{
	STACK_ENTER();
	if (!k_device(dev, "device_register"))
		return -EINVAL;
	return device_add(dev);
}

void device_del(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "device_del");

	STACK_ENTER();
	if (!p || p->busy)
		return;
	k_device_unbind(p->machine, p);
	p->plugged = false;
}

void device_unregister(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "device_unregister");

	STACK_ENTER();
	if (!p || p->busy)
		return;
	if (p->ours || dev->refcount > 1) {
		k_device_unbind(p->machine, p);
		p->plugged = false;
		dev->refcount--;
		return;
	}
	dev->refcount = 0;
	k_device_remove(p->machine, p);
	if (dev->release)
		dev->release(dev);
}

int bus_register(struct bus_type *bus)
{
	struct dmasim_machine *m = k_machine("bus_register");

	if (!m || !bus || !bus->name)
		return -EINVAL;
	return k_fails(m, "bus_register", NULL) ? -ENOMEM : 0;
}

void bus_unregister(struct bus_type *bus)
{
	(void)bus; /* drivers and devices name their bus; there is no list of them */
}

int driver_register(struct device_driver *drv)
{
	struct dmasim_machine *m = k_machine("driver_register");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "driver_register"))
		return -EINVAL;
	if (k_fails(m, "driver_register", NULL))
		return -ENOMEM;
	k_might_sleep(m, "driver_register");
	return k_driver_add(m, drv);
}

void driver_unregister(struct device_driver *drv)
{
	struct dmasim_machine *m = k_machine("driver_unregister");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "driver_unregister"))
		return;
	k_might_sleep(m, "driver_unregister");
	k_driver_remove(m, drv);
}

void device_release_driver(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "device_release_driver");

	STACK_ENTER();
	if (p)
		k_device_unbind(p->machine, p);
}

int device_attach(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "device_attach");

	STACK_ENTER();
	return p ? k_device_attach(p->machine, p) : -EINVAL;
}
