// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers of single ACPI tables into struct acpi_info.  No state. */
#include <boot/acpi_tables.h>
#include <lib/str.h>
#include <port/log.h>

/* Copy a field; false where the table (of an older revision) ends before. */
static bool field(const struct acpi_header *h, size_t off, void *dst,
		  size_t len)
{
	if (off > h->length || len > h->length - off)
		return false;
	memcpy(dst, (const char *)h + off, len);
	return true;
}

/* --- MADT --- */

struct madt_lapic {
	uint8_t type, len, acpi_id, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_x2apic {
	uint8_t type, len;
	uint16_t reserved;
	uint32_t apic_id, flags, acpi_id;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, len, id, reserved;
	uint32_t base, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, len, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

struct madt_lapic_addr {
	uint8_t type, len;
	uint16_t reserved;
	uint64_t base;
} __attribute__((packed));

_Static_assert(sizeof(struct madt_lapic) == 8, "ACPI 6.5, table 5.21");
_Static_assert(sizeof(struct madt_ioapic) == 12, "ACPI 6.5, table 5.22");
_Static_assert(sizeof(struct madt_override) == 10, "ACPI 6.5, table 5.25");
_Static_assert(sizeof(struct madt_lapic_addr) == 12, "ACPI 6.5, table 5.28");
_Static_assert(sizeof(struct madt_x2apic) == 16, "ACPI 6.5, table 5.32");

#define LAPIC_ENABLED 1u

/* The same CPU may be listed in both forms. */
static void add_cpu(struct acpi_info *a, uint32_t apic_id, uint32_t acpi_id,
		    uint32_t flags)
{
	if (!(flags & LAPIC_ENABLED))
		return;
	for (unsigned int i = 0; i < a->cpu_count; i++)
		if (a->cpus[i].apic_id == apic_id)
			return;
	if (a->cpu_count == ACPI_CPU_MAX) {
		log_warn("ACPI: too many processors, some left out\n");
		return;
	}
	a->cpus[a->cpu_count].apic_id = apic_id;
	a->cpus[a->cpu_count].acpi_id = acpi_id;
	a->cpus[a->cpu_count++].enabled = true;
}

static void take_lapic(struct acpi_info *a, const void *p)
{
	struct madt_lapic e;

	memcpy(&e, p, sizeof(e));
	if (e.apic_id != 0xff)
		add_cpu(a, e.apic_id, e.acpi_id, e.flags);
}

static void take_x2apic(struct acpi_info *a, const void *p)
{
	struct madt_x2apic e;

	memcpy(&e, p, sizeof(e));
	if (e.apic_id != ~0u)
		add_cpu(a, e.apic_id, e.acpi_id, e.flags);
}

static void take_ioapic(struct acpi_info *a, const void *p)
{
	struct madt_ioapic e;

	memcpy(&e, p, sizeof(e));
	if (a->ioapic_count == ACPI_IOAPIC_MAX) {
		log_warn("ACPI: too many I/O APICs, some left out\n");
		return;
	}
	a->ioapics[a->ioapic_count].id = e.id;
	a->ioapics[a->ioapic_count].base = e.base;
	a->ioapics[a->ioapic_count++].gsi_base = e.gsi_base;
}

static void take_override(struct acpi_info *a, const void *p)
{
	struct madt_override e;

	memcpy(&e, p, sizeof(e));
	if (e.bus != 0 || a->override_count == ACPI_OVERRIDE_MAX)
		return;
	a->overrides[a->override_count].source = e.source;
	a->overrides[a->override_count].gsi = e.gsi;
	a->overrides[a->override_count++].flags = e.flags;
}

static void take_lapic_addr(struct acpi_info *a, const void *p)
{
	struct madt_lapic_addr e;

	memcpy(&e, p, sizeof(e));
	a->lapic_base = e.base;
}

static const struct {
	uint8_t type, len;
	void (*take)(struct acpi_info *a, const void *p);
} madt_kinds[] = {
	{ 0, sizeof(struct madt_lapic), take_lapic },
	{ 1, sizeof(struct madt_ioapic), take_ioapic },
	{ 2, sizeof(struct madt_override), take_override },
	{ 5, sizeof(struct madt_lapic_addr), take_lapic_addr },
	{ 9, sizeof(struct madt_x2apic), take_x2apic },
};

void acpi_parse_madt(struct acpi_info *a, const struct acpi_header *h)
{
	const uint8_t *base = (const uint8_t *)h;
	uint32_t lapic, off = sizeof(*h) + 8;
	uint8_t e[2]; /* type, length */

	if (field(h, sizeof(*h), &lapic, 4))
		a->lapic_base = lapic;
	for (; field(h, off, e, 2); off += e[1]) {
		if (e[1] < 2 || e[1] > h->length - off) {
			log_warn("ACPI: the MADT ends in the middle\n");
			return;
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(madt_kinds); i++)
			if (madt_kinds[i].type == e[0] &&
			    e[1] >= madt_kinds[i].len)
				madt_kinds[i].take(a, base + off);
	}
}

/* --- FADT --- */

struct acpi_gas {
	uint8_t space, width, offset, access;
	uint64_t address;
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_gas) == 12, "ACPI 6.5, table 5.1");

/* Offsets, ACPI 6.5, table 5.9. */
enum {
	FADT_FACS = 36,
	FADT_SCI = 46,
	FADT_PM1A_CNT = 64,
	FADT_PM1B_CNT = 68,
	FADT_PM_TIMER = 76,
	FADT_PM_TIMER_LEN = 91,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_FACS = 132,
	FADT_X_PM1A_CNT = 172,
	FADT_X_PM1B_CNT = 184,
	FADT_X_PM_TIMER = 208,
};
#define FADT_TIMER_32BIT BIT(8)
#define FADT_RESET BIT(10)
#define SPACE_MEMORY 0
#define SPACE_IO 1

/* A port: from the extended field if that holds one, else the old field. */
static uint32_t fadt_port(const struct acpi_header *h, size_t old, size_t ext)
{
	struct acpi_gas g;
	uint32_t port = 0;

	field(h, old, &port, 4);
	if (field(h, ext, &g, sizeof(g)) && g.space == SPACE_IO && g.address)
		port = (uint32_t)g.address;
	return port <= 0xffff ? port : 0;
}

static void fadt_reset(struct acpi_info *a, const struct acpi_header *h)
{
	struct acpi_gas g;

	if (!field(h, FADT_RESET_REG, &g, sizeof(g)) ||
	    !field(h, FADT_RESET_VALUE, &a->reset_value, 1))
		return;
	if (g.space != SPACE_IO && g.space != SPACE_MEMORY)
		return;
	a->reset_space = g.space;
	a->reset_addr = g.address;
	a->reset_supported = g.address != 0;
}

void acpi_parse_fadt(struct acpi_info *a, const struct acpi_header *h)
{
	uint32_t flags = 0, facs = 0;
	uint64_t x_facs = 0;
	uint16_t sci = 0;
	uint8_t timer_len = 0;

	field(h, FADT_FLAGS, &flags, 4);
	field(h, FADT_SCI, &sci, 2);
	field(h, FADT_FACS, &facs, 4);
	field(h, FADT_X_FACS, &x_facs, 8);
	field(h, FADT_PM_TIMER_LEN, &timer_len, 1);
	a->sci_irq = sci;
	a->facs = x_facs ? x_facs : facs;
	a->pm1a_cnt = fadt_port(h, FADT_PM1A_CNT, FADT_X_PM1A_CNT);
	a->pm1b_cnt = fadt_port(h, FADT_PM1B_CNT, FADT_X_PM1B_CNT);
	if (timer_len == 4)
		a->pm_timer_port = fadt_port(h, FADT_PM_TIMER, FADT_X_PM_TIMER);
	a->pm_timer_32bit = flags & FADT_TIMER_32BIT;
	if (flags & FADT_RESET)
		fadt_reset(a, h);
}

/* --- MCFG, HPET --- */

struct mcfg_entry {
	uint64_t base;
	uint16_t seg;
	uint8_t bus_start, bus_end;
	uint32_t reserved;
} __attribute__((packed));

void acpi_parse_mcfg(struct acpi_info *a, const struct acpi_header *h)
{
	struct mcfg_entry e;

	for (size_t off = sizeof(*h) + 8; field(h, off, &e, sizeof(e));
	     off += sizeof(e)) {
		if (a->mcfg_count == ACPI_MCFG_MAX ||
		    e.bus_end < e.bus_start || !IS_ALIGNED(e.base, 1UL << 20))
			continue;
		a->mcfg[a->mcfg_count].base = e.base;
		a->mcfg[a->mcfg_count].seg = e.seg;
		a->mcfg[a->mcfg_count].bus_start = e.bus_start;
		a->mcfg[a->mcfg_count++].bus_end = e.bus_end;
	}
}

void acpi_parse_hpet(struct acpi_info *a, const struct acpi_header *h)
{
	struct acpi_gas g;

	if (field(h, sizeof(*h) + 4, &g, sizeof(g)) && g.space == SPACE_MEMORY)
		a->hpet_base = g.address;
}
