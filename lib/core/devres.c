// SPDX-License-Identifier: MIT
/*
 * Managed resources: what a driver need not give back itself.
 *
 * A list of {function, data} per device, newest first, so that release in list order is the reverse of acquisition. The
 * data are ours or the driver's; the entries live in host memory, never in the driver's.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

struct devres {
	struct devres *next;
	void (*release)(struct device *dev, void *data);
	void *data;
};

/* A devm_add_action(): the driver's function and argument behind one entry of ours. */
struct action {
	void (*fn)(void *data);
	void *data;
};

int k_devres_add(struct device *dev, void (*release)(struct device *dev, void *data), void *data)
{
	struct dmasim_device_private *p = k_device(dev, "devres");
	struct devres *r = p ? malloc(sizeof(*r)) : NULL;

	if (!r)
		return -ENOMEM;
	*r = (struct devres){.next = p->devres, .release = release, .data = data};
	p->devres = r;
	return 0;
}

void *k_devres_take(struct device *dev, void (*release)(struct device *dev, void *data),
		    bool (*match)(void *data, void *key), void *key)
{
	struct dmasim_device_private *p = k_device(dev, "devres");

	if (!p)
		return NULL;
	for (struct devres **link = (struct devres **)&p->devres; *link; link = &(*link)->next) {
		struct devres *r = *link;
		void *data = r->data;

		if (r->release != release || !match(data, key))
			continue;
		*link = r->next;
		free(r);
		return data;
	}
	return NULL;
}

static bool is_same(void *data, void *key)
{
	return data == key;
}

bool k_devres_remove(struct device *dev, void (*release)(struct device *dev, void *data), void *data)
{
	return data && k_devres_take(dev, release, is_same, data) == data;
}

void k_devres_release_all(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "devres");

	while (p && p->devres) {
		struct devres *r = p->devres;

		p->devres = r->next;
		r->release(dev, r->data);
		free(r);
	}
}

void k_devres_forget(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "devres");

	while (p && p->devres) {
		struct devres *r = p->devres;

		p->devres = r->next;
		free(r);
	}
}

/* ---- devm_add_action() and its kin ---- */

static void action_release(struct device *dev, void *data)
{
	struct action *a = data;

	(void)dev;
	a->fn(a->data);
	free(a);
}

static int add_action(struct device *dev, void (*fn)(void *), void *data, const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	struct action *a;

	if (!p || !fn)
		return -EINVAL;
	if (k_fails(p->machine, function, "devm_add_action"))
		return -ENOMEM;
	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = (struct action){.fn = fn, .data = data};
	if (k_devres_add(dev, action_release, a)) {
		free(a);
		return -ENOMEM;
	}
	return 0;
}

int devm_add_action(struct device *dev, void (*action)(void *), void *data)
{
	STACK_ENTER();
	return add_action(dev, action, data, "devm_add_action");
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *), void *data)
{
	int err;

	STACK_ENTER();
	err = add_action(dev, action, data, "devm_add_action_or_reset");
	if (err && action)
		action(data);
	return err;
}

static bool is_action(void *data, void *key)
{
	const struct action *a = data, *k = key;

	return a->fn == k->fn && a->data == k->data;
}

/* Take the newest such action off the list without running it. */
static bool take_action(struct device *dev, void (*fn)(void *), void *data, const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	struct action key = {.fn = fn, .data = data}, *a;

	if (!p)
		return false;
	a = k_devres_take(dev, action_release, is_action, &key);
	if (a) {
		free(a);
		return true;
	}
	k_report(p->machine, &(struct finding){.rule = "kernel-warning",
					       .dev = dev,
					       .act_verb = "call",
					       .more = {{"why", "no such action was added for this device"}}});
	return false;
}

void devm_remove_action(struct device *dev, void (*action)(void *), void *data)
{
	STACK_ENTER();
	take_action(dev, action, data, "devm_remove_action");
}

void devm_release_action(struct device *dev, void (*action)(void *), void *data)
{
	STACK_ENTER();
	if (take_action(dev, action, data, "devm_release_action"))
		action(data);
}
