// SPDX-License-Identifier: GPL-2.0-or-later
/* ACPI tables as BIOS and UEFI leave them, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <boot/acpi_tables.h>
#include "boot_fake.h"

static struct phys_writer w;
static uint32_t tables[8];
static unsigned int table_count;

static int start(void **state)
{
	(void)state;
	memset(phys_mem, 0, sizeof(phys_mem));
	memset(&bootinfo, 0, sizeof(bootinfo));
	w.at = PHYS_BASE + 0x2000;
	table_count = 0;
	return 0;
}

static uint8_t *at(paddr_t p)
{
	return phys_mem + (p - PHYS_BASE);
}

/* A table with @body after its header, the checksum right; its address. */
static paddr_t put_table(const char *sig, const void *body, size_t len)
{
	struct acpi_header h = { .length = (uint32_t)(sizeof(h) + len),
				 .revision = 1 };
	paddr_t p;

	memcpy(h.signature, sig, 4);
	p = phys_put(&w, &h, sizeof(h));
	phys_put(&w, body, len);
	phys_align(&w, 16);
	((struct acpi_header *)at(p))->checksum =
		(uint8_t)-acpi_sum(at(p), h.length);
	return p;
}

static paddr_t list_table(const char *sig, const void *body, size_t len)
{
	paddr_t p = put_table(sig, body, len);

	tables[table_count++] = (uint32_t)p;
	return p;
}

static paddr_t put_rsdp(void)
{
	uint32_t rsdt = (uint32_t)put_table("RSDT", tables, table_count * 4);
	struct acpi_rsdp r = { .signature = "RSD PTR ", .rsdt = rsdt };
	paddr_t p;

	r.checksum = (uint8_t)-acpi_sum(&r, 20);
	p = phys_put(&w, &r, sizeof(r));
	phys_align(&w, 16);
	return p;
}

static const uint8_t madt_body[] = {
	0x00, 0x10, 0xe0, 0xfe, 1, 0, 0, 0, /* LAPIC at fee01000 */
	0, 8, 1, 0, 1, 0, 0, 0, /* CPU: ACPI 1, APIC 0 */
	0, 8, 2, 4, 1, 0, 0, 0, /* CPU: ACPI 2, APIC 4 */
	0, 8, 3, 5, 0, 0, 0, 0, /* not enabled */
	9, 16, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, /* APIC 4 again */
	9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, /* APIC 256 */
	1, 12, 7, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, /* I/O APIC */
	2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0, /* ISA 9: level, high */
	2, 10, 3, 5, 5, 0, 0, 0, 0, 0, /* not ISA */
	0x7f, 4, 1, 2, /* unknown */
};

static void reads_all(void **state)
{
	static uint8_t fadt[0x74 - 36];
	struct {
		uint64_t zero;
		uint64_t base;
		uint16_t seg;
		uint8_t first, last;
		uint32_t pad;
	} mcfg = { 0, 0xb0000000, 0, 0, 255, 0 };
	uint8_t hpet[20] = { 0 };
	uint64_t hpet_base = 0xfed00000;

	(void)state;
	fadt[46 - 36] = 9; /* SCI */
	fadt[64 - 36] = 0x04, fadt[65 - 36] = 0x06; /* PM1a control: 604 */
	fadt[76 - 36] = 0x08, fadt[77 - 36] = 0x06; /* PM timer: 608 */
	fadt[91 - 36] = 4;
	memcpy(hpet + 8, &hpet_base, 8);
	list_table("APIC", madt_body, sizeof(madt_body));
	list_table("FACP", fadt, sizeof(fadt));
	list_table("MCFG", &mcfg, sizeof(mcfg));
	list_table("HPET", hpet, sizeof(hpet));
	put_rsdp();
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.lapic_base, 0xfee01000);
	assert_int_equal(acpi_info.cpu_count, 3);
	assert_int_equal(acpi_info.cpus[1].apic_id, 4);
	assert_int_equal(acpi_info.cpus[2].apic_id, 256);
	assert_int_equal(acpi_info.cpus[2].acpi_id, 9);
	assert_int_equal(acpi_info.ioapic_count, 1);
	assert_int_equal(acpi_info.ioapics[0].base, 0xfec00000);
	assert_int_equal(acpi_info.override_count, 1);
	assert_int_equal(acpi_info.overrides[0].flags, 0x0d);
	assert_int_equal(acpi_info.sci_irq, 9);
	assert_int_equal(acpi_info.pm1a_cnt, 0x604);
	assert_int_equal(acpi_info.pm_timer_port, 0x608);
	assert_false(acpi_info.reset_supported);
	assert_int_equal(acpi_info.mcfg_count, 1);
	assert_int_equal(acpi_info.mcfg[0].base, 0xb0000000);
	assert_int_equal(acpi_info.hpet_base, 0xfed00000);
}

static void none_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(acpi_init(), -ENOENT);
}

static void damaged_tables_are_left_out(void **state)
{
	paddr_t madt;

	(void)state;
	madt = list_table("APIC", madt_body, sizeof(madt_body));
	tables[table_count++] = 0xfffffff0; /* nowhere */
	put_rsdp();
	at(madt)[50] ^= 1;
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.cpu_count, 0);
	at(madt)[50] ^= 1;
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.cpu_count, 3);
	at(madt)[4] = 20; /* shorter than a header */
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.cpu_count, 0);
}

/* UEFI: through the system table; and only by the loader's copy. */
static void found_without_bios(void **state)
{
	uint8_t systab[120] = { 0 };
	uint8_t config[24] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
			       0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
	uint64_t n = 1, where;

	(void)state;
	list_table("APIC", madt_body, sizeof(madt_body));
	where = put_rsdp();
	memcpy(config + 16, &where, 8);
	where = phys_put(&w, config, sizeof(config));
	memcpy(systab + 104, &n, 8);
	memcpy(systab + 112, &where, 8);
	bootinfo.efi = true;
	bootinfo.efi_systab = phys_put(&w, systab, sizeof(systab));
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.cpu_count, 3);
	assert_true(acpi_info.rsdp != 0);

	memcpy(bootinfo.rsdp_copy, at(acpi_info.rsdp), 36);
	bootinfo.efi_systab = 0x10; /* out of reach */
	assert_int_equal(acpi_init(), 0);
	assert_int_equal(acpi_info.cpu_count, 3);
	assert_int_equal(acpi_info.rsdp, 0);
}

/* Any length and any byte in a table whose checksum is made right again. */
static void readers_survive_anything(void **state)
{
	static void (*const readers[])(struct acpi_info *,
				       const struct acpi_header *) = {
		acpi_parse_madt, acpi_parse_fadt, acpi_parse_mcfg,
		acpi_parse_hpet,
	};
	static struct acpi_info info;

	(void)state;
	for (unsigned int round = 0; round < 40000; round++) {
		uint32_t len = sizeof(struct acpi_header) +
			       (uint32_t)rand() % 200;
		uint8_t *t = malloc(len);

		for (uint32_t i = 0; i < len; i++)
			t[i] = (uint8_t)(rand() % 4 ? rand() % 16 : rand());
		((struct acpi_header *)t)->length = len;
		readers[round % 4](&info, (struct acpi_header *)t);
		free(t);
	}
	assert_true(info.cpu_count <= ACPI_CPU_MAX);
	assert_true(info.ioapic_count <= ACPI_IOAPIC_MAX);
	assert_true(info.mcfg_count <= ACPI_MCFG_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, start)
		T(reads_all), T(none_is_an_error),
		T(damaged_tables_are_left_out), T(found_without_bios),
		T(readers_survive_anything),
#undef T
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
