// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters of known frequency, to measure the TSC by: HPET, ACPI's PM timer,
 * and the PIT that every PC has.  State: the HPET's mapping.  Boot only.
 */
#include <boot/boot.h>
#include <port/irq_hw.h>
#include <x86/clock.h>
#include <x86/insn.h>

#define HPET_CAPABILITIES 0
#define HPET_CONFIG (0x10 / 8)
#define HPET_COUNTER (0xf0 / 8)
#define HPET_ENABLE 1
#define FEMTO 1000000000000000UL
#define HPET_PERIOD_MAX 100000000UL /* fs: 10 MHz at least */
#define PM_TIMER_HZ 3579545
#define PIT_HZ 1193182

static volatile uint64_t *hpet;

static uint64_t read_hpet(void)
{
	return hpet[HPET_COUNTER];
}

static uint64_t read_pm_timer(void)
{
	return inl((uint16_t)acpi_info.pm_timer_port);
}

/* Channel 2 counts down from 65536; the latch command freezes a reading. */
static uint64_t read_pit(void)
{
	uint64_t low, high;

	outb(0x43, 0x80);
	low = inb(0x42);
	high = inb(0x42);
	return 0x10000 - (high << 8 | low);
}

static bool start_hpet(struct reference *r)
{
	uint64_t period;

	if (!acpi_info.hpet_base)
		return false;
	hpet = mmio_map(acpi_info.hpet_base, PAGE_SIZE);
	period = hpet ? hpet[HPET_CAPABILITIES] >> 32 : 0;
	if (!period || period > HPET_PERIOD_MAX)
		return false;
	hpet[HPET_CONFIG] |= HPET_ENABLE;
	r->hz = FEMTO / period;
	return true;
}

static void start_pit(void)
{
	outb(0x61, (uint8_t)((inb(0x61) & ~2) | 1)); /* gate on, speaker off */
	outb(0x43, 0xb4); /* channel 2, both bytes, rate */
	outb(0x42, 0);
	outb(0x42, 0);
}

const struct reference *reference_find(void)
{
	static struct reference hpet_ref = { "HPET", 0, 0xffffffff, read_hpet };
	static struct reference pm_ref = { "PM timer", PM_TIMER_HZ, 0xffffff,
					   read_pm_timer };
	static struct reference pit_ref = { "PIT", PIT_HZ, 0xffff, read_pit };

	if (start_hpet(&hpet_ref))
		return &hpet_ref;
	if (acpi_info.pm_timer_port && acpi_info.pm_timer_port < 0xfffd) {
		if (acpi_info.pm_timer_32bit)
			pm_ref.mask = 0xffffffff;
		return &pm_ref;
	}
	start_pit();
	return &pit_ref;
}
