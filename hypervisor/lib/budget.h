/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preemption rule.  The hypervisor runs with interrupts off, so every
 * piece of guest-sized work carries a budget of work units (about one page
 * table entry each) and, once it is spent, leaves restartable state and
 * returns -ERESTART.  Dispatch turns that into a re-executed hypercall, with
 * interrupts taken in between.
 */
#ifndef LIB_BUDGET_H
#define LIB_BUDGET_H

#include <lib/types.h>

#define BUDGET_HYPERCALL 2048

struct budget {
	uint32_t left;
};

#define BUDGET(n) ((struct budget){ .left = (n) })

/* Charge @units; true once nothing is left. A NULL budget is unlimited. */
static inline bool budget_spend(struct budget *b, uint32_t units)
{
	if (!b)
		return false;
	b->left = b->left > units ? b->left - units : 0;
	return b->left == 0;
}

#endif
