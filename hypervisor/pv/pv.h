/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PV contract's entry points for other rooms: what x86/traps.c calls when
 * a guest traps, what the exit path delivers, what control/ and grant/ need of
 * page tables and contexts.
 */
#ifndef PV_PV_H
#define PV_PV_H

#include <abi/x86/pv.h>
#include <domain/domain.h>
#include <lib/budget.h>

/* --- from x86/traps.c, for traps out of a guest (v runs here) --- */

/* #PF. @addr is CR2, @ec the hardware's error code. pv/pt_fault.c */
void pv_page_fault(struct vcpu *v, uint64_t addr, uint32_t ec);
/* #GP: emulate what the contract promises, else bounce. pv/emulate.c */
void pv_general_protection(struct vcpu *v, uint32_t ec);
/* #UD: the forced-emulation CPUID prefix, else bounce. pv/emulate.c */
void pv_invalid_opcode(struct vcpu *v);
/* #DB with @dr6 as read; #NM; every other exception. pv/bounce.c */
void pv_debug(struct vcpu *v, uint64_t dr6);
void pv_device_not_available(struct vcpu *v);
void pv_exception(struct vcpu *v, unsigned int vector, uint32_t ec,
		  bool has_ec);
/* INT n from a guest, by a gate of ours: bounce if registered. */
void pv_software_interrupt(struct vcpu *v, unsigned int vector);
/* SYSCALL from guest user mode, or 32-bit SYSCALL / SYSENTER. pv/bounce.c */
void pv_syscall(struct vcpu *v);
void pv_syscall32(struct vcpu *v);
void pv_sysenter(struct vcpu *v);

/*
 * Entering the guest failed: IRET refused its selectors or RIP. Goes to the
 * failsafe callback with the registers that could not be loaded.
 */
void pv_failsafe(struct vcpu *v);

/* --- the exit path: pv/bounce.c --- */

/*
 * Build the frames of what is pending (an exception that core code raised, an
 * NMI, the event upcall) on the guest's stack. May crash the domain.
 */
void pv_deliver_pending(struct vcpu *v);

/* Raise an exception in @v on its way out. */
static inline void pv_raise(struct vcpu *v, unsigned int vector, uint32_t ec)
{
	v->pv.pending_vector = (int16_t)vector;
	v->pv.pending_error = ec;
}
void pv_raise_page_fault(struct vcpu *v, uint64_t addr, uint32_t ec);

/* Change between the guest's kernel and user tables and GS bases. */
void pv_enter_kernel_mode(struct vcpu *v);
void pv_enter_user_mode(struct vcpu *v);

/* --- contexts: pv/context.c --- */

struct vcpu_guest_context;
int pv_domain_init(struct domain *d);
int pv_vcpu_init(struct vcpu *v); /* allocates traps; no table yet */
void pv_vcpu_free(struct vcpu *v);
/* Drop all references of @v's context: tables, GDT, LDT. -ERESTART. */
int pv_vcpu_relinquish(struct vcpu *v, struct budget *b);

/*
 * Check and load a whole context into @v, which is not running. -EINVAL for
 * anything a guest must not have; -ERESTART while cr3 is being validated.
 */
int pv_context_set(struct vcpu *v, const struct vcpu_guest_context *c,
		   struct budget *b);
void pv_context_get(struct vcpu *v, struct vcpu_guest_context *c);

/* Force selectors and flags in regs to what a ring 3 guest may run with. */
void pv_sanitise_regs(struct vcpu *v);

/* --- descriptors: pv/segdesc.c --- */

/* Every descriptor of a page is harmless (hook of PTYPE_SEGDESC). */
int pv_segdesc_validate(struct domain *d, mfn_t m);
int pv_set_gdt(struct vcpu *v, const mfn_t *frames, uint32_t entries);
void pv_drop_gdt(struct vcpu *v);
void pv_drop_ldt(struct vcpu *v);
/* #PF in the LDT window: map the page; true if it was that. */
bool pv_ldt_fault(struct vcpu *v, uint64_t offset);
/* It was not: the fault, with error code @ec, is the guest's. */
void pv_ldt_missing(struct vcpu *v, uint64_t offset, uint32_t ec);

/* --- page tables: pv/pt_*.c --- */

/* ptype_hooks for tables and descriptor pages. */
int pv_promote(struct domain *d, mfn_t m, int type, struct budget *b);
int pv_demote(struct domain *d, mfn_t m, int type, struct budget *b);

/*
 * Load a new kernel or user base (MMUEXT_NEW_*BASEPTR, context set): takes the
 * type and general references, drops the old table's. MFN_NONE drops only.
 */
int pv_set_kernel_base(struct vcpu *v, mfn_t m, struct budget *b);
int pv_set_user_base(struct vcpu *v, mfn_t m, struct budget *b);

/*
 * Map a granted frame for GNTTABOP_map_grant_ref: write the PTE that maps
 * guest address @where (or, with @is_pte, at machine address @where) to @m.
 * The PTE takes a reference of its own. 0, -EINVAL (no such PTE), -ERESTART
 * never.
 */
int pv_grant_map(struct vcpu *v, uint64_t where, bool is_pte, mfn_t m,
		 bool read_only, uint64_t extra_pte_flags);
/*
 * The reverse: the PTE must still map @m, and be writable unless @read_only
 * (else a guest could end a read-only grant and keep a writable mapping that
 * it has of the same frame). With @new_addr its PTE's contents
 * replace it (and that one is cleared): GNTTABOP_unmap_and_replace.  Nothing
 * is flushed: the caller does that, on dirty_cpus, before the granter is told.
 */
int pv_grant_unmap(struct vcpu *v, uint64_t where, bool is_pte, mfn_t m,
		   bool read_only, uint64_t new_addr);

/* --- rights: pv/iocap.c --- */

int iocap_init(struct domain *d);
void iocap_free(struct domain *d);
int iocap_permit_ports(struct domain *d, uint32_t first, uint32_t n, bool on);
int iocap_permit_mmio(struct domain *d, uint64_t first_mfn, uint64_t n,
		      bool on);
int iocap_permit_irq(struct domain *d, uint32_t pirq, bool on);
bool iocap_port_ok(const struct domain *d, uint32_t first, uint32_t n);
bool iocap_mmio_ok(const struct domain *d, mfn_t m);
/* May @d pass rights to these frames on? */
bool iocap_mmio_range_ok(const struct domain *d, uint64_t first_mfn,
			 uint64_t n);
/* May @d use any device at all? It may then choose how memory is cached. */
bool iocap_has_devices(const struct domain *d);
bool iocap_irq_ok(const struct domain *d, uint32_t pirq);

/* --- CPUID and MSRs as PV guests see them: domain/cpupolicy.c --- */
int cpu_policy_init(struct domain *d);
void cpu_policy_free(struct domain *d);
void pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif
