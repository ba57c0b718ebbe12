// SPDX-License-Identifier: MIT
/* Contexts: what may sleep, which locks nest, who takes care of interrupts, and who may call what. */
#include <string.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include "tests/rules/rules.h"

static const struct shot somewhere = {ANY_SIZE, ANY_SIZE, ANY_LINE, ANY_LINE, ANY_LINE};
static int line_of_call;

static void sleep_wrong(struct shot *s)
{
	DEFINE_SPINLOCK(lock);
	dma_addr_t handle;
	void *ring;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	spin_lock(&lock);
	ring = AT(s->act, dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
	spin_unlock(&lock);
	dma_free_coherent(dev, 64, ring, handle);
}

static void sleep_legal(void)
{
	DEFINE_SPINLOCK(lock);
	dma_addr_t handle;
	void *ring;

	spin_lock(&lock);
	ring = dma_alloc_coherent(dev, 64, &handle, GFP_ATOMIC);
	spin_unlock(&lock);
	dma_free_coherent(dev, 64, ring, handle);
}

static void never_wrong(struct shot *s)
{
	DECLARE_COMPLETION(done);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	s->act = __LINE__ + 1;
	wait_for_completion(&done);
}

static void timeout_legal(void)
{
	DECLARE_COMPLETION(done);

	sink = wait_for_completion_timeout(&done, 2);
	complete(&done);
	wait_for_completion(&done);
}

static void deadlock_wrong(struct shot *s)
{
	DEFINE_SPINLOCK(lock);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->mapped, spin_lock(&lock));
	AT(s->act, spin_lock(&lock)); /* reported, and not waited for */
	spin_unlock(&lock);
}

static void lock_legal(void)
{
	DEFINE_SPINLOCK(lock);
	DEFINE_SPINLOCK(inner);
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	spin_lock(&inner);
	spin_unlock(&inner);
	spin_unlock_irqrestore(&lock, flags);
	spin_lock(&lock);
	spin_unlock(&lock);
}

static void imbalance_wrong(struct shot *s)
{
	DEFINE_SPINLOCK(lock);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	s->act = __LINE__ + 1;
	spin_unlock(&lock);
}

/* ---- interrupts ---- */

static struct pci_dev *plugged(void)
{
	static const struct dmasim_pci_config config = {.name = "dad1", .vendor = 0x1234, .device = 0x11e8};
	struct device *d = dmasim_pci_device_create(&config);

	return d && !pci_enable_device(to_pci_dev(d)) ? to_pci_dev(d) : NULL;
}

static void unplug(struct pci_dev *pdev)
{
	pci_disable_device(pdev);
	dmasim_device_destroy(&pdev->dev);
}

static irqreturn_t ignore_it(int irq, void *cookie)
{
	(void)irq;
	(void)cookie;
	return IRQ_NONE;
}

static irqreturn_t acknowledge(int irq, void *cookie)
{
	(void)irq;
	dmasim_device_set_irq(cookie, false);
	return IRQ_HANDLED;
}

static irqreturn_t mine(int irq, void *cookie)
{
	(void)irq;
	++*(int *)cookie;
	return IRQ_HANDLED;
}

static void unhandled_wrong(struct shot *s)
{
	struct pci_dev *pdev = plugged();

	*s = somewhere;
	if (!pdev || request_irq(pdev->irq, ignore_it, 0, "dad1", pdev))
		return;
	dmasim_device_set_irq(&pdev->dev, true);
	dmasim_run_for(1000);
	dmasim_device_set_irq(&pdev->dev, false);
	free_irq(pdev->irq, pdev);
	unplug(pdev);
}

static void handled_legal(void)
{
	struct pci_dev *pdev = plugged();
	int count = 0;

	if (!pdev || request_irq(pdev->irq, mine, 0, "dad1", &count))
		return;
	dmasim_device_raise_irq(&pdev->dev);
	dmasim_run_for(1000);
	free_irq(pdev->irq, &count);
	if (request_irq(pdev->irq, acknowledge, 0, "dad1", &pdev->dev))
		return;
	dmasim_device_set_irq(&pdev->dev, true);
	dmasim_run_for(1000);
	free_irq(pdev->irq, &pdev->dev);
	unplug(pdev);
}

static void irq_leak_wrong(struct shot *s)
{
	static int count;
	struct pci_dev *pdev = plugged();

	*s = somewhere;
	if (!pdev || request_irq(pdev->irq, mine, 0, "dad1", &count))
		return;
	unplug(pdev);
}

static void irq_free_wrong(struct shot *s)
{
	struct pci_dev *pdev = plugged();
	int count, other;

	if (!pdev || request_irq(pdev->irq, mine, 0, "dad1", &count))
		return;
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, free_irq(pdev->irq, &other));
	free_irq(pdev->irq, &count);
	unplug(pdev);
}

/* ---- the driver itself ---- */

static void poll_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	s->act = __LINE__ + 2;
	for (;;)
		mdelay(100);
}

static void poll_legal(void)
{
	for (int i = 0; i < 5; i++)
		mdelay(100);
}

static void uninitialised_wrong(struct shot *s)
{
	struct completion done;

	memset(&done, 0, sizeof(done));
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	s->act = __LINE__ + 1;
	complete(&done);
}

static void warn_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	sink = AT(s->act, WARN_ON(dev != NULL));
}

static void warn_legal(void)
{
	sink = WARN_ON(dev == NULL);
	BUG_ON(dev == NULL);
}

static void bug_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	s->act = __LINE__ + 1;
	BUG_ON(dev != NULL);
}

/* ---- who calls ---- */

static void as_driver(void *arg)
{
	(void)arg;
	line_of_call = __LINE__ + 1;
	(void)dma_set_mask(dev, DMA_BIT_MASK(32));
}

static void as_device(void *arg)
{
	uint8_t byte;

	dmasim_device_read(dev, *(dma_addr_t *)arg, &byte, 1);
}

static void event_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	dmasim_after(10, as_driver, NULL);
	dmasim_run_for(100);
	s->act = line_of_call;
}

static void event_legal(void)
{
	dma_addr_t handle;
	void *ring = dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL);

	dmasim_after(10, as_device, &handle);
	dmasim_run_for(100);
	dma_free_coherent(dev, 64, ring, handle);
}

static void destroy_from_event(void *arg)
{
	line_of_call = __LINE__ + 1;
	*(int *)arg = dmasim_machine_destroy(dmasim_machine_current());
}

static void destroy_wrong(struct shot *s)
{
	int err = 0;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	dmasim_after(10, destroy_from_event, &err);
	dmasim_run_for(100);
	s->act = line_of_call;
}

const struct scenario context_scenarios[] = {
	{"sleep-in-atomic", sleep_wrong, sleep_legal, NULL, false},
	{"wait-never-woken", never_wrong, timeout_legal, NULL, true},
	{"lock-deadlock", deadlock_wrong, lock_legal, NULL, false},
	{"lock-imbalance", imbalance_wrong, lock_legal, NULL, false},
	{"irq-unhandled", unhandled_wrong, handled_legal, NULL, false},
	{"irq-leak", irq_leak_wrong, handled_legal, NULL, false},
	{"irq-free-unknown", irq_free_wrong, handled_legal, NULL, false},
	{"kernel-call-in-event", event_wrong, event_legal, NULL, false},
	{"destroy-in-driver", destroy_wrong, event_legal, NULL, false},
	{"endless-poll", poll_wrong, poll_legal, NULL, true},
	{"uninitialised-object", uninitialised_wrong, timeout_legal, NULL, false},
	{"kernel-warning", warn_wrong, warn_legal, NULL, false},
	{"kernel-bug", bug_wrong, warn_legal, NULL, true},
	{NULL, NULL, NULL, NULL, false},
};
