/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/insn_apply against the processor: random operands and flags go through
 * each instruction twice, once here and once as machine code on memory, and
 * must come out alike in memory, registers and flags.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <lib/insn.h>

#define ROUNDS 2000
#define FLAGS 0x8d5UL /* CF PF AF ZF SF OF */
#define NO_AF 0x8c5UL /* AF is undefined after logic */
#define ONLY_CF 0x001UL /* all else is undefined, or kept, after bit tests */

/* All on (%rdi), with %rsi, %rax or an immediate as the other operand. */
static const struct {
	const char *hex;
	unsigned long flags; /* those that are defined */
} list[] = {
	{ "0037", FLAGS }, { "0137", FLAGS }, { "660137", FLAGS },
	{ "480137", FLAGS }, { "0837", NO_AF }, { "480937", NO_AF },
	{ "4811 37", FLAGS }, { "1037", FLAGS }, { "1937", FLAGS },
	{ "481937", FLAGS }, { "2037", NO_AF }, { "482137", NO_AF },
	{ "2837", FLAGS }, { "482937", FLAGS }, { "3037", NO_AF },
	{ "483137", NO_AF }, { "3837", FLAGS }, { "483937", FLAGS },
	{ "800785", FLAGS }, { "80 4f00 0f", NO_AF }, { "802ff0", FLAGS },
	{ "48810700f0ffff", FLAGS }, { "488327fe", NO_AF },
	{ "4883 17 ff", FLAGS }, { "48831fff", FLAGS },
	{ "f04883 0f 40", NO_AF }, { "4883 37 55", NO_AF },
	{ "4883 3f 7f", FLAGS }, { "8637", FLAGS }, { "488737", FLAGS },
	{ "8717", FLAGS }, { "8837", FLAGS }, { "8827", FLAGS },
	{ "668937", FLAGS }, { "8937", FLAGS }, { "488937", FLAGS },
	{ "c6075a", FLAGS }, { "48c707ffffff80", FLAGS },
	{ "48f717", FLAGS }, { "48f71f", FLAGS }, { "f61f", FLAGS },
	{ "fe07", FLAGS }, { "fe0f", FLAGS }, { "48ff07", FLAGS },
	{ "ff0f", FLAGS }, { "480fba2f07", ONLY_CF },
	{ "f0480fba3721", ONLY_CF }, { "480fba3f3f", ONLY_CF },
	{ "480fba270b", ONLY_CF }, { "0fc037", FLAGS },
	{ "f0480fc137", FLAGS }, { "0fc137", FLAGS }, { "0fb037", FLAGS },
	{ "0fb137", FLAGS }, { "f0480fb137", FLAGS }, { "0fc337", FLAGS },
	{ "480fc337", FLAGS },
};

struct machine {
	uint64_t mem, rsi, rax, rdx, flags;
};

static uint64_t next(void)
{
	static uint64_t s = 88172645463325252UL;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

/* Values at the edges are as likely as others. */
static uint64_t value(void)
{
	static const uint64_t edge[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, 0x7fffffffffffffff,
		0x8000000000000000, ~0UL
	};

	return next() % 3 ? next() : edge[next() % ARRAY_SIZE(edge)];
}

static size_t from_hex(const char *s, uint8_t *out)
{
	size_t n = 0;

	for (; *s; s += 2) {
		unsigned int b;

		while (*s == ' ')
			s++;
		if (sscanf(s, "%2x", &b) != 1)
			abort();
		out[n++] = (uint8_t)b;
	}
	return n;
}

/* Load flags and registers, run the code, store them. */
static void run(const void *code, struct machine *m)
{
	uint64_t rsi = m->rsi, rax = m->rax, rdx = m->rdx, flags = m->flags;

	__asm__ volatile("pushq %[f]\n\tpopfq\n\tcall *%[code]\n\t"
			 "pushfq\n\tpopq %[f]"
			 : [f] "+&r"(flags), "+S"(rsi), "+a"(rax), "+d"(rdx)
			 : [code] "r"(code), "D"(&m->mem)
			 : "memory", "cc");
	m->rsi = rsi;
	m->rax = rax;
	m->rdx = rdx;
	m->flags = flags;
}

static void compute(const struct insn *i, struct machine *m)
{
	struct cpu_user_regs r = { .rsi = m->rsi, .rax = m->rax,
				   .rdx = m->rdx, .rflags = m->flags };
	struct insn_effect e;

	assert_int_equal(insn_apply(i, &r, m->mem, &e), 0);
	if (e.writes_mem)
		memcpy(&m->mem, &e.mem, i->opsize);
	insn_retire(i, &r, &e);
	assert_int_equal(r.rip, i->len);
	m->rsi = r.rsi;
	m->rax = r.rax;
	m->rdx = r.rdx;
	m->flags = r.rflags;
}

static void compare(uint8_t *page, const char *hex, unsigned long flags)
{
	uint8_t code[16];
	size_t n = from_hex(hex, code);
	struct insn i;

	assert_int_equal(insn_decode(code, n, true, &i), 0);
	memcpy(page, code, n);
	page[n] = 0xc3;
	for (unsigned int k = 0; k < ROUNDS; k++) {
		struct machine real = { value(), value(), value(), value(),
					(next() & FLAGS) | 0x202 };
		struct machine ours;

		if (k % 2) /* let CMPXCHG succeed now and then */
			real.rax = real.mem;
		ours = real;
		run(page, &real);
		compute(&i, &ours);
		if (real.mem != ours.mem || real.rsi != ours.rsi ||
		    real.rax != ours.rax || real.rdx != ours.rdx ||
		    ((real.flags ^ ours.flags) & flags)) {
			printf("%s: mem %lx/%lx rsi %lx/%lx rax %lx/%lx "
			       "flags %lx/%lx\n", hex, real.mem, ours.mem,
			       real.rsi, ours.rsi, real.rax, ours.rax,
			       real.flags, ours.flags);
			fail();
		}
	}
}

static void stos_repeats(void **state)
{
	static const uint8_t code[] = { 0xf3, 0x48, 0xab };
	struct cpu_user_regs r = { .rdi = 0x1000, .rcx = 2, .rax = 77,
				   .rip = 100 };
	struct insn_effect e;
	struct insn i;

	(void)state;
	assert_int_equal(insn_decode(code, sizeof(code), true, &i), 0);
	assert_true(!insn_reads_mem(&i));
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x1000);
	assert_int_equal(insn_apply(&i, &r, 5, &e), 0);
	assert_int_equal(e.mem, 77);
	insn_retire(&i, &r, &e);
	assert_int_equal(r.rip, 100);
	assert_int_equal(r.rcx, 1);
	assert_int_equal(insn_address(&i, &r, 0, 0), 0x1008);
	insn_retire(&i, &r, &e);
	assert_int_equal(r.rip, 103);
	assert_int_equal(r.rcx, 0);
}

/* What writes no memory, or more than one operand, is refused. */
static void refuses_others(void **state)
{
	static const char *const no[] = {
		"89c7", "8b07", "0fc70f", "ff37", "f637", "d127", "c6c05a",
		"a5", "0f6f07",
	};
	struct cpu_user_regs r = { 0 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(no); k++) {
		uint8_t code[16];
		struct insn_effect e;
		struct insn i;

		assert_int_equal(insn_decode(code, from_hex(no[k], code), true, &i),
			 0);
		assert_int_equal(insn_apply(&i, &r, 0, &e), -EOPNOTSUPP);
	}
}

static void agrees_with_the_processor(void **state)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(page != MAP_FAILED);
	for (size_t k = 0; k < ARRAY_SIZE(list); k++)
		compare(page, list[k].hex, list[k].flags);
	munmap(page, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_processor),
		cmocka_unit_test(stos_repeats),
		cmocka_unit_test(refuses_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
