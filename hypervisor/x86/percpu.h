/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a physical CPU keeps for itself, in its area (x86/layout.h).  Only the
 * owner writes, except fields marked atomic.  The TSS comes first, so that
 * system-call stubs and IST entries find RSP0, which is always the end of the
 * hardware's frame in the regs of the vCPU that is loaded.
 */
#ifndef X86_PERCPU_H
#define X86_PERCPU_H

#include <lib/types.h>
#include <port/cpu.h>
#include <x86/layout.h>

struct vcpu;

struct tss {
	uint32_t reserved0;
	uint64_t rsp0, rsp1, rsp2;
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap_base;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "TSS layout");

/* A function to run on other CPUs: one outstanding for each caller. */
struct remote_call {
	void (*fn)(void *arg);
	void *arg;
	cpumask_t waiting; /* atomic: who has not yet run it */
};

struct percpu {
	struct tss tss;
	uint64_t scratch; /* a guest's RSP while a stub runs */
	uint64_t work; /* atomic: bits of enum cpu_work */
	cpumask_t inbox; /* atomic: CPUs whose call waits here */
	struct remote_call call;

	uint32_t cpu;
	uint32_t apic_id;
	uint32_t tlb_stamp; /* clock of the last full flush; others read */
	bool online;
	bool ts_set; /* CR0.TS */
	bool debug_on; /* DR7 enables breakpoints */
	bool ldt_loaded;
	uint16_t last_domain; /* whose branch history the CPU has */

	struct vcpu *loaded; /* whose context the CPU has */
	uint64_t cr3, cr4;
	uint64_t xcr0;
	uint64_t tsc_aux;
	uint64_t gdt_pages; /* of the window that map a guest's frames */
	uint64_t ldt_pages; /* bitmap, likewise */
	uint64_t *window; /* PTEs of the area, through the direct map */
	uint64_t *gdt; /* our page of the GDT */
};

static inline struct percpu *percpu_of(unsigned int cpu)
{
	return (struct percpu *)(CPU_VIRT + ((uint64_t)cpu << CPU_AREA_SHIFT) +
				 CPU_DATA);
}

/* This CPU's: from the stack pointer, whichever of its stacks is in use. */
static inline struct percpu *this_percpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct percpu *)((sp & -(uint64_t)CPU_AREA_SIZE) + CPU_DATA);
}

/* cpu_id() without a call. */
static inline unsigned int this_cpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (unsigned int)((sp - CPU_VIRT) >> CPU_AREA_SHIFT);
}

static inline uint64_t cpu_area(unsigned int cpu)
{
	return CPU_VIRT + ((uint64_t)cpu << CPU_AREA_SHIFT);
}

static inline uint64_t cpu_stack_top(unsigned int cpu)
{
	return cpu_area(cpu) + CPU_STACK_TOP;
}

#endif
