/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits in arrays of 64-bit words.  The atomic forms order memory fully; they
 * are also used on words that a guest writes (pending bits), so they never
 * assume that a bit keeps its value.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <lib/types.h>

static inline bool bit_test(const uint64_t *map, unsigned int n)
{
	return (READ_ONCE(map[n / 64]) >> (n % 64)) & 1;
}

/* Testing with the same mask lets the compiler use one BTS or BTR. */
static inline bool bit_test_and_set(uint64_t *map, unsigned int n)
{
	uint64_t mask = BIT(n % 64);

	return __atomic_fetch_or(&map[n / 64], mask, __ATOMIC_SEQ_CST) & mask;
}

static inline bool bit_test_and_clear(uint64_t *map, unsigned int n)
{
	uint64_t mask = BIT(n % 64);

	return __atomic_fetch_and(&map[n / 64], ~mask, __ATOMIC_SEQ_CST) & mask;
}

static inline void bit_set(uint64_t *map, unsigned int n)
{
	__atomic_fetch_or(&map[n / 64], BIT(n % 64), __ATOMIC_SEQ_CST);
}

static inline void bit_clear(uint64_t *map, unsigned int n)
{
	__atomic_fetch_and(&map[n / 64], ~BIT(n % 64), __ATOMIC_SEQ_CST);
}

/* The first bit at or after @from that is set (clear), or @nbits. */
unsigned int bitmap_next(const uint64_t *map, unsigned int nbits,
			 unsigned int from);
unsigned int bitmap_next_zero(const uint64_t *map, unsigned int nbits,
			      unsigned int from);

#endif
