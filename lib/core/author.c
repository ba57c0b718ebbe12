// SPDX-License-Identifier: MIT
/*
 * The device author's interface: <dmasim/device.h> over the hardware's masters, windows, lines and clock.
 *
 * A device has no call stack of its own. When a register access of the driver makes it act, the act is the driver's line,
 * which the access has noted as the entry point; when a test plays the device, it is the test's. So the functions here
 * note their caller only outside of device models.
 *
 * Timers belong to a device, so that a model need not cancel them when it is unplugged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/device.h>
#include "lib/core/device.h"
#include "lib/core/irq.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

struct k_timer {
	struct sim_event event;
	struct k_timer *next;
	struct dmasim_device_private *p;
	void (*fn)(void *arg);
	void *arg;
};

/* In a public function that may be a model's or a test's. */
#define AUTHOR_ENTER(m)                           \
	do {                                      \
		if ((m) && !k_in_device_model(m)) \
			STACK_ENTER();            \
	} while (0)

static void bare_free(struct device *dev)
{
	free(dev);
}

struct device *dmasim_device_create(const char *name)
{
	struct dmasim_machine *m = k_machine("dmasim_device_create");
	struct device *dev;

	if (!m)
		return NULL;
	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		sim_error(ENOMEM, "no host memory for a device");
		return NULL;
	}
	if (!k_device_add(m, dev, name, bare_free)) {
		free(dev);
		return NULL;
	}
	return dev;
}

void dmasim_device_destroy(struct device *dev)
{
	struct dmasim_device_private *p;
	struct dmasim_machine *m;

	STACK_ENTER();
	if (!dev)
		return;
	p = k_device(dev, "dmasim_device_destroy");
	if (!p)
		return;
	m = p->machine;
	if (p->busy || k_in_device_model(m) || !k_may_sleep(m)) {
		sim_error(EBUSY,
			  "dmasim_device_destroy: %s is in use: not from its driver, a handler or a device model",
			  p->name);
		k_report(m, &(struct finding){.rule = "destroy-in-driver",
					      .dev = dev,
					      .act_verb = "call",
					      .more = {{"call", "dmasim_device_destroy()"}}});
		return;
	}
	k_device_remove(m, p);
}

const char *dmasim_device_name(const struct device *dev)
{
	return k_device_name(dev);
}

int dmasim_device_plug(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_plug");
	int err;

	STACK_ENTER();
	if (!p)
		return -EINVAL;
	if (p->plugged)
		return sim_error(EBUSY, "device %s is plugged already", p->name);
	err = k_device_attach(p->machine, p);
	return err > 0 ? 0 : err;
}

void dmasim_device_set_address_bits(struct device *dev, unsigned int bits)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_set_address_bits");

	if (!p)
		return;
	if (bits < 1 || bits > 64) {
		sim_error(EINVAL, "%u address bits: 1 to 64 are possible", bits);
		return;
	}
	p->master.address_bits = bits;
}

/* ---- transfers ---- */

int dmasim_device_read(struct device *dev, dma_addr_t addr, void *dst, size_t n)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_read");

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	if (!dst)
		return sim_error(EINVAL, "dmasim_device_read: dst is NULL");
	return sim_bus_read(&p->master, addr, dst, n);
}

int dmasim_device_write(struct device *dev, dma_addr_t addr, const void *src, size_t n)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_write");

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	if (!src)
		return sim_error(EINVAL, "dmasim_device_write: src is NULL");
	return sim_bus_write(&p->master, addr, src, n);
}

int dmasim_device_start_read(struct device *dev, dma_addr_t addr, void *dst, size_t n, uint64_t delay_ns,
			     void (*done)(void *arg, int err), void *arg)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_start_read");

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	if (!dst)
		return sim_error(EINVAL, "dmasim_device_start_read: dst is NULL");
	return sim_bus_start(&p->master, addr, dst, n, false, delay_ns, done, arg);
}

int dmasim_device_start_write(struct device *dev, dma_addr_t addr, const void *src, size_t n, uint64_t delay_ns,
			      void (*done)(void *arg, int err), void *arg)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_start_write");

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	if (!src)
		return sim_error(EINVAL, "dmasim_device_start_write: src is NULL");
	return sim_bus_start(&p->master, addr, (void *)(uintptr_t)src, n, true, delay_ns, done, arg);
}

unsigned int dmasim_device_cancel_transfers(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_cancel_transfers");

	return p ? sim_bus_cancel(&p->master) : 0;
}

/* ---- timers ---- */

static void timer_run(void *arg)
{
	struct k_timer *t = arg, **link = &t->p->timers;
	void (*fn)(void *) = t->fn;
	void *fn_arg = t->arg;

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	free(t);
	fn(fn_arg);
}

int dmasim_device_after(struct device *dev, uint64_t ns, void (*fn)(void *), void *arg)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_after");
	struct k_timer *t;
	int err;

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	if (!fn)
		return sim_error(EINVAL, "dmasim_device_after: no function");
	t = calloc(1, sizeof(*t));
	if (!t)
		return sim_error(ENOMEM, "no host memory for a timer");
	t->p = p;
	t->fn = fn;
	t->arg = arg;
	t->event = (struct sim_event){.fn = timer_run, .arg = t};
	err = sim_event_post(p->machine->hw, &t->event, ns);
	if (err) {
		free(t);
		return err;
	}
	t->next = p->timers;
	p->timers = t;
	return 0;
}

unsigned int k_timers_cancel(struct dmasim_device_private *p)
{
	unsigned int n = 0;

	while (p->timers) {
		struct k_timer *t = p->timers;

		p->timers = t->next;
		sim_event_cancel(p->machine->hw, &t->event);
		free(t);
		n++;
	}
	return n;
}

unsigned int dmasim_device_cancel_timers(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_cancel_timers");

	return p ? k_timers_cancel(p) : 0;
}

/* ---- interrupts ---- */

static int interrupt_line(struct dmasim_device_private *p, unsigned int vector)
{
	struct dmasim_machine *m = p->machine;
	int irq = p->pci ? k_pci_interrupt(m, p, vector) : vector == 0 ? p->irq : -1;

	if (irq >= 0 && k_irq_requested(m, irq))
		return irq;
	k_irq_lost(m);
	return sim_error(ENXIO, "%s: nobody listens to interrupt %u of this device now", p->name, vector);
}

int dmasim_device_raise_irq(struct device *dev)
{
	return dmasim_device_raise_vector(dev, 0);
}

int dmasim_device_raise_vector(struct device *dev, unsigned int vector)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_raise_irq");
	int irq;

	AUTHOR_ENTER(k_thread.current);
	if (!p)
		return -EINVAL;
	irq = interrupt_line(p, vector);
	if (irq < 0)
		return irq;
	sim_irq_raise(p->machine->hw, irq);
	return 0;
}

int dmasim_device_set_irq(struct device *dev, bool high)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_set_irq");

	if (!p)
		return -EINVAL;
	if (p->irq < 0)
		return sim_error(ENXIO, "%s has no interrupt line", p->name);
	sim_irq_level(p->machine->hw, p->irq, high);
	return 0;
}

int dmasim_device_irq(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_irq");

	if (!p)
		return -EINVAL;
	if (p->irq < 0)
		p->irq = k_irq_alloc(p->machine, dev);
	return p->irq;
}

/* ---- registers ---- */

void __iomem *dmasim_device_add_mmio(struct device *dev, size_t size, const struct dmasim_mmio_ops *ops, void *ctx)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_add_mmio");
	struct sim_mmio *mmio;

	if (!p)
		return NULL;
	if (p->nr_mmio == sizeof(p->mmio) / sizeof(p->mmio[0])) {
		sim_error(ENOSPC, "%s has %u register windows already", p->name, p->nr_mmio);
		return NULL;
	}
	mmio = sim_mmio_add(p->machine->hw, size, ops, ctx, &p->master);
	if (!mmio)
		return NULL;
	p->mmio[p->nr_mmio++] = mmio;
	if (p->pci)
		k_pci_bar_added(p, p->nr_mmio - 1);
	return sim_mmio_cookie(p->machine->hw, mmio->phys);
}

void *dmasim_device_mmio_context(struct device *dev, unsigned int n, const struct dmasim_mmio_ops *ops)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_mmio_context");

	if (!p || n >= p->nr_mmio || !ops || p->mmio[n]->ops != ops)
		return NULL;
	return p->mmio[n]->ctx;
}

void dmasim_device_protocol_error(struct device *dev, const char *fmt, ...)
{
	struct dmasim_device_private *p = k_device(dev, "dmasim_device_protocol_error");
	struct finding f = {.rule = "device-protocol-violation", .dev = dev, .act_verb = "access"};
	va_list args;

	if (!p || !fmt)
		return;
	AUTHOR_ENTER(p->machine);
	f.more[0].label = "manual";
	va_start(args, fmt);
	vsnprintf(f.more[0].text, sizeof(f.more[0].text), fmt, args);
	va_end(args);
	k_report(p->machine, &f);
}
