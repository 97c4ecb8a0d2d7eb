/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own mappings, for other files of x86/: hvpaging.c. */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include <lib/types.h>
#include <x86/insn.h>
#include <x86/layout.h>

/* Rights of leaf entries. Global: the same in every address space. */
#define MAP_RX (PTE_P | PTE_A | PTE_G)
#define MAP_RO (PTE_P | PTE_A | PTE_G | PTE_NX)
#define MAP_RW (PTE_P | PTE_A | PTE_D | PTE_G | PTE_RW | PTE_NX)
/* Windows change with the vCPU. */
#define MAP_WINDOW (PTE_P | PTE_A | PTE_D | PTE_RW | PTE_NX)
#define MAP_WINDOW_RO (PTE_P | PTE_A | PTE_NX)
/* PAT entry 3. */
#define MAP_MMIO (MAP_RW | PTE_PCD | PTE_PWT)

extern uint64_t hv_l4[512]; /* CR3 of a CPU without a guest */
extern uint64_t cpu_l1[512]; /* of the first CPUs' areas */
extern uint8_t zero_page[PAGE_SIZE];

/* From the linker script; the image's sections by rights. */
extern char _image_start[], _text_end[], _rodata_end[], _bss_start[];
extern char _init_start[], _init_end[], _image_end[], _stub_start[];

/* Physical address of an object in the image. */
paddr_t image_paddr(const void *p);

/* Where the loader put the image: first thing of all. */
void hvpaging_set_base(uint64_t base);

/* Before any other C: map CPU 0's area. From head.S. */
void hvpaging_early(uint32_t image_base);

/*
 * Make CPU @cpu's area, with memory for its stacks and tables. 0 or -ENOMEM.
 * CPU 0's exists from the start.
 */
int cpu_area_create(unsigned int cpu);
/* The PTEs of @cpu's area. */
uint64_t *cpu_area_ptes(unsigned int cpu);

/* Top-level table for CPUs that do not yet have paging on: low memory maps
 * to itself until x86_boot_memory_release(). */
paddr_t boot_cr3(void);

#endif
