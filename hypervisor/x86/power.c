// SPDX-License-Identifier: GPL-2.0-or-later
/* Ends of the host: restart, halt, power off. No state. */
#include <boot/boot.h>
#include <port/irq_hw.h>
#include <port/log.h>
#include <x86/clock.h>
#include <x86/insn.h>
#include <x86/traps.h>
#include <x86/uart.h>
#include <x86/x86.h>

#define SLEEP_ENABLE BIT(13)
#define SLEEP_TYPE_MASK (7u << 10)

static void reset_by_acpi(void)
{
	if (!acpi_info.reset_supported)
		return;
	if (acpi_info.reset_space == 1) {
		outb((uint16_t)acpi_info.reset_addr, acpi_info.reset_value);
	} else if (acpi_info.reset_space == 0) {
		volatile uint8_t *p = mmio_map(acpi_info.reset_addr, 1);

		if (p)
			*p = acpi_info.reset_value;
	}
	clock_delay_us(100000);
}

static void reset_by_keyboard(void)
{
	for (unsigned int n = 0; n < 10; n++) {
		for (unsigned int w = 0; w < 1000 && inb(0x64) & 2; w++)
			clock_delay_us(10);
		outb(0x64, 0xfe);
		clock_delay_us(10000);
	}
}

static void reset_by_pci(void)
{
	outb(0xcf9, 0x02);
	clock_delay_us(50);
	outb(0xcf9, 0x06);
	clock_delay_us(100000);
}

static void reset_by_triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none;

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

void machine_restart(void)
{
	stop_other_cpus();
	console_flush();
	reset_by_acpi();
	reset_by_pci();
	reset_by_keyboard();
	reset_by_triple_fault();
	for (;;)
		__asm__ volatile("cli; hlt");
}

void machine_halt(void)
{
	stop_other_cpus();
	console_flush();
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* @val is the whole register as the kernel would write it. */
static void write_pm1(uint32_t port, uint16_t val)
{
	uint16_t v;

	if (!port)
		return;
	v = inw((uint16_t)port) & (uint16_t)~(SLEEP_TYPE_MASK | SLEEP_ENABLE);
	v |= val & SLEEP_TYPE_MASK;
	outw((uint16_t)port, v);
	outw((uint16_t)port, (uint16_t)(v | SLEEP_ENABLE));
}

void machine_power_off_s5(uint16_t pm1a_val, uint16_t pm1b_val)
{
	console_flush();
	__asm__ volatile("wbinvd" : : : "memory");
	write_pm1(acpi_info.pm1a_cnt, pm1a_val);
	write_pm1(acpi_info.pm1b_cnt, pm1b_val);
	clock_delay_us(1000000);
	log_err("the machine did not power off\n");
}
