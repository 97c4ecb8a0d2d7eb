/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables that are read, and a pure reader for each.  A reader gets a
 * whole table whose length and checksum were checked; what lies inside is
 * still bounded by that length.
 */
#ifndef BOOT_ACPI_TABLES_H
#define BOOT_ACPI_TABLES_H

#include <boot/boot.h>

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t checksum_all, reserved[3];
} __attribute__((packed));

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 6.5, table 5.3");
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.5, table 5.4");

uint8_t acpi_sum(const void *p, size_t len);
bool acpi_rsdp_valid(const struct acpi_rsdp *r);

void acpi_parse_madt(struct acpi_info *a, const struct acpi_header *h);
void acpi_parse_fadt(struct acpi_info *a, const struct acpi_header *h);
void acpi_parse_mcfg(struct acpi_info *a, const struct acpi_header *h);
void acpi_parse_hpet(struct acpi_info *a, const struct acpi_header *h);

#endif
