// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a trap means.  From a guest: a table by vector leads into pv/.  From
 * the hypervisor itself: an interrupt taken in cpu_wait(), a fault that an
 * instruction was prepared for (x86/extable.c), or a bug.  No state but
 * counters of NMIs.
 */
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <pv/pv.h>
#include <sched/sched.h>
#include <x86/extable.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/irq.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/switch.h>
#include <x86/traps.h>

#define VECTOR_COUNT 32
#define HAS_ERROR_CODE 0x60227d00u /* vectors 8, 10-14, 17, 21, 29, 30 */
#define EC_IDT 2
#define PFEC_USER 4

static const char *const trap_name[VECTOR_COUNT] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bounds",
	"invalid opcode", "device not available", "double fault", "9",
	"invalid TSS", "segment not present", "stack fault",
	"general protection", "page fault", "15", "x87 error",
	"alignment check", "machine check", "SIMD error", "20",
	"control protection", "22", "23", "24", "25", "26", "27", "28",
	"VMM communication", "security", "31",
};

extern char iret_insn[], iret_fixup[];

/* Is @addr in this CPU's LDT window? Then *@off is the offset in it. */
static bool in_ldt_window(uint64_t addr, uint64_t *off)
{
	*off = addr - cpu_area(cpu_id()) - CPU_LDT_PAGE * PAGE_SIZE;
	return *off < 16 * PAGE_SIZE;
}

static bool ldt_fault(struct vcpu *v, uint64_t addr)
{
	uint64_t off;

	return in_ldt_window(addr, &off) && pv_ldt_fault(v, off);
}

/* --- from guests --- */

static void guest_page_fault(struct vcpu *v)
{
	uint64_t addr = read_cr2(), off;

	/* The hardware's own look at a descriptor; no access by the guest. */
	if (unlikely(!(v->regs.error_code & PFEC_USER) &&
		     in_ldt_window(addr, &off))) {
		if (!pv_ldt_fault(v, off))
			pv_ldt_missing(v, off, v->regs.error_code);
		return;
	}
	pv_page_fault(v, addr, v->regs.error_code);
}

static void guest_debug(struct vcpu *v)
{
	uint64_t dr6 = read_dr6();

	write_dr6(0xffff0ff0);
	pv_debug(v, dr6);
}

static void guest_nmi(struct vcpu *v)
{
	(void)v;
	panic_stop_if_asked();
}

static void guest_protection(struct vcpu *v)
{
	pv_general_protection(v, v->regs.error_code);
}

static void guest_exception(struct vcpu *v)
{
	unsigned int vector = v->regs.entry_vector;

	pv_exception(v, vector, v->regs.error_code,
		     HAS_ERROR_CODE >> vector & 1);
}

/* Those that are more to us than an exception to be passed on. */
static void (*const guest_trap[VECTOR_COUNT])(struct vcpu *v) = {
	[1] = guest_debug,
	[2] = guest_nmi,
	[6] = pv_invalid_opcode,
	[7] = pv_device_not_available,
	[13] = guest_protection,
	[14] = guest_page_fault,
};

static void guest_int82(struct vcpu *v)
{
	if (v->pv.kernel_mode)
		hypercall_dispatch(v);
	else
		pv_general_protection(v, VEC_HYPERCALL * 8 + EC_IDT);
}

void x86_guest_trap(struct vcpu *v)
{
	unsigned int vector = v->regs.entry_vector;

	if (vector < VECTOR_COUNT && guest_trap[vector])
		guest_trap[vector](v);
	else if (vector < VECTOR_COUNT)
		guest_exception(v);
	else if (vector == VEC_FAST_TRAP)
		pv_software_interrupt(v, vector);
	else if (vector == VEC_HYPERCALL)
		guest_int82(v);
	else
		irq_dispatch(vector);
}

/*
 * The guest cannot be entered with what its registers say. Interrupts first,
 * so that a guest that does nothing but this cannot hold the CPU.
 */
void x86_iret_fault(unsigned int vector, uint32_t error)
{
	struct vcpu *v = sched_current();
	uint64_t addr = read_cr2();

	(void)error;
	sti_nop_cli();
	if (vector == 14 && ldt_fault(v, addr))
		return;
	save_selectors(v); /* the callback's frame tells them */
	pv_failsafe(v);
}

/* --- from the hypervisor --- */

/* A selector load met a page of the guest's LDT that is not mapped yet. */
static bool host_ldt_fault(const struct cpu_user_regs *f)
{
	struct vcpu *v = this_percpu()->loaded;

	return f->entry_vector == 14 && v && ldt_fault(v, read_cr2());
}

void x86_host_trap(struct cpu_user_regs *f)
{
	uint64_t fixup;

	if (f->entry_vector >= VECTOR_COUNT) {
		irq_dispatch(f->entry_vector);
		return;
	}
	if (f->rip == (uint64_t)iret_insn) {
		f->rdi = f->entry_vector;
		f->rsi = f->error_code;
		f->rip = (uint64_t)iret_fixup;
		return;
	}
	fixup = extable_find(f->rip);
	if (!fixup)
		panic_trap(f, trap_name[f->entry_vector]);
	if (!host_ldt_fault(f))
		f->rip = fixup;
}

/*
 * #DB in ring 0: one that MOV SS held back, or TF at SYSENTER. It has nothing
 * to tell us; single-stepping ends here.
 */
static void host_debug(struct cpu_user_regs *f)
{
	write_dr6(0xffff0ff0);
	f->rflags &= ~FLAG_TF;
}

void x86_ist_trap(struct cpu_user_regs *f)
{
	switch (f->entry_vector) {
	case VEC_NMI:
		panic_stop_if_asked();
		return;
	case VEC_DB:
		host_debug(f);
		return;
	}
	panic_trap(f, trap_name[f->entry_vector % VECTOR_COUNT]);
}
