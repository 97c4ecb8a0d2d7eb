// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Editing of the hypervisor's own page-table trees.  Before the allocator is
 * up, tables come from early memory below 4 GiB and are reached through the
 * identity map; afterwards through the direct map.  Tables inside the image
 * are reached in the same two ways.
 */
#include <lib/assert.h>
#include <mm/alloc.h>
#include <port/frame.h>
#include <port/lock.h>
#include <x86/bootmem.h>
#include <x86/pagemap.h>
#include <x86/paging.h>
#include <x86/x86.h>

static bool allocator_up;
static uint64_t *last_fill; /* the L1 made by pagemap_fill(), and for what */
static uint64_t last_fill_entry;

static uint64_t *table_at(uint64_t entry)
{
	paddr_t p = entry & PTE_ADDR;

	return allocator_up ? frame_map(paddr_to_mfn(p)) : (uint64_t *)p;
}

/* 0 without memory. */
static uint64_t new_table(void)
{
	void *p;

	if (!allocator_up)
		return (uint64_t)bootmem_page() | PAGEMAP_TABLE;
	p = pages_alloc(0);
	return p ? mfn_to_paddr(frame_of(p)) | PAGEMAP_TABLE : 0;
}

static unsigned int index_at(uint64_t va, unsigned int level)
{
	return (va >> (12 + 9 * (level - 1))) & 511;
}

/* The entry of level @level for @va, tables above it made; NULL: no memory. */
static uint64_t *try_entry_at(uint64_t *l4, uint64_t va, unsigned int level)
{
	uint64_t *t = l4;

	for (unsigned int l = 4; l > level; l--) {
		uint64_t *e = &t[index_at(va, l)];

		if (!(*e & PTE_P))
			*e = new_table();
		if (!*e)
			return NULL;
		ASSERT(l == 4 || !(*e & PTE_PSE));
		t = table_at(*e);
	}
	return &t[index_at(va, level)];
}

static void no_memory(void) noreturn;
static void no_memory(void)
{
	panic("no memory for the hypervisor's page tables");
}

static uint64_t *entry_at(uint64_t *l4, uint64_t va, unsigned int level)
{
	uint64_t *e = try_entry_at(l4, va, level);

	if (!e)
		no_memory();
	return e;
}

void *pagemap_table(uint64_t *l4, uint64_t va, unsigned int level)
{
	return entry_at(l4, va & -(1UL << (12 + 9 * level)), level);
}

static unsigned int level_for(uint64_t va, paddr_t pa, uint64_t len)
{
	unsigned int top = x86_features.pages_1g ? 3 : 2;

	for (unsigned int level = top; level > 1; level--) {
		uint64_t size = 1UL << (12 + 9 * (level - 1));

		if (len >= size && IS_ALIGNED(va | pa, size))
			return level;
	}
	return 1;
}

int pagemap_try_add(uint64_t *l4, uint64_t va, paddr_t pa, uint64_t len,
		    uint64_t rights)
{
	while (len) {
		unsigned int level = level_for(va, pa, len);
		uint64_t size = 1UL << (12 + 9 * (level - 1));
		uint64_t *e = try_entry_at(l4, va, level);

		if (!e)
			return -ENOMEM;
		*e = pa | rights | (level > 1 ? PTE_PSE : 0);
		va += size;
		pa += size;
		len -= size;
	}
	return 0;
}

void pagemap_add(uint64_t *l4, uint64_t va, paddr_t pa, uint64_t len,
		 uint64_t rights)
{
	if (pagemap_try_add(l4, va, pa, len, rights))
		no_memory();
}

void pagemap_fill(uint64_t *l4, uint64_t va, paddr_t pa, uint64_t rights)
{
	uint64_t entry = pa | rights;

	if (!last_fill || last_fill_entry != entry) {
		last_fill = bootmem_page();
		last_fill_entry = entry;
		for (unsigned int i = 0; i < 512; i++)
			last_fill[i] = entry;
	}
	*entry_at(l4, va, 2) = (uint64_t)last_fill | PAGEMAP_TABLE;
}

paddr_t pagemap_lookup(uint64_t *l4, uint64_t va)
{
	uint64_t *t = l4;

	for (unsigned int l = 4; l > 0; l--) {
		uint64_t e = t[index_at(va, l)];
		uint64_t size = 1UL << (12 + 9 * (l - 1));

		if (!(e & PTE_P))
			return 0;
		if (l == 1 || (l < 4 && e & PTE_PSE))
			return (e & PTE_ADDR & -size) + (va & (size - 1));
		t = table_at(e);
	}
	return 0;
}

void pagemap_use_allocator(void)
{
	allocator_up = true;
}
