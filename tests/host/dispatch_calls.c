// SPDX-License-Identifier: GPL-2.0-or-later
/* From a guest's registers to a handler and back; multicalls; restarts. */
#include <hypercall/hypercall.h>
#include "grant_calls.h"

static struct domain *d;
static struct vcpu *v;
static uint64_t free_before;

static int setup(void **state)
{
	(void)state;
	free_before = buddy_free_count();
	d = fake_domain(1, 1);
	v = d->vcpus[0];
	fake_settle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(d);
	assert_clean(free_before);
	return 0;
}

static void test_numbers(void **state)
{
	const uint64_t bad[] = { 11, 27, 49, 55, 56, 1000, 1UL << 32, ~0UL };
	const uint64_t priv[] = { __HYPERVISOR_platform_op,
				  __HYPERVISOR_sysctl, __HYPERVISOR_domctl };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(fake_hypercall(v, bad[i], 0, 0, 0, 0),
				 -ENOSYS);
	for (unsigned int i = 0; i < ARRAY_SIZE(priv); i++)
		assert_int_equal(fake_hypercall(v, priv[i], FAKE_BUF, 0, 0, 0),
				 -EPERM);
}

static void test_registers(void **state)
{
	struct cpu_user_regs *r = &v->regs;

	(void)state;
	r->rip = 0x1002;
	r->rax = __HYPERVISOR_sched_op;
	r->rdi = 99;
	hypercall_dispatch(v);
	assert_int_equal((int64_t)r->rax, -ENOSYS);
	assert_int_equal(r->rip, 0x1002);
	assert_int_equal(r->rdi, 99);
}

static struct gnttab_copy self_copy(mfn_t m)
{
	struct gnttab_copy op = { .len = 8 };

	op.source.u.gmfn = op.dest.u.gmfn = m.v;
	op.source.domid = op.dest.domid = DOMID_SELF;
	return op;
}

/* Too much for one go: the guest makes the same call again, for the rest. */
static void test_restart(void **state)
{
	struct gnttab_copy *op = (void *)fake_buf;
	struct cpu_user_regs *r = &v->regs;
	mfn_t m = fake_frame(d);
	unsigned int turns = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		op[i] = self_copy(m);
	r->rip = 0x1002;
	r->rax = __HYPERVISOR_grant_table_op;
	r->rdi = GNTTABOP_copy;
	r->rsi = FAKE_BUF;
	r->rdx = 1000;
	for (;;) {
		hypercall_dispatch(v);
		if (r->rip == 0x1002)
			break;
		assert_int_equal(r->rip, 0x1000);
		assert_int_equal(r->rax, __HYPERVISOR_grant_table_op);
		assert_true(r->rdx < 1000 && r->rsi > FAKE_BUF);
		r->rip = 0x1002;
		turns++;
	}
	assert_int_equal(r->rax, 0);
	assert_true(turns > 1);
	assert_int_equal(frame_refs(m), 1);
}

static long multicall(struct multicall_entry *e, uint32_t n)
{
	long rc;

	memcpy(fake_buf, e, n * sizeof(*e));
	rc = fake_hypercall(v, __HYPERVISOR_multicall, FAKE_BUF, n, 0, 0);
	memcpy(e, fake_buf, n * sizeof(*e));
	return rc;
}

static void test_multicall(void **state)
{
	struct multicall_entry e[] = {
		{ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
		{ .op = __HYPERVISOR_multicall },
		{ .op = __HYPERVISOR_iret },
		{ .op = 11 },
		{ .op = __HYPERVISOR_domctl },
		{ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
	};
	const int64_t want[] = { 0, -EINVAL, -EINVAL, -ENOSYS, -EPERM, 0 };

	(void)state;
	assert_int_equal(multicall(e, ARRAY_SIZE(e)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(e); i++)
		assert_int_equal((int64_t)e[i].result, want[i]);
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_multicall,
					FAKE_BUF + FAKE_BUF_SIZE - 32, 2, 0, 0),
			 -EFAULT);
}

/* An entry that restarts does so inside of the multicall. */
static void test_multicall_restart(void **state)
{
	struct multicall_entry e[3] = {
		{ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
		{ .op = __HYPERVISOR_grant_table_op,
		  .args = { GNTTABOP_copy, FAKE_BUF + 4096, 1000 } },
		{ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
	};
	struct gnttab_copy *op = (void *)(fake_buf + 4096);
	mfn_t m = fake_frame(d);

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		op[i] = self_copy(m);
		op[i].status = -99;
	}
	for (unsigned int i = 0; i < 3; i++)
		e[i].result = 77;
	assert_int_equal(multicall(e, 3), 0);
	assert_true(fake_restarts > 1);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(e[i].result, 0);
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(op[i].status, GNTST_okay);
}

static void test_long_multicall(void **state)
{
	static struct multicall_entry e[600];

	(void)state;
	for (unsigned int i = 0; i < 600; i++)
		e[i] = (struct multicall_entry){ .op = __HYPERVISOR_sched_op,
						 .args = { SCHEDOP_yield },
						 .result = 5 };
	assert_int_equal(multicall(e, 600), 0);
	assert_true(fake_restarts > 0);
	for (unsigned int i = 0; i < 600; i++)
		assert_int_equal(e[i].result, 0);
}

static void test_page(void **state)
{
	uint8_t *p = frame_map(fake_frame(d));
	uint32_t nr;

	(void)state;
	hypercall_page_fill(p);
	for (uint32_t i = 0; i < PAGE_SIZE / 32; i++) {
		const uint8_t *call = memchr(p + i * 32, 0xb8, 32);

		assert_non_null(call);
		memcpy(&nr, call + 1, sizeof(nr));
		assert_int_equal(nr, i);
		assert_int_equal(call[5], 0x0f);
		assert_int_equal(call[6], 0x05);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_numbers), T(test_registers), T(test_restart),
		T(test_multicall), T(test_multicall_restart),
		T(test_long_multicall), T(test_page),
	};

	fake_start(FAKE_CPUS);
	fake_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
