/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of CPUs: x86/desc.c. */
#ifndef X86_DESC_H
#define X86_DESC_H

#include <lib/types.h>

/* Load GDT, IDT and TSS on this CPU, which is @cpu and runs in its area. */
void desc_cpu_init(unsigned int cpu);

/* System-call MSRs of this CPU. */
void desc_syscall_init(void);

/* Where the hardware saves a guest's frame: the end of its regs. */
struct vcpu;
void desc_set_vcpu(struct vcpu *v);

/* The LDT register: @entries descriptors in this CPU's window; 0: none. */
void desc_load_ldt(unsigned int entries);

#endif
