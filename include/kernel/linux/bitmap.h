/* SPDX-License-Identifier: MIT */
/* Arrays of bits. Mirrors include/linux/bitmap.h: the operations drivers use for slot maps. */
#ifndef DMASIM_LINUX_BITMAP_H
#define DMASIM_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/string.h>

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	memset(map, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int n)
{
	while (n--)
		__set_bit(start++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int n)
{
	while (n--)
		__clear_bit(start++, map);
}

static inline void bitmap_fill(unsigned long *map, unsigned int nbits)
{
	bitmap_zero(map, nbits);
	bitmap_set(map, 0, nbits);
}

static inline bool bitmap_empty(const unsigned long *map, unsigned int nbits)
{
	return find_first_bit(map, nbits) >= nbits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned int nbits)
{
	return find_first_zero_bit(map, nbits) >= nbits;
}

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int nbits)
{
	unsigned int bit, n = 0;

	for_each_set_bit(bit, map, nbits) n++;
	return n;
}

/* Where the first run of nr clear bits begins, at or behind start, at a multiple of align_mask + 1; size or more: none. */
static inline unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size, unsigned long start,
						       unsigned int nr, unsigned long align_mask)
{
	for (;;) {
		unsigned long at = (find_next_zero_bit(map, size, start) + align_mask) & ~align_mask, set;

		if (at >= size || nr > size - at)
			return size + 1;
		set = find_next_bit(map, at + nr, at);
		if (set >= at + nr)
			return at;
		start = set + 1;
	}
}

#endif
