// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random bytes through decoding and arithmetic of instructions: whatever they
 * are, results stay in range.  Arguments: rounds, seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lib/insn.h>

static uint64_t s;

static uint64_t next(void)
{
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static void need(bool ok, const uint8_t *b, const char *what)
{
	if (ok)
		return;
	printf("%s:", what);
	for (unsigned int k = 0; k < INSN_MAX; k++)
		printf(" %02x", b[k]);
	printf("\n");
	abort();
}

/* Prefixes and two-byte opcodes come more often than chance has them. */
static void make(uint8_t *b)
{
	static const uint8_t often[] = { 0x0f, 0x66, 0xf0, 0xf3, 0x48, 0x65,
					 0x67, 0xc7, 0x81, 0x41 };

	for (unsigned int k = 0; k < INSN_MAX + 1; k++)
		b[k] = next() % 4 ? (uint8_t)next() :
				    often[next() % ARRAY_SIZE(often)];
}

static void execute(const struct insn *i, const uint8_t *b)
{
	struct cpu_user_regs r;
	struct insn_effect e;

	for (unsigned int k = 0; k < 16; k++)
		*insn_reg(&r, k) = next();
	r.rip = next();
	r.rflags = 0x202 | (next() & 0xcd5);
	(void)insn_address(i, &r, next(), next());
	(void)insn_reads_mem(i);
	if (insn_apply(i, &r, next(), &e))
		return;
	need(i->opsize == 8 || e.mem >> 8 * i->opsize == 0, b,
	     "wider than its operand");
	insn_retire(i, &r, &e);
	need((r.rflags & ~0xcd5UL) == 0x202, b, "changed other flags");
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000000;
	unsigned long good = 0;

	s = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	s = s * 0x9e3779b97f4a7c15UL | 1;
	for (unsigned long n = 0; n < rounds; n++) {
		/* On the heap, so that one byte too many is noticed. */
		size_t len = next() % (INSN_MAX + 1);
		uint8_t whole[INSN_MAX + 1], *b = malloc(len + !len);
		bool mode64 = next() & 1;
		struct insn i;
		int rc;

		make(whole);
		memcpy(b, whole, len);
		rc = insn_decode(b, len, mode64, &i);
		free(b);
		if (rc)
			continue;
		good++;
		need(i.len > 0 && i.len <= len, whole, "length");
		need(i.opsize == 1 || i.opsize == 2 || i.opsize == 4 ||
		     i.opsize == 8, whole, "operand size");
		need(i.reg < 16 && i.rm < 16, whole, "register");
		execute(&i, whole);
	}
	printf("fuzz_insn: %lu rounds, %lu decoded\n", rounds, good);
	return 0;
}
