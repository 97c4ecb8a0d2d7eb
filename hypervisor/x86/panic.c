// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of the hypervisor: stop the other CPUs, say why, show registers and
 * stack, restart or halt.  State: who panicked first.  Nothing here takes a
 * lock; text goes to the sinks directly.
 */
#include <boot/boot.h>
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <lib/str.h>
#include <port/tlb.h>
#include <sched/sched.h>
#include <x86/clock.h>
#include <x86/insn.h>
#include <x86/lapic.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/traps.h>
#include <x86/uart.h>
#include <x86/x86.h>

#define STACK_WORDS 64
#define CALLS_MAX 24
#define STOP_TRIES 1000
#define RESTART_DELAY_US 5000000UL

static uint32_t panic_owner; /* CPU + 1 */
static bool stopping;
static cpumask_t stopped;

static void say(const char *fmt, ...) printf_like(1, 2);

static void say(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_write_raw(text, strnlen(text, sizeof(text)));
}

void panic_stop_if_asked(void)
{
	if (!READ_ONCE(stopping))
		return;
	bit_set(&stopped, cpu_id());
	for (;;)
		__asm__ volatile("cli; hlt");
}

void stop_other_cpus(void)
{
	cpumask_t others = cpu_online() & ~cpu_bit(cpu_id());

	WRITE_ONCE(stopping, true);
	for (cpumask_t m = others; m; m &= m - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(m);

		lapic_send_nmi(percpu_of(cpu)->apic_id);
	}
	for (unsigned int n = 0; n < STOP_TRIES; n++) {
		if ((READ_ONCE(stopped) & others) == others)
			return;
		clock_delay_us(100);
	}
}

static void show_registers(const struct cpu_user_regs *f)
{
	say("RIP %016lx  CS %04x  RFLAGS %08lx\n", f->rip, f->cs, f->rflags);
	say("RSP %016lx  SS %04x  error code %08x\n", f->rsp, f->ss,
	    f->error_code);
	say("RAX %016lx RBX %016lx RCX %016lx\n", f->rax, f->rbx, f->rcx);
	say("RDX %016lx RSI %016lx RDI %016lx\n", f->rdx, f->rsi, f->rdi);
	say("RBP %016lx R8  %016lx R9  %016lx\n", f->rbp, f->r8, f->r9);
	say("R10 %016lx R11 %016lx R12 %016lx\n", f->r10, f->r11, f->r12);
	say("R13 %016lx R14 %016lx R15 %016lx\n", f->r13, f->r14, f->r15);
}

static void show_system(void)
{
	struct vcpu *v = this_percpu()->loaded;

	say("CR0 %08lx CR2 %016lx CR3 %012lx CR4 %08lx\n", read_cr0(),
	    read_cr2(), read_cr3(), read_cr4());
	if (v && v->domain)
		say("running: domain %u vCPU %u\n", v->domain->id, v->id);
}

/* Words of the stack, as far as it goes; those in the text are marked. */
static void show_stack(uint64_t sp)
{
	uint64_t area = cpu_area(cpu_id());
	uint64_t end = (sp | (PAGE_SIZE - 1)) + 1;

	if (sp < area || sp >= area + CPU_AREA_SIZE || !IS_ALIGNED(sp, 8)) {
		say("stack pointer outside this CPU's stacks\n");
		return;
	}
	if (sp < cpu_stack_top(cpu_id()))
		end = cpu_stack_top(cpu_id());
	say("stack:");
	for (unsigned int i = 0; sp < end && i < STACK_WORDS; i++, sp += 8) {
		uint64_t w = *(const uint64_t *)sp;
		bool text = w >= IMAGE_VIRT && w < (uint64_t)_text_end;

		say("%s%s%016lx", i % 4 ? " " : "\n ", text ? "*" : " ", w);
	}
	say("\n");
}

/*
 * What may be return addresses, from the top of the stack down: of the calls
 * in progress and of some that have returned. addr2line -fe build/parvis.syms
 * tells their names.
 */
static void show_calls(uint64_t sp)
{
	uint64_t end = cpu_stack_top(cpu_id());
	unsigned int n = 0;

	if (!IS_ALIGNED(sp, 8) || end - sp > CPU_STACK_PAGES * PAGE_SIZE)
		return;
	say("calls:");
	for (; sp < end && n < CALLS_MAX; sp += 8) {
		uint64_t w = *(const uint64_t *)sp;

		if (w > IMAGE_VIRT && w < (uint64_t)_text_end)
			say("%s%lx", n++ % 4 ? " " : "\n  ", w);
	}
	say("\n");
}

static void begin(void)
{
	uint32_t nobody = 0;

	__asm__ volatile("cli");
	if (!__atomic_compare_exchange_n(&panic_owner, &nobody, cpu_id() + 1,
					 false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		/* A second one: of this CPU while it spoke, or of another. */
		if (nobody == cpu_id() + 1)
			say("\npanic within panic\n");
		for (;;)
			__asm__ volatile("cli; hlt");
	}
	stop_other_cpus();
}

static void finish(void) noreturn;

static void finish(void)
{
	if (boot_options.noreboot) {
		say("Halted: 'noreboot' was given. Reset the machine by hand.\n");
		machine_halt();
	}
	say("Restarting in five seconds...\n");
	clock_delay_us(RESTART_DELAY_US);
	machine_restart();
}

static uint64_t here(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return sp;
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	begin();
	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("\n****************************************\n");
	say("Panic on CPU %u: %s\n", cpu_id(), text);
	show_system();
	show_calls(here());
	show_stack(here());
	finish();
}

void panic_trap(const struct cpu_user_regs *f, const char *what)
{
	begin();
	say("\n****************************************\n");
	say("Panic on CPU %u: %s (vector %u) in the hypervisor\n", cpu_id(),
	    what, f->entry_vector);
	show_registers(f);
	show_system();
	show_calls(f->rsp);
	show_stack(f->rsp);
	finish();
}
