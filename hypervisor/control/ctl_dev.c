/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctls that give a domain rights to hardware.  Rights only grow from what
 * the caller itself has.  Assigning devices behind an IOMMU is not built.
 */
#include <control/control.h>
#include <mm/frame.h>
#include <pv/pv.h>

#define MMIO_RANGE_MAX (1UL << 24) /* frames in one call */

long ctl_irq_permission(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

	(void)b;
	if (!iocap_irq_ok(v->domain, p->pirq))
		return -EPERM;
	return iocap_permit_irq(d, p->pirq, p->allow_access);
}

long ctl_iomem_permission(struct vcpu *v, struct domain *d,
			  struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;

	(void)b;
	if (p->nr_mfns == 0 || p->nr_mfns > MMIO_RANGE_MAX ||
	    p->first_mfn + p->nr_mfns < p->first_mfn)
		return -EINVAL;
	if (!iocap_mmio_range_ok(v->domain, p->first_mfn, p->nr_mfns))
		return -EPERM;
	return iocap_permit_mmio(d, p->first_mfn, p->nr_mfns, p->allow_access);
}

long ctl_ioport_permission(struct vcpu *v, struct domain *d,
			   struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;

	(void)b;
	if (p->nr_ports == 0 || p->first_port + p->nr_ports < p->first_port)
		return -EINVAL;
	if (!iocap_port_ok(v->domain, p->first_port, p->nr_ports))
		return -EPERM;
	return iocap_permit_ports(d, p->first_port, p->nr_ports,
				  p->allow_access);
}

/* For guests with a device model, or behind an IOMMU. */
#define NOT_BUILT(name)                                                     \
	long ctl_##name(struct vcpu *v, struct domain *d,                  \
			struct xen_domctl *op, struct budget *b)           \
	{                                                                  \
		(void)v, (void)d, (void)op, (void)b;                       \
		return -EOPNOTSUPP;                                        \
	}
NOT_BUILT(assign_device)
NOT_BUILT(deassign_device)
NOT_BUILT(test_assign_device)
NOT_BUILT(get_device_group)
NOT_BUILT(bind_pt_irq)
NOT_BUILT(unbind_pt_irq)
NOT_BUILT(memory_mapping)
NOT_BUILT(ioport_mapping)
NOT_BUILT(gethvmcontext)
NOT_BUILT(sethvmcontext)
NOT_BUILT(gethvmcontext_partial)
