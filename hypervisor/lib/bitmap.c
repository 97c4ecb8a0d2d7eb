// SPDX-License-Identifier: GPL-2.0-or-later
/* Searching bitmaps, a word at a time. */
#include <lib/bitmap.h>

static unsigned int next_bit(const uint64_t *map, unsigned int nbits,
			     unsigned int from, uint64_t flip)
{
	while (from < nbits) {
		uint64_t w = (READ_ONCE(map[from / 64]) ^ flip) >> (from % 64);

		if (w) {
			from += (unsigned int)__builtin_ctzl(w);
			return MIN(from, nbits);
		}
		from = (from / 64 + 1) * 64;
	}
	return nbits;
}

unsigned int bitmap_next(const uint64_t *map, unsigned int nbits,
			 unsigned int from)
{
	return next_bit(map, nbits, from, 0);
}

unsigned int bitmap_next_zero(const uint64_t *map, unsigned int nbits,
			      unsigned int from)
{
	return next_bit(map, nbits, from, ~0UL);
}
