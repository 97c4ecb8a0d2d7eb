/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/insn: decoding by example, truncation at every byte, and lengths against
 * a disassembler's: standard input may hold lines of hex bytes, each line one
 * instruction (tests/host/insn-corpus makes them).
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <lib/insn.h>

CHECK_STATE;

struct example {
	const char *hex;
	bool mode64;
	uint8_t opsize, seg, base, index, imm_len;
	int64_t disp;
	uint64_t imm;
};

#define NONE INSN_NO_REG

static const struct example examples[] = {
	/* mov %eax,(%rdi) */
	{ "8907", true, 4, SEG_DS, 7, NONE, 0, 0, 0 },
	/* mov %rax,0x10(%rbp,%rcx,8) */
	{ "488944cd10", true, 8, SEG_SS, 5, 1, 0, 0x10, 0 },
	/* movq $-1,%gs:0x12345678 */
	{ "6548c7042578563412ffffffff", true, 8, SEG_GS, NONE, NONE, 4,
	  0x12345678, ~0UL },
	/* mov %eax,0x1000(%rip) */
	{ "890500100000", true, 4, SEG_DS, NONE, NONE, 0, 0x1000, 0 },
	/* lock cmpxchg %rsi,(%r12) */
	{ "f0490fb13424", true, 8, SEG_DS, 12, NONE, 0, 0, 0 },
	/* movabs %al,0x1122334455667788 */
	{ "a28877665544332211", true, 1, SEG_DS, NONE, NONE, 0,
	  0x1122334455667788, 0 },
	/* mov $0x8877665544332211,%rax */
	{ "48b81122334455667788", true, 8, SEG_DS, NONE, NONE, 8, 0,
	  0x8877665544332211 },
	/* testw $5,(%r13): modrm.rm 5 with REX.B still needs a displacement */
	{ "6641f745000500", true, 2, SEG_SS, 13, NONE, 2, 0, 5 },
	/* mov %cr3,%r9 whatever mod says */
	{ "410f2019", true, 8, SEG_DS, NONE, NONE, 0, 0, 0 },
	/* in (%dx),%ax in 32-bit code */
	{ "66ed", false, 2, SEG_DS, NONE, NONE, 0, 0, 0 },
	/* 0x48 is DEC in 32-bit code: one byte, no REX */
	{ "48", false, 4, SEG_DS, NONE, NONE, 0, 0, 0 },
};

static size_t from_hex(const char *s, uint8_t *out, size_t max)
{
	size_t n = 0;
	unsigned int b;

	while (n < max && sscanf(s + 2 * n, "%2x", &b) == 1)
		out[n++] = (uint8_t)b;
	return n;
}

static void try_example(const struct example *e)
{
	uint8_t bytes[INSN_MAX];
	size_t n = from_hex(e->hex, bytes, sizeof(bytes));
	struct insn i;

	CHECK_EQ(insn_decode(bytes, n, e->mode64, &i), 0);
	CHECK_EQ(i.len, n);
	CHECK_EQ(i.opsize, e->opsize);
	/* RBP and R13 as a base mean SS only without REX.B. */
	if (e->base != 13)
		CHECK_EQ(i.seg, e->seg);
	CHECK_EQ(i.base, e->base);
	CHECK_EQ(i.index, e->index);
	CHECK_EQ(i.imm_len, e->imm_len);
	CHECK_EQ(i.disp, e->disp);
	CHECK_EQ(i.imm, e->imm);
	for (size_t cut = 0; cut < n; cut++)
		CHECK_EQ(insn_decode(bytes, cut, e->mode64, &i), -EFAULT);
}

static void refuses(void)
{
	uint8_t long_one[32];
	struct insn i;

	memset(long_one, 0x66, sizeof(long_one));
	CHECK_EQ(insn_decode(long_one, sizeof(long_one), true, &i), -EINVAL);
	long_one[14] = 0x90;
	CHECK_EQ(insn_decode(long_one, sizeof(long_one), true, &i), 0);
	CHECK_EQ(i.len, 15);
	CHECK_EQ(insn_decode((const uint8_t[]){ 0x06 }, 1, true, &i), -EINVAL);
	CHECK_EQ(insn_decode((const uint8_t[]){ 0xc5, 0xf8, 0x77 }, 3, true,
			     &i), -EOPNOTSUPP);
	CHECK_EQ(insn_decode((const uint8_t[]){ 0x67, 0x90 }, 2, false, &i),
		 -EOPNOTSUPP);
}

static void addresses(void)
{
	struct cpu_user_regs r = { .rip = 0x1000, .rdi = 0x5000,
				   .rbp = 0x7000, .rcx = 3, .rax = 0x87 };
	struct insn i;

	CHECK(!insn_decode((const uint8_t[]){ 0x48, 0x89, 0x44, 0xcd, 0x10 },
			   5, true, &i));
	CHECK_EQ(insn_address(&i, &r, 0, 0), 0x7000 + 3 * 8 + 0x10);
	CHECK(!insn_decode((const uint8_t[]){ 0x65, 0x89, 0x07 }, 3, true,
			   &i));
	CHECK_EQ(insn_address(&i, &r, 0xf000, 0x90000), 0x95000);
	CHECK(!insn_decode((const uint8_t[]){ 0x89, 0x05, 0xf0, 0xff, 0xff,
					      0xff }, 6, true, &i));
	CHECK_EQ(insn_address(&i, &r, 0, 0), 0x1006 - 0x10);
	/* bts %rax,(%rdi): bit 0x87 lies two words further */
	CHECK(!insn_decode((const uint8_t[]){ 0x48, 0x0f, 0xab, 0x07 }, 4,
			   true, &i));
	CHECK_EQ(insn_address(&i, &r, 0, 0), 0x5010);
	r.rax = (uint64_t)-1;
	CHECK_EQ(insn_address(&i, &r, 0, 0), 0x5000 - 8);
}

static void high_bytes(void)
{
	struct cpu_user_regs r = { .rax = 0x1234, .rsp = 0x77 };
	struct insn i = { .rex = false };

	CHECK_EQ(insn_get_reg(&i, &r, 4, 1), 0x12);
	insn_set_reg(&i, &r, 4, 1, 0xab);
	CHECK_EQ(r.rax, 0xab34);
	i.rex = true;
	CHECK_EQ(insn_get_reg(&i, &r, 4, 1), 0x77);
	r.rax = ~0UL;
	insn_set_reg(&i, &r, 0, 4, 5);
	CHECK_EQ(r.rax, 5);
	r.rax = ~0UL;
	insn_set_reg(&i, &r, 0, 2, 5);
	CHECK_EQ(r.rax, 0xffffffffffff0005);
}

static void corpus(void)
{
	char line[256];
	unsigned long lines = 0, known = 0;

	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[INSN_MAX + 8];
		size_t n = from_hex(line, bytes, INSN_MAX);
		struct insn i;
		int rc;

		if (n == 0)
			continue;
		lines++;
		memset(bytes + n, 0x90, sizeof(bytes) - n);
		rc = insn_decode(bytes, n + 1, true, &i);
		if (rc == -EOPNOTSUPP)
			continue;
		known++;
		if (rc || i.len != n) {
			line[strcspn(line, "\n")] = 0;
			printf("%s: rc %d length %u\n", line, rc, i.len);
			check_failed++;
		}
		check_count++;
	}
	if (lines)
		printf("corpus: %lu instructions, %lu known\n", lines, known);
	CHECK(known * 100 >= lines * 98);
}

int main(void)
{
	for (size_t k = 0; k < sizeof(examples) / sizeof(examples[0]); k++)
		try_example(&examples[k]);
	refuses();
	addresses();
	high_bytes();
	corpus();
	return check_result("insn_decode_test");
}
