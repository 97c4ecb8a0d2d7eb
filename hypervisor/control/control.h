/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the control room: the shape of handlers, and what several files use.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <abi/domctl.h>
#include <abi/sysctl.h>
#include <control/bitmap_copy.h>
#include <domain/domain.h>
#include <lib/budget.h>

/*
 * @v is the caller; @d the domain that the call is about, referenced, under
 * its domctl_lock (NULL for NEW and ANY). @op is our copy of the argument:
 * what the handler leaves there is what the caller gets back (for OUT ones).
 * -ERESTART: the whole call is made again, so progress is kept in the domain,
 * or in the arguments after domctl_save().
 */
typedef long domctl_fn(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b);
typedef long sysctl_fn(struct vcpu *v, struct xen_sysctl *op);

/* Every handler is control/ctl_*.c's or control/sys_*.c's, by name. */
#define DOMCTL(nr, name, member, dom, flow, back) domctl_fn ctl_##name;
#define DOMCTL_NOARG(nr, name, dom, flow) domctl_fn ctl_##name;
#define DOMCTL_ABSENT(nr, name)
#include <abi/domctl.def>

#define SYSCTL(nr, name, member, flow, back) sysctl_fn sys_##name;
#define SYSCTL_ABSENT(nr, name)
#include <abi/sysctl.def>

/* What is known about @d; used by domctl and sysctl. control/ctl_info.c */
void control_domain_info(struct domain *d,
			 struct xen_domctl_getdomaininfo *info);

/* Copy policies out: counts in, counts out. 0, -ENOBUFS, -EFAULT. */
struct cpu_policy;
int control_policy_write(struct vcpu *v, const struct cpu_policy *p,
			 gva_t leaves, uint32_t *nr_leaves, gva_t msrs,
			 uint32_t *nr_msrs);

/* The one scheduler and the one pool that toolstacks are told of. */
#define CONTROL_SCHED_ID XEN_SCHEDULER_CREDIT2
#define CONTROL_POOL 0U
#define WEIGHT_MAX 65535U

#endif
