// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building a sorted, disjoint memory map out of what the loader reports, which
 * may overlap, be unsorted, or wrap.  Works on the bootinfo it is given and
 * needs no allocator: the sweep goes over the ranges' edges in rising order.
 */
#include <boot/memmap.h>
#include <lib/str.h>

int memmap_add(struct bootinfo *b, paddr_t start, uint64_t len, uint32_t type)
{
	struct boot_range *last;
	paddr_t end = start + len;

	if (len == 0 || end < start)
		return 0;
	if (b->map_count > 0) {
		last = &b->map[b->map_count - 1];
		if (last->end == start && last->type == type) {
			last->end = end;
			return 0;
		}
	}
	if (b->map_count >= BOOT_RANGES_MAX)
		return -ENOSPC;
	b->map[b->map_count++] = (struct boot_range){ start, end, type };
	return 0;
}

/* The smallest range edge above @p, or ~0 if there is none. */
static paddr_t next_edge(const struct boot_range *r, unsigned int n, paddr_t p)
{
	paddr_t best = ~(paddr_t)0;

	for (unsigned int i = 0; i < n; i++) {
		if (r[i].start > p && r[i].start < best)
			best = r[i].start;
		if (r[i].end > p && r[i].end < best)
			best = r[i].end;
	}
	return best;
}

/* The type that rules at @p: the highest of the ranges there, or 0. */
static uint32_t ruling_type(const struct boot_range *r, unsigned int n,
			    paddr_t p)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < n; i++)
		if (p >= r[i].start && p < r[i].end && r[i].type > type)
			type = r[i].type;
	return type;
}

static bool starts_at_zero(const struct boot_range *r, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (r[i].start == 0)
			return true;
	return false;
}

int memmap_normalise(struct bootinfo *b)
{
	static struct boot_range raw[BOOT_RANGES_MAX];
	unsigned int n = b->map_count;
	paddr_t p = 0, next;
	int rc = 0;

	memcpy(raw, b->map, n * sizeof(raw[0]));
	b->map_count = 0;
	if (!starts_at_zero(raw, n))
		p = next_edge(raw, n, 0);
	while (p != ~(paddr_t)0 && rc == 0) {
		uint32_t type = ruling_type(raw, n, p);

		next = next_edge(raw, n, p);
		if (type != 0 && next != ~(paddr_t)0)
			rc = memmap_add(b, p, next - p, type);
		p = next;
	}
	return rc;
}

int memmap_clip_ram(struct bootinfo *b, paddr_t limit)
{
	limit &= PAGE_MASK;
	if (limit >= memmap_ram_end(b))
		return 0;
	/* A range of a higher type than RAM's, laid over it: only RAM goes. */
	for (unsigned int i = 0; i < b->map_count; i++) {
		struct boot_range *r = &b->map[i];

		if (r->type != MEMMAP_RAM || r->end <= limit)
			continue;
		if (r->start < limit) {
			if (b->map_count >= BOOT_RANGES_MAX)
				return -ENOSPC;
			memmove(r + 1, r,
				(b->map_count - i) * sizeof(b->map[0]));
			b->map_count++;
			r->end = limit;
			r++;
			i++;
			r->start = limit;
		}
		r->type = MEMMAP_UNUSABLE;
	}
	return 0;
}

uint64_t memmap_ram_bytes(const struct bootinfo *b)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < b->map_count; i++)
		if (b->map[i].type == MEMMAP_RAM)
			sum += b->map[i].end - b->map[i].start;
	return sum;
}

paddr_t memmap_ram_end(const struct bootinfo *b)
{
	paddr_t end = 0;

	for (unsigned int i = 0; i < b->map_count; i++)
		if (b->map[i].type == MEMMAP_RAM && b->map[i].end > end)
			end = b->map[i].end;
	return end;
}

uint32_t memmap_type_at(const struct bootinfo *b, paddr_t p)
{
	for (unsigned int i = 0; i < b->map_count; i++)
		if (p >= b->map[i].start && p < b->map[i].end)
			return b->map[i].type;
	return 0;
}

/* Indexed by UEFI's EFI_MEMORY_TYPE. */
static const uint8_t efi_types[] = {
	[0] = MEMMAP_RESERVED, /* reserved */
	[1] = MEMMAP_RAM, /* loader code: ours by now */
	[2] = MEMMAP_RAM, /* loader data */
	[3] = MEMMAP_RAM, /* boot services code */
	[4] = MEMMAP_RAM, /* boot services data */
	[5] = MEMMAP_RESERVED, /* runtime services code */
	[6] = MEMMAP_RESERVED, /* runtime services data */
	[7] = MEMMAP_RAM, /* conventional */
	[8] = MEMMAP_UNUSABLE,
	[9] = MEMMAP_ACPI, /* reclaimable */
	[10] = MEMMAP_NVS,
	[11] = MEMMAP_RESERVED, /* device memory */
	[12] = MEMMAP_RESERVED, /* device port space */
	[13] = MEMMAP_RESERVED, /* PAL code */
	[14] = MEMMAP_RESERVED, /* persistent */
};

uint32_t memmap_type_of_efi(uint32_t efi_type, uint64_t attribute)
{
	const uint64_t write_back = 1UL << 3;
	uint32_t type = MEMMAP_RESERVED;

	if (efi_type < ARRAY_SIZE(efi_types))
		type = efi_types[efi_type];
	if (type == MEMMAP_RAM && !(attribute & write_back))
		type = MEMMAP_RESERVED;
	return type;
}
