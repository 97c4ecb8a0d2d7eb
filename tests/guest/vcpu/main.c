// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vcpu_op: states of vCPUs, timers, the areas that a guest registers, and the
 * refusals.  Attacks covered: vcpu_info across a page boundary or unaligned
 * (the hypervisor writes it atomically), in a page table, in another's frame.
 */
#include "../lib/calls.h"

TEST(self_is_up)
{
	CHECK_EQ(vop(VCPUOP_is_up, 0, NULL), 1);
	CHECK_EQ(vop(VCPUOP_is_up, 4000, NULL), -ENOENT);
	CHECK_EQ(vop(VCPUOP_is_up, 0xffffffff, NULL), -ENOENT);
}

TEST(initialise_refuses_a_running_one)
{
	static struct vcpu_guest_context c;

	CHECK(vop(VCPUOP_initialise, 0, &c) < 0);
}

TEST(runstate_adds_up)
{
	struct vcpu_runstate_info i;
	uint64_t sum = 0;

	CHECK_EQ(vop(VCPUOP_get_runstate_info, 0, &i), 0);
	CHECK_EQ(i.state, RUNSTATE_running);
	for (unsigned int k = 0; k < 4; k++)
		sum += i.time[k];
	CHECK(sum <= now());
	CHECK(i.time[RUNSTATE_running] > 0);
}

TEST(runstate_area)
{
	static volatile struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area a = { .addr.p = 0 };

	a.addr.p = (uint64_t)&area;
	area.state = 77;
	CHECK_EQ(vop(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	CHECK_EQ(area.state, RUNSTATE_running);
	a.addr.p = HYPERVISOR_VIRT_START + 0x2000;
	CHECK_EQ(vop(VCPUOP_register_runstate_memory_area, 0, &a), -EFAULT);
}

TEST(time_area)
{
	static volatile struct vcpu_time_info area;
	struct vcpu_register_time_memory_area a;

	a.addr.p = (uint64_t)&area;
	CHECK_EQ(vop(VCPUOP_register_vcpu_time_memory_area, 0, &a), 0);
	CHECK(area.tsc_to_system_mul != 0);
	CHECK((area.version & 1) == 0);
}

TEST(singleshot_limits)
{
	struct vcpu_set_singleshot_timer s = {
		.timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future,
	};

	/* Since 4.17 a time in the past fires at once, flag or not. */
	CHECK_EQ(vop(VCPUOP_set_singleshot_timer, 0, &s), 0);
	CHECK_EQ(vop(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

TEST(periodic_limits)
{
	struct vcpu_set_periodic_timer p = { 1 };

	CHECK_EQ(vop(VCPUOP_set_periodic_timer, 0, &p), -EINVAL);
	p.period_ns = 10000000;
	CHECK_EQ(vop(VCPUOP_set_periodic_timer, 0, &p), 0);
	CHECK_EQ(vop(VCPUOP_stop_periodic_timer, 0, NULL), 0);
}

/* Last: the registration is for good. */
TEST(vcpu_info_placement)
{
	uint64_t m = virt_to_mfn(pages[0]);
	struct vcpu_register_vcpu_info r = { .mfn = m };
	volatile struct vcpu_info *moved = (void *)(pages[0] + 128);

	r.offset = 4096 - 32;
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), -ENXIO);
	r.offset = 0xffffffff;
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), -ENXIO);
	r.offset = 4;
	CHECK(vop(VCPUOP_register_vcpu_info, 0, &r) < 0);
	r.offset = 0;
	r.mfn = virt_to_mfn((void *)start->pt_base);
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), -EINVAL);
	r.mfn = 1UL << 51;
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), -EINVAL);
	r.mfn = m;
	r.offset = 128;
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), 0);
	CHECK(moved->time.tsc_to_system_mul != 0);
	CHECK_EQ(moved->evtchn_upcall_mask, 1);
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 0, &r), -EINVAL);
}
