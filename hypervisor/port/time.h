/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time since boot in nanoseconds, one per-CPU deadline, the wall clock. */
#ifndef PORT_TIME_H
#define PORT_TIME_H

#include <lib/types.h>

uint64_t time_now(void);

/*
 * From @since, which another CPU may have noted, to @now. Clocks of CPUs may
 * differ a little, and a negative time would be taken for a very long one.
 */
static inline uint64_t time_elapsed(uint64_t since, uint64_t now)
{
	return (int64_t)(now - since) > 0 ? now - since : 0;
}

/* Raise WORK_TIMER on this CPU at @when (ns since boot; ~0UL = never). */
void time_set_deadline(uint64_t when);

/*
 * The TSC as a guest computes system time from it (public vcpu_time_info):
 * system_time = base_ns + (((tsc - base_tsc) << shift) * mul >> 32).
 */
struct time_scale {
	uint64_t base_tsc, base_ns;
	uint32_t mul;
	int8_t shift;
	uint64_t khz;
};
const struct time_scale *time_scale(void);

/* UTC at boot: seconds since 1970 and ns, from the RTC. */
void time_wallclock_boot(uint64_t *sec, uint32_t *nsec);

#endif
