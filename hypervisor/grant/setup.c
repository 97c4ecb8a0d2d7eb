// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that tell a domain where its table is and let it grow.  Another
 * domain's table may be asked for by the control domain.
 *
 * Frames are read without the lock: they are published by their count and
 * never move.
 */
#include <grant/grant_priv.h>
#include <port/guest.h>
#include <port/log.h>

#define LIST_CHUNK 32

/* A referenced domain whose table @v may manage, or NULL and a status. */
static struct domain *target(struct vcpu *v, uint16_t domid, int16_t *status)
{
	struct domain *d = domain_get_self(v, domid);

	*status = GNTST_bad_domain;
	if (!d)
		return NULL;
	if (may_manage(v, d) && d->grant) {
		*status = GNTST_okay;
		return d;
	}
	if (!may_manage(v, d))
		*status = GNTST_permission_denied;
	domain_put(d);
	return NULL;
}

/* The frame numbers of @n pages to the guest's list at @at. */
static int16_t write_list(struct vcpu *v, gva_t at, void *const *pages,
			  uint32_t n)
{
	uint64_t list[LIST_CHUNK];
	uint32_t part;

	for (uint32_t i = 0; i < n; i += part) {
		part = MIN(n - i, (uint32_t)LIST_CHUNK);
		for (uint32_t k = 0; k < part; k++)
			list[k] = frame_of(pages[i + k]).v;
		if (guest_write(v, at + i * sizeof(list[0]), list,
				part * sizeof(list[0])))
			return GNTST_bad_virt_addr;
	}
	return GNTST_okay;
}

static int setup(struct vcpu *v, struct domain *d,
		 struct gnttab_setup_table *op, struct budget *b)
{
	int rc = grant_grow(d, op->nr_frames, b);

	if (rc == -ERESTART)
		return rc;
	op->status = rc ? GNTST_general_error :
			  write_list(v, op->frame_list.addr, d->grant->shared,
				     op->nr_frames);
	if (rc)
		log_guest(d, LOG_INFO, "no grant table of %u frames (max %u)\n",
			  op->nr_frames, d->grant->max_frames);
	return 0;
}

int grant_op_setup(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_setup_table *op = p;
	struct domain *d = target(v, op->dom, &op->status);
	int rc;

	if (!d)
		return 0;
	rc = setup(v, d, op, &b->budget);
	domain_put(d);
	return rc;
}

int grant_op_query(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_query_size *op = p;
	struct domain *d = target(v, op->dom, &op->status);

	(void)b;
	if (!d)
		return 0;
	op->nr_frames = grant_frames(d->grant);
	op->max_nr_frames = d->grant->max_frames;
	domain_put(d);
	return 0;
}

int grant_op_status_frames(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_get_status_frames *op = p;
	struct domain *d = target(v, op->dom, &op->status);
	struct grant_table *gt;

	(void)b;
	if (!d)
		return 0;
	gt = d->grant;
	if (READ_ONCE(gt->version) != 2 ||
	    op->nr_frames >
		    __atomic_load_n(&gt->status_frames, __ATOMIC_ACQUIRE))
		op->status = GNTST_general_error;
	else
		op->status = write_list(v, op->frame_list.addr,
					(void *const *)gt->status,
					op->nr_frames);
	domain_put(d);
	return 0;
}

/* Only what is in use is worth a line, and log_guest() limits those. */
int grant_op_dump(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_dump_table *op = p;
	struct domain *d = target(v, op->dom, &op->status);

	(void)b;
	if (!d)
		return 0;
	log_guest(d, LOG_INFO, "grants: version %u, %u of %u frames, %u used\n",
		  d->grant->version, grant_frames(d->grant),
		  d->grant->max_frames, READ_ONCE(d->grant->pinned));
	domain_put(d);
	return 0;
}
