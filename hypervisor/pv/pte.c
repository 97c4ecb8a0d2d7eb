// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules for page-table entries; see pv/pte.h.  No state.
 */
#include <pv/pte.h>

/* Bits that say nothing about what may be reached, or how. */
#define HARMLESS (PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_NX)

#define L1_BITS \
	(PTE_P | PTE_RW | PTE_US | PTE_CACHE | PTE_G | PTE_ADDR | HARMLESS)
/* No large pages, and tables themselves are always cached. */
#define TABLE_BITS (PTE_P | PTE_RW | PTE_US | PTE_ADDR | HARMLESS)

bool pte_bits_ok(unsigned int level, uint64_t e, bool uncached_ok)
{
	if (level > 1)
		return !(e & ~TABLE_BITS);
	if ((e & PTE_CACHE) && !uncached_ok)
		return false;
	return !(e & ~L1_BITS);
}

/*
 * Above level 1 an entry owns the same references whether it is writable or
 * not, so there RW may change both ways.
 */
bool pte_keeps_target(unsigned int level, uint64_t old, uint64_t e)
{
	uint64_t changed = old ^ e;

	if (!pte_present(old) || !pte_present(e))
		return false;
	if (!(changed & ~HARMLESS))
		return true;
	if (changed & ~(HARMLESS | PTE_RW))
		return false;
	return level > 1 || (old & PTE_RW);
}
