/* SPDX-License-Identifier: MIT */
/* Work for task context. Mirrors linux/workqueue.h. Queueing: any context. Flushing and cancelling "sync" may sleep. */
#ifndef DMASIM_LINUX_WORKQUEUE_H
#define DMASIM_LINUX_WORKQUEUE_H

#include <linux/timer.h>
#include <linux/types.h>

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

/* What the driver embeds: what is queued is kept by the library, by address. */
struct work_struct {
	work_func_t func;
	u32 dmasim_mark;
	u32 dmasim_data; /* func is one of an old driver, and wants data */
	void *data;
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer; /* unused here: kept for drivers that look at its address */
};

#define DMASIM_WORK_MARK 0x6b726f77U /* "work" */
#define __WORK_INITIALIZER(fn)                                \
	{                                                     \
		.func = (fn), .dmasim_mark = DMASIM_WORK_MARK \
	}
#define DECLARE_WORK(name, fn)	       struct work_struct name = __WORK_INITIALIZER(fn)
#define DECLARE_DELAYED_WORK(name, fn) struct delayed_work name = {.work = __WORK_INITIALIZER(fn)}
DMASIM_API void dmasim_init_work(struct work_struct *work, work_func_t func);
#define INIT_WORK(work, func)		       dmasim_init_work(work, func)
#define INIT_WORK_ONSTACK(work, func)	       dmasim_init_work(work, func)
#define INIT_DELAYED_WORK(dwork, func)	       dmasim_init_work(&(dwork)->work, func)
#define INIT_DELAYED_WORK_ONSTACK(dwork, func) dmasim_init_work(&(dwork)->work, func)
#define destroy_work_on_stack(work)	       ((void)(work))

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return (struct delayed_work *)((char *)work - offsetof(struct delayed_work, work));
}

enum {
	WQ_UNBOUND = 1 << 1,
	WQ_FREEZABLE = 1 << 2,
	WQ_MEM_RECLAIM = 1 << 3,
	WQ_HIGHPRI = 1 << 4,
	WQ_CPU_INTENSIVE = 1 << 5,
};

/* One worker task each, so works of one queue run one after the other. NULL when memory is gone. May sleep. */
DMASIM_API struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
	DMASIM_SYM(alloc_workqueue) DMASIM_PRINTF(1, 4);
#define alloc_ordered_workqueue(fmt, flags, ...) alloc_workqueue(fmt, flags, 1, ##__VA_ARGS__)
#define create_workqueue(name)			 alloc_workqueue("%s", 0, 1, name)
#define create_singlethread_workqueue(name)	 alloc_workqueue("%s", 0, 1, name)
DMASIM_API void destroy_workqueue(struct workqueue_struct *wq) DMASIM_SYM(destroy_workqueue);

/* The machine's own queues: all one here. */
DMASIM_API struct workqueue_struct *dmasim_system_wq(void);
#define system_wq	    dmasim_system_wq()
#define system_highpri_wq   dmasim_system_wq()
#define system_long_wq	    dmasim_system_wq()
#define system_unbound_wq   dmasim_system_wq()
#define system_freezable_wq dmasim_system_wq()

/* Return: false if it was queued already. */
DMASIM_API bool queue_work(struct workqueue_struct *wq, struct work_struct *work) DMASIM_SYM(queue_work);
DMASIM_API bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)
	DMASIM_SYM(queue_delayed_work);
/* Queue or move. Return: true if it was pending. */
DMASIM_API bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)
	DMASIM_SYM(mod_delayed_work);
#define schedule_work(work)		    queue_work(system_wq, work)
#define schedule_delayed_work(dwork, delay) queue_delayed_work(system_wq, dwork, delay)

/* Wait until it has run. Return: true if it was pending or running. */
DMASIM_API bool flush_work(struct work_struct *work) DMASIM_SYM(flush_work);
DMASIM_API bool flush_delayed_work(struct delayed_work *dwork) DMASIM_SYM(flush_delayed_work);
DMASIM_API void flush_workqueue(struct workqueue_struct *wq) DMASIM_SYM(flush_workqueue);
#define drain_workqueue(wq)    flush_workqueue(wq)
#define flush_scheduled_work() flush_workqueue(system_wq)
/* Take it off the queue; the sync forms also wait until it does not run. Return: true if it was pending. */
DMASIM_API bool cancel_work(struct work_struct *work) DMASIM_SYM(cancel_work);
DMASIM_API bool cancel_work_sync(struct work_struct *work) DMASIM_SYM(cancel_work_sync);
DMASIM_API bool cancel_delayed_work(struct delayed_work *dwork) DMASIM_SYM(cancel_delayed_work);
DMASIM_API bool cancel_delayed_work_sync(struct delayed_work *dwork) DMASIM_SYM(cancel_delayed_work_sync);
DMASIM_API bool work_pending(const struct work_struct *work) DMASIM_SYM(work_pending);
#define delayed_work_pending(dwork) work_pending(&(dwork)->work)
DMASIM_API unsigned int work_busy(struct work_struct *work) DMASIM_SYM(work_busy);

#endif
