// SPDX-License-Identifier: GPL-2.0-or-later
/* pv/emulate: privileged instructions of guests, and those refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <pv/emulate.h>
#include "port_fake.h"

#define CODE (FAKE_BUF + 0x100)
#define DATA (FAKE_BUF + 0x1000)
#define NO_PORT 0x9999 /* nobody has rights to it, not even with IOPL */

static struct domain *dom[2];
static struct vcpu *v;

static int setup(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 2; i++)
		dom[i] = fake_domain(i, 1);
	fake_settle();
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	v = dom[1]->vcpus[0];
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.cs = FLAT_KERNEL_CS;
	v->regs.rflags = 0x202;
	v->pv.kernel_mode = true;
	v->pv.iopl = 0;
	v->pv.iobmp_used = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(dom[1]);
	assert_null(fake_check());
	/* The control domain cannot be destroyed. */
	vcpu_hw_free(dom[0]->vcpus[0]);
	return 0;
}

static unsigned int put_code(gva_t at, const char *hex)
{
	unsigned int n = 0, b;

	while (sscanf(hex + 2 * n, "%2x", &b) == 1)
		fake_buf[at - FAKE_BUF + n++] = (uint8_t)b;
	memset(&fake_buf[at - FAKE_BUF + n], 0x90, 16);
	v->regs.rip = at;
	v->pv.pending_vector = -1;
	return n;
}

/* #GP(0) at these bytes; true if they were emulated. */
static bool emulated(const char *hex)
{
	unsigned int n = put_code(CODE, hex);

	pv_general_protection(v, 0);
	if (v->pv.pending_vector == 13) {
		assert_int_equal(v->regs.rip, CODE);
		assert_int_equal(v->pv.pending_error, 0);
		return false;
	}
	assert_int_equal(v->pv.pending_vector, -1);
	assert_int_equal(v->regs.rip, CODE + n);
	return true;
}

static void control_registers(void **state)
{
	(void)state;
	assert_true(emulated("0f20c0")); /* mov %cr0,%rax */
	assert_int_equal(v->regs.rax, 0x80050033);
	v->regs.rax |= CR0_TS;
	assert_true(emulated("0f22c0"));
	assert_int_equal(v->pv.cr0_ts, CR0_TS);
	assert_true(emulated("0f06")); /* clts */
	assert_int_equal(v->pv.cr0_ts, 0);
	v->regs.rax = 0x80040033; /* WP cannot be taken away */
	assert_false(emulated("0f22c0"));
	v->regs.rcx = 0x123;
	assert_true(emulated("0f22d1")); /* mov %rcx,%cr2 */
	assert_int_equal(v->info->arch.cr2, 0x123);
	v->regs.rax = ~0UL;
	assert_true(emulated("0f22e0")); /* mov %rax,%cr4 */
	assert_true(emulated("0f20e3")); /* mov %cr4,%rbx */
	assert_int_equal(v->regs.rbx & ~0x50760UL, 0xc);
	assert_false(emulated("440f20c0")); /* mov %cr8,%rax */
	v->regs.rax = 0xffff << PAGE_SHIFT;
	assert_false(emulated("0f22d8")); /* mov %rax,%cr3: no table of ours */
}

static void user_mode_has_no_privilege(void **state)
{
	static const char *const no[] = {
		"0f20c0", "0f22c0", "0f06", "0f32", "0f30", "0f09", "0f01d1",
		"ec", "ee", "fa", "0f21c0", "f4",
	};

	(void)state;
	v->pv.kernel_mode = false;
	for (size_t k = 0; k < ARRAY_SIZE(no); k++)
		assert_false(emulated(no[k]));
	v->pv.kernel_mode = true;
}

static void never_emulated(void **state)
{
	static const char *const no[] = {
		"f4", "f00f20c0", "0f01f8", "c5f877", "0f0b", "90",
		"8b07", "0f33", "0f35", "cf", "0f00d8",
	};

	(void)state;
	v->pv.iopl = 3;
	v->regs.rax = 0;
	for (size_t k = 0; k < ARRAY_SIZE(no); k++)
		assert_false(emulated(no[k]));
}

static void msrs(void **state)
{
	(void)state;
	v->regs.rcx = 0x277;
	assert_true(emulated("0f32"));
	assert_int_equal(v->regs.rax, 0x00070406);
	assert_int_equal(v->regs.rdx, 0x0501);
	assert_true(emulated("0f30")); /* the same value */
	v->regs.rax = 0;
	assert_false(emulated("0f30"));
	v->regs.rcx = 0xc0000100;
	v->regs.rax = 0x5000;
	v->regs.rdx = 0x7f00;
	assert_true(emulated("0f30"));
	assert_int_equal(v->hw.fs_base, 0x7f0000005000);
	v->regs.rdx = 0x8000; /* not canonical */
	assert_false(emulated("0f30"));
	assert_int_equal(v->hw.fs_base, 0x7f0000005000);
	for (uint32_t msr = 0x174; msr < 0x178; msr++) { /* SYSENTER ones */
		v->regs.rcx = msr;
		assert_false(emulated("0f32"));
		assert_false(emulated("0f30"));
	}
	v->regs.rcx = 0x48; /* SPEC_CTRL is not given */
	assert_false(emulated("0f30"));
}

static void debug_registers(void **state)
{
	(void)state;
	v->regs.rax = 0x1000;
	assert_true(emulated("0f23c0"));
	assert_int_equal(v->hw.dr[0], 0x1000);
	v->regs.rax = 0xffff830000000000; /* our memory */
	assert_false(emulated("0f23c8"));
	v->regs.rax = 0xffff7ffffffffff9;
	assert_false(emulated("0f23c8"));
	v->regs.rax = 0x2000; /* general detect */
	assert_false(emulated("0f23f8"));
	v->regs.rax = 0x20001; /* an I/O breakpoint */
	assert_false(emulated("0f23f8"));
	v->regs.rax = 0x10000000003;
	assert_false(emulated("0f23f8"));
	v->regs.rax = 0x90001;
	assert_true(emulated("0f23f8"));
	assert_int_equal(v->hw.dr7, 0x90401);
	assert_true(emulated("0f21f9")); /* mov %dr7,%rcx */
	assert_int_equal(v->regs.rcx, 0x90401);
}

static void port_io(void **state)
{
	(void)state;
	v->regs.rax = 0;
	v->regs.rdx = NO_PORT;
	assert_false(emulated("ec")); /* IOPL 0 */
	v->pv.iopl = 1;
	assert_true(emulated("ec"));
	assert_int_equal(v->regs.rax, 0xff);
	assert_true(emulated("ed"));
	assert_int_equal(v->regs.rax, 0xffffffff);
	assert_true(emulated("e571"));
	assert_true(emulated("ee"));
	/* Ring 3 of the guest needs IOPL 3, or its bitmap's leave. */
	v->pv.kernel_mode = false;
	assert_false(emulated("ec"));
	v->pv.iobmp_used = true;
	v->pv.iobmp = DATA;
	v->pv.iobmp_limit = 65536;
	memset(&fake_buf[0x1000], 0xff, 8192);
	assert_false(emulated("ec"));
	fake_buf[0x1000 + NO_PORT / 8] &= (uint8_t)~(1 << NO_PORT % 8);
	assert_true(emulated("ec"));
	assert_false(emulated("66ed"));
	fake_buf[0x1000 + (NO_PORT + 1) / 8] &=
		(uint8_t)~(1 << (NO_PORT + 1) % 8);
	assert_true(emulated("66ed"));
	v->pv.iobmp_limit = NO_PORT;
	assert_false(emulated("ec"));
	v->pv.kernel_mode = true;
}

static void pci_configuration(void **state)
{
	(void)state;
	v->pv.iopl = 1;
	v->regs.rdx = 0xcf8;
	v->regs.rax = 0x80000000;
	assert_true(emulated("ef"));
	assert_true(emulated("ed"));
	assert_int_equal(v->regs.rax, 0xffffffff); /* a guest has none */
	v = dom[0]->vcpus[0];
	v->regs = dom[1]->vcpus[0]->regs;
	v->pv.iopl = 1;
	v->regs.rax = 0x80001234;
	assert_true(emulated("ef"));
	v->regs.rax = 0;
	assert_true(emulated("ed"));
	assert_int_equal(v->regs.rax, 0x80001234);
	v->regs.rdx = 0xcfe;
	assert_true(emulated("66ed"));
	v->regs.rdx = 0xcff;
	assert_true(emulated("66ed")); /* beyond the register: ones */
	assert_int_equal(v->regs.ax, 0xffff);
}

static void string_io(void **state)
{
	(void)state;
	v->pv.iopl = 1;
	v->regs.rdx = NO_PORT;
	v->regs.rdi = DATA + 0xff0; /* a page boundary is near */
	v->regs.rcx = 20;
	memset(&fake_buf[0x1000], 0, 8192);
	put_code(CODE, "f3666d"); /* rep insw */
	pv_general_protection(v, 0);
	assert_int_equal(v->regs.rip, CODE);
	assert_int_equal(v->regs.rcx, 12);
	assert_int_equal(v->regs.rdi, DATA + 0x1000);
	pv_general_protection(v, 0);
	assert_int_equal(v->regs.rip, CODE + 3);
	assert_int_equal(v->regs.rcx, 0);
	assert_int_equal(fake_buf[0x1000 + 0xfef], 0);
	assert_int_equal(fake_buf[0x1000 + 0xff0], 0xff);
	assert_int_equal(fake_buf[0x1000 + 0xff0 + 39], 0xff);
	assert_int_equal(fake_buf[0x1000 + 0xff0 + 40], 0);
	/* Nothing to do is done at once. */
	assert_true(emulated("f36c"));
	/* Backwards, one at a time. */
	v->regs.rflags |= FLAG_DF;
	v->regs.rsi = DATA + 8;
	assert_true(emulated("6f"));
	assert_int_equal(v->regs.rsi, DATA + 4);
	v->regs.rflags &= ~FLAG_DF;
	/* Memory that is not there: a page fault, nothing moved. */
	v->regs.rdi = 0x55550000;
	v->regs.rcx = 4;
	put_code(CODE, "f36c");
	pv_general_protection(v, 0);
	assert_int_equal(v->pv.pending_vector, 14);
	assert_int_equal(v->info->arch.cr2, 0x55550000);
	assert_int_equal(v->regs.rcx, 4);
}

static void software_interrupts(void **state)
{
	(void)state;
	v->pv.traps[0x80] = (struct pv_trap){ 0x1000, 0, 3 };
	put_code(CODE, "cd80");
	pv_general_protection(v, 0x80 * 8 + 2);
	assert_int_equal(v->pv.pending_vector, 0x80);
	assert_int_equal(v->regs.rip, CODE + 2);
	/* An error code as one emulator gives it. */
	put_code(CODE, "cd80");
	pv_general_protection(v, 0x80 * 16 + 2);
	assert_int_equal(v->pv.pending_vector, 0x80);
	/* Not for the kernel alone, and not for programs below its level. */
	v->pv.traps[0x80].flags = 1;
	v->pv.kernel_mode = false;
	put_code(CODE, "cd80");
	pv_general_protection(v, 0x80 * 8 + 2);
	assert_int_equal(v->pv.pending_vector, 13);
	assert_int_equal(v->pv.pending_error, 0x80 * 8 + 2);
	assert_int_equal(v->regs.rip, CODE);
	v->pv.kernel_mode = true;
	/* Unreadable code, and a vector out of range. */
	v->regs.rip = 0x66660000;
	pv_general_protection(v, 0xfff8 | 2);
	assert_int_equal(v->pv.pending_vector, 13);
}

static void forced_cpuid(void **state)
{
	(void)state;
	put_code(CODE, "0f0b78656e0fa2");
	v->regs.rax = 0x40000000;
	pv_invalid_opcode(v);
	assert_int_equal(v->pv.pending_vector, -1);
	assert_int_equal(v->regs.rip, CODE + 7);
	assert_int_equal(v->regs.rbx, 0x566e6558);
	put_code(CODE, "0f0b78656e0f06"); /* only CPUID may be forced */
	pv_invalid_opcode(v);
	assert_int_equal(v->pv.pending_vector, 6);
	assert_int_equal(v->regs.rip, CODE);
	/* The last bytes that can be read. */
	put_code(FAKE_BUF + FAKE_BUF_SIZE - 32, "90");
	v->regs.rip = FAKE_BUF + FAKE_BUF_SIZE - 2;
	pv_invalid_opcode(v);
	assert_int_equal(v->pv.pending_vector, 6);
}

static void single_step(void **state)
{
	(void)state;
	v->regs.rflags |= FLAG_TF;
	put_code(CODE, "0f20c0");
	pv_general_protection(v, 0);
	assert_int_equal(v->pv.pending_vector, 1);
	assert_int_equal(v->hw.dr6 & 0x4000, 0x4000);
	assert_int_equal(v->regs.rip, CODE + 3);
}

static void hidden_tables(void **state)
{
	(void)state;
	v->regs.rdi = DATA;
	memset(&fake_buf[0x1000], 0x55, 16);
	assert_true(emulated("0f0107")); /* sgdt (%rdi) */
	assert_int_equal(fake_buf[0x1000 + 9], 0);
	assert_int_equal(fake_buf[0x1000 + 10], 0x55);
	v->regs.rax = ~0UL;
	assert_true(emulated("0f00c0")); /* sldt %eax */
	assert_int_equal(v->regs.rax, 0);
	v->pv.kernel_mode = false;
	assert_true(emulated("0f01e0")); /* smsw %eax */
	assert_int_equal(v->regs.rax, 0x80050033);
	assert_false(emulated("0f01f0")); /* lmsw %ax */
	v->pv.kernel_mode = true;
}

#define TEST(fn) cmocka_unit_test_setup(fn, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(control_registers),
		TEST(user_mode_has_no_privilege),
		TEST(never_emulated),
		TEST(msrs),
		TEST(debug_registers),
		TEST(port_io),
		TEST(string_io),
		TEST(software_interrupts),
		TEST(forced_cpuid),
		TEST(single_step),
		TEST(hidden_tables),
		TEST(pci_configuration),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, setup, teardown);
}
