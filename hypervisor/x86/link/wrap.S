/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outer shell of build/parvis: the linked image as one segment of an
 * ELF32 at its physical address, the form that both versions of multiboot
 * load.  IMAGE_BIN and IMAGE_BSS come from the build.
 */
	.section .image, "awx", @progbits
	.globl start
start:
	.incbin IMAGE_BIN
	.section .bss
	.skip IMAGE_BSS
	.section .note.GNU-stack, "", @progbits
