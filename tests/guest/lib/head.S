/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of a micro-guest, its ELF notes, and the stubs through which the
 * hypervisor delivers exceptions and events.  64-bit PV ABI: the frame on the
 * stack starts with rcx and r11, then an error code where there is one.
 */
#define NOTE(type, ...)                          \
	.pushsection .note.Xen, "a", @note;      \
	.align 4;                                \
	.long 4, 9f - 8f, type;                  \
	.asciz "Xen";                            \
8:	__VA_ARGS__;                             \
9:	.align 4;                                \
	.popsection

NOTE(6, .asciz "parvis-micro-guest")
NOTE(7, .asciz "1")
NOTE(5, .asciz "xen-3.0")
NOTE(8, .asciz "generic")
NOTE(9, .asciz "yes")
NOTE(10, .asciz "!writable_page_tables|pae_pgdir_above_4gb")
NOTE(3, .quad 0xffffffff80000000)
NOTE(4, .quad 0)
NOTE(1, .quad _start)
NOTE(2, .quad hypercall_page)
NOTE(17, .long 1 << 11)
NOTE(13, .quad 1, 1)

	.text
	.globl _start
_start:
	cld
	lea boot_stack_top(%rip), %rsp
	xor %ebp, %ebp
	mov %rsi, %rdi
	call guest_start
1:	jmp 1b

	.balign 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096

/*
 * One stub per vector: number pushed, an error code made up where the ABI has
 * none.  On entry: rcx, r11, [error], rip, cs, rflags, rsp, ss.
 */
.macro STUB vec err
	.balign 16
	pop %rcx
	pop %r11
.if \err == 0
	push $0
.endif
	push $\vec
	jmp trap_common
.endm

	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vec, 0
	.rept 32
	.if vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21
	STUB vec, 1
	.else
	STUB vec, 0
	.endif
	.set vec, vec + 1
	.endr
	.globl trap_stub_soft
trap_stub_soft:
	STUB 32, 0

	.globl event_stub
	.balign 16
event_stub:
	pop %rcx
	pop %r11
	push $0
	push $256
	jmp trap_common

	.globl failsafe_stub
	.balign 16
failsafe_stub:
	pop %rcx
	pop %r11
	add $32, %rsp		/* ds, es, fs, gs */
	push $0
	push $257
	jmp trap_common

	.globl syscall_stub
	.balign 16
syscall_stub:
	pop %rcx
	pop %r11
	push $0
	push $258
	jmp trap_common

trap_common:
	push %rax; push %rcx; push %rdx; push %rbx; push %rbp
	push %rsi; push %rdi; push %r8; push %r9; push %r10
	push %r11; push %r12; push %r13; push %r14; push %r15
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $-16, %rsp
	call trap_handler
	mov %rbp, %rsp
	pop %r15; pop %r14; pop %r13; pop %r12; pop %r11
	pop %r10; pop %r9; pop %r8; pop %rdi; pop %rsi
	pop %rbp; pop %rbx; pop %rdx; pop %rcx; pop %rax
	add $16, %rsp
	/* iret by hypercall: rax, r11, rcx, flags, then the frame. */
	push $0
	push %rcx
	push %r11
	push %rax
	mov $23, %eax
	syscall
	ud2

/*
 * try_*: one instruction that may fault; returns the vector or -1. The table
 * pairs the address of the instruction with where to go on.
 */
	.globl probe_end
	.text
.macro FIXUP at to
	.pushsection .fixup_table, "a"
	.quad \at, \to
	.popsection
.endm

	.globl probe_read
probe_read:			/* rdi: address, rsi: where to put 8 bytes */
	mov $-1, %eax
1:	mov (%rdi), %rdx
	mov %rdx, (%rsi)
2:	ret
	FIXUP 1b, 2b

	.globl probe_write
probe_write:			/* rdi: address, rsi: 8 bytes */
	mov $-1, %eax
1:	mov %rsi, (%rdi)
2:	ret
	FIXUP 1b, 2b

	.globl probe_exec
probe_exec:			/* rdi: address of code that ends in ret */
	mov $-1, %eax
	mov %rdi, probe_exec_at(%rip)
	lea 2f(%rip), %rdx
	mov %rdx, probe_exec_to(%rip)
	call *%rdi
	movq $0, probe_exec_at(%rip)
	mov $-1, %eax
	ret
2:	add $8, %rsp
	movq $0, probe_exec_at(%rip)
	ret

	.bss
	.balign 16
	.skip 32768
	.globl boot_stack_top
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
