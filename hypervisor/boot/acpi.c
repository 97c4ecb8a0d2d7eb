// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading ACPI's static tables into struct acpi_info: processors, I/O APICs,
 * interrupt overrides, PCI configuration windows, timers, power.  Tables are
 * the firmware's, so lengths and checksums are checked, but a table that is
 * damaged is left out with a warning rather than ending the boot.
 *
 * Owns acpi_info.  Boot CPU, once.
 */
#include <boot/acpi_tables.h>
#include <boot/boot.h>
#include <lib/str.h>
#include <port/irq_hw.h>
#include <port/log.h>

struct acpi_info acpi_info;

#define TABLE_MAX (1u << 20)
#define ROOT_ENTRIES_MAX 256

uint8_t acpi_sum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *b++);
	return sum;
}

bool acpi_rsdp_valid(const struct acpi_rsdp *r)
{
	if (memcmp(r->signature, "RSD PTR ", 8) || acpi_sum(r, 20) != 0)
		return false;
	return r->revision < 2 || acpi_sum(r, sizeof(*r)) == 0;
}

/* The RSDP lies on a 16-byte boundary somewhere in [start, start + len). */
static paddr_t scan(paddr_t start, size_t len)
{
	const char *p = acpi_map(start, len);
	paddr_t found = 0;

	for (size_t off = 0; p && !found && off + 36 <= len; off += 16) {
		struct acpi_rsdp r;

		if (memcmp(p + off, "RSD PTR ", 8))
			continue;
		memcpy(&r, p + off, sizeof(r));
		if (acpi_rsdp_valid(&r))
			found = start + off;
	}
	if (p)
		acpi_unmap(p);
	return found;
}

/* BIOS: the first KiB of the extended data area, or below 1 MiB. */
static paddr_t find_in_bios(void)
{
	const uint8_t *bda = acpi_map(0x400, 0x100);
	paddr_t ebda = 0, found = 0;

	if (bda) {
		ebda = (paddr_t)(bda[0x0e] | bda[0x0f] << 8) << 4;
		acpi_unmap(bda);
	}
	if (ebda >= 0x80000 && ebda < 0xa0000)
		found = scan(ebda, 1024);
	return found ? found : scan(0xe0000, 0x20000);
}

struct efi_config_entry {
	uint8_t guid[16];
	uint64_t table;
} __attribute__((packed));

/* UEFI's system table lists configuration tables, ACPI's among them. */
static paddr_t find_in_efi(void)
{
	static const uint8_t acpi2[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4,
					   0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80,
					   0xc7, 0x3c, 0x88, 0x81 };
	const struct efi_config_entry *e;
	uint64_t where[2]; /* number of entries, address */
	const char *systab;
	paddr_t found = 0;

	systab = acpi_map(bootinfo.efi_systab, 120);
	if (!systab)
		return 0;
	memcpy(where, systab + 104, sizeof(where));
	acpi_unmap(systab);
	if (where[0] == 0 || where[0] > 256)
		return 0;
	e = acpi_map(where[1], where[0] * sizeof(*e));
	if (!e)
		return 0;
	for (uint64_t i = 0; i < where[0]; i++)
		if (memcmp(e[i].guid, acpi2, sizeof(acpi2)) == 0)
			found = e[i].table;
	acpi_unmap(e);
	return found;
}

/* Fill @r; the address is 0 where only the loader's copy is known. */
static bool find_rsdp(struct acpi_rsdp *r, paddr_t *where)
{
	const struct acpi_rsdp *p;

	*where = bootinfo.rsdp;
	if (!*where && bootinfo.efi)
		*where = find_in_efi();
	if (!*where && !bootinfo.efi)
		*where = find_in_bios();
	memset(r, 0, sizeof(*r));
	if (*where) {
		p = acpi_map(*where, sizeof(*r));
		if (p) {
			memcpy(r, p, sizeof(*r));
			acpi_unmap(p);
		}
		if (acpi_rsdp_valid(r))
			return true;
	}
	memcpy(r, bootinfo.rsdp_copy, sizeof(*r));
	return acpi_rsdp_valid(r);
}

/* Map a whole table, its checksum being right; or NULL. */
static const struct acpi_header *map_table(paddr_t p)
{
	const struct acpi_header *h;
	uint32_t len;

	h = p ? acpi_map(p, sizeof(*h)) : NULL;
	if (!h)
		return NULL;
	len = h->length;
	acpi_unmap(h);
	if (len < sizeof(*h) || len > TABLE_MAX)
		return NULL;
	h = acpi_map(p, len);
	if (h && (h->length != len || acpi_sum(h, len) != 0)) {
		acpi_unmap(h);
		h = NULL;
	}
	return h;
}

static const struct {
	char signature[5];
	void (*parse)(struct acpi_info *a, const struct acpi_header *h);
} parsers[] = {
	{ "APIC", acpi_parse_madt },
	{ "FACP", acpi_parse_fadt },
	{ "MCFG", acpi_parse_mcfg },
	{ "HPET", acpi_parse_hpet },
};

static void parse_table(paddr_t p)
{
	const struct acpi_header *h = map_table(p);

	if (!h) {
		log_warn("ACPI: damaged table at %#lx left out\n", p);
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(parsers); i++)
		if (memcmp(h->signature, parsers[i].signature, 4) == 0)
			parsers[i].parse(&acpi_info, h);
	acpi_unmap(h);
}

/* The root table: 64-bit addresses in the XSDT, 32-bit ones in the RSDT. */
static int walk_root(paddr_t root, const char *signature, unsigned int width)
{
	static paddr_t entries[ROOT_ENTRIES_MAX];
	const struct acpi_header *h = map_table(root);
	unsigned int n;

	if (!h)
		return -ENOENT;
	n = (unsigned int)((h->length - sizeof(*h)) / width);
	n = memcmp(h->signature, signature, 4) ? 0 : MIN(n, ROOT_ENTRIES_MAX);
	for (unsigned int i = 0; i < n; i++) {
		entries[i] = 0;
		memcpy(&entries[i], (const char *)(h + 1) + i * width, width);
	}
	acpi_unmap(h);
	for (unsigned int i = 0; i < n; i++)
		if (entries[i])
			parse_table(entries[i]);
	return n ? 0 : -ENOENT;
}

int acpi_init(void)
{
	struct acpi_info *a = &acpi_info;
	struct acpi_rsdp r;
	int rc = -ENOENT;

	memset(a, 0, sizeof(*a));
	a->lapic_base = 0xfee00000;
	if (!find_rsdp(&r, &a->rsdp)) {
		log_err("ACPI: no root pointer found\n");
		return -ENOENT;
	}
	if (r.revision >= 2 && r.xsdt)
		rc = walk_root(r.xsdt, "XSDT", 8);
	if (rc)
		rc = walk_root(r.rsdt, "RSDT", 4);
	if (rc) {
		log_err("ACPI: no usable root table\n");
		return rc;
	}
	log_info("ACPI: %u CPUs, %u I/O APICs, PM timer at %#x%s\n",
		 a->cpu_count, a->ioapic_count, a->pm_timer_port,
		 a->hpet_base ? ", HPET" : "");
	return 0;
}
