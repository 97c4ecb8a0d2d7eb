// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offsets and sizes that assembly needs.  The build compiles this file to
 * assembly and takes the marked lines into asm_offsets.h; the linker drops it.
 */
#include <domain/domain.h>
#include <lib/types.h>
#include <x86/percpu.h>

void asm_offsets(void);

#define DEFINE(name, value)                                             \
	__asm__ volatile(".pushsection .offsets\n"                      \
			 ".ascii \"->" #name " %c0\"\n"                 \
			 ".popsection" : : "i"(value))

#define REG(name, field) \
	DEFINE(REGS_##name, offsetof(struct cpu_user_regs, field))

#define VCPU(name, field) DEFINE(VCPU_##name, offsetof(struct vcpu, field))

void asm_offsets(void)
{
	REG(R15, r15);
	REG(R14, r14);
	REG(R13, r13);
	REG(R12, r12);
	REG(RBP, rbp);
	REG(RBX, rbx);
	REG(R11, r11);
	REG(R10, r10);
	REG(R9, r9);
	REG(R8, r8);
	REG(RAX, rax);
	REG(RCX, rcx);
	REG(RDX, rdx);
	REG(RSI, rsi);
	REG(RDI, rdi);
	REG(ERROR, error_code);
	REG(RIP, rip);
	REG(CS, cs);
	REG(RFLAGS, rflags);
	REG(RSP, rsp);
	REG(SS, ss);
	REG(END, es);

	VCPU(REGS, regs);
	VCPU(STACK_TOP, hw.stack_top);
	VCPU(KERNEL_MODE, pv.kernel_mode);
	VCPU(PENDING, pv.pending_vector);
	VCPU(NMI_PENDING, nmi_pending);
	VCPU(STALE, account.guest_stale);
	VCPU(INFO, info);

	DEFINE(INFO_UPCALL_PENDING,
	       offsetof(struct vcpu_info, evtchn_upcall_pending));
	DEFINE(INFO_UPCALL_MASK,
	       offsetof(struct vcpu_info, evtchn_upcall_mask));

	DEFINE(PERCPU_RSP0, offsetof(struct percpu, tss.rsp0));
	DEFINE(PERCPU_WORK, offsetof(struct percpu, work));
	DEFINE(PERCPU_SCRATCH, offsetof(struct percpu, scratch));
}

/* Compared with instructions of these sizes. */
_Static_assert(sizeof(((struct vcpu *)0)->pv.pending_vector) == 2 &&
		       sizeof(((struct vcpu *)0)->nmi_pending) == 1 &&
		       sizeof(((struct vcpu *)0)->account.guest_stale) == 1,
	       "sizes that entry.S takes for granted");

_Static_assert((offsetof(struct vcpu, regs) +
		offsetof(struct cpu_user_regs, es)) % 16 == 0,
	       "the hardware aligns the end of its frame on 16 bytes");
