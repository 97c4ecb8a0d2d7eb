// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranks of locks, checked while the hypervisor runs, as the fake machine does
 * in host tests: linked around x86/lock.c into build/parvis-debug only.
 *
 * State: the locks that each CPU holds, written by that CPU alone.
 */
#include <lib/assert.h>
#include <port/cpu.h>
#include <port/lock.h>

#define HELD_MAX 16

static struct {
	struct {
		const struct lock *l;
		uint32_t rank;
	} lock[HELD_MAX];
	unsigned int count;
} held[CPU_MAX];

void __real_lock_acquire(struct lock *l);
void __real_lock_acquire_nested(struct lock *l, enum lock_rank rank);
bool __real_lock_try(struct lock *l);
void __real_lock_release(struct lock *l);
void __wrap_lock_acquire(struct lock *l);
void __wrap_lock_acquire_nested(struct lock *l, enum lock_rank rank);
bool __wrap_lock_try(struct lock *l);
void __wrap_lock_release(struct lock *l);

static void note(const struct lock *l, uint32_t rank)
{
	unsigned int cpu = cpu_id(), n = held[cpu].count;

	for (unsigned int i = 0; rank != RANK_NONE && i < n; i++)
		if (held[cpu].lock[i].rank >= rank)
			panic("CPU %u takes a lock of rank %u under one of rank %u",
			      cpu, rank, held[cpu].lock[i].rank);
	if (n == HELD_MAX)
		panic("CPU %u holds %u locks", cpu, n);
	held[cpu].lock[n].l = l;
	held[cpu].lock[n].rank = rank;
	held[cpu].count = n + 1;
}

static void forget(const struct lock *l)
{
	unsigned int cpu = cpu_id(), i = 0, n = held[cpu].count;

	while (i < n && held[cpu].lock[i].l != l)
		i++;
	if (i == n)
		panic("CPU %u lets go of a lock (rank %u) that it has not",
		      cpu, l->rank);
	for (; i + 1 < n; i++)
		held[cpu].lock[i] = held[cpu].lock[i + 1];
	held[cpu].count = n - 1;
}

void __wrap_lock_acquire(struct lock *l)
{
	note(l, l->rank);
	__real_lock_acquire(l);
}

void __wrap_lock_acquire_nested(struct lock *l, enum lock_rank rank)
{
	note(l, rank);
	__real_lock_acquire_nested(l, rank);
}

/* Who only tries waits for nobody. */
bool __wrap_lock_try(struct lock *l)
{
	bool got = __real_lock_try(l);

	if (got)
		note(l, RANK_NONE);
	return got;
}

void __wrap_lock_release(struct lock *l)
{
	forget(l);
	__real_lock_release(l);
}
