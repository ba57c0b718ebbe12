/* SPDX-License-Identifier: MIT */
/* The machines of the process: between thread.c, which says who holds one, and boot.c, which makes and ends them. */
#ifndef LIB_CORE_MACHINES_H
#define LIB_CORE_MACHINES_H

#include <pthread.h>
#include "lib/core/kernel.h"

extern pthread_mutex_t k_machines_lock; /* over the list, and over `held` and `pid` of its members */
extern struct dmasim_machine *k_machines;

bool k_machine_is_live(const struct dmasim_machine *m); /* under the lock; any value may be asked about */
void k_watchdog_forked(void);

#endif
