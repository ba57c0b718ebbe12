/* SPDX-License-Identifier: MIT */
/*
 * Interrupt handlers and tasklets. Mirrors include/linux/interrupt.h.
 *
 * Interrupts arrive at safe points (register accesses, delays, waits, kernel calls that take time) while they are enabled.
 */
#ifndef DMASIM_LINUX_INTERRUPT_H
#define DMASIM_LINUX_INTERRUPT_H

#include <dmasim/types.h>
#include <linux/bitops.h>
#include <linux/irqreturn.h>
#include <linux/kernel.h>
#include <linux/types.h>

#define IRQF_TRIGGER_NONE    0x00000000
#define IRQF_TRIGGER_RISING  0x00000001
#define IRQF_TRIGGER_FALLING 0x00000002
#define IRQF_TRIGGER_HIGH    0x00000004
#define IRQF_TRIGGER_LOW     0x00000008
#define IRQF_SHARED	     0x00000080 /* several handlers on one line; needs a dev_id */
#define IRQF_TIMER	     0x00000200
#define IRQF_NOBALANCING     0x00000800
#define IRQF_ONESHOT	     0x00002000 /* masked until the thread function is done */
#define IRQF_NO_SUSPEND	     0x00004000
#define IRQF_NO_THREAD	     0x00010000
#define IRQF_NO_AUTOEN	     0x00080000 /* starts disabled: enable_irq() first */
#define IRQ_NOTCONNECTED     (1U << 31)

/* dev_id as given at request. Context: hard interrupt, or for a thread function a task that may sleep. */
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev_id);

struct device;

/**
 * request_irq() - install a handler and enable the line
 * @irq:   the line: pdev->irq, pci_irq_vector(), platform_get_irq()
 * @flags: IRQF_*
 * @name:  of the driver, in reports; not copied
 * @dev:   given to the handler and needed by free_irq(); not NULL with IRQF_SHARED
 *
 * The handler may be called before this returns. Context: may sleep.
 * Return: 0; -EINVAL (no such line, no handler, shared without @dev), -EBUSY (in use, not shared by both), -ENOMEM,
 *         -ENOTCONN.
 */
DMASIM_API int __must_check request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
					void *dev) DMASIM_SYM(request_irq);
/* handler NULL: only wakes the thread, needs IRQF_ONESHOT. thread_fn runs in a context that may sleep. */
DMASIM_API int __must_check request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
						 unsigned long flags, const char *name, void *dev)
	DMASIM_SYM(request_threaded_irq);
/* Waits for running handlers. Context: may sleep; never the handler itself. Return: the name given at request, or NULL. */
DMASIM_API const void *free_irq(unsigned int irq, void *dev) DMASIM_SYM(free_irq);
/* As request_irq(), freed when the driver is unbound from dev. devname NULL: the device's name. */
DMASIM_API int __must_check devm_request_irq(struct device *dev, unsigned int irq, irq_handler_t handler,
					     unsigned long flags, const char *devname, void *dev_id)
	DMASIM_SYM(devm_request_irq);
DMASIM_API int __must_check devm_request_threaded_irq(struct device *dev, unsigned int irq, irq_handler_t handler,
						      irq_handler_t thread_fn, unsigned long flags, const char *devname,
						      void *dev_id) DMASIM_SYM(devm_request_threaded_irq);
DMASIM_API void devm_free_irq(struct device *dev, unsigned int irq, void *dev_id) DMASIM_SYM(devm_free_irq);

/* Nested: as many enables as disables. An edge that arrives meanwhile is delivered at enable. disable_irq() waits for running
 * handlers and so must not be called from one; disable_irq_nosync() may. */
DMASIM_API void disable_irq(unsigned int irq) DMASIM_SYM(disable_irq);
DMASIM_API void disable_irq_nosync(unsigned int irq) DMASIM_SYM(disable_irq_nosync);
DMASIM_API void enable_irq(unsigned int irq) DMASIM_SYM(enable_irq);
/* Wait for running handlers. Context: may sleep if the handler is threaded; never the handler itself. */
DMASIM_API void synchronize_irq(unsigned int irq) DMASIM_SYM(synchronize_irq);

static inline int irq_set_affinity_hint(unsigned int irq, const void *mask)
{
	(void)irq;
	(void)mask;
	return 0;
}

/* Tasklets: run once in softirq context, soon after being scheduled, never twice at a time. */
struct tasklet_struct {
	struct tasklet_struct *next;
	unsigned long state;
	int count; /* > 0: disabled */
	bool use_callback;
	union {
		void (*func)(unsigned long data);
		void (*callback)(struct tasklet_struct *t);
	};
	unsigned long data;
	u32 dmasim_mark;
};

#define DMASIM_TASKLET_MARK 0x6b736174U /* "task" */

#define from_tasklet(var, tasklet, field) container_of(tasklet, __typeof__(*var), field)
#define DECLARE_TASKLET(name, fn) \
	struct tasklet_struct name = {.use_callback = true, .callback = (fn), .dmasim_mark = DMASIM_TASKLET_MARK}
#define DECLARE_TASKLET_OLD(name, fn) struct tasklet_struct name = {.func = (fn), .dmasim_mark = DMASIM_TASKLET_MARK}

DMASIM_API void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *t))
	DMASIM_SYM(tasklet_setup);
DMASIM_API void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long data), unsigned long data)
	DMASIM_SYM(tasklet_init);
DMASIM_API void tasklet_schedule(struct tasklet_struct *t) DMASIM_SYM(tasklet_schedule);
#define tasklet_hi_schedule(t) tasklet_schedule(t)
/* Wait until it ran and is not scheduled. Context: may sleep. */
DMASIM_API void tasklet_kill(struct tasklet_struct *t) DMASIM_SYM(tasklet_kill);
DMASIM_API void tasklet_disable(struct tasklet_struct *t) DMASIM_SYM(tasklet_disable);
DMASIM_API void tasklet_enable(struct tasklet_struct *t) DMASIM_SYM(tasklet_enable);
#define tasklet_disable_nosync(t) tasklet_disable(t)

#endif
