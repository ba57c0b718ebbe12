// SPDX-License-Identifier: MIT
/*
 * Managed memory: kmalloc() objects that are freed when the driver is unbound from its device.
 *
 * In this room because it joins the slab allocator to the managed resources of the room below.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/mm/internal.h"

static void release(struct device *dev, void *data)
{
	(void)dev;
	slab_kfree(k_thread.current, data, "devm_kfree");
}

static void *allocate(struct device *dev, size_t size, gfp_t gfp, const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	struct dmasim_machine *m;
	void *object;

	if (!p)
		return NULL;
	m = p->machine;
	/* Each is a devm_kmalloc() underneath, and answers to both names. */
	if (k_model_call(m, function) || k_fails(m, function, "devm_kmalloc"))
		return NULL;
	object = slab_kmalloc(m, size, gfp, function);
	if (object && size && k_devres_add(dev, release, object)) {
		slab_kfree(m, object, function);
		return NULL;
	}
	return object;
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	STACK_ENTER();
	return allocate(dev, size, gfp, "devm_kmalloc");
}

void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	STACK_ENTER();
	return allocate(dev, size, gfp | __GFP_ZERO, "devm_kzalloc");
}

void *devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	STACK_ENTER();
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : allocate(dev, bytes, gfp | __GFP_ZERO, "devm_kcalloc");
}

void *devm_kmalloc_array(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	STACK_ENTER();
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : allocate(dev, bytes, gfp, "devm_kmalloc_array");
}

/* The new object with the caller's bytes; both sides without faulting. */
static void *duplicate(struct device *dev, const void *src, size_t size, gfp_t gfp, const char *function)
{
	void *object = allocate(dev, size, gfp, function);
	void *to = object && size ? k_driver_memory(k_thread.current, object, size) : NULL;
	const void *from;

	if (!to)
		return object;
	k_thread.current->hooks.cpu_access(k_thread.current, src, size, false);
	from = k_driver_memory(k_thread.current, src, size);
	if (from)
		sim_host_read(to, from, size);
	return object;
}

void *devm_kmemdup(struct device *dev, const void *src, size_t size, gfp_t gfp)
{
	STACK_ENTER();
	return duplicate(dev, src, size, gfp, "devm_kmemdup");
}

char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp)
{
	STACK_ENTER();
	return s ? duplicate(dev, s, strlen(s) + 1, gfp, "devm_kstrdup") : NULL;
}

char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	STACK_ENTER();
	va_start(args, fmt);
	k_vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return duplicate(dev, text, strlen(text) + 1, gfp, "devm_kasprintf");
}

void devm_kfree(struct device *dev, const void *object)
{
	struct dmasim_device_private *p = k_device(dev, "devm_kfree");
	struct finding f = {.rule = "invalid-free", .dev = dev, .cpu = object, .act_verb = "free"};

	STACK_ENTER();
	if (!p || !object || (uintptr_t)object <= 16) /* ZERO_SIZE_PTR */
		return;
	if (k_devres_remove(dev, release, (void *)(uintptr_t)object)) {
		slab_kfree(p->machine, object, "devm_kfree");
		return;
	}
	f.more[0].label = "why";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "devm_kfree(): not allocated with devm_kmalloc() for this device");
	k_report(p->machine, &f);
}
