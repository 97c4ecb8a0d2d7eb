/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State that the PV contract keeps inside domains and vCPUs.  Plain data: the
 * rooms pv/ and x86/ work on it.
 */
#ifndef DOMAIN_PV_STATE_H
#define DOMAIN_PV_STATE_H

#include <abi/x86/pv.h>
#include <lib/types.h>

#define PV_GDT_FRAMES 14 /* FIRST_RESERVED_GDT_PAGE: guest frames before ours */
#define PV_LDT_PAGES 16
#define PV_VECTORS 256

struct pv_trap {
	uint64_t address; /* 0: none registered */
	uint16_t cs;
	uint8_t flags; /* TI_GET_DPL / TI_GET_IF */
};

/* What an exception, system call or upcall to the guest starts with. */
struct pv_callback {
	uint64_t address;
	bool mask_events; /* CALLBACKF_mask_events */
};

struct pv_vcpu {
	/* Top-level tables, each with a type and a general reference. */
	mfn_t kernel_cr3, user_cr3; /* MFN_NONE: not set */
	mfn_t undoing; /* a table let go of and not undone yet: pv/pt_update.c */
	bool kernel_mode; /* which of the two is in use; false: guest user mode */

	struct pv_trap *traps; /* PV_VECTORS of them, allocated */
	struct pv_callback event, failsafe, syscall, syscall32, sysenter;

	uint64_t kernel_sp; /* stack_switch: loaded when leaving user mode */
	uint16_t kernel_ss;

	mfn_t gdt_frames[PV_GDT_FRAMES]; /* descriptor-table type references */
	uint32_t gdt_entries;
	gva_t ldt_base;
	uint32_t ldt_entries;
	mfn_t ldt_frames[PV_LDT_PAGES]; /* filled by faults; MFN_NONE if not */

	/* Control registers as the guest sees them. */
	uint64_t cr0_ts; /* only TS is the guest's: CR0_TS or 0 */
	uint64_t cr2; /* also in vcpu_info.arch.cr2 */
	uint64_t cr4; /* the bits a guest may set, for its own reading */
	uint32_t iopl; /* 0..3, PHYSDEVOP_set_iopl */
	bool iobmp_used;
	gva_t iobmp;
	uint32_t iobmp_limit; /* ports below it are looked up in iobmp */

	/*
	 * An exception that emulation or a hypercall raised for this guest, to
	 * be bounced on the way out: vector, or -1.
	 */
	bool failsafe_pending; /* a selector of regs could not be loaded */
	int16_t pending_vector;
	uint32_t pending_error;
};

struct abi_e820entry;

struct pv_domain {
	uint64_t nr_pagetables; /* validated tables, for figures */
	struct abi_e820entry *memory_map; /* hypercall/memory_op_map.c */
	uint32_t memory_map_entries;
	uint32_t pci_cf8; /* last written to port CF8; control domain only */
	uint8_t cmos_index; /* likewise port 70 */
};

/* True if @v's regs belong to its kernel (which runs in ring 3). */
static inline bool pv_kernel_mode(const struct pv_vcpu *pv)
{
	return pv->kernel_mode;
}

static inline mfn_t pv_cr3(const struct pv_vcpu *pv)
{
	return pv->kernel_mode ? pv->kernel_cr3 : pv->user_cr3;
}

#endif
