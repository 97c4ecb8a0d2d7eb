/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spin locks with a rank.  A CPU may only take a lock of a higher rank than
 * all it holds; port implementations check that in debug builds and always on
 * the host.  Interrupts are off in the hypervisor, so there is one kind of
 * lock.  All ranks of the hypervisor are listed here and nowhere else.
 */
#ifndef PORT_LOCK_H
#define PORT_LOCK_H

#include <lib/types.h>

enum lock_rank {
	RANK_NONE, /* never nested with others: not checked */
	RANK_DOMLIST, /* domain/domain.c: the list and the ids */
	RANK_DOMCTL, /* one domctl at a time on one domain */
	RANK_DOMAIN, /* struct domain.lock: life cycle, vCPU set-up */
	RANK_GRANT, /* a grant table (two are taken in domid order, _NEST) */
	RANK_GRANT_NEST,
	RANK_EVENT, /* a domain's event ports (two: lower domid first, _NEST) */
	RANK_EVENT_NEST,
	RANK_PORT, /* one event port; two ends: the lower address first */
	RANK_PORT_NEST,
	RANK_FIFO, /* a vCPU's event queues (two: lower id first) */
	RANK_FIFO_NEST,
	RANK_IRQ, /* which host interrupts and PCI devices domains have */
	RANK_IRQ_LINE, /* one host interrupt's binding */
	RANK_PTABLE, /* one page table's entries; tables nest L4 > L1 */
	RANK_PAGES, /* a domain's list of frames and its counts */
	RANK_IOCAP, /* a domain's rights to ports, device memory, interrupts */
	RANK_HEAP, /* small allocations */
	RANK_BUDDY, /* the free frames */
	RANK_SCHED, /* a CPU's run queue (two: lower CPU first, _NEST) */
	RANK_SCHED_NEST,
	RANK_TIMER, /* a CPU's timers */
	RANK_CPU, /* remote calls */
	RANK_HW, /* interrupt controllers, PCI configuration space */
	RANK_LOG, /* the console */
	RANK_UART, /* what a serial port is still to send */
	RANK_COUNT
};

struct lock {
	uint32_t next, serving; /* a ticket lock: fair, so bounded */
	uint32_t rank;
	uint32_t holder; /* CPU + 1, or 0: for lock_held() */
};

#define LOCK_INIT(r) { .rank = (r) }

static inline void lock_init(struct lock *l, enum lock_rank rank)
{
	*l = (struct lock)LOCK_INIT(rank);
}

void lock_acquire(struct lock *l);
/* For the second of two locks of one kind: checked as @rank this once. */
void lock_acquire_nested(struct lock *l, enum lock_rank rank);
bool lock_try(struct lock *l);
void lock_release(struct lock *l);

/* True if this CPU holds @l: for assertions. */
bool lock_held(const struct lock *l);

#endif
