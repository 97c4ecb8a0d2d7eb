// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ticket locks.  A CPU that waits goes on answering remote calls.  Ranks are
 * checked by the host's implementation of this interface, in every test; here
 * only a CPU that waits for itself is found out, where it costs nothing.
 */
#include <lib/assert.h>
#include <port/cpu.h>
#include <port/lock.h>
#include <x86/percpu.h>

/* Out of line: the way that does not wait needs no stack frame. */
static __attribute__((noinline)) void wait_turn(struct lock *l,
						uint32_t ticket)
{
	if (READ_ONCE(l->holder) == this_cpu() + 1)
		panic("CPU %u waits for its own lock (rank %u)", this_cpu(),
		      l->rank);
	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_poll();
}

void lock_acquire(struct lock *l)
{
	uint32_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

	if (unlikely(__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket))
		wait_turn(l, ticket);
	WRITE_ONCE(l->holder, this_cpu() + 1);
}

void lock_acquire_nested(struct lock *l, enum lock_rank rank)
{
	(void)rank;
	lock_acquire(l);
}

bool lock_try(struct lock *l)
{
	uint32_t serving = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);
	uint32_t ticket = serving;

	if (!__atomic_compare_exchange_n(&l->next, &ticket, serving + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	WRITE_ONCE(l->holder, this_cpu() + 1);
	return true;
}

void lock_release(struct lock *l)
{
	WRITE_ONCE(l->holder, 0);
	__atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}

bool lock_held(const struct lock *l)
{
	return READ_ONCE(l->holder) == this_cpu() + 1;
}
