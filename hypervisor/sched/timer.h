/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a binary heap for each CPU, so that setting and stopping cost the
 * logarithm of that CPU's own timers.  A timer belongs to one CPU at a time
 * and its function runs there, in WORK_TIMER, with no lock held.
 */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include <lib/types.h>

struct timer {
	uint64_t when; /* ns since boot */
	void (*fn)(void *arg);
	void *arg;
	uint32_t cpu;
	uint32_t slot; /* heap index + 1; 0 = not set */
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg,
		unsigned int cpu);

/* (Re)arm; @when in the past fires at once.  -ENOMEM if the heap cannot grow. */
int timer_set(struct timer *t, uint64_t when);

/* Disarm. On return the function is not running on another CPU. */
void timer_stop(struct timer *t);

/* Move to @cpu, armed or not. */
void timer_migrate(struct timer *t, unsigned int cpu);

/* WORK_TIMER. */
void timer_run_due(void);

int timer_cpu_init(unsigned int cpu);

#endif
