/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are in the hypervisor's address space (docs/architecture.md),
 * for C and assembly.  One 256 KiB area for each CPU holds what only that CPU
 * uses; its stacks lie in it, so the CPU's number follows from RSP.
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#ifdef __ASSEMBLER__
#define UL_(x) x
#else
#define UL_(x) x##UL
#endif

#define HV_VIRT_START	UL_(0xffff800000000000)
#define HV_VIRT_END	UL_(0xffff880000000000)
#define M2P_RO_VIRT	UL_(0xffff800000000000)
#define M2P_RW_VIRT	UL_(0xffff808000000000)
#define CPU_VIRT	UL_(0xffff818000000000)
#define MMIO_VIRT	UL_(0xffff819000000000)
#define ACPI_VIRT	UL_(0xffff81a000000000)
#define FRAMES_VIRT	UL_(0xffff820000000000)
#define IMAGE_VIRT	UL_(0xffff82d040000000)
#define DIRECT_VIRT	UL_(0xffff830000000000)
#define DIRECT_MAX	(UL_(0x50000000000)) /* 5 TiB: slots 262 to 271 */

/* Pages of a CPU's area. Those not named are not mapped: they guard. */
#define CPU_AREA_SHIFT	18
#define CPU_AREA_SIZE	(1 << CPU_AREA_SHIFT)
#define CPU_GDT_PAGE	0 /* 16: 14 of the guest, then ours */
#define CPU_LDT_PAGE	16 /* 16 */
#define CPU_STACK_PAGE	33 /* 4 */
#define CPU_STACK_PAGES	4
#define CPU_NMI_PAGE	38
#define CPU_DF_PAGE	40
#define CPU_MC_PAGE	42
#define CPU_DB_PAGE	44
#define CPU_STUB_PAGE	46 /* system-call entry, executable */
#define CPU_DATA_PAGE	47 /* struct percpu, the TSS first */

#define CPU_STACK_TOP	((CPU_STACK_PAGE + CPU_STACK_PAGES) * 4096)
#define CPU_DATA	(CPU_DATA_PAGE * 4096)

/* Our selectors, in page 14 of the GDT. */
#define SEL_HV_CS	0xe008
#define SEL_HV_DS	0xe010
#define SEL_USER_CS32	0xe023
#define SEL_USER_DS	0xe02b
#define SEL_USER_CS64	0xe033
#define SEL_TSS		0xe040
#define SEL_LDT		0xe050

/* What entry_vector says of entries that are no interrupt. */
#define ENTRY_SYSCALL	0x100

/* Vectors */
#define VEC_NMI		2
#define VEC_DB		1
#define VEC_DF		8
#define VEC_MC		18
#define VEC_FIRST_IRQ	0x21
#define VEC_LAST_IRQ	0xef
#define VEC_FAST_TRAP	0x80
#define VEC_HYPERCALL	0x82
#define VEC_TIMER	0xf8
#define VEC_CALL	0xf9
#define VEC_WAKE	0xfa
#define VEC_ERROR	0xfe
#define VEC_SPURIOUS	0xff

#endif
