/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a pairing heap for each CPU, whose links are in the timers, so that
 * arming never fails, costs a constant, and disarming the logarithm of that
 * CPU's own timers (amortised).  A timer belongs to one CPU at a time and its
 * function runs there, in WORK_TIMER, with no lock held.
 */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include <lib/types.h>

struct timer {
	uint64_t when; /* ns since boot */
	void (*fn)(void *arg);
	void *arg;
	uint32_t cpu;
	bool armed;
	bool queued; /* in the heap; armed and not: about to move to a CPU */
	/* The first child; the next sibling; the previous one, or the parent. */
	struct timer *child, *next, *prev;
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg,
		unsigned int cpu);

/* (Re)arm; @when in the past fires at once. */
void timer_set(struct timer *t, uint64_t when);

/*
 * Disarm. On return the function is not running on another CPU, so the caller
 * may hold no lock that the function takes.
 */
void timer_stop(struct timer *t);

/* Move to @cpu, armed or not. */
void timer_migrate(struct timer *t, unsigned int cpu);

/* WORK_TIMER: some that are due, in order; if not all, it comes soon again. */
void timer_run_due(void);

void timer_cpu_init(unsigned int cpu);

#endif
