// SPDX-License-Identifier: GPL-2.0-or-later
/* control/: domctl and sysctl as a toolstack makes them, and as it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <abi/domctl.h>
#include <abi/sysctl.h>
#include <domain/cpupolicy.h>
#include <hypercall/hypercall.h>
#include <mm/alloc.h>
#include <sched/sched.h>
#include "port_fake.h"

#define OP FAKE_BUF
#define BUF (FAKE_BUF + 0x1000)
#define BUF_HOST (fake_buf + 0x1000)
#define NO_MEMORY_THERE 0x7777000UL

static struct domain *zero;
static struct vcpu *caller;
static struct xen_domctl op;
static struct xen_sysctl sys;

static int start(void **state)
{
	(void)state;
	zero = fake_domain(0, 1);
	caller = zero->vcpus[0];
	fake_settle();
	return 0;
}

static int end(void **state)
{
	(void)state;
	vcpu_hw_free(caller);
	return 0;
}

static long domctl(uint32_t cmd, uint16_t id)
{
	long rc;

	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = id;
	memcpy(fake_buf, &op, sizeof(op));
	rc = fake_hypercall(caller, __HYPERVISOR_domctl, OP, 0, 0, 0);
	memcpy(&op, fake_buf, sizeof(op));
	assert_null(fake_check());
	return rc;
}

static long sysctl(uint32_t cmd)
{
	long rc;

	sys.cmd = cmd;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(fake_buf, &sys, sizeof(sys));
	rc = fake_hypercall(caller, __HYPERVISOR_sysctl, OP, 0, 0, 0);
	memcpy(&sys, fake_buf, sizeof(sys));
	assert_null(fake_check());
	return rc;
}

static void want_domain(uint32_t vcpus)
{
	memset(&op, 0, sizeof(op));
	op.u.createdomain = (struct xen_domctl_createdomain){
		.handle = { 1, 2, 3 }, .max_vcpus = vcpus,
		.max_evtchn_port = 1023, .max_grant_frames = -1,
		.max_maptrack_frames = -1, .grant_opts = 2,
	};
}

static uint16_t create(uint32_t vcpus)
{
	want_domain(vcpus);
	assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0), 0);
	return op.domain;
}

static void destroy(uint16_t id)
{
	assert_int_equal(domctl(XEN_DOMCTL_destroydomain, id), 0);
	fake_settle();
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), -ESRCH);
}

static void live_and_die(void)
{
	uint16_t id = create(2);

	op.u.max_vcpus.max = 3;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), -EINVAL);
	op.u.max_vcpus.max = 2;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	op.u.max_mem.max_memkb = 4096;
	assert_int_equal(domctl(XEN_DOMCTL_max_mem, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id), 0);
	assert_int_equal(op.u.getdomaininfo.max_pages, 1024);
	assert_int_equal(op.u.getdomaininfo.max_vcpu_id, 1);
	assert_int_equal(op.u.getdomaininfo.nr_online_vcpus, 0);
	assert_int_equal(op.u.getdomaininfo.handle[2], 3);
	assert_true(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
	assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id - 1), 0);
	assert_true(op.domain == id || op.domain == id - 1);
	destroy(id);
}

/* The first time may leave tables that grow by need, later ones nothing. */
static void the_life_of_a_domain(void **state)
{
	uint64_t free;

	(void)state;
	live_and_die();
	free = buddy_free_count();
	for (unsigned int k = 0; k < 20; k++)
		live_and_die();
	assert_int_equal(buddy_free_count(), free);
}

static void refusals_at_creation(void **state)
{
	static const struct {
		size_t at;
		uint32_t val;
		int rc;
	} bad[] = {
		{ offsetof(struct xen_domctl_createdomain, flags),
		  XEN_DOMCTL_CDF_hvm, -EOPNOTSUPP },
		{ offsetof(struct xen_domctl_createdomain, flags), 1U << 31,
		  -EINVAL },
		{ offsetof(struct xen_domctl_createdomain, max_vcpus), 0,
		  -EINVAL },
		{ offsetof(struct xen_domctl_createdomain, max_vcpus), 513,
		  -EINVAL },
		{ offsetof(struct xen_domctl_createdomain, grant_opts), 3,
		  -EINVAL },
		{ offsetof(struct xen_domctl_createdomain, cpupool_id), 1,
		  -EINVAL },
		{ offsetof(struct xen_domctl_createdomain,
			   arch.emulation_flags), 1, -EINVAL },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
		want_domain(1);
		memcpy((char *)&op.u.createdomain + bad[k].at, &bad[k].val, 4);
		assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0),
				 bad[k].rc);
	}
}

/* Whichever allocation fails, nothing is lost. */
static void creation_without_memory(void **state)
{
	uint64_t free;
	uint16_t id;

	(void)state;
	destroy(create(1)); /* leaves of the id table stay */
	free = buddy_free_count();
	for (unsigned int n = 1; n < 200; n++) {
		long rc;

		want_domain(1);
		fake_fail_alloc(n);
		rc = domctl(XEN_DOMCTL_createdomain, 0);
		id = op.domain;
		if (!rc) {
			op.u.max_vcpus.max = 1;
			rc = domctl(XEN_DOMCTL_max_vcpus, id);
			fake_fail_alloc(0);
			destroy(id);
		}
		fake_fail_alloc(0);
		fake_settle();
		assert_int_equal(buddy_free_count(), free);
		if (!rc)
			return;
		assert_int_equal(rc, -ENOMEM);
	}
	fail();
}

static void who_may_call(void **state)
{
	struct domain *d = fake_domain(7, 1);

	(void)state;
	caller = d->vcpus[0];
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 0), -EPERM);
	assert_int_equal(sysctl(XEN_SYSCTL_physinfo), -EPERM);
	caller = zero->vcpus[0];
	fake_destroy(d);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 0), -EINVAL);
	assert_int_equal(domctl(XEN_DOMCTL_destroydomain, 0), -EINVAL);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 77), -ESRCH);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, DOMID_SELF), -ESRCH);
	assert_int_equal(domctl(9999, 0), -ENOSYS);
	assert_int_equal(domctl(XEN_DOMCTL_vm_event_op, 0), -ENOSYS);
	assert_int_equal(fake_hypercall(caller, __HYPERVISOR_domctl,
					NO_MEMORY_THERE, 0, 0, 0), -EFAULT);
	op.interface_version = 0x16;
	memcpy(fake_buf, &op, sizeof(op));
	assert_int_equal(fake_hypercall(caller, __HYPERVISOR_domctl, OP, 0, 0,
					0), -EACCES);
}

static void contexts(void **state)
{
	struct vcpu_guest_context *c = (void *)BUF_HOST;
	uint16_t id = create(1);

	(void)state;
	op.u.max_vcpus.max = 1;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	memset(&op.u, 0, sizeof(op.u));
	op.u.vcpucontext.ctxt.addr = BUF;
	assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id), -ENODATA);
	memset(c, 0, sizeof(*c));
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), -EINVAL);
	op.u.vcpucontext.vcpu = 1;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), -EINVAL);
	op.u.vcpucontext.vcpu = ~0U;
	assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id), -EINVAL);
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.addr = NO_MEMORY_THERE;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), -EFAULT);
	destroy(id);
}

static void extended_state(void **state)
{
	uint64_t *h = (uint64_t *)BUF_HOST;
	uint16_t id = create(1);

	(void)state;
	op.u.max_vcpus.max = 1;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	memset(&op.u, 0, sizeof(op.u));
	memset(BUF_HOST, 0, 8192);
	op.u.vcpuextstate.size = 16 + 576;
	op.u.vcpuextstate.buffer.addr = BUF;
	h[0] = 1UL << 40; /* a component that no guest has */
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuextstate, id), -EINVAL);
	h[0] = 5; /* AVX without SSE: the CPU faults on it */
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuextstate, id), -EINVAL);
	op.u.vcpuextstate.size = 1UL << 40;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuextstate, id), -EINVAL);
	op.u.vcpuextstate.size = 3;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuextstate, id), -EINVAL);
	destroy(id);
}

/*
 * What a guest names is an address in its own memory: nothing may be written
 * there when another domain calls.
 */
static void guests_addresses_stay_theirs(void **state)
{
	struct vcpu_register_time_memory_area *a = (void *)(BUF_HOST + 512);
	uint16_t id = create(1);
	struct domain *d = domain_get(id);
	uint8_t *area = BUF_HOST;

	(void)state;
	op.u.max_vcpus.max = 1;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	a->addr.p = BUF;
	memset(area, 0, sizeof(struct vcpu_time_info));
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_register_vcpu_time_memory_area,
					0, BUF + 512, 0), 0);
	assert_int_not_equal(area[0], 0);
	memset(area, 0, sizeof(struct vcpu_time_info));
	assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, id), 0);
	for (size_t i = 0; i < sizeof(struct vcpu_time_info); i++)
		assert_int_equal(area[i], 0);
	domain_put(d);
	destroy(id);
}

/* A tool may hold the lock while it waits for the calling vCPU to stop. */
static void guests_do_not_wait_for_tools(void **state)
{
	uint64_t arg[6] = { VCPUOP_initialise, 0, BUF };
	uint16_t id = create(1);
	struct domain *d = domain_get(id);

	(void)state;
	op.u.max_vcpus.max = 1;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	assert_true(lock_try(&d->domctl_lock));
	assert_int_equal(hypercall_call(d->vcpus[0], __HYPERVISOR_vcpu_op, arg),
			 -ERESTART);
	lock_release(&d->domctl_lock);
	domain_put(d);
	destroy(id);
}

static void rights_are_the_callers(void **state)
{
	uint16_t id = create(1);

	(void)state;
	op.u.ioport_permission = (struct xen_domctl_ioport_permission){
		0x20, 1, 1 };
	assert_int_equal(domctl(XEN_DOMCTL_ioport_permission, id), -EPERM);
	op.u.ioport_permission.first_port = 0x3f8;
	op.u.ioport_permission.nr_ports = 8;
	assert_int_equal(domctl(XEN_DOMCTL_ioport_permission, id), 0);
	op.u.ioport_permission.nr_ports = ~0U;
	assert_true(domctl(XEN_DOMCTL_ioport_permission, id) < 0);
	op.u.iomem_permission = (struct xen_domctl_iomem_permission){
		0xfee00, 1, 1 };
	assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, id), -EPERM);
	op.u.iomem_permission.first_mfn = ~0UL;
	op.u.iomem_permission.nr_mfns = 2;
	assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, id), -EINVAL);
	destroy(id);
}

static void cpu_policies(void **state)
{
	struct xen_cpuid_leaf *l = (void *)BUF_HOST;
	uint16_t id = create(1);

	(void)state;
	memset(&op.u, 0, sizeof(op.u));
	assert_int_equal(domctl(XEN_DOMCTL_get_cpu_policy, id), 0);
	assert_int_equal(op.u.cpu_policy.nr_leaves, CPU_POLICY_LEAVES);
	op.u.cpu_policy.leaves.addr = BUF;
	op.u.cpu_policy.nr_leaves = 1;
	assert_int_equal(domctl(XEN_DOMCTL_get_cpu_policy, id), -ENOBUFS);
	op.u.cpu_policy.nr_leaves = CPU_POLICY_LEAVES;
	assert_int_equal(domctl(XEN_DOMCTL_get_cpu_policy, id), 0);
	op.u.cpu_policy.nr_msrs = 0;
	assert_int_equal(domctl(XEN_DOMCTL_set_cpu_policy, id), 0);
	l[1].leaf = 0x12345;
	l[1].subleaf = 6;
	assert_int_equal(domctl(XEN_DOMCTL_set_cpu_policy, id), -ERANGE);
	assert_int_equal(op.u.cpu_policy.err_leaf, 0x12345);
	assert_int_equal(op.u.cpu_policy.err_subleaf, 6);
	op.u.cpu_policy.nr_leaves = ~0U;
	assert_int_equal(domctl(XEN_DOMCTL_set_cpu_policy, id), -E2BIG);
	destroy(id);
}

static int override(uint16_t id, int32_t cpu)
{
	struct domain *t = domain_get(id);
	int rc = sched_override(t->vcpus[0], cpu);

	domain_put(t);
	return rc;
}

static void scheduling(void **state)
{
	uint16_t id = create(1);

	(void)state;
	op.u.max_vcpus.max = 1;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id), 0);
	memset(&op.u, 0, sizeof(op.u));
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.credit2.weight = 512;
	op.u.scheduler_op.u.credit2.cap = 0xffff;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), 0);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), 0);
	assert_int_equal(op.u.scheduler_op.u.credit2.weight, 512);
	assert_int_equal(op.u.scheduler_op.u.credit2.cap, 0);
	memset(&op.u, 0, sizeof(op.u));
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	op.u.vcpuaffinity.cpumap_hard.bitmap.addr = BUF;
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	BUF_HOST[0] = 2;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), 0);
	BUF_HOST[0] = 0x80; /* no such CPU */
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), -EINVAL);
	assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, id), 0);
	assert_int_equal(BUF_HOST[0], 2);
	assert_int_equal(override(id, 0), 0);
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), -EBUSY);
	op.u.vcpuaffinity.flags |= XEN_VCPUAFFINITY_FORCE;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), 0);
	assert_int_equal(override(id, -1), -EINVAL); /* it was undone */
	op.u.vcpuaffinity.cpumap_hard.nr_bits = ~0U;
	assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, id), -EINVAL);
	destroy(id);
}

static void the_list_of_domains(void **state)
{
	struct xen_domctl_getdomaininfo *info = (void *)BUF_HOST;
	uint16_t a = create(1), b = create(1);

	(void)state;
	memset(&sys, 0, sizeof(sys));
	sys.u.getdomaininfolist.max_domains = 8;
	sys.u.getdomaininfolist.buffer.addr = BUF;
	assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(sys.u.getdomaininfolist.num_domains, 3);
	assert_int_equal(info[0].domain, 0);
	assert_int_equal(info[1].domain, MIN(a, b));
	assert_int_equal(info[2].domain, MAX(a, b));
	sys.u.getdomaininfolist.first_domain = (domid_t)(MAX(a, b) + 1);
	assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(sys.u.getdomaininfolist.num_domains, 0);
	sys.u.getdomaininfolist.first_domain = 0xffff;
	assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	destroy(a);
	destroy(b);
}

static void the_host(void **state)
{
	(void)state;
	memset(&sys, 0, sizeof(sys));
	assert_int_equal(sysctl(XEN_SYSCTL_physinfo), 0);
	assert_int_equal(sys.u.physinfo.nr_cpus, 2);
	assert_true(sys.u.physinfo.free_pages <= sys.u.physinfo.total_pages);
	memset(&sys, 0, sizeof(sys));
	assert_int_equal(sysctl(XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(sys.u.cputopoinfo.num_cpus, 2);
	sys.u.readconsole = (struct xen_sysctl_readconsole){
		.count = 4096 };
	sys.u.readconsole.buffer.addr = BUF;
	assert_int_equal(sysctl(XEN_SYSCTL_readconsole), 0);
	memset(&sys, 0, sizeof(sys));
	sys.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	sys.u.cpupool_op.cpupool_id = 1;
	assert_int_equal(sysctl(XEN_SYSCTL_cpupool_op), -ENOENT);
	assert_int_equal(sysctl(XEN_SYSCTL_tbuf_op), -ENOSYS);
	assert_int_equal(sysctl(12345), -ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_life_of_a_domain),
		cmocka_unit_test(refusals_at_creation),
		cmocka_unit_test(creation_without_memory),
		cmocka_unit_test(who_may_call),
		cmocka_unit_test(contexts),
		cmocka_unit_test(extended_state),
		cmocka_unit_test(guests_addresses_stay_theirs),
		cmocka_unit_test(guests_do_not_wait_for_tools),
		cmocka_unit_test(rights_are_the_callers),
		cmocka_unit_test(cpu_policies),
		cmocka_unit_test(scheduling),
		cmocka_unit_test(the_list_of_domains),
		cmocka_unit_test(the_host),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, start, end);
}
