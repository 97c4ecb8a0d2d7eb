/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for the tests of frames and page tables: RAM is an array, CPUs are
 * a number, domains are made by hand, and every CPU has a TLB that remembers
 * whatever it was ever shown until it is flushed.
 *
 * mach_check() recounts all references from the tables themselves and compares
 * them with what the frame table says; and it fails if a CPU could still reach
 * a frame in a way that its present owner or type forbids, so a flush that is
 * missing is a failure.
 */
#ifndef MMU_MACHINE_H
#define MMU_MACHINE_H

#include <mm/alloc.h>
#include <mm/frame.h>
#include <mm/ptype.h>
#include <pv/pt.h>

#define MACH_FRAMES 1024
#define MACH_CPUS 3
#define MACH_DOMAINS 3 /* ids 0 (privileged), 1, 2 */
#define MACH_MMIO 0x80000 /* a device frame that domain 0 may map */

struct mach_dom {
	struct domain d;
	struct vcpu v;
	struct vcpu *vcpus[1];
};

extern struct mach_dom mach_dom[MACH_DOMAINS];
extern _Thread_local unsigned int mach_cpu; /* cpu_id() */
/* Several threads are at it: no TLBs, locks that wait. tests/model/pt_threads.c */
extern bool mach_threaded;
extern uint64_t mach_flushes;

/* References that a test holds itself, beside those in tables and bases. */
extern uint32_t mach_held[MACH_FRAMES]; /* general */
extern uint32_t mach_held_type[MACH_FRAMES];

void mach_reset(uint64_t frames);

static inline struct domain *mach_domain(unsigned int i)
{
	return &mach_dom[i].d;
}

/* Run domain @i's vCPU on CPU @cpu, or nothing (i < 0). */
void mach_run(unsigned int cpu, int i);

/*
 * The CPU accesses @va of what it runs, with its TLB and the tables as
 * hardware would; the frame, or MFN_NONE for a fault.
 */
mfn_t mach_access(unsigned int cpu, gva_t va, bool write);
/* The CPU has a translation of @m, however it got it; does it have one? */
void mach_note(unsigned int cpu, gva_t va, mfn_t m, bool write);
bool mach_noted(unsigned int cpu, gva_t va);
/* A store through the TLB; false: fault. */
bool mach_store(unsigned int cpu, gva_t va, uint64_t val);

/* NULL if all is well, else what is wrong. */
const char *mach_check(void);
/* All frames free and nothing owned, after domains were torn down. */
const char *mach_check_empty(void);

/* Tear domain @i down with @units of budget a round. */
void mach_teardown(unsigned int i, uint32_t units);

/* Build a small address space in @i: its L4, with the frames listed mapped
 * writable at page 0, 1, ... and tables mapped nowhere. */
struct mach_space {
	mfn_t l4, l3, l2, l1;
};
struct mach_space mach_space(unsigned int i, const mfn_t *data, unsigned int n);
mfn_t mach_alloc(unsigned int i);

#endif
