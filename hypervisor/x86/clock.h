/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, for other files of x86/: x86/clock.c. */
#ifndef X86_CLOCK_H
#define X86_CLOCK_H

#include <lib/types.h>

/* Spin; before x86_clock_init() with a guess that is rather too long. */
void clock_delay_us(uint64_t us);

/* UTC now from the CMOS clock: x86/rtc.c. */
uint64_t rtc_seconds(void);

/* Reference counters: x86/reference.c. */
struct reference {
	const char *name;
	uint64_t hz, mask;
	uint64_t (*read)(void);
};
/* The best one the machine has, running. */
const struct reference *reference_find(void);

#endif
