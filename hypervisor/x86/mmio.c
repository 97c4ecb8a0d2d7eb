// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device memory and firmware tables in the hypervisor's address space.  State:
 * how much of each window is used.  Device mappings stay; the ACPI window is
 * used afresh after acpi_unmap().  Boot CPU only, except that mmio_map() may
 * run later under the caller's lock.
 */
#include <port/irq_hw.h>
#include <x86/pagemap.h>
#include <x86/paging.h>
#include <x86/x86.h>

#define ACPI_WINDOW (64UL << 20)
#define MMIO_WINDOW (ACPI_VIRT - MMIO_VIRT)

static uint64_t mmio_used, acpi_used;

volatile void *mmio_map(paddr_t p, size_t len)
{
	uint64_t off = p & ~PAGE_MASK;
	uint64_t size = ALIGN_UP(off + len, PAGE_SIZE);
	uint64_t va = MMIO_VIRT + mmio_used;

	if (p + len < p || (p + len - 1) >> x86_features.paddr_bits ||
	    size > MMIO_WINDOW - mmio_used)
		return NULL;
	mmio_used += size; /* for good: what fails may have been mapped in part */
	if (pagemap_try_add(hv_l4, va, p - off, size, MAP_MMIO))
		return NULL;
	return (volatile void *)(va + off);
}

const void *acpi_map(paddr_t p, size_t len)
{
	uint64_t off = p & ~PAGE_MASK;
	uint64_t size = ALIGN_UP(off + len, PAGE_SIZE);
	uint64_t va = ACPI_VIRT + acpi_used;

	if (p + len < p || !len || len > ACPI_WINDOW ||
	    (p + len - 1) >> x86_features.paddr_bits ||
	    acpi_used + size > ACPI_WINDOW)
		return NULL;
	acpi_used += size;
	for (uint64_t i = 0; i < size; i += PAGE_SIZE) {
		pagemap_add(hv_l4, va + i, p - off + i, PAGE_SIZE, MAP_RO);
		invlpg(va + i);
	}
	return (const void *)(va + off);
}

void acpi_unmap(const void *p)
{
	(void)p;
	acpi_used = 0;
}
