/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering a guest's kernel: exceptions, system calls, NMIs, event upcalls and
 * the failsafe callback, as a frame on its stack and a jump to what it
 * registered; and the way back, the iret hypercall.
 *
 * The frame, from the lowest address: rcx, r11, then either an error code or
 * (failsafe) ds, es, fs, gs, or nothing, then rip, cs, rflags, rsp, ss.  A
 * guest's kernel runs in ring 3 as its programs do: what tells them apart is
 * pv.kernel_mode, and towards the guest the RPL of the frame's cs, 0 or 3.
 * Bits 32 to 39 of cs hold the upcall mask before, rflags.IF its inverse.
 *
 * State: the parts of struct pv_vcpu and of regs of the vCPU that runs here.
 * No locks.
 */
#include <hypercall/hypercall.h>
#include <port/guest.h>
#include <port/log.h>
#include <port/vcpu_hw.h>
#include <pv/pv_priv.h>

#define VEC_DB 1
#define VEC_NMI 2
#define VEC_NM 7
#define VEC_GP 13
#define VEC_PF 14

/* Exceptions that push an error code: 8, 10 to 14, 17, 21, 29, 30. */
#define VECTORS_WITH_EC 0x60227d00U

#define PFEC_USER 4U

/* What a frame is built from. */
struct bounce {
	uint64_t address;
	const char *what;
	uint32_t ec;
	bool mask_events, has_ec, failsafe;
};

void pv_enter_kernel_mode(struct vcpu *v)
{
	if (v->pv.kernel_mode)
		return;
	vcpu_hw_swap_gs(v);
	v->pv.kernel_mode = true;
	vcpu_hw_load_cr3(v);
}

void pv_enter_user_mode(struct vcpu *v)
{
	if (!v->pv.kernel_mode)
		return;
	vcpu_hw_swap_gs(v);
	v->pv.kernel_mode = false;
	vcpu_hw_load_cr3(v);
}

/* RFLAGS as the guest is to see them: its own IF, and IOPL if it asked. */
static uint64_t frame_flags(const struct vcpu *v, uint8_t mask)
{
	uint64_t f = v->regs.rflags & ~(FLAG_IF | FLAG_IOPL);

	if (!mask)
		f |= FLAG_IF;
	if (pv_architectural_iopl(v->domain))
		f |= (uint64_t)v->pv.iopl << FLAG_IOPL_SHIFT;
	return f;
}

static unsigned int build_frame(const struct vcpu *v, const struct bounce *b,
				bool was_user, uint64_t frame[11])
{
	const struct cpu_user_regs *r = &v->regs;
	uint8_t mask = READ_ONCE(v->info->evtchn_upcall_mask);
	unsigned int n = 0;

	frame[n++] = r->rcx;
	frame[n++] = r->r11;
	if (b->failsafe) {
		frame[n++] = r->ds;
		frame[n++] = r->es;
		frame[n++] = r->fs;
		frame[n++] = r->gs;
	} else if (b->has_ec) {
		frame[n++] = b->ec;
	}
	frame[n++] = r->rip;
	frame[n++] = (was_user ? r->cs : r->cs & ~3) | (uint64_t)mask << 32;
	frame[n++] = frame_flags(v, mask);
	frame[n++] = r->rsp;
	frame[n++] = r->ss;
	return n;
}

/* RCX and R11 are free: with these values SYSRET is as good as IRET. */
static void allow_sysret(struct cpu_user_regs *r)
{
	r->rcx = r->rip;
	r->r11 = r->rflags;
}

static void bounce(struct vcpu *v, const struct bounce *b)
{
	struct cpu_user_regs *r = &v->regs;
	bool was_user = !v->pv.kernel_mode;
	uint64_t frame[11], sp;
	unsigned int n;

	if (unlikely(!b->address)) {
		domain_crash(v->domain,
			     "vCPU %u: no handler for %s (error %#x) at rip %lx",
			     v->id, b->what, b->ec, r->rip);
		return;
	}
	if (was_user)
		pv_enter_kernel_mode(v);
	n = build_frame(v, b, was_user, frame);
	sp = (was_user ? v->pv.kernel_sp : r->rsp) & ~15UL;
	sp -= n * sizeof(frame[0]);
	if (unlikely(guest_write(v, sp, frame, n * sizeof(frame[0])))) {
		domain_crash(v->domain,
			     "vCPU %u: cannot write frame for %s at %lx",
			     v->id, b->what, sp);
		return;
	}
	if (b->mask_events)
		WRITE_ONCE(v->info->evtchn_upcall_mask, 1);
	r->rsp = sp;
	r->ss = FLAT_KERNEL_SS;
	r->rip = b->address;
	r->cs = FLAT_KERNEL_CS;
	r->rflags &= ~(FLAG_AC | FLAG_VM | FLAG_RF | FLAG_NT | FLAG_TF);
	allow_sysret(r);
}

static void bounce_trap(struct vcpu *v, unsigned int vector, uint32_t ec)
{
	const struct pv_trap *t = &v->pv.traps[vector];
	char what[16];
	struct bounce b = {
		.address = t->address,
		.what = "a trap",
		.ec = ec,
		.mask_events = t->flags & 4,
		.has_ec = vector < 32 && (VECTORS_WITH_EC >> vector & 1),
	};

	if (unlikely(!t->address)) {
		fmt_snprintf(what, sizeof(what), "vector %u", vector);
		b.what = what;
	}
	bounce(v, &b);
}

static void bounce_callback(struct vcpu *v, const struct pv_callback *c,
			    const char *what)
{
	struct bounce b = { .address = c->address, .what = what,
			    .mask_events = c->mask_events };

	bounce(v, &b);
}

static void deliver_exception(struct vcpu *v)
{
	unsigned int vector = (unsigned int)v->pv.pending_vector;

	v->pv.pending_vector = -1;
	bounce_trap(v, vector, v->pv.pending_error);
}

/* Masked until the guest's next iret hypercall; none without a handler. */
static void deliver_nmi(struct vcpu *v)
{
	v->nmi_pending = false;
	if (!v->pv.traps[VEC_NMI].address)
		return;
	v->nmi_masked = true;
	bounce_trap(v, VEC_NMI, 0);
}

static void deliver_event(struct vcpu *v)
{
	struct bounce b = { .address = v->pv.event.address,
			    .what = "an event", .mask_events = true };

	if (b.address)
		bounce(v, &b);
}

void pv_failsafe(struct vcpu *v)
{
	struct bounce b = { .address = v->pv.failsafe.address,
			    .what = "the failsafe callback",
			    .mask_events = v->pv.failsafe.mask_events,
			    .failsafe = true };

	bounce(v, &b);
}

/*
 * The guest is shown the selectors that it lost; the CPU has null ones. One
 * that did not register for this finds them null, and no more.
 */
static void deliver_failsafe(struct vcpu *v)
{
	v->pv.failsafe_pending = false;
	if (v->pv.failsafe.address)
		pv_failsafe(v);
}

void pv_deliver_pending(struct vcpu *v)
{
	if (unlikely(v->pv.failsafe_pending))
		deliver_failsafe(v);
	if (unlikely(v->pv.pending_vector >= 0))
		deliver_exception(v);
	if (unlikely(READ_ONCE(v->nmi_pending)) && !v->nmi_masked)
		deliver_nmi(v);
	if (evtchn_upcall_due(v))
		deliver_event(v);
}

/* --- traps --- */

void pv_raise_page_fault(struct vcpu *v, uint64_t addr, uint32_t ec)
{
	v->pv.cr2 = addr;
	WRITE_ONCE(v->info->arch.cr2, addr);
	/* To the hardware both of the guest's modes are user mode. */
	ec = v->pv.kernel_mode ? ec & ~PFEC_USER : ec | PFEC_USER;
	pv_raise(v, VEC_PF, ec);
}

void pv_exception(struct vcpu *v, unsigned int vector, uint32_t ec,
		  bool has_ec)
{
	pv_raise(v, vector, has_ec ? ec : 0);
}

void pv_debug(struct vcpu *v, uint64_t dr6)
{
	v->hw.dr6 |= dr6 & DR6_EVENTS;
	pv_raise(v, VEC_DB, 0);
}

/* The trap clears TS: the guest need not ask for that. */
void pv_device_not_available(struct vcpu *v)
{
	if (!v->pv.cr0_ts)
		return;
	v->pv.cr0_ts = 0;
	vcpu_hw_set_ts(v, false);
	pv_raise(v, VEC_NM, 0);
}

bool pv_softint_permitted(const struct vcpu *v, unsigned int vector)
{
	unsigned int dpl = v->pv.traps[vector].flags & 3;

	if (!v->pv.kernel_mode)
		return dpl == 3;
	return pv_architectural_iopl(v->domain) || dpl >= 1;
}

/* RIP is behind the instruction. */
void pv_software_interrupt(struct vcpu *v, unsigned int vector)
{
	if (v->pv.traps[vector].address && pv_softint_permitted(v, vector)) {
		pv_raise(v, vector, 0);
		return;
	}
	v->regs.rip -= 2;
	pv_raise(v, VEC_GP, vector << 3 | 2);
}

void pv_syscall(struct vcpu *v)
{
	bounce_callback(v, &v->pv.syscall, "a system call");
}

/* SYSCALL of 32-bit code: without a callback it is no valid instruction. */
void pv_syscall32(struct vcpu *v)
{
	if (v->pv.syscall32.address) {
		bounce_callback(v, &v->pv.syscall32, "a 32-bit system call");
		return;
	}
	v->regs.rip -= 2;
	pv_raise(v, VEC_GP, 0);
}

void pv_sysenter(struct vcpu *v)
{
	if (v->pv.sysenter.address)
		bounce_callback(v, &v->pv.sysenter, "SYSENTER");
	else
		pv_raise(v, VEC_GP, 0);
}

/* --- back --- */

long hc_iret(struct vcpu *v, uint64_t arg[6])
{
	struct cpu_user_regs *r = &v->regs;
	struct iret_context c;

	(void)arg;
	if (unlikely(guest_read(v, &c, r->rsp, sizeof(c)))) {
		domain_crash(v->domain, "vCPU %u: iret frame at %lx", v->id,
			     r->rsp);
		return 0;
	}
	if ((c.cs & 3) == 3) {
		if (unlikely(mfn_eq(v->pv.user_cr3, MFN_NONE))) {
			domain_crash(v->domain,
				     "vCPU %u: iret to user mode without tables",
				     v->id);
			return 0;
		}
		pv_enter_user_mode(v);
	}
	r->rip = c.rip;
	r->cs = (uint16_t)c.cs;
	r->rflags = c.rflags;
	r->rsp = c.rsp;
	r->ss = (uint16_t)c.ss;
	r->rax = c.rax;
	r->rcx = c.rcx;
	r->r11 = c.r11;
	pv_sanitise_regs(v);
	if (c.flags & VGCF_in_syscall)
		allow_sysret(r);
	if (pv_architectural_iopl(v->domain))
		v->pv.iopl = c.rflags >> FLAG_IOPL_SHIFT & 3;
	WRITE_ONCE(v->info->evtchn_upcall_mask, !(c.rflags & FLAG_IF));
	v->nmi_masked = false;
	return 0;
}
