/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Editing of page-table trees that belong to the hypervisor: x86/pagemap.c.
 * Entries are only added; callers keep ranges apart.
 */
#ifndef X86_PAGEMAP_H
#define X86_PAGEMAP_H

#include <lib/types.h>
#include <x86/insn.h>

/* Upper entries allow everything: leaves decide. */
#define PAGEMAP_TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/*
 * Map @len bytes at @va to @pa, in the largest pages that fit. Without memory:
 * the first panics; the other is -ENOMEM, and a part may be mapped.
 */
void pagemap_add(uint64_t *l4, uint64_t va, paddr_t pa, uint64_t len,
		 uint64_t rights);
int must_check pagemap_try_add(uint64_t *l4, uint64_t va, paddr_t pa,
			       uint64_t len, uint64_t rights);

/* Map all 512 pages of the 2 MiB at @va to the one page at @pa. */
void pagemap_fill(uint64_t *l4, uint64_t va, paddr_t pa, uint64_t rights);

/*
 * The table of level @level (3, 2, 1) that covers @va, made if it is not
 * there. Panics without memory.
 */
void *pagemap_table(uint64_t *l4, uint64_t va, unsigned int level);

/* Where @va maps to, or 0. */
paddr_t pagemap_lookup(uint64_t *l4, uint64_t va);

/* From now on tables come from the allocator, and are reached through the
 * direct map. */
void pagemap_use_allocator(void);

#endif
