// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XENMEM_acquire_resource: the frames of another domain's grant table, for
 * tools that fill in its first entries before it runs.  A PV caller gets their
 * numbers and maps them as the domain's frames.
 */
#include <grant/grant.h>
#include <hypercall/memory_op.h>
#include <port/guest.h>

/* How many frames there may be; 0: no such resource. */
static uint32_t frames_of(struct domain *d,
			  const struct xen_mem_acquire_resource *r)
{
	uint32_t frames = 0, maptrack;

	if (r->type != XENMEM_resource_grant_table ||
	    r->id > XENMEM_resource_grant_table_id_status ||
	    grant_limits(d, &frames, &maptrack))
		return 0;
	/* An entry has 8 bytes of version 1, and 2 bytes of status. */
	return r->id == XENMEM_resource_grant_table_id_status ?
		       (frames + 7) / 8 : frames;
}

static long report(struct memop *m, uint32_t frames)
{
	return guest_write(m->v,
			   m->arg + offsetof(struct xen_mem_acquire_resource,
					     nr_frames),
			   &frames, sizeof(frames));
}

static long list_frames(struct memop *m, struct domain *d,
			const struct xen_mem_acquire_resource *r)
{
	bool status = r->id == XENMEM_resource_grant_table_id_status;

	for (uint64_t i = m->start; i < r->nr_frames; i++) {
		mfn_t f;
		int rc = grant_frame_mfn(d, (uint32_t)(r->frame + i), status,
					 &f);

		if (rc)
			return rc;
		if (guest_write(m->v, r->frame_list.addr + i * sizeof(f.v),
				&f.v, sizeof(f.v)))
			return -EFAULT;
		if (budget_spend(&m->budget, 64) && i + 1 < r->nr_frames) {
			m->start = i + 1;
			return -ERESTART;
		}
	}
	return 0;
}

static long acquire(struct memop *m, struct domain *d,
		    const struct xen_mem_acquire_resource *r)
{
	uint32_t frames = frames_of(d, r);

	if (!frames)
		return -EOPNOTSUPP;
	if (!r->frame_list.addr)
		return r->nr_frames || m->start ? -EINVAL : report(m, frames);
	if (r->frame > frames || r->nr_frames > frames - r->frame)
		return -EINVAL;
	return list_frames(m, d, r);
}

long memop_acquire(struct memop *m)
{
	struct xen_mem_acquire_resource r;
	struct domain *d;
	long rc;

	if (guest_read(m->v, &r, m->arg, sizeof(r)))
		return -EFAULT;
	if (r.pad)
		return -EINVAL;
	if (r.domid == DOMID_SELF || r.domid == m->v->domain->id)
		return -EPERM;
	rc = memop_domain_tool(m->v, r.domid, &d);
	if (rc)
		return rc;
	rc = acquire(m, d, &r);
	domain_put(d);
	return rc;
}
