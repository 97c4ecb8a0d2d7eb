// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XZ's x86 branch filter, backwards: the packer replaced the relative targets
 * of CALL (E8) and JMP (E9) by absolute ones, which repeat more often.  Bytes
 * that merely look like an opcode inside an operand are told apart by what the
 * filter's format fixes: an operand is only taken if its top byte is 00 or FF,
 * and opcodes shortly before that were not converted count against it.
 * No state.
 */
#include <lib/decompress.h>

#define OPCODE_BYTES 0xe8e8e8e8e8e8e8e8UL
#define ONES 0x0101010101010101UL

static bool is_sign_byte(uint8_t b)
{
	return b == 0x00 || b == 0xff;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, 4);
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

/*
 * Where eight bytes are E8 or E9, by their top bits: right for the lowest, and
 * 0 if there is none.
 */
static inline uint64_t opcodes(uint64_t bytes)
{
	uint64_t x = bytes ^ OPCODE_BYTES; /* 0 or 1 where there is one */

	return (x - 2 * ONES) & ~x & (ONES << 7);
}

/* Passes over 32 bytes at a time, as long as no opcode is among them. */
static size_t skip_blocks(const uint8_t *buf, size_t i, size_t end)
{
	for (; i + 32 <= end; i += 32) {
		uint64_t a = get64(buf + i), b = get64(buf + i + 8);
		uint64_t c = get64(buf + i + 16), d = get64(buf + i + 24);

		/* Half of a kernel is zeros. */
		if ((a | b | c | d) &&
		    (opcodes(a) | opcodes(b) | opcodes(c) | opcodes(d)))
			break;
	}
	return i;
}

/* The first E8 or E9 in [i, end), or end. */
static size_t find_opcode(const uint8_t *buf, size_t i, size_t end)
{
	for (i = skip_blocks(buf, i, end); i + 8 <= end; i += 8) {
		uint64_t hit = opcodes(get64(buf + i));

		if (hit)
			return i + (unsigned int)__builtin_ctzl(hit) / 8;
	}
	while (i < end && (buf[i] & 0xfe) != 0xe8)
		i++;
	return i;
}

/*
 * @skipped has bit d - 1 set if an opcode d bytes before @i was left alone
 * (d from 1 to 3). The farthest of them decides; with two there is no doubt.
 */
static unsigned int farthest(uint32_t skipped)
{
	return skipped >= 4 ? 3 : skipped >= 2 ? 2 : skipped;
}

static bool belongs_to_earlier(const uint8_t *buf, size_t i, uint32_t skipped)
{
	if (skipped & (skipped - 1))
		return true;
	return is_sign_byte(buf[i + 4 - farthest(skipped)]);
}

/* The relative target for the absolute one @to, of the opcode at @i. */
static uint32_t relative(uint32_t to, size_t i, uint32_t skipped)
{
	uint32_t at = (uint32_t)i + 5, rel = to - at;

	if (skipped) {
		unsigned int shift = 24 - farthest(skipped) * 8;

		while (is_sign_byte((uint8_t)(rel >> shift)))
			rel = (rel ^ ((1u << (shift + 8)) - 1)) - at;
	}
	rel &= 0x01ffffff;
	return rel | (0 - (rel & 0x01000000));
}

void bcj_x86_decode(uint8_t *buf, size_t len)
{
	size_t end = len > 4 ? len - 4 : 0, last = 0, i;
	uint32_t skipped = 0;

	for (i = find_opcode(buf, 0, end); i < end;
	     i = find_opcode(buf, i, end)) {
		size_t gap = i - last;

		skipped = gap > 3 ? 0 : (skipped << gap >> 1) & 7;
		last = i;
		if ((skipped && belongs_to_earlier(buf, i, skipped)) ||
		    !is_sign_byte(buf[i + 4])) {
			skipped = skipped << 1 | 1;
			i++;
			continue;
		}
		uint32_t rel = relative(get32(buf + i + 1), i, skipped);

		__builtin_memcpy(buf + i + 1, &rel, 4);
		i += 5;
	}
}
