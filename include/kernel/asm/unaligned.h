/* SPDX-License-Identifier: MIT */
/* Values at any address, in a given byte order. Mirrors asm/unaligned.h (linux/unaligned.h since 6.12). */
#ifndef DMASIM_ASM_UNALIGNED_H
#define DMASIM_ASM_UNALIGNED_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define DMASIM_UNALIGNED(bits, order)                                          \
	static inline u##bits get_unaligned_##order##bits(const void *p)       \
	{                                                                      \
		u##bits value;                                                 \
		__builtin_memcpy(&value, p, sizeof(value));                    \
		return order##bits##_to_cpu((__##order##bits)value);           \
	}                                                                      \
	static inline void put_unaligned_##order##bits(u##bits value, void *p) \
	{                                                                      \
		u##bits out = (u##bits)cpu_to_##order##bits(value);            \
		__builtin_memcpy(p, &out, sizeof(out));                        \
	}

DMASIM_UNALIGNED(16, le)
DMASIM_UNALIGNED(32, le)
DMASIM_UNALIGNED(64, le)
DMASIM_UNALIGNED(16, be)
DMASIM_UNALIGNED(32, be)
DMASIM_UNALIGNED(64, be)
#undef DMASIM_UNALIGNED

#define get_unaligned(ptr)                                                    \
	__extension__({                                                       \
		__typeof__(*(ptr)) dmasim_value;                              \
		__builtin_memcpy(&dmasim_value, (ptr), sizeof(dmasim_value)); \
		dmasim_value;                                                 \
	})
#define put_unaligned(value, ptr)                                             \
	do {                                                                  \
		__typeof__(*(ptr)) dmasim_value = (value);                    \
		__builtin_memcpy((ptr), &dmasim_value, sizeof(dmasim_value)); \
	} while (0)

#endif
