/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 half of the PV contract: the register frame, the state of a
 * vCPU as tools set and read it, trap tables, selectors that every guest
 * finds in its GDT, and the frame of HYPERVISOR_iret.  No state.
 */
#ifndef ABI_X86_PV_H
#define ABI_X86_PV_H

#include <abi/base.h>
#include <abi/callback.h>

/* ---- descriptor tables ---- */

/* The last pages of a guest's GDT belong to the hypervisor. */
#define FIRST_RESERVED_GDT_PAGE		14
#define FIRST_RESERVED_GDT_BYTE		(FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY	(FIRST_RESERVED_GDT_BYTE / 8)

/* Selectors there.  Kernel and user mode of a guest both run in ring 3. */
#define FLAT_RING3_CS32		0xe023
#define FLAT_RING3_CS64		0xe033
#define FLAT_RING3_DS32		0xe02b
#define FLAT_RING3_DS64		0x0000
#define FLAT_RING3_SS32		0xe02b
#define FLAT_RING3_SS64		0xe02b

#define FLAT_KERNEL_CS64	FLAT_RING3_CS64
#define FLAT_KERNEL_CS32	FLAT_RING3_CS32
#define FLAT_KERNEL_CS		FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS64	FLAT_RING3_DS64
#define FLAT_KERNEL_DS32	FLAT_RING3_DS32
#define FLAT_KERNEL_DS		FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS64	FLAT_RING3_SS64
#define FLAT_KERNEL_SS32	FLAT_RING3_SS32
#define FLAT_KERNEL_SS		FLAT_KERNEL_SS64

#define FLAT_USER_CS64		FLAT_RING3_CS64
#define FLAT_USER_CS32		FLAT_RING3_CS32
#define FLAT_USER_CS		FLAT_USER_CS64
#define FLAT_USER_DS64		FLAT_RING3_DS64
#define FLAT_USER_DS32		FLAT_RING3_DS32
#define FLAT_USER_DS		FLAT_USER_DS64
#define FLAT_USER_SS64		FLAT_RING3_SS64
#define FLAT_USER_SS32		FLAT_RING3_SS32
#define FLAT_USER_SS		FLAT_USER_SS64

/* First argument of HYPERVISOR_set_segment_base. */
#define SEGBASE_FS		0
#define SEGBASE_GS_USER		1
#define SEGBASE_GS_KERNEL	2
#define SEGBASE_GS_USER_SEL	3	/* load this selector into user %gs */

/* ---- registers ---- */

/* One 64-bit slot under each of the names that x86 gives its parts. */
#define ABI_REG_LEGACY(n) \
	union { uint64_t r##n##x; uint32_t e##n##x; uint16_t n##x; \
		struct { uint8_t n##l; uint8_t n##h; }; }
#define ABI_REG_INDEX(x) \
	union { uint64_t r##x; uint32_t e##x; uint16_t x; uint8_t x##l; }
#define ABI_REG_CONTROL(x) \
	union { uint64_t r##x; uint32_t e##x; uint16_t x; }
#define ABI_REG_NUMBER(n) \
	union { uint64_t r##n; uint32_t r##n##d; uint16_t r##n##w; uint8_t r##n##b; }

struct cpu_user_regs {
	ABI_REG_NUMBER(15);
	ABI_REG_NUMBER(14);
	ABI_REG_NUMBER(13);
	ABI_REG_NUMBER(12);
	ABI_REG_INDEX(bp);
	ABI_REG_LEGACY(b);
	ABI_REG_NUMBER(11);
	ABI_REG_NUMBER(10);
	ABI_REG_NUMBER(9);
	ABI_REG_NUMBER(8);
	ABI_REG_LEGACY(a);
	ABI_REG_LEGACY(c);
	ABI_REG_LEGACY(d);
	ABI_REG_INDEX(si);
	ABI_REG_INDEX(di);
	uint32_t error_code;
	uint32_t entry_vector;
	ABI_REG_CONTROL(ip);
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask;
	uint8_t _pad1[3];
	ABI_REG_CONTROL(flags);
	ABI_REG_INDEX(sp);
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3];
	uint16_t gs, _pad6[3];
};
typedef struct cpu_user_regs cpu_user_regs_t;
ABI_SIZE(struct cpu_user_regs, 200);
ABI_OFFSET(struct cpu_user_regs, r15, 0);
ABI_OFFSET(struct cpu_user_regs, r15d, 0);
ABI_OFFSET(struct cpu_user_regs, r15w, 0);
ABI_OFFSET(struct cpu_user_regs, r15b, 0);
ABI_OFFSET(struct cpu_user_regs, r14, 8);
ABI_OFFSET(struct cpu_user_regs, r14d, 8);
ABI_OFFSET(struct cpu_user_regs, r14w, 8);
ABI_OFFSET(struct cpu_user_regs, r14b, 8);
ABI_OFFSET(struct cpu_user_regs, r13, 16);
ABI_OFFSET(struct cpu_user_regs, r13d, 16);
ABI_OFFSET(struct cpu_user_regs, r13w, 16);
ABI_OFFSET(struct cpu_user_regs, r13b, 16);
ABI_OFFSET(struct cpu_user_regs, r12, 24);
ABI_OFFSET(struct cpu_user_regs, r12d, 24);
ABI_OFFSET(struct cpu_user_regs, r12w, 24);
ABI_OFFSET(struct cpu_user_regs, r12b, 24);
ABI_OFFSET(struct cpu_user_regs, rbp, 32);
ABI_OFFSET(struct cpu_user_regs, ebp, 32);
ABI_OFFSET(struct cpu_user_regs, bp, 32);
ABI_OFFSET(struct cpu_user_regs, bpl, 32);
ABI_OFFSET(struct cpu_user_regs, rbx, 40);
ABI_OFFSET(struct cpu_user_regs, ebx, 40);
ABI_OFFSET(struct cpu_user_regs, bx, 40);
ABI_OFFSET(struct cpu_user_regs, bl, 40);
ABI_OFFSET(struct cpu_user_regs, bh, 41);
ABI_OFFSET(struct cpu_user_regs, r11, 48);
ABI_OFFSET(struct cpu_user_regs, r11d, 48);
ABI_OFFSET(struct cpu_user_regs, r11w, 48);
ABI_OFFSET(struct cpu_user_regs, r11b, 48);
ABI_OFFSET(struct cpu_user_regs, r10, 56);
ABI_OFFSET(struct cpu_user_regs, r10d, 56);
ABI_OFFSET(struct cpu_user_regs, r10w, 56);
ABI_OFFSET(struct cpu_user_regs, r10b, 56);
ABI_OFFSET(struct cpu_user_regs, r9, 64);
ABI_OFFSET(struct cpu_user_regs, r9d, 64);
ABI_OFFSET(struct cpu_user_regs, r9w, 64);
ABI_OFFSET(struct cpu_user_regs, r9b, 64);
ABI_OFFSET(struct cpu_user_regs, r8, 72);
ABI_OFFSET(struct cpu_user_regs, r8d, 72);
ABI_OFFSET(struct cpu_user_regs, r8w, 72);
ABI_OFFSET(struct cpu_user_regs, r8b, 72);
ABI_OFFSET(struct cpu_user_regs, rax, 80);
ABI_OFFSET(struct cpu_user_regs, eax, 80);
ABI_OFFSET(struct cpu_user_regs, ax, 80);
ABI_OFFSET(struct cpu_user_regs, al, 80);
ABI_OFFSET(struct cpu_user_regs, ah, 81);
ABI_OFFSET(struct cpu_user_regs, rcx, 88);
ABI_OFFSET(struct cpu_user_regs, ecx, 88);
ABI_OFFSET(struct cpu_user_regs, cx, 88);
ABI_OFFSET(struct cpu_user_regs, cl, 88);
ABI_OFFSET(struct cpu_user_regs, ch, 89);
ABI_OFFSET(struct cpu_user_regs, rdx, 96);
ABI_OFFSET(struct cpu_user_regs, edx, 96);
ABI_OFFSET(struct cpu_user_regs, dx, 96);
ABI_OFFSET(struct cpu_user_regs, dl, 96);
ABI_OFFSET(struct cpu_user_regs, dh, 97);
ABI_OFFSET(struct cpu_user_regs, rsi, 104);
ABI_OFFSET(struct cpu_user_regs, esi, 104);
ABI_OFFSET(struct cpu_user_regs, si, 104);
ABI_OFFSET(struct cpu_user_regs, sil, 104);
ABI_OFFSET(struct cpu_user_regs, rdi, 112);
ABI_OFFSET(struct cpu_user_regs, edi, 112);
ABI_OFFSET(struct cpu_user_regs, di, 112);
ABI_OFFSET(struct cpu_user_regs, dil, 112);
ABI_OFFSET(struct cpu_user_regs, error_code, 120);
ABI_OFFSET(struct cpu_user_regs, entry_vector, 124);
ABI_OFFSET(struct cpu_user_regs, rip, 128);
ABI_OFFSET(struct cpu_user_regs, eip, 128);
ABI_OFFSET(struct cpu_user_regs, ip, 128);
ABI_OFFSET(struct cpu_user_regs, cs, 136);
ABI_OFFSET(struct cpu_user_regs, _pad0, 138);
ABI_OFFSET(struct cpu_user_regs, saved_upcall_mask, 140);
ABI_OFFSET(struct cpu_user_regs, _pad1, 141);
ABI_OFFSET(struct cpu_user_regs, rflags, 144);
ABI_OFFSET(struct cpu_user_regs, eflags, 144);
ABI_OFFSET(struct cpu_user_regs, flags, 144);
ABI_OFFSET(struct cpu_user_regs, rsp, 152);
ABI_OFFSET(struct cpu_user_regs, esp, 152);
ABI_OFFSET(struct cpu_user_regs, sp, 152);
ABI_OFFSET(struct cpu_user_regs, spl, 152);
ABI_OFFSET(struct cpu_user_regs, ss, 160);
ABI_OFFSET(struct cpu_user_regs, _pad2, 162);
ABI_OFFSET(struct cpu_user_regs, es, 168);
ABI_OFFSET(struct cpu_user_regs, _pad3, 170);
ABI_OFFSET(struct cpu_user_regs, ds, 176);
ABI_OFFSET(struct cpu_user_regs, _pad4, 178);
ABI_OFFSET(struct cpu_user_regs, fs, 184);
ABI_OFFSET(struct cpu_user_regs, _pad5, 186);
ABI_OFFSET(struct cpu_user_regs, gs, 192);
ABI_OFFSET(struct cpu_user_regs, _pad6, 194);

#undef ABI_REG_LEGACY
#undef ABI_REG_INDEX
#undef ABI_REG_CONTROL
#undef ABI_REG_NUMBER

/* A 64-bit guest's cr3 holds its frame number in place. */
#define xen_pfn_to_cr3(pfn)	((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3)	((unsigned long)(cr3) >> 12)

/* ---- traps ---- */

struct trap_info {
	uint8_t vector;
	uint8_t flags;			/* TI_* */
	uint16_t cs;
	unsigned long address;		/* 0 ends the list */
};
typedef struct trap_info trap_info_t;
ABI_SIZE(struct trap_info, 16);
ABI_OFFSET(struct trap_info, vector, 0);
ABI_OFFSET(struct trap_info, flags, 1);
ABI_OFFSET(struct trap_info, cs, 2);
ABI_OFFSET(struct trap_info, address, 8);

/* Bits 0-1: lowest ring that may raise it by INT; bit 2: masks events. */
#define TI_GET_DPL(ti)		((ti)->flags & 3)
#define TI_GET_IF(ti)		((ti)->flags & 4)
#define TI_SET_DPL(ti, dpl)	((ti)->flags |= (dpl))
#define TI_SET_IF(ti, on)	((ti)->flags |= ((!!(on)) << 2))

/* ---- a whole vCPU ---- */

#define VGCF_I387_VALID			(1 << 0)
#define VGCF_IN_KERNEL			(1 << 2)
#define _VGCF_i387_valid		0
#define VGCF_i387_valid			(1 << _VGCF_i387_valid)
#define _VGCF_in_kernel			2
#define VGCF_in_kernel			(1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events	3
#define VGCF_failsafe_disables_events	(1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events	4
#define VGCF_syscall_disables_events	(1 << _VGCF_syscall_disables_events)
#define _VGCF_online			5
#define VGCF_online			(1 << _VGCF_online)

struct vcpu_guest_context {
	struct { char x[512]; } fpu_ctxt;	/* FXSAVE image */
	unsigned long flags;			/* VGCF_* */
	struct cpu_user_regs user_regs;
	struct trap_info trap_ctxt[256];
	unsigned long ldt_base, ldt_ents;
	unsigned long gdt_frames[16], gdt_ents;
	unsigned long kernel_ss, kernel_sp;
	unsigned long ctrlreg[8];		/* [1]: cr3 of user mode */
	unsigned long debugreg[8];
	unsigned long event_callback_eip;
	unsigned long failsafe_callback_eip;
	unsigned long syscall_callback_eip;
	unsigned long vm_assist;		/* bits 1 << VMASST_TYPE_* */
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;
ABI_SIZE(struct vcpu_guest_context, 5168);
ABI_OFFSET(struct vcpu_guest_context, fpu_ctxt, 0);
ABI_OFFSET(struct vcpu_guest_context, fpu_ctxt.x, 0);
ABI_OFFSET(struct vcpu_guest_context, flags, 512);
ABI_OFFSET(struct vcpu_guest_context, user_regs, 520);
ABI_OFFSET(struct vcpu_guest_context, trap_ctxt, 720);
ABI_OFFSET(struct vcpu_guest_context, ldt_base, 4816);
ABI_OFFSET(struct vcpu_guest_context, ldt_ents, 4824);
ABI_OFFSET(struct vcpu_guest_context, gdt_frames, 4832);
ABI_OFFSET(struct vcpu_guest_context, gdt_ents, 4960);
ABI_OFFSET(struct vcpu_guest_context, kernel_ss, 4968);
ABI_OFFSET(struct vcpu_guest_context, kernel_sp, 4976);
ABI_OFFSET(struct vcpu_guest_context, ctrlreg, 4984);
ABI_OFFSET(struct vcpu_guest_context, debugreg, 5048);
ABI_OFFSET(struct vcpu_guest_context, event_callback_eip, 5112);
ABI_OFFSET(struct vcpu_guest_context, failsafe_callback_eip, 5120);
ABI_OFFSET(struct vcpu_guest_context, syscall_callback_eip, 5128);
ABI_OFFSET(struct vcpu_guest_context, vm_assist, 5136);
ABI_OFFSET(struct vcpu_guest_context, fs_base, 5144);
ABI_OFFSET(struct vcpu_guest_context, gs_base_kernel, 5152);
ABI_OFFSET(struct vcpu_guest_context, gs_base_user, 5160);

/* Bit in iret_context.flags: leave by sysret, rcx and r11 are free. */
#define _VGCF_in_syscall	8
#define VGCF_in_syscall		(1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL		VGCF_in_syscall

/* What a guest has on its stack when it calls HYPERVISOR_iret. */
struct iret_context {
	uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};
ABI_SIZE(struct iret_context, 72);
ABI_OFFSET(struct iret_context, rax, 0);
ABI_OFFSET(struct iret_context, r11, 8);
ABI_OFFSET(struct iret_context, rcx, 16);
ABI_OFFSET(struct iret_context, flags, 24);
ABI_OFFSET(struct iret_context, rip, 32);
ABI_OFFSET(struct iret_context, cs, 40);
ABI_OFFSET(struct iret_context, rflags, 48);
ABI_OFFSET(struct iret_context, rsp, 56);
ABI_OFFSET(struct iret_context, ss, 64);

/* ---- CPUID and MSR policy, as tools exchange it ---- */

#define XEN_CPUID_NO_SUBLEAF	0xffffffffu

struct xen_cpuid_leaf {
	uint32_t leaf, subleaf;
	uint32_t a, b, c, d;
};
typedef struct xen_cpuid_leaf xen_cpuid_leaf_t;
ABI_SIZE(struct xen_cpuid_leaf, 24);
ABI_OFFSET(struct xen_cpuid_leaf, leaf, 0);
ABI_OFFSET(struct xen_cpuid_leaf, subleaf, 4);
ABI_OFFSET(struct xen_cpuid_leaf, a, 8);
ABI_OFFSET(struct xen_cpuid_leaf, b, 12);
ABI_OFFSET(struct xen_cpuid_leaf, c, 16);
ABI_OFFSET(struct xen_cpuid_leaf, d, 20);

struct xen_msr_entry {
	uint32_t idx;
	uint32_t flags;			/* must be 0 */
	uint64_t val;
};
typedef struct xen_msr_entry xen_msr_entry_t;
ABI_SIZE(struct xen_msr_entry, 16);
ABI_OFFSET(struct xen_msr_entry, idx, 0);
ABI_OFFSET(struct xen_msr_entry, flags, 4);
ABI_OFFSET(struct xen_msr_entry, val, 8);

/* ud2 and "xen": makes the next instruction be emulated for a PV guest. */
#define XEN_EMULATE_PREFIX	".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID		XEN_EMULATE_PREFIX "cpuid"

#define XEN_HVM_DEBUGCONS_IOPORT	0xe9

#endif /* ABI_X86_PV_H */
