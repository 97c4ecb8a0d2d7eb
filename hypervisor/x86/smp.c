// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting the other CPUs: INIT to all, one pause for all, then one after the
 * other start-up and a wait until it is there.  A CPU that does not come is
 * reported and left out; numbers stay dense.  Boot only.
 */
#include <boot/boot.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <port/log.h>
#include <port/time.h>
#include <sched/sched.h>
#include <x86/clock.h>
#include <x86/desc.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/lapic.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/smp.h>
#include <x86/start.h>
#include <x86/switch.h>
#include <x86/uart.h>
#include <x86/x86.h>

#define INIT_WAIT_US 10000
#define STARTUP_WAIT_US 300
#define ALIVE_TRIES 20000
#define ALIVE_STEP_US 50
#define TSC_SKEW_NS 50000

extern char ap_trampoline[], ap_trampoline_end[];
extern uint64_t ap_cr3, ap_stack;
extern uint32_t ap_cpu;

/* What the CPU being started says. */
static bool ap_alive, ap_ready;
static uint64_t ap_time;
static int ap_result;

/* --- on the new CPU --- */

void x86_ap_start(uint32_t cpu)
{
	desc_cpu_init(cpu);
	WRITE_ONCE(ap_alive, true);
	features_apply();
	switch_cpu_init();
	lapic_cpu_init();
	ap_result = sched_cpu_init(cpu);
	WRITE_ONCE(ap_time, time_now());
	__atomic_store_n(&ap_ready, true, __ATOMIC_RELEASE);
	while (!(READ_ONCE(ap_result) || cpu_online() & 1UL << cpu))
		pause();
	while (ap_result)
		__asm__ volatile("cli; hlt");
}

/* --- on the boot CPU --- */

/* A page of RAM below 640 KiB, clear of what firmware keeps at both ends. */
static paddr_t trampoline_page(void)
{
	for (unsigned int i = 0; i < bootinfo.map_count; i++) {
		const struct boot_range *r = &bootinfo.map[i];
		paddr_t end = MIN(r->end, 0x90000UL) & PAGE_MASK;

		if (r->type == 1 && end >= r->start + PAGE_SIZE &&
		    end > 0x8000)
			return end - PAGE_SIZE;
	}
	return 0;
}

/* The copy's variable for the one at @p in the image. */
static void *in_copy(paddr_t page, void *p)
{
	return (void *)(DIRECT_VIRT + page + ((char *)p - ap_trampoline));
}

static void prepare(paddr_t page)
{
	memcpy((void *)(DIRECT_VIRT + page), ap_trampoline,
	       (size_t)(ap_trampoline_end - ap_trampoline));
	*(uint64_t *)in_copy(page, &ap_cr3) = boot_cr3();
}

static bool wait_for(bool *flag)
{
	for (unsigned int n = 0; n < ALIVE_TRIES; n++) {
		if (__atomic_load_n(flag, __ATOMIC_ACQUIRE))
			return true;
		clock_delay_us(ALIVE_STEP_US);
	}
	return false;
}

/* Its clock was read a moment ago on the same bus: it must be about ours. */
static void check_tsc(unsigned int cpu, uint64_t before)
{
	uint64_t after = time_now();

	if (ap_time + TSC_SKEW_NS < before || ap_time > after + TSC_SKEW_NS)
		log_warn("CPU %u: its TSC differs from CPU 0's\n", cpu);
}

static int start_one(unsigned int cpu, const struct cpu_ident *id, paddr_t page)
{
	uint64_t before;
	int rc = cpu_area_create(cpu);

	if (rc)
		return rc;
	*(uint64_t *)in_copy(page, &ap_stack) = cpu_stack_top(cpu);
	*(uint32_t *)in_copy(page, &ap_cpu) = cpu;
	ap_alive = ap_ready = false;
	ap_result = 0;
	before = time_now();
	lapic_send_startup(id->apic_id, (unsigned int)(page >> PAGE_SHIFT));
	clock_delay_us(STARTUP_WAIT_US);
	if (!READ_ONCE(ap_alive))
		lapic_send_startup(id->apic_id,
				   (unsigned int)(page >> PAGE_SHIFT));
	if (!wait_for(&ap_ready))
		return -ETIMEDOUT;
	if (ap_result)
		return ap_result;
	check_tsc(cpu, before);
	percpu_set_online(cpu, id);
	return 0;
}

static unsigned int bits_for(unsigned int n)
{
	unsigned int b = 0;

	while (1u << b < n)
		b++;
	return b;
}

/* Threads and cores by CPUID leaf 11, or leaf 1 and 4 where it is missing. */
static void find_topology(struct cpu_ident *id)
{
	unsigned int thread_bits, package_bits;
	uint32_t r[4], cores[4];

	x86_cpuid(0, 0, r);
	if (r[0] >= 11) {
		x86_cpuid(11, 0, r);
		x86_cpuid(11, 1, cores);
		thread_bits = r[0] & 31;
		package_bits = MAX(cores[0] & 31, thread_bits);
	} else {
		x86_cpuid(1, 0, r);
		package_bits = bits_for(r[3] & 1u << 28 ? r[1] >> 16 & 0xff : 1);
		thread_bits = 0;
	}
	id->thread_id = id->apic_id & ((1u << thread_bits) - 1);
	id->core_id = (id->apic_id & ((1u << package_bits) - 1)) >> thread_bits;
	id->socket_id = id->apic_id >> package_bits;
}

/* The boot CPU is number 0 whatever its place in the MADT. */
static unsigned int list_cpus(struct cpu_ident *list)
{
	unsigned int n = 1, max = boot_options.maxcpus;

	max = max ? MIN(max, CPU_MAX) : CPU_MAX;
	list[0].apic_id = lapic_id();
	for (unsigned int i = 0; i < acpi_info.cpu_count; i++) {
		if (!acpi_info.cpus[i].enabled)
			continue;
		if (acpi_info.cpus[i].apic_id == list[0].apic_id) {
			list[0].acpi_id = acpi_info.cpus[i].acpi_id;
		} else if (n < max) {
			list[n].apic_id = acpi_info.cpus[i].apic_id;
			list[n++].acpi_id = acpi_info.cpus[i].acpi_id;
		}
	}
	for (unsigned int i = 0; i < n; i++)
		find_topology(&list[i]);
	return n;
}

static void start_all(const struct cpu_ident *list, unsigned int n)
{
	paddr_t page = trampoline_page();
	unsigned int cpu = 1;

	if (!page) {
		log_warn("no memory below 640 KiB: running on one CPU\n");
		return;
	}
	prepare(page);
	for (unsigned int i = 1; i < n; i++)
		lapic_send_init(list[i].apic_id);
	clock_delay_us(INIT_WAIT_US);
	for (unsigned int i = 1; i < n; i++) {
		int rc = start_one(cpu, &list[i], page);

		if (rc) {
			log_warn("CPU with APIC id %u did not start: %d\n",
				 list[i].apic_id, -rc);
			/* It may yet wake up: nothing may be built on this
			 * number's area, so go no further. */
			break;
		}
		cpu++;
	}
}

int x86_smp_init(void)
{
	static struct cpu_ident list[CPU_MAX];
	unsigned int n = list_cpus(list);

	percpu_set_online(0, &list[0]);
	if (n > 1)
		start_all(list, n);
	log_info("%u CPU%s running\n", cpu_count(), cpu_count() > 1 ? "s" : "");
	uart_start_interrupts();
	return 0;
}

int x86_traps_init(void)
{
	switch_cpu_init();
	percpu_set_online(0, &(struct cpu_ident){ 0 });
	return 0;
}
