/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way in and out.  From ring 3 the hardware (or a system-call stub)
 * pushes its frame straight onto the end of struct vcpu.regs of the vCPU that
 * is loaded; the rest is pushed below it, then the CPU's own stack is taken,
 * empty.  Traps inside the hypervisor stay on the stack they find.  NMI, #DF,
 * #MC and #DB have stacks of their own (IST), since they may come while RSP
 * is still, or again, the guest's.
 */
#include <x86/layout.h>
#include <x86/smap.h>
#include <asm_offsets.h>

/* The stack pointer is at error_code of a struct cpu_user_regs. */
	.macro SAVE_GPRS
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro RESTORE_GPRS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
	.endm

/*
 * No value of the guest's stays in a register to be speculated with. RBX keeps
 * the vCPU for exit_same.
 */
	.macro CLEAR_GPRS
	movq	%rdi, %rbx
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	.endm

/* RSP is at v->regs: RDI = v, and the CPU's stack. */
	.macro TAKE_STACK
	movq	%rsp, %rdi
	subq	$VCPU_REGS, %rdi
	movq	VCPU_STACK_TOP(%rdi), %rsp
	.endm

	.section .text.entry, "ax", @progbits

/* --- traps and interrupts --- */

	.globl	idt_stubs
	.balign	16
idt_stubs:
	.set	vec, 0
	.rept	256
	.balign	16
	/* 8, 10 to 14, 17, 21, 29, 30: the hardware pushes an error code. */
	.if	vec != 8 && !(vec >= 10 && vec <= 14) && vec != 17 && vec != 21 && vec != 29 && vec != 30
	pushq	$0
	.endif
	movl	$vec, 4(%rsp)
	.if	vec == VEC_DF || vec == VEC_MC
	jmp	ist_entry
	.elseif	vec == VEC_DB || vec == VEC_NMI
	jmp	ist_guest_entry
	.else
	jmp	trap_entry
	.endif
	.set	vec, vec + 1
	.endr

	.balign	16
trap_entry:
	testb	$3, 16(%rsp)
	jz	host_entry
guest_entry:
	cld
	CLAC
	SAVE_GPRS
	TAKE_STACK
	CLEAR_GPRS
	call	x86_guest_trap
	jmp	exit_same

host_entry:
	cld
	CLAC
	SAVE_GPRS
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	call	x86_host_trap
	RESTORE_GPRS
	iretq

/*
 * Handled whole on the IST stack, and straight back to ring 0: an NMI may
 * interrupt any instruction of this file.
 */
ist_entry:
	cld
	CLAC
	SAVE_GPRS
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	call	x86_ist_trap
	RESTORE_GPRS
	iretq

/*
 * #DB and NMI.  From the guest: move the frame to v->regs, as if there were no
 * IST, so that a return that the guest makes fault (it may change its CS on
 * another CPU) is the one that is prepared for that.  #DB from ring 0 can only
 * be one that MOV SS held back until after a system call, or single steps into
 * SYSENTER.
 */
ist_guest_entry:
	testb	$3, 16(%rsp)
	jz	ist_entry
	pushq	%rax
	pushq	%rcx
	movq	%rsp, %rax
	andq	$-CPU_AREA_SIZE, %rax
	movq	CPU_DATA + PERCPU_RSP0(%rax), %rax
	.irp	i, 0, 1, 2, 3, 4, 5
	movq	16 + \i * 8(%rsp), %rcx
	movq	%rcx, -48 + \i * 8(%rax)
	.endr
	subq	$48, %rax
	movq	%rax, 16(%rsp)
	popq	%rcx
	popq	%rax
	popq	%rsp
	jmp	guest_entry

/* --- system calls --- */

	.balign	16
	.globl	syscall_entry
syscall_entry:
	SAVE_GPRS
	TAKE_STACK
	CLEAR_GPRS
	cmpb	$0, VCPU_KERNEL_MODE(%rdi)
	je	1f
	call	hypercall_dispatch
	jmp	exit_same
1:	call	pv_syscall
	jmp	exit_same

	.balign	16
syscall32_entry:
	SAVE_GPRS
	TAKE_STACK
	CLEAR_GPRS
	call	pv_syscall32
	jmp	exit_same

	.balign	16
sysenter_entry:
	cld
	CLAC
	SAVE_GPRS
	TAKE_STACK
	CLEAR_GPRS
	call	pv_sysenter
	jmp	exit_same

/* --- the way out --- */

/*
 * RBX is the vCPU that came in and, until the next exit_to_guest(), the one
 * that runs.  The common case first: this asks just what exit_to_guest() would
 * ask (no work, nothing to deliver, no stale run state), and calls it if there
 * is anything at all.
 */
	.balign	16
exit_same:
	cmpq	$0, CPU_DATA - CPU_STACK_TOP + PERCPU_WORK(%rsp)
	jne	exit_path
	cmpw	$0, VCPU_PENDING(%rbx)
	jge	exit_path
	cmpb	$0, VCPU_NMI_PENDING(%rbx)
	jne	exit_path
	cmpb	$0, VCPU_STALE(%rbx)
	jne	exit_path
	movq	VCPU_INFO(%rbx), %rax
	cmpb	$0, INFO_UPCALL_PENDING(%rax)
	je	1f
	cmpb	$0, INFO_UPCALL_MASK(%rax)
	je	exit_upcall
1:	leaq	VCPU_REGS(%rbx), %rdi
	jmp	restore

/* Nothing but an event to be delivered, unless that leads to more. */
exit_upcall:
	movq	%rbx, %rdi
	call	pv_deliver_pending
	cmpq	$0, CPU_DATA - CPU_STACK_TOP + PERCPU_WORK(%rsp)
	jne	exit_path
	cmpw	$0, VCPU_PENDING(%rbx)
	jge	exit_path
	leaq	VCPU_REGS(%rbx), %rdi
	jmp	restore

/* The stack is empty. Also where a CPU begins once it is set up. */
	.balign	16
	.globl	exit_path
exit_path:
	call	exit_to_guest
	testq	%rax, %rax
	jz	.Lidle
	movq	%rax, %rdi
restore:
	/* SYSRET does what IRET would, if RCX and R11 are what it takes. */
	movq	REGS_RIP(%rdi), %rcx
	movq	REGS_RFLAGS(%rdi), %r11
	cmpq	%rcx, REGS_RCX(%rdi)
	jne	.Liret
	cmpq	%r11, REGS_R11(%rdi)
	jne	.Liret
	cmpw	$SEL_USER_CS64, REGS_CS(%rdi)
	jne	.Liret
	cmpw	$SEL_USER_DS, REGS_SS(%rdi)
	jne	.Liret
	testl	$0x30000, %r11d		/* RF, VM */
	jnz	.Liret
	/* A non-canonical RCX would fault in ring 0 with the guest's RSP. */
	movq	%rcx, %rdx
	shlq	$16, %rdx
	sarq	$16, %rdx
	cmpq	%rcx, %rdx
	jne	.Liret
	andl	$~0x3000, %r11d		/* IOPL 0 */
	orl	$0x200, %r11d		/* IF */

	movq	REGS_R15(%rdi), %r15
	movq	REGS_R14(%rdi), %r14
	movq	REGS_R13(%rdi), %r13
	movq	REGS_R12(%rdi), %r12
	movq	REGS_RBP(%rdi), %rbp
	movq	REGS_RBX(%rdi), %rbx
	movq	REGS_R10(%rdi), %r10
	movq	REGS_R9(%rdi), %r9
	movq	REGS_R8(%rdi), %r8
	movq	REGS_RAX(%rdi), %rax
	movq	REGS_RDX(%rdi), %rdx
	movq	REGS_RSI(%rdi), %rsi
	movq	REGS_RSP(%rdi), %rsp
	movq	REGS_RDI(%rdi), %rdi
	sysretq

/*
 * The frame goes over the CPU's stack, so that a fault of IRET itself leaves
 * v->regs whole; iret_fixup then gives the fault to the guest.
 */
.Liret:
	pushq	REGS_SS(%rdi)		/* of these two the low 16 bits count */
	pushq	REGS_RSP(%rdi)
	andl	$~0x23000, %r11d	/* IOPL 0, no VM */
	orl	$0x200, %r11d
	movl	%r11d, %r11d
	pushq	%r11
	pushq	REGS_CS(%rdi)
	orb	$3, (%rsp)
	pushq	%rcx
	movq	REGS_R15(%rdi), %r15
	movq	REGS_R14(%rdi), %r14
	movq	REGS_R13(%rdi), %r13
	movq	REGS_R12(%rdi), %r12
	movq	REGS_RBP(%rdi), %rbp
	movq	REGS_RBX(%rdi), %rbx
	movq	REGS_R11(%rdi), %r11
	movq	REGS_R10(%rdi), %r10
	movq	REGS_R9(%rdi), %r9
	movq	REGS_R8(%rdi), %r8
	movq	REGS_RAX(%rdi), %rax
	movq	REGS_RCX(%rdi), %rcx
	movq	REGS_RDX(%rdi), %rdx
	movq	REGS_RSI(%rdi), %rsi
	movq	REGS_RDI(%rdi), %rdi
	.globl	iret_insn
iret_insn:
	iretq

	.globl	iret_fixup
iret_fixup:	/* EDI: vector, ESI: error code */
	andq	$-CPU_AREA_SIZE, %rsp
	addq	$CPU_STACK_TOP, %rsp
	xorl	%ebp, %ebp
	call	x86_iret_fault
	jmp	exit_path

.Lidle:
	call	exit_idle
	jmp	exit_path

/* --- per-CPU stubs: this page is mapped in each CPU's area --- */

#define STUB_DATA(off) (_stub_start + 4096 + (off))

	.section .stub, "ax", @progbits
	.balign	64
	.globl	stub_syscall
stub_syscall:
	movq	%rsp, STUB_DATA(PERCPU_SCRATCH)(%rip)
	movq	STUB_DATA(PERCPU_RSP0)(%rip), %rsp
	pushq	$SEL_USER_DS
	pushq	STUB_DATA(PERCPU_SCRATCH)(%rip)
	pushq	%r11
	pushq	$SEL_USER_CS64
	pushq	%rcx
	pushq	$0
	movl	$ENTRY_SYSCALL, 4(%rsp)
	jmp	*.Lsyscall_target(%rip)

	.balign	64
	.globl	stub_syscall32
stub_syscall32:
	movq	%rsp, STUB_DATA(PERCPU_SCRATCH)(%rip)
	movq	STUB_DATA(PERCPU_RSP0)(%rip), %rsp
	pushq	$SEL_USER_DS
	pushq	STUB_DATA(PERCPU_SCRATCH)(%rip)
	pushq	%r11
	pushq	$SEL_USER_CS32
	pushq	%rcx
	pushq	$0
	movl	$ENTRY_SYSCALL, 4(%rsp)
	jmp	*.Lsyscall32_target(%rip)

	/* The hardware keeps neither RIP nor RSP, and clears only IF. */
	.balign	64
	.globl	stub_sysenter
stub_sysenter:
	movq	STUB_DATA(PERCPU_RSP0)(%rip), %rsp
	pushq	$SEL_USER_DS
	pushq	$0
	pushfq
	andl	$~0x4100, (%rsp)	/* NT, TF */
	orl	$0x200, (%rsp)
	pushq	$SEL_USER_CS32
	pushq	$0
	pushq	$0
	movl	$ENTRY_SYSCALL, 4(%rsp)
	pushq	$2			/* neither TF nor NT nor AC from here */
	popfq
	jmp	*.Lsysenter_target(%rip)
	.globl	stub_sysenter_end
stub_sysenter_end:

	.balign	8
.Lsyscall_target:
	.quad	syscall_entry
.Lsyscall32_target:
	.quad	syscall32_entry
.Lsysenter_target:
	.quad	sysenter_entry

	.section .note.GNU-stack, "", @progbits
