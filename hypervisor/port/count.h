/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of what is dear and cannot be seen from outside.  Each CPU has its
 * own, so counting is one addition; who reads them all gets a sum that may be a
 * little old.  They are never set back: take differences.
 */
#ifndef PORT_COUNT_H
#define PORT_COUNT_H

#include <lib/types.h>
#include <port/cpu.h>

enum count {
	COUNT_FLUSH_ALL, /* of all translations of a CPU, because someone asked */
	COUNT_FLUSH_PAGE, /* of one page on a CPU */
	COUNT_FLUSH_SWITCH, /* of all, as other tables were loaded */
	COUNT_FLUSH_REMOTE, /* of the first two, those for another CPU */
	COUNTS
};

struct counters {
	uint64_t n[COUNTS];
} __attribute__((aligned(64)));
extern struct counters counters[CPU_MAX]; /* only its CPU writes */

static inline void count_on(unsigned int cpu, enum count c, uint64_t by)
{
	WRITE_ONCE(counters[cpu].n[c], counters[cpu].n[c] + by);
}

/* Of all CPUs since boot; debug/count.c. */
uint64_t count_get(enum count c);

#endif
