/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation caches.  tlb_clock() grows with every full flush of any CPU; a
 * frame is stamped when a mapping of it may have gone stale, and
 * tlb_filter() drops the CPUs that have flushed everything since.
 */
#ifndef PORT_TLB_H
#define PORT_TLB_H

#include <port/cpu.h>

#define TLB_ALL_VA (~0UL)

uint32_t tlb_clock(void);
cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp);

/*
 * Flush on every CPU of @mask (this one included if in it), and wait: the
 * one page at @va, or everything non-global with TLB_ALL_VA (which also
 * flushes paging-structure caches).  Counted in debug/counters.
 */
void tlb_flush(cpumask_t mask, gva_t va);

/* Write back and empty the data caches of every CPU of @mask, and wait. */
void cache_flush(cpumask_t mask);

static inline cpumask_t cpu_bit(unsigned int cpu)
{
	return (cpumask_t)1 << cpu;
}

#endif
