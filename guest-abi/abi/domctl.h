/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_domctl: what a control domain does to other domains.  One
 * structure goes in and, for the commands that answer, comes back.  It is
 * version 0x15, that of Xen 4.17; any other version gets -EACCES.
 */
#ifndef ABI_DOMCTL_H
#define ABI_DOMCTL_H

#include <abi/base.h>
#include <abi/event.h>
#include <abi/memory.h>
#include <abi/x86/pv.h>

#define XEN_DOMCTL_INTERFACE_VERSION	0x00000015

/* XEN_DOMCTL_createdomain and so on, from the one list. */
enum abi_domctl {
#define DOMCTL(nr, name, member, dom, flow, back)	XEN_DOMCTL_##name = nr,
#define DOMCTL_NOARG(nr, name, dom, flow)		XEN_DOMCTL_##name = nr,
#define DOMCTL_ABSENT(nr, name)				XEN_DOMCTL_##name = nr,
#include <abi/domctl.def>
};

/* ---- life of a domain ---- */

/* Devices that the hypervisor emulates for it; none for a PV domain. */
#define _XEN_X86_EMU_LAPIC	0
#define XEN_X86_EMU_LAPIC	(1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET	1
#define XEN_X86_EMU_HPET	(1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM		2
#define XEN_X86_EMU_PM		(1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC	3
#define XEN_X86_EMU_RTC		(1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC	4
#define XEN_X86_EMU_IOAPIC	(1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC	5
#define XEN_X86_EMU_PIC		(1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA	6
#define XEN_X86_EMU_VGA		(1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU	7
#define XEN_X86_EMU_IOMMU	(1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT	8
#define XEN_X86_EMU_PIT		(1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ	9
#define XEN_X86_EMU_USE_PIRQ	(1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI	10
#define XEN_X86_EMU_VPCI	(1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL		((XEN_X86_EMU_VPCI << 1) - 1)

#define XEN_X86_MSR_RELAXED	(1u << 0)
#define XEN_X86_MISC_FLAGS_MAX	XEN_X86_MSR_RELAXED

struct xen_arch_domainconfig {
	uint32_t emulation_flags;	/* XEN_X86_EMU_* */
	uint32_t misc_flags;		/* XEN_X86_MSR_RELAXED */
};
ABI_SIZE(struct xen_arch_domainconfig, 8);
ABI_OFFSET(struct xen_arch_domainconfig, emulation_flags, 0);
ABI_OFFSET(struct xen_arch_domainconfig, misc_flags, 4);

#define _XEN_DOMCTL_CDF_hvm		0
#define XEN_DOMCTL_CDF_hvm		(1U << _XEN_DOMCTL_CDF_hvm)
#define _XEN_DOMCTL_CDF_hap		1
#define XEN_DOMCTL_CDF_hap		(1U << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity	2
#define XEN_DOMCTL_CDF_s3_integrity	(1U << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off		3
#define XEN_DOMCTL_CDF_oos_off		(1U << _XEN_DOMCTL_CDF_oos_off)
#define _XEN_DOMCTL_CDF_xs_domain	4
#define XEN_DOMCTL_CDF_xs_domain	(1U << _XEN_DOMCTL_CDF_xs_domain)
#define _XEN_DOMCTL_CDF_iommu		5
#define XEN_DOMCTL_CDF_iommu		(1U << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt	6
#define XEN_DOMCTL_CDF_nested_virt	(1U << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu		(1U << 7)
#define XEN_DOMCTL_CDF_MAX		XEN_DOMCTL_CDF_vpmu

#define _XEN_DOMCTL_IOMMU_no_sharept	0
#define XEN_DOMCTL_IOMMU_no_sharept	(1U << _XEN_DOMCTL_IOMMU_no_sharept)
#define XEN_DOMCTL_IOMMU_MAX		XEN_DOMCTL_IOMMU_no_sharept

#define XEN_DOMCTL_GRANT_version_mask	0xf
#define XEN_DOMCTL_GRANT_version(v)	((v) & XEN_DOMCTL_GRANT_version_mask)

struct xen_domctl_createdomain {
	uint32_t ssidref;
	xen_domain_handle_t handle;
	uint32_t flags;			/* XEN_DOMCTL_CDF_* */
	uint32_t iommu_opts;		/* XEN_DOMCTL_IOMMU_* */
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;
	int32_t max_grant_frames;	/* negative: the default */
	int32_t max_maptrack_frames;
	uint32_t grant_opts;		/* highest grant table version */
	uint32_t vmtrace_size;
	uint32_t cpupool_id;
	struct xen_arch_domainconfig arch;
};
ABI_SIZE(struct xen_domctl_createdomain, 64);
ABI_OFFSET(struct xen_domctl_createdomain, ssidref, 0);
ABI_OFFSET(struct xen_domctl_createdomain, handle, 4);
ABI_OFFSET(struct xen_domctl_createdomain, flags, 20);
ABI_OFFSET(struct xen_domctl_createdomain, iommu_opts, 24);
ABI_OFFSET(struct xen_domctl_createdomain, max_vcpus, 28);
ABI_OFFSET(struct xen_domctl_createdomain, max_evtchn_port, 32);
ABI_OFFSET(struct xen_domctl_createdomain, max_grant_frames, 36);
ABI_OFFSET(struct xen_domctl_createdomain, max_maptrack_frames, 40);
ABI_OFFSET(struct xen_domctl_createdomain, grant_opts, 44);
ABI_OFFSET(struct xen_domctl_createdomain, vmtrace_size, 48);
ABI_OFFSET(struct xen_domctl_createdomain, cpupool_id, 52);
ABI_OFFSET(struct xen_domctl_createdomain, arch, 56);

#define _XEN_DOMINF_dying		0
#define XEN_DOMINF_dying		(1U << _XEN_DOMINF_dying)
#define _XEN_DOMINF_hvm_guest		1
#define XEN_DOMINF_hvm_guest		(1U << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown		2
#define XEN_DOMINF_shutdown		(1U << _XEN_DOMINF_shutdown)
#define _XEN_DOMINF_paused		3
#define XEN_DOMINF_paused		(1U << _XEN_DOMINF_paused)
#define _XEN_DOMINF_blocked		4
#define XEN_DOMINF_blocked		(1U << _XEN_DOMINF_blocked)
#define _XEN_DOMINF_running		5
#define XEN_DOMINF_running		(1U << _XEN_DOMINF_running)
#define _XEN_DOMINF_debugged		6
#define XEN_DOMINF_debugged		(1U << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain		7
#define XEN_DOMINF_xs_domain		(1U << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap			8
#define XEN_DOMINF_hap			(1U << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask		255	/* SHUTDOWN_* ... */
#define XEN_DOMINF_shutdownshift	16	/* ... from this bit on */

#define XEN_INVALID_MAX_VCPU_ID		(~0U)

struct xen_domctl_getdomaininfo {
	domid_t domain;
	uint16_t pad1;
	uint32_t flags;			/* XEN_DOMINF_* */
	uint64_aligned_t tot_pages;
	uint64_aligned_t max_pages;
	uint64_aligned_t outstanding_pages;
	uint64_aligned_t shr_pages;
	uint64_aligned_t paged_pages;
	uint64_aligned_t shared_info_frame;
	uint64_aligned_t cpu_time;	/* ns */
	uint32_t nr_online_vcpus;
	uint32_t max_vcpu_id;
	uint32_t ssidref;
	xen_domain_handle_t handle;
	uint32_t cpupool;
	uint8_t gpaddr_bits;
	uint8_t pad2[7];
	struct xen_arch_domainconfig arch_config;
};
typedef struct xen_domctl_getdomaininfo xen_domctl_getdomaininfo_t;
ABI_SIZE(struct xen_domctl_getdomaininfo, 112);
ABI_OFFSET(struct xen_domctl_getdomaininfo, domain, 0);
ABI_OFFSET(struct xen_domctl_getdomaininfo, pad1, 2);
ABI_OFFSET(struct xen_domctl_getdomaininfo, flags, 4);
ABI_OFFSET(struct xen_domctl_getdomaininfo, tot_pages, 8);
ABI_OFFSET(struct xen_domctl_getdomaininfo, max_pages, 16);
ABI_OFFSET(struct xen_domctl_getdomaininfo, outstanding_pages, 24);
ABI_OFFSET(struct xen_domctl_getdomaininfo, shr_pages, 32);
ABI_OFFSET(struct xen_domctl_getdomaininfo, paged_pages, 40);
ABI_OFFSET(struct xen_domctl_getdomaininfo, shared_info_frame, 48);
ABI_OFFSET(struct xen_domctl_getdomaininfo, cpu_time, 56);
ABI_OFFSET(struct xen_domctl_getdomaininfo, nr_online_vcpus, 64);
ABI_OFFSET(struct xen_domctl_getdomaininfo, max_vcpu_id, 68);
ABI_OFFSET(struct xen_domctl_getdomaininfo, ssidref, 72);
ABI_OFFSET(struct xen_domctl_getdomaininfo, handle, 76);
ABI_OFFSET(struct xen_domctl_getdomaininfo, cpupool, 92);
ABI_OFFSET(struct xen_domctl_getdomaininfo, gpaddr_bits, 96);
ABI_OFFSET(struct xen_domctl_getdomaininfo, pad2, 97);
ABI_OFFSET(struct xen_domctl_getdomaininfo, arch_config, 104);

struct xen_domctl_max_mem {
	uint64_aligned_t max_memkb;
};
ABI_SIZE(struct xen_domctl_max_mem, 8);
ABI_OFFSET(struct xen_domctl_max_mem, max_memkb, 0);

struct xen_domctl_max_vcpus {
	uint32_t max;
};
ABI_SIZE(struct xen_domctl_max_vcpus, 4);
ABI_OFFSET(struct xen_domctl_max_vcpus, max, 0);

struct xen_domctl_setdomainhandle {
	xen_domain_handle_t handle;
};
ABI_SIZE(struct xen_domctl_setdomainhandle, 16);
ABI_OFFSET(struct xen_domctl_setdomainhandle, handle, 0);

struct xen_domctl_setdebugging {
	uint8_t enable;
};
ABI_SIZE(struct xen_domctl_setdebugging, 1);
ABI_OFFSET(struct xen_domctl_setdebugging, enable, 0);

struct xen_domctl_hypercall_init {
	uint64_aligned_t gmfn;
};
ABI_SIZE(struct xen_domctl_hypercall_init, 8);
ABI_OFFSET(struct xen_domctl_hypercall_init, gmfn, 0);

struct xen_domctl_settimeoffset {
	int64_aligned_t time_offset_seconds;
};
ABI_SIZE(struct xen_domctl_settimeoffset, 8);
ABI_OFFSET(struct xen_domctl_settimeoffset, time_offset_seconds, 0);

struct xen_domctl_address_size {
	uint32_t size;			/* 32 or 64 */
};
ABI_SIZE(struct xen_domctl_address_size, 4);
ABI_OFFSET(struct xen_domctl_address_size, size, 0);

struct xen_domctl_set_target {
	domid_t target;
};
ABI_SIZE(struct xen_domctl_set_target, 2);
ABI_OFFSET(struct xen_domctl_set_target, target, 0);

struct xen_domctl_subscribe {
	uint32_t port;
};
ABI_SIZE(struct xen_domctl_subscribe, 4);
ABI_OFFSET(struct xen_domctl_subscribe, port, 0);

struct xen_domctl_set_virq_handler {
	uint32_t virq;			/* a global VIRQ_* goes to this domain */
};
ABI_SIZE(struct xen_domctl_set_virq_handler, 4);
ABI_OFFSET(struct xen_domctl_set_virq_handler, virq, 0);

struct xen_domctl_tsc_info {
	uint32_t tsc_mode;
	uint32_t gtsc_khz;
	uint32_t incarnation;
	uint32_t pad;
	uint64_aligned_t elapsed_nsec;
};
ABI_SIZE(struct xen_domctl_tsc_info, 24);
ABI_OFFSET(struct xen_domctl_tsc_info, tsc_mode, 0);
ABI_OFFSET(struct xen_domctl_tsc_info, gtsc_khz, 4);
ABI_OFFSET(struct xen_domctl_tsc_info, incarnation, 8);
ABI_OFFSET(struct xen_domctl_tsc_info, pad, 12);
ABI_OFFSET(struct xen_domctl_tsc_info, elapsed_nsec, 16);

#define XEN_DOMCTL_SENDTRIGGER_NMI	0
#define XEN_DOMCTL_SENDTRIGGER_RESET	1
#define XEN_DOMCTL_SENDTRIGGER_INIT	2
#define XEN_DOMCTL_SENDTRIGGER_POWER	3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP	4

struct xen_domctl_sendtrigger {
	uint32_t trigger;
	uint32_t vcpu;
};
ABI_SIZE(struct xen_domctl_sendtrigger, 8);
ABI_OFFSET(struct xen_domctl_sendtrigger, trigger, 0);
ABI_OFFSET(struct xen_domctl_sendtrigger, vcpu, 4);

/* ---- frames: types, dirtiness, pools ---- */

#define XEN_DOMCTL_PFINFO_LTAB_SHIFT	28
#define XEN_DOMCTL_PFINFO_NOTAB		(0x0U << 28)
#define XEN_DOMCTL_PFINFO_L1TAB		(0x1U << 28)
#define XEN_DOMCTL_PFINFO_L2TAB		(0x2U << 28)
#define XEN_DOMCTL_PFINFO_L3TAB		(0x3U << 28)
#define XEN_DOMCTL_PFINFO_L4TAB		(0x4U << 28)
#define XEN_DOMCTL_PFINFO_LTABTYPE_MASK	(0x7U << 28)
#define XEN_DOMCTL_PFINFO_LPINTAB	(0x1U << 31)
#define XEN_DOMCTL_PFINFO_XTAB		(0xfU << 28)	/* no such frame */
#define XEN_DOMCTL_PFINFO_XALLOC	(0xeU << 28)	/* to be populated */
#define XEN_DOMCTL_PFINFO_BROKEN	(0xdU << 28)
#define XEN_DOMCTL_PFINFO_LTAB_MASK	(0xfU << 28)

/* Frame numbers in, XEN_DOMCTL_PFINFO_* out, in the same array. */
struct xen_domctl_getpageframeinfo3 {
	uint64_aligned_t num;
	GUEST_HANDLE(xen_pfn_t) array;
};
ABI_SIZE(struct xen_domctl_getpageframeinfo3, 16);
ABI_OFFSET(struct xen_domctl_getpageframeinfo3, num, 0);
ABI_OFFSET(struct xen_domctl_getpageframeinfo3, array, 8);

#define XEN_DOMCTL_SHADOW_OP_OFF		0
#define XEN_DOMCTL_SHADOW_OP_ENABLE_TEST	1
#define XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY	2
#define XEN_DOMCTL_SHADOW_OP_CLEAN		11	/* read and reset */
#define XEN_DOMCTL_SHADOW_OP_PEEK		12	/* read */
#define XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION	30
#define XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION	31
#define XEN_DOMCTL_SHADOW_OP_ENABLE		32

#define XEN_DOMCTL_SHADOW_ENABLE_REFCOUNT	(1 << 1)
#define XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY	(1 << 2)
#define XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE	(1 << 3)
#define XEN_DOMCTL_SHADOW_ENABLE_EXTERNAL	(1 << 4)

/* In mode of CLEAN and PEEK: the guest has stopped, this is the last time. */
#define XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL	(1 << 0)

struct xen_domctl_shadow_op_stats {
	uint32_t fault_count;
	uint32_t dirty_count;
};
ABI_SIZE(struct xen_domctl_shadow_op_stats, 8);
ABI_OFFSET(struct xen_domctl_shadow_op_stats, fault_count, 0);
ABI_OFFSET(struct xen_domctl_shadow_op_stats, dirty_count, 4);

struct xen_domctl_shadow_op {
	uint32_t op;			/* XEN_DOMCTL_SHADOW_OP_* */
	uint32_t mode;
	uint32_t mb;
	GUEST_HANDLE(uint8_t) dirty_bitmap;
	uint64_aligned_t pages;		/* IN: bits wanted.  OUT: written */
	struct xen_domctl_shadow_op_stats stats;	/* OUT */
};
ABI_SIZE(struct xen_domctl_shadow_op, 40);
ABI_OFFSET(struct xen_domctl_shadow_op, op, 0);
ABI_OFFSET(struct xen_domctl_shadow_op, mode, 4);
ABI_OFFSET(struct xen_domctl_shadow_op, mb, 8);
ABI_OFFSET(struct xen_domctl_shadow_op, dirty_bitmap, 16);
ABI_OFFSET(struct xen_domctl_shadow_op, pages, 24);
ABI_OFFSET(struct xen_domctl_shadow_op, stats, 32);

struct xen_domctl_paging_mempool {
	uint64_aligned_t size;		/* bytes */
};
ABI_SIZE(struct xen_domctl_paging_mempool, 8);
ABI_OFFSET(struct xen_domctl_paging_mempool, size, 0);

/* ---- vCPUs ---- */

struct xen_domctl_vcpucontext {
	uint32_t vcpu;
	GUEST_HANDLE(vcpu_guest_context_t) ctxt;
};
ABI_SIZE(struct xen_domctl_vcpucontext, 16);
ABI_OFFSET(struct xen_domctl_vcpucontext, vcpu, 0);
ABI_OFFSET(struct xen_domctl_vcpucontext, ctxt, 8);

struct xen_domctl_getvcpuinfo {
	uint32_t vcpu;			/* IN */
	uint8_t online;
	uint8_t blocked;
	uint8_t running;
	uint64_aligned_t cpu_time;	/* ns */
	uint32_t cpu;			/* where it runs or ran last */
};
ABI_SIZE(struct xen_domctl_getvcpuinfo, 24);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, vcpu, 0);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, online, 4);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, blocked, 5);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, running, 6);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, cpu_time, 8);
ABI_OFFSET(struct xen_domctl_getvcpuinfo, cpu, 16);

#define _XEN_VCPUAFFINITY_HARD	0
#define XEN_VCPUAFFINITY_HARD	(1U << _XEN_VCPUAFFINITY_HARD)
#define _XEN_VCPUAFFINITY_SOFT	1
#define XEN_VCPUAFFINITY_SOFT	(1U << _XEN_VCPUAFFINITY_SOFT)
#define _XEN_VCPUAFFINITY_FORCE	2
#define XEN_VCPUAFFINITY_FORCE	(1U << _XEN_VCPUAFFINITY_FORCE)

struct xen_domctl_vcpuaffinity {
	uint32_t vcpu;
	uint32_t flags;			/* XEN_VCPUAFFINITY_* */
	struct xenctl_bitmap cpumap_hard;	/* IN and OUT, both maps */
	struct xenctl_bitmap cpumap_soft;
};
ABI_SIZE(struct xen_domctl_vcpuaffinity, 40);
ABI_OFFSET(struct xen_domctl_vcpuaffinity, vcpu, 0);
ABI_OFFSET(struct xen_domctl_vcpuaffinity, flags, 4);
ABI_OFFSET(struct xen_domctl_vcpuaffinity, cpumap_hard, 8);
ABI_OFFSET(struct xen_domctl_vcpuaffinity, cpumap_soft, 24);

struct xen_domctl_nodeaffinity {
	struct xenctl_bitmap nodemap;
};
ABI_SIZE(struct xen_domctl_nodeaffinity, 16);
ABI_OFFSET(struct xen_domctl_nodeaffinity, nodemap, 0);

struct hvm_vmce_vcpu {
	uint64_t caps;
	uint64_t mci_ctl2_bank0;
	uint64_t mci_ctl2_bank1;
	uint64_t mcg_ext_ctl;
};
ABI_SIZE(struct hvm_vmce_vcpu, 32);
ABI_OFFSET(struct hvm_vmce_vcpu, caps, 0);
ABI_OFFSET(struct hvm_vmce_vcpu, mci_ctl2_bank0, 8);
ABI_OFFSET(struct hvm_vmce_vcpu, mci_ctl2_bank1, 16);
ABI_OFFSET(struct hvm_vmce_vcpu, mcg_ext_ctl, 24);

struct xen_domctl_ext_vcpucontext {
	uint32_t vcpu;
	uint32_t size;			/* of this structure */
	uint64_aligned_t syscall32_callback_eip;
	uint64_aligned_t sysenter_callback_eip;
	uint16_t syscall32_callback_cs;
	uint16_t sysenter_callback_cs;
	uint8_t syscall32_disables_events;
	uint8_t sysenter_disables_events;
	union {
		uint64_aligned_t mcg_cap;
		struct hvm_vmce_vcpu vmce;
	};
};
ABI_SIZE(struct xen_domctl_ext_vcpucontext, 64);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, vcpu, 0);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, size, 4);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, syscall32_callback_eip, 8);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, sysenter_callback_eip, 16);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, syscall32_callback_cs, 24);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, sysenter_callback_cs, 26);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, syscall32_disables_events, 28);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, sysenter_disables_events, 29);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, mcg_cap, 32);
ABI_OFFSET(struct xen_domctl_ext_vcpucontext, vmce, 32);

struct xen_domctl_vcpuextstate {
	uint32_t vcpu;
	uint64_aligned_t xfeature_mask;
	uint64_aligned_t size;		/* null buffer: asks for it */
	GUEST_HANDLE(uint64_t) buffer;
};
ABI_SIZE(struct xen_domctl_vcpuextstate, 32);
ABI_OFFSET(struct xen_domctl_vcpuextstate, vcpu, 0);
ABI_OFFSET(struct xen_domctl_vcpuextstate, xfeature_mask, 8);
ABI_OFFSET(struct xen_domctl_vcpuextstate, size, 16);
ABI_OFFSET(struct xen_domctl_vcpuextstate, buffer, 24);

struct xen_domctl_vcpu_msr {
	uint32_t index;
	uint32_t reserved;
	uint64_aligned_t value;
};
typedef struct xen_domctl_vcpu_msr xen_domctl_vcpu_msr_t;
ABI_SIZE(struct xen_domctl_vcpu_msr, 16);
ABI_OFFSET(struct xen_domctl_vcpu_msr, index, 0);
ABI_OFFSET(struct xen_domctl_vcpu_msr, reserved, 4);
ABI_OFFSET(struct xen_domctl_vcpu_msr, value, 8);

struct xen_domctl_vcpu_msrs {
	uint32_t vcpu;
	uint32_t msr_count;		/* null msrs: asks for it */
	GUEST_HANDLE(xen_domctl_vcpu_msr_t) msrs;
};
ABI_SIZE(struct xen_domctl_vcpu_msrs, 16);
ABI_OFFSET(struct xen_domctl_vcpu_msrs, vcpu, 0);
ABI_OFFSET(struct xen_domctl_vcpu_msrs, msr_count, 4);
ABI_OFFSET(struct xen_domctl_vcpu_msrs, msrs, 8);

#define XEN_CPUID_INPUT_UNUSED	0xFFFFFFFF

struct xen_domctl_cpu_policy {
	uint32_t nr_leaves;		/* IN: room.  OUT: written */
	uint32_t nr_msrs;
	GUEST_HANDLE(xen_cpuid_leaf_t) leaves;
	GUEST_HANDLE(xen_msr_entry_t) msrs;
	uint32_t err_leaf, err_subleaf, err_msr;	/* OUT, set only */
};
typedef struct xen_domctl_cpu_policy xen_domctl_cpu_policy_t;
ABI_SIZE(struct xen_domctl_cpu_policy, 40);
ABI_OFFSET(struct xen_domctl_cpu_policy, nr_leaves, 0);
ABI_OFFSET(struct xen_domctl_cpu_policy, nr_msrs, 4);
ABI_OFFSET(struct xen_domctl_cpu_policy, leaves, 8);
ABI_OFFSET(struct xen_domctl_cpu_policy, msrs, 16);
ABI_OFFSET(struct xen_domctl_cpu_policy, err_leaf, 24);
ABI_OFFSET(struct xen_domctl_cpu_policy, err_subleaf, 28);
ABI_OFFSET(struct xen_domctl_cpu_policy, err_msr, 32);

struct xen_domctl_hvmcontext {
	uint32_t size;			/* null buffer: asks for it */
	GUEST_HANDLE(uint8_t) buffer;
};
ABI_SIZE(struct xen_domctl_hvmcontext, 16);
ABI_OFFSET(struct xen_domctl_hvmcontext, size, 0);
ABI_OFFSET(struct xen_domctl_hvmcontext, buffer, 8);

struct xen_domctl_hvmcontext_partial {
	uint32_t type;
	uint32_t instance;
	uint64_aligned_t bufsz;
	GUEST_HANDLE(uint8_t) buffer;
};
ABI_SIZE(struct xen_domctl_hvmcontext_partial, 24);
ABI_OFFSET(struct xen_domctl_hvmcontext_partial, type, 0);
ABI_OFFSET(struct xen_domctl_hvmcontext_partial, instance, 4);
ABI_OFFSET(struct xen_domctl_hvmcontext_partial, bufsz, 8);
ABI_OFFSET(struct xen_domctl_hvmcontext_partial, buffer, 16);

struct xen_domctl_debug_op {
	uint32_t op;
	uint32_t vcpu;
};
ABI_SIZE(struct xen_domctl_debug_op, 8);
ABI_OFFSET(struct xen_domctl_debug_op, op, 0);
ABI_OFFSET(struct xen_domctl_debug_op, vcpu, 4);

#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_OFF	0
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_ON	1

/* ---- scheduling ---- */

#define XEN_SCHEDULER_CREDIT	5
#define XEN_SCHEDULER_CREDIT2	6
#define XEN_SCHEDULER_ARINC653	7
#define XEN_SCHEDULER_RTDS	8
#define XEN_SCHEDULER_NULL	9

struct xen_domctl_sched_credit {
	uint16_t weight;
	uint16_t cap;			/* per cent of one CPU, 0: no cap */
};
ABI_SIZE(struct xen_domctl_sched_credit, 4);
ABI_OFFSET(struct xen_domctl_sched_credit, weight, 0);
ABI_OFFSET(struct xen_domctl_sched_credit, cap, 2);

struct xen_domctl_sched_credit2 {
	uint16_t weight;
	uint16_t cap;
};
ABI_SIZE(struct xen_domctl_sched_credit2, 4);
ABI_OFFSET(struct xen_domctl_sched_credit2, weight, 0);
ABI_OFFSET(struct xen_domctl_sched_credit2, cap, 2);

#define _XEN_DOMCTL_SCHEDRT_extra	0
#define XEN_DOMCTL_SCHEDRT_extra	(1U << _XEN_DOMCTL_SCHEDRT_extra)

struct xen_domctl_sched_rtds {
	uint32_t period;
	uint32_t budget;
	uint32_t flags;			/* XEN_DOMCTL_SCHEDRT_* */
};
ABI_SIZE(struct xen_domctl_sched_rtds, 12);
ABI_OFFSET(struct xen_domctl_sched_rtds, period, 0);
ABI_OFFSET(struct xen_domctl_sched_rtds, budget, 4);
ABI_OFFSET(struct xen_domctl_sched_rtds, flags, 8);

struct xen_domctl_schedparam_vcpu {
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
	} u;
	uint32_t vcpuid;
};
typedef struct xen_domctl_schedparam_vcpu xen_domctl_schedparam_vcpu_t;
ABI_SIZE(struct xen_domctl_schedparam_vcpu, 16);
ABI_OFFSET(struct xen_domctl_schedparam_vcpu, u, 0);
ABI_OFFSET(struct xen_domctl_schedparam_vcpu, u.credit, 0);
ABI_OFFSET(struct xen_domctl_schedparam_vcpu, u.credit2, 0);
ABI_OFFSET(struct xen_domctl_schedparam_vcpu, u.rtds, 0);
ABI_OFFSET(struct xen_domctl_schedparam_vcpu, vcpuid, 12);

#define XEN_DOMCTL_SCHEDOP_putinfo	0
#define XEN_DOMCTL_SCHEDOP_getinfo	1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo	2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo	3

struct xen_domctl_scheduler_op {
	uint32_t sched_id;		/* XEN_SCHEDULER_* */
	uint32_t cmd;			/* XEN_DOMCTL_SCHEDOP_* */
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
		struct {
			GUEST_HANDLE(xen_domctl_schedparam_vcpu_t) vcpus;
			uint32_t nr_vcpus;	/* IN, OUT: done */
			uint32_t padding;
		} v;
	} u;
};
ABI_SIZE(struct xen_domctl_scheduler_op, 24);
ABI_OFFSET(struct xen_domctl_scheduler_op, sched_id, 0);
ABI_OFFSET(struct xen_domctl_scheduler_op, cmd, 4);
ABI_OFFSET(struct xen_domctl_scheduler_op, u, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.credit, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.credit2, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.rtds, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.v, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.v.vcpus, 8);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.v.nr_vcpus, 16);
ABI_OFFSET(struct xen_domctl_scheduler_op, u.v.padding, 20);

/* ---- hardware for a domain ---- */

struct xen_domctl_irq_permission {
	uint32_t pirq;
	uint8_t allow_access;
	uint8_t pad[3];
};
ABI_SIZE(struct xen_domctl_irq_permission, 8);
ABI_OFFSET(struct xen_domctl_irq_permission, pirq, 0);
ABI_OFFSET(struct xen_domctl_irq_permission, allow_access, 4);
ABI_OFFSET(struct xen_domctl_irq_permission, pad, 5);

struct xen_domctl_iomem_permission {
	uint64_aligned_t first_mfn;
	uint64_aligned_t nr_mfns;
	uint8_t allow_access;
};
ABI_SIZE(struct xen_domctl_iomem_permission, 24);
ABI_OFFSET(struct xen_domctl_iomem_permission, first_mfn, 0);
ABI_OFFSET(struct xen_domctl_iomem_permission, nr_mfns, 8);
ABI_OFFSET(struct xen_domctl_iomem_permission, allow_access, 16);

struct xen_domctl_ioport_permission {
	uint32_t first_port;
	uint32_t nr_ports;
	uint8_t allow_access;
};
ABI_SIZE(struct xen_domctl_ioport_permission, 12);
ABI_OFFSET(struct xen_domctl_ioport_permission, first_port, 0);
ABI_OFFSET(struct xen_domctl_ioport_permission, nr_ports, 4);
ABI_OFFSET(struct xen_domctl_ioport_permission, allow_access, 8);

#define DPCI_REMOVE_MAPPING	0
#define DPCI_ADD_MAPPING	1

struct xen_domctl_memory_mapping {
	uint64_aligned_t first_gfn;
	uint64_aligned_t first_mfn;
	uint64_aligned_t nr_mfns;
	uint32_t add_mapping;		/* DPCI_* */
	uint32_t padding;
};
ABI_SIZE(struct xen_domctl_memory_mapping, 32);
ABI_OFFSET(struct xen_domctl_memory_mapping, first_gfn, 0);
ABI_OFFSET(struct xen_domctl_memory_mapping, first_mfn, 8);
ABI_OFFSET(struct xen_domctl_memory_mapping, nr_mfns, 16);
ABI_OFFSET(struct xen_domctl_memory_mapping, add_mapping, 24);
ABI_OFFSET(struct xen_domctl_memory_mapping, padding, 28);

struct xen_domctl_ioport_mapping {
	uint32_t first_gport;
	uint32_t first_mport;
	uint32_t nr_ports;
	uint32_t add_mapping;		/* DPCI_* */
};
ABI_SIZE(struct xen_domctl_ioport_mapping, 16);
ABI_OFFSET(struct xen_domctl_ioport_mapping, first_gport, 0);
ABI_OFFSET(struct xen_domctl_ioport_mapping, first_mport, 4);
ABI_OFFSET(struct xen_domctl_ioport_mapping, nr_ports, 8);
ABI_OFFSET(struct xen_domctl_ioport_mapping, add_mapping, 12);

#define XEN_DOMCTL_DEV_PCI		0
#define XEN_DOMCTL_DEV_DT		1
#define XEN_DOMCTL_DEV_RDM_RELAXED	1

struct xen_domctl_assign_device {
	uint32_t dev;			/* XEN_DOMCTL_DEV_PCI */
	uint32_t flags;			/* XEN_DOMCTL_DEV_RDM_* */
	union {
		struct {
			uint32_t machine_sbdf;	/* segment, bus, slot, function */
		} pci;
		struct {
			uint32_t size;
			GUEST_HANDLE(char) path;
		} dt;
	} u;
};
ABI_SIZE(struct xen_domctl_assign_device, 24);
ABI_OFFSET(struct xen_domctl_assign_device, dev, 0);
ABI_OFFSET(struct xen_domctl_assign_device, flags, 4);
ABI_OFFSET(struct xen_domctl_assign_device, u, 8);
ABI_OFFSET(struct xen_domctl_assign_device, u.pci, 8);
ABI_OFFSET(struct xen_domctl_assign_device, u.pci.machine_sbdf, 8);
ABI_OFFSET(struct xen_domctl_assign_device, u.dt, 8);
ABI_OFFSET(struct xen_domctl_assign_device, u.dt.size, 8);
ABI_OFFSET(struct xen_domctl_assign_device, u.dt.path, 16);

struct xen_domctl_get_device_group {
	uint32_t machine_sbdf;
	uint32_t max_sdevs;
	uint32_t num_sdevs;		/* OUT */
	GUEST_HANDLE(uint32_t) sdev_array;
};
ABI_SIZE(struct xen_domctl_get_device_group, 24);
ABI_OFFSET(struct xen_domctl_get_device_group, machine_sbdf, 0);
ABI_OFFSET(struct xen_domctl_get_device_group, max_sdevs, 4);
ABI_OFFSET(struct xen_domctl_get_device_group, num_sdevs, 8);
ABI_OFFSET(struct xen_domctl_get_device_group, sdev_array, 16);

enum pt_irq_type {
	PT_IRQ_TYPE_PCI,
	PT_IRQ_TYPE_ISA,
	PT_IRQ_TYPE_MSI,
	PT_IRQ_TYPE_MSI_TRANSLATE,
	PT_IRQ_TYPE_SPI,
};

#define XEN_DOMCTL_VMSI_X86_DEST_ID_MASK	0x0000ff
#define XEN_DOMCTL_VMSI_X86_RH_MASK		0x000100
#define XEN_DOMCTL_VMSI_X86_DM_MASK		0x000200
#define XEN_DOMCTL_VMSI_X86_DELIV_MASK		0x007000
#define XEN_DOMCTL_VMSI_X86_TRIG_MASK		0x008000
#define XEN_DOMCTL_VMSI_X86_UNMASKED		0x010000

struct xen_domctl_bind_pt_irq {
	uint32_t machine_irq;
	uint32_t irq_type;		/* enum pt_irq_type */
	union {
		struct {
			uint8_t isa_irq;
		} isa;
		struct {
			uint8_t bus;
			uint8_t device;
			uint8_t intx;
		} pci;
		struct {
			uint8_t gvec;
			uint32_t gflags;	/* XEN_DOMCTL_VMSI_X86_* */
			uint64_aligned_t gtable;
		} msi;
		struct {
			uint16_t spi;
		} spi;
	} u;
};
ABI_SIZE(struct xen_domctl_bind_pt_irq, 24);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, machine_irq, 0);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, irq_type, 4);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.isa, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.isa.isa_irq, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.pci, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.pci.bus, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.pci.device, 9);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.pci.intx, 10);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.msi, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.msi.gvec, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.msi.gflags, 12);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.msi.gtable, 16);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.spi, 8);
ABI_OFFSET(struct xen_domctl_bind_pt_irq, u.spi.spi, 8);

#define XEN_DOMCTL_MEM_CACHEATTR_UC	0
#define XEN_DOMCTL_MEM_CACHEATTR_WC	1
#define XEN_DOMCTL_MEM_CACHEATTR_WT	4
#define XEN_DOMCTL_MEM_CACHEATTR_WP	5
#define XEN_DOMCTL_MEM_CACHEATTR_WB	6
#define XEN_DOMCTL_MEM_CACHEATTR_UCM	7
#define XEN_DOMCTL_DELETE_MEM_CACHEATTR	(~(uint32_t)0)

/* ---- virtual NUMA ---- */

struct xen_domctl_vnuma {
	uint32_t nr_vnodes;
	uint32_t nr_vmemranges;
	uint32_t nr_vcpus;
	uint32_t pad;
	GUEST_HANDLE(unsigned int) vdistance;
	GUEST_HANDLE(unsigned int) vcpu_to_vnode;
	GUEST_HANDLE(unsigned int) vnode_to_pnode;
	GUEST_HANDLE(xen_vmemrange_t) vmemrange;
};
ABI_SIZE(struct xen_domctl_vnuma, 48);
ABI_OFFSET(struct xen_domctl_vnuma, nr_vnodes, 0);
ABI_OFFSET(struct xen_domctl_vnuma, nr_vmemranges, 4);
ABI_OFFSET(struct xen_domctl_vnuma, nr_vcpus, 8);
ABI_OFFSET(struct xen_domctl_vnuma, pad, 12);
ABI_OFFSET(struct xen_domctl_vnuma, vdistance, 16);
ABI_OFFSET(struct xen_domctl_vnuma, vcpu_to_vnode, 24);
ABI_OFFSET(struct xen_domctl_vnuma, vnode_to_pnode, 32);
ABI_OFFSET(struct xen_domctl_vnuma, vmemrange, 40);

/* ---- the call itself ---- */

struct xen_domctl {
	uint32_t cmd;			/* XEN_DOMCTL_* */
	uint32_t interface_version;
	domid_t domain;
	uint16_t _pad[3];
	union {
		struct xen_domctl_createdomain createdomain;
		struct xen_domctl_getdomaininfo getdomaininfo;
		struct xen_domctl_getpageframeinfo3 getpageframeinfo3;
		struct xen_domctl_nodeaffinity nodeaffinity;
		struct xen_domctl_vcpuaffinity vcpuaffinity;
		struct xen_domctl_shadow_op shadow_op;
		struct xen_domctl_max_mem max_mem;
		struct xen_domctl_vcpucontext vcpucontext;
		struct xen_domctl_getvcpuinfo getvcpuinfo;
		struct xen_domctl_max_vcpus max_vcpus;
		struct xen_domctl_scheduler_op scheduler_op;
		struct xen_domctl_setdomainhandle setdomainhandle;
		struct xen_domctl_setdebugging setdebugging;
		struct xen_domctl_irq_permission irq_permission;
		struct xen_domctl_iomem_permission iomem_permission;
		struct xen_domctl_ioport_permission ioport_permission;
		struct xen_domctl_hypercall_init hypercall_init;
		struct xen_domctl_settimeoffset settimeoffset;
		struct xen_domctl_tsc_info tsc_info;
		struct xen_domctl_hvmcontext hvmcontext;
		struct xen_domctl_hvmcontext_partial hvmcontext_partial;
		struct xen_domctl_address_size address_size;
		struct xen_domctl_sendtrigger sendtrigger;
		struct xen_domctl_get_device_group get_device_group;
		struct xen_domctl_assign_device assign_device;
		struct xen_domctl_bind_pt_irq bind_pt_irq;
		struct xen_domctl_memory_mapping memory_mapping;
		struct xen_domctl_ioport_mapping ioport_mapping;
		struct xen_domctl_ext_vcpucontext ext_vcpucontext;
		struct xen_domctl_set_target set_target;
		struct xen_domctl_subscribe subscribe;
		struct xen_domctl_debug_op debug_op;
		struct xen_domctl_cpu_policy cpu_policy;
		struct xen_domctl_vcpuextstate vcpuextstate;
		struct xen_domctl_vcpu_msrs vcpu_msrs;
		struct xen_domctl_set_virq_handler set_virq_handler;
		struct xen_domctl_vnuma vnuma;
		struct xen_domctl_paging_mempool paging_mempool;
		uint8_t pad[128];
	} u;
};
typedef struct xen_domctl xen_domctl_t;
ABI_SIZE(struct xen_domctl, 144);
ABI_OFFSET(struct xen_domctl, cmd, 0);
ABI_OFFSET(struct xen_domctl, interface_version, 4);
ABI_OFFSET(struct xen_domctl, domain, 8);
ABI_OFFSET(struct xen_domctl, _pad, 10);
ABI_OFFSET(struct xen_domctl, u, 16);
ABI_OFFSET(struct xen_domctl, u.createdomain, 16);
ABI_OFFSET(struct xen_domctl, u.getdomaininfo, 16);
ABI_OFFSET(struct xen_domctl, u.getpageframeinfo3, 16);
ABI_OFFSET(struct xen_domctl, u.nodeaffinity, 16);
ABI_OFFSET(struct xen_domctl, u.vcpuaffinity, 16);
ABI_OFFSET(struct xen_domctl, u.shadow_op, 16);
ABI_OFFSET(struct xen_domctl, u.max_mem, 16);
ABI_OFFSET(struct xen_domctl, u.vcpucontext, 16);
ABI_OFFSET(struct xen_domctl, u.getvcpuinfo, 16);
ABI_OFFSET(struct xen_domctl, u.max_vcpus, 16);
ABI_OFFSET(struct xen_domctl, u.scheduler_op, 16);
ABI_OFFSET(struct xen_domctl, u.setdomainhandle, 16);
ABI_OFFSET(struct xen_domctl, u.setdebugging, 16);
ABI_OFFSET(struct xen_domctl, u.irq_permission, 16);
ABI_OFFSET(struct xen_domctl, u.iomem_permission, 16);
ABI_OFFSET(struct xen_domctl, u.ioport_permission, 16);
ABI_OFFSET(struct xen_domctl, u.hypercall_init, 16);
ABI_OFFSET(struct xen_domctl, u.settimeoffset, 16);
ABI_OFFSET(struct xen_domctl, u.tsc_info, 16);
ABI_OFFSET(struct xen_domctl, u.hvmcontext, 16);
ABI_OFFSET(struct xen_domctl, u.hvmcontext_partial, 16);
ABI_OFFSET(struct xen_domctl, u.address_size, 16);
ABI_OFFSET(struct xen_domctl, u.sendtrigger, 16);
ABI_OFFSET(struct xen_domctl, u.get_device_group, 16);
ABI_OFFSET(struct xen_domctl, u.assign_device, 16);
ABI_OFFSET(struct xen_domctl, u.bind_pt_irq, 16);
ABI_OFFSET(struct xen_domctl, u.memory_mapping, 16);
ABI_OFFSET(struct xen_domctl, u.ioport_mapping, 16);
ABI_OFFSET(struct xen_domctl, u.ext_vcpucontext, 16);
ABI_OFFSET(struct xen_domctl, u.set_target, 16);
ABI_OFFSET(struct xen_domctl, u.subscribe, 16);
ABI_OFFSET(struct xen_domctl, u.debug_op, 16);
ABI_OFFSET(struct xen_domctl, u.cpu_policy, 16);
ABI_OFFSET(struct xen_domctl, u.vcpuextstate, 16);
ABI_OFFSET(struct xen_domctl, u.vcpu_msrs, 16);
ABI_OFFSET(struct xen_domctl, u.set_virq_handler, 16);
ABI_OFFSET(struct xen_domctl, u.vnuma, 16);
ABI_OFFSET(struct xen_domctl, u.paging_mempool, 16);
ABI_OFFSET(struct xen_domctl, u.pad, 16);

#endif /* ABI_DOMCTL_H */
