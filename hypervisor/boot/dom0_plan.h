/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything of a new control domain goes: computed before anything is
 * touched, from the kernel's notes and the sizes of things.  Pure.
 *
 * Pseudo-physical frames, in order: the boot area, which is mapped from
 * virt_base on (kernel, ramdisk and p2m if the kernel wants them mapped there,
 * start_info, page tables, stack); the ramdisk, unmapped; the p2m list and the
 * tables that map it, if the kernel has a place of its own for it; the rest.
 */
#ifndef BOOT_DOM0_PLAN_H
#define BOOT_DOM0_PLAN_H

#include <lib/elf.h>

struct dom0_want {
	const struct elf_image *elf;
	uint64_t nr_pages; /* all memory of the domain */
	uint64_t initrd_len; /* bytes; 0: none */
};

/* A range of frames: pseudo-physical, [first, first + count). */
struct pfn_range {
	uint64_t first, count;
};

struct dom0_plan {
	struct elf_xen_notes notes;
	uint64_t nr_pages;
	uint64_t paddr_offset; /* ELF physical address of pfn 0 */
	uint64_t entry, hypercall_page; /* virtual; the page: 0 = none */

	uint64_t virt_base, virt_end; /* the boot area, by 4 KiB pages */
	struct pfn_range boot, initrd, p2m, p2m_tables;
	bool initrd_mapped, p2m_apart;
	uint64_t p2m_virt, start_info_virt, tables_virt, stack_virt;
	uint64_t table_count; /* in the boot area */
};

/* 0, or -EINVAL with the reason why this kernel cannot be started so. */
int dom0_plan_make(struct dom0_plan *p, const struct dom0_want *w,
		   const char **why);

/* Tables below the top one that map [start, end). */
uint64_t dom0_plan_tables(uint64_t start, uint64_t end);

/* The virtual address of a frame in the boot area, and back. */
static inline uint64_t dom0_plan_virt(const struct dom0_plan *p, uint64_t pfn)
{
	return p->virt_base + (pfn << PAGE_SHIFT);
}

static inline uint64_t dom0_plan_pfn(const struct dom0_plan *p, uint64_t virt)
{
	return (virt - p->virt_base) >> PAGE_SHIFT;
}

#endif
