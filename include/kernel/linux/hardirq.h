/* SPDX-License-Identifier: MIT */
/* Which context am I in? Mirrors linux/hardirq.h. */
#ifndef DMASIM_LINUX_HARDIRQ_H
#define DMASIM_LINUX_HARDIRQ_H

#include <linux/preempt.h>

#endif
