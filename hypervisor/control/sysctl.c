/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl: the dispatcher, made from abi/sysctl.def.  Copy in, check the
 * version, call the handler, copy out what it answers.  Only the control
 * domain gets here (hypercall/dispatch.c checks that).  No state.
 */
#include <control/control.h>
#include <hypercall/hypercall.h>
#include <port/guest.h>

#define IN false
#define OUT true

static const struct {
	sysctl_fn *fn;
	bool answers;
} table[] = {
#define SYSCTL(nr, name, member, flow, back) [nr] = { sys_##name, back },
#define SYSCTL_ABSENT(nr, name)
#include <abi/sysctl.def>
};

long hc_sysctl(struct vcpu *v, uint64_t arg[6])
{
	struct xen_sysctl op;
	long rc;

	if (guest_read(v, &op, arg[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd >= ARRAY_SIZE(table) || !table[op.cmd].fn)
		return -ENOSYS;
	rc = table[op.cmd].fn(v, &op);
	/* A count that did not suffice is told along with the error. */
	if ((!rc || rc == -ENOBUFS) && table[op.cmd].answers &&
	    guest_write(v, arg[0], &op, sizeof(op)))
		rc = -EFAULT;
	return rc;
}
