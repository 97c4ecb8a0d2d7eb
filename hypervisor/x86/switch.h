/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between x86/switch.c, x86/window.c, x86/fpu.c and x86/tlb.c. */
#ifndef X86_SWITCH_H
#define X86_SWITCH_H

#include <lib/types.h>

struct vcpu;

/* Prepare this CPU's data for its first vcpu_hw_switch(). */
void switch_cpu_init(void);

/* Load CR3: a full flush, so it advances the clock. */
void tlb_load_cr3(uint64_t cr3);

/* GDT and LDT windows: what @v has, whoever had them before. No flush. */
void window_load(struct vcpu *v);

/* FPU of @v, whose registers the CPU has, to memory; and back. */
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v);

/* DS, ES, FS and GS of the CPU to @v->regs. */
void save_selectors(struct vcpu *v);

/* True if the CPU has @v's context just now. */
bool vcpu_is_loaded(const struct vcpu *v);

#endif
