/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C side of entry.S: x86/traps.c. */
#ifndef X86_TRAPS_H
#define X86_TRAPS_H

#include <abi/x86/pv.h>
#include <lib/types.h>

struct vcpu;

/* From ring 3: everything that the IDT delivers. The stack is empty. */
void x86_guest_trap(struct vcpu *v);
/* From ring 0, on whatever stack it was. */
void x86_host_trap(struct cpu_user_regs *frame);
/* NMI, #DF, #MC; and #DB from ring 0. */
void x86_ist_trap(struct cpu_user_regs *frame);
/* IRET to the guest faulted: the guest's state is whole in v->regs. */
void x86_iret_fault(unsigned int vector, uint32_t error);

/* Say what happened and stop: x86/panic.c. */
void panic_trap(const struct cpu_user_regs *frame, const char *what) noreturn;
/* An NMI has come: does not return if it was sent to stop this CPU. */
void panic_stop_if_asked(void);
void stop_other_cpus(void);

#endif
