// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HYPERVISOR_physdev_op: one table of commands; each has the size of its
 * argument, who may use it, and a function that works on a copy.
 */
#include <abi/physdev.h>
#include <hypercall/hypercall.h>
#include <irq/irq_priv.h>
#include <port/guest.h>

union args {
	struct physdev_eoi eoi;
	struct physdev_pirq_eoi_gmfn eoi_gmfn;
	struct physdev_irq_status_query status;
	struct physdev_apic apic;
	struct physdev_irq irq;
	struct physdev_map_pirq map;
	struct physdev_unmap_pirq unmap;
	struct physdev_setup_gsi setup;
	struct physdev_get_free_pirq get_free;
	struct physdev_set_iopl iopl;
	struct physdev_set_iobitmap iobitmap;
	struct physdev_manage_pci manage;
	struct physdev_manage_pci_ext manage_ext;
	struct physdev_restore_msi restore;
	struct physdev_pci_device pci;
	struct physdev_pci_device_add pci_add;
	struct physdev_pci_mmcfg_reserved mmcfg;
	struct physdev_dbgp_op dbgp;
};

static int op_eoi(struct vcpu *v, union args *u)
{
	if (u->eoi.irq >= PIRQ_MAX)
		return -EINVAL;
	pirq_eoi(v->domain, u->eoi.irq);
	return 0;
}

static int op_eoi_map(struct vcpu *v, union args *u)
{
	return pirq_set_eoi_map(v->domain, mfn(u->eoi_gmfn.gmfn));
}

static int op_status(struct vcpu *v, union args *u)
{
	if (u->status.irq >= PIRQ_MAX)
		return -EINVAL;
	u->status.flags = 0;
	if (pirq_needs_eoi(v->domain, u->status.irq))
		u->status.flags |= XENIRQSTAT_needs_eoi;
	return 0;
}

static int op_set_iopl(struct vcpu *v, union args *u)
{
	if (u->iopl.iopl > 3)
		return -EINVAL;
	v->pv.iopl = u->iopl.iopl;
	return 0;
}

static int op_set_iobitmap(struct vcpu *v, union args *u)
{
	const struct physdev_set_iobitmap *a = &u->iobitmap;

	if (a->nr_ports > 65536 ||
	    (a->bitmap.addr &&
	     !guest_range_ok(a->bitmap.addr, (a->nr_ports + 7) / 8)))
		return -EINVAL;
	v->pv.iobmp = a->bitmap.addr;
	v->pv.iobmp_limit = a->nr_ports;
	v->pv.iobmp_used = a->bitmap.addr != 0;
	return 0;
}

static int op_apic_read(struct vcpu *v, union args *u)
{
	(void)v;
	return irq_hw_ioapic_read(u->apic.apic_physbase, u->apic.reg,
				  &u->apic.value);
}

/* Vectors are ours; a kernel gets back a number that it has no use for. */
static int op_alloc_vector(struct vcpu *v, union args *u)
{
	(void)v;
	if (u->irq.irq >= irq_hw_gsi_count())
		return -EINVAL;
	u->irq.vector = u->irq.irq;
	return 0;
}

static int map_msi(struct domain *d, struct physdev_map_pirq *a)
{
	struct msi_request r = {
		.bus = (uint8_t)a->bus,
		.devfn = (uint8_t)a->devfn,
		.msix = a->table_base != 0,
		.entry = a->table_base ? (uint32_t)a->entry_nr : 0,
		.table_base = a->table_base,
	};

	if (a->type == MAP_PIRQ_TYPE_MULTI_MSI &&
	    (a->table_base || a->entry_nr != 1))
		return -EINVAL; /* several adjacent vectors: not offered */
	if (a->type != MAP_PIRQ_TYPE_MSI)
		r.seg = (uint16_t)((uint32_t)a->bus >> 16);
	else if (a->bus > 0xff)
		return -EINVAL;
	if (a->devfn < 0 || a->devfn > 0xff || a->entry_nr < 0)
		return -EINVAL;
	return pirq_map_msi(d, a->pirq, &r);
}

static int map_for(struct domain *d, struct physdev_map_pirq *a)
{
	switch (a->type) {
	case MAP_PIRQ_TYPE_GSI:
		return pirq_map_gsi(d, a->index, a->pirq);
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
	case MAP_PIRQ_TYPE_MULTI_MSI:
		return map_msi(d, a);
	default:
		return -EINVAL;
	}
}

static int op_map_pirq(struct vcpu *v, union args *u)
{
	struct domain *d = domain_get_self(v, u->map.domid);
	int rc;

	if (!d)
		return -ESRCH;
	rc = d->is_special || d->life != DOMAIN_ALIVE ? -EINVAL :
							map_for(d, &u->map);
	if (rc >= 0) {
		u->map.pirq = rc;
		if (u->map.type == MAP_PIRQ_TYPE_MULTI_MSI)
			u->map.entry_nr = 1;
		rc = 0;
	}
	domain_put(d);
	return rc;
}

static int op_unmap_pirq(struct vcpu *v, union args *u)
{
	struct domain *d = domain_get_self(v, u->unmap.domid);
	int rc;

	if (!d)
		return -ESRCH;
	rc = u->unmap.pirq < 0 || !d->irq ? -EINVAL :
			pirq_unmap(d, (uint32_t)u->unmap.pirq);
	domain_put(d);
	return rc;
}

static int op_setup_gsi(struct vcpu *v, union args *u)
{
	(void)v;
	if (u->setup.gsi < 0)
		return -EINVAL;
	return pirq_setup_gsi((unsigned int)u->setup.gsi, u->setup.triggering,
			      u->setup.polarity);
}

static int op_get_free_pirq(struct vcpu *v, union args *u)
{
	int rc = pirq_reserve(v->domain);

	if (rc < 0)
		return rc;
	u->get_free.pirq = (uint32_t)rc;
	return 0;
}

static int op_manage_add(struct vcpu *v, union args *u)
{
	(void)v;
	return pci_add(0, u->manage.bus, u->manage.devfn);
}

static int op_manage_remove(struct vcpu *v, union args *u)
{
	(void)v;
	return pci_remove(0, u->manage.bus, u->manage.devfn);
}

static int op_device_add(struct vcpu *v, union args *u)
{
	(void)v;
	return pci_add(u->pci_add.seg, u->pci_add.bus, u->pci_add.devfn);
}

static int op_device_remove(struct vcpu *v, union args *u)
{
	(void)v;
	return pci_remove(u->pci.seg, u->pci.bus, u->pci.devfn);
}

static int restore(uint16_t seg, uint8_t bus, uint8_t devfn)
{
	struct pci_dev *dev;

	lock_acquire(&irq_maps_lock);
	dev = pci_find(seg, bus, devfn);
	if (dev)
		msi_restore(dev);
	lock_release(&irq_maps_lock);
	return dev ? 0 : -ENODEV;
}

static int op_restore_msi(struct vcpu *v, union args *u)
{
	(void)v;
	return restore(0, u->restore.bus, u->restore.devfn);
}

static int op_restore_msi_ext(struct vcpu *v, union args *u)
{
	(void)v;
	return restore(u->pci.seg, u->pci.bus, u->pci.devfn);
}

/* The table is mapped when its first entry is: here only a check. */
static int op_msix_check(struct vcpu *v, union args *u)
{
	struct pci_dev *dev;

	(void)v;
	lock_acquire(&irq_maps_lock);
	dev = pci_find(u->pci.seg, u->pci.bus, u->pci.devfn);
	lock_release(&irq_maps_lock);
	return dev ? 0 : -ENODEV;
}

/* What the control domain learns of ECAM we have from ACPI; no debug port. */
static int op_nothing(struct vcpu *v, union args *u)
{
	(void)v;
	(void)u;
	return 0;
}

static const struct physdev_command {
	int (*fn)(struct vcpu *v, union args *u);
	uint8_t size;
	bool privileged, answers; /* answers: the argument is written back */
} commands[] = {
#define OP(cmd, func, member, priv, out)                                    \
	[PHYSDEVOP_##cmd] = { func, sizeof(((union args *)0)->member), priv, out }
	OP(irq_status_query, op_status, status, false, true),
	OP(set_iopl, op_set_iopl, iopl, false, false),
	OP(set_iobitmap, op_set_iobitmap, iobitmap, false, false),
	OP(apic_read, op_apic_read, apic, true, true),
	OP(alloc_irq_vector, op_alloc_vector, irq, true, true),
	OP(eoi, op_eoi, eoi, false, false),
	OP(map_pirq, op_map_pirq, map, true, true),
	OP(unmap_pirq, op_unmap_pirq, unmap, true, false),
	OP(manage_pci_add, op_manage_add, manage, true, false),
	OP(manage_pci_remove, op_manage_remove, manage, true, false),
	OP(restore_msi, op_restore_msi, restore, true, false),
	OP(manage_pci_add_ext, op_manage_add, manage_ext, true, false),
	OP(setup_gsi, op_setup_gsi, setup, true, false),
	OP(get_free_pirq, op_get_free_pirq, get_free, false, true),
	OP(pci_mmcfg_reserved, op_nothing, mmcfg, true, false),
	OP(pci_device_add, op_device_add, pci_add, true, false),
	OP(pci_device_remove, op_device_remove, pci, true, false),
	OP(restore_msi_ext, op_restore_msi_ext, pci, true, false),
	OP(pirq_eoi_gmfn_v2, op_eoi_map, eoi_gmfn, false, false),
	OP(dbgp_op, op_nothing, dbgp, true, false),
	OP(prepare_msix, op_msix_check, pci, true, false),
	OP(release_msix, op_msix_check, pci, true, false),
#undef OP
};

long hc_physdev_op(struct vcpu *v, uint64_t arg[6])
{
	const struct physdev_command *c;
	union args u;
	int rc;

	if (arg[0] >= ARRAY_SIZE(commands) || !commands[arg[0]].fn)
		return -ENOSYS;
	c = &commands[arg[0]];
	if (c->privileged && !v->domain->privileged)
		return -EPERM;
	if (guest_read(v, &u, arg[1], c->size))
		return -EFAULT;
	rc = c->fn(v, &u);
	if (rc == 0 && c->answers && guest_write(v, arg[1], &u, c->size))
		return -EFAULT;
	return rc;
}
