/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a started CPU begins: in real mode, at the page below 1 MiB to which
 * x86/smp.c copied this.  It goes through protected mode into long mode on
 * the boot map, takes its own stack and calls C.  Everything is addressed
 * relative to the page; EBX holds its address.
 */
#include <x86/layout.h>

#define OFF(sym) ((sym) - ap_trampoline)

	.section .rodata
	.balign	16
	.globl	ap_trampoline
ap_trampoline:
	.code16
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	movzwl	%ax, %ebx
	shll	$4, %ebx
	/* The descriptor table and the far target depend on the page. */
	leal	OFF(.Lgdt)(%ebx), %eax
	movl	%eax, OFF(.Lgdtr) + 2
	leal	OFF(.Lprotected)(%ebx), %eax
	movl	%eax, OFF(.Lfar32)
	lgdtl	OFF(.Lgdtr)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	*OFF(.Lfar32)

	.code32
.Lprotected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	OFF(ap_cr3)(%ebx), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x901, %eax		/* NXE, LME, SCE */
	wrmsr
	movl	$0x80010033, %eax
	movl	%eax, %cr0
	leal	OFF(.Llong)(%ebx), %eax
	movl	%eax, OFF(.Lfar64)(%ebx)
	ljmpl	*OFF(.Lfar64)(%ebx)

	.code64
.Llong:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movq	OFF(ap_stack)(%rbx), %rsp
	movl	OFF(ap_cpu)(%rbx), %edi
	xorl	%ebp, %ebp
	jmp	*OFF(ap_target)(%rbx)

	.balign	8
.Lgdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 8: 32-bit code */
	.quad	0x00cf93000000ffff	/* 16: data */
	.quad	0x00af9b000000ffff	/* 24: 64-bit code */
.Lgdtr:
	.word	. - .Lgdt - 1
	.long	0
	.balign	8
.Lfar32:
	.long	0
	.word	8
	.balign	8
.Lfar64:
	.long	0
	.word	24
	.balign	8
	.globl	ap_cr3, ap_stack, ap_target, ap_cpu
ap_cr3:		.quad	0
ap_stack:	.quad	0
ap_target:	.quad	ap_entry
ap_cpu:		.long	0
	.globl	ap_trampoline_end
ap_trampoline_end:

	.text
	.code64
ap_entry:
	call	x86_ap_start
	jmp	exit_path

	.section .note.GNU-stack, "", @progbits
