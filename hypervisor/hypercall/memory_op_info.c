// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of memory_op that only report.  No state. */
#include <abi/core.h>
#include <hypercall/memory_op.h>
#include <mm/frame.h>
#include <port/guest.h>

long memop_max_page(struct memop *m)
{
	(void)m;
	return (long)frame_limit();
}

#define PFN_LIMIT (1UL << 52)

/*
 * A guest says itself how far its frame numbers go: 0 before it has said
 * anything, and nothing that would read as an error.
 */
static long highest_pfn(const struct domain *d)
{
	uint64_t n = d->shared ? READ_ONCE(d->shared->arch.max_pfn) : 0;

	return n && n <= PFN_LIMIT ? (long)(n - 1) : 0;
}

long memop_domain_info(struct memop *m)
{
	struct xen_memory_domain req;
	struct domain *d;
	long rc;

	if (guest_read(m->v, &req, m->arg, sizeof(req)))
		return -EFAULT;
	rc = memop_domain(m->v, req.domid, &d);
	if (rc)
		return rc;
	if (m->cmd == XENMEM_current_reservation)
		rc = (long)READ_ONCE(d->page_count);
	else if (m->cmd == XENMEM_maximum_reservation)
		rc = (long)READ_ONCE(d->page_max);
	else
		rc = highest_pfn(d);
	domain_put(d);
	return rc;
}

long memop_m2p_list(struct memop *m)
{
	struct xen_machphys_mfn_list l;
	unsigned int n;

	if (guest_read(m->v, &l, m->arg, sizeof(l)))
		return -EFAULT;
	n = MIN(l.max_extents, m2p_extent_count());
	for (unsigned int i = 0; i < n; i++) {
		uint64_t first = m2p_extent(i).v;

		if (guest_write(m->v, l.extent_start.addr + i * sizeof(first),
				&first, sizeof(first)))
			return -EFAULT;
	}
	return guest_write(m->v,
			   m->arg + offsetof(struct xen_machphys_mfn_list,
					     nr_extents),
			   &n, sizeof(n));
}

long memop_m2p_range(struct memop *m)
{
	static const struct xen_machphys_mapping range = {
		.v_start = MACH2PHYS_VIRT_START,
		.v_end = MACH2PHYS_VIRT_END,
		.max_mfn = MACH2PHYS_NR_ENTRIES - 1,
	};

	return guest_write(m->v, m->arg, &range, sizeof(range));
}

/* Nothing is populated on demand; tools set a target all the same. */
long memop_pod(struct memop *m)
{
	struct xen_pod_target t;
	struct domain *d;
	long rc;

	if (guest_read(m->v, &t, m->arg, sizeof(t)))
		return -EFAULT;
	rc = memop_domain_tool(m->v, t.domid, &d);
	if (rc)
		return rc;
	t.tot_pages = READ_ONCE(d->page_count);
	t.pod_cache_pages = t.pod_entries = 0;
	if (m->cmd == XENMEM_set_pod_target && t.target_pages > d->page_max)
		rc = -EINVAL;
	else
		rc = guest_write(m->v, m->arg, &t, sizeof(t));
	domain_put(d);
	return rc;
}

/* No device's firmware keeps memory for itself that we know of. */
long memop_rdm(struct memop *m)
{
	struct xen_reserved_device_memory_map r;

	if (!m->v->domain->privileged)
		return -EPERM;
	if (guest_read(m->v, &r, m->arg, sizeof(r)))
		return -EFAULT;
	if (r.flags & ~(unsigned int)XENMEM_RDM_ALL)
		return -EINVAL;
	r.nr_entries = 0;
	return guest_write(m->v, m->arg, &r, sizeof(r));
}
