/* SPDX-License-Identifier: MIT */
/* Kernel threads. Mirrors linux/kthread.h. Each is a task of the machine; see linux/sched.h. */
#ifndef DMASIM_LINUX_KTHREAD_H
#define DMASIM_LINUX_KTHREAD_H

#include <linux/sched.h>

/* A task that runs threadfn(data) once woken. Return: the task; ERR_PTR(-ENOMEM). May sleep. */
DMASIM_API struct task_struct *kthread_create(int (*threadfn)(void *data), void *data, const char *namefmt, ...)
	DMASIM_SYM(kthread_create) DMASIM_PRINTF(3, 4);
/* The same, woken at once. */
DMASIM_API struct task_struct *kthread_run(int (*threadfn)(void *data), void *data, const char *namefmt, ...)
	DMASIM_SYM(kthread_run) DMASIM_PRINTF(3, 4);
#define kthread_create_on_node(threadfn, data, node, ...) kthread_create(threadfn, data, __VA_ARGS__)
/*
 * Make kthread_should_stop() true, wake the task and wait until its function has returned. May sleep.
 * Return: what the function returned; -EINTR if it never ran.
 */
DMASIM_API int kthread_stop(struct task_struct *task) DMASIM_SYM(kthread_stop);
DMASIM_API bool kthread_should_stop(void) DMASIM_SYM(kthread_should_stop);
DMASIM_API void kthread_bind(struct task_struct *task, unsigned int cpu)
	DMASIM_SYM(kthread_bind); /* one CPU: nothing */

#endif
