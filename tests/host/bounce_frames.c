// SPDX-License-Identifier: GPL-2.0-or-later
/* pv/bounce: what a guest's kernel finds on its stack, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hypercall/hypercall.h>
#include <pv/pv_priv.h>
#include "port_fake.h"

#define KERNEL_SP (FAKE_BUF + 0x2000)
#define HANDLER 0xffffffff81001000UL
#define UPCALL 0xffffffff81002000UL
#define USER_SP 0x7ffffffff008UL
#define USER_CS 0x33

static struct domain *d;
static struct vcpu *v;

/* The word at guest address @a, which lies in the shared buffer. */
static uint64_t word(gva_t a)
{
	uint64_t w;

	assert_in_range(a, FAKE_BUF, FAKE_BUF + FAKE_BUF_SIZE - 8);
	memcpy(&w, &fake_buf[a - FAKE_BUF], 8);
	return w;
}

static uint64_t frame(unsigned int n)
{
	return word(v->regs.rsp + 8 * n);
}

static int setup(void **state)
{
	(void)state;
	d = fake_domain(1, 1);
	v = d->vcpus[0];
	fake_settle();
	v->pv.kernel_sp = KERNEL_SP;
	v->pv.event.address = UPCALL;
	v->info->evtchn_upcall_mask = 0;
	v->hw.gs_base = 0x1111;
	v->hw.gs_base_user = 0x2222;
	v->regs = (struct cpu_user_regs){
		.rip = 0x400000, .cs = USER_CS, .ss = 0x2b,
		.rsp = USER_SP, .rcx = 11, .r11 = 22,
		.rflags = 0x40202 | FLAG_TF, /* AC IF TF */
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	v->pv.user_cr3 = MFN_NONE;
	fake_destroy(d);
	assert_null(fake_check());
	return 0;
}

static void in_user_mode(void)
{
	v->pv.kernel_mode = false;
	v->pv.user_cr3 = mfn(5);
}

static void trap(unsigned int vector, uint8_t flags)
{
	v->pv.traps[vector] = (struct pv_trap){ HANDLER, 0, flags };
}

static void exception_from_user_mode(void **state)
{
	(void)state;
	in_user_mode();
	trap(13, 3 | 4);
	pv_exception(v, 13, 0x18, true);
	pv_deliver_pending(v);
	assert_true(v->pv.kernel_mode);
	assert_int_equal(v->hw.gs_base, 0x2222);
	assert_int_equal(v->hw.gs_base_user, 0x1111);
	assert_int_equal(v->regs.rip, HANDLER);
	assert_int_equal(v->regs.cs, FLAT_KERNEL_CS);
	assert_int_equal(v->regs.ss, FLAT_KERNEL_SS);
	assert_int_equal(v->regs.rsp, KERNEL_SP - 8 * 8);
	assert_int_equal(v->regs.rflags, 0x202);
	assert_int_equal(v->info->evtchn_upcall_mask, 1);
	assert_int_equal(frame(0), 11);
	assert_int_equal(frame(1), 22);
	assert_int_equal(frame(2), 0x18);
	assert_int_equal(frame(3), 0x400000);
	assert_int_equal(frame(4), USER_CS);
	assert_int_equal(frame(5), 0x40202 | FLAG_TF);
	assert_int_equal(frame(6), USER_SP);
	assert_int_equal(frame(7), 0x2b);
}

static void exception_from_kernel_mode(void **state)
{
	(void)state;
	trap(6, 0);
	v->regs.cs = FLAT_KERNEL_CS;
	v->regs.rsp = FAKE_BUF + 0x1018;
	v->info->evtchn_upcall_mask = 1;
	pv_exception(v, 6, 0, false);
	pv_deliver_pending(v);
	/* Aligned first; no error code; RPL 0; the mask is in the frame. */
	assert_int_equal(v->regs.rsp, FAKE_BUF + 0x1010 - 7 * 8);
	assert_int_equal(frame(2), 0x400000);
	assert_int_equal(frame(3), (FLAT_KERNEL_CS & ~3) | 1UL << 32);
	assert_int_equal(frame(4) & FLAG_IF, 0);
	assert_int_equal(frame(5), FAKE_BUF + 0x1018);
	assert_int_equal(v->hw.gs_base, 0x1111);
}

static void event_goes_on_top_of_an_exception(void **state)
{
	(void)state;
	in_user_mode();
	trap(14, 0);
	v->info->evtchn_upcall_pending = 1;
	pv_raise_page_fault(v, 0xdead000, 2);
	pv_deliver_pending(v);
	assert_int_equal(v->regs.rip, UPCALL);
	assert_int_equal(v->info->evtchn_upcall_mask, 1);
	assert_int_equal(frame(2), HANDLER);
	assert_int_equal(frame(3), FLAT_KERNEL_CS & ~3);
	assert_int_equal(v->info->arch.cr2, 0xdead000);
	/* The exception's frame is the upper one. */
	assert_int_equal(word(KERNEL_SP - 6 * 8), 2 | 4);
}

static void a_masked_event_waits(void **state)
{
	(void)state;
	v->info->evtchn_upcall_pending = 1;
	v->info->evtchn_upcall_mask = 0xff;
	pv_deliver_pending(v);
	assert_int_equal(v->regs.rip, 0x400000);
}

static void page_fault_mode_bit(void **state)
{
	(void)state;
	trap(14, 0);
	v->regs.rsp = KERNEL_SP;
	pv_raise_page_fault(v, 0x1000, 2 | 4);
	pv_deliver_pending(v);
	assert_int_equal(frame(2), 2);
}

static void no_handler_crashes_the_domain(void **state)
{
	(void)state;
	pv_exception(v, 6, 0, false);
	pv_deliver_pending(v);
	assert_true(d->crashed);
}

static void bad_stacks_crash_the_domain(void **state)
{
	static const uint64_t bad[] = {
		0, 8, 0x30, 0xffff800000000000, 0xffff830000001000,
		0xffff880000000030, 0x0000800000000000, 0x123456789abcdef0,
	};

	(void)state;
	trap(6, 0);
	for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
		d->crashed = false;
		v->regs.rsp = bad[k];
		pv_exception(v, 6, 0, false);
		pv_deliver_pending(v);
		assert_true(d->crashed);
		assert_int_equal(v->regs.rip, 0x400000);
	}
}

/* --- iret --- */

static void put_iret(const struct iret_context *c)
{
	v->regs.rsp = FAKE_BUF + 0x3000;
	memcpy(&fake_buf[0x3000], c, sizeof(*c));
}

static void iret_to_user_mode(void **state)
{
	struct iret_context c = {
		.rax = -85UL, .r11 = 1, .rcx = 2, .rip = 0x401000,
		.cs = USER_CS, .rflags = 0x246 | FLAG_IOPL | FLAG_VM,
		.rsp = 0x7000, .ss = 0x2b,
	};
	uint64_t arg[6] = { 0 };

	(void)state;
	v->pv.user_cr3 = mfn(5);
	v->info->evtchn_upcall_mask = 1;
	v->nmi_masked = true;
	put_iret(&c);
	assert_int_equal(hc_iret(v, arg), 0);
	assert_false(v->pv.kernel_mode);
	assert_int_equal(v->hw.gs_base, 0x2222);
	assert_int_equal(v->regs.rax, -85UL);
	assert_int_equal(v->regs.rcx, 2);
	assert_int_equal(v->regs.r11, 1);
	assert_int_equal(v->regs.rip, 0x401000);
	assert_int_equal(v->regs.rflags, 0x246);
	assert_int_equal(v->regs.rsp, 0x7000);
	assert_int_equal(v->info->evtchn_upcall_mask, 0);
	assert_false(v->nmi_masked);
}

static void iret_within_the_kernel_forces_ring_3(void **state)
{
	struct iret_context c = { .rip = HANDLER, .cs = 0x10, .rflags = 0,
				  .ss = 0x18, .flags = VGCF_in_syscall };
	uint64_t arg[6] = { 0 };

	(void)state;
	put_iret(&c);
	assert_int_equal(hc_iret(v, arg), 0);
	assert_true(v->pv.kernel_mode);
	assert_int_equal(v->regs.cs, 0x13);
	assert_int_equal(v->regs.ss, 0x1b);
	assert_int_equal(v->regs.rflags, FLAG_IF | FLAG_MBS);
	assert_int_equal(v->regs.rcx, HANDLER);
	assert_int_equal(v->info->evtchn_upcall_mask, 1);
}

static void iret_without_user_tables(void **state)
{
	struct iret_context c = { .rip = 0x401000, .cs = USER_CS };
	uint64_t arg[6] = { 0 };

	(void)state;
	put_iret(&c);
	(void)hc_iret(v, arg);
	assert_true(d->crashed);
	d->crashed = false;
	v->regs.rsp = 0xffff830000000000;
	(void)hc_iret(v, arg);
	assert_true(d->crashed);
}

/* --- others --- */

static void nmi_once_until_iret(void **state)
{
	struct iret_context c = { .rip = HANDLER, .cs = 0x10 };
	uint64_t arg[6] = { 0 };

	(void)state;
	trap(2, 4);
	v->regs.rsp = KERNEL_SP;
	v->nmi_pending = true;
	pv_deliver_pending(v);
	assert_int_equal(v->regs.rip, HANDLER);
	assert_true(v->nmi_masked);
	v->regs.rip = 0x1234;
	v->nmi_pending = true;
	pv_deliver_pending(v);
	assert_int_equal(v->regs.rip, 0x1234);
	put_iret(&c);
	(void)hc_iret(v, arg);
	pv_deliver_pending(v);
	assert_true(v->nmi_masked);
	assert_false(v->nmi_pending);
}

static void system_calls(void **state)
{
	(void)state;
	in_user_mode();
	trap(13, 0);
	v->pv.syscall = (struct pv_callback){ HANDLER, true };
	pv_syscall(v);
	assert_int_equal(v->regs.rip, HANDLER);
	assert_int_equal(v->info->evtchn_upcall_mask, 1);
	assert_int_equal(frame(2), 0x400000);

	/* Those that nobody wants are a fault of the program. */
	in_user_mode();
	v->regs.rip = 0x400002;
	pv_syscall32(v);
	assert_int_equal(v->pv.pending_vector, 13);
	assert_int_equal(v->regs.rip, 0x400000);
	v->pv.pending_vector = -1;
	pv_sysenter(v);
	assert_int_equal(v->pv.pending_vector, 13);
	v->pv.pending_vector = -1;
}

static void failsafe_shows_the_selectors(void **state)
{
	(void)state;
	v->pv.failsafe = (struct pv_callback){ HANDLER, false };
	v->regs.rsp = KERNEL_SP;
	v->regs.ds = 1;
	v->regs.es = 2;
	v->regs.fs = 3;
	v->regs.gs = 4;
	v->pv.failsafe_pending = true;
	pv_deliver_pending(v);
	assert_false(v->pv.failsafe_pending);
	for (unsigned int k = 0; k < 4; k++)
		assert_int_equal(frame(2 + k), k + 1);
	assert_int_equal(frame(6), 0x400000);
}

static void architectural_iopl_is_shown(void **state)
{
	(void)state;
	trap(6, 0);
	v->regs.rsp = KERNEL_SP;
	v->pv.iopl = 1;
	d->vm_assist = BIT(VMASST_TYPE_architectural_iopl);
	pv_exception(v, 6, 0, false);
	pv_deliver_pending(v);
	assert_int_equal(frame(4) & FLAG_IOPL, 1UL << 12);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exception_from_user_mode),
		TEST(exception_from_kernel_mode),
		TEST(event_goes_on_top_of_an_exception),
		TEST(a_masked_event_waits),
		TEST(page_fault_mode_bit),
		TEST(no_handler_crashes_the_domain),
		TEST(bad_stacks_crash_the_domain),
		TEST(iret_to_user_mode),
		TEST(iret_within_the_kernel_forces_ring_3),
		TEST(iret_without_user_tables),
		TEST(nmi_once_until_iret),
		TEST(system_calls),
		TEST(failsafe_shows_the_selectors),
		TEST(architectural_iopl_is_shown),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
