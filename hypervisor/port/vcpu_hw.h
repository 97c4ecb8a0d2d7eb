/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hardware side keeps for each vCPU, and the few operations on it.
 * The guest's general registers live in struct vcpu.regs and nowhere else:
 * entry code saves straight into them, so core code reads and writes
 * v->regs whether or not the vCPU runs just now on this CPU.
 */
#ifndef PORT_VCPU_HW_H
#define PORT_VCPU_HW_H

#include <lib/types.h>

struct vcpu;

#define XSAVE_AREA_MAX 4096 /* x87+SSE+AVX+AVX-512+PKRU fit; see x86/fpu.c */

struct vcpu_hw {
	uint64_t stack_top; /* of the CPU it runs on; entry.S loads RSP from it */
	uint8_t *xsave; /* FPU image, XSAVE_AREA_MAX bytes, 64-aligned */
	uint64_t xcr0; /* what the guest set with XSETBV, always valid */
	uint64_t dr[4], dr6, dr7; /* validated; loaded if dr7 enables any */
	uint64_t fs_base, gs_base; /* of the mode the guest is in now */
	uint64_t gs_base_user; /* the other one: SWAPGS' twin */
	uint64_t tsc_aux;
	bool xsave_live; /* the CPU's registers are newer than the image */
};

/* 0 or -ENOMEM; initial FPU state as after FNINIT, XCR0 = 1. */
int vcpu_hw_init(struct vcpu *v);
void vcpu_hw_free(struct vcpu *v);

/*
 * Switch this CPU from @prev to @next (either may be idle; they differ):
 * FPU, debug registers, segments and bases, GDT/LDT windows, RSP0, CR3.
 * @prev's state is complete in memory afterwards.
 */
void vcpu_hw_switch(struct vcpu *prev, struct vcpu *next);

/*
 * For the vCPU that runs on this CPU: load what core code just changed.
 * Each is a no-op on a vCPU that does not run here.
 */
void vcpu_hw_load_cr3(struct vcpu *v); /* from pv_cr3(v), flushing */
void vcpu_hw_load_gdt(struct vcpu *v); /* v->pv.gdt_frames / gdt_entries */
void vcpu_hw_load_ldt(struct vcpu *v); /* v->pv.ldt_*: unmaps, maps lazily */
void vcpu_hw_map_ldt_page(struct vcpu *v, unsigned int page, mfn_t m);
void vcpu_hw_load_debug(struct vcpu *v);
void vcpu_hw_load_bases(struct vcpu *v); /* fs_base, gs_base* */
void vcpu_hw_save_bases(struct vcpu *v); /* the CPU's FS/GS bases to v->hw */
void vcpu_hw_swap_gs(struct vcpu *v); /* as SWAPGS: the two GS bases */
void vcpu_hw_load_seg(struct vcpu *v); /* regs.ds/es/fs/gs, faults -> null */
void vcpu_hw_load_cr4(struct vcpu *v); /* pv.cr4: only TSD is the guest's */
void vcpu_hw_load_xcr0(struct vcpu *v); /* xcr0, which is valid */

/*
 * SEGBASE_GS_USER_SEL, for a vCPU in kernel mode that runs here: put @sel into
 * GS, and the base of its descriptor into gs_base_user (a null selector and 0
 * if loading it faults). The kernel's own base stays in force.
 */
void vcpu_hw_load_gs_user(struct vcpu *v, uint16_t sel);

/*
 * FPU of a vCPU that does not run (or runs here and is saved first): the
 * image, for get/set context; standard (not compacted) XSAVE format.
 */
void *vcpu_hw_fpu_image(struct vcpu *v);

/* CR0.TS for the guest (fpu_taskswitch): the next FPU use gives #NM. */
void vcpu_hw_set_ts(struct vcpu *v, bool ts);

#endif
