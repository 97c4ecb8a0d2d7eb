/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/insn: decoding by example, truncation at every byte, and lengths against
 * a disassembler's: a file named on the command line holds lines of hex bytes,
 * each one (tests/host/pvctl.mk lets objdump make them).
 */
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <lib/insn.h>

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

	assert_int_equal(insn_decode(bytes, n, e->mode64, &i), 0);
	assert_int_equal(i.len, n);
	assert_int_equal(i.opsize, e->opsize);
	/* RBP and R13 as a base mean SS only without REX.B. */
	if (e->base != 13)
		assert_int_equal(i.seg, e->seg);
	assert_int_equal(i.base, e->base);
	assert_int_equal(i.index, e->index);
	assert_int_equal(i.imm_len, e->imm_len);
	assert_int_equal(i.disp, e->disp);
	assert_int_equal(i.imm, e->imm);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(insn_decode(bytes, cut, e->mode64, &i), -EFAULT);
}

static void decodes_the_examples(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(examples); k++)
		try_example(&examples[k]);
}

static void refuses_what_is_none(void **state)
{
	uint8_t long_one[32];
	struct insn i;

	(void)state;
	memset(long_one, 0x66, sizeof(long_one));
	assert_int_equal(insn_decode(long_one, sizeof(long_one), true, &i), -EINVAL);
	long_one[14] = 0x90;
	assert_int_equal(insn_decode(long_one, sizeof(long_one), true, &i), 0);
	assert_int_equal(i.len, 15);
	assert_int_equal(insn_decode((const uint8_t[]){ 0x06 }, 1, true, &i), -EINVAL);
	assert_int_equal(insn_decode((const uint8_t[]){ 0xc5, 0xf8, 0x77 }, 3, true,
			     &i), -EOPNOTSUPP);
	assert_int_equal(insn_decode((const uint8_t[]){ 0x67, 0x90 }, 2, false, &i),
		 -EOPNOTSUPP);
}

static void computes_addresses(void **state)
{
	struct cpu_user_regs r = { .rip = 0x1000, .rdi = 0x5000,
				   .rbp = 0x7000, .rcx = 3, .rax = 0x87 };
	struct insn i;

	(void)state;
	assert_true(!insn_decode((const uint8_t[]){ 0x48, 0x89, 0x44, 0xcd, 0x10 },
			   5, true, &i));
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x7000 + 3 * 8 + 0x10);
	assert_true(!insn_decode((const uint8_t[]){ 0x65, 0x89, 0x07 }, 3, true,
			   &i));
	assert_int_equal(insn_address(&i, &r, 0xf000, 0x90000), 0x95000);
	assert_true(!insn_decode((const uint8_t[]){ 0x89, 0x05, 0xf0, 0xff, 0xff,
					      0xff }, 6, true, &i));
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x1006 - 0x10);
	/* bts %rax,(%rdi): bit 0x87 lies two words further */
	assert_true(!insn_decode((const uint8_t[]){ 0x48, 0x0f, 0xab, 0x07 }, 4,
			   true, &i));
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x5010);
	r.rax = (uint64_t)-1;
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x5000 - 8);
}

static void knows_high_bytes(void **state)
{
	struct cpu_user_regs r = { .rax = 0x1234, .rsp = 0x77 };
	struct insn i = { .rex = false };

	(void)state;
	assert_int_equal(insn_get_reg(&i, &r, 4, 1), 0x12);
	insn_set_reg(&i, &r, 4, 1, 0xab);
	assert_int_equal(r.rax, 0xab34);
	i.rex = true;
	assert_int_equal(insn_get_reg(&i, &r, 4, 1), 0x77);
	r.rax = ~0UL;
	insn_set_reg(&i, &r, 0, 4, 5);
	assert_int_equal(r.rax, 5);
	r.rax = ~0UL;
	insn_set_reg(&i, &r, 0, 2, 5);
	assert_int_equal(r.rax, 0xffffffffffff0005);
}

static const char *corpus_name;

static void lengths_agree_with_a_disassembler(void **state)
{
	FILE *f = fopen(corpus_name, "r");
	unsigned long lines = 0, known = 0, wrong = 0;
	char line[256];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
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
			wrong++;
			printf("rc %d length %u: %s", rc, i.len, line);
		}
	}
	fclose(f);
	printf("%lu instructions, %lu known\n", lines, known);
	assert_int_equal(wrong, 0);
	assert_true(lines > 1000 && known * 100 >= lines * 98);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_the_examples),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(computes_addresses),
		cmocka_unit_test(knows_high_bytes),
	};
	const struct CMUnitTest with_corpus[] = {
		cmocka_unit_test(lengths_agree_with_a_disassembler),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (argc > 1) {
		corpus_name = argv[1];
		failed += cmocka_run_group_tests(with_corpus, NULL, NULL);
	}
	return failed != 0;
}
