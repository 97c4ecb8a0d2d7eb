// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory before the allocator exists.  State: the free ranges, which only
 * shrink; used by the boot CPU alone.
 */
#include <boot/boot.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <x86/bootmem.h>
#include <x86/paging.h>
#include <x86/x86.h>

#define LOW_MEMORY 0x100000UL
#define IDENTITY_END 0x100000000UL

struct range {
	paddr_t start, end;
};

static struct range free_ranges[BOOT_RANGES_MAX + BOOT_MODULES_MAX + 8];
static unsigned int free_count;

static void add(paddr_t start, paddr_t end)
{
	start = ALIGN_UP(start, PAGE_SIZE);
	end &= PAGE_MASK;
	if (start >= end)
		return;
	for (unsigned int i = 0; i < free_count; i++)
		if (free_ranges[i].start == free_ranges[i].end) {
			free_ranges[i] = (struct range){ start, end };
			return;
		}
	ASSERT(free_count < ARRAY_SIZE(free_ranges));
	free_ranges[free_count++] = (struct range){ start, end };
}

/* Take [start, end) out, wherever it is. */
static void exclude(paddr_t start, paddr_t end)
{
	unsigned int n = free_count;

	start &= PAGE_MASK;
	end = ALIGN_UP(end, PAGE_SIZE);
	for (unsigned int i = 0; i < n; i++) {
		struct range r = free_ranges[i];

		if (end <= r.start || start >= r.end)
			continue;
		if (start <= r.start) {
			free_ranges[i].start = MIN(end, r.end);
			continue;
		}
		free_ranges[i].end = start;
		if (end < r.end)
			add(end, r.end);
	}
}

void bootmem_init(void)
{
	for (unsigned int i = 0; i < bootinfo.map_count; i++) {
		const struct boot_range *r = &bootinfo.map[i];

		if (r->type == 1 && r->start < DIRECT_MAX)
			add(r->start, MIN(r->end, DIRECT_MAX));
	}
	exclude(0, LOW_MEMORY);
	exclude(hv_image_start(), hv_image_end());
	for (unsigned int i = 0; i < bootinfo.module_count; i++)
		exclude(bootinfo.modules[i].start, bootinfo.modules[i].end);
	if (bootinfo.efi_mmap)
		exclude(bootinfo.efi_mmap,
			bootinfo.efi_mmap + bootinfo.efi_mmap_size);
}

static paddr_t place_in(const struct range *r, uint64_t size, uint64_t align,
			paddr_t limit)
{
	paddr_t end = limit ? MIN(r->end, limit) : r->end;
	paddr_t p;

	if (end < size)
		return 0;
	p = (end - size) & -align;
	return p >= r->start ? p : 0;
}

paddr_t bootmem_alloc(uint64_t size, uint64_t align, paddr_t limit)
{
	paddr_t best = 0;

	for (unsigned int i = 0; i < free_count; i++)
		best = MAX(best, place_in(&free_ranges[i], size, align, limit));
	if (!best)
		panic("no memory for %lu bytes of page tables", size);
	exclude(best, best + size);
	return best;
}

void *bootmem_page(void)
{
	void *p = (void *)bootmem_alloc(PAGE_SIZE, PAGE_SIZE, IDENTITY_END);

	return memset(p, 0, PAGE_SIZE);
}

paddr_t bootmem_free_end(paddr_t p)
{
	for (unsigned int i = 0; i < free_count; i++)
		if (p >= free_ranges[i].start && p < free_ranges[i].end)
			return free_ranges[i].end;
	return 0;
}

void bootmem_finish(void)
{
	for (unsigned int i = 0; i < free_count; i++) {
		struct range *r = &free_ranges[i];

		if (r->start < r->end)
			buddy_add(paddr_to_mfn(r->start),
				  (r->end - r->start) >> PAGE_SHIFT);
	}
	free_count = 0;
}
