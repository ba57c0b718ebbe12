/* SPDX-License-Identifier: MIT */
/* Byte order of values that devices see. Mirrors asm/byteorder.h. */
#ifndef DMASIM_ASM_BYTEORDER_H
#define DMASIM_ASM_BYTEORDER_H

#include_next <asm/byteorder.h>
#include <linux/types.h>

#undef cpu_to_le16
#undef cpu_to_le32
#undef cpu_to_le64
#undef le16_to_cpu
#undef le32_to_cpu
#undef le64_to_cpu
#undef cpu_to_be16
#undef cpu_to_be32
#undef cpu_to_be64
#undef be16_to_cpu
#undef be32_to_cpu
#undef be64_to_cpu
#define cpu_to_le16 __cpu_to_le16
#define cpu_to_le32 __cpu_to_le32
#define cpu_to_le64 __cpu_to_le64
#define le16_to_cpu __le16_to_cpu
#define le32_to_cpu __le32_to_cpu
#define le64_to_cpu __le64_to_cpu
#define cpu_to_be16 __cpu_to_be16
#define cpu_to_be32 __cpu_to_be32
#define cpu_to_be64 __cpu_to_be64
#define be16_to_cpu __be16_to_cpu
#define be32_to_cpu __be32_to_cpu
#define be64_to_cpu __be64_to_cpu

static inline u16 le16_to_cpup(const __le16 *p)
{
	return le16_to_cpu(*p);
}

static inline u32 le32_to_cpup(const __le32 *p)
{
	return le32_to_cpu(*p);
}

static inline u64 le64_to_cpup(const __le64 *p)
{
	return le64_to_cpu(*p);
}

static inline void le32_add_cpu(__le32 *p, u32 value)
{
	*p = cpu_to_le32(le32_to_cpu(*p) + value);
}

#ifndef swab16
#define swab16 __builtin_bswap16
#define swab32 __builtin_bswap32
#define swab64 __builtin_bswap64
#endif

#endif
