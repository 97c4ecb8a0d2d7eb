// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IO-APICs.  State: their mappings, and for each pin the low word last
 * written, so that masking is one write.  Guarded by irq.c's lock.
 */
#include <boot/boot.h>
#include <lib/errno.h>
#include <port/irq_hw.h>
#include <port/log.h>
#include <x86/ioapic.h>

#define REG_VERSION 1
#define REG_PIN 0x10
#define PIN_MASKED BIT(16)
#define PIN_LEVEL BIT(15)
#define PIN_LOW BIT(13)
#define PINS_MAX 240

static struct ioapic {
	volatile uint32_t *regs; /* [0] selects, [4] is the window */
	paddr_t base;
	uint32_t first, pins;
	uint32_t low[PINS_MAX];
} ioapics[ACPI_IOAPIC_MAX];
static unsigned int count, gsis;

static uint32_t read(struct ioapic *a, uint32_t reg)
{
	a->regs[0] = reg;
	return a->regs[4];
}

static void write(struct ioapic *a, uint32_t reg, uint32_t v)
{
	a->regs[0] = reg;
	a->regs[4] = v;
}

static struct ioapic *find(unsigned int gsi, unsigned int *pin)
{
	for (unsigned int i = 0; i < count; i++) {
		*pin = gsi - ioapics[i].first;
		if (*pin < ioapics[i].pins)
			return &ioapics[i];
	}
	return NULL;
}

static void write_low(struct ioapic *a, unsigned int pin, uint32_t v)
{
	a->low[pin] = v;
	write(a, REG_PIN + pin * 2, v);
}

static int init_one(struct ioapic *a, paddr_t base, uint32_t first)
{
	a->regs = mmio_map(base, PAGE_SIZE);
	if (!a->regs)
		return -ENODEV;
	a->base = base;
	a->first = first;
	a->pins = MIN((read(a, REG_VERSION) >> 16 & 0xff) + 1, PINS_MAX);
	for (unsigned int i = 0; i < a->pins; i++)
		write_low(a, i, PIN_MASKED);
	gsis = MAX(gsis, a->first + a->pins);
	log_info("IO-APIC at %#lx: interrupts %u to %u\n", base, first,
		 first + a->pins - 1);
	return 0;
}

int ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi_info.ioapic_count; i++) {
		if (acpi_info.ioapics[i].gsi_base >= IRQ_MAX - PINS_MAX)
			continue;
		if (!init_one(&ioapics[count], acpi_info.ioapics[i].base,
			      acpi_info.ioapics[i].gsi_base))
			count++;
	}
	if (!count)
		log_err("no IO-APIC found\n");
	return count ? 0 : -ENODEV;
}

unsigned int ioapic_gsi_count(void)
{
	return gsis;
}

bool ioapic_has(unsigned int gsi)
{
	unsigned int pin;

	return find(gsi, &pin) != NULL;
}

void ioapic_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
		  bool level, bool low)
{
	unsigned int pin;
	struct ioapic *a = find(gsi, &pin);

	if (!a)
		return;
	write_low(a, pin, (uint32_t)(PIN_MASKED | vector |
				     (level ? PIN_LEVEL : 0) |
				     (low ? PIN_LOW : 0)));
	write(a, REG_PIN + pin * 2 + 1, apic_id << 24);
}

/* The high word alone: an interrupt in between goes to the old or the new. */
void ioapic_retarget(unsigned int gsi, uint32_t apic_id)
{
	unsigned int pin;
	struct ioapic *a = find(gsi, &pin);

	if (a)
		write(a, REG_PIN + pin * 2 + 1, apic_id << 24);
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	unsigned int pin;
	struct ioapic *a = find(gsi, &pin);

	if (!a)
		return;
	write_low(a, pin, masked ? a->low[pin] | (uint32_t)PIN_MASKED :
				   a->low[pin] & ~(uint32_t)PIN_MASKED);
}

int ioapic_read(uint64_t base, uint32_t reg, uint32_t *val)
{
	for (unsigned int i = 0; i < count; i++)
		if (ioapics[i].base == base && reg < 256) {
			*val = read(&ioapics[i], reg);
			return 0;
		}
	return -ENODEV;
}
