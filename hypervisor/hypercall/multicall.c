// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several hypercalls in one.  An entry that runs out of budget is written back
 * with the arguments that continue it, and the multicall restarts there.  Each
 * entry is checked anew against the caller's rights (a call may have taken
 * them away), and nothing of an entry is read twice.
 */
#include <abi/core.h>
#include <hypercall/hypercall.h>
#include <port/guest.h>
#include <port/time.h>

/* Each call has a budget of its own; this bounds what they add up to. */
#define CALLS_PER_TURN 256
#define TURN_NS 300000UL

/* Calls that make no sense inside a multicall. */
static bool refused(uint64_t nr)
{
	return nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_iret;
}

/* 0, -ERESTART, or -EFAULT. The entry's own result goes into the entry. */
static long one_call(struct vcpu *v, gva_t at)
{
	struct multicall_entry e;
	uint64_t arg[6];
	long rc;

	if (guest_read(v, &e, at, sizeof(e)))
		return -EFAULT;
	for (unsigned int i = 0; i < 6; i++)
		arg[i] = e.args[i];
	rc = refused(e.op) ? -EINVAL : hypercall_call(v, e.op, arg);
	if (rc == -ERESTART) {
		for (unsigned int i = 0; i < 6; i++)
			e.args[i] = arg[i];
		return guest_write(v, at, &e, sizeof(e)) ? -EFAULT : rc;
	}
	return guest_write(v, at + offsetof(struct multicall_entry, result),
			   &rc, sizeof(rc));
}

long hc_multicall(struct vcpu *v, uint64_t arg[6])
{
	uint64_t at = arg[0], left = (uint32_t)arg[1];
	uint64_t end = time_now() + TURN_NS;
	uint32_t turn = 0;

	for (; left; left--, at += sizeof(struct multicall_entry)) {
		bool over = turn == CALLS_PER_TURN ||
			    (turn && time_now() >= end);
		long rc = over ? -ERESTART : one_call(v, at);

		turn++;
		if (rc == -ERESTART) {
			arg[0] = at;
			arg[1] = left;
			return rc;
		}
		if (rc)
			return rc;
		if (READ_ONCE(v->pause_flags) && left > 1) {
			arg[0] = at + sizeof(struct multicall_entry);
			arg[1] = left - 1;
			return -ERESTART;
		}
	}
	return 0;
}
