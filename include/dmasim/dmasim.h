/* SPDX-License-Identifier: MIT */
/* libdmasim: run driver code against a simulated machine. This header includes the whole native API. */
#ifndef DMASIM_H
#define DMASIM_H

#include <dmasim/access.h>
#include <dmasim/device.h>
#include <dmasim/dma.h>
#include <dmasim/machine.h>
#include <dmasim/types.h>
#include <dmasim/violation.h>

#endif
