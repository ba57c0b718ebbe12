// SPDX-License-Identifier: MIT
/*
 * The device model: devices, drivers, and who is bound to whom.
 *
 * Each machine keeps its devices in the order they came, and its drivers likewise. Nothing of ours lives in the
 * driver's static structures, because the same driver may be registered on several machines at once: registration is a
 * list entry of the machine. Binding follows the kernel's order: match, probe, and on the way out remove, managed
 * resources in reverse, then the question what was left behind, which is answered by interrupts, register windows and the
 * rooms above (hooks.device_released).
 *
 * A struct device that the user embeds anywhere is registered by the first call that needs its record. A record is never
 * reused, so a handle kept past its device is recognised.
 *
 * Weakness: looking for drivers and for devices is linear; a machine has few of either.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/device.h"
#include "lib/core/irq.h"
#include "lib/core/machines.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

struct k_driver {
	struct k_driver *next;
	struct device_driver *drv;
};

/* ---- records ---- */

static void slots_grow(struct dmasim_machine *m)
{
	u32 room = m->nr_device_slots ? 2 * m->nr_device_slots : 16;
	struct dmasim_device_private **slots = realloc(m->device_slots, room * sizeof(*slots));

	if (!slots)
		return;
	memset(slots + m->nr_device_slots, 0, (room - m->nr_device_slots) * sizeof(*slots));
	m->device_slots = slots;
	m->nr_device_slots = room;
}

struct dmasim_device_private *k_device_add(struct dmasim_machine *m, struct device *dev, const char *name,
					   void (*free_container)(struct device *dev))
{
	struct k_devices *d = m->devices;
	struct dmasim_device_private *p;

	if (d->next_id >= m->nr_device_slots)
		slots_grow(m);
	p = d->next_id < m->nr_device_slots ? calloc(1, sizeof(*p)) : NULL;
	if (!p) {
		sim_error(ENOMEM, "no host memory for a device record");
		return NULL;
	}
	p->machine = m;
	p->dev = dev;
	p->id = d->next_id++;
	p->irq = -1;
	p->free_container = free_container;
	p->ours = free_container != NULL;
	if (name && *name)
		snprintf(p->name, sizeof(p->name), "%s", name);
	else
		snprintf(p->name, sizeof(p->name), "device%u", p->id);
	sim_master_init(&p->master, m->hw, p->name, dev);
	p->master.enabled = true;
	m->device_slots[p->id] = p;
	*d->tail = p;
	d->tail = &p->next;
	dev->dmasim = (unsigned long long)m->serial << 32 | p->id;
	if (!dev->refcount)
		dev->refcount = 1;
	m->hooks.device_setup(m, dev);
	return p;
}

static void record_free(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	struct k_devices *d = m->devices;
	struct dmasim_device_private **link = &d->all;

	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	if (d->tail == &p->next)
		d->tail = link;
	m->device_slots[p->id] = NULL;
	free(p);
}

/* One line for people; the sentence also stands in dmasim_last_error(). */
static struct dmasim_device_private *refused(int err, const char *function, const char *why)
{
	sim_error(err, "%s: %s", function, why);
	fprintf(stderr, "dmasim: %s: %s\n", function, why);
	return NULL;
}

static bool machine_lives(u32 serial)
{
	const struct dmasim_machine *m;

	pthread_mutex_lock(&k_machines_lock);
	for (m = k_machines; m && m->serial != serial; m = m->next)
		;
	pthread_mutex_unlock(&k_machines_lock);
	return m != NULL;
}

struct dmasim_device_private *k_device_slow(struct device *dev, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	u32 serial, slot;
	char name[64] = "";

	if (!m)
		return NULL;
	if (!dev)
		return refused(EINVAL, function, "the device is NULL");
	serial = dev->dmasim >> 32;
	slot = (u32)dev->dmasim;
	if (serial == m->serial && slot < m->devices->next_id) {
		struct dmasim_device_private *p = m->device_slots[slot];

		if (!p)
			return refused(ENODEV, function, "the device is gone");
		if (p->dev == dev)
			return p->dead ? refused(ENODEV, function, "the device is gone") : p;
		/* else a copy of another device's struct: a device of its own */
	} else if (serial && serial != m->serial && machine_lives(serial)) {
		return refused(EXDEV, function, "the device belongs to another machine");
	}
	/* Same address, but the struct was cleared: the device that lived here before is gone. */
	for (struct dmasim_device_private *p = m->devices->all, *next; p; p = next) {
		next = p->next;
		if (p->dev == dev && !p->ours && !p->busy)
			k_device_remove(m, p);
	}
	if (dev->init_name) {
		size_t n = sim_host_read(name, dev->init_name, sizeof(name) - 1);

		name[n] = '\0';
	}
	return k_device_add(m, dev, name, NULL);
}

const char *k_device_name(const struct device *dev)
{
	struct dmasim_machine *m = k_thread.current;
	u32 slot;

	if (!dev)
		return "(null)";
	slot = (u32)dev->dmasim;
	if (m && dev->dmasim >> 32 == m->serial && slot < m->nr_device_slots && m->device_slots[slot])
		return m->device_slots[slot]->name;
	return dev->init_name ? dev->init_name : "(unnamed device)";
}

struct device *k_binding_device(const struct dmasim_machine *m)
{
	return m->devices && m->devices->binding ? m->devices->binding->dev : NULL;
}

/* ---- binding ---- */

static void driver_gone(struct dmasim_machine *m, struct dmasim_device_private *p, bool gone)
{
	k_irqs_driver_gone(m, p->dev);
	m->hooks.device_released(m, p->dev, gone);
	k_io_driver_gone(m, p->dev);
}

/* Brackets around a driver's probe or remove: what runs in between acts for p. */
struct binding {
	struct dmasim_device_private *outer;
	char what[96];
};

static void enter(struct dmasim_machine *m, struct dmasim_device_private *p, struct binding *b, const char *what)
{
	snprintf(b->what, sizeof(b->what), "%s of %s", what, p->name);
	b->outer = m->devices->binding;
	m->devices->binding = p;
	p->busy++;
	k_callback_enter(m, b->what);
}

static void leave(struct dmasim_machine *m, struct dmasim_device_private *p, const struct binding *b)
{
	k_callback_exit(m);
	p->busy--;
	m->devices->binding = b->outer;
}

static int probe(struct dmasim_machine *m, struct dmasim_device_private *p, struct device_driver *drv)
{
	struct device *dev = p->dev;
	struct binding b;
	int err = 0;

	enter(m, p, &b, "probe");
	dev->driver = drv;
	p->deferred = false;
	if (dev->bus && dev->bus->probe)
		err = dev->bus->probe(dev);
	else if (drv->probe)
		err = drv->probe(dev);
	if (!err)
		p->bound = true;
	else
		k_devres_release_all(dev);
	leave(m, p, &b);
	if (!err)
		return 0;
	dev->driver = NULL;
	dev->driver_data = NULL;
	p->deferred = err == -EPROBE_DEFER;
	driver_gone(m, p, false);
	if (err != -ENODEV && err != -ENXIO && err != -EPROBE_DEFER)
		k_log(m, 4, "%s: probe of %s failed with error %d", drv->name ? drv->name : "(driver)", p->name, err);
	return err;
}

static bool matches(const struct device *dev, struct device_driver *drv)
{
	if (dev->bus != drv->bus)
		return false;
	return !dev->bus || !dev->bus->match || dev->bus->match((struct device *)dev, drv) > 0;
}

static int attach(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	int refusal = 0;

	if (p->bound)
		return 1;
	if (!p->dev->bus || p->busy)
		return 0;
	for (struct k_driver *k = m->devices->drivers, *next; k; k = next) {
		int err;

		next = k->next;
		if (!matches(p->dev, k->drv))
			continue;
		err = probe(m, p, k->drv);
		if (!err)
			return 1;
		refusal = err;
		if (err != -ENODEV && err != -ENXIO)
			return err;
	}
	return refusal;
}

/* A driver that was bound may be what others wait for. Each pass binds one more device, so this ends. */
static void retry_deferred(struct dmasim_machine *m)
{
	for (struct dmasim_device_private *p = m->devices->all; p;) {
		if (p->deferred && !p->bound && attach(m, p) > 0)
			p = m->devices->all;
		else
			p = p->next;
	}
}

int k_device_attach(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	int err;

	p->plugged = true;
	err = attach(m, p);
	if (err > 0)
		retry_deferred(m);
	return err == -EPROBE_DEFER ? 0 : err;
}

void k_device_unbind(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	struct device *dev = p->dev;
	struct device_driver *drv;
	struct binding b;

	if (!p->bound || p->busy)
		return;
	drv = dev->driver;
	enter(m, p, &b, "remove");
	if (dev->bus && dev->bus->remove)
		dev->bus->remove(dev);
	else if (drv && drv->remove)
		drv->remove(dev);
	k_devres_release_all(dev);
	p->bound = false;
	leave(m, p, &b);
	dev->driver = NULL;
	dev->driver_data = NULL;
	p->unbinding = true;
	driver_gone(m, p, false);
	p->unbinding = false;
}

/* An embedded struct may have been cleared, freed or reused since, without a word to us. */
static bool struct_is_there(const struct dmasim_device_private *p)
{
	unsigned long long handle;

	return p->ours || (sim_host_read(&handle, &p->dev->dmasim, sizeof(handle)) == sizeof(handle) &&
			   handle == ((unsigned long long)p->machine->serial << 32 | p->id));
}

static void lay_to_rest(struct k_devices *d, struct device *dev, void (*free_container)(struct device *))
{
	struct k_gone_device *g = &d->gone[d->nr_gone++ % K_GONE_DEVICES];

	if (g->dev)
		g->free_container(g->dev);
	*g = (struct k_gone_device){dev, free_container};
}

void k_device_remove(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	struct device *dev = p->dev, stand_in;
	bool ours = p->ours;
	void (*free_container)(struct device *) = p->free_container;

	if (!struct_is_there(p)) {
		/* Its leaks are reported all the same, in the name of a struct that holds nothing but its handle. */
		stand_in = (struct device){
			.dmasim = (unsigned long long)m->serial << 32 | p->id, .init_name = p->name, .refcount = 1};
		p->dev = p->master.owner = dev = &stand_in;
		p->bound = false;
		k_devres_forget(dev);
	}

	k_device_unbind(m, p);
	k_devres_release_all(dev); /* what was managed without a driver */
	driver_gone(m, p, true);
	p->dead = true;
	sim_master_exit(&p->master);
	for (unsigned int i = 0; i < p->nr_mmio; i++)
		sim_mmio_remove(m->hw, p->mmio[i]);
	k_pci_detach(m, p);
	if (p->irq >= 0)
		k_irq_release(m, p->irq);
	k_timers_cancel(p);
	if (dev->dma_mask == &p->streaming_mask)
		dev->dma_mask = NULL; /* the storage goes with the record */
	if (dev->dma_parms == &p->parms)
		dev->dma_parms = NULL;
	if (dev->dma_range_map == p->range_map)
		dev->dma_range_map = NULL;
	record_free(m, p);
	if (ours)
		lay_to_rest(m->devices, dev, free_container);
}

int k_driver_add(struct dmasim_machine *m, struct device_driver *drv)
{
	struct k_driver **link = &m->devices->drivers, *k;

	for (; *link; link = &(*link)->next)
		if ((*link)->drv == drv)
			return sim_error(EBUSY, "driver %s is registered already", drv->name ? drv->name : "(unnamed)");
	k = calloc(1, sizeof(*k));
	if (!k)
		return sim_error(ENOMEM, "no host memory for a driver");
	k->drv = drv;
	*link = k;
	/* By number, as a probe may add and remove devices. */
	for (u32 id = 0; id < m->devices->next_id; id++) {
		struct dmasim_device_private *p = m->device_slots[id];

		if (p && p->plugged && !p->bound && !p->busy && matches(p->dev, drv) && probe(m, p, drv) == 0)
			retry_deferred(m);
	}
	return 0;
}

void k_driver_remove(struct dmasim_machine *m, struct device_driver *drv)
{
	struct k_driver **link = &m->devices->drivers, *k;

	while (*link && (*link)->drv != drv)
		link = &(*link)->next;
	k = *link;
	if (!k)
		return;
	*link = k->next;
	free(k);
	for (struct dmasim_device_private *p = m->devices->all; p;) {
		struct dmasim_device_private *next = p->next;

		if (p->bound && p->dev->driver == drv && !p->busy) {
			k_device_unbind(m, p);
			next = m->devices->all; /* remove may have changed the list */
		}
		p = next;
	}
}

/* ---- life cycle of the room ---- */

int k_devices_init(struct dmasim_machine *m)
{
	struct k_devices *d = calloc(1, sizeof(*d));

	if (!d)
		return sim_error(ENOMEM, "no host memory for the device model");
	d->tail = &d->all;
	m->devices = d;
	return k_log_init(m);
}

void k_devices_detach_all(struct dmasim_machine *m)
{
	struct k_devices *d = m->devices;

	if (!d)
		return;
	/* Last come, first gone: children before their parents. */
	while (d->all) {
		struct dmasim_device_private *last = d->all;

		while (last->next)
			last = last->next;
		last->busy = 0;
		k_device_remove(m, last);
	}
	while (d->drivers) {
		struct k_driver *k = d->drivers;

		d->drivers = k->next;
		free(k);
	}
}

void k_devices_exit(struct dmasim_machine *m)
{
	if (!m->devices)
		return;
	k_devices_detach_all(m);
	for (u32 i = 0; i < K_GONE_DEVICES; i++)
		if (m->devices->gone[i].dev)
			m->devices->gone[i].free_container(m->devices->gone[i].dev);
	free(m->device_slots);
	m->device_slots = NULL;
	m->nr_device_slots = 0;
	free(m->devices);
	m->devices = NULL;
	k_log_exit(m);
}

void k_devices_check(const struct dmasim_machine *m)
{
	const struct k_devices *d = m->devices;
	struct dmasim_device_private *const *link = &d->all;
	u32 n = 0;

	for (; *link; link = &(*link)->next) {
		const struct dmasim_device_private *p = *link;

		assert(p->machine == m && p->id < d->next_id && m->device_slots[p->id] == p);
		assert(!p->next || p->next->id > p->id);
		assert(!p->bound || p->dev->driver);
		n++;
	}
	assert(d->tail == link);
	for (u32 i = 0; i < m->nr_device_slots; i++)
		n -= m->device_slots[i] != NULL;
	assert(n == 0);
}
