// SPDX-License-Identifier: MIT
/*
 * Calls of tasks, wait queues, completions, locks, timers, tasklets, works, character and platform devices, modules. The
 * objects outlive each machine and are initialised at random moments, so that calls meet them untouched, in use, left
 * over from another machine, and overwritten.
 */
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <dmasim/chardev.h>
#include "tests/fuzz/api.h"

#define OBJECTS 3

static struct {
	wait_queue_head_t head;
	wait_queue_entry_t entry;
	struct completion completion;
	spinlock_t spinlock;
	struct mutex mutex;
	struct semaphore semaphore;
	struct timer_list timer;
	struct tasklet_struct tasklet;
	struct work_struct work;
	struct delayed_work delayed;
} objects[OBJECTS];

/* Of the machine that runs: forgotten when the next one comes. */
static struct {
	unsigned int life;
	struct task_struct *task;
	struct workqueue_struct *queue;
	struct dmasim_file *file;
	struct platform_device *simple;
	struct miscdevice misc;
	struct platform_device own;
	struct platform_driver driver;
	struct cdev cdev;
	bool misc_added, own_added, driver_added, cdev_added;
} now;

static unsigned int object(struct api *a)
{
	return fuzz_below(&a->in, OBJECTS);
}

static int sleeper(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg % 64;

	while (n-- && !kthread_should_stop())
		msleep(n);
	return (int)n;
}

static void on_timer(struct timer_list *t)
{
	(void)t;
	wake_up(&objects[0].head);
	complete(&objects[1].completion);
}

static void on_tasklet(struct tasklet_struct *t)
{
	(void)t;
	schedule_work(&objects[0].work);
}

static void on_work(struct work_struct *work)
{
	(void)work;
	msleep(1);
	wake_up_all(&objects[1].head);
	complete(&objects[0].completion);
}

static void begin(struct api *a)
{
	if (now.life == a->life)
		return;
	memset(&now, 0, sizeof(now));
	now.life = a->life;
}

static void initialise(struct api *a)
{
	unsigned int i = object(a);

	switch (fuzz_below(&a->in, 12)) {
	case 0: /* never initialised */
		memset(&objects[i], 0, sizeof(objects[i]));
		break;
	case 1: /* overwritten */
		memset(&objects[i], fuzz_byte(&a->in), sizeof(objects[i]));
		break;
	default:
		init_waitqueue_head(&objects[i].head);
		init_waitqueue_entry(&objects[i].entry, get_current());
		init_completion(&objects[i].completion);
		spin_lock_init(&objects[i].spinlock);
		mutex_init(&objects[i].mutex);
		sema_init(&objects[i].semaphore, fuzz_below(&a->in, 3));
		timer_setup(&objects[i].timer, on_timer, 0);
		tasklet_setup(&objects[i].tasklet, on_tasklet);
		INIT_WORK(&objects[i].work, on_work);
		INIT_DELAYED_WORK(&objects[i].delayed, on_work);
	}
}

static void tasks(struct api *a)
{
	begin(a);
	switch (fuzz_below(&a->in, 8)) {
	case 0:
		if (!now.task) {
			now.task = kthread_run(sleeper, (void *)any_size(a), "fuzz%d", 1);
			if (IS_ERR(now.task))
				now.task = NULL;
		}
		break;
	case 1:
		if (now.task)
			kthread_stop(now.task);
		now.task = NULL;
		break;
	case 2:
		set_current_state(fuzz_below(&a->in, 4) ? TASK_INTERRUPTIBLE : TASK_UNINTERRUPTIBLE);
		schedule_timeout((long)any_size(a) % 1000);
		break;
	case 3:
		wake_up_process(now.task);
		wake_up_process(get_current());
		break;
	case 4:
		kthread_should_stop();
		cond_resched();
		yield();
		break;
	case 5:
		schedule();
		break;
	case 6:
		msleep_interruptible(fuzz_below(&a->in, 5));
		usleep_range(any_size(a) % 1000, any_size(a) % 1000);
		break;
	default:
		kthread_run(sleeper, NULL, "%s", "short");
	}
}

static void waits(struct api *a)
{
	unsigned int i = object(a);

	switch (fuzz_below(&a->in, 10)) {
	case 0:
		wait_event_timeout(objects[i].head, fuzz_below(&a->in, 4) == 0, (long)any_size(a) % 100);
		break;
	case 1:
		if (wait_event_interruptible_timeout(objects[i].head, false, 2) < 0)
			break;
		break;
	case 2:
		wake_up(&objects[i].head);
		wake_up_interruptible_nr(&objects[i].head, (int)any_size(a));
		break;
	case 3:
		add_wait_queue(&objects[i].head, &objects[object(a)].entry);
		break;
	case 4:
		remove_wait_queue(&objects[i].head, &objects[object(a)].entry);
		break;
	case 5:
		prepare_to_wait(&objects[i].head, &objects[object(a)].entry, TASK_INTERRUPTIBLE);
		schedule_timeout(1);
		finish_wait(&objects[i].head, &objects[object(a)].entry);
		break;
	case 6:
		waitqueue_active(&objects[i].head);
		break;
	case 7:
		if (wait_for_completion_interruptible_timeout(&objects[i].completion, any_size(a) % 100) < 0)
			break;
		break;
	case 8:
		complete(&objects[i].completion);
		if (fuzz_below(&a->in, 8) == 0)
			complete_all(&objects[i].completion);
		break;
	default:
		try_wait_for_completion(&objects[i].completion);
		completion_done(&objects[i].completion);
		reinit_completion(&objects[i].completion);
		if (fuzz_below(&a->in, 8) == 0)
			wait_for_completion(&objects[i].completion);
	}
}

static void locks(struct api *a)
{
	unsigned int i = object(a);
	unsigned long flags = 0;

	switch (fuzz_below(&a->in, 8)) {
	case 0:
		spin_lock(&objects[i].spinlock);
		if (fuzz_below(&a->in, 8))
			spin_unlock(&objects[i].spinlock);
		break;
	case 1:
		spin_lock_irqsave(&objects[i].spinlock, flags);
		if (fuzz_below(&a->in, 8) == 0)
			msleep(1);
		spin_unlock_irqrestore(&objects[i].spinlock, flags);
		break;
	case 2:
		spin_unlock(&objects[i].spinlock);
		break;
	case 3:
		mutex_lock(&objects[i].mutex);
		if (fuzz_below(&a->in, 8))
			mutex_unlock(&objects[i].mutex);
		break;
	case 4:
		mutex_unlock(&objects[i].mutex);
		break;
	case 5:
		if (mutex_trylock(&objects[i].mutex))
			mutex_unlock(&objects[i].mutex);
		break;
	case 6:
		up(&objects[i].semaphore);
		break;
	default:
		if (down_timeout(&objects[i].semaphore, any_size(a) % 10))
			return;
	}
}

static void deferred(struct api *a)
{
	unsigned int i = object(a);

	begin(a);
	switch (fuzz_below(&a->in, 16)) {
	case 0:
		mod_timer(&objects[i].timer, jiffies + any_size(a) % 100);
		break;
	case 1:
		mod_timer(&objects[i].timer, any_size(a));
		break;
	case 2:
		del_timer(&objects[i].timer);
		break;
	case 3:
		del_timer_sync(&objects[i].timer);
		timer_pending(&objects[i].timer);
		break;
	case 4:
		tasklet_schedule(&objects[i].tasklet);
		break;
	case 5:
		tasklet_disable(&objects[i].tasklet);
		tasklet_enable(&objects[i].tasklet);
		break;
	case 6:
		tasklet_kill(&objects[i].tasklet);
		break;
	case 7:
	case 8:
		schedule_work(&objects[i].work);
		break;
	case 9:
		cancel_work_sync(&objects[i].work);
		break;
	case 10:
		flush_work(&objects[i].work);
		break;
	case 11:
		queue_delayed_work(now.queue, &objects[i].delayed, any_size(a) % 1000);
		break;
	case 12:
		mod_delayed_work(system_wq, &objects[i].delayed, any_size(a));
		break;
	case 13:
		cancel_delayed_work_sync(&objects[i].delayed);
		break;
	case 14:
		if (!now.queue)
			now.queue = alloc_workqueue("%s", (unsigned int)any_size(a), (int)any_size(a), "fuzz");
		queue_work(now.queue, &objects[i].work);
		flush_workqueue(now.queue);
		break;
	default:
		destroy_workqueue(now.queue);
		now.queue = NULL;
	}
}

/* ---- files ---- */

static ssize_t file_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	(void)file;
	*pos += (loff_t)n;
	return clear_user(buf, n) ? -EFAULT : (ssize_t)n;
}

static const struct file_operations operations = {.read = file_read};
static const struct file_operations nothing;

static void files(struct api *a)
{
	static const char *const names[] = {"fuzz", "/dev/fuzz", "", "no such", "/dev/", NULL};
	const char *name = names[fuzz_below(&a->in, 6)];

	begin(a);
	switch (fuzz_below(&a->in, 10)) {
	case 0:
		if (!now.misc_added) {
			now.misc.name = name;
			now.misc.minor = (int)any_size(a);
			now.misc.fops = fuzz_below(&a->in, 4) ? &operations : &nothing;
			now.misc_added = misc_register(&now.misc) == 0;
		}
		break;
	case 1:
		if (now.misc_added && !now.file)
			misc_deregister(&now.misc);
		now.misc_added = false;
		break;
	case 2:
		if (!now.file)
			now.file = dmasim_open(name, (int)any_size(a));
		break;
	case 3:
		dmasim_read(now.file, a->room, any_room(a));
		dmasim_read(now.file, any_pointer(a), any_room(a));
		break;
	case 4:
		dmasim_write(now.file, any_pointer(a), any_size(a));
		break;
	case 5:
		dmasim_ioctl(now.file, (unsigned int)any_size(a), any_pointer(a));
		break;
	case 6:
		dmasim_close(now.file);
		now.file = NULL;
		break;
	case 7: {
		dev_t dev;

		if (!alloc_chrdev_region(&dev, (unsigned int)any_size(a), (unsigned int)any_size(a) % 1000, name))
			unregister_chrdev_region(dev, (unsigned int)any_size(a));
		break;
	}
	case 8:
		if (!now.cdev_added) {
			cdev_init(&now.cdev, &operations);
			now.cdev_added = cdev_add(&now.cdev, (dev_t)any_size(a), (unsigned int)any_size(a)) == 0;
		} else {
			cdev_del(&now.cdev);
			now.cdev_added = false;
		}
		break;
	default: {
		struct class *class = class_create(name);
		struct device *dev;

		if (IS_ERR_OR_NULL(class))
			return;
		dev = device_create(class, any_device(a), (dev_t)any_size(a), NULL, "fuzz%d", 1);
		if (!IS_ERR_OR_NULL(dev) && fuzz_below(&a->in, 4))
			device_destroy(class, dev->devt);
		class_destroy(class);
	}
	}
}

/* ---- platform devices ---- */

static int probe(struct platform_device *pdev)
{
	int irq = platform_get_irq(pdev, 0);

	devm_kzalloc(&pdev->dev, 100, GFP_KERNEL);
	platform_get_resource(pdev, IORESOURCE_MEM, 1);
	return irq == -EPROBE_DEFER ? irq : 0;
}

static int remove_it(struct platform_device *pdev)
{
	platform_get_resource(pdev, IORESOURCE_MEM, 0);
	return 0;
}

static void platforms(struct api *a)
{
	struct resource res[2] = {
		{.start = any_size(a), .end = any_size(a), .flags = IORESOURCE_MEM},
		{.start = any_size(a) % 300, .end = any_size(a) % 300, .flags = IORESOURCE_IRQ},
	};

	begin(a);
	switch (fuzz_below(&a->in, 7)) {
	case 0:
		if (!now.simple) {
			now.simple = platform_device_register_simple(fuzz_below(&a->in, 8) ? "fuzz" : NULL,
								     (int)any_size(a), res, fuzz_below(&a->in, 3));
			if (IS_ERR(now.simple))
				now.simple = NULL;
		}
		break;
	case 1:
		if (now.simple)
			platform_device_unregister(now.simple);
		now.simple = NULL;
		break;
	case 2:
		if (!now.own_added) {
			memset(&now.own, 0, sizeof(now.own));
			now.own.name = fuzz_below(&a->in, 4) ? "fuzz" : "other";
			now.own.id = (int)any_size(a);
			now.own_added = platform_device_register(&now.own) == 0;
		}
		break;
	case 3:
		if (now.own_added)
			platform_device_unregister(&now.own);
		now.own_added = false;
		break;
	case 4:
		if (!now.driver_added) {
			now.driver.driver.name = fuzz_below(&a->in, 4) ? "fuzz" : NULL;
			now.driver.probe = fuzz_below(&a->in, 4) ? probe : NULL;
			now.driver.remove = fuzz_below(&a->in, 4) ? remove_it : NULL;
			now.driver_added = platform_driver_register(&now.driver) == 0;
		}
		break;
	case 5:
		if (now.driver_added)
			platform_driver_unregister(&now.driver);
		now.driver_added = false;
		break;
	default:
		if (now.simple) {
			device_release_driver(&now.simple->dev);
			if (device_attach(&now.simple->dev))
				platform_get_irq(now.simple, (unsigned int)any_size(a));
		}
	}
}

/* ---- interrupts' other half, and modules ---- */

static irqreturn_t thread_fn(int irq, void *dev)
{
	(void)irq;
	(void)dev;
	msleep(1);
	return IRQ_HANDLED;
}

static void threaded(struct api *a)
{
	static int cookie;

	switch (fuzz_below(&a->in, 4)) {
	case 0:
		if (request_threaded_irq(a->irq, NULL, thread_fn, fuzz_below(&a->in, 4) ? IRQF_ONESHOT : 0, "t",
					 &cookie))
			return;
		break;
	case 1:
		free_irq(a->irq, &cookie);
		break;
	case 2:
		synchronize_irq(a->irq);
		break;
	default:
		disable_irq(a->irq);
		if (fuzz_below(&a->in, 4))
			enable_irq(a->irq);
	}
}

static int module_up;

static int __init up_init(void)
{
	module_up++;
	return module_up % 5 ? 0 : -EIO;
}
module_init(up_init);

static void __exit up_exit(void)
{
	msleep(1);
}
module_exit(up_exit);

static void modules(struct api *a)
{
	if (fuzz_below(&a->in, 2))
		dmasim_load_module(fuzz_below(&a->in, 4) ? "api_kernel" : NULL);
	else
		dmasim_unload_module("api_kernel");
}

static api_call *const calls[] = {
	initialise, initialise, tasks, waits, waits, locks, deferred, deferred, files, platforms, threaded, modules,
};

const struct api_group api_kernel = {calls, sizeof(calls) / sizeof(calls[0])};
