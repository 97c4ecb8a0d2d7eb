/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctls about memory that need more than a number: pools for paging, log
 * of written pages, NUMA.  PV guests have no pools, hosts have one node.
 */
#include <control/control.h>
#include <port/guest.h>

/*
 * Logging of written pages is not built yet: a migration that asks for it is
 * told so, and stops the guest instead. Pools are empty and stay so.
 */
long ctl_shadow_op(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		   struct budget *b)
{
	struct xen_domctl_shadow_op *s = &op->u.shadow_op;

	(void)v, (void)d, (void)b;
	switch (s->op) {
	case XEN_DOMCTL_SHADOW_OP_OFF:
		return 0;
	case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
		s->mb = 0;
		return 0;
	case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
		return s->mb ? -EOPNOTSUPP : 0;
	}
	return -EOPNOTSUPP;
}

long ctl_get_paging_mempool_size(struct vcpu *v, struct domain *d,
				 struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)d, (void)b;
	op->u.paging_mempool.size = 0;
	return 0;
}

long ctl_set_paging_mempool_size(struct vcpu *v, struct domain *d,
				 struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)d, (void)b;
	return op->u.paging_mempool.size ? -EOPNOTSUPP : 0;
}

/* Node 0 is all nodes. */
long ctl_setnodeaffinity(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	cpumask_t nodes;
	int rc = bitmap_read(v, &op->u.nodeaffinity.nodemap, &nodes);

	(void)d, (void)b;
	if (rc)
		return rc;
	return nodes & 1 ? 0 : -EINVAL;
}

long ctl_getnodeaffinity(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	(void)d, (void)b;
	return bitmap_write(v, &op->u.nodeaffinity.nodemap, 1);
}

long ctl_setvnumainfo(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		      struct budget *b)
{
	(void)v, (void)d, (void)op, (void)b;
	return -EOPNOTSUPP;
}
