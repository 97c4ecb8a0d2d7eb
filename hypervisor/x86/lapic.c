// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Local APICs, in x2APIC mode where it exists and is not turned off, else
 * through memory.  State: which of the two, the mapping; all else is in the
 * hardware of each CPU.
 */
#include <boot/boot.h>
#include <port/irq_hw.h>
#include <port/log.h>
#include <x86/insn.h>
#include <x86/lapic.h>
#include <x86/layout.h>
#include <x86/x86.h>

enum {
	REG_ID = 0x02,
	REG_TPR = 0x08,
	REG_EOI = 0x0b,
	REG_SVR = 0x0f,
	REG_ESR = 0x28,
	REG_ICR = 0x30,
	REG_ICR_HIGH = 0x31,
	REG_LVT_TIMER = 0x32,
	REG_LVT_THERMAL = 0x33,
	REG_LVT_PERF = 0x34,
	REG_LVT_LINT0 = 0x35,
	REG_LVT_LINT1 = 0x36,
	REG_LVT_ERROR = 0x37,
	REG_TIMER_INITIAL = 0x38,
	REG_TIMER_CURRENT = 0x39,
	REG_TIMER_DIVIDE = 0x3e,
};

#define BASE_ENABLE BIT(11)
#define BASE_X2APIC BIT(10)
#define SVR_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_NMI 0x400
#define TIMER_TSC_DEADLINE (2 << 17)
#define DIVIDE_BY_16 3

#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_BUSY 0x1000
#define ICR_ASSERT 0x4000

static volatile uint32_t *regs; /* NULL: x2APIC */

static uint32_t read(unsigned int reg)
{
	return regs ? regs[reg * 4] : (uint32_t)rdmsr(MSR_X2APIC + reg);
}

static void write(unsigned int reg, uint32_t v)
{
	if (regs)
		regs[reg * 4] = v;
	else
		wrmsr(MSR_X2APIC + reg, v);
}

uint32_t lapic_id(void)
{
	return regs ? read(REG_ID) >> 24 : read(REG_ID);
}

void lapic_eoi(void)
{
	write(REG_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command)
{
	if (!regs) {
		smp_mb(); /* WRMSR to an x2APIC does not order stores */
		wrmsr(MSR_X2APIC + REG_ICR, (uint64_t)apic_id << 32 | command);
		return;
	}
	while (read(REG_ICR) & ICR_BUSY)
		pause();
	write(REG_ICR_HIGH, apic_id << 24);
	write(REG_ICR, command);
}

void lapic_send(uint32_t apic_id, unsigned int vector)
{
	send(apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi(uint32_t apic_id)
{
	send(apic_id, ICR_ASSERT | ICR_NMI);
}

void lapic_send_init(uint32_t apic_id)
{
	send(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_startup(uint32_t apic_id, unsigned int page)
{
	send(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

bool lapic_timer_is_tsc(void)
{
	return x86_features.tsc_deadline;
}

void lapic_timer_start(uint32_t count)
{
	write(REG_TIMER_DIVIDE, DIVIDE_BY_16);
	write(REG_LVT_TIMER, LVT_MASKED | VEC_TIMER);
	write(REG_TIMER_INITIAL, count);
}

uint32_t lapic_timer_count(void)
{
	return read(REG_TIMER_CURRENT);
}

void lapic_timer_set_tsc(uint64_t tsc)
{
	wrmsr(MSR_TSC_DEADLINE, tsc);
}

void lapic_timer_set_count(uint32_t count)
{
	write(REG_TIMER_INITIAL, count);
}

static void init_timer(void)
{
	if (x86_features.tsc_deadline) {
		write(REG_LVT_TIMER, TIMER_TSC_DEADLINE | VEC_TIMER);
		smp_mb(); /* the mode change before any deadline */
		return;
	}
	write(REG_TIMER_INITIAL, 0);
	write(REG_TIMER_DIVIDE, DIVIDE_BY_16);
	write(REG_LVT_TIMER, VEC_TIMER);
}

void lapic_cpu_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

	/* x2APIC mode may only be entered from the enabled state. */
	wrmsr(MSR_APIC_BASE, base);
	if (!regs)
		wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
	write(REG_TPR, 0);
	write(REG_SVR, SVR_ENABLE | VEC_SPURIOUS);
	write(REG_LVT_LINT0, LVT_MASKED);
	write(REG_LVT_LINT1, LVT_NMI);
	write(REG_LVT_PERF, LVT_MASKED);
	write(REG_LVT_ERROR, VEC_ERROR);
	init_timer();
}

int lapic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	bool forced = base & BASE_X2APIC; /* there is no way back but reset */

	if (!forced && (!x86_features.x2apic || boot_options.no_x2apic)) {
		paddr_t p = acpi_info.lapic_base ? acpi_info.lapic_base :
						   base & PTE_ADDR;

		regs = mmio_map(p, PAGE_SIZE);
		if (!regs) {
			log_err("no local APIC at %#lx\n", p);
			return -ENODEV;
		}
	}
	lapic_cpu_init();
	log_info("local APICs in %s mode, timer by %s\n",
		 regs ? "xAPIC" : "x2APIC",
		 x86_features.tsc_deadline ? "TSC deadline" : "count");
	return 0;
}

void lapic_disable(void)
{
	write(REG_LVT_TIMER, LVT_MASKED);
	write(REG_SVR, VEC_SPURIOUS);
}
