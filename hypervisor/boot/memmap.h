/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's memory map while it is put together: ranges from the loader,
 * made sorted and disjoint.  Where two overlap the one with the higher type
 * wins (RAM, type 1, is the lowest), so that nothing reserved is ever taken
 * for RAM.
 */
#ifndef BOOT_MEMMAP_H
#define BOOT_MEMMAP_H

#include <boot/boot.h>

enum {
	MEMMAP_RAM = 1,
	MEMMAP_RESERVED = 2,
	MEMMAP_ACPI = 3,
	MEMMAP_NVS = 4,
	MEMMAP_UNUSABLE = 5,
};

/*
 * Append [@start, @start + @len) to @b's map, joined to the last range where
 * it continues it. Empty and wrapping ranges are left out. -ENOSPC.
 */
int memmap_add(struct bootinfo *b, paddr_t start, uint64_t len, uint32_t type);

/* Sort, split at overlaps, join. -ENOSPC: too many pieces. */
int memmap_normalise(struct bootinfo *b);

/* mem=: make RAM at and above @limit unusable. The map stays normalised. */
int memmap_clip_ram(struct bootinfo *b, paddr_t limit);

/* Bytes of RAM, and the end of the highest RAM range. */
uint64_t memmap_ram_bytes(const struct bootinfo *b);
paddr_t memmap_ram_end(const struct bootinfo *b);

/* The type of the range that holds @p, or 0 if none does. */
uint32_t memmap_type_at(const struct bootinfo *b, paddr_t p);

/* Types of UEFI's memory descriptors as E820 types. */
uint32_t memmap_type_of_efi(uint32_t efi_type, uint64_t attribute);

#endif
