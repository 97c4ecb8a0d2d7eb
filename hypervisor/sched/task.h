/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred work: a function that runs once on this CPU, on the exit path, with
 * no lock held.  For what is decided under locks but must be done without.
 */
#ifndef SCHED_TASK_H
#define SCHED_TASK_H

#include <lib/types.h>

struct task {
	void (*fn)(void *arg);
	void *arg;
	struct task *next;
	bool queued; /* atomic */
};

static inline void task_init(struct task *t, void (*fn)(void *), void *arg)
{
	*t = (struct task){ .fn = fn, .arg = arg };
}

/* Run it soon on this CPU; nothing if it is queued already. */
void task_schedule(struct task *t);

/* WORK_TASK. */
void task_run_all(void);

#endif
