// SPDX-License-Identifier: MIT
/*
 * Platform devices: described by whoever made the board, here by tests.
 *
 * The bus matches by the driver's id table or by name. Devices are the caller's own structs, or ours from
 * platform_device_register_simple(), which lie on the host heap with a copy of their resources behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/platform_device.h>
#include "lib/core/device.h"
#include "lib/core/io.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

static int bus_match(struct device *dev, struct device_driver *drv)
{
	struct platform_device *pdev = to_platform_device(dev);
	const struct platform_device_id *id = to_platform_driver(drv)->id_table;

	if (!pdev->name)
		return 0;
	for (; id && id->name[0]; id++) {
		if (strcmp(pdev->name, id->name) == 0) {
			pdev->id_entry = id;
			return 1;
		}
	}
	return drv->name && strcmp(pdev->name, drv->name) == 0;
}

static int bus_probe(struct device *dev)
{
	struct platform_driver *drv = to_platform_driver(dev->driver);

	return drv->probe ? drv->probe(to_platform_device(dev)) : 0;
}

static void bus_remove(struct device *dev)
{
	struct platform_driver *drv = to_platform_driver(dev->driver);

	if (drv->remove_new)
		drv->remove_new(to_platform_device(dev));
	else if (drv->remove)
		drv->remove(to_platform_device(dev));
}

struct bus_type platform_bus_type = {.name = "platform", .match = bus_match, .probe = bus_probe, .remove = bus_remove};

int platform_driver_register(struct platform_driver *drv)
{
	struct dmasim_machine *m = k_machine("platform_driver_register");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "platform_driver_register"))
		return -EINVAL;
	if (k_fails(m, "platform_driver_register", NULL))
		return -ENOMEM;
	k_might_sleep(m, "platform_driver_register");
	drv->driver.bus = &platform_bus_type;
	return k_driver_add(m, &drv->driver);
}

void platform_driver_unregister(struct platform_driver *drv)
{
	struct dmasim_machine *m = k_machine("platform_driver_unregister");

	STACK_ENTER();
	if (!m || !drv || k_model_call(m, "platform_driver_unregister"))
		return;
	k_might_sleep(m, "platform_driver_unregister");
	k_driver_remove(m, &drv->driver);
}

/* The kernel complains about a struct that is registered a second time, and does nothing. */
static bool is_registered(struct dmasim_machine *m, const struct device *dev)
{
	const u32 slot = (u32)dev->dmasim;
	const struct dmasim_device_private *p = slot < m->nr_device_slots ? m->device_slots[slot] : NULL;

	if (dev->dmasim >> 32 != m->serial || !p || p->dev != dev || !p->plugged)
		return false;
	k_report(m, &(struct finding){.rule = "kernel-warning",
				      .dev = p->dev,
				      .act_verb = "call",
				      .more = {{"why", "platform_device_register() of a device that is registered"}}});
	return true;
}

static int add(struct dmasim_machine *m, struct platform_device *pdev, void (*container_free)(struct device *dev))
{
	struct dmasim_device_private *p;
	char name[64];

	if (!pdev->name)
		return sim_error(EINVAL, "a platform device needs a name");
	if (is_registered(m, &pdev->dev))
		return -EEXIST;
	if (pdev->id == PLATFORM_DEVID_NONE)
		snprintf(name, sizeof(name), "%s", pdev->name);
	else if (pdev->id == PLATFORM_DEVID_AUTO)
		snprintf(name, sizeof(name), "%s.%u.auto", pdev->name, m->devices->next_id);
	else
		snprintf(name, sizeof(name), "%s.%d", pdev->name, pdev->id);
	pdev->dev.bus = &platform_bus_type;
	if (!pdev->dev.coherent_dma_mask)
		pdev->dev.coherent_dma_mask = 0xffffffff;
	if (!pdev->dev.dma_mask) {
		pdev->platform_dma_mask = 0xffffffff;
		pdev->dev.dma_mask = &pdev->platform_dma_mask;
	}
	p = k_device_add(m, &pdev->dev, name, container_free);
	if (!p)
		return -ENOMEM;
	k_device_attach(m, p);
	return 0;
}

int platform_device_register(struct platform_device *pdev)
{
	struct dmasim_machine *m = k_machine("platform_device_register");

	STACK_ENTER();
	if (!m || !pdev || k_model_call(m, "platform_device_register"))
		return -EINVAL;
	if (k_fails(m, "platform_device_register", NULL))
		return -ENOMEM;
	k_might_sleep(m, "platform_device_register");
	return add(m, pdev, NULL);
}

void platform_device_unregister(struct platform_device *pdev)
{
	struct dmasim_device_private *p;

	STACK_ENTER();
	if (IS_ERR_OR_NULL(pdev))
		return;
	p = k_device(&pdev->dev, "platform_device_unregister");
	if (!p || p->busy || k_model_call(p->machine, "platform_device_unregister"))
		return;
	k_might_sleep(p->machine, "platform_device_unregister");
	k_device_remove(p->machine, p);
}

static void simple_free(struct device *dev)
{
	free(to_platform_device(dev));
}

struct platform_device *platform_device_register_simple(const char *name, int id, const struct resource *res,
							unsigned int num)
{
	struct dmasim_machine *m = k_machine("platform_device_register_simple");
	struct platform_device *pdev;
	size_t length;
	int err;

	STACK_ENTER();
	if (!m || !name || num > 64 || k_model_call(m, "platform_device_register_simple"))
		return ERR_PTR(-EINVAL);
	if (k_fails(m, "platform_device_register_simple", "platform_device_register"))
		return ERR_PTR(-ENOMEM);
	k_might_sleep(m, "platform_device_register_simple");
	length = strlen(name) + 1;
	pdev = calloc(1, sizeof(*pdev) + num * sizeof(*res) + length);
	if (!pdev)
		return ERR_PTR(-ENOMEM);
	pdev->resource = (struct resource *)(pdev + 1);
	pdev->num_resources = num;
	if (num)
		memcpy(pdev->resource, res, num * sizeof(*res));
	pdev->name = memcpy(pdev->resource + num, name, length);
	pdev->id = id;
	err = add(m, pdev, simple_free);
	if (err) {
		free(pdev);
		return ERR_PTR(err);
	}
	return pdev;
}

/* ---- resources ---- */

struct resource *platform_get_resource(struct platform_device *pdev, unsigned int type, unsigned int n)
{
	for (u32 i = 0; pdev && i < pdev->num_resources; i++)
		if (resource_type(&pdev->resource[i]) == type && n-- == 0)
			return &pdev->resource[i];
	return NULL;
}

struct resource *platform_get_resource_byname(struct platform_device *pdev, unsigned int type, const char *name)
{
	for (u32 i = 0; pdev && i < pdev->num_resources; i++) {
		struct resource *res = &pdev->resource[i];

		if (resource_type(res) == type && res->name && strcmp(res->name, name) == 0)
			return res;
	}
	return NULL;
}

static int get_irq(struct platform_device *pdev, unsigned int n, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	const struct resource *res = platform_get_resource(pdev, IORESOURCE_IRQ, n);

	if (!m || k_fails(m, function, "platform_get_irq"))
		return -ENXIO;
	return res ? (int)res->start : -ENXIO;
}

int platform_get_irq(struct platform_device *pdev, unsigned int n)
{
	int irq;

	STACK_ENTER();
	irq = get_irq(pdev, n, "platform_get_irq");
	if (irq < 0 && pdev && k_thread.current)
		k_log(k_thread.current, 3, "%s: IRQ index %u not found", k_device_name(&pdev->dev), n);
	return irq;
}

int platform_get_irq_optional(struct platform_device *pdev, unsigned int n)
{
	STACK_ENTER();
	return get_irq(pdev, n, "platform_get_irq_optional");
}

void __iomem *devm_platform_ioremap_resource(struct platform_device *pdev, unsigned int n)
{
	STACK_ENTER();
	return k_devm_ioremap_resource(pdev ? &pdev->dev : NULL, platform_get_resource(pdev, IORESOURCE_MEM, n));
}
