/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_vcpu_op: a guest's own vCPUs, their timers, and the areas in
 * guest memory to which the hypervisor publishes their state.
 */
#ifndef ABI_VCPU_H
#define ABI_VCPU_H

#include <abi/base.h>
#include <abi/core.h>

#define VCPUOP_initialise			0	/* vcpu_guest_context */
#define VCPUOP_up				1
#define VCPUOP_down				2
#define VCPUOP_is_up				3
#define VCPUOP_get_runstate_info		4
#define VCPUOP_register_runstate_memory_area	5
#define VCPUOP_set_periodic_timer		6
#define VCPUOP_stop_periodic_timer		7
#define VCPUOP_set_singleshot_timer		8
#define VCPUOP_stop_singleshot_timer		9
#define VCPUOP_register_vcpu_info		10
#define VCPUOP_send_nmi				11
#define VCPUOP_get_physid			12
#define VCPUOP_register_vcpu_time_memory_area	13

#define RUNSTATE_running	0
#define RUNSTATE_runnable	1
#define RUNSTATE_blocked	2
#define RUNSTATE_offline	3

/* In state_entry_time: the area is being written (if asked for it). */
#define XEN_RUNSTATE_UPDATE	(1ULL << 63)

struct vcpu_runstate_info {
	int state;			/* RUNSTATE_* */
	uint64_t state_entry_time;
	uint64_t time[4];		/* ns in each state so far */
};
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
ABI_SIZE(struct vcpu_runstate_info, 48);
ABI_OFFSET(struct vcpu_runstate_info, state, 0);
ABI_OFFSET(struct vcpu_runstate_info, state_entry_time, 8);
ABI_OFFSET(struct vcpu_runstate_info, time, 16);

struct vcpu_register_runstate_memory_area {
	union {
		GUEST_HANDLE(vcpu_runstate_info_t) h;
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr;
};
typedef struct vcpu_register_runstate_memory_area
	vcpu_register_runstate_memory_area_t;
ABI_SIZE(struct vcpu_register_runstate_memory_area, 8);
ABI_OFFSET(struct vcpu_register_runstate_memory_area, addr, 0);
ABI_OFFSET(struct vcpu_register_runstate_memory_area, addr.h, 0);
ABI_OFFSET(struct vcpu_register_runstate_memory_area, addr.v, 0);
ABI_OFFSET(struct vcpu_register_runstate_memory_area, addr.p, 0);

struct vcpu_set_periodic_timer {
	uint64_t period_ns;
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
ABI_SIZE(struct vcpu_set_periodic_timer, 8);
ABI_OFFSET(struct vcpu_set_periodic_timer, period_ns, 0);

#define _VCPU_SSHOTTMR_future	0	/* -ETIME if it has passed already */
#define VCPU_SSHOTTMR_future	(1U << _VCPU_SSHOTTMR_future)

struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags;			/* VCPU_SSHOTTMR_* */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
ABI_SIZE(struct vcpu_set_singleshot_timer, 16);
ABI_OFFSET(struct vcpu_set_singleshot_timer, timeout_abs_ns, 0);
ABI_OFFSET(struct vcpu_set_singleshot_timer, flags, 8);

/* Moves the vCPU's vcpu_info out of shared_info; can be done only once. */
struct vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset;
	uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
ABI_SIZE(struct vcpu_register_vcpu_info, 16);
ABI_OFFSET(struct vcpu_register_vcpu_info, mfn, 0);
ABI_OFFSET(struct vcpu_register_vcpu_info, offset, 8);
ABI_OFFSET(struct vcpu_register_vcpu_info, rsvd, 12);

struct vcpu_get_physid {
	uint64_t phys_id;		/* APIC id, ACPI id in the upper half */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
ABI_SIZE(struct vcpu_get_physid, 8);
ABI_OFFSET(struct vcpu_get_physid, phys_id, 0);

#define xen_vcpu_physid_to_x86_apicid(physid)	((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid)	((uint32_t)((physid) >> 32))

struct vcpu_register_time_memory_area {
	union {
		GUEST_HANDLE(vcpu_time_info_t) h;
		struct vcpu_time_info *v;
		uint64_t p;
	} addr;
};
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
ABI_SIZE(struct vcpu_register_time_memory_area, 8);
ABI_OFFSET(struct vcpu_register_time_memory_area, addr, 0);
ABI_OFFSET(struct vcpu_register_time_memory_area, addr.h, 0);
ABI_OFFSET(struct vcpu_register_time_memory_area, addr.v, 0);
ABI_OFFSET(struct vcpu_register_time_memory_area, addr.p, 0);

#endif /* ABI_VCPU_H */
