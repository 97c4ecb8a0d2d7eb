// SPDX-License-Identifier: GPL-2.0-or-later
/* The counters of port/count.h, and their sums. */
#include <port/count.h>

struct counters counters[CPU_MAX];

uint64_t count_get(enum count c)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++)
		sum += READ_ONCE(counters[cpu].n[c]);
	return sum;
}
