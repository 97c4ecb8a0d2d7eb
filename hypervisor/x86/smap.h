/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places for CLAC and STAC, for assembly; filled at boot where SMAP is used. */
#ifndef X86_SMAP_H
#define X86_SMAP_H

	.macro SMAP_SITE op
771:	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.balign	4
772:	.long	771b - 772b, \op
	.popsection
	.endm
#define CLAC SMAP_SITE 0xca
#define STAC SMAP_SITE 0xcb

/* A fault at label @insn continues at @fixup. */
	.macro EXTABLE insn, fixup
	.pushsection .extable, "a"
	.balign	4
	.long	\insn - ., \fixup - .
	.popsection
	.endm

#endif
