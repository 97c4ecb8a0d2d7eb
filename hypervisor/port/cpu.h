/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical CPUs, as the core sees them: a number, a set of numbers, a word of
 * pending work each.  The hypervisor runs with interrupts off except in
 * cpu_wait() and cpu_take_interrupts(); a CPU that spins (a lock, a remote
 * call) keeps answering remote requests through cpu_poll().
 */
#ifndef PORT_CPU_H
#define PORT_CPU_H

#include <lib/types.h>

#define CPU_MAX 64

/* A set of CPUs: one word, so set operations are plain C. */
typedef uint64_t cpumask_t;

/* Work that a CPU does before it next enters a guest (sched/exit.c). */
enum cpu_work {
	WORK_TIMER, /* a timer of this CPU is due */
	WORK_SCHED, /* choose again what to run */
	WORK_TASK, /* deferred tasks are queued */
	WORK_COUNT
};

/* The CPU that executes this. */
unsigned int cpu_id(void);

/* How many CPUs run, and their set; numbers are 0 .. count - 1. */
unsigned int cpu_count(void);
cpumask_t cpu_online(void);

/* Set @w pending on @cpu; a CPU other than this one is interrupted. */
void cpu_raise(unsigned int cpu, enum cpu_work w);

/* Is any work of this CPU pending? */
bool cpu_work_pending(void);

/* Take one pending kind of work of this CPU; false if there is none. */
bool cpu_take_work(enum cpu_work *w);

/* Nothing to do: sleep until an interrupt, unless work is pending. */
void cpu_wait(void);

/* Let interrupts in that wait, and go on: where no lock is held. */
void cpu_take_interrupts(void);

/* In a spin: answer remote requests (TLB flushes, calls) of other CPUs. */
void cpu_poll(void);
void cpu_relax(void);

/*
 * Run @fn(@arg) on every CPU of @mask, this one included if it is in it, and
 * wait until all have returned.  @fn takes no locks.
 */
void cpu_call(cpumask_t mask, void (*fn)(void *arg), void *arg);

/* Identification for sysctl/platform_op; values as ACPI and CPUID say. */
struct cpu_ident {
	uint32_t apic_id;
	uint32_t acpi_id;
	uint32_t core_id, socket_id, thread_id;
};
const struct cpu_ident *cpu_ident(unsigned int cpu);

#endif
