/* SPDX-License-Identifier: MIT */
/* What a driver's source file includes, so that the code of the rule pages (docs/rules) need not say it each time. */
#ifndef TESTS_RULES_PAGES_PROLOGUE_H
#define TESTS_RULES_PAGES_PROLOGUE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <dmasim/chardev.h>
#include <sys/mman.h>
#include <linux/workqueue.h>
#include <asm/page.h>
#include <dmasim/dmasim.h>

/* Each block defines it; declared so, it stays in its file. */
static void example(struct device *dev);

#endif
