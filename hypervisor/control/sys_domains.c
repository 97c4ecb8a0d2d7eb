/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctls about all domains together: the list, the scheduler, the one pool
 * of CPUs that everything runs in.  No state.
 */
#include <control/control.h>
#include <lib/str.h>
#include <port/guest.h>
#include <sched/sched.h>

#define RATELIMIT_US 1000U
#define LIST_BATCH 256U /* domains told in one call; callers ask again */

long sys_getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	uint32_t max = MIN(l->max_domains, LIST_BATCH), n = 0;
	uint32_t from = l->first_domain;

	while (n < max && from < DOMAIN_ID_LIMIT) {
		struct domain *d = domain_get_next((uint16_t)from);
		struct xen_domctl_getdomaininfo info;

		if (!d)
			break;
		from = d->id + 1U;
		control_domain_info(d, &info);
		domain_put(d);
		if (guest_write(v, l->buffer.addr + n * sizeof(info), &info,
				sizeof(info)))
			return -EFAULT;
		n++;
	}
	l->num_domains = n;
	return 0;
}

long sys_sched_id(struct vcpu *v, struct xen_sysctl *op)
{
	(void)v;
	op->u.sched_id.sched_id = CONTROL_SCHED_ID;
	return 0;
}

/* Parameters of the whole scheduler: readable, and fixed. */
long sys_scheduler_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

	(void)v;
	if (s->cpupool_id != CONTROL_POOL)
		return -ESRCH;
	if (s->sched_id != CONTROL_SCHED_ID)
		return -EINVAL;
	if (s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -EOPNOTSUPP;
	s->u.sched_credit2.ratelimit_us = RATELIMIT_US;
	return 0;
}

static uint32_t count_domains(void)
{
	struct domain *d;
	uint32_t n = 0;
	uint16_t from = 0;

	while ((d = domain_get_next(from)) != NULL) {
		from = d->id + 1;
		n++;
		domain_put(d);
	}
	return n;
}

/* Ids are asked for in rising order, until there is none. */
static long pool_info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	if (p->cpupool_id != CONTROL_POOL &&
	    p->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
		return -ENOENT;
	p->cpupool_id = CONTROL_POOL;
	p->sched_id = CONTROL_SCHED_ID;
	p->n_dom = count_domains();
	return bitmap_write(v, &p->cpumap, cpu_online());
}

long sys_cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return bitmap_write(v, &p->cpumap, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return p->cpupool_id == CONTROL_POOL ? 0 : -ENOENT;
	}
	return -EOPNOTSUPP;
}
