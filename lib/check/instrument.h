/* SPDX-License-Identifier: MIT */
/* Is driver code instrumented? See instrument.c. */
#ifndef LIB_CHECK_INSTRUMENT_H
#define LIB_CHECK_INSTRUMENT_H

#include "lib/core/kernel.h"

/* Instrumented code is linked in and its runtime has presented itself. */
bool check_instrument_attached(void);

#endif
