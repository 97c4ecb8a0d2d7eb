/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of small numbers, each free or in use: the ids that name requests, and
 * the buffers that go with them.  The last number given back is the next one
 * handed out, so a quiet device keeps to few buffers.
 *
 * Invariant: a number below size is in the free stack exactly if its in_use
 * mark is 0.  The owner's lock protects it.
 */
#ifndef FRONTEND_SLOTS_H
#define FRONTEND_SLOTS_H

#include "port.h"

struct fe_slots {
	u16 *stack;		/* the first `free` entries are free numbers */
	u8 *in_use;
	u16 size;
	u16 free;
};

/**
 * fe_slots_init() - all numbers are free; 0 is handed out first.
 * @stack, @in_use: memory for @size entries each, the caller's
 */
void fe_slots_init(struct fe_slots *slots, u16 *stack, u8 *in_use, u16 size);

/* fe_slots_get() - a number, now in use, or -ENOSPC. */
int fe_slots_get(struct fe_slots *slots);

/*
 * fe_slots_put() - frees a number that may come from the backend; -EPROTO if
 * it is out of range or not in use.
 */
int fe_slots_put(struct fe_slots *slots, u64 number);

#endif
