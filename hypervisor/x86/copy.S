/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies that may fault on their user side.  Guests' structures are mostly
 * multiples of 8 bytes, so words first, then what is left.
 */
#include <x86/smap.h>

	.text

/* int copy_user(RDI dst, RSI src, RDX len) */
	.globl	copy_user
	.balign	16
copy_user:
	STAC
	movq	%rdx, %rcx
	shrq	$3, %rcx
1:	rep movsq
	movl	%edx, %ecx
	andl	$7, %ecx
2:	rep movsb
	CLAC
	xorl	%eax, %eax
	ret
3:	CLAC
	movl	$-14, %eax		/* -EFAULT */
	ret
	EXTABLE	1b, 3b
	EXTABLE	2b, 3b

/* int clear_user(RDI dst, RSI len) */
	.globl	clear_user
	.balign	16
clear_user:
	STAC
	xorl	%eax, %eax
	movq	%rsi, %rcx
	shrq	$3, %rcx
1:	rep stosq
	movl	%esi, %ecx
	andl	$7, %ecx
2:	rep stosb
	CLAC
	xorl	%eax, %eax
	ret
3:	CLAC
	movl	$-14, %eax		/* -EFAULT */
	ret
	EXTABLE	1b, 3b
	EXTABLE	2b, 3b

	.section .note.GNU-stack, "", @progbits
