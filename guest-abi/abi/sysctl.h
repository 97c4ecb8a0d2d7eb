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

struct xen_sysctl_debug_keys {
	GUEST_HANDLE(const char) keys;
	uint32_t nr_keys;
};

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

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime;	/* ns */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;
	GUEST_HANDLE(xen_sysctl_cpuinfo_t) info;
	uint32_t nr_cpus;		/* OUT */
};

struct xen_sysctl_availheap {
	uint32_t min_bitwidth;
	uint32_t max_bitwidth;
	int32_t node;			/* -1: all */
	uint64_aligned_t avail_bytes;	/* OUT */
};

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

/* Here and below a null handle asks for the count alone. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	GUEST_HANDLE(xen_sysctl_cputopo_t) cputopo;
};

struct xen_sysctl_meminfo {
	uint64_t memsize;
	uint64_t memfree;
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;

struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	GUEST_HANDLE(xen_sysctl_meminfo_t) meminfo;
	GUEST_HANDLE(uint32_t) distance;	/* num_nodes squared */
};

struct xen_sysctl_pcitopoinfo {
	uint32_t num_devs;
	GUEST_HANDLE(physdev_pci_device_t) devs;
	GUEST_HANDLE(uint32_t) nodes;
};

/* ---- domains ---- */

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;
	uint32_t max_domains;
	GUEST_HANDLE(xen_domctl_getdomaininfo_t) buffer;
	uint32_t num_domains;		/* OUT */
};

/* ---- counters ---- */

#define XEN_SYSCTL_PERFCOP_reset	1
#define XEN_SYSCTL_PERFCOP_query	2

struct xen_sysctl_perfc_desc {
	char name[80];
	uint32_t nr_vals;
};
typedef struct xen_sysctl_perfc_desc xen_sysctl_perfc_desc_t;

typedef uint32_t xen_sysctl_perfc_val_t;

struct xen_sysctl_perfc_op {
	uint32_t cmd;			/* XEN_SYSCTL_PERFCOP_* */
	uint32_t nr_counters;		/* OUT */
	uint32_t nr_vals;		/* OUT */
	GUEST_HANDLE(xen_sysctl_perfc_desc_t) desc;
	GUEST_HANDLE(xen_sysctl_perfc_val_t) val;
};

/* ---- scheduling ---- */

struct xen_sysctl_sched_id {
	uint32_t sched_id;		/* XEN_SCHEDULER_* */
};

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

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};

struct xen_sysctl_sched_arinc653 {
	GUEST_HANDLE(xen_sysctl_arinc653_schedule_t) schedule;
};

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

#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE		0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE		1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE	2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE	3

struct xen_sysctl_cpu_hotplug {
	uint32_t cpu;
	uint32_t op;			/* XEN_SYSCTL_CPU_HOTPLUG_* */
};

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

#endif /* ABI_SYSCTL_H */
