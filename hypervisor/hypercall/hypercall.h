/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls.  Every handler has this shape: arguments in @arg (the guest's
 * rdi, rsi, rdx, r10, r8, r9), the result returned.  A handler that returns
 * -ERESTART has put into @arg what the same call needs to continue; dispatch
 * then re-executes it after interrupts have been taken.
 */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include <domain/domain.h>

typedef long hypercall_fn(struct vcpu *v, uint64_t arg[6]);

/* x86/entry.S: SYSCALL or INT 82h from the guest's kernel; uses v->regs. */
void hypercall_dispatch(struct vcpu *v);

/* One call by number, for multicall and for tests; may return -ERESTART. */
long hypercall_call(struct vcpu *v, uint64_t nr, uint64_t arg[6]);

/* Fill a page with 32-byte stubs (domctl hypercall_init, dom0's page). */
void hypercall_page_fill(void *page);

/* The handlers, by room (abi/hypercalls.def names them). */
hypercall_fn hc_set_trap_table; /* pv/callback.c */
hypercall_fn hc_mmu_update; /* pv/pt_update.c */
hypercall_fn hc_set_gdt; /* pv/segdesc.c */
hypercall_fn hc_stack_switch; /* pv/callback.c */
hypercall_fn hc_set_callbacks; /* pv/callback.c */
hypercall_fn hc_fpu_taskswitch; /* pv/hwstate.c */
hypercall_fn hc_platform_op; /* control/platform_op.c */
hypercall_fn hc_set_debugreg; /* pv/hwstate.c */
hypercall_fn hc_get_debugreg; /* pv/hwstate.c */
hypercall_fn hc_update_descriptor; /* pv/segdesc.c */
hypercall_fn hc_memory_op; /* hypercall/memory_op.c */
hypercall_fn hc_multicall; /* hypercall/multicall.c */
hypercall_fn hc_update_va_mapping; /* pv/pt_update.c */
hypercall_fn hc_set_timer_op; /* hypercall/sched_op.c */
hypercall_fn hc_xen_version; /* hypercall/version.c */
hypercall_fn hc_console_io; /* irq/console.c */
hypercall_fn hc_grant_table_op; /* grant/op.c */
hypercall_fn hc_vm_assist; /* hypercall/version.c */
hypercall_fn hc_update_va_mapping_otherdomain; /* pv/pt_update.c */
hypercall_fn hc_iret; /* pv/bounce.c */
hypercall_fn hc_vcpu_op; /* hypercall/vcpu_op.c */
hypercall_fn hc_set_segment_base; /* pv/hwstate.c */
hypercall_fn hc_mmuext_op; /* pv/pt_ext.c */
hypercall_fn hc_nmi_op; /* pv/callback.c */
hypercall_fn hc_sched_op; /* hypercall/sched_op.c */
hypercall_fn hc_callback_op; /* pv/callback.c */
hypercall_fn hc_event_channel_op; /* event/op.c */
hypercall_fn hc_physdev_op; /* irq/physdev_op.c */
hypercall_fn hc_sysctl; /* control/sysctl.c */
hypercall_fn hc_domctl; /* control/domctl.c */

#endif
