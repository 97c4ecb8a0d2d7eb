/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the loader to 64-bit C.  Multiboot 1 and 2 both arrive at _start in
 * 32-bit protected mode, without paging, EAX and EBX as they define, at
 * whatever 2 MiB boundary the image was loaded.  Builds page tables that map
 * the first 4 GiB to themselves and the image at its virtual address.
 *
 * Registers until C: ESI load address, EBP the loader's magic, EBX its data.
 */
#include <x86/layout.h>

#define OFF(sym) ((sym) - IMAGE_VIRT)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 3 /* modules on page boundaries, memory map wanted */
#define MB2_MAGIC 0xe85250d6

	.section .text.head, "ax", @progbits
	.code32
	.globl _start
_start:
	jmp	1f

	.balign 4
	.long	MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

	.balign 8
mb2_header:
	.long	MB2_MAGIC, 0, mb2_end - mb2_header
	.long	-(MB2_MAGIC + (mb2_end - mb2_header))
	/* Modules on page boundaries. */
	.word	6, 0
	.long	8
	/* Console: any, text understood. */
	.word	4, 1
	.long	12
	.long	2
	.balign 8
	/* May be loaded anywhere below 4 GiB, low addresses preferred. */
	.word	10, 0
	.long	24
	.long	0x200000, 0xffffffff, 0x200000, 1
	.balign 8
	.word	0, 0
	.long	8
mb2_end:

	/* Where are we? The first word of the loader's data serves as stack. */
1:	cli
	cld
	movl	(%ebx), %edi
	leal	4(%ebx), %esp
	call	2f
2:	popl	%esi
	subl	$OFF(2b), %esi
	movl	%edi, (%ebx)
	movl	%eax, %ebp

	leal	OFF(_bss_start)(%esi), %edi
	movl	$OFF(_image_end), %ecx
	subl	$OFF(_bss_start), %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl

	leal	OFF(cpu0_stack + CPU_STACK_PAGES * 4096)(%esi), %esp

	/* Without long mode there is nothing that we can do. */
	pushl	%ebx
	movl	$0x80000001, %eax
	cpuid
	popl	%ebx
	testl	$(1 << 29), %edx
	jz	.Lno_long_mode
	movl	%edx, %edi		/* bit 20: NX */

	/* The first 4 GiB, by themselves. */
	leal	OFF(identity_l3)(%esi), %eax
	orl	$3, %eax
	movl	%eax, OFF(hv_l4)(%esi)
	leal	OFF(identity_l2)(%esi), %eax
	orl	$3, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, OFF(identity_l3)(%esi, %ecx, 8)
	addl	$4096, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b
	movl	$0x83, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, OFF(identity_l2)(%esi, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$2048, %ecx
	jne	1b

	/* The image. */
	leal	OFF(image_l3)(%esi), %eax
	orl	$3, %eax
	movl	%eax, OFF(hv_l4 + 261 * 8)(%esi)
	leal	OFF(image_l2)(%esi), %eax
	orl	$3, %eax
	movl	%eax, OFF(image_l3 + 321 * 8)(%esi)
	leal	0x83(%esi), %eax
	xorl	%ecx, %ecx
1:	movl	%eax, OFF(image_l2)(%esi, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b

	/* CR4.PAE; EFER.LME, SCE and, where it exists, NXE; CR0.PG. */
	movl	$0x20, %eax
	movl	%eax, %cr4
	leal	OFF(hv_l4)(%esi), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x101, %eax
	testl	$(1 << 20), %edi
	jz	1f
	orl	$0x800, %eax
1:	wrmsr
	movl	$0x80010033, %eax
	movl	%eax, %cr0

	leal	OFF(boot_gdt)(%esi), %eax
	movl	%eax, OFF(boot_gdtr + 2)(%esi)
	lgdt	OFF(boot_gdtr)(%esi)
	leal	OFF(.Lstart64)(%esi), %eax
	pushl	$8
	pushl	%eax
	lretl

.Lno_long_mode:
	hlt
	jmp	.Lno_long_mode

	.code64
.Lstart64:
	movabsq	$1f, %rax
	jmp	*%rax
1:	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	leaq	cpu0_stack + CPU_STACK_PAGES * 4096(%rip), %rsp
	movl	%ebp, %r12d
	movl	%ebx, %r13d
	movl	%esi, %edi
	xorl	%ebp, %ebp
	call	hvpaging_early
	/* The same stack, where the CPU's number can be told from it. */
	movabsq	$(CPU_VIRT + CPU_STACK_TOP), %rsp
	movl	%r12d, %edi
	movl	%r13d, %esi
	call	x86_start
	jmp	exit_path

	.section .data
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9a000000ffff
	.quad	0x00cf92000000ffff
boot_gdtr:
	.word	boot_gdtr - boot_gdt - 1
	.quad	0

	/* Kept for good: the top level, and CPU 0's area. */
	.macro PAGES name, n
	.globl	\name
	.balign	4096
\name:	.skip	4096 * \n
	.endm

	.section .bss.page, "aw", @nobits
	PAGES	hv_l4, 1
	PAGES	image_l3, 1
	PAGES	image_l2, 1
	PAGES	cpu_l3, 1
	PAGES	cpu_l2, 1
	PAGES	cpu_l1, 1
	PAGES	cpu0_stack, CPU_STACK_PAGES
	PAGES	cpu0_ist, 4
	PAGES	cpu0_data, 1
	PAGES	cpu0_gdt, 1
	PAGES	zero_page, 1

	/* Given back once all CPUs run. */
	.section .init.bss, "aw", @nobits
	PAGES	identity_l3, 1
	PAGES	identity_l2, 4

	.section .note.GNU-stack, "", @progbits
