/* SPDX-License-Identifier: MIT */
/*
 * The middle of the guest contract: hypercall numbers, virtual interrupts,
 * page-table requests, multicalls, the pages that guest and hypervisor share
 * (shared_info with its vcpu_info and clocks) and the start-of-day page.
 *
 * Everything in shared_info is writable by the guest at any moment; the
 * hypervisor reads such a field once and believes nothing about it.
 */
#ifndef ABI_CORE_H
#define ABI_CORE_H

#include <abi/base.h>
#include <abi/elfnote.h>
#include <abi/version.h>

/* __HYPERVISOR_mmu_update and so on, from the one list of calls. */
enum abi_hypercall {
#define HYPERCALL(nr, name, nargs, who, flow)	__HYPERVISOR_##name = nr,
#define HYPERCALL_ABSENT(nr, name)		__HYPERVISOR_##name = nr,
#include <abi/hypercalls.def>
	__HYPERVISOR_mca = __HYPERVISOR_arch_0,
	ABI_NR_HYPERCALLS = 56,
};

/* ---- the address space that a 64-bit guest does not own ---- */

#define __HYPERVISOR_VIRT_START	0xFFFF800000000000
#define __HYPERVISOR_VIRT_END	0xFFFF880000000000
#define __MACH2PHYS_VIRT_START	0xFFFF800000000000
#define __MACH2PHYS_VIRT_END	0xFFFF804000000000

#define HYPERVISOR_VIRT_START	0xFFFF800000000000UL
#define HYPERVISOR_VIRT_END	0xFFFF880000000000UL
#define MACH2PHYS_VIRT_START	0xFFFF800000000000UL
#define MACH2PHYS_VIRT_END	0xFFFF804000000000UL
#define MACH2PHYS_NR_ENTRIES	((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* ---- virtual interrupts ---- */

#define VIRQ_TIMER	0	/* per vCPU: the one-shot or periodic timer */
#define VIRQ_DEBUG	1	/* per vCPU: dump your state */
#define VIRQ_CONSOLE	2	/* control domain: bytes on the serial line */
#define VIRQ_DOM_EXC	3	/* store daemon: some domain changed its fate */
#define VIRQ_TBUF	4
#define VIRQ_DEBUGGER	6
#define VIRQ_XENOPROF	7	/* per vCPU */
#define VIRQ_CON_RING	8	/* control domain: new hypervisor log text */
#define VIRQ_PCPU_STATE	9
#define VIRQ_MEM_EVENT	10
#define VIRQ_ARGO	11
#define VIRQ_ENOMEM	12
#define VIRQ_XENPMU	13	/* per vCPU */
#define VIRQ_ARCH_0	16
#define VIRQ_ARCH_1	17
#define VIRQ_ARCH_2	18
#define VIRQ_ARCH_3	19
#define VIRQ_ARCH_4	20
#define VIRQ_ARCH_5	21
#define VIRQ_ARCH_6	22
#define VIRQ_ARCH_7	23
#define NR_VIRQS	24
#define VIRQ_MCA	VIRQ_ARCH_0

/* ---- page tables ---- */

/* Low two bits of mmu_update.ptr say what the rest of it means. */
#define MMU_NORMAL_PT_UPDATE		0	/* checked store of an entry */
#define MMU_MACHPHYS_UPDATE		1	/* M2P[ptr >> 12] = val */
#define MMU_PT_UPDATE_PRESERVE_AD	2	/* keeps Accessed and Dirty */
#define MMU_PT_UPDATE_NO_TRANSLATE	3	/* val holds a machine frame */

struct mmu_update {
	uint64_t ptr;		/* machine address of the entry, and a command */
	uint64_t val;
};
typedef struct mmu_update mmu_update_t;
ABI_SIZE(struct mmu_update, 16);
ABI_OFFSET(struct mmu_update, ptr, 0);
ABI_OFFSET(struct mmu_update, val, 8);

#define MMUEXT_PIN_L1_TABLE		0
#define MMUEXT_PIN_L2_TABLE		1
#define MMUEXT_PIN_L3_TABLE		2
#define MMUEXT_PIN_L4_TABLE		3
#define MMUEXT_UNPIN_TABLE		4
#define MMUEXT_NEW_BASEPTR		5
#define MMUEXT_TLB_FLUSH_LOCAL		6
#define MMUEXT_INVLPG_LOCAL		7
#define MMUEXT_TLB_FLUSH_MULTI		8
#define MMUEXT_INVLPG_MULTI		9
#define MMUEXT_TLB_FLUSH_ALL		10
#define MMUEXT_INVLPG_ALL		11
#define MMUEXT_FLUSH_CACHE		12
#define MMUEXT_SET_LDT			13
#define MMUEXT_NEW_USER_BASEPTR		15
#define MMUEXT_CLEAR_PAGE		16
#define MMUEXT_COPY_PAGE		17
#define MMUEXT_FLUSH_CACHE_GLOBAL	18
#define MMUEXT_MARK_SUPER		19
#define MMUEXT_UNMARK_SUPER		20

struct mmuext_op {
	unsigned int cmd;
	union {
		xen_pfn_t mfn;			/* pin, unpin, base, clear, copy */
		unsigned long linear_addr;	/* invlpg, LDT */
	} arg1;
	union {
		unsigned int nr_ents;		/* LDT */
		GUEST_HANDLE(const void) vcpumask;	/* the MULTI ones */
		xen_pfn_t src_mfn;		/* copy */
	} arg2;
};
typedef struct mmuext_op mmuext_op_t;
ABI_SIZE(struct mmuext_op, 24);
ABI_OFFSET(struct mmuext_op, cmd, 0);
ABI_OFFSET(struct mmuext_op, arg1, 8);
ABI_OFFSET(struct mmuext_op, arg1.mfn, 8);
ABI_OFFSET(struct mmuext_op, arg1.linear_addr, 8);
ABI_OFFSET(struct mmuext_op, arg2, 16);
ABI_OFFSET(struct mmuext_op, arg2.nr_ents, 16);
ABI_OFFSET(struct mmuext_op, arg2.vcpumask, 16);
ABI_OFFSET(struct mmuext_op, arg2.src_mfn, 16);

/*
 * Flags of update_va_mapping: what to flush, and where.  With UVMF_MULTI the
 * remaining bits are the address of a vCPU bitmap.
 */
#define UVMF_NONE		0UL
#define UVMF_TLB_FLUSH		1UL
#define UVMF_INVLPG		2UL
#define UVMF_FLUSHTYPE_MASK	3UL
#define UVMF_MULTI		(0UL << 2)
#define UVMF_LOCAL		(0UL << 2)
#define UVMF_ALL		(1UL << 2)

/* ---- small calls ---- */

#define CONSOLEIO_write		0
#define CONSOLEIO_read		1

#define VMASST_CMD_enable	0
#define VMASST_CMD_disable	1

#define VMASST_TYPE_4gb_segments		0
#define VMASST_TYPE_4gb_segments_notify		1
#define VMASST_TYPE_writable_pagetables		2
#define VMASST_TYPE_pae_extended_cr3		3
#define VMASST_TYPE_architectural_iopl		4
#define VMASST_TYPE_runstate_update_flag	5
#define VMASST_TYPE_m2p_strict			32

struct multicall_entry {
	xen_ulong_t op, result;
	xen_ulong_t args[6];
};
typedef struct multicall_entry multicall_entry_t;
ABI_SIZE(struct multicall_entry, 64);
ABI_OFFSET(struct multicall_entry, op, 0);
ABI_OFFSET(struct multicall_entry, result, 8);
ABI_OFFSET(struct multicall_entry, args, 16);

/* ---- the shared page ---- */

#define XEN_LEGACY_MAX_VCPUS	32	/* vcpu_info slots in shared_info */

/*
 * A per-vCPU clock.  Odd version: an update is under way.
 * ns = system_time + ((tsc - tsc_timestamp) << tsc_shift) * mul >> 32, where
 * a negative shift goes right.
 */
struct vcpu_time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;
ABI_SIZE(struct vcpu_time_info, 32);
ABI_OFFSET(struct vcpu_time_info, version, 0);
ABI_OFFSET(struct vcpu_time_info, pad0, 4);
ABI_OFFSET(struct vcpu_time_info, tsc_timestamp, 8);
ABI_OFFSET(struct vcpu_time_info, system_time, 16);
ABI_OFFSET(struct vcpu_time_info, tsc_to_system_mul, 24);
ABI_OFFSET(struct vcpu_time_info, tsc_shift, 28);
ABI_OFFSET(struct vcpu_time_info, flags, 29);
ABI_OFFSET(struct vcpu_time_info, pad1, 30);

#define XEN_PVCLOCK_TSC_STABLE_BIT	(1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED	(1 << 1)

struct arch_vcpu_info {
	unsigned long cr2;		/* address of the last page fault */
	unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;
ABI_SIZE(struct arch_vcpu_info, 16);
ABI_OFFSET(struct arch_vcpu_info, cr2, 0);
ABI_OFFSET(struct arch_vcpu_info, pad, 8);

struct vcpu_info {
	uint8_t evtchn_upcall_pending;
	uint8_t evtchn_upcall_mask;
	xen_ulong_t evtchn_pending_sel;
	struct arch_vcpu_info arch;
	vcpu_time_info_t time;
};
typedef struct vcpu_info vcpu_info_t;
ABI_SIZE(struct vcpu_info, 64);
ABI_OFFSET(struct vcpu_info, evtchn_upcall_pending, 0);
ABI_OFFSET(struct vcpu_info, evtchn_upcall_mask, 1);
ABI_OFFSET(struct vcpu_info, evtchn_pending_sel, 8);
ABI_OFFSET(struct vcpu_info, arch, 16);
ABI_OFFSET(struct vcpu_info, time, 32);

struct arch_shared_info {
	unsigned long max_pfn;
	xen_pfn_t pfn_to_mfn_frame_list_list;
	unsigned long nmi_reason;
	unsigned long p2m_cr3;		/* root under which p2m_vaddr is mapped */
	unsigned long p2m_vaddr;
	unsigned long p2m_generation;	/* odd while the list is changing */
};
typedef struct arch_shared_info arch_shared_info_t;
ABI_SIZE(struct arch_shared_info, 48);
ABI_OFFSET(struct arch_shared_info, max_pfn, 0);
ABI_OFFSET(struct arch_shared_info, pfn_to_mfn_frame_list_list, 8);
ABI_OFFSET(struct arch_shared_info, nmi_reason, 16);
ABI_OFFSET(struct arch_shared_info, p2m_cr3, 24);
ABI_OFFSET(struct arch_shared_info, p2m_vaddr, 32);
ABI_OFFSET(struct arch_shared_info, p2m_generation, 40);

struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
	xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
	uint32_t wc_version;		/* odd: wall clock being changed */
	uint32_t wc_sec;		/* wall clock at system time 0 */
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
	struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;
ABI_SIZE(struct shared_info, 3136);
ABI_OFFSET(struct shared_info, vcpu_info, 0);
ABI_OFFSET(struct shared_info, evtchn_pending, 2048);
ABI_OFFSET(struct shared_info, evtchn_mask, 2560);
ABI_OFFSET(struct shared_info, wc_version, 3072);
ABI_OFFSET(struct shared_info, wc_sec, 3076);
ABI_OFFSET(struct shared_info, wc_nsec, 3080);
ABI_OFFSET(struct shared_info, wc_sec_hi, 3084);
ABI_OFFSET(struct shared_info, arch, 3088);

/* ---- the start-of-day page ---- */

#define MAX_GUEST_CMDLINE	1024

struct start_info {
	char magic[32];			/* "xen-3.0-x86_64" */
	unsigned long nr_pages;
	unsigned long shared_info;	/* machine address */
	uint32_t flags;			/* SIF_* */
	xen_pfn_t store_mfn;
	uint32_t store_evtchn;
	union {
		struct {
			xen_pfn_t mfn;
			uint32_t evtchn;
		} domU;
		struct {
			uint32_t info_off;	/* of dom0_vga_console_info */
			uint32_t info_size;
		} dom0;
	} console;
	unsigned long pt_base;		/* virtual address of the L4 */
	unsigned long nr_pt_frames;
	unsigned long mfn_list;		/* virtual address of the p2m */
	unsigned long mod_start;	/* virtual, or a frame: SIF_MOD_START_PFN */
	unsigned long mod_len;
	int8_t cmd_line[MAX_GUEST_CMDLINE];
	unsigned long first_p2m_pfn;
	unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;
ABI_SIZE(struct start_info, 1168);
ABI_OFFSET(struct start_info, magic, 0);
ABI_OFFSET(struct start_info, nr_pages, 32);
ABI_OFFSET(struct start_info, shared_info, 40);
ABI_OFFSET(struct start_info, flags, 48);
ABI_OFFSET(struct start_info, store_mfn, 56);
ABI_OFFSET(struct start_info, store_evtchn, 64);
ABI_OFFSET(struct start_info, console, 72);
ABI_OFFSET(struct start_info, console.domU, 72);
ABI_OFFSET(struct start_info, console.domU.mfn, 72);
ABI_OFFSET(struct start_info, console.domU.evtchn, 80);
ABI_OFFSET(struct start_info, console.dom0, 72);
ABI_OFFSET(struct start_info, console.dom0.info_off, 72);
ABI_OFFSET(struct start_info, console.dom0.info_size, 76);
ABI_OFFSET(struct start_info, pt_base, 88);
ABI_OFFSET(struct start_info, nr_pt_frames, 96);
ABI_OFFSET(struct start_info, mfn_list, 104);
ABI_OFFSET(struct start_info, mod_start, 112);
ABI_OFFSET(struct start_info, mod_len, 120);
ABI_OFFSET(struct start_info, cmd_line, 128);
ABI_OFFSET(struct start_info, first_p2m_pfn, 1152);
ABI_OFFSET(struct start_info, nr_p2m_frames, 1160);

#define SIF_PRIVILEGED		(1 << 0)
#define SIF_INITDOMAIN		(1 << 1)
#define SIF_MULTIBOOT_MOD	(1 << 2)	/* mod_start is a module list */
#define SIF_MOD_START_PFN	(1 << 3)
#define SIF_VIRT_P2M_4TOOLS	(1 << 4)	/* p2m_cr3 and p2m_vaddr are read */
#define SIF_PM_MASK		(0xFF << 8)

struct xen_multiboot_mod_list {
	uint32_t mod_start;
	uint32_t mod_end;
	uint32_t cmdline;
	uint32_t pad;
};
ABI_SIZE(struct xen_multiboot_mod_list, 16);
ABI_OFFSET(struct xen_multiboot_mod_list, mod_start, 0);
ABI_OFFSET(struct xen_multiboot_mod_list, mod_end, 4);
ABI_OFFSET(struct xen_multiboot_mod_list, cmdline, 8);
ABI_OFFSET(struct xen_multiboot_mod_list, pad, 12);

#define XEN_VGATYPE_TEXT_MODE_3	0x03
#define XEN_VGATYPE_VESA_LFB	0x23
#define XEN_VGATYPE_EFI_LFB	0x70

struct dom0_vga_console_info {
	uint8_t video_type;		/* XEN_VGATYPE_* */
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x, cursor_y;
			uint16_t rows, columns;
		} text_mode_3;
		struct {
			uint16_t width, height;
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base;
			uint32_t lfb_size;	/* in 64 KiB */
			uint8_t red_pos, red_size;
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
			uint32_t ext_lfb_base;	/* upper half of lfb_base */
		} vesa_lfb;
	} u;
};
typedef struct dom0_vga_console_info dom0_vga_console_info_t;
ABI_SIZE(struct dom0_vga_console_info, 40);
ABI_OFFSET(struct dom0_vga_console_info, video_type, 0);
ABI_OFFSET(struct dom0_vga_console_info, u, 4);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3, 4);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3.font_height, 4);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3.cursor_x, 6);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3.cursor_y, 8);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3.rows, 10);
ABI_OFFSET(struct dom0_vga_console_info, u.text_mode_3.columns, 12);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb, 4);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.width, 4);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.height, 6);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.bytes_per_line, 8);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.bits_per_pixel, 10);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.lfb_base, 12);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.lfb_size, 16);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.red_pos, 20);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.red_size, 21);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.green_pos, 22);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.green_size, 23);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.blue_pos, 24);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.blue_size, 25);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.rsvd_pos, 26);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.rsvd_size, 27);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.gbl_caps, 28);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.mode_attrs, 32);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.pad, 34);
ABI_OFFSET(struct dom0_vga_console_info, u.vesa_lfb.ext_lfb_base, 36);

#endif /* ABI_CORE_H */
