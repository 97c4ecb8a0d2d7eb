// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets of small numbers; see slots.h for state, invariant and lock.
 */
#include "slots.h"

void fe_slots_init(struct fe_slots *slots, u16 *stack, u8 *in_use, u16 size)
{
	u16 i;

	slots->stack = stack;
	slots->in_use = in_use;
	slots->size = size;
	slots->free = size;
	for (i = 0; i < size; i++) {
		stack[i] = size - 1 - i;
		in_use[i] = 0;
	}
}

int fe_slots_get(struct fe_slots *slots)
{
	u16 number;

	if (!slots->free)
		return -ENOSPC;
	number = slots->stack[--slots->free];
	slots->in_use[number] = 1;
	return number;
}

int fe_slots_put(struct fe_slots *slots, u64 number)
{
	if (number >= slots->size || !slots->in_use[number])
		return -EPROTO;
	slots->in_use[number] = 0;
	slots->stack[slots->free++] = number;
	return 0;
}
