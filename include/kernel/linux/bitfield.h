/* SPDX-License-Identifier: MIT */
/* Fields of registers by their mask. Mirrors include/linux/bitfield.h. */
#ifndef DMASIM_LINUX_BITFIELD_H
#define DMASIM_LINUX_BITFIELD_H

#include <linux/bits.h>

#define __bf_shf(mask)		(__builtin_ffsll((long long)(mask)) - 1)
#define FIELD_MAX(mask)		((__typeof__(mask))((mask) >> __bf_shf(mask)))
#define FIELD_FIT(mask, value)	(!((((__typeof__(mask))(value)) << __bf_shf(mask)) & ~(mask)))
#define FIELD_PREP(mask, value) (((__typeof__(mask))(value) << __bf_shf(mask)) & (mask))
#define FIELD_GET(mask, reg)	((__typeof__(mask))(((reg) & (mask)) >> __bf_shf(mask)))

#endif
