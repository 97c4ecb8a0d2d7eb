// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypercall memory_op: the table of its commands.  The upper bits of the
 * command say where a list is to be continued: a call that is preempted
 * restarts with them set, and tools may set them too.
 */
#include <hypercall/hypercall.h>
#include <hypercall/memory_op.h>
#include <mm/frame.h>
#include <port/guest.h>

#define CMD_MASK ((1u << MEMOP_EXTENT_SHIFT) - 1)

int memop_domain(struct vcpu *v, uint16_t id, struct domain **out)
{
	struct domain *d = domain_get_self(v, id);

	if (!d)
		return -ESRCH;
	if ((d != v->domain && !v->domain->privileged) || d->is_special) {
		domain_put(d);
		return -EPERM;
	}
	*out = d;
	return 0;
}

int memop_domain_tool(struct vcpu *v, uint16_t id, struct domain **out)
{
	return v->domain->privileged ? memop_domain(v, id, out) : -EPERM;
}

/* Frames of a PV guest have no place in an address space of their own. */
static long no_physmap(struct memop *m)
{
	(void)m;
	return -EACCES;
}

static long remove_physmap(struct memop *m)
{
	struct xen_remove_from_physmap r;
	struct domain *d;
	int rc;

	if (guest_read(m->v, &r, m->arg, sizeof(r)))
		return -EFAULT;
	rc = memop_domain(m->v, r.domid, &d);
	if (rc)
		return rc;
	rc = -ENOENT;
	if (frame_get(mfn(r.gpfn), d)) {
		frame_put(mfn(r.gpfn));
		rc = 0;
	}
	domain_put(d);
	return rc;
}

static long not_for_pv(struct memop *m)
{
	(void)m;
	return -EINVAL;
}

static long not_supported(struct memop *m)
{
	(void)m;
	return -EOPNOTSUPP;
}

static const struct {
	memop_fn *fn;
	bool list; /* may start in the middle */
} commands[CMD_MASK + 1] = {
	[XENMEM_increase_reservation] = { memop_reservation, true },
	[XENMEM_decrease_reservation] = { memop_reservation, true },
	[XENMEM_populate_physmap] = { memop_reservation, true },
	[XENMEM_maximum_ram_page] = { memop_max_page, false },
	[XENMEM_current_reservation] = { memop_domain_info, false },
	[XENMEM_maximum_reservation] = { memop_domain_info, false },
	[XENMEM_maximum_gpfn] = { memop_domain_info, false },
	[XENMEM_machphys_mfn_list] = { memop_m2p_list, false },
	[XENMEM_machphys_mapping] = { memop_m2p_range, false },
	[XENMEM_add_to_physmap] = { no_physmap, true },
	[XENMEM_add_to_physmap_batch] = { no_physmap, true },
	[XENMEM_remove_from_physmap] = { remove_physmap, false },
	[XENMEM_memory_map] = { memop_memory_map, false },
	[XENMEM_machine_memory_map] = { memop_machine_map, false },
	[XENMEM_set_memory_map] = { memop_set_map, false },
	[XENMEM_exchange] = { memop_exchange, false },
	[XENMEM_set_pod_target] = { memop_pod, false },
	[XENMEM_get_pod_target] = { memop_pod, false },
	[XENMEM_access_op] = { not_for_pv, true },
	[XENMEM_claim_pages] = { memop_claim, false },
	[XENMEM_get_vnumainfo] = { not_supported, false },
	[XENMEM_reserved_device_memory_map] = { memop_rdm, false },
	[XENMEM_acquire_resource] = { memop_acquire, true },
};

long hc_memory_op(struct vcpu *v, uint64_t arg[6])
{
	struct memop m = {
		.v = v,
		.cmd = arg[0] & CMD_MASK,
		.arg = arg[1],
		.start = arg[0] >> MEMOP_EXTENT_SHIFT,
		.budget = BUDGET(BUDGET_HYPERCALL),
	};
	long rc;

	if (!commands[m.cmd].fn || (m.start && !commands[m.cmd].list))
		return -ENOSYS;
	rc = commands[m.cmd].fn(&m);
	if (rc == -ERESTART)
		arg[0] = m.cmd | m.start << MEMOP_EXTENT_SHIFT;
	return rc;
}
