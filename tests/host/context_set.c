// SPDX-License-Identifier: GPL-2.0-or-later
/* pv/context, pv/callback, pv/hwstate: what a guest may ask to start with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <abi/nmi.h>
#include <mm/ptype.h>
#include <pv/pv_priv.h>
#include <x86/x86.h>
#include "port_fake.h"

#define HIGH 0xffffffff81000000UL
#define NONCANONICAL 0x0000800000000000UL

static struct domain *d;
static struct vcpu *v;
static struct vcpu_guest_context c, back;
static mfn_t l4;

static int setup(void **state)
{
	(void)state;
	d = fake_domain(1, 1);
	v = d->vcpus[0];
	vcpu_down(v);
	fake_settle();
	v->initialised = false;
	l4 = fake_frame(d);
	memset(&c, 0, sizeof(c));
	c.flags = VGCF_IN_KERNEL;
	c.ctrlreg[3] = mfn_to_paddr(l4);
	c.user_regs.rip = HIGH;
	c.user_regs.rflags = FLAG_IOPL | FLAG_VM | FLAG_VIF | 1;
	c.user_regs.cs = 0x10;
	c.user_regs.ss = 0x18;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(d);
	assert_null(fake_check());
	return 0;
}

static int set(void)
{
	return pv_context_set(v, &c, NULL);
}

static void a_good_one(void **state)
{
	(void)state;
	c.trap_ctxt[14].address = HIGH + 14;
	c.trap_ctxt[14].flags = 4;
	c.fs_base = 1;
	c.gs_base_kernel = 2;
	c.gs_base_user = 3;
	c.debugreg[0] = 0xffff830000000000; /* dropped */
	c.debugreg[7] = 1;
	c.ctrlreg[0] = ~0UL;
	c.ctrlreg[4] = ~0UL;
	assert_int_equal(set(), 0);
	assert_true(v->initialised);
	assert_int_equal(v->regs.rflags, 0x203);
	assert_int_equal(v->regs.cs, 0x13);
	assert_int_equal(v->regs.ss, 0x1b);
	assert_int_equal(v->pv.iopl, 3);
	assert_int_equal(v->pv.cr0_ts, CR0_TS);
	assert_int_equal(v->hw.gs_base, 2);
	assert_int_equal(v->hw.gs_base_user, 3);
	assert_int_equal(v->hw.dr[0], 0);
	assert_int_equal(v->hw.dr7, 0x401);
	assert_int_equal(ptype_of(l4), PTYPE_L4);

	pv_context_get(v, &back);
	assert_int_equal(back.ctrlreg[3], c.ctrlreg[3]);
	assert_int_equal(back.ctrlreg[1], 0);
	assert_int_equal(back.trap_ctxt[14].address, HIGH + 14);
	assert_int_equal(back.user_regs.rip, HIGH);
	assert_int_equal(back.user_regs.rflags & FLAG_IOPL, FLAG_IOPL);
	assert_int_equal(back.gs_base_kernel, 2);
	assert_int_equal(back.flags & VGCF_IN_KERNEL, VGCF_IN_KERNEL);
	/* The same again is fine, other tables are not. */
	assert_int_equal(pv_context_set(v, &back, NULL), 0);
	back.ctrlreg[3] += PAGE_SIZE;
	assert_int_equal(pv_context_set(v, &back, NULL), -EOPNOTSUPP);
	back.ctrlreg[3] -= PAGE_SIZE;
	back.gdt_ents = 5;
	assert_int_equal(pv_context_set(v, &back, NULL), -EOPNOTSUPP);
}

/* Of components in their initial state the image holds what was there before. */
static void idle_registers(void **state)
{
	uint8_t *image = vcpu_hw_fpu_image(v), *fpu = (uint8_t *)&back.fpu_ctxt;
	bool xsave = x86_features.xsave;

	(void)state;
	memset(image, 0xaa, 512);
	memset(image + 512, 0, 64);
	image[512] = 1; /* x87 only */
	x86_features.xsave = true;
	pv_context_get(v, &back);
	assert_int_equal(fpu[0], 0xaa);
	assert_int_equal(fpu[159], 0xaa);
	assert_int_equal(fpu[160], 0);
	assert_int_equal(fpu[415], 0);
	image[512] = 2; /* SSE only */
	pv_context_get(v, &back);
	assert_int_equal(fpu[0] | fpu[1] << 8, 0x37f);
	assert_int_equal(fpu[24], 0xaa); /* MXCSR is always stored */
	assert_int_equal(fpu[32], 0);
	assert_int_equal(fpu[160], 0xaa);
	x86_features.xsave = xsave;
}

static void bad_addresses(void **state)
{
	uint64_t *const at[] = {
		&c.user_regs.rip, &c.event_callback_eip,
		&c.failsafe_callback_eip, &c.syscall_callback_eip, &c.fs_base,
		&c.gs_base_kernel, &c.gs_base_user, &c.trap_ctxt[0].address,
		&c.trap_ctxt[255].address,
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(at); k++) {
		uint64_t old = *at[k];

		*at[k] = NONCANONICAL;
		assert_int_equal(set(), -EINVAL);
		*at[k] = old;
	}
	assert_false(v->initialised);
}

static void bad_tables(void **state)
{
	mfn_t shared = d->shared_frame;

	(void)state;
	c.ctrlreg[3] = 0;
	assert_int_equal(set(), -EINVAL);
	c.ctrlreg[3] = ~0UL;
	assert_int_equal(set(), -EINVAL);
	c.ctrlreg[3] = mfn_to_paddr(shared);
	(void)set(); /* whatever the answer is, nothing is left behind */
	c.ctrlreg[3] = mfn_to_paddr(l4);
	c.ctrlreg[1] = mfn_to_paddr(mfn(2));
	assert_int_equal(set(), -EINVAL);
	c.ctrlreg[1] = 0;
	c.flags = 0; /* user mode without user tables */
	assert_int_equal(set(), -EINVAL);
	c.flags = VGCF_IN_KERNEL;
	c.gdt_ents = 7169;
	assert_int_equal(set(), -EINVAL);
	c.gdt_ents = 1;
	c.gdt_frames[0] = mfn_x(l4); /* a page table is no GDT */
	assert_true(set() < 0);
	c.gdt_ents = 0;
	c.ldt_base = 0xffff800000000000;
	c.ldt_ents = 1;
	assert_int_equal(set(), -EINVAL);
	c.ldt_base = 0x1000;
	c.ldt_ents = 1UL << 33;
	assert_int_equal(set(), -EINVAL);
	c.ldt_ents = 0;
	c.vm_assist = 1UL << 63;
	assert_int_equal(set(), -EPERM);
}

static void fpu_image(void **state)
{
	uint32_t mxcsr = ~0U;

	(void)state;
	c.flags |= VGCF_I387_VALID;
	memset(&c.fpu_ctxt, 0x77, sizeof(c.fpu_ctxt));
	memcpy(c.fpu_ctxt.x + 24, &mxcsr, 4);
	assert_int_equal(set(), 0);
	memcpy(&mxcsr, v->hw.xsave + 24, 4);
	assert_int_equal(mxcsr, 0xffff);
	assert_int_equal(*(uint64_t *)(v->hw.xsave + 512), 3);
	assert_int_equal(*(uint64_t *)(v->hw.xsave + 520), 0);
}

static long call(uint64_t nr, uint64_t a, uint64_t b, uint64_t x)
{
	return fake_hypercall(v, nr, a, b, x, 0);
}

static void callbacks(void **state)
{
	struct callback_register r = { CALLBACKTYPE_event, 0, HIGH };
	struct callback_unregister u = { CALLBACKTYPE_event, 0 };

	(void)state;
	memcpy(fake_buf, &r, sizeof(r));
	assert_int_equal(call(__HYPERVISOR_callback_op, CALLBACKOP_register,
			      FAKE_BUF, 0), 0);
	assert_int_equal(v->pv.event.address, HIGH);
	r.address = NONCANONICAL;
	memcpy(fake_buf, &r, sizeof(r));
	assert_int_equal(call(__HYPERVISOR_callback_op, CALLBACKOP_register,
			      FAKE_BUF, 0), -EINVAL);
	r.type = 77;
	memcpy(fake_buf, &r, sizeof(r));
	assert_int_equal(call(__HYPERVISOR_callback_op, CALLBACKOP_register,
			      FAKE_BUF, 0), -ENOSYS);
	memcpy(fake_buf, &u, sizeof(u));
	assert_int_equal(call(__HYPERVISOR_callback_op, CALLBACKOP_unregister,
			      FAKE_BUF, 0), -EINVAL);
	assert_int_equal(call(__HYPERVISOR_callback_op, 9, FAKE_BUF, 0),
			 -ENOSYS);
	assert_int_equal(call(__HYPERVISOR_set_callbacks, HIGH, NONCANONICAL,
			      HIGH), -EINVAL);
	assert_int_equal(call(__HYPERVISOR_nmi_op, XENNMI_register_callback,
			      0xffff830000000000, 0), -EFAULT);
}

static void trap_tables(void **state)
{
	struct trap_info *t = (struct trap_info *)fake_buf;

	(void)state;
	memset(fake_buf, 0, FAKE_BUF_SIZE);
	t[0] = (struct trap_info){ .vector = 3, .flags = 3, .address = HIGH };
	t[1] = (struct trap_info){ .vector = 255, .address = 0x1000 };
	assert_int_equal(call(__HYPERVISOR_set_trap_table, FAKE_BUF, 0, 0), 0);
	assert_int_equal(v->pv.traps[3].address, HIGH);
	assert_int_equal(v->pv.traps[255].address, 0x1000);
	t[1].address = NONCANONICAL;
	assert_int_equal(call(__HYPERVISOR_set_trap_table, FAKE_BUF, 0, 0),
			 -EINVAL);
	for (unsigned int k = 0; k < 300; k++) /* no end */
		t[k] = (struct trap_info){ .address = 1 };
	assert_int_equal(call(__HYPERVISOR_set_trap_table, FAKE_BUF, 0, 0),
			 -E2BIG);
	assert_int_equal(call(__HYPERVISOR_set_trap_table, 0, 0, 0), 0);
	assert_int_equal(v->pv.traps[3].address, 0);
}

static void segment_bases(void **state)
{
	(void)state;
	for (unsigned int which = 0; which < 3; which++) {
		assert_int_equal(call(__HYPERVISOR_set_segment_base, which,
				      HIGH + which, 0), 0);
		assert_int_equal(call(__HYPERVISOR_set_segment_base, which,
				      NONCANONICAL, 0), -EINVAL);
	}
	assert_int_equal(v->hw.fs_base, HIGH + SEGBASE_FS);
	assert_int_equal(v->hw.gs_base, HIGH + SEGBASE_GS_KERNEL);
	assert_int_equal(v->hw.gs_base_user, HIGH + SEGBASE_GS_USER);
	assert_int_equal(call(__HYPERVISOR_set_segment_base, 4, 0, 0),
			 -EINVAL);
	assert_int_equal(call(__HYPERVISOR_set_segment_base, ~0UL, 0, 0),
			 -EINVAL);
}

static void debug_registers(void **state)
{
	(void)state;
	assert_int_equal(call(__HYPERVISOR_set_debugreg, 1, 0x1000, 0), 0);
	assert_int_equal(call(__HYPERVISOR_get_debugreg, 1, 0, 0), 0x1000);
	assert_int_equal(call(__HYPERVISOR_set_debugreg, 1, NONCANONICAL, 0),
			 -EPERM);
	assert_int_equal(call(__HYPERVISOR_set_debugreg, 8, 0, 0), -EINVAL);
	assert_int_equal(call(__HYPERVISOR_get_debugreg, 8, 0, 0), -EINVAL);
	assert_int_equal(call(__HYPERVISOR_get_debugreg, 6, 0, 0),
			 0xffff0ff0);
	v->pv.cr4 |= CR4_DE;
	assert_int_equal(call(__HYPERVISOR_set_debugreg, 5, 0, 0), -ENODEV);
	v->pv.cr4 &= ~CR4_DE;
	assert_int_equal(call(__HYPERVISOR_set_debugreg, 5, 3, 0), 0);
	assert_int_equal(call(__HYPERVISOR_get_debugreg, 7, 0, 0), 0x403);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_one), TEST(bad_addresses), TEST(bad_tables),
		TEST(fpu_image), TEST(idle_registers), TEST(callbacks),
		TEST(trap_tables),
		TEST(segment_bases), TEST(debug_registers),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
