// SPDX-License-Identifier: MIT
/*
 * Interrupts: from a pending line to the driver's handler.
 *
 * The hardware's lines only remember that they are pending. At safe points k_irqs_deliver() takes them one by one (which
 * first is the hardware's choice), runs the line's handlers in hard-interrupt context and judges their answers. A line has a
 * mask made of three reasons: no handler, disable_irq(), a thread function that has not finished (IRQF_ONESHOT).
 *
 * A line that nobody handles would arrive for ever: after STORM deliveries in a row without IRQ_HANDLED, or with the
 * line high all the time, it is reported and shut, as the kernel shuts it ("nobody cared").
 *
 * Thread functions run in a task of their own each, made at request and stopped by free_irq().
 *
 * Weakness: handlers of one line run one after the other, never beside each other on two CPUs.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/era.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include "lib/core/device.h"
#include "lib/core/irq.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/core/task.h"

#define STORM	  1000
#define WITH_REGS (1UL << 32) /* beside IRQF_*: the handler has the three arguments of old kernels */

typedef irqreturn_t (*old_handler_t)(int irq, void *dev_id, struct pt_regs *regs);

struct irq_action {
	struct irq_action *next;
	struct dmasim_machine *m;
	unsigned int irq;
	irq_handler_t handler, thread_fn;
	unsigned long flags;
	const char *name; /* the driver's pointer, given back by free_irq() */
	char shown[48];	  /* "irq 17 (dad)", for reports */
	void *dev_id;
	struct device *dev; /* whose driver asked, NULL if unknown */
	stack_id requested;
	u64 requested_at;
	struct task_struct *thread;
	bool thread_due, thread_running, stopping;
};

struct irq_line {
	bool allocated, shut;
	struct device *owner;
	struct irq_action *actions;
	unsigned int disabled; /* disable_irq() nesting */
	unsigned int threads;  /* ONESHOT thread functions due or running */
	unsigned int running;
	unsigned int unhandled; /* deliveries in a row */
	u64 count;
};

struct k_irqs {
	struct irq_line lines[SIM_NR_IRQS];
	u64 lost;
};

static struct irq_line *line_of(const struct dmasim_machine *m, unsigned int irq)
{
	return irq < SIM_NR_IRQS && m->irqs->lines[irq].allocated ? &m->irqs->lines[irq] : NULL;
}

static void mask_update(struct dmasim_machine *m, unsigned int irq)
{
	const struct irq_line *l = &m->irqs->lines[irq];

	sim_irq_mask(m->hw, irq, !l->actions || l->disabled || l->threads || l->shut);
}

int k_irq_alloc(struct dmasim_machine *m, struct device *owner)
{
	int irq = sim_irq_alloc(m->hw);

	if (irq < 0)
		return irq;
	m->irqs->lines[irq] = (struct irq_line){.allocated = true, .owner = owner};
	mask_update(m, irq);
	return irq;
}

bool k_irq_requested(const struct dmasim_machine *m, unsigned int irq)
{
	const struct irq_line *l = line_of(m, irq);

	return l && l->actions;
}

void k_irq_lost(struct dmasim_machine *m)
{
	m->hooks.fact(m, "interrupts lost, as no driver listened", ++m->irqs->lost);
}

/* ---- thread functions ---- */

static bool thread_has_work(void *arg)
{
	struct irq_action *a = arg;

	return a->thread_due || a->stopping;
}

static int thread_main(void *arg)
{
	struct irq_action *a = arg;
	struct dmasim_machine *m = a->m;

	for (;;) {
		k_sleep_until(m, thread_has_work, a, U64_MAX, "an interrupt thread");
		if (a->stopping || !a->thread_due) /* freed, or the machine ends */
			return 0;
		a->thread_due = false;
		a->thread_running = true;
		k_callback_enter(m, a->shown);
		a->thread_fn((int)a->irq, a->dev_id);
		k_callback_exit(m);
		a->thread_running = false;
		if (a->flags & IRQF_ONESHOT && !a->thread_due) {
			struct irq_line *l = &m->irqs->lines[a->irq];

			l->threads--;
			mask_update(m, a->irq);
			k_safe_point(m, 0);
		}
	}
}

static void thread_wake(struct irq_action *a)
{
	if (!a->thread_due && !a->thread_running && a->flags & IRQF_ONESHOT) {
		a->m->irqs->lines[a->irq].threads++;
		mask_update(a->m, a->irq);
	}
	a->thread_due = true;
}

/* ---- delivery ---- */

static void storm(struct dmasim_machine *m, unsigned int irq, struct irq_line *l, bool high)
{
	struct finding f = {.rule = "irq-unhandled", .dev = l->owner, .act_verb = "handle"};
	const struct irq_action *a = l->actions;

	f.mapped = a ? a->requested : 0;
	f.mapped_time = a ? a->requested_at : 0;
	f.mapped_verb = "requested";
	f.more[0].label = "line";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s: %d deliveries in a row %s", a ? a->shown : "nobody's",
		 STORM, high ? "and the device holds the line" : "that no handler said to be its own");
	f.more[1].label = "now";
	snprintf(f.more[1].text, sizeof(f.more[1].text), "irq %u is shut", irq);
	l->shut = true;
	mask_update(m, irq);
	k_report(m, &f);
}

static void deliver(struct dmasim_machine *m, unsigned int irq)
{
	struct irq_line *l = &m->irqs->lines[irq];
	bool handled = false;

	sim_irq_ack(m->hw, irq);
	l->count++;
	l->running++;
	for (struct irq_action *a = l->actions, *next; a; a = next) {
		irqreturn_t answer = IRQ_WAKE_THREAD;

		next = a->next;
		k_hardirq_enter(m, a->shown);
		if (a->handler)
			answer = a->flags & WITH_REGS
					 ? ((old_handler_t)(void (*)(void))a->handler)((int)irq, a->dev_id, NULL)
					 : a->handler((int)irq, a->dev_id);
		if (answer == IRQ_WAKE_THREAD && a->thread_fn)
			thread_wake(a);
		k_hardirq_exit(m);
		handled |= answer != IRQ_NONE;
	}
	l->running--;
	if (handled && !sim_irq_is_pending(m->hw, irq))
		l->unhandled = 0;
	else if (++l->unhandled >= STORM && !l->shut)
		storm(m, irq, l, handled);
}

void k_irqs_deliver(struct dmasim_machine *m)
{
	int irq;

	while ((irq = sim_irq_next(m->hw)) >= 0) {
		if (!line_of(m, irq) || !m->irqs->lines[irq].actions) {
			sim_irq_ack(m->hw, irq);
			sim_irq_mask(m->hw, irq, true);
			k_irq_lost(m);
			continue;
		}
		deliver(m, irq);
		/* The handler's exit may have switched interrupts off, or be nested in code that has. */
		if (k_irqs_disabled(m))
			return;
	}
}

/* ---- request and free ---- */

static void unlink_action(struct irq_action *a)
{
	struct irq_action **link = &a->m->irqs->lines[a->irq].actions;

	while (*link != a)
		link = &(*link)->next;
	*link = a->next;
}

/* dev: for whose driver; NULL: the one whose probe runs, else the line's owner. function: as the driver spelled it. */
static int irq_request(struct dmasim_machine *m, unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
		       unsigned long flags, const char *name, void *dev_id, struct device *dev, const char *function)
{
	struct irq_line *l = line_of(m, irq);
	struct irq_action *a, **link;

	if (k_model_call(m, function))
		return -EINVAL;
	if (k_fails(m, function, "request_irq"))
		return -ENOMEM;
	if (irq == IRQ_NOTCONNECTED)
		return -ENOTCONN;
	k_might_sleep(m, function);
	if (!l || (!handler && !thread_fn) || (flags & IRQF_SHARED && !dev_id) ||
	    (flags & IRQF_SHARED && flags & IRQF_NO_AUTOEN) || (!handler && !(flags & IRQF_ONESHOT)))
		return -EINVAL;
	if (l->actions && (!(l->actions->flags & flags & IRQF_SHARED) || (l->actions->flags ^ flags) & IRQF_ONESHOT))
		return -EBUSY;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = (struct irq_action){.m = m,
				 .irq = irq,
				 .handler = handler,
				 .thread_fn = thread_fn,
				 .flags = flags,
				 .name = name,
				 .dev_id = dev_id,
				 .dev = dev ? dev : k_binding_device(m),
				 .requested = stack_entry(m),
				 .requested_at = sim_now(m->hw)};
	if (!a->dev)
		a->dev = l->owner;
	snprintf(a->shown, sizeof(a->shown), "the handler of irq %u (%s)", irq, name ? name : "unnamed");
	if (thread_fn) {
		a->thread = kthread_run(thread_main, a, "irq/%u-%s", irq, name ? name : "");
		if (IS_ERR(a->thread)) {
			free(a);
			return -ENOMEM;
		}
		((struct k_task *)a->thread)->daemon = true;
	}
	if (!l->actions) {
		l->disabled = flags & IRQF_NO_AUTOEN ? 1 : 0;
		l->unhandled = 0;
		l->shut = false;
	}
	for (link = &l->actions; *link; link = &(*link)->next)
		;
	*link = a;
	mask_update(m, irq);
	k_safe_point(m, 0); /* it may have been pending */
	return 0;
}

static void action_free(struct irq_action *a)
{
	struct dmasim_machine *m = a->m;
	struct irq_line *l = &m->irqs->lines[a->irq];

	unlink_action(a);
	if (a->thread) {
		if (a->flags & IRQF_ONESHOT && (a->thread_due || a->thread_running) && l->threads)
			l->threads--;
		a->stopping = true;
		kthread_stop(a->thread);
	}
	mask_update(m, a->irq);
	free(a);
}

static void free_mistake(struct dmasim_machine *m, unsigned int irq, const void *dev_id, const char *function,
			 const char *why)
{
	const struct irq_line *l = line_of(m, irq);
	struct finding f = {.rule = "irq-free-unknown", .dev = l ? l->owner : NULL, .act_verb = "free"};

	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(%u, %p): %s", function, irq, dev_id, why);
	if (l && l->actions) {
		f.mapped = l->actions->requested;
		f.mapped_time = l->actions->requested_at;
		f.mapped_verb = "requested";
		f.more[1].label = "line";
		snprintf(f.more[1].text, sizeof(f.more[1].text), "%s, dev_id %p", l->actions->shown,
			 l->actions->dev_id);
	}
	k_report(m, &f);
}

static const void *irq_free(struct dmasim_machine *m, unsigned int irq, void *dev_id, const char *function)
{
	struct irq_line *l = line_of(m, irq);
	struct irq_action *a = l ? l->actions : NULL;
	const char *name;

	if (k_model_call(m, function))
		return NULL;
	k_might_sleep(m, function);
	while (a && a->dev_id != dev_id)
		a = a->next;
	if (!a) {
		free_mistake(m, irq, dev_id, function,
			     !l		  ? "there is no such line"
			     : l->actions ? "the line was requested with another dev_id"
					  : "the line is not requested, or was freed already");
		return NULL;
	}
	if (l->running) {
		free_mistake(m, irq, dev_id, function, "called from the line's own handler, for which it would wait");
		return NULL;
	}
	name = a->name;
	action_free(a);
	return name;
}

size_t k_irqs_driver_gone(struct dmasim_machine *m, struct device *dev)
{
	size_t n = 0;

	for (unsigned int irq = 0; irq < SIM_NR_IRQS; irq++) {
		struct irq_line *l = &m->irqs->lines[irq];

		for (struct irq_action *a = l->actions, *next; a; a = next) {
			struct finding f = {
				.rule = "irq-leak", .dev = dev, .act_verb = "release", .mapped_verb = "requested"};

			next = a->next;
			if (a->dev != dev)
				continue;
			f.mapped = a->requested;
			f.mapped_time = a->requested_at;
			f.more[0].label = "line";
			snprintf(f.more[0].text, sizeof(f.more[0].text), "%s", a->shown);
			k_report(m, &f);
			action_free(a); /* it must not be called any more: its code's data are gone */
			n++;
		}
	}
	return n;
}

void k_irq_release(struct dmasim_machine *m, unsigned int irq)
{
	struct irq_line *l = line_of(m, irq);

	if (!l)
		return;
	while (l->actions)
		action_free(l->actions);
	sim_irq_free(m->hw, irq);
	*l = (struct irq_line){.allocated = false};
}

/* ---- the public functions ---- */

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name, void *dev)
{
	struct dmasim_machine *m = k_machine("request_irq");

	STACK_ENTER();
	if (!m || !handler)
		return -EINVAL;
	return irq_request(m, irq, handler, NULL, flags, name, dev, NULL, "request_irq");
}

int dmasim_request_irq_regs(unsigned int irq, old_handler_t handler, unsigned long flags, const char *name, void *dev)
{
	struct dmasim_machine *m = k_machine("request_irq");

	STACK_ENTER();
	if (!m || !handler)
		return -EINVAL;
	return irq_request(m, irq, (irq_handler_t)(void (*)(void))handler, NULL, flags | WITH_REGS, name, dev, NULL,
			   "request_irq");
}

int request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn, unsigned long flags,
			 const char *name, void *dev)
{
	struct dmasim_machine *m = k_machine("request_threaded_irq");

	STACK_ENTER();
	if (!m)
		return -EINVAL;
	return irq_request(m, irq, handler, thread_fn, flags, name, dev, NULL, "request_threaded_irq");
}

const void *free_irq(unsigned int irq, void *dev)
{
	struct dmasim_machine *m = k_machine("free_irq");

	STACK_ENTER();
	return m ? irq_free(m, irq, dev, "free_irq") : NULL;
}

struct managed_irq {
	unsigned int irq;
	void *dev_id;
};

static void managed_release(struct device *dev, void *data)
{
	struct managed_irq *r = data;

	(void)dev;
	irq_free(k_thread.current, r->irq, r->dev_id, "devm_request_irq");
	free(r);
}

static int managed_request(struct device *dev, unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
			   unsigned long flags, const char *name, void *dev_id, const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	struct managed_irq *r;
	int err;

	if (!p)
		return -EINVAL;
	r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct managed_irq){.irq = irq, .dev_id = dev_id};
	err = irq_request(p->machine, irq, handler, thread_fn, flags, name ? name : p->name, dev_id, dev, function);
	if (!err)
		err = k_devres_add(dev, managed_release, r);
	if (err)
		free(r);
	return err;
}

int devm_request_irq(struct device *dev, unsigned int irq, irq_handler_t handler, unsigned long flags,
		     const char *devname, void *dev_id)
{
	STACK_ENTER();
	return handler ? managed_request(dev, irq, handler, NULL, flags, devname, dev_id, "devm_request_irq") : -EINVAL;
}

int devm_request_threaded_irq(struct device *dev, unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
			      unsigned long flags, const char *devname, void *dev_id)
{
	STACK_ENTER();
	return managed_request(dev, irq, handler, thread_fn, flags, devname, dev_id, "devm_request_threaded_irq");
}

static bool is_managed(void *data, void *key)
{
	const struct managed_irq *r = data, *k = key;

	return r->irq == k->irq && r->dev_id == k->dev_id;
}

void devm_free_irq(struct device *dev, unsigned int irq, void *dev_id)
{
	struct dmasim_device_private *p = k_device(dev, "devm_free_irq");
	struct managed_irq key = {.irq = irq, .dev_id = dev_id}, *r;

	STACK_ENTER();
	if (!p)
		return;
	r = k_devres_take(dev, managed_release, is_managed, &key);
	if (!r) {
		free_mistake(p->machine, irq, dev_id, "devm_free_irq",
			     "not requested with devm_request_irq() for this device");
		return;
	}
	free(r);
	irq_free(p->machine, irq, dev_id, "devm_free_irq");
}

static bool line_is_quiet(void *arg)
{
	const struct irq_line *l = arg;

	for (const struct irq_action *a = l->actions; a; a = a->next)
		if (a->thread_running || (a->thread_due && !l->disabled))
			return false;
	return true;
}

static void wait_for_handlers(struct dmasim_machine *m, struct irq_line *l, const char *function)
{
	struct finding f = {.rule = "lock-deadlock", .dev = l->owner, .act_verb = "wait"};

	if (l->running) {
		f.more[0].label = "wait";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s() waits for the handler that called it", function);
		k_report(m, &f);
		return;
	}
	if (line_is_quiet(l))
		return;
	k_might_sleep(m, function);
	if (k_may_sleep(m))
		k_sleep_until(m, line_is_quiet, l, U64_MAX, function);
}

void synchronize_irq(unsigned int irq)
{
	struct dmasim_machine *m = k_machine("synchronize_irq");
	struct irq_line *l = m ? line_of(m, irq) : NULL;

	STACK_ENTER();
	if (!l || k_model_call(m, "synchronize_irq"))
		return;
	wait_for_handlers(m, l, "synchronize_irq");
}

static struct irq_line *line_disable(unsigned int irq, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct irq_line *l = m ? line_of(m, irq) : NULL;

	if (!l || k_model_call(m, function))
		return NULL;
	l->disabled++;
	mask_update(m, irq);
	return l;
}

void disable_irq_nosync(unsigned int irq)
{
	STACK_ENTER();
	line_disable(irq, "disable_irq_nosync");
}

void disable_irq(unsigned int irq)
{
	struct irq_line *l;

	STACK_ENTER();
	l = line_disable(irq, "disable_irq");
	if (l)
		wait_for_handlers(k_thread.current, l, "disable_irq");
}

void enable_irq(unsigned int irq)
{
	struct dmasim_machine *m = k_machine("enable_irq");
	struct irq_line *l = m ? line_of(m, irq) : NULL;

	STACK_ENTER();
	if (!l || k_model_call(m, "enable_irq"))
		return;
	if (!l->disabled) {
		k_report(m, &(struct finding){.rule = "kernel-warning",
					      .dev = l->owner,
					      .act_verb = "call",
					      .more = {{"why", "enable_irq() without a disable_irq() before"}}});
		return;
	}
	l->disabled--;
	mask_update(m, irq);
	k_safe_point(m, 0);
}

/* ---- life cycle ---- */

int k_irqs_init(struct dmasim_machine *m)
{
	m->irqs = calloc(1, sizeof(*m->irqs));
	return m->irqs ? 0 : sim_error(ENOMEM, "no host memory for interrupt lines");
}

void k_irqs_exit(struct dmasim_machine *m)
{
	if (!m->irqs)
		return;
	for (unsigned int irq = 0; irq < SIM_NR_IRQS; irq++) {
		struct irq_line *l = &m->irqs->lines[irq];

		while (l->actions) {
			struct irq_action *a = l->actions;

			l->actions = a->next;
			free(a);
		}
	}
	free(m->irqs);
	m->irqs = NULL;
}

void k_irqs_check(const struct dmasim_machine *m)
{
	for (unsigned int irq = 0; irq < SIM_NR_IRQS; irq++) {
		const struct irq_line *l = &m->irqs->lines[irq];
		unsigned int oneshot = 0;

		assert(l->allocated || !l->actions);
		for (const struct irq_action *a = l->actions; a; a = a->next) {
			assert(a->m == m && a->irq == irq);
			assert(a == l->actions || l->actions->flags & a->flags & IRQF_SHARED);
			oneshot += a->flags & IRQF_ONESHOT && (a->thread_due || a->thread_running);
		}
		assert(oneshot == l->threads);
	}
}
