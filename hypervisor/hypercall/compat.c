// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers that predate the present forms of three calls, for kernels built
 * against the interface of Xen 3.0, and hvm_op for a guest that is none.
 */
#include <abi/sched.h>
#include <hypercall/hypercall_priv.h>
#include <port/guest.h>

/* Commands 0 and 1 are the same in both forms; 2 has its reason by value. */
long hc_sched_op_compat(struct vcpu *v, uint64_t arg[6])
{
	if (arg[0] < SCHEDOP_shutdown)
		return hc_sched_op(v, arg);
	if (arg[0] > SCHEDOP_shutdown)
		return -ENOSYS;
	if (arg[1] > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(v->domain, (uint32_t)arg[1]);
	return 0;
}

/*
 * Both others take one structure: a command, padding to 8 bytes, then the
 * command's own structure, which the present call names directly.
 */
static long split(struct vcpu *v, uint64_t arg[6], hypercall_fn *fn)
{
	uint64_t call[6] = { 0 };
	uint32_t cmd;
	long rc;

	if (guest_read(v, &cmd, arg[0], sizeof(cmd)))
		return -EFAULT;
	call[0] = cmd;
	call[1] = arg[0] + 8;
	rc = fn(v, call);
	return rc == -ERESTART ? -EAGAIN : rc;
}

long hc_event_channel_op_compat(struct vcpu *v, uint64_t arg[6])
{
	return split(v, arg, hc_event_channel_op);
}

long hc_physdev_op_compat(struct vcpu *v, uint64_t arg[6])
{
	return split(v, arg, hc_physdev_op);
}

long hc_hvm_op(struct vcpu *v, uint64_t arg[6])
{
	(void)v;
	(void)arg;
	return -ENOSYS;
}
