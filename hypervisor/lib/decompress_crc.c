// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32 and CRC-64 (ECMA 182), reflected, eight bytes at a time through eight
 * tables.  The tables are filled at the first use: boot is single-threaded.
 */
#include <lib/decompress.h>

#define POLY32 0xedb88320u
#define POLY64 0xc96c5795d7870f42UL
#define SLICES 8

static uint32_t table32[SLICES][256];
static uint64_t table64[SLICES][256];

static void fill32(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? POLY32 : 0);
		table32[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int s = 1; s < SLICES; s++)
			table32[s][i] = table32[s - 1][i] >> 8 ^
					table32[0][table32[s - 1][i] & 0xff];
}

static void fill64(void)
{
	for (uint64_t i = 0; i < 256; i++) {
		uint64_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? POLY64 : 0);
		table64[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int s = 1; s < SLICES; s++)
			table64[s][i] = table64[s - 1][i] >> 8 ^
					table64[0][table64[s - 1][i] & 0xff];
}

/* Eight bytes at once: each looked up as if the later ones were zeros. */
#define SLICE8(table, x)                                                  \
	(table[7][(x) & 0xff] ^ table[6][(x) >> 8 & 0xff] ^               \
	 table[5][(x) >> 16 & 0xff] ^ table[4][(x) >> 24 & 0xff] ^        \
	 table[3][(x) >> 32 & 0xff] ^ table[2][(x) >> 40 & 0xff] ^        \
	 table[1][(x) >> 48 & 0xff] ^ table[0][(x) >> 56])

uint32_t crc32_step(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;

	if (table32[0][1] == 0)
		fill32();
	for (; len >= 8; len -= 8, b += 8) {
		uint64_t x;

		__builtin_memcpy(&x, b, 8);
		x ^= crc;
		crc = SLICE8(table32, x);
	}
	while (len--)
		crc = crc >> 8 ^ table32[0][(crc ^ *b++) & 0xff];
	return crc;
}

uint32_t crc32_of(const void *p, size_t len)
{
	return ~crc32_step(~0u, p, len);
}

uint64_t crc64_of(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t crc = ~0UL;

	if (table64[0][1] == 0)
		fill64();
	for (; len >= 8; len -= 8, b += 8) {
		uint64_t x;

		__builtin_memcpy(&x, b, 8);
		x ^= crc;
		crc = SLICE8(table64, x);
	}
	while (len--)
		crc = crc >> 8 ^ table64[0][(crc ^ *b++) & 0xff];
	return ~crc;
}
