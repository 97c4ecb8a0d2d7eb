/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl: what a control domain asks about the whole machine and
 * changes in it.  It is version 0x15, that of Xen 4.17; any other version
 * gets -EACCES.
 */
#ifndef ABI_SYSCTL_H
#define ABI_SYSCTL_H

#include <abi/base.h>
#include <abi/domctl.h>
#include <abi/physdev.h>

#define XEN_SYSCTL_INTERFACE_VERSION	0x00000015

/* XEN_SYSCTL_physinfo and so on, from the one list. */
enum abi_sysctl {
#define SYSCTL(nr, name, member, flow, back)	XEN_SYSCTL_##name = nr,
#define SYSCTL_ABSENT(nr, name)			XEN_SYSCTL_##name = nr,
#include <abi/sysctl.def>
};

/* ---- log and keys ---- */

struct xen_sysctl_readconsole {
	uint8_t clear;			/* IN: empty the ring afterwards */
	uint8_t incremental;		/* IN: from index on.  index is OUT */
	uint8_t pad0, pad1;
	uint32_t index;
	GUEST_HANDLE(char) buffer;
	uint32_t count;			/* IN: room.  OUT: bytes */
};
ABI_SIZE(struct xen_sysctl_readconsole, 24);
ABI_OFFSET(struct xen_sysctl_readconsole, clear, 0);
ABI_OFFSET(struct xen_sysctl_readconsole, incremental, 1);
ABI_OFFSET(struct xen_sysctl_readconsole, pad0, 2);
ABI_OFFSET(struct xen_sysctl_readconsole, pad1, 3);
ABI_OFFSET(struct xen_sysctl_readconsole, index, 4);
ABI_OFFSET(struct xen_sysctl_readconsole, buffer, 8);
ABI_OFFSET(struct xen_sysctl_readconsole, count, 16);

struct xen_sysctl_debug_keys {
	GUEST_HANDLE(const char) keys;
	uint32_t nr_keys;
};
ABI_SIZE(struct xen_sysctl_debug_keys, 16);
ABI_OFFSET(struct xen_sysctl_debug_keys, keys, 0);
ABI_OFFSET(struct xen_sysctl_debug_keys, nr_keys, 8);

/* ---- the machine ---- */

#define _XEN_SYSCTL_PHYSCAP_hvm			0
#define XEN_SYSCTL_PHYSCAP_hvm			(1u << 0)
#define _XEN_SYSCTL_PHYSCAP_pv			1
#define XEN_SYSCTL_PHYSCAP_pv			(1u << 1)
#define _XEN_SYSCTL_PHYSCAP_directio		2
#define XEN_SYSCTL_PHYSCAP_directio		(1u << 2)
#define _XEN_SYSCTL_PHYSCAP_hap			3
#define XEN_SYSCTL_PHYSCAP_hap			(1u << 3)
#define _XEN_SYSCTL_PHYSCAP_shadow		4
#define XEN_SYSCTL_PHYSCAP_shadow		(1u << 4)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share	5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share	(1u << 5)
#define XEN_SYSCTL_PHYSCAP_vmtrace		(1u << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu			(1u << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1		(1u << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2		(1u << 9)
#define XEN_SYSCTL_PHYSCAP_MAX			XEN_SYSCTL_PHYSCAP_gnttab_v2

struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;
	uint32_t max_cpu_id;
	uint32_t nr_nodes;
	uint32_t max_node_id;
	uint32_t cpu_khz;
	uint32_t capabilities;		/* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities;
	uint32_t pad;
	uint64_aligned_t total_pages;
	uint64_aligned_t free_pages;
	uint64_aligned_t scrub_pages;
	uint64_aligned_t outstanding_pages;
	uint64_aligned_t max_mfn;
	uint32_t hw_cap[8];		/* CPUID feature words of CPU 0 */
};
ABI_SIZE(struct xen_sysctl_physinfo, 112);
ABI_OFFSET(struct xen_sysctl_physinfo, threads_per_core, 0);
ABI_OFFSET(struct xen_sysctl_physinfo, cores_per_socket, 4);
ABI_OFFSET(struct xen_sysctl_physinfo, nr_cpus, 8);
ABI_OFFSET(struct xen_sysctl_physinfo, max_cpu_id, 12);
ABI_OFFSET(struct xen_sysctl_physinfo, nr_nodes, 16);
ABI_OFFSET(struct xen_sysctl_physinfo, max_node_id, 20);
ABI_OFFSET(struct xen_sysctl_physinfo, cpu_khz, 24);
ABI_OFFSET(struct xen_sysctl_physinfo, capabilities, 28);
ABI_OFFSET(struct xen_sysctl_physinfo, arch_capabilities, 32);
ABI_OFFSET(struct xen_sysctl_physinfo, pad, 36);
ABI_OFFSET(struct xen_sysctl_physinfo, total_pages, 40);
ABI_OFFSET(struct xen_sysctl_physinfo, free_pages, 48);
ABI_OFFSET(struct xen_sysctl_physinfo, scrub_pages, 56);
ABI_OFFSET(struct xen_sysctl_physinfo, outstanding_pages, 64);
ABI_OFFSET(struct xen_sysctl_physinfo, max_mfn, 72);
ABI_OFFSET(struct xen_sysctl_physinfo, hw_cap, 80);

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime;	/* ns */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;
ABI_SIZE(struct xen_sysctl_cpuinfo, 8);
ABI_OFFSET(struct xen_sysctl_cpuinfo, idletime, 0);

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;
	GUEST_HANDLE(xen_sysctl_cpuinfo_t) info;
	uint32_t nr_cpus;		/* OUT */
};
ABI_SIZE(struct xen_sysctl_getcpuinfo, 24);
ABI_OFFSET(struct xen_sysctl_getcpuinfo, max_cpus, 0);
ABI_OFFSET(struct xen_sysctl_getcpuinfo, info, 8);
ABI_OFFSET(struct xen_sysctl_getcpuinfo, nr_cpus, 16);

struct xen_sysctl_availheap {
	uint32_t min_bitwidth;
	uint32_t max_bitwidth;
	int32_t node;			/* -1: all */
	uint64_aligned_t avail_bytes;	/* OUT */
};
ABI_SIZE(struct xen_sysctl_availheap, 24);
ABI_OFFSET(struct xen_sysctl_availheap, min_bitwidth, 0);
ABI_OFFSET(struct xen_sysctl_availheap, max_bitwidth, 4);
ABI_OFFSET(struct xen_sysctl_availheap, node, 8);
ABI_OFFSET(struct xen_sysctl_availheap, avail_bytes, 16);

#define XEN_INVALID_CORE_ID	(~0U)
#define XEN_INVALID_SOCKET_ID	(~0U)
#define XEN_INVALID_NODE_ID	(~0U)
#define XEN_INVALID_MEM_SZ	(~0U)
#define XEN_INVALID_NODE_DIST	(~0U)
#define XEN_INVALID_DEV		(XEN_INVALID_NODE_ID - 1)

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};
typedef struct xen_sysctl_cputopo xen_sysctl_cputopo_t;
ABI_SIZE(struct xen_sysctl_cputopo, 12);
ABI_OFFSET(struct xen_sysctl_cputopo, core, 0);
ABI_OFFSET(struct xen_sysctl_cputopo, socket, 4);
ABI_OFFSET(struct xen_sysctl_cputopo, node, 8);

/* Here and below a null handle asks for the count alone. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	GUEST_HANDLE(xen_sysctl_cputopo_t) cputopo;
};
ABI_SIZE(struct xen_sysctl_cputopoinfo, 16);
ABI_OFFSET(struct xen_sysctl_cputopoinfo, num_cpus, 0);
ABI_OFFSET(struct xen_sysctl_cputopoinfo, cputopo, 8);

struct xen_sysctl_meminfo {
	uint64_t memsize;
	uint64_t memfree;
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;
ABI_SIZE(struct xen_sysctl_meminfo, 16);
ABI_OFFSET(struct xen_sysctl_meminfo, memsize, 0);
ABI_OFFSET(struct xen_sysctl_meminfo, memfree, 8);

struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	GUEST_HANDLE(xen_sysctl_meminfo_t) meminfo;
	GUEST_HANDLE(uint32_t) distance;	/* num_nodes squared */
};
ABI_SIZE(struct xen_sysctl_numainfo, 24);
ABI_OFFSET(struct xen_sysctl_numainfo, num_nodes, 0);
ABI_OFFSET(struct xen_sysctl_numainfo, meminfo, 8);
ABI_OFFSET(struct xen_sysctl_numainfo, distance, 16);

struct xen_sysctl_pcitopoinfo {
	uint32_t num_devs;
	GUEST_HANDLE(physdev_pci_device_t) devs;
	GUEST_HANDLE(uint32_t) nodes;
};
ABI_SIZE(struct xen_sysctl_pcitopoinfo, 24);
ABI_OFFSET(struct xen_sysctl_pcitopoinfo, num_devs, 0);
ABI_OFFSET(struct xen_sysctl_pcitopoinfo, devs, 8);
ABI_OFFSET(struct xen_sysctl_pcitopoinfo, nodes, 16);

/* ---- domains ---- */

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;
	uint32_t max_domains;
	GUEST_HANDLE(xen_domctl_getdomaininfo_t) buffer;
	uint32_t num_domains;		/* OUT */
};
ABI_SIZE(struct xen_sysctl_getdomaininfolist, 24);
ABI_OFFSET(struct xen_sysctl_getdomaininfolist, first_domain, 0);
ABI_OFFSET(struct xen_sysctl_getdomaininfolist, max_domains, 4);
ABI_OFFSET(struct xen_sysctl_getdomaininfolist, buffer, 8);
ABI_OFFSET(struct xen_sysctl_getdomaininfolist, num_domains, 16);

/* ---- counters ---- */

#define XEN_SYSCTL_PERFCOP_reset	1
#define XEN_SYSCTL_PERFCOP_query	2

struct xen_sysctl_perfc_desc {
	char name[80];
	uint32_t nr_vals;
};
typedef struct xen_sysctl_perfc_desc xen_sysctl_perfc_desc_t;
ABI_SIZE(struct xen_sysctl_perfc_desc, 84);
ABI_OFFSET(struct xen_sysctl_perfc_desc, name, 0);
ABI_OFFSET(struct xen_sysctl_perfc_desc, nr_vals, 80);

typedef uint32_t xen_sysctl_perfc_val_t;

struct xen_sysctl_perfc_op {
	uint32_t cmd;			/* XEN_SYSCTL_PERFCOP_* */
	uint32_t nr_counters;		/* OUT */
	uint32_t nr_vals;		/* OUT */
	GUEST_HANDLE(xen_sysctl_perfc_desc_t) desc;
	GUEST_HANDLE(xen_sysctl_perfc_val_t) val;
};
ABI_SIZE(struct xen_sysctl_perfc_op, 32);
ABI_OFFSET(struct xen_sysctl_perfc_op, cmd, 0);
ABI_OFFSET(struct xen_sysctl_perfc_op, nr_counters, 4);
ABI_OFFSET(struct xen_sysctl_perfc_op, nr_vals, 8);
ABI_OFFSET(struct xen_sysctl_perfc_op, desc, 16);
ABI_OFFSET(struct xen_sysctl_perfc_op, val, 24);

/* ---- scheduling ---- */

struct xen_sysctl_sched_id {
	uint32_t sched_id;		/* XEN_SCHEDULER_* */
};
ABI_SIZE(struct xen_sysctl_sched_id, 4);
ABI_OFFSET(struct xen_sysctl_sched_id, sched_id, 0);

#define XEN_SYSCTL_CPUPOOL_OP_CREATE		1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY		2
#define XEN_SYSCTL_CPUPOOL_OP_INFO		3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU		4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU		5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN	6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO		7

#define XEN_SYSCTL_CPUPOOL_PAR_ANY	0xFFFFFFFF

struct xen_sysctl_cpupool_op {
	uint32_t op;			/* XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;
	uint32_t sched_id;
	uint32_t domid;
	uint32_t cpu;
	uint32_t n_dom;
	struct xenctl_bitmap cpumap;
};
ABI_SIZE(struct xen_sysctl_cpupool_op, 40);
ABI_OFFSET(struct xen_sysctl_cpupool_op, op, 0);
ABI_OFFSET(struct xen_sysctl_cpupool_op, cpupool_id, 4);
ABI_OFFSET(struct xen_sysctl_cpupool_op, sched_id, 8);
ABI_OFFSET(struct xen_sysctl_cpupool_op, domid, 12);
ABI_OFFSET(struct xen_sysctl_cpupool_op, cpu, 16);
ABI_OFFSET(struct xen_sysctl_cpupool_op, n_dom, 20);
ABI_OFFSET(struct xen_sysctl_cpupool_op, cpumap, 24);

#define ARINC653_MAX_DOMAINS_PER_SCHEDULE	64

struct xen_sysctl_arinc653_schedule {
	uint64_aligned_t major_frame;
	uint8_t num_sched_entries;
	struct {
		xen_domain_handle_t dom_handle;
		uint32_t vcpu_id;
		uint64_aligned_t runtime;
	} sched_entries[ARINC653_MAX_DOMAINS_PER_SCHEDULE];
};
typedef struct xen_sysctl_arinc653_schedule xen_sysctl_arinc653_schedule_t;
ABI_SIZE(struct xen_sysctl_arinc653_schedule, 2064);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, major_frame, 0);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, num_sched_entries, 8);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, sched_entries, 16);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, sched_entries[1].dom_handle, 48);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, sched_entries[1].vcpu_id, 64);
ABI_OFFSET(struct xen_sysctl_arinc653_schedule, sched_entries[1].runtime, 72);

#define XEN_SYSCTL_SCHED_RATELIMIT_MAX	500000	/* us */
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN	100
#define XEN_SYSCTL_CSCHED_TSLICE_MAX	1000	/* ms */
#define XEN_SYSCTL_CSCHED_TSLICE_MIN	1
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US	(100 * 1000)

struct xen_sysctl_credit_schedule {
	uint32_t tslice_ms;
	uint32_t ratelimit_us;		/* 0: off */
	uint32_t vcpu_migr_delay_us;
};
ABI_SIZE(struct xen_sysctl_credit_schedule, 12);
ABI_OFFSET(struct xen_sysctl_credit_schedule, tslice_ms, 0);
ABI_OFFSET(struct xen_sysctl_credit_schedule, ratelimit_us, 4);
ABI_OFFSET(struct xen_sysctl_credit_schedule, vcpu_migr_delay_us, 8);

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};
ABI_SIZE(struct xen_sysctl_credit2_schedule, 4);
ABI_OFFSET(struct xen_sysctl_credit2_schedule, ratelimit_us, 0);

struct xen_sysctl_sched_arinc653 {
	GUEST_HANDLE(xen_sysctl_arinc653_schedule_t) schedule;
};
ABI_SIZE(struct xen_sysctl_sched_arinc653, 8);
ABI_OFFSET(struct xen_sysctl_sched_arinc653, schedule, 0);

#define XEN_SYSCTL_SCHEDOP_putinfo	0
#define XEN_SYSCTL_SCHEDOP_getinfo	1

struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id;
	uint32_t sched_id;		/* XEN_SCHEDULER_* */
	uint32_t cmd;			/* XEN_SYSCTL_SCHEDOP_* */
	union {
		struct xen_sysctl_sched_arinc653 sched_arinc653;
		struct xen_sysctl_credit_schedule sched_credit;
		struct xen_sysctl_credit2_schedule sched_credit2;
	} u;
};
ABI_SIZE(struct xen_sysctl_scheduler_op, 32);
ABI_OFFSET(struct xen_sysctl_scheduler_op, cpupool_id, 0);
ABI_OFFSET(struct xen_sysctl_scheduler_op, sched_id, 4);
ABI_OFFSET(struct xen_sysctl_scheduler_op, cmd, 8);
ABI_OFFSET(struct xen_sysctl_scheduler_op, u, 16);
ABI_OFFSET(struct xen_sysctl_scheduler_op, u.sched_arinc653, 16);
ABI_OFFSET(struct xen_sysctl_scheduler_op, u.sched_credit, 16);
ABI_OFFSET(struct xen_sysctl_scheduler_op, u.sched_credit2, 16);

/* ---- CPUs: what they can do, coming and going ---- */

#define XEN_SYSCTL_CPU_LEVELCAP_faulting	(1ul << 0)
#define XEN_SYSCTL_CPU_LEVELCAP_ecx		(1ul << 1)
#define XEN_SYSCTL_CPU_LEVELCAP_edx		(1ul << 2)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_ecx	(1ul << 3)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_edx	(1ul << 4)
#define XEN_SYSCTL_CPU_LEVELCAP_xsave_eax	(1ul << 5)
#define XEN_SYSCTL_CPU_LEVELCAP_thermal_ecx	(1ul << 6)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_eax	(1ul << 7)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_ebx	(1ul << 8)

struct xen_sysctl_cpu_levelling_caps {
	uint32_t caps;			/* OUT: XEN_SYSCTL_CPU_LEVELCAP_* */
};
ABI_SIZE(struct xen_sysctl_cpu_levelling_caps, 4);
ABI_OFFSET(struct xen_sysctl_cpu_levelling_caps, caps, 0);

#define XEN_SYSCTL_cpu_featureset_raw		0
#define XEN_SYSCTL_cpu_featureset_host		1
#define XEN_SYSCTL_cpu_featureset_pv		2
#define XEN_SYSCTL_cpu_featureset_hvm		3
#define XEN_SYSCTL_cpu_featureset_pv_max	4
#define XEN_SYSCTL_cpu_featureset_hvm_max	5

struct xen_sysctl_cpu_featureset {
	uint32_t index;			/* XEN_SYSCTL_cpu_featureset_* */
	uint32_t nr_features;		/* IN: room.  OUT: words */
	GUEST_HANDLE(uint32_t) features;
};
ABI_SIZE(struct xen_sysctl_cpu_featureset, 16);
ABI_OFFSET(struct xen_sysctl_cpu_featureset, index, 0);
ABI_OFFSET(struct xen_sysctl_cpu_featureset, nr_features, 4);
ABI_OFFSET(struct xen_sysctl_cpu_featureset, features, 8);

#define XEN_SYSCTL_cpu_policy_raw		0
#define XEN_SYSCTL_cpu_policy_host		1
#define XEN_SYSCTL_cpu_policy_pv_max		2
#define XEN_SYSCTL_cpu_policy_hvm_max		3
#define XEN_SYSCTL_cpu_policy_pv_default	4
#define XEN_SYSCTL_cpu_policy_hvm_default	5

struct xen_sysctl_cpu_policy {
	uint32_t index;			/* XEN_SYSCTL_cpu_policy_* */
	uint32_t nr_leaves;		/* IN: room.  OUT: written */
	uint32_t nr_msrs;
	uint32_t _rsvd;			/* 0 */
	GUEST_HANDLE(xen_cpuid_leaf_t) leaves;
	GUEST_HANDLE(xen_msr_entry_t) msrs;
};
typedef struct xen_sysctl_cpu_policy xen_sysctl_cpu_policy_t;
ABI_SIZE(struct xen_sysctl_cpu_policy, 32);
ABI_OFFSET(struct xen_sysctl_cpu_policy, index, 0);
ABI_OFFSET(struct xen_sysctl_cpu_policy, nr_leaves, 4);
ABI_OFFSET(struct xen_sysctl_cpu_policy, nr_msrs, 8);
ABI_OFFSET(struct xen_sysctl_cpu_policy, _rsvd, 12);
ABI_OFFSET(struct xen_sysctl_cpu_policy, leaves, 16);
ABI_OFFSET(struct xen_sysctl_cpu_policy, msrs, 24);

#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE		0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE		1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE	2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE	3

struct xen_sysctl_cpu_hotplug {
	uint32_t cpu;
	uint32_t op;			/* XEN_SYSCTL_CPU_HOTPLUG_* */
};
ABI_SIZE(struct xen_sysctl_cpu_hotplug, 8);
ABI_OFFSET(struct xen_sysctl_cpu_hotplug, cpu, 0);
ABI_OFFSET(struct xen_sysctl_cpu_hotplug, op, 4);

/* ---- the call itself ---- */

struct xen_sysctl {
	uint32_t cmd;			/* XEN_SYSCTL_* */
	uint32_t interface_version;
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_pcitopoinfo pcitopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_perfc_op perfc_op;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpu_hotplug cpu_hotplug;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		uint8_t pad[128];
	} u;
};
typedef struct xen_sysctl xen_sysctl_t;
ABI_SIZE(struct xen_sysctl, 136);
ABI_OFFSET(struct xen_sysctl, cmd, 0);
ABI_OFFSET(struct xen_sysctl, interface_version, 4);
ABI_OFFSET(struct xen_sysctl, u, 8);
ABI_OFFSET(struct xen_sysctl, u.readconsole, 8);
ABI_OFFSET(struct xen_sysctl, u.physinfo, 8);
ABI_OFFSET(struct xen_sysctl, u.cputopoinfo, 8);
ABI_OFFSET(struct xen_sysctl, u.pcitopoinfo, 8);
ABI_OFFSET(struct xen_sysctl, u.numainfo, 8);
ABI_OFFSET(struct xen_sysctl, u.sched_id, 8);
ABI_OFFSET(struct xen_sysctl, u.perfc_op, 8);
ABI_OFFSET(struct xen_sysctl, u.getdomaininfolist, 8);
ABI_OFFSET(struct xen_sysctl, u.debug_keys, 8);
ABI_OFFSET(struct xen_sysctl, u.getcpuinfo, 8);
ABI_OFFSET(struct xen_sysctl, u.availheap, 8);
ABI_OFFSET(struct xen_sysctl, u.cpu_hotplug, 8);
ABI_OFFSET(struct xen_sysctl, u.cpupool_op, 8);
ABI_OFFSET(struct xen_sysctl, u.scheduler_op, 8);
ABI_OFFSET(struct xen_sysctl, u.cpu_levelling_caps, 8);
ABI_OFFSET(struct xen_sysctl, u.cpu_featureset, 8);
ABI_OFFSET(struct xen_sysctl, u.cpu_policy, 8);
ABI_OFFSET(struct xen_sysctl, u.pad, 8);

#endif /* ABI_SYSCTL_H */
