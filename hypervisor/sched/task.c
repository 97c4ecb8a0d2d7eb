// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One list of tasks for each CPU, touched by that CPU alone (interrupts are
 * off in the hypervisor), so it needs no lock.
 */
#include <port/cpu.h>
#include <sched/task.h>

static struct task *pending[CPU_MAX];

void task_schedule(struct task *t)
{
	unsigned int cpu = cpu_id();

	if (__atomic_exchange_n(&t->queued, true, __ATOMIC_SEQ_CST))
		return;
	t->next = pending[cpu];
	pending[cpu] = t;
	cpu_raise(cpu, WORK_TASK);
}

void task_run_all(void)
{
	unsigned int cpu = cpu_id();
	struct task *t;

	while ((t = pending[cpu]) != NULL) {
		pending[cpu] = t->next;
		__atomic_store_n(&t->queued, false, __ATOMIC_SEQ_CST);
		t->fn(t->arg);
	}
}
