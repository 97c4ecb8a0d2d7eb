// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypercall path itself: what the hypervisor says of itself, unknown and
 * absent calls, arguments that point where no guest may point, multicalls.
 */
#include "../lib/mg.h"

#define BAD_ADDRESSES                                                        \
	{ HYPERVISOR_VIRT_START + 0x1000, HYPERVISOR_VIRT_END - 8,           \
	  0x0000800000000000UL, 0xdead000000000000UL, 8, ~0UL - 3 }

TEST(version_is_4_17)
{
	CHECK_EQ(HC2(xen_version, XENVER_version, 0), 4 << 16 | 17);
	CHECK_EQ(HC2(xen_version, XENVER_pagesize, 0), 4096);
}

TEST(version_strings)
{
	static char buf[1024];

	CHECK_EQ(HC2(xen_version, XENVER_capabilities, buf), 0);
	CHECK(memcmp(buf, "xen-3.0-x86_64", 14) == 0);
	CHECK_EQ(HC2(xen_version, XENVER_extraversion, buf), 0);
}

TEST(platform_parameters)
{
	struct xen_platform_parameters p = { 0 };

	CHECK_EQ(HC2(xen_version, XENVER_platform_parameters, &p), 0);
	CHECK_EQ(p.virt_start, HYPERVISOR_VIRT_START);
}

TEST(unknown_commands)
{
	CHECK_EQ(HC2(xen_version, 1000, 0), -ENOSYS);
	CHECK_EQ(HC2(sched_op, 1000, 0), -ENOSYS);
	CHECK_EQ(HC3(vcpu_op, 1000, 0, 0), -ENOSYS);
	CHECK_EQ(HC2(event_channel_op, 1000, 0), -ENOSYS);
	CHECK_EQ(HC2(memory_op, 63, 0), -ENOSYS);
}

TEST(unknown_calls)
{
	static const unsigned int nr[] = { 11, 38, 43, 47, 56, 100, 127 };

	for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
		CHECK_EQ(hc(nr[i], 0, 0, 0, 0, 0), -ENOSYS);
}

TEST(huge_call_number)
{
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(0xffffffff00000000UL)
			 : "rcx", "r11", "memory");
	CHECK_EQ(rc, -ENOSYS);
}

TEST(bad_pointers)
{
	static const uint64_t bad[] = BAD_ADDRESSES;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(HC2(xen_version, XENVER_capabilities, bad[i]),
			 -EFAULT);
		CHECK_EQ(HC2(event_channel_op, EVTCHNOP_send, bad[i]), -EFAULT);
		/* The result is a count of extents, so none done is an answer. */
		CHECK(HC2(memory_op, XENMEM_populate_physmap, bad[i]) <= 0);
		CHECK_EQ(HC2(multicall, bad[i], 1), -EFAULT);
		CHECK_EQ(HC3(grant_table_op, GNTTABOP_map_grant_ref, bad[i], 1),
			 -EFAULT);
		CHECK_EQ(HC4(mmu_update, bad[i], 1, 0, DOMID_SELF), -EFAULT);
		CHECK_EQ(HC4(mmuext_op, bad[i], 1, 0, DOMID_SELF), -EFAULT);
	}
}

TEST(multicall_results)
{
	struct multicall_entry m[3] = {
		{ .op = __HYPERVISOR_xen_version },
		{ .op = 1000 },
		{ .op = __HYPERVISOR_xen_version,
		  .args = { XENVER_pagesize } },
	};

	CHECK_EQ(HC2(multicall, m, 3), 0);
	CHECK_EQ(m[0].result, 4 << 16 | 17);
	CHECK_EQ(m[1].result, (unsigned long)-ENOSYS);
	CHECK_EQ(m[2].result, 4096);
}

TEST(multicall_long)
{
	static struct multicall_entry m[1024];

	for (unsigned int i = 0; i < ARRAY_SIZE(m); i++)
		m[i] = (struct multicall_entry){
			.op = __HYPERVISOR_xen_version,
			.args = { XENVER_pagesize },
		};
	CHECK_EQ(HC2(multicall, m, ARRAY_SIZE(m)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(m); i++)
		CHECK_EQ(m[i].result, 4096);
}

TEST(registers_survive)
{
	uint64_t rbx = 1, r12 = 2, r15 = 3;
	long rc;

	__asm__ volatile("mov $0x1111, %%rbx; mov $0x2222, %%r12;"
			 "mov $0x3333, %%r15; syscall;"
			 "mov %%rbx, %1; mov %%r12, %2; mov %%r15, %3"
			 : "=a"(rc), "=m"(rbx), "=m"(r12), "=m"(r15)
			 : "a"((uint64_t)__HYPERVISOR_xen_version), "D"(0UL),
			   "S"(0UL)
			 : "rcx", "r11", "rbx", "r12", "r15", "memory");
	CHECK_EQ(rc, 4 << 16 | 17);
	CHECK_EQ(rbx, 0x1111);
	CHECK_EQ(r12, 0x2222);
	CHECK_EQ(r15, 0x3333);
}

TEST(vm_assist_limits)
{
	CHECK_EQ(HC2(vm_assist, VMASST_CMD_enable,
		     VMASST_TYPE_runstate_update_flag), 0);
	CHECK_EQ(HC2(vm_assist, VMASST_CMD_disable,
		     VMASST_TYPE_runstate_update_flag), 0);
	CHECK_EQ(HC2(vm_assist, VMASST_CMD_enable, 63), -EINVAL);
	CHECK_EQ(HC2(vm_assist, 7, VMASST_TYPE_runstate_update_flag), -ENOSYS);
}

TEST(time_runs)
{
	uint64_t a = now(), b;

	CHECK(a != 0);
	do
		b = now();
	while (b == a);
	CHECK(b > a);
}

TEST(privilege)
{
	if (is_dom0)
		SKIP("the control domain is privileged");
	CHECK_EQ(HC1(domctl, 0), -EPERM);
	CHECK_EQ(HC1(sysctl, 0), -EPERM);
	CHECK_EQ(HC1(platform_op, 0), -EPERM);
}
