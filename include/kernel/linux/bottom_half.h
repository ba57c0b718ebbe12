/* SPDX-License-Identifier: MIT */
/* Bottom halves off and on: in linux/preempt.h here. Mirrors linux/bottom_half.h. */
#ifndef DMASIM_LINUX_BOTTOM_HALF_H
#define DMASIM_LINUX_BOTTOM_HALF_H

#include <linux/preempt.h>

#endif
