// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GNTTABOP_transfer: give a frame away, contents and all, into an entry that
 * the receiver has prepared for it.
 *
 * The entry is marked committed while the frame belongs to nobody, and
 * completed once it is the receiver's; if it cannot become that, both are
 * undone.
 */
#include <grant/grant_priv.h>
#include <mm/alloc.h>

#define TRIES 8
#define HEAD(flags, domid) ((uint32_t)(flags) | (uint32_t)(domid) << 16)

static uint32_t *entry_head(struct grant_table *gt, uint32_t ref)
{
	return gt->version == 1 ? (uint32_t *)entry_v1(gt, ref) :
				  entry_v2(gt, ref)->__spacer;
}

/* Both layouts keep the flags in the entry's first word. */
static int16_t commit(struct grant_table *gt, uint32_t ref, uint16_t from)
{
	uint32_t open = HEAD(GTF_accept_transfer, from);
	int16_t st = GNTST_general_error;

	lock_acquire(&gt->lock);
	if (ref >= grant_entries(gt))
		st = GNTST_bad_gntref;
	else if (__atomic_compare_exchange_n(
			 entry_head(gt, ref), &open,
			 open | GTF_transfer_committed, false, __ATOMIC_SEQ_CST,
			 __ATOMIC_SEQ_CST))
		st = GNTST_okay;
	lock_release(&gt->lock);
	return st;
}

static void uncommit(struct grant_table *gt, uint32_t ref)
{
	lock_acquire(&gt->lock);
	if (ref < grant_entries(gt))
		__atomic_fetch_and(entry_head(gt, ref),
				   ~(uint32_t)GTF_transfer_committed,
				   __ATOMIC_SEQ_CST);
	lock_release(&gt->lock);
}

static void complete(struct grant_table *gt, uint32_t ref, mfn_t m)
{
	lock_acquire(&gt->lock);
	if (ref < grant_entries(gt)) {
		if (gt->version == 1)
			WRITE_ONCE(entry_v1(gt, ref)->frame, (uint32_t)m.v);
		else
			WRITE_ONCE(entry_v2(gt, ref)->full_page.frame, m.v);
		smp_wmb();
		__atomic_fetch_or(entry_head(gt, ref), GTF_transfer_completed,
				  __ATOMIC_SEQ_CST);
	}
	lock_release(&gt->lock);
}

/* @m belongs to nobody. */
static int16_t hand_over(struct domain *from, struct domain *to, uint32_t ref,
			 mfn_t m)
{
	int16_t st = commit(to->grant, ref, from->id);

	if (st)
		return st;
	if (domain_assign_frame(to, m)) {
		uncommit(to->grant, ref);
		return GNTST_general_error;
	}
	complete(to->grant, ref, m);
	return GNTST_okay;
}

static int16_t transfer(struct domain *from, struct domain *to,
			const struct gnttab_transfer *op)
{
	mfn_t m = mfn(op->mfn);
	int16_t st;

	if (!to->grant || READ_ONCE(to->life) != DOMAIN_ALIVE)
		return GNTST_bad_domain;
	if (domain_steal_frame(from, m))
		return GNTST_bad_page;
	st = hand_over(from, to, op->ref, m);
	if (st && domain_assign_frame(from, m))
		buddy_free(m, 0); /* its limit was lowered meanwhile */
	return st;
}

int grant_op_transfer(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_transfer *op = p;
	struct domain *to = domain_get(op->domid);

	(void)b;
	if (!to) {
		op->status = GNTST_bad_domain;
		return 0;
	}
	op->status = transfer(v->domain, to, op);
	domain_put(to);
	return 0;
}
