// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way out of the hypervisor.  Every entry, hypercall, interrupt or idle
 * wake-up ends here: deferred work first, then a choice of vCPU, then what
 * the guest is to find when it continues.  x86/entry.S (exit_same) skips all
 * of it when its conditions are false: what is added here is added there.
 */
#include <abi/core.h>
#include <mm/alloc.h>
#include <port/cpu.h>
#include <port/hooks.h>
#include <sched/clock.h>
#include <sched/sched.h>
#include <sched/sched_priv.h>

#define ROUNDS 32 /* of work, before this CPU takes interrupts */

struct hooks hooks;

void sched_vcpu_timer(struct vcpu *v)
{
	hooks.vcpu_virq(v, VIRQ_TIMER);
}

static void (*const work_fn[WORK_COUNT])(void) = {
	[WORK_TIMER] = timer_run_due,
	[WORK_SCHED] = sched_choose,
	[WORK_TASK] = task_run_all,
};

/*
 * A guest's other vCPUs can find work for this CPU faster than it is done (an
 * event is one). The timer's interrupt, which gives others their turn, must not
 * wait for the end of that.
 */
static void do_work(unsigned int *rounds)
{
	enum cpu_work w;

	while (cpu_take_work(&w)) {
		work_fn[w]();
		if (++*rounds % ROUNDS == 0)
			cpu_take_interrupts();
	}
}

struct cpu_user_regs *exit_to_guest(void)
{
	unsigned int rounds = 0;

	for (;;) {
		struct vcpu *v;

		do_work(&rounds);
		v = sched_current();
		if (vcpu_is_idle(v))
			return NULL;
		hooks.deliver_pending(v);
		if (v->account.guest_stale && pv_kernel_mode(&v->pv))
			runstate_publish(v);
		if (!cpu_work_pending())
			return &v->regs;
	}
}

void exit_idle(void)
{
	if (!cpu_work_pending() && scrub_step())
		cpu_take_interrupts();
	else
		cpu_wait();
}
