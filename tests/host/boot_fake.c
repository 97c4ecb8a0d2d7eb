// SPDX-License-Identifier: GPL-2.0-or-later
/* The window of physical memory, and the parts of the port that boot/ uses. */
#include <string.h>
#include <lib/decompress.h>
#include <port/foreign.h>
#include <port/irq_hw.h>
#include "boot_fake.h"

uint8_t phys_mem[PHYS_SIZE];

const void *phys_at(paddr_t p, size_t len)
{
	if (p < PHYS_BASE || p - PHYS_BASE > PHYS_SIZE ||
	    len > PHYS_SIZE - (p - PHYS_BASE))
		return NULL;
	return phys_mem + (p - PHYS_BASE);
}

paddr_t phys_put(struct phys_writer *w, const void *data, size_t len)
{
	paddr_t at = w->at;

	memcpy(phys_mem + (at - PHYS_BASE), data, len);
	w->at += len;
	return at;
}

void phys_align(struct phys_writer *w, unsigned int align)
{
	w->at = (w->at + align - 1) / align * align;
}

const void *acpi_map(paddr_t p, size_t len)
{
	return phys_at(p, len);
}

void foreign_code_begin(void)
{
}

void foreign_code_end(void)
{
}

uint32_t foreign_crc32(const void *p, size_t len)
{
	return crc32_of(p, len);
}
