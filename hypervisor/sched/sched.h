/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler: one run queue and one lock for each CPU, fair by weight
 * through virtual time; a CPU with nothing to do takes from the longest queue.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <domain/domain.h>

/* The vCPU that runs on this CPU; its domain is NULL when idle. */
struct vcpu *sched_current(void);

static inline bool vcpu_is_idle(const struct vcpu *v)
{
	return v->domain == NULL;
}

/* One idle vCPU for @cpu, made current there; at boot, on that CPU. */
int sched_cpu_init(unsigned int cpu);

int sched_vcpu_init(struct vcpu *v, unsigned int cpu);
void sched_vcpu_free(struct vcpu *v); /* not running, not runnable */

/* The vCPU may have become runnable: queue it and poke the right CPU. */
void vcpu_wake(struct vcpu *v);

/* It may have ceased to be: dequeue it, or make its CPU choose again. */
void vcpu_sleep(struct vcpu *v);
/* As vcpu_sleep(), and wait until it runs nowhere (cpu_poll meanwhile). */
void vcpu_sleep_sync(struct vcpu *v);

/*
 * Mark @v as waiting (VPF_BLOCKED, perhaps VPF_POLLING) before the caller
 * looks whether what it waits for is there; then either vcpu_sleep() or
 * vcpu_block_end(), which says whether it was still waiting.
 */
void vcpu_block(struct vcpu *v, uint32_t flags);
bool vcpu_block_end(struct vcpu *v);

/* An event is pending: end a block or poll.  From event/deliver_*.c. */
void vcpu_unblock(struct vcpu *v);
/* Make @v notice pending events soon if it is running on another CPU. */
void vcpu_kick(struct vcpu *v);

/* Give the CPU up to others; SCHEDOP_yield. */
void vcpu_yield(struct vcpu *v);

void sched_set_weight(struct domain *d, uint32_t weight);
/* -EINVAL: no such CPU is online; -EBUSY: overridden. */
int sched_set_affinity(struct vcpu *v, cpumask_t hard, cpumask_t soft);
/*
 * Run @v on @cpu only, until that is undone (@cpu < 0); its affinity is then
 * what it was. -EBUSY: overridden before; -EINVAL: no such CPU, or nothing to
 * undo.
 */
int sched_override(struct vcpu *v, int32_t cpu);

/* ns that @v has run, up to now; any context. */
uint64_t vcpu_run_time(struct vcpu *v);
/* ns that @cpu has idled. */
uint64_t sched_idle_time(unsigned int cpu);

/* Watchdogs of a domain (SCHEDOP_watchdog): hooks of the table of rooms. */
struct budget;
int watchdog_domain_init(struct domain *d);
int watchdog_teardown(struct domain *d, struct budget *b);
void watchdog_domain_free(struct domain *d);

/*
 * The exit path (x86/entry.S calls it with interrupts off and an empty
 * stack): do this CPU's work, choose a vCPU, deliver what is pending to it.
 * Returns the registers to enter the guest with, or NULL: idle, so
 * exit_idle() and call again.
 */
struct cpu_user_regs *exit_to_guest(void);

/*
 * This CPU has no guest to run: do a little of what can be done ahead of
 * time, or sleep until an interrupt.  Interrupts are taken in it.
 */
void exit_idle(void);

#endif
