// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * port/cpu.h: CPUs, their pending work, calls to other CPUs.  State: struct
 * percpu of each CPU, the set of those online.
 *
 * A remote call is a slot of the caller's and a bit in the inbox of each CPU
 * called.  Who waits keeps answering its own inbox, and functions called take
 * no lock and call nobody, so no two CPUs can wait for each other.
 */
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <port/tlb.h>
#include <x86/insn.h>
#include <x86/lapic.h>
#include <x86/percpu.h>
#include <x86/smp.h>

static cpumask_t online;
static unsigned int count = 1;
static struct cpu_ident idents[CPU_MAX];

unsigned int cpu_id(void)
{
	return this_cpu();
}

unsigned int cpu_count(void)
{
	return count;
}

cpumask_t cpu_online(void)
{
	return READ_ONCE(online);
}

void percpu_set_online(unsigned int cpu, const struct cpu_ident *id)
{
	idents[cpu] = *id;
	percpu_of(cpu)->apic_id = id->apic_id;
	percpu_of(cpu)->online = true;
	count = MAX(count, cpu + 1);
	bit_set(&online, cpu);
}

const struct cpu_ident *cpu_ident(unsigned int cpu)
{
	ASSERT(cpu < count);
	return &idents[cpu];
}

void cpu_raise(unsigned int cpu, enum cpu_work w)
{
	struct percpu *p = percpu_of(cpu);

	if (!bit_test_and_set(&p->work, w) && cpu != this_cpu())
		lapic_send(p->apic_id, VEC_WAKE);
}

bool cpu_work_pending(void)
{
	return READ_ONCE(this_percpu()->work) != 0;
}

bool cpu_take_work(enum cpu_work *w)
{
	struct percpu *p = this_percpu();
	uint64_t work = READ_ONCE(p->work);

	if (!work)
		return false;
	*w = (enum cpu_work)__builtin_ctzl(work);
	bit_clear(&p->work, *w);
	return true;
}

void cpu_wait(void)
{
	if (!cpu_work_pending())
		sti_hlt_cli();
	else
		sti_nop_cli();
}

void cpu_take_interrupts(void)
{
	sti_nop_cli();
}

static void answer(unsigned int caller)
{
	struct remote_call *c = &percpu_of(caller)->call;

	c->fn(c->arg);
	bit_clear(&c->waiting, this_cpu());
}

void cpu_poll(void)
{
	struct percpu *p = this_percpu();
	cpumask_t from;

	pause();
	if (likely(!READ_ONCE(p->inbox)))
		return;
	from = __atomic_exchange_n(&p->inbox, 0, __ATOMIC_SEQ_CST);
	for (; from; from &= from - 1)
		answer((unsigned int)__builtin_ctzl(from));
}

void cpu_relax(void)
{
	pause();
}

static void call_others(struct percpu *self, cpumask_t mask)
{
	__atomic_store_n(&self->call.waiting, mask, __ATOMIC_SEQ_CST);
	for (cpumask_t m = mask; m; m &= m - 1) {
		struct percpu *p = percpu_of((unsigned int)__builtin_ctzl(m));

		bit_set(&p->inbox, self->cpu);
		lapic_send(p->apic_id, VEC_CALL);
	}
	while (__atomic_load_n(&self->call.waiting, __ATOMIC_ACQUIRE))
		cpu_poll();
}

void cpu_call(cpumask_t mask, void (*fn)(void *arg), void *arg)
{
	struct percpu *self = this_percpu();
	cpumask_t others = mask & cpu_online() & ~cpu_bit(self->cpu);

	if (others) {
		ASSERT(!self->call.waiting);
		self->call.fn = fn;
		self->call.arg = arg;
		call_others(self, others);
	}
	if (mask & cpu_bit(self->cpu))
		fn(arg);
}
