// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between the two layouts of the table, and exchanging two entries.
 *
 * The layout changes only while nothing is in use but reserved entries (the
 * control domain's daemons map the console's and the store's before the guest
 * has chosen its version).  Those are carried over with their use, and all
 * others are cleared.  Status frames stay allocated: see table.c.
 */
#include <grant/grant_priv.h>
#include <lib/str.h>
#include <port/guest.h>

#define USE_BITS (GTF_reading | GTF_writing)

/* A reserved entry, in what the layouts have in common. */
struct plain_entry {
	uint16_t flags, domid;
	uint64_t frame;
};

static uint16_t bits_in_use(const struct pin_count *p)
{
	return (p->readers || p->writers ? GTF_reading : 0) |
	       (p->writers ? GTF_writing : 0);
}

static struct plain_entry load_v1(const struct grant_table *gt, uint32_t ref)
{
	const struct grant_entry_v1 *e = entry_v1(gt, ref);

	return (struct plain_entry){
		.flags = READ_ONCE(e->flags) & (uint16_t)~USE_BITS,
		.domid = READ_ONCE(e->domid),
		.frame = READ_ONCE(e->frame),
	};
}

/* Only a grant of a whole frame has a form in version 1. */
static struct plain_entry load_v2(const struct grant_table *gt, uint32_t ref)
{
	const union grant_entry_v2 *e = entry_v2(gt, ref);
	struct plain_entry out = {
		.flags = READ_ONCE(e->hdr.flags) & (uint16_t)~USE_BITS,
		.domid = READ_ONCE(e->hdr.domid),
		.frame = READ_ONCE(e->full_page.frame),
	};

	if ((out.flags & GTF_type_mask) != GTF_permit_access ||
	    (out.flags & GTF_sub_page) || out.frame != (uint32_t)out.frame)
		out = (struct plain_entry){ .flags = GTF_invalid };
	return out;
}

static void store_v1(struct grant_table *gt, uint32_t ref,
		     const struct plain_entry *in)
{
	struct grant_entry_v1 *e = entry_v1(gt, ref);

	e->domid = in->domid;
	e->frame = (uint32_t)in->frame;
	__atomic_store_n(&e->flags,
			 in->flags | bits_in_use(entry_pins(gt, ref)),
			 __ATOMIC_RELEASE);
}

static void store_v2(struct grant_table *gt, uint32_t ref,
		     const struct plain_entry *in)
{
	union grant_entry_v2 *e = entry_v2(gt, ref);

	*entry_status(gt, ref) = bits_in_use(entry_pins(gt, ref));
	e->full_page.frame = in->frame;
	e->hdr.domid = in->domid;
	__atomic_store_n(&e->hdr.flags, in->flags, __ATOMIC_RELEASE);
}

/*
 * Pins are kept for each reference, which both layouts number alike, so those
 * of reserved entries stay where they are.
 */
static void switch_version(struct grant_table *gt, uint32_t version)
{
	struct plain_entry keep[GNTTAB_NR_RESERVED_ENTRIES];

	for (uint32_t i = 0; i < ARRAY_SIZE(keep); i++)
		keep[i] = gt->version == 1 ? load_v1(gt, i) : load_v2(gt, i);
	for (uint32_t i = 0; i < gt->frames; i++)
		memset(gt->shared[i], 0, PAGE_SIZE);
	for (uint32_t i = 0; i < gt->status_frames; i++)
		memset(gt->status[i], 0, PAGE_SIZE);
	WRITE_ONCE(gt->version, version);
	for (uint32_t i = 0; i < ARRAY_SIZE(keep); i++) {
		if (version == 1)
			store_v1(gt, i, &keep[i]);
		else
			store_v2(gt, i, &keep[i]);
	}
}

static int set_version(struct domain *d, uint32_t version)
{
	struct grant_table *gt = d->grant;
	int rc = 0;

	lock_acquire(&gt->lock);
	if (version == gt->version)
		rc = 0;
	else if (gt->pinned)
		rc = -EBUSY;
	else if (version == 2)
		rc = grant_make_status(d, gt->frames);
	if (!rc && version != gt->version)
		switch_version(gt, version);
	lock_release(&gt->lock);
	return rc;
}

/*
 * The result is the version in force, also after a failure: the guest is told
 * it, and then the error.
 */
int grant_op_set_version(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_set_version *op = p;
	struct grant_table *gt = v->domain->grant;
	int rc;

	(void)b;
	if (op->version != 1 && op->version != 2)
		rc = -EINVAL;
	else if (op->version > gt->version_max)
		rc = -ENOSYS;
	else
		rc = set_version(v->domain, op->version);
	op->version = READ_ONCE(gt->version);
	return rc;
}

int grant_op_get_version(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_get_version *op = p;
	struct domain *d = domain_get_self(v, op->dom);
	int rc = 0;

	(void)b;
	if (!d)
		return -ESRCH;
	if (!may_manage(v, d) || !d->grant)
		rc = -EPERM;
	else
		op->version = READ_ONCE(d->grant->version);
	domain_put(d);
	return rc;
}

static void swap_entries(struct grant_table *gt, uint32_t a, uint32_t b)
{
	if (gt->version == 1) {
		struct grant_entry_v1 e = *entry_v1(gt, a);

		*entry_v1(gt, a) = *entry_v1(gt, b);
		*entry_v1(gt, b) = e;
	} else {
		union grant_entry_v2 e = *entry_v2(gt, a);

		*entry_v2(gt, a) = *entry_v2(gt, b);
		*entry_v2(gt, b) = e;
	}
}

int grant_op_swap(struct vcpu *v, void *p, struct grant_batch *batch)
{
	struct gnttab_swap_grant_ref *op = p;
	struct grant_table *gt = v->domain->grant;
	uint32_t a = op->ref_a, b = op->ref_b;

	(void)batch;
	lock_acquire(&gt->lock);
	if (a >= grant_entries(gt) || b >= grant_entries(gt)) {
		op->status = GNTST_bad_gntref;
	} else if (bits_in_use(entry_pins(gt, a)) ||
		   bits_in_use(entry_pins(gt, b))) {
		op->status = GNTST_eagain;
	} else {
		swap_entries(gt, a, b);
		op->status = GNTST_okay;
	}
	lock_release(&gt->lock);
	return 0;
}
