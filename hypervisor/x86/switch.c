// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which vCPU's context a CPU has.  State: percpu.loaded, percpu.cr3, and
 * domain.dirty_cpus: a CPU's bit is set from before it loads a table of the
 * domain until after it has loaded one of another, so a flush of the CPUs in
 * the set reaches every stale translation.
 *
 * FS and GS bases may be changed by the guest without a trap, so they are
 * read back from the CPU; the twin that SWAPGS would bring is only in memory.
 */
#include <domain/domain.h>
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <port/vcpu_hw.h>
#include <sched/sched.h>
#include <x86/desc.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/switch.h>
#include <x86/x86.h>

#define MSR_PRED_CMD 0x49
#define PRED_CMD_IBPB 1
#define CR4_TSD 4UL
#define DR7_ENABLED 0xff
#define DR7_NONE 0x400

bool vcpu_is_loaded(const struct vcpu *v)
{
	return this_percpu()->loaded == v;
}

/* --- bases and selectors --- */

static uint64_t read_fs_base(void)
{
	uint64_t v;

	if (!x86_features.fsgsbase)
		return rdmsr(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static uint64_t read_gs_base(void)
{
	uint64_t v;

	if (!x86_features.fsgsbase)
		return rdmsr(MSR_GS_BASE);
	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

/* A base that is not canonical leaves the old one. */
static void write_fs_base(uint64_t v)
{
	if (!x86_features.fsgsbase) {
		(void)x86_wrmsr_safe(MSR_FS_BASE, v);
		return;
	}
	__asm__ volatile("1: wrfsbase %0\n2:\n" EXTABLE(1b, 2b) : : "r"(v));
}

static void write_gs_base(uint64_t v)
{
	if (!x86_features.fsgsbase) {
		(void)x86_wrmsr_safe(MSR_GS_BASE, v);
		return;
	}
	__asm__ volatile("1: wrgsbase %0\n2:\n" EXTABLE(1b, 2b) : : "r"(v));
}

/* A selector whose load faults becomes null, and the result is false. */
#define DEFINE_SEGMENT(name)                                               \
	static uint16_t read_##name(void)                                  \
	{                                                                  \
		uint16_t v;                                                \
		__asm__ volatile("mov %%" #name ", %0" : "=rm"(v));        \
		return v;                                                  \
	}                                                                  \
	static bool write_##name(uint32_t v)                               \
	{                                                                  \
		bool ok = true;                                            \
		__asm__ volatile("1: movl %0, %%" #name "\n"               \
				 "jmp 3f\n"                                \
				 "2: xorl %0, %0\n"                        \
				 "movl %0, %%" #name "\n"                  \
				 "movb $0, %1\n"                           \
				 "3:\n" EXTABLE(1b, 2b)                    \
				 : "+r"(v), "+q"(ok) : : "memory");        \
		return ok;                                                 \
	}
DEFINE_SEGMENT(ds)
DEFINE_SEGMENT(es)
DEFINE_SEGMENT(fs)
DEFINE_SEGMENT(gs)

static bool is_null(uint16_t selector)
{
	return (selector & ~3) == 0;
}

/*
 * After load_selectors(). A selector that could not be loaded is null now, and
 * a null one may have left the base of whoever ran before.
 */
static void load_bases(const struct vcpu *v)
{
	if (v->hw.fs_base || is_null(read_fs()))
		write_fs_base(v->hw.fs_base);
	if (v->hw.gs_base || is_null(read_gs()))
		write_gs_base(v->hw.gs_base);
}

/* The guest is told of selectors that are no good any more. */
static void load_selectors(struct vcpu *v)
{
	bool ok = true;

	if (v->regs.ds | read_ds())
		ok &= write_ds(v->regs.ds);
	if (v->regs.es | read_es())
		ok &= write_es(v->regs.es);
	if (v->regs.fs | read_fs())
		ok &= write_fs(v->regs.fs);
	if (v->regs.gs | read_gs())
		ok &= write_gs(v->regs.gs);
	if (unlikely(!ok))
		v->pv.failsafe_pending = true;
}

void save_selectors(struct vcpu *v)
{
	v->regs.ds = read_ds();
	v->regs.es = read_es();
	v->regs.fs = read_fs();
	v->regs.gs = read_gs();
}

static void save_segments(struct vcpu *v)
{
	save_selectors(v);
	v->hw.fs_base = read_fs_base();
	v->hw.gs_base = read_gs_base();
}

void vcpu_hw_save_bases(struct vcpu *v)
{
	if (!vcpu_is_loaded(v))
		return;
	v->hw.fs_base = read_fs_base();
	v->hw.gs_base = read_gs_base();
}

void vcpu_hw_load_bases(struct vcpu *v)
{
	if (!vcpu_is_loaded(v))
		return;
	write_fs_base(v->hw.fs_base);
	write_gs_base(v->hw.gs_base);
}

/* On the way of every system call: one base is read, and one is written. */
void vcpu_hw_swap_gs(struct vcpu *v)
{
	bool loaded = vcpu_is_loaded(v);
	uint64_t now = loaded ? read_gs_base() : v->hw.gs_base;

	v->hw.gs_base = v->hw.gs_base_user;
	v->hw.gs_base_user = now;
	if (loaded)
		write_gs_base(v->hw.gs_base);
}

void vcpu_hw_load_seg(struct vcpu *v)
{
	if (!vcpu_is_loaded(v))
		return;
	load_selectors(v);
	load_bases(v);
}

void vcpu_hw_load_gs_user(struct vcpu *v, uint16_t sel)
{
	uint64_t kernel_base;

	if (!vcpu_is_loaded(v))
		return;
	kernel_base = read_gs_base();
	(void)write_gs(sel);
	v->hw.gs_base_user = is_null(read_gs()) ? 0 : read_gs_base();
	write_gs_base(kernel_base);
}

/* --- debug registers --- */

static void load_debug(const struct vcpu *v)
{
	struct percpu *p = this_percpu();
	bool on = v->hw.dr7 & DR7_ENABLED;

	if (on) {
		write_dr0(v->hw.dr[0]);
		write_dr1(v->hw.dr[1]);
		write_dr2(v->hw.dr[2]);
		write_dr3(v->hw.dr[3]);
		write_dr6(v->hw.dr6 | 0xffff0ff0);
		write_dr7(v->hw.dr7);
	} else if (p->debug_on) {
		write_dr7(DR7_NONE);
	}
	p->debug_on = on;
}

void vcpu_hw_load_debug(struct vcpu *v)
{
	if (vcpu_is_loaded(v))
		load_debug(v);
}

static void debug_off(void)
{
	if (!this_percpu()->debug_on)
		return;
	write_dr7(DR7_NONE);
	this_percpu()->debug_on = false;
}

/* --- address spaces --- */

static uint64_t cr3_of(const struct vcpu *v)
{
	mfn_t base = vcpu_is_idle(v) ? MFN_NONE : pv_cr3(&v->pv);

	return mfn_eq(base, MFN_NONE) ? image_paddr(hv_l4) : mfn_to_paddr(base);
}

void vcpu_hw_load_cr3(struct vcpu *v)
{
	if (vcpu_is_loaded(v))
		tlb_load_cr3(cr3_of(v));
}

/* --- the switch --- */

static void save(struct vcpu *v)
{
	fpu_save(v);
	v->hw.xsave_live = false;
	save_segments(v);
	debug_off();
}

static void load_tsc_aux(const struct vcpu *v)
{
	struct percpu *p = this_percpu();

	if (!x86_features.rdtscp || p->tsc_aux == v->hw.tsc_aux)
		return;
	p->tsc_aux = v->hw.tsc_aux;
	wrmsr(MSR_TSC_AUX, p->tsc_aux);
}

/* Of a guest's CR4 only TSD reaches the hardware. */
static void load_cr4(const struct vcpu *v)
{
	struct percpu *p = this_percpu();
	uint64_t want = (p->cr4 & ~CR4_TSD) | (v->pv.cr4 & CR4_TSD);

	if (unlikely(want != p->cr4)) {
		p->cr4 = want;
		write_cr4(want);
	}
}

void vcpu_hw_load_cr4(struct vcpu *v)
{
	if (vcpu_is_loaded(v))
		load_cr4(v);
}

/* Another domain's branch history must not steer this one. */
static void change_domain(struct vcpu *next)
{
	struct percpu *p = this_percpu();

	if (p->last_domain == next->domain->id)
		return;
	p->last_domain = next->domain->id;
	if (x86_features.ibpb)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}

static void load(struct vcpu *v)
{
	change_domain(v);
	desc_set_vcpu(v);
	load_selectors(v);
	load_bases(v);
	load_debug(v);
	load_tsc_aux(v);
	load_cr4(v);
	fpu_load(v);
	v->hw.xsave_live = true;
}

void vcpu_hw_switch(struct vcpu *prev, struct vcpu *next)
{
	unsigned int cpu = cpu_id();
	struct domain *from = prev->domain, *to = next->domain;

	if (from)
		save(prev);
	this_percpu()->loaded = next;
	if (to)
		bit_set(&to->dirty_cpus, cpu);
	window_load(next);
	tlb_load_cr3(cr3_of(next));
	if (from && from != to)
		bit_clear(&from->dirty_cpus, cpu);
	if (to)
		load(next);
}

void switch_cpu_init(void)
{
	struct percpu *p = this_percpu();

	p->window = cpu_area_ptes(p->cpu);
	p->cr3 = image_paddr(hv_l4);
	p->last_domain = DOMID_INVALID;
}
