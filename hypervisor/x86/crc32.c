// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32 by carry-less multiplication, for the tens of megabytes of an unpacked
 * kernel.  Four 128-bit lanes are folded forward over the data: a lane times
 * x^n modulo the polynomial is the same remainder n bits further on.  What is
 * left when the data ends, 64 bytes, goes through the tables like any data.
 * No state.
 */
#include <lib/decompress.h>
#include <port/foreign.h>
#include <x86/insn.h>

#define CPUID_PCLMULQDQ BIT(1)
#define STEP 64

/* x^(512+32) and x^(512-32) modulo the polynomial, bits reflected. */
static const uint64_t fold[2] __attribute__((aligned(16))) = {
	0x154442bd4, 0x1c6e41596,
};

#define LANE(n, off)                                      \
	"movdqa %%xmm" #n ", %%xmm4\n\t"                  \
	"pclmulqdq $0x00, %%xmm5, %%xmm" #n "\n\t"        \
	"pclmulqdq $0x11, %%xmm5, %%xmm4\n\t"             \
	"pxor %%xmm4, %%xmm" #n "\n\t"                    \
	"pxor " #off "(%[p]), %%xmm" #n "\n\t"

/*
 * Fold @steps blocks after the first one at @p, which is 16-byte aligned; the
 * equivalent last block is put into @rest.
 */
static void fold_blocks(const uint8_t *p, size_t steps, uint32_t crc,
			uint8_t rest[STEP])
{
	__asm__ volatile(
		"movdqa (%[p]), %%xmm0\n\t"
		"movdqa 16(%[p]), %%xmm1\n\t"
		"movdqa 32(%[p]), %%xmm2\n\t"
		"movdqa 48(%[p]), %%xmm3\n\t"
		"movd %[crc], %%xmm4\n\t"
		"pxor %%xmm4, %%xmm0\n\t"
		"movdqa (%[fold]), %%xmm5\n"
		"1:\n\t"
		"add $64, %[p]\n\t"
		LANE(0, 0)
		LANE(1, 16)
		LANE(2, 32)
		LANE(3, 48)
		"dec %[n]\n\t"
		"jnz 1b\n\t"
		"movdqu %%xmm0, (%[rest])\n\t"
		"movdqu %%xmm1, 16(%[rest])\n\t"
		"movdqu %%xmm2, 32(%[rest])\n\t"
		"movdqu %%xmm3, 48(%[rest])\n\t"
		: [p] "+r"(p), [n] "+r"(steps)
		: [crc] "r"(crc), [fold] "r"(fold), [rest] "r"(rest)
		: "memory", "cc");
}

uint32_t foreign_crc32(const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t steps = len / STEP;
	uint8_t rest[STEP];
	uint32_t crc = ~0u, id[4];

	cpuid(1, 0, id);
	if (steps >= 2 && (id[2] & CPUID_PCLMULQDQ) &&
	    IS_ALIGNED((uint64_t)b, 16)) {
		fold_blocks(b, steps - 1, crc, rest);
		crc = crc32_step(0, rest, STEP);
		b += steps * STEP;
		len -= steps * STEP;
	}
	return ~crc32_step(crc, b, len);
}
