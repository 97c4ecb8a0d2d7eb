/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests are told about time: the TSC scale in vcpu_time_info, the wall
 * clock in shared_info, the run-state area of each vCPU.
 */
#ifndef SCHED_CLOCK_H
#define SCHED_CLOCK_H

#include <domain/domain.h>

/* Write vcpu_info.time. Any context: @v need not run here. */
void vcpu_time_publish(struct vcpu *v);

/*
 * The same into the memory of @v, which makes the hypercall: written once, as
 * it never changes.  An address of the guest's must not be kept for later: by
 * then another domain's tables may be loaded.
 */
int must_check vcpu_time_write(struct vcpu *v, gva_t at);

/* Write shared_info's wall clock from the host's and the domain's offset. */
void domain_wallclock_publish(struct domain *d);

/* dom0 sets the host's clock: UTC @sec/@nsec was true at system time @at. */
void wallclock_set(uint64_t sec, uint32_t nsec, uint64_t at);

/* UTC in ns at system time 0. */
uint64_t wallclock_base(void);

/* Account the time since the last change and enter @state (RUNSTATE_*). */
void runstate_change(struct vcpu *v, uint32_t state, uint64_t now);

/*
 * Bring the guest's own copy up to date. @v runs here in kernel mode (its
 * areas are not mapped in user mode).
 */
void runstate_publish(struct vcpu *v);

#endif
