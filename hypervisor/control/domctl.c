/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctl: the dispatcher, made from abi/domctl.def.  Copy in, check the
 * version, find the domain, take its domctl_lock, call the handler, copy out
 * what it answers.  Only the control domain gets here (hypercall/dispatch.c).
 *
 * Locks: domctl_lock of the domain that the call is about, so that two tools
 * working on two domains never wait for each other.
 */
#include <control/control.h>
#include <hypercall/hypercall.h>
#include <port/guest.h>

#define IN false
#define OUT true

/* Whom the domain number names. */
enum target { NEW, SCAN, DOMAIN, ANY };

struct entry {
	domctl_fn *fn;
	enum target target;
	bool answers;
};

static const struct entry low[] = {
#define DOMCTL(nr, name, member, dom, flow, back) [nr] = { ctl_##name, dom, back },
#define DOMCTL_NOARG(nr, name, dom, flow) [nr] = { ctl_##name, dom, IN },
#define DOMCTL_ABSENT(nr, name)
#include <abi/domctl.def>
};

static struct domain *find_target(const struct entry *e, uint16_t id)
{
	switch (e->target) {
	case SCAN:
		return domain_get_next(id);
	case DOMAIN:
		return domain_get(id);
	case ANY:
		return id == DOMID_INVALID ? NULL : domain_get(id);
	default:
		return NULL;
	}
}

static bool may_be_absent(const struct entry *e, uint16_t id)
{
	return e->target == NEW || (e->target == ANY && id == DOMID_INVALID);
}

/*
 * Two vCPUs of the control domain may want the same domain. The one that comes
 * second tries again later: it has interrupts and its own kernel to serve.
 */
static long call_locked(struct vcpu *v, const struct entry *e,
			struct domain *d, struct xen_domctl *op,
			struct budget *b)
{
	long rc;

	if (!lock_try(&d->domctl_lock))
		return -ERESTART;
	rc = e->fn(v, d, op, b);
	lock_release(&d->domctl_lock);
	return rc;
}

static long call(struct vcpu *v, const struct entry *e, struct xen_domctl *op)
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	struct domain *d = find_target(e, op->domain);
	long rc;

	if (!d)
		return may_be_absent(e, op->domain) ?
			       e->fn(v, NULL, op, &b) : -ESRCH;
	rc = call_locked(v, e, d, op, &b);
	domain_put(d);
	return rc;
}

long hc_domctl(struct vcpu *v, uint64_t arg[6])
{
	struct xen_domctl op;
	const struct entry *e;
	long rc;

	if (guest_read(v, &op, arg[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd >= ARRAY_SIZE(low) || !low[op.cmd].fn)
		return -ENOSYS;
	e = &low[op.cmd];
	rc = call(v, e, &op);
	/* On -ERESTART too: handlers may keep their place in the argument. */
	if ((!rc || rc == -ERESTART || rc == -ENOBUFS || rc == -ERANGE) &&
	    e->answers && guest_write(v, arg[0], &op, sizeof(op)))
		rc = -EFAULT;
	return rc;
}
