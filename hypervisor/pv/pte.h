/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table entries as numbers: which bits a guest may set at which level,
 * what the hypervisor changes in them, and which changes leave the references
 * that an entry owns as they are.  Pure functions; nothing here looks at
 * memory.  Levels are 1 to 4, as PTYPE_L1..L4.
 */
#ifndef PV_PTE_H
#define PV_PTE_H

#include <lib/types.h>

#define PTE_P BIT(0)
#define PTE_RW BIT(1)
#define PTE_US BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PSE BIT(7) /* levels 2 and 3 */
#define PTE_PAT BIT(7) /* level 1 */
#define PTE_G BIT(8)
#define PTE_AVAIL (7UL << 9)
#define PTE_ADDR (((1UL << 40) - 1) << PAGE_SHIFT)
#define PTE_AVAIL_HIGH (0x7ffUL << 52) /* free while CR4.PKE is off */
#define PTE_NX BIT(63)
#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PAT)

#define PT_ENTRIES 512

static inline bool pte_present(uint64_t e)
{
	return e & PTE_P;
}

static inline mfn_t pte_mfn(uint64_t e)
{
	return paddr_to_mfn(e & PTE_ADDR);
}

/* The index of @va's entry in a table of @level. */
static inline unsigned int pt_index(gva_t va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* Slots of a level 4 table that are the hypervisor's. */
static inline bool pt_slot_is_ours(unsigned int level, unsigned int i)
{
	return level == 4 && i >= 256 && i < 256 + 16;
}

/*
 * What is stored for the guest's entry @e. A guest's kernel runs in ring 3, so
 * every present entry is for users. Global translations would outlive the
 * flushes that frames depend on, so there are none. Entries that are not
 * present are the guest's own business.
 */
static inline uint64_t pte_stored(unsigned int level, uint64_t e)
{
	if (!pte_present(e))
		return e;
	return level == 1 ? (e | PTE_US) & ~PTE_G : e | PTE_US;
}

/*
 * May a guest set these bits in a present entry? @uncached_ok: the domain may
 * choose how the target is cached (it has devices, or the target is one).
 */
bool pte_bits_ok(unsigned int level, uint64_t e, bool uncached_ok);

/*
 * True if an entry that changes from @old to @e, both as stored, owns the same
 * references before and after, but for a writable one that it may lose; and
 * if @e needs no further check given that @old was one that had passed.
 */
bool pte_keeps_target(unsigned int level, uint64_t old, uint64_t e);

#endif
